"""Messages between a screen as a device and its operators: its reports, and what it is to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kiosk.errors import KioskError
from kiosk.signaling.base import Message
from kiosk.signaling.shell import RestReason

MAX_IMAGE_CHARS: Final = 120_000
"""Of a screenshot in base64: about 90 kB of JPEG, and inside the largest socket message."""
MAX_ERRORS: Final = 5
MAX_LEVELS: Final = 12

Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
CommandName = Literal[
    "reload", "identify", "volume", "mute", "language", "message", "screenshot", "restart_visit",
    "dark", "hold",
]  # fmt: skip


# ── browser to server ────────────────────────────────────────────────────────────────────────


class DeviceError(Message):
    """Something that went wrong on the screen since its last report; a kind, never words said."""

    kind: str = Field(max_length=120)
    age_s: Seconds


class Report(Message):
    """What a screen tells of itself, soon after it was opened and then every `every_s` seconds.

    `frame_age_s` is how long ago a picture of the avatar was last shown, where one should be.
    `silent_s` is for how long an open microphone has given nothing but silence; `levels` are its
    loudest moments (0 to 100), the newest last. `camera` is the one that notices visitors, where a
    site wants it: `on`, `missing`, `denied`. `at` is the device's own clock. `config` is the
    digest of its settings that the page was made with, `held` that it stays at its version,
    `dark` that an operator made it dark.
    `rtt_ms` and `lost` (percent of packets) are of the avatar's connection since the last report.
    """

    type: Literal["device"] = "device"
    every_s: Seconds
    page: str = Field(max_length=64)
    config: str = Field(default="", max_length=64)
    held: bool = False
    browser: str = Field(default="", max_length=200)
    width: int = Field(ge=0, le=100_000)
    height: int = Field(ge=0, le=100_000)
    language: str = Field(max_length=35)
    state: str = Field(pattern=r"^[a-z]{1,20}$")
    media: str | None = Field(default=None, pattern=r"^[a-z]{1,20}$")
    rtt_ms: int | None = Field(default=None, ge=0, le=600_000)
    lost: float | None = Field(default=None, ge=0, le=100, allow_inf_nan=False)
    frame_age_s: Seconds | None = None
    volume: int = Field(ge=0, le=100)
    muted: bool = False
    camera: Literal["on", "missing", "denied"] | None = None
    microphone: str = Field(pattern=r"^[a-z]{1,20}$")
    silent_s: Seconds | None = None
    levels: tuple[Annotated[int, Field(ge=0, le=100)], ...] = Field((), max_length=MAX_LEVELS)
    dropped_frames: int = Field(default=0, ge=0)
    microphones: int | None = Field(default=None, ge=0, le=100)
    speakers: int | None = Field(default=None, ge=0, le=100)
    cameras: int | None = Field(default=None, ge=0, le=100)
    heap_mb: Seconds | None = None
    nodes: int = Field(default=0, ge=0)
    up_s: Seconds
    visits: int = Field(default=0, ge=0)
    at: int = Field(ge=0, le=100_000_000_000_000, description="Milliseconds since 1970.")
    awake: bool = False
    dark: bool = False
    online: bool = True
    hidden: bool = False
    errors: tuple[DeviceError, ...] = Field((), max_length=MAX_ERRORS)


class CommandDone(Message):
    """What became of a command. A reload is answered by the page that came of it.

    `image` is a screenshot: a JPEG in base64.
    """

    type: Literal["command_done"] = "command_done"
    id: str = Field(max_length=64)
    ok: bool
    detail: str = Field(default="", max_length=200)
    image: str = Field(default="", max_length=MAX_IMAGE_CHARS, pattern=r"^[A-Za-z0-9+/]*={0,2}$")


# ── server to browser ────────────────────────────────────────────────────────────────────────


class Command(Message):
    """Do this for an operator and answer with `command_done`; see the commands below."""

    type: Literal["command"] = "command"
    id: str
    name: CommandName
    args: dict[str, Any] = Field(default_factory=dict)


# ── what each command takes ──────────────────────────────────────────────────────────────────


class Nothing(BaseModel):
    """No arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Identify(Nothing):
    """Show the screen's name, large."""

    seconds: int = Field(10, ge=3, le=120)


class Volume(Nothing):
    """How loud the device is; what a visitor chooses is a share of it."""

    level: int = Field(ge=0, le=100)


class Mute(Nothing):
    """No sound at all, or sound again at the volume it had."""

    muted: bool


class HomeLanguage(Nothing):
    """The language the waiting screen has until the page is loaded anew."""

    language: str = Field(max_length=35)


class HouseNote(Nothing):
    """One sentence beside the waiting screen, for so long; no text takes it away."""

    text: str = Field("", max_length=160)
    minutes: int = Field(60, ge=1, le=1440)

    @field_validator("text")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return " ".join(value.split())


class Dark(Nothing):
    """The waiting screen is dark, or as its hours have it; a touch lights it for a minute."""

    dark: bool


class Hold(Nothing):
    """It stays at the page it has when the server has a newer one, until it is let go."""

    held: bool


class ServiceState(Nothing):
    """What the screen is for visitors; `as_set` is what its settings say."""

    state: Literal["in_service", "as_set"] | RestReason


ARGS: Final[Mapping[str, type[Nothing]]] = {
    "reload": Nothing,
    "identify": Identify,
    "volume": Volume,
    "mute": Mute,
    "language": HomeLanguage,
    "message": HouseNote,
    "screenshot": Nothing,
    "restart_visit": Nothing,
    "dark": Dark,
    "hold": Hold,
    "service": ServiceState,
}
"""Every command with what it takes. Nothing else is ever sent; `service` goes to the servers."""


class CommandError(KioskError):
    """A command that is none, or does not fit; the text says what does."""

    code = "command"


def checked(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a command as they go on the wire; raises CommandError."""
    model = ARGS.get(name)
    if model is None:
        raise CommandError(f"There is no command {name[:40]!r}; there are {', '.join(ARGS)}.")
    try:
        return model.model_validate(dict(args)).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or name
        raise CommandError(f"{name}: {where[:64]} does not fit: {first['msg']}.") from None
