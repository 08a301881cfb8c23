"""A theme: `theme.toml` of one folder, read and checked, down to the contrast of its colours."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from kiosk.errors import StartupError
from kiosk.themes import colour

FILE: Final = "theme.toml"
STYLE: Final = "theme.css"
BUNDLED: Final = Path(__file__).with_name("bundled")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MAX_STYLE: Final = 20_000
"""Bytes of a theme's own stylesheet: the whole screen has a weight to keep."""
MAX_TOML: Final = 64_000
READ: Final = 7.0
"""Contrast of what is read from two metres: captions, headings, explanations."""
SEEN: Final = 4.5
"""Contrast of what is pressed or glanced at."""

Solid = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
Tinted = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Colours(_Part):
    """The colours a screen is made of. Everything else in the stylesheet is derived."""

    backdrop: Solid = Field(description="Behind the person; the avatar's picture gets it, too.")
    surface: Solid = Field(description="What words stand on.")
    ink: Solid = Field(description="Words.")
    ink_soft: Solid = Field(description="Words that step back: explanations, older lines.")
    line: Tinted = Field(description="Edges of fields and buttons; may have an alpha.")
    accent: Solid = Field(description="The one button, what the visitor said, marks.")
    on_accent: Solid = Field(description="Words on the accent.")
    positive: Solid = Field("#1c5a33", description="What went well.")
    caution: Solid = Field("#8a2f14", description="What asks for attention.")
    shadow: Tinted = Field("#00000026", description="The shadow of what floats.")


class HighContrast(_Part):
    """What the visitor's choice of more contrast changes; what is left out is white on black."""

    surface: Solid | None = Field(None, description="What words stand on.")
    ink: Solid | None = Field(None, description="Words, lines and edges.")
    accent: Solid | None = Field(None, description="The one button and marks.")
    on_accent: Solid | None = Field(None, description="Words on the accent.")


class Shapes(_Part):
    """Corners and edges."""

    radius: float = Field(2.4, ge=0, le=8, description="Corners of sheets and cards, vmin.")
    buttons: Literal["pill", "round", "square"] = Field("pill", description="Ends of buttons.")
    edge: float = Field(0.22, ge=0, le=1, description="Edges of buttons and fields, vmin.")
    desk: Literal["plain", "line", "curve"] = Field(
        "plain", description="The edge between the person and the words, in portrait."
    )


class FontFile(_Part):
    """One font file of the theme's folder."""

    file: FileName = Field(description="A .woff2 file in the theme's folder.")
    weight: str = Field("400", pattern=r"^\d{3}( \d{3})?$", description="`400`, or `200 800`.")
    style: Literal["normal", "italic"] = Field("normal", description="Upright or italic.")


class Type(_Part):
    """Letters."""

    family: str | None = Field(
        None, pattern=r"^[A-Za-z0-9 _-]{1,60}$", description="Name of the theme's own font family."
    )
    files: list[FontFile] = Field([], max_length=6, description="Its files, `[[type.files]]`.")
    display_weight: int = Field(640, ge=200, le=900, description="Weight of the largest words.")
    title_weight: int = Field(660, ge=200, le=900, description="Weight of titles.")
    label_weight: int = Field(600, ge=300, le=900, description="Weight on buttons.")
    display_size: float = Field(1.0, ge=0.7, le=1.3, description="Size of the largest words.")
    tracking: float = Field(-0.022, ge=-0.05, le=0.1, description="Their letter spacing, em.")
    capitals: bool = Field(False, description="Titles and the largest words in capitals.")


class Masthead(_Part):
    """The line at the top."""

    position: Literal["start", "centre", "end"] = Field("start", description="Where it stands.")
    logo: FileName | None = Field(None, description="An .svg, .png or .webp of the folder.")
    logo_height: float = Field(5.5, ge=2, le=16, description="Its height, vmin.")
    name: bool = Field(True, description="Show the site's name beside it.")


