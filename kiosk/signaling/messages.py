"""Every message between kiosk browser and server; text frames are JSON objects with a `type`.

Binary frames from the browser are the microphone: PCM16 mono little-endian at 24 kHz, normally
40 ms (1920 bytes) each. The browser chooses nothing that costs money or changes who answers:
no endpoint, model, voice, tool or instruction is in any of these messages.
"""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError, field_validator
from pydantic_core import PydanticSerializationError

from kiosk.errors import SignalingError
from kiosk.signaling.base import Message
from kiosk.signaling.comfort import (
    AskPace,
    Comfort,
    Joined,
    MoreTime,
    Pace,
    Person,
    Repeat,
    Set,
    Working,
)
from kiosk.signaling.device import Command, CommandDone, Report
from kiosk.signaling.shell import PageEvent, RestReason, Service
from kiosk.signaling.waiting import Attract, Rest, Wake

__all__ = [
    "AskPace",
    "Attract",
    "Comfort",
    "Command",
    "CommandDone",
    "Joined",
    "MoreTime",
    "Pace",
    "PageEvent",
    "Person",
    "Repeat",
    "Report",
    "Rest",
    "Service",
    "Set",
    "Wake",
    "Working",
]

PROTOCOL: Final = 1
"""Version of this wire. A browser that speaks another one is told to reload."""

MAX_SDP_CHARS: Final = 64_000
MAX_MICROPHONE_BYTES: Final = 24_000
"""Half a second of audio; a frame above it is refused."""

MAX_FORM_FIELDS: Final = 16

MAX_NAME_CHARS: Final = 64
"""Of a field that is named in an error."""

VisitState = Literal[
    "attract",
    "consent",
    "connecting",
    "queued",
    "greeting",
    "listening",
    "thinking",
    "speaking",
    "ending",
    "offline",
    "error",
]
MediaRung = Literal["direct", "relay", "websocket", "voice", "text"]


# ── browser to server ────────────────────────────────────────────────────────────────────────


class Hello(Message):
    """First message of every socket. `resume` is the token of a visit cut off by a reload.

    `playing` says that the avatar still plays in this page (only the socket was lost), so a resumed
    visit needs no new peer connection.
    """

    type: Literal["hello"] = "hello"
    protocol: int
    page: str = Field(default="", max_length=64)
    h264: bool = True
    resume: str | None = Field(default=None, max_length=128)
    playing: bool = False


class Start(Message):
    """A visitor is here. The server begins its part while consent is shown.

    `by` says how it was noticed; anything but a touch is refused where the site does not want it.
    """

    type: Literal["start"] = "start"
    language: str | None = Field(default=None, max_length=35)
    by: Literal["touch", "presence", "wake", "voice"] = "touch"


class Consent(Message):
    """The visitor's answer to the notice."""

    type: Literal["consent"] = "consent"
    accepted: bool


class Microphone(Message):
    """What became of the microphone; anything but `on` means the visit goes on by typing."""

    type: Literal["microphone"] = "microphone"
    state: Literal["on", "muted", "denied", "missing"]


class Offer(Message):
    """The browser's complete offer (non-trickle: ICE gathering has ended)."""

    type: Literal["offer"] = "offer"
    sdp: str = Field(max_length=MAX_SDP_CHARS)


class Media(Message):
    """What the browser's media element does. `playing` is the first frame really shown."""

    type: Literal["media"] = "media"
    state: Literal["playing", "failed", "sound_blocked", "sound_on"]
    detail: str = Field(default="", max_length=200)


class Say(Message):
    """A line the visitor typed."""

    type: Literal["text"] = "text"
    text: str = Field(min_length=1, max_length=2_000)


class Talk(Message):
    """Push-to-talk and hybrid: the visitor began (true) or finished (false) speaking."""

    type: Literal["talk"] = "talk"
    active: bool


class Interrupt(Message):
    """The visitor pressed stop while the avatar spoke."""

    type: Literal["interrupt"] = "interrupt"


class Touch(Message):
    """The visitor touched the screen; it counts as activity."""

    type: Literal["touch"] = "touch"


class Language(Message):
    """The visitor chose another language of `welcome.languages`."""

    type: Literal["language"] = "language"
    language: str = Field(max_length=35)


class CardDismiss(Message):
    """The visitor closed a card."""

    type: Literal["card_dismiss"] = "card_dismiss"
    id: str = Field(max_length=64)


class CardForm(Message):
    """The visitor filled in a form card and confirmed it."""

    type: Literal["card_form"] = "card_form"
    id: str = Field(max_length=64)
    values: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=500)] | bool]

    @field_validator("values")
    @classmethod
    def _few(cls, value: dict[str, str | bool]) -> dict[str, str | bool]:
        if len(value) > MAX_FORM_FIELDS:
            raise ValueError(f"at most {MAX_FORM_FIELDS} fields")
        return value


class CardTake(Message):
    """The visitor wants to take a card along; offered by `card.offers`."""

    type: Literal["card_take"] = "card_take"
    id: str = Field(max_length=64)


class End(Message):
    """The visitor pressed end."""

    type: Literal["end"] = "end"


ClientMessage = Annotated[
    Hello
    | Start
    | Rest
    | Consent
    | Microphone
    | Offer
    | Media
    | Say
    | Talk
    | Interrupt
    | Touch
    | Language
    | Comfort
    | AskPace
    | Repeat
    | Person
    | MoreTime
    | CardDismiss
    | CardForm
    | CardTake
    | End
    | Report
    | CommandDone
    | PageEvent,
    Field(discriminator="type"),
]
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


