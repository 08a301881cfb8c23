"""Tests of the leak check: it finds each kind of leftover, and is quiet when all is closed."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiortc import RTCPeerConnection

from kiosk.tasks import TaskSet
from kiosk.testing.leaks import leaked

Left = Callable[[], Awaitable[list[str]]]


@pytest.fixture
async def left() -> Left:
    """Give the check of what is there now and was not before."""
    return functools.partial(leaked, but=asyncio.all_tasks())


async def test_nothing_left_behind_is_nothing_found(left: Left) -> None:
    assert await left() == []


async def test_a_task_is_named_with_its_place(left: Left) -> None:
    tasks = TaskSet("owner")
    tasks.spawn(asyncio.Event().wait(), name="waiting")
    found = await left()
    await tasks.aclose()
    assert len(found) == 1
    assert found[0].startswith("task owner/waiting in ")
    assert await left() == []


async def test_a_task_that_is_about_to_end_is_given_its_time(left: Left) -> None:
    gone = asyncio.Event()
    tasks = TaskSet("owner")
    tasks.spawn(gone.wait(), name="ending")
    asyncio.get_running_loop().call_later(0.05, gone.set)
    assert await left() == []


async def test_an_open_http_session_is_found(left: Left) -> None:
    async with aiohttp.ClientSession():
        assert await left() == ["open HTTP client session"]
    assert await left() == []


async def test_an_open_peer_connection_is_found(left: Left) -> None:
    peer = RTCPeerConnection()
    assert await left() == ["open peer connection (new)"]
    await peer.close()
    assert await left() == []


async def test_what_was_there_before_is_somebody_elses() -> None:
    async with asyncio.TaskGroup() as group:
        gone = asyncio.Event()
        group.create_task(gone.wait())
        assert await leaked(but=asyncio.all_tasks()) == []
        gone.set()
