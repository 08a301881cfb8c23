"""Site plugins in whole visits: dropped into a folder, hostile, slow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.speech.engines import Engines
from kiosk.hooks.markers import hookimpl
from kiosk.testing.fixtures import MakeHarness
from tests.functional.scripts import CALLS_SLOWLY

DROPPED = '''"""A plugin as a site would drop it in."""

from kiosk.hooks.markers import hookimpl


@hookimpl
def greeting(session):
    return f"Ahoy at {session.kiosk.name}!"


def count_ships(harbour: str = "here") -> str:
    """Count the ships in the harbour."""
    return "There are seven ships in the harbour."


@hookimpl
def register_tools(register):
    register(count_ships)
'''


async def test_a_file_in_the_folder_adds_a_greeting_and_a_tool(
    kiosk_harness: MakeHarness, engines: Engines, tmp_path: Path
) -> None:
    (tmp_path / "ships.py").write_text(DROPPED)
    harness = await kiosk_harness(engines=engines, settings={"hooks": {"dir": str(tmp_path)}})
    visit = await harness.visit(microphone=False, media=False)
    assert await visit.heard() == "Ahoy at Lobby!"
    await visit.type("How many ships can you count in the harbour?")
    assert "seven ships" in await visit.heard()


class Hostile:
    """Raises in every hook of a visit."""

    @hookimpl
    def instructions(self) -> str:
        raise RuntimeError("instructions")

    @hookimpl
    async def greeting(self) -> str:
        raise SystemExit(3)

    @hookimpl
    def cards(self) -> Any:
        raise KeyError("cards")

    @hookimpl
    async def session_event(self) -> None:
        raise ValueError("session_event")


@pytest.mark.expects_failures
async def test_a_plugin_that_raises_everywhere_does_not_disturb_a_visit(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"hostile": Hostile()})
    visit = await harness.visit(microphone=False, media=False)
    assert "computer" in await visit.heard()
    await visit.type("hello")
    assert await visit.heard()
    await visit.leave()
    hooks = {failure.hook for failure in harness.failures if failure.plugin == "hostile"}
    assert {"instructions", "greeting", "cards", "session_event"} <= hooks


class HostileRedaction:
    """Fails where failing must not leak."""

    @hookimpl
    def redact(self, text: str) -> str:
        raise RuntimeError(text)


@pytest.mark.expects_failures
async def test_a_failing_redaction_withholds_the_words(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"hostile": HostileRedaction()})
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.leave()
    assert [entry.text for entry in await harness.transcript(visit.id)] == ["[withheld]"]


class SlowTools:
    """Tools that hang and break."""

    @hookimpl
    def register_tools(self, register: Any) -> None:
        async def slow_tool() -> str:
            """Take for ever."""
            import asyncio

            await asyncio.Event().wait()
            return "never"

        def broken_tool() -> str:
            """Break."""
            raise RuntimeError("broken")

        register(slow_tool, timeout_s=0.3)
        register(broken_tool)


@pytest.mark.expects_failures
@pytest.mark.parametrize("word", ["slow", "broken"])
async def test_a_tool_that_fails_is_still_answered(
    kiosk_harness: MakeHarness, engines: Engines, word: str
) -> None:
    harness = await kiosk_harness(
        engines=engines, scenario=CALLS_SLOWLY, plugins={"slow": SlowTools()}
    )
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.type(f"something {word} please")
    assert await visit.heard()
    assert [failure.plugin for failure in harness.failures] == ["slow"]
