"""The slides of the waiting screen: pictures and muted videos of one folder, checked at start."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.errors import StartupError

LIST: Final = "slides.toml"
PICTURES: Final = frozenset({".svg", ".png", ".jpg", ".jpeg", ".webp", ".avif"})
VIDEOS: Final = frozenset({".mp4", ".webm"})
MOST: Final = 60
"""Slides of one screen."""
MAX_BYTES: Final = 60_000_000
"""Of one file: the screen loads it over and over."""


class Entry(BaseModel):
    """One `[[slide]]` of slides.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    file: str = Field(min_length=1, max_length=120)
    title: dict[str, str] = Field(default_factory=dict, max_length=30)
    """By language; shown in the screen's, else in its own first one."""
    caption: dict[str, str] = Field(default_factory=dict, max_length=30)
    """A smaller line below, in the same way."""
    seconds: float | None = Field(None, ge=4, le=600)
    fit: Literal["cover", "contain"] = "cover"
    kiosks: tuple[str, ...] = ()
    """Screens that show it; none: all."""


class _List(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    slide: list[Entry] = Field(min_length=1, max_length=MOST)


@dataclass(frozen=True, slots=True)
class Slides:
    """The slides of one folder. `prefix` is where it is served, below /static/."""

    folder: Path
    prefix: str
    entries: Sequence[Entry]

    def of(self, kiosk_id: str) -> list[Entry]:
        """Return the slides of one screen."""
        return [item for item in self.entries if not item.kiosks or kiosk_id in item.kiosks]


def load_slides(folder: Path) -> Slides:
    """Read a folder of slides; raises StartupError with the file and the fix."""
    if not folder.is_dir():
        raise StartupError(f"attract.slides: {folder} is no folder; make it or correct the path.")
    path = folder / LIST
    entries = _listed(path) if path.is_file() else _found(folder)
    for item in entries:
        file = (folder / item.file).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            raise StartupError(f"{path}: {item.file} is not in {folder}; add it or correct it.")
        if file.suffix.lower() not in PICTURES | VIDEOS:
            known = ", ".join(sorted(PICTURES | VIDEOS))
            raise StartupError(f"{path}: {item.file} is no slide; they are {known}.")
        if file.stat().st_size > MAX_BYTES:
            raise StartupError(
                f"{file} has more than {MAX_BYTES // 1_000_000} MB; make it smaller."
            )
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    return Slides(folder, f"slides/{digest}", entries)


def is_video(name: str) -> bool:
    """Whether a file is a video."""
    return Path(name).suffix.lower() in VIDEOS


def _found(folder: Path) -> list[Entry]:
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURES | VIDEOS and not path.name.startswith(".")
    )
    if len(names) > MOST:
        raise StartupError(f"attract.slides: {folder} has {len(names)} slides; {MOST} at most.")
    return [Entry(file=name) for name in names]


def _listed(path: Path) -> list[Entry]:
    try:
        data: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return _List.model_validate(data).slide
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartupError(f"{path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "slide"
        raise StartupError(f"{path}: {where}: {first['msg']}.") from None
