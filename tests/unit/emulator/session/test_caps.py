"""Quotas refuse, cut and count; a cap ends an avatar on time and not before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kiosk.emulator.mind.interface import BuiltInMind
from kiosk.emulator.mind.thought import Context
from kiosk.emulator.scenario.quotas import Quotas
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.scenario.service import AvatarCut, Service
from kiosk.emulator.session.caps import AvatarCaps, MeteredMind
from kiosk.emulator.wire.codec import WireError
from kiosk.tasks import TaskSet
from kiosk.testing.clock import ManualClock

SPEAKS = {"type": "session.avatar.switch_to_speaking"}
IDLES = {"type": "session.avatar.switch_to_idle"}


class Avatar:
    """What the caps see of a session's avatar."""

    def __init__(self, clock: ManualClock, quotas: Quotas, session_id: str = "a") -> None:
        self.clock = clock
        self.alive = True
        self.cuts: list[tuple[float, AvatarCut, str]] = []
        self.caps = AvatarCaps(
            quotas, clock, session_id=session_id, alive=lambda: self.alive, cut=self.cut
        )

    async def cut(self, how: AvatarCut, error: WireError) -> None:
        self.cuts.append((self.clock.monotonic() - 1000, how, error.message))
        self.alive = False


@asynccontextmanager
async def watched(**service: Any) -> AsyncIterator[tuple[Avatar, ManualClock]]:
    clock = ManualClock()
    avatar = Avatar(clock, Quotas(Service.model_validate(service), clock))
    tasks = TaskSet("test")
    tasks.spawn(avatar.caps.run(), name="caps")
    avatar.caps.admit()
    avatar.caps.begun()
    await clock.advance(0)
    try:
        yield avatar, clock
    finally:
        await tasks.aclose()


async def test_an_avatar_that_says_nothing_is_cut_when_it_idled_long_enough() -> None:
    async with watched(avatar_idle_seconds=300, on_avatar_idle="error") as (avatar, clock):
        await clock.advance(299)
        assert avatar.cuts == []
        await clock.advance(1)
        assert avatar.cuts == [(300, "error", "The avatar was idle for 300 seconds.")]


async def test_speaking_is_not_idling() -> None:
    async with watched(avatar_idle_seconds=300) as (avatar, clock):
        await clock.advance(200)
        avatar.caps.observe(SPEAKS)
        await clock.advance(1_000)
        avatar.caps.observe(IDLES)
        await clock.advance(299)
        assert avatar.cuts == []
        await clock.advance(301)
        assert len(avatar.cuts) == 1
        assert avatar.cuts[0][0] == pytest.approx(1_500, abs=1)


async def test_the_whole_connection_has_a_cap_too() -> None:
    async with watched(
        avatar_idle_seconds=300, avatar_speaking_seconds=600, on_avatar_speaking="close_socket"
    ) as (avatar, clock):
        avatar.caps.observe(SPEAKS)
        for _ in range(6):
            await clock.advance(100)
        assert [(at, how) for at, how, _ in avatar.cuts] == [(600, "close_socket")]


async def test_a_second_avatar_begins_anew() -> None:
    async with watched(avatar_idle_seconds=300) as (avatar, clock):
        await clock.advance(300)
        avatar.alive = True
        avatar.caps.begun()
        await clock.advance(299)
        assert len(avatar.cuts) == 1
        await clock.advance(1)
        assert len(avatar.cuts) == 2


async def test_one_that_went_away_by_itself_is_not_cut() -> None:
    async with watched(avatar_idle_seconds=300) as (avatar, clock):
        avatar.alive = False
        await clock.advance(400)
        assert avatar.cuts == []


async def test_no_cap_no_task() -> None:
    clock = ManualClock()
    async with asyncio.timeout(20):
        await Avatar(clock, Quotas(Service(), clock)).caps.run()


def refused(avatar: Avatar) -> tuple[str, str]:
    with pytest.raises(WireError) as caught:
        avatar.caps.admit()
    return caught.value.code, caught.value.message


async def test_starts_are_refused_with_the_true_wait() -> None:
    clock = ManualClock()
    quotas = Quotas(Service(avatar_starts_per_minute=2), clock)
    first, second = Avatar(clock, quotas, "a"), Avatar(clock, quotas, "b")
    first.caps.admit()
    await clock.advance(53)
    second.caps.admit()
    second.caps.ended()
    assert refused(second) == (
        "rate_limit_exceeded",
        "Avatar request was rate-limited. Retry after 7.0s.",
    )
    await clock.advance(7)
    second.caps.admit()


def test_the_last_place_is_given_once() -> None:
    clock = ManualClock()
    quotas = Quotas(Service(concurrent_avatars=1), clock)
    first, second = Avatar(clock, quotas, "a"), Avatar(clock, quotas, "b")
    first.caps.admit()
    # Not yet connected, and the place is taken all the same.
    assert refused(second)[0] == "avatar_service_resource_exhausted"
    first.caps.ended()
    second.caps.admit()


async def test_a_mind_without_tokens_does_not_answer() -> None:
    clock = ManualClock()
    quotas = Quotas(Service(tokens_per_minute=10), clock)
    assert quotas.tokens is not None
    quotas.tokens.use(25)
    mind = MeteredMind(BuiltInMind(Scenario()), quotas)
    with pytest.raises(WireError, match=r"Limit 10\. Please try again in 60\.0s"):
        await mind.plan(Context())
    await mind.aclose()