class Framing(_Part):
    """How the avatar's picture is laid into its place."""

    zoom: float = Field(1.0, ge=1, le=2.5, description="Larger than it comes; 1 is as it comes.")
    x: float = Field(0, ge=-30, le=30, description="To the end of the line, % of the picture.")
    y: float = Field(0, ge=-30, le=30, description="Down, % of the picture.")
    focus: str = Field(
        "50% 30%", pattern=r"^\d{1,3}% \d{1,3}%$", description="What is kept when it is cropped."
    )


class Avatar(_Part):
    """The person."""

    picture: FileName | None = Field(
        None, description="A picture instead of the drawn portrait, 16:9, on the backdrop's colour."
    )
    glow: float = Field(1.0, ge=0, le=1, description="Light behind the drawn portrait.")
    portrait: Framing = Field(Framing(), description="On an upright screen.")
    landscape: Framing = Field(Framing(), description="On a wide screen.")


class Values(_Part):
    """What `theme.toml` holds."""

    name: str = Field(min_length=1, max_length=60, description="Its name, for people.")
    about: str = Field("", max_length=200, description="One sentence on where it fits.")
    dark: bool = Field(False, description="Light words on a dark ground.")
    colours: Colours = Field(description="Colours.")
    high_contrast: HighContrast = Field(HighContrast(), description="More contrast.")
    shapes: Shapes = Field(Shapes(), description="Shapes.")
    type: Type = Field(Type(), description="Type.")
    masthead: Masthead = Field(Masthead(), description="Masthead.")
    avatar: Avatar = Field(Avatar(), description="The avatar.")


@dataclass(frozen=True, slots=True)
class Measured:
    """One pair of colours with its contrast, and the least it must have."""

    what: str
    colour: str
    ground: str
    ratio: float
    least: float
    nearest: str
    """The colour nearest to it that passes; itself when it does."""

    @property
    def passes(self) -> bool:
        """Whether it is enough."""
        return self.ratio >= self.least


@dataclass(frozen=True, slots=True)
class Theme:
    """A checked theme and where it came from."""

    id: str
    folder: Path
    values: Values
    style: str = field(default="", repr=False)
    """The theme's own stylesheet, empty when it has none."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files of its folder that its values name."""
        values = self.values
        named = [values.masthead.logo, values.avatar.picture]
        named += [item.file for item in values.type.files]
        return tuple(name for name in named if name is not None)


_PAIRS: Final = (
    ("ink", "surface", READ),
    ("ink", "backdrop", READ),
    ("ink_soft", "surface", READ),
    ("ink_soft", "backdrop", READ),
    ("accent", "surface", SEEN),
    ("accent", "backdrop", SEEN),
    ("on_accent", "accent", SEEN),
    ("caution", "surface", SEEN),
    ("positive", "surface", SEEN),
)


def measured(values: Values) -> list[Measured]:
    """Return the contrast of every pair of colours that meet on the screen."""
    found = []
    for name, ground, least in _PAIRS:
        found.append(
            _measure(
                f"colours.{name} on colours.{ground}",
                getattr(values.colours, name),
                getattr(values.colours, ground),
                least,
            )
        )
    for name, ground_name in (("ink", "surface"), ("accent", "surface"), ("on_accent", "accent")):
        strong = high_contrast(values)
        found.append(
            _measure(
                f"high_contrast.{name} on {ground_name}", strong[name], strong[ground_name], READ
            )
        )
    return found


def high_contrast(values: Values) -> dict[str, str]:
    """Return the four colours of more contrast, the theme's own or ours."""
    ours = {"surface": "#000000", "ink": "#ffffff", "accent": "#ffe14d", "on_accent": "#000000"}
    own = values.high_contrast.model_dump(exclude_none=True)
    return {**ours, **own}


def _measure(what: str, text: str, ground: str, least: float) -> Measured:
    ratio = colour.contrast(text, ground)
    nearest = colour.passing(text, (ground,), least)
    return Measured(what, text, ground, ratio, least, nearest)