# ── server to browser ────────────────────────────────────────────────────────────────────────


class LanguageChoice(Message):
    """A language the visitor may choose, named in itself."""

    code: str
    name: str


class Welcome(Message):
    """Answer to `hello`: who this kiosk is and what the screen offers."""

    type: Literal["welcome"] = "welcome"
    protocol: int = PROTOCOL
    kiosk_id: str
    kiosk_name: str
    language: str
    languages: tuple[LanguageChoice, ...]
    consent: bool
    talk: Literal["open", "push", "hybrid"]
    resumed: bool = False
    report_s: float = 30
    """Seconds between two reports of the device."""
    page: str = ""
    """The version of the page this server has; a page of another one loads itself anew."""
    now: int = 0
    """The server's clock, milliseconds since 1970."""
    service: RestReason | None = None
    """Why the screen is out of service, when it is; a change comes as `service`."""


class Visit(Message):
    """A visit began or was resumed. `resume` is kept in the page's memory of this tab only."""

    type: Literal["visit"] = "visit"
    id: str
    resume: str


class State(Message):
    """What the screen shows: `data-state` of `<body>`, and `data-media` when it is known."""

    type: Literal["state"] = "state"
    state: VisitState
    media: MediaRung | None = None


class IceServer(Message):
    """One entry for RTCPeerConnection; its credential is short-lived and never logged."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class Ice(Message):
    """Make a new peer connection with these servers, gather, and send one complete offer.

    Sent again when the upstream was lost: the browser then drops the old peer connection.
    """

    type: Literal["ice"] = "ice"
    servers: tuple[IceServer, ...]


class Answer(Message):
    """The upstream's answer to the browser's offer."""

    type: Literal["answer"] = "answer"
    sdp: str


class Caption(Message):
    """Text of one turn so far; it replaces what was shown for `turn`. The last has `final`."""

    type: Literal["caption"] = "caption"
    turn: str
    speaker: Literal["visitor", "avatar", "operator"]
    text: str
    final: bool = False


class Hush(Message):
    """Barge-in: silence the avatar's sound at once, until the next `state: speaking`."""

    type: Literal["hush"] = "hush"


class ShowCard(Message):
    """Show (or replace) a card; `html` was rendered and escaped by the server.

    `offers` is what the visitor may do with it besides reading: take it along, print it.
    """

    type: Literal["card"] = "card"
    id: str
    kind: str
    title: str
    html: str
    offers: tuple[Literal["take", "print"], ...] = ()


class HideCard(Message):
    """Take a card away."""

    type: Literal["card_gone"] = "card_gone"
    id: str


class Notice(Message):
    """One sentence beside the conversation, such as the idle warning. `seconds` counts down.

    With `more` the visitor may answer `more_time`.
    """

    type: Literal["notice"] = "notice"
    code: Literal["idle", "reconnecting", "text_only", "busy", "time_limit", "form"]
    text: str
    seconds: int | None = None
    more: bool = False


class NoticeGone(Message):
    """The notice no longer holds."""

    type: Literal["notice_gone"] = "notice_gone"
    code: Literal["idle", "reconnecting", "text_only", "busy", "time_limit", "form"]


class Ended(Message):
    """The visit is over; the page wipes itself and returns to attract."""

    type: Literal["ended"] = "ended"
    reason: str
    text: str = ""
    # With a code the visitor can have the visit erased; shown for `stay_s`, 0: as the page has.
    code: str = ""
    code_text: str = ""
    stay_s: float = 0


class Failure(Message):
    """Something was refused. `code` is stable; `message` is one sentence with the fix in it."""

    type: Literal["error"] = "error"
    code: str
    message: str
    fatal: bool = False


ServerMessage = (
    Welcome
    | Attract
    | Wake
    | Visit
    | State
    | Working
    | Joined
    | Set
    | Ice
    | Answer
    | Caption
    | Hush
    | ShowCard
    | HideCard
    | Notice
    | NoticeGone
    | Ended
    | Failure
    | Command
    | Service
)


def parse(text: str) -> ClientMessage:
    """Return the message in one text frame.

    Raises SignalingError `bad_json`, `not_an_object`, `unknown_type` or `bad_message`; none of
    them is fatal: the socket stays open and nothing else is disturbed.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):  # ValueError: also a number too long to convert
        raise SignalingError(
            "bad_json", "The message is not JSON; send one JSON object a frame."
        ) from None
    if not isinstance(data, dict):
        raise SignalingError(
            "not_an_object", "The message is not a JSON object; send one with a `type`."
        )
    try:
        return _CLIENT.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        if first["type"] in {"union_tag_invalid", "union_tag_not_found"}:
            raise SignalingError(
                "unknown_type", "The message has no known `type`; see docs/signaling.md."
            ) from None
        # A surplus key is the browser's own text: it goes back short, and as plain ASCII.
        named = ".".join(str(part) for part in first["loc"][1:]) or str(data["type"])
        where = named[:MAX_NAME_CHARS].encode("ascii", "backslashreplace").decode()
        raise SignalingError(
            "bad_message", f"`{data['type']}` is malformed at `{where}`: {first['msg']}."
        ) from None


def dump(message: ServerMessage) -> str:
    """Return the text frame of a message to the browser."""
    try:
        return message.model_dump_json(exclude_none=True)
    except PydanticSerializationError:
        # Half of a surrogate pair, from a model or a plugin: no UTF-8, but JSON can escape it.
        return json.dumps(message.model_dump(mode="json", exclude_none=True))
