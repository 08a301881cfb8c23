"""Domain events: what happened, in our own words. Plugins and operators see nothing else.

Text in these events has been through the redaction hook. They travel over the bus as JSON.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kiosk.model import EndReason, Speaker


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kiosk_id: str
    at: datetime


class KioskConnected(_Event):
    """A screen's socket is open."""

    type: Literal["kiosk_connected"] = "kiosk_connected"


class KioskDisconnected(_Event):
    """A screen's socket is gone."""

    type: Literal["kiosk_disconnected"] = "kiosk_disconnected"


class ScreenRests(_Event):
    """A waiting screen went dark on purpose, outside its hours (`dark`), or shows itself again."""

    type: Literal["screen_rests"] = "screen_rests"
    dark: bool


class KioskReported(_Event):
    """A screen told of itself; `facts` are the fields of the message `device`, no words in them."""

    type: Literal["kiosk_reported"] = "kiosk_reported"
    facts: dict[str, Any] = Field(default_factory=dict)


class KioskCommanded(_Event):
    """An operator had a screen do something, and this is what became of it."""

    type: Literal["kiosk_commanded"] = "kiosk_commanded"
    name: str
    by: str
    ok: bool
    detail: str = ""


class _VisitEvent(_Event):
    visit_id: str


class VisitStarted(_VisitEvent):
    """Someone touched the screen."""

    type: Literal["visit_started"] = "visit_started"
    language: str


class StateChanged(_VisitEvent):
    """The screen shows another state."""

    type: Literal["state_changed"] = "state_changed"
    state: str
    media: str | None = None


class LanguageChanged(_VisitEvent):
    """The visitor chose another language."""

    type: Literal["language_changed"] = "language_changed"
    language: str


class MediaChanged(_VisitEvent):
    """The picture came, went, or fell to another rung; `detail` is a diagnosis in plain words."""

    type: Literal["media_changed"] = "media_changed"
    rung: str
    detail: str = ""


class TurnCompleted(_VisitEvent):
    """One side finished; `text` is redacted."""

    type: Literal["turn_completed"] = "turn_completed"
    seq: int
    speaker: Speaker
    text: str
    language: str
    interrupted: bool = False


class BargedIn(_VisitEvent):
    """The avatar was interrupted and stopped; `heard_ms` of its answer had been heard."""

    type: Literal["barged_in"] = "barged_in"
    heard_ms: int
    by: Literal["speech", "button", "typing", "operator"] = "speech"


class ToolCalled(_VisitEvent):
    """A tool ran; arguments and results stay out, because they may hold what was said."""

    type: Literal["tool_called"] = "tool_called"
    tool: str
    outcome: Literal["ok", "failed", "timed_out", "refused", "cancelled"]
    ms: int


class CardShown(_VisitEvent):
    """A card came on screen."""

    type: Literal["card_shown"] = "card_shown"
    kind: str
    title: str


class StaffWanted(_VisitEvent):
    """A person is wanted at this screen, is coming, or is no longer wanted."""

    type: Literal["staff_wanted"] = "staff_wanted"
    state: Literal["wanted", "coming", "over"] = "wanted"
    reason: str = ""


class AnswerBegan(_VisitEvent):
    """The first sound after a visitor's question; `after_ms` since it was heard or typed to end.

    Measured here: the service's own wait for silence, which comes before, is not in it.
    """

    type: Literal["answer_began"] = "answer_began"
    after_ms: int
    by: Literal["speech", "typing"] = "speech"


class OperatorJoined(_VisitEvent):
    """A person took the conversation; the model is silent, and the visitor was told.

    With `instead_of` they took it from another operator.
    """

    type: Literal["operator_joined"] = "operator_joined"
    by: str
    instead_of: str = ""


class OperatorLeft(_VisitEvent):
    """The model has the conversation again: handed back, or the operator was silent or absent."""

    type: Literal["operator_left"] = "operator_left"
    by: str
    why: Literal["handed_back", "silent", "absent"] = "handed_back"


class SaidByOperator(_VisitEvent):
    """The avatar was told what to say, word for word; the words themselves come as a turn.

    `sentence` is the id of one of the settings; without it the words were the operator's own.
    """

    type: Literal["said_by_operator"] = "said_by_operator"
    by: str
    sentence: str = ""


class Whispered(_VisitEvent):
    """The model was told something that the visitor neither sees nor hears; `text` is redacted."""

    type: Literal["whispered"] = "whispered"
    by: str
    text: str


class PluginEvent(_Event):
    """A plugin tells operators and other plugins something of its own."""

    type: Literal["plugin_event"] = "plugin_event"
    plugin: str
    name: str
    data: dict[str, Any] = Field(default_factory=dict)


class AlertChanged(_Event):
    """An alert fires, somebody takes care of it, or it is over; `kiosk_id` may be empty."""

    type: Literal["alert_changed"] = "alert_changed"
    alert_id: str
    rule: str
    severity: str
    site: str
    state: Literal["firing", "acknowledged", "resolved"]
    what: str


class UpstreamLost(_VisitEvent):
    """The line to Voice Live broke; a new one is being sought."""

    type: Literal["upstream_lost"] = "upstream_lost"
    code: str


class UpstreamRestored(_VisitEvent):
    """A new line carries the same visit on."""

    type: Literal["upstream_restored"] = "upstream_restored"
    after_ms: int


class VisitEnded(_VisitEvent):
    """The visit is over and the screen wiped."""

    type: Literal["visit_ended"] = "visit_ended"
    reason: EndReason
    turns: int
    seconds: float


DomainEvent = Annotated[
    KioskConnected
    | KioskDisconnected
    | ScreenRests
    | KioskReported
    | KioskCommanded
    | VisitStarted
    | StateChanged
    | LanguageChanged
    | MediaChanged
    | TurnCompleted
    | BargedIn
    | ToolCalled
    | CardShown
    | StaffWanted
    | AnswerBegan
    | OperatorJoined
    | OperatorLeft
    | SaidByOperator
    | Whispered
    | PluginEvent
    | AlertChanged
    | UpstreamLost
    | UpstreamRestored
    | VisitEnded,
    Field(discriminator="type"),
]
EVENT_ADAPTER: TypeAdapter[DomainEvent] = TypeAdapter(DomainEvent)
EVENTS_TOPIC = "events"
"""Bus topic of every domain event."""


def wordless(event: DomainEvent, visits: Collection[str]) -> DomainEvent:
    """Return an event as it is, or without its words when it is of one of `visits`."""
    said = isinstance(event, TurnCompleted | Whispered) and event.visit_id in visits
    return event.model_copy(update={"text": ""}) if said else event
