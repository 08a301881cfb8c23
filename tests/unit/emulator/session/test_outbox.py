"""What goes out is in order and bounded: who reads too slowly is cut off, and it is on record."""

from __future__ import annotations

import asyncio

import aiohttp

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from tests.unit.emulator.emulating import QUICK, connected, emulating


async def test_events_leave_in_order_with_ids_of_their_own() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.ask("Hello")
        ids = [event["event_id"] for event in wire.seen]
        assert len(set(ids)) == len(ids)
        sent = [e["event_id"] for e in emulator.journal()[0]["entries"] if e["direction"] == "out"]
        assert [one for one in ids if one in sent] == sent


async def test_a_slow_reader_is_cut_off() -> None:
    async with emulating(QUICK, Limits(outgoing_bytes=6_000)) as emulator:
        async with connected(emulator) as wire:
            await wire.type("x" * 7_000)
            message = await wire.socket.receive(timeout=10)
            assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert emulator.journal()[0]["close_reason"] == "slow reader"


async def test_too_many_events_are_as_bad() -> None:
    async with emulating(QUICK, Limits(outgoing_events=3)) as emulator:
        async with connected(emulator) as wire:
            await wire.send("response.create", response={"modalities": ["text"]})
            async for _ in wire.socket:
                pass
        assert emulator.journal()[0]["close_reason"] == "slow reader"


async def test_a_session_that_has_ended_holds_nobody_up() -> None:
    """What waited for a reader that is gone is dropped, so a goodbye need not wait for it."""
    loop = asyncio.get_running_loop()
    scenario = Scenario.model_validate(
        {"faults": [{"on": "session.created", "do": "delay", "delay_ms": 3_000, "when": "after"}]}
    )
    async with emulating(scenario) as emulator:
        async with connected(emulator) as wire:
            await wire.send("response.cancel")
        began = loop.time()
    assert loop.time() - began < 2
