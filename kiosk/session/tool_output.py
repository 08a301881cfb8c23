"""What a tool returned, as the model is told: words or JSON, cut where it is too long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

RETURN: Final = "return words, a dict or a ToolResult"
"""The way out, for whoever wrote the tool."""


@dataclass(frozen=True, slots=True)
class Readable:
    """What the model is told. `cut` is for the operator: empty when all of it fitted."""

    text: str
    cut: str = ""


class UnreadableError(Exception):
    """A tool returned what the model cannot be told; the text names types and no value."""


def readable(output: Any, limit: int) -> Readable:
    """Return a tool's output as text of `limit` characters at most, or raise UnreadableError.

    The work is bounded by `limit`, whatever the output's size: JSON of the whole would hold the
    loop, also from a worker thread, because the encoder does not let go of the interpreter.
    """
    if isinstance(output, str):
        if len(output) <= limit:
            return Readable(output)
        return Readable(_cut(output, limit), f"returned {len(output)} characters, cut to {limit}")
    if not isinstance(output, Mapping):
        # Of a list the model does not learn what it is a list of.
        name = "None" if output is None else type(output).__name__
        raise UnreadableError(f"returned {name}; {RETURN}")
    beginning = _Beginning(limit)
    try:
        text = json.dumps(beginning.of(output), ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise UnreadableError("returned what is nested too deeply, or contains itself") from None
    except ValueError as error:
        float_ = "float" in str(error)
        what = "nan or infinity, which JSON does not have" if float_ else "what is not JSON"
        raise UnreadableError(f"returned {what}") from None
    except TypeError as error:
        # The encoder's own sentence: it has types in it only.
        raise UnreadableError(f"returned what is not JSON: {error}") from None
    if not beginning.left_out and len(text) <= limit:
        return Readable(text)
    size = f"more than {limit}" if beginning.left_out else str(len(text))
    return Readable(_cut(text, limit), f"returned {size} characters, cut to {limit}")


def _cut(text: str, limit: int) -> str:
    return json.dumps({"cut_after": limit, "text": text[:limit]}, ensure_ascii=False)


class _Beginning:
    """Copies a value as far as so many characters of JSON reach; every item has one at least."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self.left_out = False

    def of(self, value: Any) -> Any:
        self._left -= 1
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            copy: dict[Any, Any] = {}
            for key, item in value.items():
                if self._over():
                    break
                name = self._text(key) if isinstance(key, str) else key
                while self.left_out and name in copy:
                    name += " "  # cut, it became one that was there; this is behind the cut
                copy[name] = self.of(item)
            return copy
        if isinstance(value, list | tuple):
            items = []
            for item in value:
                if self._over():
                    break
                items.append(self.of(item))
            return items
        return value

    def _over(self) -> bool:
        if self._left < 0:
            self.left_out = True
        return self._left < 0

    def _text(self, text: str) -> str:
        room = max(0, self._left)
        self._left -= len(text)
        if len(text) > room:
            self.left_out = True
            return text[: room + 1]
        return text
