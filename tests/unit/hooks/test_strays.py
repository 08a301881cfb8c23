"""Tests of the tasks that hooks began and left running."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import pytest

from kiosk.hooks.strays import Strays, TaskExitError, calling_plugin, watching


def begin(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Begin a task as a plugin does."""
    return asyncio.create_task(coroutine)  # noqa: TID251 - what these tests are about


async def work(until: asyncio.Event) -> None:
    await until.wait()


async def test_a_task_begun_in_a_hook_is_the_hooks_until_it_is_done() -> None:
    strays, until = Strays(), asyncio.Event()
    with watching(asyncio.get_running_loop()):
        with strays.calling("gate", "cards"):
            task = begin(work(until))
        with strays.calling("gate", "greeting"):
            other = begin(work(until))
        mine = begin(work(until))
        assert strays.running("gate") == {"cards": 1, "greeting": 1}
        assert strays.running("other") == {}
        until.set()
        await asyncio.wait({task, other, mine})
        assert strays.running("gate") == {}


async def test_a_task_begun_by_such_a_task_is_the_hooks_too() -> None:
    strays, until = Strays(), asyncio.Event()

    async def begins() -> None:
        inner.append(begin(work(until)))

    inner: list[asyncio.Task[None]] = []
    with watching(asyncio.get_running_loop()), strays.calling("gate", "cards"):
        await begin(begins())
        assert strays.running("gate") == {"cards": 1}
        until.set()
        await asyncio.wait(inner)


async def test_the_end_cancels_what_runs_and_leaves_the_stubborn_behind() -> None:
    strays, until = Strays(), asyncio.Event()

    async def stubborn() -> None:
        while not until.is_set():
            try:
                await until.wait()
            except asyncio.CancelledError:
                continue

    with watching(asyncio.get_running_loop()):
        with strays.calling("gate", "cards"):
            stays = begin(stubborn())
            goes = begin(work(asyncio.Event()))
        await asyncio.wait({stays}, timeout=0)  # it begins
        assert await strays.end(0.01) == [("gate", "cards"), ("gate", "cards")]
        assert goes.cancelled()
        assert not stays.done()
        until.set()
        await stays
    assert await strays.end(0.01) == []


async def test_the_loop_gets_its_own_tasks_back_after_the_last_application() -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()
    with watching(loop):
        with watching(loop):
            pass
        assert loop.get_task_factory() is not before
    assert loop.get_task_factory() is before


async def test_an_embedders_way_of_making_tasks_comes_first() -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()
    loop.set_task_factory(lambda loop, coro, **options: asyncio.Task(coro, loop=loop, **options))
    try:
        theirs = loop.get_task_factory()
        with watching(loop):
            assert loop.get_task_factory() is theirs
        assert loop.get_task_factory() is theirs
    finally:
        loop.set_task_factory(before)


def test_the_plugin_whose_hook_runs_is_known() -> None:
    assert calling_plugin() == ""
    with Strays().calling("gate", "cards"):
        assert calling_plugin() == "gate"
    assert calling_plugin() == ""


async def test_a_task_that_exits_fails_and_does_not_end_the_server() -> None:
    strays = Strays()

    async def exits() -> None:
        sys.exit(3)

    with watching(asyncio.get_running_loop()):
        with strays.calling("gate", "cards"):
            task = begin(exits())
        with pytest.raises(TaskExitError, match=r"sys.exit\(3\)"):
            await task


async def test_a_task_that_exits_when_it_is_cancelled_fails_too() -> None:
    strays = Strays()

    async def exits() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            sys.exit(3)

    with watching(asyncio.get_running_loop()):
        with strays.calling("gate", "cards"):
            task = begin(exits())
        await asyncio.wait({task}, timeout=0)
        assert await strays.end(1.0) == [("gate", "cards")]
    assert isinstance(task.exception(), TaskExitError)


async def test_a_task_cancelled_before_its_first_step_leaves_nothing_unawaited() -> None:
    strays = Strays()
    with watching(asyncio.get_running_loop()), strays.calling("gate", "cards"):
        task = begin(work(asyncio.Event()))
        assert "work()" in repr(task)
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled()
