"""Tests of the leak check: it finds each kind of leftover, and is quiet when all is closed."""

from __future__ import annotations

import asyncio

import aiohttp
from aiortc import RTCPeerConnection

from kiosk.tasks import TaskSet
from kiosk.testing.leaks import leaked


async def test_nothing_left_behind_is_nothing_found() -> None:
    assert await leaked() == []


async def test_a_task_is_named_with_its_place() -> None:
    tasks = TaskSet("owner")
    tasks.spawn(asyncio.Event().wait(), name="waiting")
    found = await leaked()
    await tasks.aclose()
    assert len(found) == 1
    assert found[0].startswith("task owner/waiting in ")
    assert await leaked() == []


async def test_a_task_that_is_about_to_end_is_given_its_time() -> None:
    gone = asyncio.Event()
    tasks = TaskSet("owner")
    tasks.spawn(gone.wait(), name="ending")
    asyncio.get_running_loop().call_later(0.05, gone.set)
    assert await leaked() == []


async def test_an_open_http_session_is_found() -> None:
    async with aiohttp.ClientSession():
        assert await leaked() == ["open HTTP client session"]
    assert await leaked() == []


async def test_an_open_peer_connection_is_found() -> None:
    peer = RTCPeerConnection()
    assert await leaked() == ["open peer connection (new)"]
    await peer.close()
    assert await leaked() == []