def load_theme(folder: Path) -> Theme:
    """Read and check the theme in a folder; raises StartupError with file, key and the fix."""
    path = folder / FILE
    values = read_values(path)
    theme = Theme(folder.name, folder, values, _style(folder / STYLE))
    if NAME.fullmatch(theme.id) is None:
        raise StartupError(
            f"{folder}: a theme's folder has a name of small letters, digits, - and _."
        )
    for name in theme.files:
        inside = (folder / name).resolve()
        if not inside.is_relative_to(folder.resolve()) or not inside.is_file():
            raise StartupError(f"{path}: the file {name} is not in {folder}; add it or correct it.")
    for item in values.type.files:
        if not item.file.endswith(".woff2"):
            raise StartupError(
                f"{path}: type.files: {item.file} is no .woff2 file; "
                f"`fonttools ttLib.woff2 compress {item.file}` makes one."
            )
    if values.type.files and values.type.family is None:
        raise StartupError(f"{path}: type.files needs type.family, the name of the font.")
    wrong = [item for item in measured(values) if not item.passes]
    if wrong:
        first = wrong[0]
        raise StartupError(
            f"{path}: {first.what} has a contrast of {first.ratio:.1f}:1, {first.least:g}:1 is "
            f"needed; the nearest colour that passes is {first.nearest}. "
            f"`kiosk theme check {folder}` lists all {len(wrong)}."
        )
    return theme


def read_values(path: Path) -> Values:
    """Return what a theme.toml holds, its contrasts unmeasured; raises StartupError."""
    data = _toml(path)
    try:
        return Values.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise StartupError(
                f"{path}: {where}: unknown key; remove it or correct its name."
            ) from None
        if first["type"] == "string_pattern_mismatch" and where.startswith(
            ("colours.", "high_contrast.")
        ):
            raise StartupError(f"{path}: {where}: write a colour as #rrggbb.") from None
        if first["type"] == "list_type":
            raise StartupError(
                f"{path}: {where}: write each one as a part of [[{where}]]."
            ) from None
        raise StartupError(f"{path}: {where}: {first['msg']}.") from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
        if len(text) > MAX_TOML:
            raise StartupError(f"{path} has more than {MAX_TOML} bytes; that is no theme.")
        return tomllib.loads(text.decode())
    except FileNotFoundError:
        raise StartupError(
            f"{path} does not exist; `kiosk theme new NAME` writes a theme that works."
        ) from None
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartupError(f"{path} is not valid TOML: {error}.") from None


def _style(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise StartupError(f"{path} is not UTF-8.") from None
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}.") from None
    if len(text.encode()) > MAX_STYLE:
        raise StartupError(f"{path} has more than {MAX_STYLE} bytes; keep a theme small.")
    if "@import" in text or re.search(r"url\(\s*[\"']?(?:https?:)?//", text):
        raise StartupError(
            f"{path} fetches from elsewhere, which the screen refuses; put the file beside it."
        )
    return text


def themes_in(*folders: Path | None) -> Iterator[Path]:
    """Yield the folder of every theme, the site's before ours of the same name."""
    seen = set()
    for folder in (*folders, BUNDLED):
        if folder is None or not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if (path / FILE).is_file() and path.name not in seen:
                seen.add(path.name)
                yield path


def find_theme(name: str, site: Path | None = None) -> Theme:
    """Return the theme `name`: of the site's folder, else one of ours. Raises StartupError."""
    if site is not None and not site.is_dir():
        raise StartupError(f"site.themes: {site} is no folder; make it or correct the setting.")
    known = {path.name: path for path in themes_in(site)}
    if name not in known:
        raise StartupError(
            f"site.theme: there is no theme {name!r}; known are {', '.join(sorted(known))}. "
            "`kiosk theme new NAME` makes one, in the folder that site.themes names."
        )
    return load_theme(known[name])
