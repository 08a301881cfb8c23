"""Tasks have a name, an owner and an end; none is lost and none keeps the server."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.tasks import TaskSet, raise_ours

WITHIN = 10.0


async def fails(error: BaseException) -> None:
    raise error


async def waits(started: asyncio.Event, ended: list[str], *, stubborn: bool = False) -> None:
    started.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        ended.append("cancelled")
        if stubborn:
            return
        raise


async def test_a_task_is_named_after_its_owner_and_forgotten_when_done() -> None:
    tasks = TaskSet("visit_1")

    async def answer() -> int:
        return 42

    task = tasks.start(answer(), name="answer")
    assert task.get_name() == "visit_1/answer"
    assert len(tasks) == 1
    assert await task == 42
    await asyncio.wait({task})
    assert len(tasks) == 0


async def test_a_failure_is_told_to_the_owner_and_logs_no_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[BaseException] = []
    tasks = TaskSet("visit_1", on_error=told.append)
    error = ValueError("what the visitor said")
    task = tasks.start(fails(error), name="upstream")
    await asyncio.wait({task})
    assert told == [error]
    assert "visit_1/upstream" in caplog.text
    assert "visitor" not in caplog.text


async def test_a_cancelled_task_is_no_failure() -> None:
    told: list[BaseException] = []
    tasks = TaskSet("owner", on_error=told.append)
    started, ended = asyncio.Event(), list[str]()
    tasks.spawn(waits(started, ended), name="waits")
    await started.wait()
    async with asyncio.timeout(WITHIN):
        assert await tasks.aclose() == []
    assert ended == ["cancelled"]
    assert told == []


async def test_after_close_nothing_starts_and_nothing_is_left_unawaited() -> None:
    tasks = TaskSet("owner")
    await tasks.aclose()
    with pytest.raises(RuntimeError, match="owner is closed; it cannot start late"):
        tasks.spawn(fails(ValueError()), name="late")


async def test_a_task_may_close_its_own_set() -> None:
    tasks = TaskSet("owner")
    started, ended = asyncio.Event(), list[str]()
    tasks.spawn(waits(started, ended), name="other")

    async def closes() -> str:
        await started.wait()
        await tasks.aclose()
        return "closed"

    async with asyncio.timeout(WITHIN):
        assert await tasks.start(closes(), name="closes") == "closed"
    assert ended == ["cancelled"]


async def test_close_waits_for_the_last_one_to_end() -> None:
    tasks = TaskSet("owner")
    started, ended = asyncio.Event(), list[str]()

    async def tidies_up() -> None:
        try:
            await waits(started, ended, stubborn=True)
        finally:
            await asyncio.get_running_loop().run_in_executor(None, int)
            ended.append("tidy")

    tasks.spawn(tidies_up(), name="tidies")
    await started.wait()
    async with asyncio.timeout(WITHIN):
        await tasks.aclose()
    assert ended == ["cancelled", "tidy"]


async def test_close_with_a_deadline_names_what_would_not_end() -> None:
    tasks = TaskSet("owner")
    release, started = asyncio.Event(), asyncio.Event()

    async def immortal() -> None:
        started.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    tasks.spawn(immortal(), name="immortal")
    await started.wait()
    async with asyncio.timeout(WITHIN):
        assert await tasks.aclose(within_s=0.05) == ["owner/immortal"]
    release.set()


@pytest.mark.parametrize("error", [OSError(), SystemExit(1), asyncio.CancelledError()])
async def test_what_somebody_else_raised_is_contained(error: BaseException) -> None:
    raise_ours(error)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit()])
async def test_what_ends_the_program_goes_on(error: BaseException) -> None:
    with pytest.raises(type(error)):
        raise_ours(error)


async def test_our_own_cancellation_goes_on() -> None:
    caught: list[BaseException] = []

    async def contains() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            caught.append(error)
            raise_ours(error)

    tasks = TaskSet("visit_1")
    task = tasks.start(contains(), name="contains")
    await asyncio.wait({task}, timeout=0)
    await tasks.aclose()
    assert caught
    assert task.cancelled()
