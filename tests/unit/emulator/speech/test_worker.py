"""An engine's thread: in order, off the loop, bounded, and gone when it is closed."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from kiosk.emulator.speech.worker import EngineBusyError, EngineClosedError, EngineWorker


async def test_calls_run_in_order_on_one_other_thread() -> None:
    worker = EngineWorker("test-order")
    seen: list[tuple[int, str]] = []

    def call(number: int) -> int:
        seen.append((number, threading.current_thread().name))
        return number

    results = await asyncio.gather(*(worker.run(partial(call, n)) for n in range(5)))
    assert results == [0, 1, 2, 3, 4]
    assert [number for number, _ in seen] == results
    assert {name for _, name in seen} == {"kiosk-test-order_0"}
    await worker.aclose()
    assert not any("kiosk-test-order" in thread.name for thread in threading.enumerate())


async def test_beyond_the_limit_work_is_refused_and_counted() -> None:
    worker = EngineWorker("test-limit", max_waiting=2)
    hold = threading.Event()
    first, second = worker.submit(hold.wait), worker.submit(hold.wait)
    with pytest.raises(EngineBusyError, match="test-limit engine has 2 calls waiting"):
        await worker.run(lambda: None)
    assert worker.refused == 1
    hold.set()
    await asyncio.wrap_future(first)
    await asyncio.wrap_future(second)
    assert await worker.run(lambda: "room again") == "room again"
    await worker.aclose()
    assert worker.waiting == 0


async def test_an_error_reaches_the_caller_and_leaves_the_worker_usable() -> None:
    worker = EngineWorker("test-error")

    def fail() -> None:
        raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        await worker.run(fail)
    assert await worker.run(lambda: 1) == 1
    await worker.aclose()


async def test_closing_drops_what_waits_and_refuses_the_rest() -> None:
    worker = EngineWorker("test-close")
    started, hold = threading.Event(), threading.Event()

    def block() -> None:
        started.set()
        hold.wait()

    worker.submit(block)
    started.wait()
    waiting = worker.submit(lambda: "never")
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(worker.aclose())
        group.create_task(asyncio.to_thread(hold.set))
    assert waiting.cancelled()
    assert worker.waiting == 0
    with pytest.raises(EngineClosedError):
        await worker.run(lambda: None)
    await worker.aclose()
