"""Messages about how the visitor has screen and voice, and what is asked of the avatar's manner."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kiosk.signaling.base import Message

TextSize = Literal["normal", "large", "largest"]
Contrast = Literal["normal", "more", "dark"]
Reach = Literal["standard", "seated"]
Motion = Literal["full", "reduced"]
Pace = Literal["normal", "slow"]
Volume = Annotated[int, Field(ge=0, le=100)]


# ── browser to server ────────────────────────────────────────────────────────────────────────


class Comfort(Message):
    """How the visitor has the screen now; sent when a choice of these changed, and rested.

    A changed volume is answered with a word spoken at it, when nothing else is being said.
    """

    type: Literal["comfort"] = "comfort"
    text_size: TextSize = "normal"
    contrast: Contrast = "normal"
    volume: Volume = 100
    captions: bool = True
    reach: Reach = "standard"
    motion: Motion = "full"
    sign: bool = False


class AskPace(Message):
    """The visitor wants the voice slower, or as before."""

    type: Literal["pace"] = "pace"
    pace: Pace


class Repeat(Message):
    """The visitor wants to hear the last answer again."""

    type: Literal["repeat"] = "repeat"


class Person(Message):
    """The visitor wants to speak with a person."""

    type: Literal["person"] = "person"


class MoreTime(Message):
    """The visitor wants more time than a visit has; offered by `notice.more`."""

    type: Literal["more_time"] = "more_time"


# ── server to browser ────────────────────────────────────────────────────────────────────────


class Working(Message):
    """A tool runs (true), or none does any more: the screen says that something is looked up."""

    type: Literal["working"] = "working"
    active: bool


class Joined(Message):
    """A person of the staff is in the conversation (true), or the assistant is alone again.

    Sent again on resume. Until it is false the avatar speaks that person's words.
    """

    type: Literal["joined"] = "joined"
    active: bool


class Set(Message):
    """Change how the screen looks or sounds, because the visitor said so; only what is named.

    `language` changes the interface; the conversation's was changed by the server already.
    """

    type: Literal["set"] = "set"
    text_size: TextSize | None = None
    contrast: Contrast | None = None
    volume: Volume | None = None
    pace: Pace | None = None
    captions: bool | None = None
    reach: Reach | None = None
    motion: Motion | None = None
    sign: bool | None = None
    language: str | None = None
