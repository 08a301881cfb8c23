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
    """One screen. `place` is the site's own word for where it stands, `site` names its house."""

    id: str
    name: str
    place: str = ""
    language: str = "en"
    site: str = "main"


@dataclass(frozen=True, slots=True)
class Comfort:
    """How a visitor has the screen and the voice; forgotten with the visit.

    `volume` is a percentage. `reach` `seated` keeps all there is to touch low on the screen.
    """

    text_size: Literal["normal", "large", "largest"] = "normal"
    contrast: Literal["normal", "more", "dark"] = "normal"
    volume: int = 100
    pace: Literal["normal", "slow"] = "normal"
    captions: bool = True
    reach: Literal["standard", "seated"] = "standard"
    motion: Literal["full", "reduced"] = "full"
    sign: bool = False


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
    the `id` of one on screen replaces it. `sign` is a sign-language video that says what the card
    says, a static file by its name such as `faq/lift.webm`; who chose sign language sees it.
    """

    kind: str
    title: str
    data: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    sign: str = ""

    def __post_init__(self) -> None:
        """Refuse a wrong card where it is made: later it would meet a visitor."""
        if not all(isinstance(text, str) for text in (self.kind, self.title, self.id, self.sign)):
            raise TypeError("a Card's kind, title, id and sign are text")
        if not isinstance(self.data, Mapping):
            raise TypeError("a Card's data is a mapping of what its template shows")


Answers = Mapping[str, str | bool]
"""What a visitor confirmed in a form, by the names of its fields; a check box is a bool."""


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
    `cancel_on_barge_in` a visitor who speaks stops it. `per_minute` limits its calls in one
    visit. `progress` is said when it takes longer than the site's `visit.tool_progress_s`; by
    language, or one sentence for all.

    `confirm` is for what must not happen because of words alone, a visitor's or ones hidden in
    what another tool found: the question is shown and said, and the tool runs only after a touch
    on the screen. By language, or one sentence for all.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    handler: Callable[..., ToolReturn | Awaitable[ToolReturn]]
    plugin: str = ""
    timeout_s: float | None = None
    cancel_on_barge_in: bool = False
    per_minute: int | None = None
    progress: str | Mapping[str, str] = ""
    confirm: str | Mapping[str, str] = ""


@dataclass(frozen=True, slots=True)
class McpServer:
    """A server of tools (Model Context Protocol) that Voice Live itself calls, not this server.

    `authorization` and the values of `headers` are secrets: they go to Voice Live only, and are
    in no log or page. Without `allowed_tools` the model may use all of the server's tools.
    """

    label: str
    url: str
    authorization: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allowed_tools: Sequence[str] = ()


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

    @property
    def id(self) -> str:
        """`visit:seq`: the same for an entry that comes twice."""
        return f"{self.visit_id}:{self.seq}"

    def as_json(self) -> dict[str, Any]:
        """Return the entry as sinks write it; `at` is ISO 8601."""
        return {
            "id": self.id,
            "visit": self.visit_id,
            "seq": self.seq,
            "kiosk": self.kiosk_id,
            "at": self.at.isoformat(),
            "speaker": self.speaker,
            "language": self.language,
            "interrupted": self.interrupted,
            "text": self.text,
        }


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
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What happened, counted by measure and label: no words."""
    code_hash: str = field(default="", repr=False)
    """Of the code the visitor was shown, with which the visit can be erased; empty without one."""


class EntriesRefused(Exception):
    """Raised by `TranscriptSink.write`: these entries will never be taken; put them aside.

    A batch of several is then offered one by one, so that one entry does not cost the others.
    """


class SinkBusy(Exception):
    """Raised by `TranscriptSink.write`: not now; offer the batch again in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        # Checked here, where it is the sink's failure; later it would stop the delivery.
        self.seconds = float(seconds)


class TranscriptSink(ABC):
    """Takes the transcript, in order, in batches; written again after a failure.

    The same entry may come twice (same `visit_id` and `seq`); a sink must not mind. Entries wait
    in the server's database until `write` has returned; a sink that is itself that database
    says `keeps_itself`, and its entries wait in memory.
    """

    name: str
    keeps_itself: bool = False

    @abstractmethod
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        """Take a batch; raise to have it offered again later."""

    async def aclose(self) -> None:  # noqa: B027 - most sinks have nothing to release
        """Release what the sink holds; called once, when the server stops."""
