"""Tests of the plugins' lifespans: each in a task of its own, entered and left in order."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kiosk.errors import PluginLoadError
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import Site
from tests.unit.hooks.hooking import running


class Tells:
    """Writes down when it begins and ends."""

    def __init__(self, name: str, told: list[str]) -> None:
        self.name, self.told = name, told

    @hookimpl
    @asynccontextmanager
    async def lifespan(self, site: Site) -> AsyncIterator[None]:
        self.told.append(f"{self.name} in as {site.plugin}")
        yield
        self.told.append(f"{self.name} out")


async def test_they_are_entered_in_load_order_and_left_in_reverse() -> None:
    told: list[str] = []
    async with running({"a": Tells("a", told), "b": Tells("b", told)}):
        assert told == ["a in as a", "b in as b"]
    assert told[2:] == ["b out", "a out"]


async def test_one_that_does_not_begin_in_time_stops_the_start_and_undoes_the_others() -> None:
    told: list[str] = []

    class Hangs:
        @hookimpl
        @asynccontextmanager
        async def lifespan(self) -> AsyncIterator[None]:
            await asyncio.Event().wait()
            yield

    hooks = {"lifespan_s": 0.1}
    said = r"hangs: lifespan did not begin within 0.1 s \(.*py:\d+\)\.$"
    with pytest.raises(PluginLoadError, match=said):
        async with running({"a": Tells("a", told), "hangs": Hangs()}, hooks=hooks):
            raise AssertionError("it should not have started")
    assert told == ["a in as a", "a out"]


async def test_one_whose_background_work_fails_costs_only_itself() -> None:
    told: list[str] = []
    ended = asyncio.Event()

    class Broken:
        @hookimpl
        @asynccontextmanager
        async def lifespan(self) -> AsyncIterator[None]:
            async def work() -> None:
                raise OSError("no disk")

            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(work())
                    yield
            finally:
                ended.set()

    async with running({"a": Tells("a", told), "broken": Broken()}) as made:
        await ended.wait()
        assert told == ["a in as a"]
    assert told == ["a in as a", "a out"]
    assert made.kinds == ["broken: ExceptionGroup"]


async def test_what_is_no_context_manager_says_how_to_make_one() -> None:
    class Bare:
        @hookimpl
        def lifespan(self) -> Any:
            return "ready"

    said = r"returned str and no async context manager; dec.* \(.*test_lifespans\.py:\d+\)\.$"
    with pytest.raises(PluginLoadError, match=said):
        async with running({"bare": Bare()}):
            raise AssertionError("it should not have started")


async def test_one_that_breaks_as_it_begins_has_its_own_line() -> None:
    class Breaks:
        @hookimpl
        @asynccontextmanager
        async def lifespan(self) -> AsyncIterator[None]:
            json.loads("{")
            yield

    line = inspect.getsourcelines(Breaks)[1] + 4
    with pytest.raises(PluginLoadError, match=rf"JSONDecodeError: .*test_lifespans\.py:{line}\)"):
        async with running({"breaks": Breaks()}):
            raise AssertionError("it should not have started")
