"""What must not end or hold a visit: careless plugins, late frames, languages, quiet endings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from kiosk import keys
from kiosk.emulator.engines import Engines
from kiosk.emulator.faults import Fault
from kiosk.emulator.scenario import Call, Reply, Scenario
from kiosk.events import DomainEvent
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.model import Card, ToolResult
from kiosk.signaling import messages as m
from kiosk.testing import Visit
from kiosk.testing.fixtures import MakeHarness

CALLS = Scenario(
    name="calls",
    replies=(
        Reply(match="look", call=Call(name="look", arguments={}), after="Here it is."),
        Reply(match="both", say="Let me look for you.", call=Call(name="look", arguments={}), after="Here it is."),
    ),
)


class WrongCards:
    """Gives what is no card where cards belong."""

    def __init__(self, cards: Any) -> None:
        self.given = cards

    @hookimpl
    def register_tools(self, register: Any) -> None:
        def look() -> ToolResult:
            """Look."""
            return ToolResult("found", cards=self.given)

        register(look)


@pytest.mark.expects_failures
@pytest.mark.parametrize(
    "cards",
    [
        None,
        ({"kind": "text"},),
        (Card("text", title=None, data={"text": "x"}),),  # type: ignore[arg-type]  # what a plugin may do
        (Card("text", "x", {"text": "x"}, id=7),),  # type: ignore[arg-type]  # what a plugin may do
    ],
)
async def test_a_tool_with_wrong_cards_does_not_end_the_visit(
    kiosk_harness: MakeHarness, engines: Engines, cards: Any
) -> None:
    harness = await kiosk_harness(
        engines=engines, scenario=CALLS, plugins={"wrong": WrongCards(cards)}
    )
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.type("look")
    assert await visit.heard() == "Here it is."
    assert visit.ended is None


class WrongHook:
    @hookimpl
    def cards(self) -> Sequence[Card]:
        return [Card("text", title=None, data={"text": "x"})]  # type: ignore[arg-type]  # what a plugin may do


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


class Leaves:
    """Ends the visit out of a hook."""

    @hookimpl
    async def session_event(self, session: SessionHandle, event: DomainEvent) -> None:
        if event.type == "turn_completed" and event.speaker == "visitor":
            await session.end()


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


async def test_the_language_chosen_during_the_handshake_reaches_the_service(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    scenario = Scenario(faults=(Fault(on="session.update", do="delay", delay_ms=400),))
    harness = await kiosk_harness(engines=engines, scenario=scenario)
    visit = await harness.connect(media=False)
    await visit.send(m.Start(language="en"))
    await visit.until(lambda v: v.id != "", "visit")
    running = harness.app[keys.REGISTRY].on_kiosk("lobby")
    assert running is not None
    async with asyncio.timeout(5):
        while not harness.upstream_events():
            await asyncio.sleep(0.01)
    await visit.send(m.Language(language="de"))
    await visit.send(m.Consent(accepted=True))
    await visit.heard()
    updates = [
        entry["event"]
        for session in harness.emulator.journal()
        for entry in session["entries"]
        if entry["direction"] == "in" and entry["type"] == "session.update"
    ]
    assert "German" in str(updates[-1])


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


async def test_words_before_a_tool_are_kept_too(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(
        engines=engines, scenario=CALLS, plugins={"wrong": WrongCards(())}
    )
    visit = await harness.visit(microphone=False)
    await visit.heard()
    await visit.until(lambda v: v.state == "listening", "listening")
    await visit.type("both")
    await visit.until(lambda v: "Here it is." in v.lines("avatar"), "answer")
    assert "Let me look for you." in visit.lines("avatar")
    await visit.leave()
    kept = [entry.text for entry in await harness.transcript(visit.id)]
    assert kept[-2:] == ["Let me look for you.", "Here it is."]


async def test_an_answer_the_service_never_begins_is_given_up(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    scenario = Scenario(faults=(Fault(on="response.create", nth=2, do="drop"),))
    harness = await kiosk_harness(
        engines=engines, scenario=scenario, settings={"visit": {"idle_s": 3, "idle_warning_s": 1}}
    )
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.type("hello")
    await visit.until(lambda v: v.state == "thinking", "thinking")
    await visit.until(lambda v: v.state == "listening", "listening again", within=40)
    await visit.type("hello again")
    await visit.heard()


async def test_what_was_asked_before_the_picture_is_not_followed_by_a_greeting(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"visit": {"media_s": 3}})
    visit = await harness.connect(media=False)
    visit._media = True

    async def offer(_servers: Any) -> str:
        await asyncio.Event().wait()
        return ""

    visit.peer.offer = offer  # type: ignore[method-assign]
    await visit.begin(microphone=False)
    await visit.until(lambda v: any(x["type"] == "ice" for x in v.messages), "ice")
    await visit.type("hello")
    answer = await visit.heard()
    await visit.until(lambda v: v.state == "listening", "listening")
    await asyncio.sleep(3)
    assert visit.lines("avatar") == [answer]


async def test_the_greeting_waits_for_a_line_that_is_lost(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"visit": {"media_s": 1}})
    visit = await harness.connect(media=False)
    visit._media = True

    async def offer(_servers: Any) -> str:
        await asyncio.Event().wait()
        return ""

    visit.peer.offer = offer  # type: ignore[method-assign]
    await visit.begin(microphone=False)
    await visit.until(lambda v: any(x["type"] == "ice" for x in v.messages), "ice")
    await harness.lose_upstream()
    await visit.until(lambda v: "reconnecting" in v.notices, "notice")
    await asyncio.sleep(1.5)
    await harness.restore_upstream()
    assert "computer" in await visit.heard()


async def _codes(visit: Visit) -> list[str]:
    return [x["code"] for x in visit.messages if x["type"] == "error"]
