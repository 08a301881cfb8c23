"""Who is connected, who was, and how they are all sent away."""

from __future__ import annotations

import asyncio

import aiohttp

from kiosk.emulator.scenario.limits import Limits
from tests.unit.emulator.emulating import QUICK, connected, emulating


async def test_open_ones_are_found_and_ended_ones_are_not() -> None:
    async with emulating() as emulator:
        async with connected(emulator) as wire:
            session_id = wire.seen[0]["session"]["id"]
            assert len(emulator.sessions) == 1
            found = emulator.sessions.find(session_id)
            assert found is not None
            assert found.id == session_id
        async with asyncio.timeout(10):
            await emulator.sessions.all_ended()
        assert emulator.sessions.find(session_id) is None
        assert len(emulator.sessions) == 0


async def test_forgetting_keeps_those_that_are_open() -> None:
    async with emulating(QUICK, Limits(journal_sessions=5)) as emulator:
        async with connected(emulator):
            pass
        async with asyncio.timeout(10):
            await emulator.sessions.all_ended()
        async with connected(emulator) as wire:
            emulator.sessions.forget_ended()
            (kept,) = emulator.journal()
            assert kept["id"] == wire.seen[0]["session"]["id"]


async def test_everybody_is_closed_at_once_or_cut() -> None:
    async with emulating() as emulator:
        async with connected(emulator) as one, connected(emulator) as other:
            closing = emulator.sessions.close(4010, "all out")
            _, first, second = await asyncio.gather(
                closing, one.socket.receive(timeout=10), other.socket.receive(timeout=10)
            )
            assert first.data == second.data == 4010
        async with connected(emulator) as wire:
            emulator.sessions.cut("test")
            message = await wire.socket.receive(timeout=10)
            assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
            assert wire.socket.close_code == 1006
