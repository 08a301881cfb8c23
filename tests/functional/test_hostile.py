"""Whatever a plugin does in whatever hook: a visit completes, and the dashboard says who it was."""

from __future__ import annotations

import asyncio
import re
from itertools import cycle
from typing import Any

import pytest

from kiosk import keys
from kiosk.emulator.scenario.replies import Call, Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import PluginLoadError
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterTool
from kiosk.model import Card, ToolResult, VisitSummary
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, Visit
from kiosk.testing.fixtures import MakeHarness
from kiosk.transcripts.erasing import By
from tests.functional.hostile import (
    WAYS,
    Way,
    hooks,
    hostile,
    hostile_sink,
    hostile_tool,
    is_called_once,
)
from tests.functional.looking import log_in, page

WITHIN_S = 60.0
SETTINGS: dict[str, Any] = {
    # Long enough for the emulator in this process, far shorter than a hostile plugin blocks.
    "hooks": {"slow_ms": 250, "lifespan_s": 1},
    "visit": {"media_s": 0.2},
    "upstream": {"reconnect_for_s": 1},
}
TALK = Scenario(
    name="hostile",
    replies=(
        Reply(match="gate", call=Call(name="open_gate", arguments={"gate": "a"}), after="{output}"),
        Reply(match="lift", call=Call(name="call_lift", arguments={}), after="{output}"),
    ),
)
COUNTERS = {"raises": "HostileError", "exits": "SystemExit", "hangs": "took "}


