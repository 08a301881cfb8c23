"""One visit's parts on a stage: real hooks, bus and recorder, a driven clock, a scripted line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.engine import make_url
from typing_extensions import override

from kiosk import events
from kiosk.bus.memory import MemoryBus
from kiosk.errors import KioskError
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import load_plugins
from kiosk.i18n import Texts
from kiosk.model import Card, Kiosk
from kiosk.session.context import Screen, VisitContext, VisitServices
from kiosk.session.handle import VisitHandle
from kiosk.session.line import Line
from kiosk.session.opening import session_settings
from kiosk.session.questions import Questions
from kiosk.session.threads import ToolThreads
from kiosk.session.turns import FinishedTurn
from kiosk.settings import load_settings
from kiosk.signaling import messages as m
from kiosk.storage.engine import Database
from kiosk.storage.outbox import Outbox
from kiosk.telemetry import Metrics
from kiosk.testing.clock import ManualClock
from kiosk.transcripts.recorder import Recorder
from tests.unit.transcripts.keeping import Sink, VisitBook
from tests.unit.voicelive.service import KEY, Answer, ServedLine, Service, confirm, serving

LOBBY = Kiosk("lobby", "Lobby", "entrance")
DESK = Kiosk("desk", "Desk", "staff desk")
WITHIN_S = 20.0
NOWHERE = Database(make_url("sqlite+aiosqlite:///never-made"))
"""Never connected: no sink of these tests goes through the outbox."""

M = TypeVar("M")


class RecordingScreen(Screen):
    """A screen that shows nothing and remembers everything."""

    def __init__(self) -> None:
        self.messages: list[m.ServerMessage] = []
        self.over = asyncio.Event()
        self._changed = asyncio.Condition()

    @override
    def send(self, message: m.ServerMessage) -> None:
        self.messages.append(message)

    @override
    def visit_over(self) -> None:
        self.over.set()

    def all(self, kind: type[M]) -> list[M]:
        """Return the messages of a type, in order."""
        return [message for message in self.messages if isinstance(message, kind)]

    @property
    def states(self) -> list[str]:
        """Return the states shown, without repetitions in a row."""
        states: list[str] = []
        for message in self.all(m.State):
            if not states or states[-1] != message.state:
                states.append(message.state)
        return states

    @property
    def failures(self) -> list[str]:
        """Return the codes of the errors shown."""
        return [message.code for message in self.all(m.Failure)]


async def eventually(claim: Callable[[], object], what: str) -> None:
    """Give the loop turns until `claim` holds; raises AssertionError saying what did not happen."""
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look() -> None:
        if claim():
            reached.set()
        else:
            handle[0] = loop.call_later(0.002, look)

    handle: list[asyncio.Handle] = [loop.call_soon(look)]
    try:
        async with asyncio.timeout(WITHIN_S):
            await reached.wait()
    except TimeoutError:
        raise AssertionError(f"{what} did not happen") from None
    finally:
        handle[0].cancel()


def render(card: Card) -> str:
    """Render a card as the templates would; the kind `broken` has none."""
    if card.kind == "broken":
        raise KioskError("there is no template for it")
    return f"<p>{card.title}</p>"


class KeepingSink(Sink):
    """A sink that needs no outbox: what it is given it has."""

    keeps_itself = True


@dataclass
class Stage:
    """What a part of a visit is tested with."""

    services: VisitServices
    clock: ManualClock
    service: Service
    book: VisitBook
    ctx: VisitContext
    screen: RecordingScreen
    lines: list[Line] = field(default_factory=list)

    @property
    def metrics(self) -> Metrics:
        """The figures of this stage."""
        return self.services.metrics

    async def open_line(self) -> tuple[Line, ServedLine]:
        """Open the visit's line; gives both of its ends, after session.updated."""
        settings = self.services.settings.upstream
        line = await Line.open(settings, KEY, await session_settings(self.ctx))
        self.ctx.line = line
        self.lines.append(line)
        far = await self.service.line()
        await far.next("session.update")
        return line, far

    def talking(self) -> None:
        """Bring the visit to the middle of its conversation."""
        self.ctx.consented.set()
        self.ctx.to("connecting")
        self.ctx.to("listening")
        self.screen.messages.clear()
        self.told()

    def told(self) -> list[events.DomainEvent | FinishedTurn]:
        """Return, and forget, what waits in the outbox."""
        items = []
        while not self.ctx.outbox.empty():
            items.append(self.ctx.outbox.get_nowait())
        return items


@asynccontextmanager
async def staged(
    plugin: object | None = None,
    *,
    answer: Answer = confirm,
    builtins: Mapping[str, object] | None = None,
    upstream: Mapping[str, Any] | None = None,
    **sections: Any,
) -> AsyncIterator[Stage]:
    """Set a stage; `sections` are settings, `upstream` those of the line."""
    async with serving(answer) as service:
        limits = {"handshake_timeout_s": 3, "update_timeout_s": 3, "reconnect_for_s": 3}
        overrides = {
            "hooks": {"off": True},
            "site": {"name": "Test site", "time_zone": "Europe/Berlin"},
            **sections,
            "upstream": {
                "endpoint": service.endpoint,
                "api_key": "a key",
                **limits,
                **(upstream or {}),
            },
        }
        settings = load_settings(overrides=overrides, read_file=False)
        clock, metrics, book = ManualClock(), Metrics(), VisitBook()
        extra = {"tested": plugin} if plugin is not None else None
        loaded = load_plugins(settings, clock, builtins=builtins or {}, extra=extra)
        hooks = Hooks(loaded, settings, clock, metrics)
        recorder = Recorder(hooks, book, Outbox(NOWHERE, clock), clock, settings.storage, metrics)
        bus = MemoryBus(clock)
        services = VisitServices(
            settings=settings,
            clock=clock,
            bus=bus,
            hooks=hooks,
            texts=Texts.load(),
            metrics=metrics,
            recorder=recorder,
            credential=KEY,
            render_card=render,
            tool_threads=ToolThreads(),
        )
        ctx, screen = VisitContext(services, LOBBY, "en"), RecordingScreen()
        ctx.handle, ctx.questions = VisitHandle(ctx), Questions(ctx)
        ctx.screen = screen
        try:
            async with hooks.running(), recorder.running():
                stage = Stage(services, clock, service, book, ctx, screen)
                try:
                    yield stage
                finally:
                    await ctx.tasks.aclose()
                    for line in stage.lines:
                        await line.aclose()
        finally:
            await bus.aclose()


@asynccontextmanager
async def listening_to(services: VisitServices) -> AsyncIterator[list[events.DomainEvent]]:
    """Collect the domain events that are published while the context is open."""
    heard: list[events.DomainEvent] = []

    async def listen() -> None:
        async with services.bus.subscribe(events.EVENTS_TOPIC) as subscription:
            subscribed.set()
            async for payload in subscription:
                heard.append(events.EVENT_ADAPTER.validate_python(payload))

    subscribed = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listen(), name="listener")
        await subscribed.wait()
        yield heard
        task.cancel()
