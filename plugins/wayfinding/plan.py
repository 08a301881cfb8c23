"""The floor plan: read from TOML, checked as a whole, every mistake named with its place."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

OWN_PLAN: Final = Path(__file__).with_name("plan.toml")
ICONS: Final = Path(__file__).with_name("icons.toml")
MAX_PLAN_BYTES: Final = 1_000_000

Point = tuple[float, float]
# Only what path data needs: a plan is copied around, and this text goes into a page.
PathData = Annotated[str, Field(pattern=r"^[MmLlHhVvCcSsQqTtAaZz0-9 .,-]+$", max_length=20_000)]
Facing = Literal["north", "east", "south", "west"]
Tone = Literal["gallery", "comfort", "food", "service", "open"]


class PlanError(Exception):
    """A plan that cannot be used; the text names the file, the entry and the fix."""


def _has_english(value: Any) -> Any:
    if isinstance(value, dict) and "en" not in value:
        raise ValueError("add `en`: it is what a language without its own words falls back to")
    return value


Words = Annotated[dict[str, str], BeforeValidator(_has_english)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Floor(_Entry):
    """One storey and how it is drawn."""

    id: str
    size: Point
    name: Words
    on: Words
    to: Words
    walls: PathData
    lines: PathData = "M0 0"
    solid: PathData = "M0 0"


class Lift(_Entry):
    """Places that one lift joins, one on each floor."""

    stops: tuple[str, ...] = Field(min_length=2)


class Standpoint(_Entry):
    """Where a kiosk stands, what its `place` may be, and where somebody looks who reads it."""

    id: str
    places: tuple[str, ...] = Field(min_length=1)
    floor: str
    at: Point
    facing: Facing


class Spot(_Entry):
    """A point of a way; `past` is what one passes there."""

    floor: str
    at: Point
    past: Words | None = None


class Walk(_Entry):
    """A chain of points that can be walked in both directions."""

    walk: tuple[str, ...] = Field(min_length=2)


class Exhibit(_Entry):
    """Something to see inside a place."""

    words: dict[str, tuple[str, ...]]
    says: Words


class Place(_Entry):
    """Somewhere visitors want to go. `plural` are the languages in which its name is one."""

    id: str
    floor: str
    at: Point
    label: Point
    icon: str
    tone: Tone
    name: Words
    said: Words
    room: PathData | None = None
    picture: PathData | None = None
    small: bool = False
    plural: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = {}
    exhibits: tuple[Exhibit, ...] = ()


class Plan(_Entry):
    """A whole building. Coordinates are units of `scale` metres."""

    scale: float = Field(gt=0)
    pin: float = Field(ge=0)
    floors: tuple[Floor, ...] = Field(min_length=1)
    lifts: tuple[Lift, ...] = ()
    kiosks: tuple[Standpoint, ...] = Field(min_length=1)
    points: dict[str, Spot] = {}
    paths: tuple[Walk, ...] = Field(min_length=1)
    places: tuple[Place, ...] = Field(min_length=1)
    icons: dict[str, PathData] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> Plan:
        spots = [*(k.id for k in self.kiosks), *self.points, *(p.id for p in self.places)]
        twice = {name for name in spots if spots.count(name) > 1}
        if twice:
            raise ValueError(f"{min(twice)!r} is the name of two points; rename one")
        floors = {floor.id for floor in self.floors}
        for name, floor in self.spots_by_floor():
            if floor not in floors:
                raise ValueError(f"{name!r} is on floor {floor!r}, which is not in [[floors]]")
        for name in (name for path in self.paths for name in path.walk):
            if name not in spots:
                raise ValueError(f"a path names {name!r}, which is no point, place or kiosk")
        ids = {place.id for place in self.places}
        for stop in (stop for lift in self.lifts for stop in lift.stops):
            if stop not in ids:
                raise ValueError(f"a lift stops at {stop!r}, which is no place")
        for place in self.places:
            if place.icon not in self.icons:
                known = ", ".join(sorted(self.icons))
                raise ValueError(f"{place.id!r} has the icon {place.icon!r}; there are {known}")
        return self

    def spots_by_floor(self) -> list[tuple[str, str]]:
        """Return every named point with the floor it is on."""
        return [
            *((kiosk.id, kiosk.floor) for kiosk in self.kiosks),
            *((name, spot.floor) for name, spot in self.points.items()),
            *((place.id, place.floor) for place in self.places),
        ]

    def speaks(self, language: str) -> bool:
        """Whether every floor and place has a name in a language."""
        floors = (words for floor in self.floors for words in (floor.name, floor.on, floor.to))
        places = (words for place in self.places for words in (place.name, place.said))
        return all(language in words for words in (*floors, *places))

    def floor(self, floor_id: str) -> Floor:
        """Return a floor that is known to be there."""
        return next(floor for floor in self.floors if floor.id == floor_id)

    def place(self, place_id: str) -> Place:
        """Return a place that is known to be there."""
        return next(place for place in self.places if place.id == place_id)

    def standpoint(self, place: str) -> Standpoint:
        """Return where the kiosk of that place stands; the first kiosk when it is unknown."""
        wanted = place.casefold().strip()
        known = (k for k in self.kiosks if wanted in (name.casefold() for name in k.places))
        return next(known, self.kiosks[0])


def in_language(words: dict[str, str], language: str) -> str:
    """Return the words for `de-AT`, else `de`, else English."""
    return words.get(language) or words.get(language.partition("-")[0]) or words["en"]


@lru_cache(maxsize=8)
def load_plan(path: Path = OWN_PLAN) -> Plan:
    """Read and check a plan; kept, so that a tool call reads no file. Raises PlanError."""
    data = _read(path)
    icons = _read(ICONS)
    try:
        return Plan.model_validate({**data, "icons": icons})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = str(first["msg"]).removeprefix("Value error, ")
        raise PlanError(f"{path}: {_where(data, first['loc'])}{message}; mend the plan.") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_PLAN_BYTES:
            raise PlanError(f"{path} is larger than {MAX_PLAN_BYTES} bytes; is it a plan?")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(
            f"{path} cannot be read ({error.strerror}); correct plugins.wayfinding.plan."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"{path} is not valid TOML: {error}.") from None


def _where(data: dict[str, Any], location: tuple[str | int, ...]) -> str:
    # A list's number says little to somebody who looks for it in a file: name the entry too.
    parts: list[str] = []
    value: Any = data
    for part in location:
        parts.append(str(part))
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            value = None
        name = value.get("id") if isinstance(value, dict) else None
        if name and isinstance(part, int):
            parts[-1] = f"{part} ({name})"
    return f"{'.'.join(parts)}: " if parts else ""
