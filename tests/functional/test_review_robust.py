"""What must not end or hold a visit: careless plugins, late frames, lost greetings, silent ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from typing_extensions import override

from kiosk import keys
from kiosk.emulator.scenario.faults import Fault
from kiosk.emulator.scenario.replies import Call, Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.events import DomainEvent
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.model import Card, ToolResult
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, Visit
from kiosk.testing.fixtures import MakeHarness

CALLS = Scenario(
    name="calls",
    replies=(Reply(match="look", call=Call(name="look", arguments={}), after="Here it is."),),
)


class Looks:
    """A tool that gives what `result` makes."""

    def __init__(self, result: Callable[[], Any]) -> None:
        self.result = result

    @hookimpl
    def register_tools(self, register: Any) -> None:
        def look() -> ToolResult:
            """Look."""
            result: ToolResult = self.result()
            return result

        register(look)


def no_title() -> Card:
    title: Any = None
    return Card("text", title, {"text": "x"})


@pytest.mark.expects_failures
@pytest.mark.parametrize(
    "result",
    [
        lambda: ToolResult("found", cards=cast("Any", None)),
        lambda: ToolResult("found", cards=cast("Any", ({"kind": "text"},))),
        lambda: ToolResult("found", cards=(no_title(),)),
        lambda: ToolResult("found", cards=(Card("text", "x", {"text": "x"}, id=cast("Any", 7)),)),
    ],
)
async def test_a_tool_with_wrong_cards_does_not_end_the_visit(
    kiosk_harness: MakeHarness, engines: Engines, result: Callable[[], Any]
) -> None:
    harness = await kiosk_harness(engines=engines, scenario=CALLS, plugins={"wrong": Looks(result)})
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.type("look")
    assert await visit.heard() == "Here it is."
    assert visit.ended is None
    assert [failure.kind for failure in harness.failures] == ["TypeError"]


class WrongHook:
    """Makes a card that is none."""

    @hookimpl
    def cards(self) -> Sequence[Card]:
        return [no_title()]


@pytest.mark.expects_failures
async def test_a_hook_with_wrong_cards_does_not_end_the_visit(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"wrong": WrongHook()})
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.type("hello")
    await visit.heard()
    await visit.leave()
    assert visit.ended == "visitor_left"


class Stubborn:
    """A tool that swallows its cancellation."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.entered = asyncio.Event()

    @hookimpl
    def register_tools(self, register: Any) -> None:
        async def look() -> str:
            """Look."""
            self.entered.set()
            while not self.free.is_set():
                try:
                    await self.free.wait()
                except asyncio.CancelledError:
                    continue
            return "at last"

        register(look)


@pytest.mark.expects_failures
async def test_a_tool_that_swallows_its_cancellation_does_not_hold_the_kiosk(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    plugin = Stubborn()
    harness = await kiosk_harness(engines=engines, scenario=CALLS, plugins={"stubborn": plugin})
    try:
        visit = await harness.visit(microphone=False, media=False)
        await visit.heard()
        await visit.type("look")
        await plugin.entered.wait()
        running = harness.app[keys.REGISTRY].on_kiosk("lobby")
        assert running is not None
        await visit.leave()
        async with asyncio.timeout(8):
            await running.ended.wait()
    finally:
        plugin.free.set()


async def test_a_plugin_may_end_a_visit_while_nothing_is_said(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    class Later:
        @hookimpl
        async def session_event(self, session: SessionHandle, event: DomainEvent) -> None:
            if event.type == "state_changed" and event.state == "listening":
                await session.end()

    harness = await kiosk_harness(
        engines=engines, plugins={"leaves": Later()}, settings={"visit": {"greet": False}}
    )
    visit = await harness.visit(microphone=False, media=False)
    await visit.until(lambda v: v.ended == "goodbye", "end", within=6)


async def test_the_language_chosen_before_the_greeting_is_greeted_in(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    visit = await harness.connect(media=False)
    await visit.send(m.Start(language="en"))
    await visit.until(lambda v: any(x["type"] == "ice" for x in v.messages), "ice")
    await visit.send(m.Language(language="de"))
    await visit.send(m.Consent(accepted=True))
    assert "Guten Tag" in await visit.heard()


class Listens:
    """Notes for which languages the model was instructed."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @hookimpl
    async def instructions(self, session: SessionHandle) -> str | None:
        self.asked.append(session.language)
        return None


async def test_the_language_chosen_during_the_handshake_reaches_the_service(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    plugin = Listens()
    scenario = Scenario(faults=(Fault(on="session.update", do="delay", delay_ms=400),))
    harness = await kiosk_harness(engines=engines, scenario=scenario, plugins={"listens": plugin})
    visit = await harness.connect(media=False)
    await visit.send(m.Start(language="en"))
    await visit.until(lambda v: v.id != "", "visit")
    await visit.send(m.Language(language="de"))
    await visit.send(m.Consent(accepted=True))
    await visit.heard()
    assert plugin.asked[-1] == "de"
    assert harness.upstream_events()[:2] == ["session.update", "session.update"]


async def test_late_audio_is_no_fault_of_the_page(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    visit = await harness.connect(media=False)
    await visit.until(lambda v: bool(v.messages), "welcome")
    for _ in range(120):
        await visit.send_raw(bytes(1920))
    await visit.send(m.Say(text="too early"))
    await visit.until(lambda v: v.messages[-1]["type"] == "error", "refusal")
    await visit.send(m.Start())
    await visit.until(lambda v: v.id != "", "visit")


class Blind(Visit):
    """A page on which the picture never comes and never fails."""

    @override
    async def _report_picture(self) -> None:
        await self.peer.first_frame.wait()


@asynccontextmanager
async def waiting_for_a_picture(harness: KioskHarness) -> AsyncIterator[Visit]:
    """Open such a page, which has said hello."""
    async with harness.http.get(f"{harness.url}/") as page:
        page.raise_for_status()
    socket = await harness.http.ws_connect(
        f"{harness.url}/ws/kiosk",
        headers={"Origin": harness.url},
        protocols=await harness.ticket(),
    )
    visit = Blind(socket, harness.clock, harness.engines, media=True)
    visit.start()
    try:
        await visit.send(m.Hello(protocol=m.PROTOCOL))
        yield visit
    finally:
        await visit.aclose()


async def test_what_was_asked_before_the_picture_is_not_followed_by_a_greeting(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"visit": {"media_s": 1}})
    async with waiting_for_a_picture(harness) as visit:
        await visit.begin(microphone=False)
        await visit.until(lambda v: any(x["type"] == "ice" for x in v.messages), "ice")
        await visit.type("hello")
        said = await visit.heard()
        await visit.until(lambda v: v.state == "listening", "listening")
        assert visit.lines("avatar") == [said]
        assert harness.upstream_events().count("response.create") == 1
        assert "greeting" not in visit.states


async def test_the_greeting_waits_for_a_line_that_is_lost(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"visit": {"media_s": 1}})
    async with waiting_for_a_picture(harness) as visit:
        await visit.begin(microphone=False)
        await visit.until(lambda v: any(x["type"] == "ice" for x in v.messages), "ice")
        await harness.lose_upstream()
        await visit.until(lambda v: "reconnecting" in v.notices, "notice")
        await visit.until(lambda v: "text_only" in v.notices, "end of the wait for a picture")
        await harness.restore_upstream()
        assert "computer" in await visit.heard()


async def test_the_last_screen_stays_as_long_as_the_site_says(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"visit": {"goodbye_s": 7.5}})
    async with harness.http.get(f"{harness.url}/") as page:
        assert '"goodbye_s": 7.5' in await page.text()
