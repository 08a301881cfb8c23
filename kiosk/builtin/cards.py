"""Default kinds of cards: text, list, image, map, QR code, timetable, form; each with its model."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterCardType

_SOURCE: Final = re.compile(r"(/(?!/)[^\s]*|data:image/(png|jpeg|webp|svg\+xml);base64,[\w+/=]+)")
_PATH: Final = re.compile(r"[MmLlHhVvCcSsQqTtAaZz0-9eE+\-., ]+")

QR_BYTES: Final = 1200
"""Longest content of a QR code, UTF-8: more gives modules too fine for a phone at arm's length."""

Text = Annotated[str, Field(max_length=2000)]
Short = Annotated[str, Field(max_length=200)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextData(_Data):
    """Plain words; each line becomes a paragraph."""

    text: str = Field(max_length=8000, description="A single short line is set large.")
    note: Text = Field("", description="A smaller line below.")


class ListItem(_Data):
    """One entry: a title, a second line, and something at the end of the first line."""

    title: Short
    text: Text = ""
    aside: Short = Field("", description="At the end of the first line: a time, a floor, a price.")


class ListData(_Data):
    """Entries below one another."""

    items: list[ListItem | Short] = Field(max_length=60, description="A text is an entry's title.")
    intro: Text = Field("", description="Above the entries.")
    note: Text = Field("", description="A smaller line below.")


class ImageData(_Data):
    """One picture of this server's, or a data: URL; the page loads nothing from elsewhere."""

    src: str = Field(max_length=400_000, description="Path on this server, or data:image/…;base64.")
    alt: Short = Field(description="What it shows, in words, for those who cannot see it.")
    caption: Text = Field("", description="Below the picture.")

    @field_validator("src")
    @classmethod
    def _ours(cls, value: str) -> str:
        if _SOURCE.fullmatch(value) is None:
            raise ValueError("a path on this server or a data:image URL")
        return value


class MapPlace(_Data):
    """One labelled point, in the map's own units."""

    x: Coordinate
    y: Coordinate
    name: Short
    kind: Literal["place", "here", "goal"] = Field(
        "place", description="Where the screen stands, where the way leads, or any other place."
    )


class MapData(_Data):
    """A floor plan with a way drawn in, and the way in words beside it."""

    width: float = Field(gt=0, le=10_000, description="In units of your own.")
    height: float = Field(gt=0, le=10_000, description="In the same units.")
    walls: str = Field("", max_length=50_000, description="SVG path data of what is fixed.")
    rooms: list[Annotated[str, Field(max_length=5000)]] = Field(
        [], max_length=200, description="SVG path data of each room."
    )
    places: list[MapPlace] = Field([], max_length=200, description="Points with their names.")
    route: list[tuple[Coordinate, Coordinate]] = Field(
        [], max_length=500, description="Points of the way, from here to the goal."
    )
    steps: list[Short] = Field([], max_length=30, description="The way in words.")
    alt: Short = Field(description="The map in one sentence, for those who cannot see it.")

    @field_validator("walls")
    @classmethod
    def _a_path(cls, value: str) -> str:
        if value and _PATH.fullmatch(value) is None:
            raise ValueError("SVG path data: commands and numbers")
        return value

    @field_validator("rooms")
    @classmethod
    def _paths(cls, value: list[str]) -> list[str]:
        return [cls._a_path(room) for room in value]


class QrData(_Data):
    """A QR code of a link or of words, with what it is in words beside it."""

    content: str = Field(
        min_length=1,
        max_length=QR_BYTES,
        description="A link or text to take away; counted in bytes of UTF-8. A short link is "
        "written out, too.",
    )
    text: Text = Field("", description="What happens when it is scanned.")
    note: Text = Field("", description="A smaller line below.")

    @field_validator("content")
    @classmethod
    def _fits(cls, value: str) -> str:
        if len(value.encode("utf-8", "replace")) > QR_BYTES:
            raise ValueError(f"more than {QR_BYTES} bytes, which no phone reads from a screen")
        return value


class TimetableRow(_Data):
    """One line of a timetable."""

    time: Short = Field(description="As it should be read: 14:00, 2 pm, all day.")
    title: Short
    place: Short = ""
    note: Short = Field("", description="A second line.")
    state: Literal["", "now", "soon", "over", "cancelled"] = Field(
        "", description="Said in words and colour, in the visitor's language."
    )


class TimetableData(_Data):
    """Times and what happens then."""

    rows: list[TimetableRow] = Field(max_length=60)
    day: Short = Field("", description="Above the table.")
    note: Text = Field("", description="A smaller line below.")


class FormField(_Data):
    """One question of a form."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$", description="The answer's key in what `ask` returns."
    )
    label: Short = Field(min_length=1, description="The question.")
    kind: Literal["text", "email", "tel", "number", "choice", "check"] = Field(
        "text", description="A check box answers true or false, everything else text."
    )
    options: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        [], max_length=12, description="What a choice offers."
    )
    required: bool = Field(False, description="Whether the form is sent without it.")
    hint: Short = Field("", description="A line that helps, below the question.")
    maximum: int = Field(120, ge=1, le=500, description="Longest answer, characters.")

    @model_validator(mode="after")
    def _has_options(self) -> FormField:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("a choice has options, and nothing else does")
        if len(set(self.options)) != len(self.options):
            raise ValueError("an option is there twice")
        return self


class FormData(_Data):
    """Questions with a confirmation before anything is sent; see SessionHandle.ask."""

    fields: list[FormField] = Field(min_length=1, max_length=8, description="The questions.")
    intro: Text = Field("", description="Above the questions.")
    send: Short = Field("", description="Words of the button; empty: the screen's own.")
    note: Text = Field("", description="Say what the answers are used for.")

    @field_validator("fields")
    @classmethod
    def _names(cls, value: list[FormField]) -> list[FormField]:
        if len({field.name for field in value}) != len(value):
            raise ValueError("two fields have the same name")
        return value


KINDS: Final[dict[str, type[BaseModel]]] = {
    "text": TextData,
    "list": ListData,
    "image": ImageData,
    "map": MapData,
    "qr": QrData,
    "timetable": TimetableData,
    "form": FormData,
}


@hookimpl
def register_card_types(register: RegisterCardType) -> None:
    """Offer every kind there is a template for."""
    for kind, model in KINDS.items():
        register(kind, model)
