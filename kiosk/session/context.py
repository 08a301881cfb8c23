"""What the parts of one visit share: its facts, its screen, its line, and the way to its end."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, Protocol
from zoneinfo import ZoneInfo

import structlog

from kiosk import events
from kiosk.bus.base import Bus
from kiosk.clock import Clock, new_id
from kiosk.errors import KioskError
from kiosk.hooks.facade import Hooks
from kiosk.hooks.site import SessionHandle
from kiosk.i18n import Texts
from kiosk.model import Answers, Card, Comfort, EndReason, Kiosk
from kiosk.session.delay import Delay
from kiosk.session.line import Line
from kiosk.session.state import VisitMachine
from kiosk.session.takeover import Takeover
from kiosk.session.tally import Tally
from kiosk.session.threads import ToolThreads
from kiosk.session.turns import FinishedTurn, TurnBook
from kiosk.settings import Settings
from kiosk.settings.upstream import UpstreamSettings
from kiosk.signaling import messages as m
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.transcripts.recorder import Recorder
from kiosk.voicelive.credentials import Credential

log = structlog.get_logger(__name__)

MAX_ASIDES: Final = 16
"""Sentences remembered as no answer; an older one is long past when somebody asks."""


class Screen(Protocol):
    """The kiosk's socket, as far as a visit uses it. Sending never waits."""

    def send(self, message: m.ServerMessage) -> None:
        """Queue a message; a browser that lags too far behind is cut off."""
        ...

    def visit_over(self) -> None:
        """The visit no longer uses this screen."""
        ...


class Asking(Protocol):
    """The forms of a visit that wait for an answer."""

    async def ask(self, card: Card, timeout_s: float, plugin: str = "") -> Answers | None:
        """Show a form and return what was confirmed."""
        ...

    def answered(self, message: m.CardForm) -> None:
        """Take what the visitor confirmed."""
        ...

    def dismissed(self, card_id: str) -> None:
        """Close the question of a card that the visitor closed."""
        ...

    def close(self) -> None:
        """Answer every open question with None: the visit is over."""
        ...


@dataclass(frozen=True, slots=True)
class VisitServices:
    """What a visit needs of the application; the same for all visits."""

    settings: Settings
    clock: Clock
    bus: Bus
    hooks: Hooks
    texts: Texts
    metrics: Metrics
    recorder: Recorder
    credential: Credential
    render_card: Callable[[Card], str]
    tool_threads: ToolThreads
    make_code: Callable[[str], tuple[str, str]] = lambda _kiosk: ("", "")
    """Returns a code for the visitor of a screen and the hash to keep; empty without one."""
    backdrops: Mapping[str, str] = field(default_factory=dict)
    """The colour behind the person on each screen, #RRGGBB, as its theme has it."""


