"""Values that plugins, the session and the operator's view share. No I/O, no wire names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

Speaker = Literal["visitor", "avatar", "operator"]


class EndReason(StrEnum):
    """Why a visit ended; exactly one for each visit."""

    VISITOR_LEFT = "visitor_left"
    GOODBYE = "goodbye"
    DECLINED = "declined"
    IDLE = "idle"
    TOO_LONG = "too_long"
    OPERATOR = "operator"
    KIOSK_REPLACED = "kiosk_replaced"
    UPSTREAM_LOST = "upstream_lost"
    MEDIA_FAILED = "media_failed"
    PLUGIN_REQUIRED_FAILED = "plugin_required_failed"
    SHUTDOWN = "shutdown"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Kiosk:
    """One screen. `place` is the site's own word for where it stands."""

    id: str
    name: str
    place: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the avatar says first.

    Spoken word for word, unless `improvise` is set: then `text` tells the model how to greet.
    """

    text: str
    improvise: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """Something to show beside the avatar.

    `kind` names the template `cards/<kind>.html`; `data` is what it is rendered with. A card with
    the `id` of one on screen replaces it.
    """

    kind: str
    title: str
    data: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        """Refuse a wrong card where it is made: later it would meet a visitor."""
        if not all(isinstance(text, str) for text in (self.kind, self.title, self.id)):
            raise TypeError("a Card's kind, title and id are text")
        if not isinstance(self.data, Mapping):
            raise TypeError("a Card's data is a mapping of what its template shows")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool; `arguments` fit the tool's schema."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives back: words or a JSON object for the model, and cards for the screen."""

    output: str | Mapping[str, Any]
    cards: tuple[Card, ...] = ()

    def __post_init__(self) -> None:
        """Refuse wrong cards where they are given."""
        if not all(isinstance(card, Card) for card in self.cards):
            raise TypeError("a ToolResult's cards are Card objects")


ToolReturn = str | Mapping[str, Any] | ToolResult


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call.

    `parameters` is JSON Schema of the arguments. `handler` takes them by name (and `session`
    when it asks for it); a plain function runs in a worker thread, so it may block.
    `timeout_s` is the deadline; None takes the site's `visit.tool_timeout_s`. With
    `cancel_on_barge_in` a visitor who speaks stops it.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    handler: Callable[..., ToolReturn | Awaitable[ToolReturn]]
    plugin: str = ""
    timeout_s: float | None = None
    cancel_on_barge_in: bool = False


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One finished turn of a visit, after redaction. `(visit_id, seq)` is unique and ordered."""

    visit_id: str
    kiosk_id: str
    seq: int
    speaker: Speaker
    text: str
    language: str
    at: datetime
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class VisitSummary:
    """A visit that is over."""

    visit_id: str
    kiosk_id: str
    language: str
    started_at: datetime
    ended_at: datetime
    reason: EndReason
    turns: int
    tools: tuple[str, ...] = ()


class TranscriptSink(ABC):
    """Takes the transcript, in order, in batches; written again after a failure.

    The same entry may come twice (same `visit_id` and `seq`); a sink must not mind.
    """

    name: str

    @abstractmethod
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        """Take a batch; raise to have it offered again later."""

    async def aclose(self) -> None:  # noqa: B027 - most sinks have nothing to release
        """Release what the sink holds; called once, when the server stops."""
