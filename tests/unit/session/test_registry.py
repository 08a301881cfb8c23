"""Tests of the visits of a server: one for each kiosk, a limit, resuming, commands, draining."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kiosk.bus.base import NoHandlerError
from kiosk.errors import SignalingError
from kiosk.model import EndReason, Kiosk
from kiosk.session.registry import SessionRegistry
from kiosk.session.session import Session
from kiosk.signaling import messages as m
from tests.unit.session.stage import (
    DESK,
    LOBBY,
    RecordingScreen,
    Stage,
    eventually,
    staged,
)


@asynccontextmanager
async def registered(**visit: Any) -> AsyncIterator[tuple[Stage, SessionRegistry]]:
    async with staged(upstream={"avatar": {"enabled": False}}, visit=visit) as stage:
        registry = SessionRegistry(stage.services)
        try:
            yield stage, registry
        finally:
            async with asyncio.timeout(10):
                await registry.drain(0)


async def begin(registry: SessionRegistry, kiosk: Kiosk = LOBBY) -> Session:
    return await registry.start(kiosk, RecordingScreen(), "en")


async def refused(registry: SessionRegistry, kiosk: Kiosk = LOBBY) -> str:
    with pytest.raises(SignalingError) as caught:
        await begin(registry, kiosk)
    assert str(caught.value).endswith(".")
    return caught.value.code


def figure(stage: Stage, name: str, **labels: str) -> float | None:
    return stage.metrics.registry.get_sample_value(f"kiosk_{name}", labels)


async def test_a_visit_is_known_while_it_lives() -> None:
    async with registered() as (stage, registry):
        session = await begin(registry)
        assert registry.on_kiosk("lobby") is session
        assert registry.on_kiosk("desk") is None
        assert list(registry.sessions) == [session]
        await eventually(lambda: figure(stage, "visits") == 1, "the count of visits")
        session.ctx.end(EndReason.VISITOR_LEFT)
        await asyncio.wait_for(session.ended.wait(), 5)
        await eventually(lambda: registry.on_kiosk("lobby") is None, "the visit forgotten")
        assert figure(stage, "visits") == 0
        assert figure(stage, "visits_ended_total", reason="visitor_left") == 1


async def test_there_is_room_for_so_many_and_then_it_is_said() -> None:
    async with registered(max_visits=1) as (stage, registry):
        session = await begin(registry)
        assert await refused(registry, DESK) == "busy"
        assert figure(stage, "visits_refused_total", reason="busy") == 1
        session.ctx.end(EndReason.VISITOR_LEFT)
        await asyncio.wait_for(session.ended.wait(), 5)
        await eventually(lambda: not list(registry.sessions), "the place free again")
        await begin(registry, DESK)


async def test_places_are_counted_before_anything_is_awaited() -> None:
    async with registered(max_visits=2) as (_, registry):
        kiosks = [Kiosk(f"kiosk-{number}", "Kiosk") for number in range(5)]
        results = await asyncio.gather(
            *(begin(registry, kiosk) for kiosk in kiosks), return_exceptions=True
        )
        assert sum(isinstance(result, Session) for result in results) == 2
        codes = [r.code for r in results if isinstance(r, SignalingError)]
        assert codes == ["busy"] * 3


async def test_whoever_stands_there_now_counts_and_the_old_visit_ends() -> None:
    async with registered(max_visits=1) as (_, registry):
        old = await begin(registry)
        new = await begin(registry)
        assert registry.on_kiosk("lobby") is new
        await asyncio.wait_for(old.ended.wait(), 5)
        assert old.ctx.reason is EndReason.KIOSK_REPLACED
        assert old.ctx.screen is not None
        screen = new.ctx.screen
        assert isinstance(screen, RecordingScreen)
        await eventually(lambda: screen.all(m.Visit), "the new visit")
        assert registry.on_kiosk("lobby") is new
        assert not new.ctx.over.is_set()


async def test_three_touches_in_a_row_leave_one_visit() -> None:
    async with registered() as (_, registry):
        sessions = [await begin(registry) for _ in range(3)]
        for session in sessions[:2]:
            await asyncio.wait_for(session.ended.wait(), 5)
        assert list(registry.sessions) == [sessions[2]]
        assert not sessions[2].ctx.over.is_set()


async def test_a_kiosk_whose_visit_is_on_another_server_is_taken() -> None:
    async with registered() as (stage, registry):
        bus = stage.services.bus
        lease = await bus.acquire("kiosk:lobby", "another server", ttl_s=100)
        assert lease is not None
        assert await refused(registry) == "kiosk_taken"
        assert not list(registry.sessions)
        await lease.release()
        await begin(registry)


async def test_the_lease_is_held_while_the_visit_lives_and_given_back() -> None:
    async with registered() as (stage, registry):
        bus = stage.services.bus
        session = await begin(registry)
        assert await bus.acquire("kiosk:lobby", "another server", ttl_s=100) is None
        session.ctx.end(EndReason.VISITOR_LEFT)
        await asyncio.wait_for(session.ended.wait(), 5)
        assert await bus.acquire("kiosk:lobby", "another server", ttl_s=100) is not None


async def test_a_visit_is_taken_up_with_its_token_on_its_own_kiosk_only() -> None:
    async with registered() as (_, registry):
        session = await begin(registry)
        token, screen = session.ctx.resume, RecordingScreen()
        assert registry.resume(LOBBY, "resume_guessed", screen, playing=True) is None
        assert registry.resume(LOBBY, "", screen, playing=True) is None
        assert registry.resume(LOBBY, "ünglaublich", screen, playing=True) is None
        assert registry.resume(DESK, token, screen, playing=True) is None
        assert screen.messages == []
        assert registry.resume(LOBBY, token, screen, playing=True) is session
        assert screen.all(m.Visit)


async def test_a_visit_that_is_over_cannot_be_taken_up() -> None:
    async with registered() as (_, registry):
        session = await begin(registry)
        session.ctx.end(EndReason.OPERATOR)
        token = session.ctx.resume
        assert registry.resume(LOBBY, token, RecordingScreen(), playing=True) is None


async def test_operators_reach_a_visit_over_the_bus_as_long_as_it_lives() -> None:
    async with registered() as (stage, registry):
        bus = stage.services.bus
        session = await begin(registry)
        target = f"visit:{session.ctx.id}"
        await eventually(lambda: figure(stage, "visits") == 1, "the visit's start")
        assert await bus.command(target, {"command": "end"}, timeout_s=1) == {"ok": True}
        await asyncio.wait_for(session.ended.wait(), 5)
        assert session.ctx.reason is EndReason.OPERATOR
        with pytest.raises(NoHandlerError):
            await bus.command(target, {"command": "end"}, timeout_s=1)


async def test_draining_admits_nobody_and_lets_visits_finish() -> None:
    async with registered() as (_, registry), asyncio.TaskGroup() as group:
        session = await begin(registry)
        drain = group.create_task(registry.drain(5), name="drain")
        await eventually(lambda: registry.draining, "the drain")
        assert await refused(registry, DESK) == "draining"
        assert not session.ctx.over.is_set()
        session.ctx.end(EndReason.VISITOR_LEFT)
        async with asyncio.timeout(20):
            await drain
        assert session.ctx.reason is EndReason.VISITOR_LEFT


async def test_draining_ends_what_is_left_when_its_time_is_up() -> None:
    async with registered() as (_, registry):
        session = await begin(registry)
        await registry.drain(0.05)
        assert session.ctx.reason is EndReason.SHUTDOWN
        assert session.ended.is_set()
        screen = session.ctx.screen
        assert isinstance(screen, RecordingScreen)
        assert screen.all(m.Ended)[0].reason == "shutdown"
