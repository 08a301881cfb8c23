"""Where a setting was written: the line of the file, the variable, or the vault."""

from __future__ import annotations

import bisect
import json
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.settings.files import SUFFIX

Key = Sequence[str | int]
"""A setting's path: `("plugins", "menu", "hour")`; a number is the place in a list."""


@dataclass(frozen=True, slots=True)
class Places:
    """What one set of settings was read from: a path and names, no values."""

    file: Path | None = None
    named: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """The settings that are not of the file and win over it, each with where it is from."""

    def of(self, *key: str | int) -> str:
        """Return `kiosk.toml:12` or `environment KIOSK_…` of a setting, or "".

        Of one that is nowhere, such as a value that is missing, it is the place of its table, but
        not of the section. The file is read for it: for errors only.
        """
        text = self._text()
        for length in range(len(key), min(len(key), 2) - 1, -1):
            part = key[:length]
            for other, name in self.named.items():
                if part[: len(other)] == other:  # it, or the list that it is in
                    return name
            line = line_of(text, part)
            if line:
                return f"{self.file}:{line}"
            for other, name in self.named.items():
                if other[:length] == part:
                    return name
        return ""

    def _text(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8") if self.file is not None else ""
        except (OSError, UnicodeDecodeError):
            return ""  # gone since it was read; the sentence is good without a line, too


def from_environment(
    env: Mapping[str, str], prefix: str, files: Collection[str] = ()
) -> dict[tuple[str, ...], str]:
    """Return which variable each setting is from: nested names, and tables written as JSON.

    `files` are the variables that name a file with the value in it; one with all tables in it
    says nothing of a single setting.
    """
    found: dict[tuple[str, ...], str] = {}
    for name, value in env.items():
        if name.upper().startswith(prefix):
            path = tuple(name[len(prefix) :].lower().split("__"))
            if name.upper() in files:
                if len(path) > 1:
                    found[(*path[:-1], path[-1].removesuffix(SUFFIX.lower()))] = (
                        f"environment {name}"
                    )
                continue
            table = _json(value)
            for key in [()] if table is None else flat(table):
                found[path + key] = f"environment {name}"
    return found


def flat(table: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the path of every value in nested tables."""
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            for rest in flat(value):
                yield (name, *rest)
        else:
            yield (name,)


def line_of(text: str, key: Key) -> int:
    """Return the line on which a setting of a TOML text begins, from 1; 0 when it is not there.

    tomllib keeps no lines. But the beginning of a TOML text, up to the end of a value, is TOML,
    so the line is where the shortest beginning that has the setting ends. Within a value of
    several lines nothing can be read: what counts then is the next end of one.
    """
    lines = text.split("\n")

    def there(number: int) -> bool:
        for end in range(number, len(lines) + 1):
            data = _read("\n".join(lines[:end]))
            if data is not None:
                return _has(data, key)
        return False

    if not there(len(lines)):
        return 0
    return bisect.bisect_left(range(1, len(lines) + 1), True, key=there) + 1


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _has(data: Any, key: Key) -> bool:
    for part in key:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _json(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
