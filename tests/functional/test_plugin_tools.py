"""Tools of plugins in visits: left out when they keep failing, limited, slow, taken away."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator
from typing_extensions import override

from kiosk.emulator.scenario.replies import Call, Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import Site
from kiosk.hooks.specs import RegisterTool
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, Visit
from kiosk.testing.fixtures import MakeHarness
from tests.functional.looking import calls, log_in, page

WITHIN_S = 60.0
CALLS = Scenario(
    name="hooks",
    replies=(
        Reply(match="gate", call=Call(name="open_gate", arguments={"gate": "a"}), after="{output}"),
    ),
)


class Gate:
    """Has a tool, and remembers how it was called."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        async def open_gate(gate: str) -> str:
            """Open a gate."""
            self.opened.append(gate)
            return f"Gate {gate} is open."

        register(open_gate)


async def touched(harness: KioskHarness) -> Visit:
    """Touch the screen; the visit may be refused."""
    visit = await harness.connect(media=False)
    await visit.send(m.Start())
    return visit


async def refusal(visit: Visit) -> dict[str, Any]:
    """Return the error the screen got."""
    await visit.until(lambda v: any(x["type"] == "error" for x in v.messages), "error")
    return next(x for x in visit.messages if x["type"] == "error")


async def reached(event: asyncio.Event) -> None:
    async with asyncio.timeout(WITHIN_S):
        await event.wait()


# ── tools of plugins ─────────────────────────────────────────────────────────────────────────


class Limited:
    """Tools with a rate limit and a progress phrase, and one that breaks."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.calls = 0

    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        async def open_gate(gate: str) -> str:
            """Open a gate."""
            self.calls += 1
            if gate == "broken":
                raise OSError("rust")
            await self.go_on.wait()
            return f"Gate {gate} is open."

        register(open_gate, per_minute=1, progress="One moment, the gate is heavy.")


async def test_a_tool_has_its_limit_a_minute_and_says_that_it_takes_long(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    limited = Limited()
    harness = await kiosk_harness(
        engines=engines,
        plugins={"gate": limited},
        scenario=CALLS,
        settings={"visit": {"tool_progress_s": 0.2, "tool_timeout_s": 20}},
    )
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.type("open the gate")
    assert await visit.heard() == "One moment, the gate is heavy."
    limited.go_on.set()
    assert "Gate a is open" in await visit.heard()
    await visit.type("open the gate")
    await visit.heard()
    assert calls(harness, "refused") == 1
    assert limited.calls == 1


class Rusty:
    """A tool that breaks."""

    def __init__(self) -> None:
        self.calls = 0

    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        async def open_gate(gate: str) -> str:
            """Open a gate."""
            self.calls += 1
            raise OSError(gate)

        register(open_gate)


@pytest.mark.expects_failures
async def test_a_tool_that_keeps_failing_is_left_out(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    rusty = Rusty()
    harness = await kiosk_harness(
        engines=engines,
        plugins={"gate": rusty},
        scenario=CALLS,
        settings={"hooks": {"breaker_failures": 2}},
    )
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    for _ in range(3):
        await visit.type("open the gate")
        await visit.heard()
    assert (calls(harness, "failed"), calls(harness, "refused")) == (2, 1)
    assert rusty.calls == 2
    await log_in(harness)
    assert "tool open_gate is left out" in await page(harness, "/operator/plugins")


class PanicError(BaseException):
    """What a library written in Rust raises: no Exception."""


class Odd(dict[str, str]):
    """An answer that cannot be read."""

    @override
    def items(self) -> Any:
        raise OSError("rust")


def known(gate: str) -> str:
    """Check an argument, in a way that breaks."""
    return {"b": "B"}[gate]


async def panics(gate: str) -> str:
    """Open a gate."""
    raise PanicError(gate)


def panics_in_its_thread(gate: str) -> str:
    """Open a gate."""
    raise PanicError(gate)


async def begins_an_exit(gate: str) -> str:
    """Open a gate."""

    async def work() -> None:
        sys.exit(gate)

    await asyncio.gather(work())
    return gate


async def answers_oddly(gate: str) -> dict[str, str]:
    """Open a gate."""
    return Odd(gate=gate)


async def checks_oddly(gate: Annotated[str, AfterValidator(known)]) -> str:
    """Open a gate."""
    return gate


@pytest.mark.expects_failures
@pytest.mark.parametrize(
    "tool", [panics, panics_in_its_thread, begins_an_exit, answers_oddly, checks_oddly]
)
async def test_however_a_tool_breaks_the_visitor_is_told_and_the_visit_goes_on(
    kiosk_harness: MakeHarness, engines: Engines, tool: Any
) -> None:
    class Gates:
        @hookimpl
        def register_tools(self, register: RegisterTool) -> None:
            tool.__name__ = "open_gate"
            register(tool)

    harness = await kiosk_harness(engines=engines, plugins={"gate": Gates()}, scenario=CALLS)
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    for failed in (1, 2):
        await visit.type("open the gate")
        assert "did not work" in await visit.heard()
        assert calls(harness, "failed") == failed
    assert {failure.hook for failure in harness.failures} == {"tool open_gate"}


async def test_what_a_plugin_publishes_has_a_limit(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    class Far:
        @hookimpl
        def register_tools(self, site: Site) -> None:
            self.site = site

    far = Far()
    await kiosk_harness(engines=engines, plugins={"far": far})
    await far.site.publish("small", text="x" * 60_000)
    with pytest.raises(ValueError, match="at most 65536 characters of JSON"):
        await far.site.publish("large", text="x" * 66_000)


async def test_the_plugins_http_client_is_not_shared(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    """One plugin that closes its client, or gets a cookie, disturbs no other."""

    class Client:
        def __init__(self) -> None:
            self.site: Site

        @hookimpl
        def register_tools(self, register: RegisterTool, site: Site) -> None:
            self.site = site

    one, other = Client(), Client()
    await kiosk_harness(engines=engines, plugins={"one": one, "other": other})
    await one.site.http.close()
    assert not other.site.http.closed
