"""Faults over a raw socket: what is seen of each, and that nothing is left behind."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from kiosk.emulator.scenario.faults import Fault
from kiosk.emulator.scenario.scenario import Scenario
from tests.unit.emulator.emulating import connected, emulating


def broken(*faults: dict[str, Any]) -> Scenario:
    return Scenario.model_validate({"generation_speed": 1000, "faults": list(faults)})


async def test_before_and_after_lie_around_the_event() -> None:
    scenario = broken(
        {"on": "session.created", "do": "unknown_event", "event_type": "first", "when": "before"},
        {"on": "session.created", "do": "unknown_event", "event_type": "last", "when": "after"},
    )
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        await wire.until("last")
        assert wire.kinds() == ["first", "session.created", "last"]


async def test_a_binary_frame_has_its_size() -> None:
    scenario = broken({"on": "response.cancel", "do": "binary", "size_bytes": 7})
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        await wire.send("response.cancel")
        message = await wire.socket.receive(timeout=10)
        assert (message.type, message.data) == (aiohttp.WSMsgType.BINARY, bytes(7))


async def test_an_event_that_is_too_large_is_still_an_event() -> None:
    scenario = broken({"on": "response.cancel", "do": "oversize", "size_bytes": 5_000})
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        await wire.send("response.cancel")
        event = await wire.next()
        assert event["type"] == "response.text.delta"
        assert len(event["delta"]) > 4_500


async def test_the_later_of_two_of_a_kind_counts_until_it_is_removed() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        first = emulator.faults.add(Fault(on="time", do="slow", bytes_per_second=1_000_000))
        async with asyncio.timeout(10):
            while not first.active:
                await wire.send("response.cancel")
                await wire.error()
        second = emulator.faults.add(Fault(on="time", do="slow", bytes_per_second=900_000))
        async with asyncio.timeout(10):
            while not second.active:
                await wire.send("response.cancel")
                await wire.error()
        session = emulator.sessions.find(wire.seen[0]["session"]["id"])
        assert session is not None
        outbox = session._outbox

        def rate() -> int | None:
            return outbox.pace.bytes_per_second

        assert rate() == 900_000
        emulator.faults.remove(second.id)
        assert rate() == 1_000_000
        emulator.faults.reset()
        assert rate() is None
        assert not first.active


async def test_a_removed_fault_does_not_strike_at_its_time() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        armed = emulator.faults.add(Fault(on="time", do="close", at_ms=50))
        emulator.faults.remove(armed.id)
        later = emulator.faults.add(Fault(on="time", do="error", code="later", at_ms=100))
        assert (await wire.error())["code"] == "later"
        assert later.struck == 1
        assert armed.struck == 0


async def test_once_for_all_sessions_at_a_time() -> None:
    async with (
        emulating() as emulator,
        connected(emulator) as one,
        connected(emulator) as other,
    ):
        armed = emulator.faults.add(Fault(on="time", do="error", code="once", count="emulator"))
        await one.send("response.cancel")
        await other.send("response.cancel")
        codes = [(await wire.error())["code"] for wire in (one, other)]
        assert sorted(codes) == ["once", "response_cancel_not_active"]
        assert armed.struck == 1


async def test_the_server_ends_although_a_session_plays_dead() -> None:
    scenario = broken({"on": "error", "do": "half_open", "when": "after"})
    loop = asyncio.get_running_loop()
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        await wire.send("response.cancel")
        await wire.error()
        began = loop.time()
        await emulator.aclose()
        assert loop.time() - began < 2
    assert emulator.journal()[0]["close_code"] == 1006