class Guest:
    """A good plugin beside the bad one: its tool works, and it hears of every end."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.heard: list[str] = []

    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        async def open_gate(gate: str) -> ToolResult:
            """Open a gate."""
            card = Card("text", "The gate", {"text": "Mind the step."}, "gate")
            return ToolResult(f"Gate {gate} is open.", (card,))

        register(open_gate)

    @hookimpl
    async def session_ended(self, summary: VisitSummary) -> None:
        self.heard.append(summary.reason.value)
        self.over.set()


def cases() -> list[Any]:
    """Return every hook with every way; all beyond one way of a hook are marked `soak`."""
    ways = cycle(WAYS)
    made = []
    for hook, policy in hooks().items():
        daily = next(ways)
        if daily == "hangs" and (policy.timeout_s or 0) > 2 and hook != "lifespan":
            daily = "raises"  # its deadline is the length of the test
        for way in WAYS:
            marks = [] if way == daily else [pytest.mark.soak]
            made.append(pytest.param(hook, way, marks=marks, id=f"{hook}-{way}"))
    return made


@pytest.mark.expects_failures
@pytest.mark.parametrize(("hook", "way"), cases())
async def test_a_visit_completes_and_the_dashboard_names_hook_and_plugin(
    kiosk_harness: MakeHarness, engines: Engines, hook: str, way: Way, request: Any
) -> None:
    soak = request.config.getoption("-m") == "soak"
    plugin = hostile(hook, way, block_s=5.0 if soak else 0.4)
    guest = Guest()
    harness, refused = await started(kiosk_harness, engines, plugin, guest)
    if refused:
        assert refused.startswith("plugin hostile")
        assert hook in refused
    elif hook == "register_commands":
        _, left_out = harness.app[keys.HOOKS].commands(frozenset())
        assert any("plugin hostile" in line and hook in line for line in left_out)
    elif hook == "admit_session" and way not in {"blocks", "leaks"}:
        await keeps_the_door_shut(harness, way)
        # Closed by its policy while it fails; what an operator can do is leave the plugin out.
        harness = await kiosk_harness(
            engines=engines, scenario=TALK, settings=SETTINGS, plugins={"guest": guest}
        )
        refused = "the guard was taken away"
    elif hook == "session_error":
        await breaks(harness)
    elif hook in {"person_wanted", "take_along"}:
        await touches(harness, hook)
    await completes(harness, guest)
    if hook == "visits_erased":
        await erases(harness)
    if not refused and hook != "register_commands":
        await is_named(harness, hook, way)


@pytest.mark.expects_failures
@pytest.mark.parametrize("way", WAYS)
async def test_a_bad_tool_is_answered_for_and_named(
    kiosk_harness: MakeHarness, engines: Engines, way: Way
) -> None:
    guest = Guest()
    plugin = hostile_tool(way, block_s=0.4)
    harness, _ = await started(kiosk_harness, engines, plugin, guest)
    visit = await harness.visit(media=False, microphone=False)
    assert await visit.heard()
    await visit.type("Call the lift, please.")
    answer = await visit.heard()
    assert "The lift comes" in answer or "did not work" in answer
    await visit.leave()
    await visit.aclose()
    await completes(harness, guest)
    await is_named(harness, "tool call_lift", way)


@pytest.mark.expects_failures
@pytest.mark.parametrize("way", ["raises", "exits", "blocks", "leaks"])
async def test_a_bad_sink_costs_no_words_and_is_named(
    kiosk_harness: MakeHarness, engines: Engines, way: Way
) -> None:
    guest = Guest()
    harness, _ = await started(kiosk_harness, engines, hostile_sink(way, block_s=0.4), guest)
    await completes(harness, guest)
    await is_named(harness, "sink ledger", way)


async def started(
    kiosk_harness: MakeHarness, engines: Engines, plugin: object, guest: Guest
) -> tuple[KioskHarness, str]:
    """Start with both plugins, or without the one that stops the start; return its sentence."""
    options: dict[str, Any] = {"engines": engines, "scenario": TALK}
    plugins = {"guest": guest, "hostile": plugin}
    try:
        harness = await kiosk_harness(**options, settings=SETTINGS, plugins=plugins)
    except PluginLoadError as error:
        blocked = {**SETTINGS, "hooks": {**SETTINGS["hooks"], "block": ["hostile"]}}
        harness = await kiosk_harness(**options, settings=blocked, plugins=plugins)
        return harness, str(error)
    return harness, ""


async def completes(harness: KioskHarness, guest: Guest) -> None:
    """Hold a visit: a greeting, a tool call, an end by the visitor, words in the database."""
    guest.over.clear()
    visit = await harness.visit(media=False, microphone=False)
    # In the soak part some hold the loop for 5 s, once.
    assert await visit.heard(within=WITHIN_S)
    await visit.type("Open the gate, please.")
    answer = await visit.heard(within=WITHIN_S)
    # Refused where a plugin guards tools and fails; the visitor is told so.
    assert "Gate a is open" in answer or "did not work" in answer
    await visit.leave()
    assert visit.ended == "visitor_left"
    async with asyncio.timeout(WITHIN_S):
        await guest.over.wait()
    speakers = [entry.speaker for entry in await harness.transcript(visit.id)]
    assert speakers.count("visitor") == 1
    assert speakers.count("avatar") >= 2
    await visit.aclose()


async def keeps_the_door_shut(harness: KioskHarness, way: Way) -> None:
    """See the refusal that a failing guard means, and who it was."""
    visit: Visit = await harness.connect(media=False)
    await visit.send(m.Start())
    await visit.until(lambda v: any(x["type"] == "error" for x in v.messages), "refusal")
    assert next(x for x in visit.messages if x["type"] == "error")["code"] == "unavailable"
    await visit.aclose()
    await is_named(harness, "admit_session", way)


async def breaks(harness: KioskHarness) -> None:
    """Lose the service for good, so that the visitor is told what a plugin says."""
    visit = await harness.visit(media=False, microphone=False)
    assert await visit.heard()
    await harness.lose_upstream()
    await visit.until(lambda v: v.ended is not None, "end")
    assert visit.ended == "upstream_lost"
    await visit.aclose()
    await harness.restore_upstream()


async def touches(harness: KioskHarness, hook: str) -> None:
    """Touch what asks a plugin; the visitor is answered whatever it does."""
    visit = await harness.visit(media=False, microphone=False)
    assert await visit.heard()
    if hook == "person_wanted":
        await visit.send(m.Person())
        assert await visit.heard()
    else:
        await visit.type("Open the gate, please.")
        await visit.until(lambda v: "gate" in v.cards, "card")
        await visit.send(m.CardTake(id="gate"))
        await visit.until(lambda v: any(x.get("code") == "take" for x in v.messages), "answer")
    await visit.leave()
    await visit.aclose()


async def erases(harness: KioskHarness) -> None:
    """Erase a visit; it is gone here whatever the plugin does."""
    visit = await harness.visit(media=False, microphone=False)
    assert await visit.heard()
    await visit.leave()
    await harness.transcript(visit.id)
    await harness.app[keys.ERASER].erase(visit.id, By("anna"))
    assert await harness.transcript(visit.id) == ()


async def is_named(harness: KioskHarness, hook: str, way: Way) -> None:
    """Find the hook in the plugin's own part of the operator's page."""
    policy = hooks().get(hook)  # of a tool or a sink there is none
    await harness.app[keys.HOOKS].settle(((policy and policy.timeout_s) or 0) + 1)
    await log_in(harness)
    await page(harness, "/operator/")
    text = await page(harness, "/operator/plugins")
    (part,) = (x for x in text.split('<section class="plugin"')[1:] if ">hostile</h2>" in x)
    if way == "leaks":
        assert re.search(rf"\d tasks? that {hook} began", part)
    else:
        failures = part.partition("<ol")[2]
        assert f"<strong>{hook}</strong>" in failures
        assert COUNTERS.get(way, "") in failures


def test_every_hook_is_tried_in_every_way() -> None:
    assert len(cases()) == 27 * 6
    assert sum(is_called_once(hook) for hook in hooks()) == 8
