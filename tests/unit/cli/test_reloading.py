"""Tests of a server whose application is replaced while it runs, and of watching files."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from kiosk.cli.reloading import Served, reloading, written_by_people
from kiosk.errors import StartupError


class Versions:
    """Makes an application that answers with its number; one that is told to breaks."""

    def __init__(self) -> None:
        self.made = 0
        self.breaks: Exception | None = None
        self.at_end: Callable[[], None] = lambda: None
        self.ended: list[int] = []

    def __call__(self) -> web.Application:
        self.made += 1
        number = self.made

        async def answer(_request: web.Request) -> web.Response:
            return web.Response(text=str(number))

        async def open_and_close(_app: web.Application) -> AsyncIterator[None]:
            yield
            self.ended.append(number)
            self.at_end()

        async def begin(_app: web.Application) -> AsyncIterator[None]:
            if self.breaks is not None:
                raise self.breaks
            yield

        app = web.Application()
        app.router.add_get("/", answer)
        app.cleanup_ctx.extend([open_and_close, begin])
        return app


BREAKS = StartupError("plugin hello does not load.")


async def answered(port: int) -> str:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/") as answer,
    ):
        return await answer.text()


async def test_the_application_is_replaced_at_the_same_address() -> None:
    versions = Versions()
    served = Served(versions, "127.0.0.1", 0)
    await served.start()
    try:
        port = served.port
        assert await answered(port) == "1"
        await served.reload()
        assert served.port == port
        assert await answered(port) == "2"
        assert versions.ended == [1]
    finally:
        await served.aclose()
    assert versions.ended == [1, 2]


async def test_one_that_does_not_start_costs_nothing() -> None:
    versions = Versions()
    served = Served(versions, "127.0.0.1", 0)
    await served.start()
    try:
        versions.breaks = BREAKS
        with pytest.raises(StartupError, match="hello does not load"):
            await served.reload()
        assert await answered(served.port) == "1"
        assert versions.ended == [2]  # what was begun of it is undone
    finally:
        await served.aclose()


async def test_the_address_is_never_given_up_to_others() -> None:
    versions = Versions()
    served = Served(versions, "127.0.0.1", 0)
    await served.start()
    taken: list[str] = []

    def takes() -> None:
        with socket.socket() as thief:
            try:
                thief.bind(("127.0.0.1", served.port))
            except OSError:
                return
            thief.listen()
            taken.append("it was free")

    versions.at_end = takes
    try:
        await served.reload()
        assert versions.ended == [1]
        assert taken == []
        assert await answered(served.port) == "2"
    finally:
        await served.aclose()


async def test_one_that_does_not_end_cleanly_is_replaced_all_the_same() -> None:
    versions = Versions()
    served = Served(versions, "127.0.0.1", 0)
    await served.start()

    def fails() -> None:
        raise OSError("no disk")

    versions.at_end = fails
    try:
        await served.reload()
        assert await answered(served.port) == "2"
    finally:
        versions.at_end = lambda: None
        await served.aclose()


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    served = Served(Versions(), "127.0.0.1", 0)
    await served.start()
    try:
        async with asyncio.timeout(60), reloading(served, [tmp_path / "gone"], said.put_nowait):
            sentence = await said.get()
        assert sentence.startswith("Files are watched no more (FileNotFoundError: ")
        assert sentence.endswith("; start again to reload.")
        assert await answered(served.port) == "1"
    finally:
        await served.aclose()


async def test_an_address_that_is_taken_is_one_sentence() -> None:
    first, second = Served(Versions(), "127.0.0.1", 0), Served(Versions(), "127.0.0.1", 0)
    await first.start()
    try:
        second._port = first.port
        with pytest.raises(StartupError, match=str(first.port)):
            await second.start()
    finally:
        await second.aclose()
        await first.aclose()


async def test_a_changed_file_reloads_and_a_broken_one_is_told(tmp_path: Path) -> None:
    versions = Versions()
    said: asyncio.Queue[str] = asyncio.Queue()
    served = Served(versions, "127.0.0.1", 0)
    await served.start()
    file = tmp_path / "hello.py"
    try:
        async with asyncio.timeout(60), reloading(served, [tmp_path], said.put_nowait):
            await touched(file, said, "Reloaded: hello.py")
            versions.breaks = BREAKS
            await touched(file, said, "Not reloaded: plugin hello does not load.")
            versions.breaks = LookupError("no such key")
            await touched(file, said, "Not reloaded: LookupError: no such key")
            versions.breaks = None
            await touched(file, said, "Reloaded: hello.py")
            assert await answered(served.port) == str(versions.made)
    finally:
        await served.aclose()


async def touched(file: Path, said: asyncio.Queue[str], words: str) -> None:
    """Write until somebody watches: a watcher has no event for that it has begun."""
    while True:
        await asyncio.to_thread(file.write_text, f"{asyncio.get_running_loop().time()}")
        try:
            async with asyncio.timeout(2):
                while not (await said.get()).startswith(words):
                    pass
                return
        except TimeoutError:
            continue


@pytest.mark.parametrize(
    "name", ["hello.py", "list.html", "theme.css", "HALL.JPG", "events.ics", "kiosk.it.po", "a.md"]
)
def test_what_people_write_for_a_site_reloads(name: str) -> None:
    assert written_by_people(Path("site") / name)


@pytest.mark.parametrize(
    "name", ["4913", "sedAb12Cd", ".hello.py.swp", "hello.py~", ".#hello.py", "#hello.py#", "a.pyc"]
)
def test_what_an_editor_leaves_for_a_moment_does_not(name: str) -> None:
    assert not written_by_people(Path("site") / name)