class VisitContext:
    """One visit's shared state. Its parts hold this and never each other."""

    handle: SessionHandle
    questions: Asking

    def __init__(self, services: VisitServices, kiosk: Kiosk, language: str) -> None:
        self.services = services
        self.settings = services.settings.visit
        self.clock = services.clock
        self.kiosk = kiosk
        self.language = language
        self.id = new_id("visit")
        self.resume = new_id("resume")
        self.started_at = self.clock.now()
        self.started = self.clock.monotonic()
        own = services.settings.for_kiosk(kiosk.id)
        self.site = own.site
        self.upstream = _on_backdrop(own.upstream, services.backdrops.get(kiosk.id))
        self.zone = ZoneInfo(self.site.time_zone)

        self.machine = VisitMachine()
        self.state_since = self.started
        self.book = TurnBook(self.settings.max_turns)
        self.delay = Delay()
        people = services.settings.operators
        self.takeover = Takeover(silence_s=people.silence_s, absence_s=people.absence_s)
        self.cards: OrderedDict[str, m.ShowCard] = OrderedDict()
        self.shown: dict[str, Card] = {}
        """The cards on screen as they were before they were drawn."""
        self.offers: Callable[[Card], tuple[Literal["take", "print"], ...]] = lambda _card: ()
        """What may be done with a card besides reading it."""
        self.notices: dict[str, m.Notice] = {}
        self.screen: Screen | None = None
        self.line: Line | None = None
        self.rung: m.MediaRung | None = None
        self.sound_on = True

        self.comfort = Comfort(
            text_size=self.site.text_size,
            contrast=self.site.contrast,
            volume=round(self.site.volume * 5) * 20,
            reach=self.site.reach,
        )
        self.rate_works = True
        self.last_answer = ""
        self.until = self.started + self.settings.max_s
        self.extensions = self.settings.extensions
        self._asides: deque[str] = deque(maxlen=MAX_ASIDES)

        self.reason: EndReason | None = None
        self.over = asyncio.Event()
        self.consented = asyncio.Event()
        self.last_activity = self.started
        self.last_act = self.started
        self.avatar_audible = False
        self.visitor_speaking = False
        self.end_after_speech: EndReason | None = None
        self._tools_running = 0
        self.tools_used: list[str] = []
        self.notes: dict[str, Any] = {}
        self.turn_count = 0

        self.tasks = TaskSet(f"visit/{self.id[-8:]}", on_error=self._task_failed)
        # Events and finished turns, in order, off the visitor's path.
        self.tally = Tally()
        self.outbox: asyncio.Queue[events.DomainEvent | FinishedTurn] = asyncio.Queue(
            4 * self.settings.max_turns
        )

    # ── the screen ───────────────────────────────────────────────────────────────────────

    def send(self, message: m.ServerMessage) -> None:
        """Send to the screen, if one is attached; what it missed is repeated on resume."""
        if self.screen is not None:
            self.screen.send(message)

    def to(self, state: m.VisitState) -> None:
        """Go to a state and show it; once the visit is ending nothing else is entered."""
        if self.machine.state == "ending" or not self.machine.to(state):
            return
        self.state_since = self.clock.monotonic()
        self.send(m.State(state=state, media=self.rung))
        self.emit(events.StateChanged(**self.stamp(), state=state, media=self.rung))

    def take_rung(self, rung: m.MediaRung, detail: str = "") -> None:
        """Note how media travel now; `detail` is the diagnosis an operator reads."""
        if rung == self.rung:
            return
        self.rung = rung
        self.services.metrics.media_rungs.labels(rung).inc()
        self.send(m.State(state=self.machine.state, media=rung))
        self.emit(events.MediaChanged(**self.stamp(), rung=rung, detail=detail))

    def notice(self, notice: m.Notice) -> None:
        """Show a notice, replacing the one with its code."""
        self.notices[notice.code] = notice
        self.send(notice)

    def drop_notice(self, notice_code: str) -> None:
        """Take a notice away, if it is there."""
        notice = self.notices.pop(notice_code, None)
        if notice is not None:
            self.send(m.NoticeGone(code=notice.code))

    def text(self, key: str, **values: object) -> str:
        """Return a sentence in the visitor's language and the site's wording."""
        wording = self.site.wording
        return self.services.texts.get(self.language, key, wording=wording, **values)

    async def aside(self, text: str) -> None:
        """Have something said that is no answer, such as a warning: it is never repeated.

        Raises UpstreamError.
        """
        self._asides.append(text)
        if self.line is not None:
            await self.line.say(text)

    def answered(self, words: str) -> None:
        """Note what the avatar said, to say it again when the visitor asks."""
        if words.strip() and words not in self._asides:
            self.last_answer = words

    @property
    def held(self) -> bool:
        """Whether a person has the conversation: the model answers nothing and calls nothing."""
        return self.takeover.by is not None

    @property
    def tools_running(self) -> int:
        """How many tools run."""
        return self._tools_running

    @tools_running.setter
    def tools_running(self, running: int) -> None:
        was, self._tools_running = self._tools_running, running
        if bool(was) != bool(running):
            self.send(m.Working(active=bool(running)))

    def show(self, card: Card, plugin: str = "") -> None:
        """Render and show a card; at the limit the oldest goes.

        A card that cannot be drawn is not shown, and is the failure of the plugin it came from.
        """
        card_id = card.id or new_id("card")
        try:
            html = self.services.render_card(replace(card, id=card_id))
        except KioskError as error:
            log.warning("a card could not be rendered", kind=card.kind, why=str(error))
            self.services.hooks.card_failed(plugin, card, str(error))
            return
        offers = self.offers(card)
        message = m.ShowCard(id=card_id, kind=card.kind, title=card.title, html=html, offers=offers)
        self.cards.pop(card_id, None)
        self.cards[card_id] = message
        self.shown[card_id] = replace(card, id=card_id)
        while len(self.cards) > self.settings.max_cards:
            gone, _ = self.cards.popitem(last=False)
            self.shown.pop(gone, None)
            self.send(m.HideCard(id=gone))
        self.send(message)
        self.emit(events.CardShown(**self.stamp(), kind=card.kind, title=card.title))

    def hide(self, card_id: str) -> None:
        """Take a card off the screen, if it is there."""
        if self.cards.pop(card_id, None) is not None:
            self.shown.pop(card_id, None)
            self.send(m.HideCard(id=card_id))

    # ── what happened ────────────────────────────────────────────────────────────────────

    def now(self) -> datetime:
        """Return the time at the site."""
        return self.clock.now().astimezone(self.zone)

    def stamp(self) -> dict[str, object]:
        """Return the fields every event of this visit has."""
        return {"visit_id": self.id, "kiosk_id": self.kiosk.id, "at": self.clock.now()}

    def emit(self, event: events.DomainEvent | FinishedTurn) -> None:
        """Queue an event or a finished turn for plugins, operators and transcripts."""
        self.tally.see(event)
        try:
            self.outbox.put_nowait(event)
        except asyncio.QueueFull:
            log.error("a visit's outbox is full, an event is lost")

    def active(self) -> None:
        """Note that the visitor did something."""
        self.last_activity = self.last_act = self.clock.monotonic()

    def finish_turn(self, turn: FinishedTurn | None) -> None:
        """Show a finished turn as final and keep it."""
        if turn is None:
            return
        self.send(m.Caption(turn=turn.id, speaker=turn.speaker, text=turn.text, final=True))
        self.emit(turn)

    # ── the end ──────────────────────────────────────────────────────────────────────────

    def end(self, reason: EndReason) -> None:
        """End the visit; the first reason counts."""
        if self.reason is None:
            self.reason = reason
            self.over.set()

    def _task_failed(self, _error: BaseException) -> None:
        self.end(EndReason.ERROR)


def _on_backdrop(upstream: UpstreamSettings, backdrop: str | None) -> UpstreamSettings:
    """Return the settings with the theme's colour behind the avatar, where the site set none."""
    avatar = upstream.avatar
    if backdrop is None or avatar.background_color or avatar.background_image:
        return upstream
    return upstream.model_copy(
        update={"avatar": avatar.model_copy(update={"background_color": f"{backdrop}FF".upper()})}
    )
