"""Tests of the threads of plain tools: bounded for each plugin, and never in the way of the end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator

import pytest

from kiosk.session.threads import ToolThreads
from kiosk.tasks import TaskSet

WITHIN = 10.0


@pytest.fixture
def until() -> Iterator[threading.Event]:
    """What a tool that hangs waits for; set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


async def test_it_returns_and_raises_what_the_work_does_off_the_loop() -> None:
    threads = ToolThreads()
    assert await threads.run("gate", "open", threading.get_ident) != threading.get_ident()
    with pytest.raises(ValueError, match="invalid literal"):
        await threads.run("gate", "open", lambda: int("x"))


@pytest.mark.parametrize("error", [SystemExit(3), BaseException("panic")])
async def test_whatever_ends_a_thread_is_raised_where_it_is_awaited(error: BaseException) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)):
        await ToolThreads().run("gate", "open", work)


async def test_one_plugins_hung_calls_are_in_nobody_elses_way(until: threading.Event) -> None:
    threads, tasks = ToolThreads(each=2), TaskSet("test")
    async with asyncio.timeout(WITHIN):
        for number in range(3):
            tasks.spawn(threads.run("hung", "wait", until.wait), name=str(number))
        assert await threads.run("gate", "open", lambda: "open") == "open"
        mine = tasks.start(threads.run("hung", "open", lambda: "open"), name="mine")
        assert not (await asyncio.wait({mine}, timeout=0.1))[0], "it waits for its own plugin"
        until.set()
        assert await mine == "open"
    await tasks.aclose()


async def test_a_call_that_is_given_up_keeps_its_place_until_it_returns(
    until: threading.Event,
) -> None:
    threads, tasks = ToolThreads(each=1), TaskSet("test")
    began = threading.Event()

    def work() -> None:
        began.set()
        until.wait()

    given_up = tasks.start(threads.run("gate", "wait", work), name="given up")
    async with asyncio.timeout(WITHIN):
        assert await asyncio.to_thread(began.wait, WITHIN)
        given_up.cancel()
        await asyncio.wait({given_up})
        later = tasks.start(threads.run("gate", "open", lambda: "open"), name="later")
        assert not (await asyncio.wait({later}, timeout=0.1))[0]
        until.set()
        assert await later == "open"
    await tasks.aclose()


def test_a_tool_that_never_returns_does_not_keep_the_process() -> None:
    program = """
        import asyncio, threading
        from kiosk.session.threads import ToolThreads

        async def main():
            hangs = ToolThreads().run("gate", "wait", threading.Event().wait)
            try:
                await asyncio.wait_for(hangs, 0.1)
            except TimeoutError:
                print("stopped")

        asyncio.run(main())
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=True,
    )
    assert ran.stdout.strip() == "stopped"
