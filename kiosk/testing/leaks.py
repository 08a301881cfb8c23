"""Fails a test that leaves a task, a peer connection or an HTTP session behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Collection, Iterable

import aiohttp
from aiortc import RTCPeerConnection

# Tasks that end by themselves a moment after what they belong to is closed, and are not ours. Those
# that ask for consent last half a minute when a connection is closed just as it comes about.
_PASSING = (
    "aioice",
    "Connection.query_consent",
    "RTCDtlsTransport",
    "RTCSctpTransport",
    "WebSocketWriter",
)


async def leaked(*, but: Collection[asyncio.Task[object]] = ()) -> list[str]:
    """Return what is still there, in words; gives tasks that are ending a few loop turns.

    Tasks in `but` were there before, so somebody else ends them.
    """
    for _ in range(50):
        tasks = _tasks().difference(but)
        if not tasks:
            break
        await asyncio.wait(tasks, timeout=0.02)
    found = [f"task {task.get_name()} in {_place(task)}" for task in _tasks().difference(but)]
    found += [f"open {kind}" for kind in _open_things()]
    return found


def _tasks() -> set[asyncio.Task[object]]:
    current = asyncio.current_task()
    return {
        task
        for task in asyncio.all_tasks()
        if task is not current and not any(name in repr(task.get_coro()) for name in _PASSING)
    }


def _place(task: asyncio.Task[object]) -> str:
    stack = task.get_stack(limit=1)
    if not stack:
        return "nowhere"
    frame = stack[-1]
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _open_things() -> Iterable[str]:
    # By exact type: this walks every object there is, after every test, and must cost little.
    for thing in gc.get_objects():
        kind = type(thing)
        if kind is RTCPeerConnection and thing.connectionState != "closed":
            yield f"peer connection ({thing.connectionState})"
        elif kind is aiohttp.ClientSession and not thing.closed:
            yield "HTTP client session"
