"""Reading is bounded, pings are answered, and who is gone without a word is noticed."""

from __future__ import annotations

import asyncio

import aiohttp

from kiosk.clock import SystemClock
from kiosk.emulator.scenario.limits import Limits
from tests.unit.emulator.emulating import QUICK, connected, emulating


async def test_pings_are_answered_and_order_is_kept() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.socket.ping(b"are you there")
        await wire.send("response.cancel", event_id="after the ping")
        assert (await wire.error())["event_id"] == "after the ping"


async def test_too_fast_a_client_is_read_more_slowly() -> None:
    clock = SystemClock()
    async with (
        emulating(QUICK, Limits(incoming_per_second=20)) as emulator,
        connected(emulator) as wire,
    ):
        began = clock.monotonic()
        for number in range(28):
            await wire.send("response.cancel", event_id=str(number))
        seen = [(await wire.error())["event_id"] for _ in range(28)]
        # Twenty at once, the rest at twenty a second; none is lost.
        assert clock.monotonic() - began >= 0.35
        assert seen == [str(number) for number in range(28)]


async def test_a_close_ends_it() -> None:
    async with emulating() as emulator:
        async with connected(emulator) as wire:
            await wire.socket.close(code=4000)
        async with asyncio.timeout(10):
            await emulator.sessions.all_ended()
        assert emulator.journal()[0]["close_code"] == 4000


async def test_text_and_bytes_reach_the_session() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.socket.send_bytes(b"\0")
        assert (await wire.error())["code"] == "invalid_type"
        await wire.socket.send_str("nonsense")
        assert (await wire.error())["code"] == "invalid_json"
        assert wire.socket.closed is False
        await wire.socket.close()
        assert wire.socket.close_code == aiohttp.WSCloseCode.OK
