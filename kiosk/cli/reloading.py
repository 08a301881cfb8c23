"""A server whose application is replaced while it runs: for developing plugins and templates."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from kiosk.cli.running import cannot_listen
from kiosk.errors import KioskError, StartupError
from kiosk.hooks.once import place
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

WATCHED: Final = frozenset(
    {
        ".py", ".html", ".css", ".js", ".toml", ".md", ".ics", ".po", ".svg", ".png", ".jpg",
        ".jpeg", ".webp", ".woff2", ".mp4", ".webm",
    }
)  # fmt: skip
"""Endings of what people write for a site. Editors leave others for a while: 4913, sedAb1, .swp."""
QUIET_MS: Final = 300
"""An editor writes a file in several steps; changes within this time are one, ms."""


class Served:
    """Serves what `make` makes at one address, and replaces it on request.

    A new application is started whole and listens before the old one is stopped, so that one
    which does not start costs nothing: the address is bound once and never given up. Screens lose
    their connection for a moment and come back by themselves.
    """

    def __init__(self, make: Callable[[], web.Application], host: str, port: int) -> None:
        self._make = make
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._sockets: list[socket.socket] = []
        self.app: web.Application

    @property
    def port(self) -> int:
        """The port that was chosen, from the first start on."""
        return self._port

    async def start(self) -> None:
        """Start the first application; raises KioskError."""
        await self._swap(await self._started())

    async def reload(self) -> None:
        """Replace the application; whatever it raises, the old one goes on then."""
        await self._swap(await self._started())

    async def _started(self) -> web.AppRunner:
        app = await asyncio.to_thread(self._make)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=3)
        try:
            await runner.setup()
        except BaseException:
            await runner.cleanup()
            raise
        return runner

    async def _swap(self, runner: web.AppRunner) -> None:
        try:
            self._sockets = self._sockets or await _bound(self._host, self._port)
            for bound in self._sockets:
                # Each server closes its own; ours keeps the address.
                await web.SockSite(runner, bound.dup()).start()
        except OSError as error:
            await runner.cleanup()
            raise StartupError(cannot_listen(self._host, self._port, error)) from None
        old, self._runner = self._runner, runner
        self.app = runner.app
        self._port = runner.addresses[0][1]
        if old is not None:
            try:
                await old.cleanup()
            except Exception:
                log.warning("the replaced application did not end cleanly", exc_info=True)

    async def aclose(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()
        for bound in self._sockets:
            bound.close()


async def _bound(host: str, port: int) -> list[socket.socket]:
    """Return a bound socket for each address of a host; raises OSError."""
    # What of a name's addresses there is to bind is the loop's to know.
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, host, port, start_serving=False)
    sockets = [socket.socket(fileno=os.dup(bound.fileno())) for bound in server.sockets]
    server.close()
    return sockets


def written_by_people(path: Path) -> bool:
    """Whether a file is one that somebody writes, and no editor's copy or lock of it."""
    return path.suffix.lower() in WATCHED and not path.name.startswith((".", "#"))


@asynccontextmanager
async def reloading(
    served: Served, folders: Sequence[Path], say: Callable[[str], None]
) -> AsyncIterator[None]:
    """Reload whenever a file in `folders` changes; `say` gets a sentence each time."""
    try:
        from watchfiles import Change, DefaultFilter, awatch
    except ImportError:
        raise StartupError(
            "--reload needs watchfiles, which is not installed; run "
            "pip install 'avatar-kiosk[develop]'."
        ) from None
    elsewhere = DefaultFilter()  # leaves out what tools keep: .git, __pycache__, .venv

    def watched(change: Change, path: str) -> bool:
        return written_by_people(Path(path)) and elsewhere(change, path)

    async def watch() -> None:
        try:
            async for changes in awatch(*folders, watch_filter=watched, debounce=QUIET_MS):
                names = ", ".join(sorted({Path(path).name for _, path in changes}))
                await reload(names)
        except Exception as error:  # noqa: BLE001 - a folder that has gone, or no more of the system's watches
            say(f"Files are watched no more ({_said(error)}); start again to reload.")

    async def reload(names: str) -> None:
        try:
            await served.reload()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the next change may mend it
            say(f"Not reloaded: {_said(error)}")
        else:
            say(f"Reloaded: {names}")

    tasks = TaskSet("reload")
    tasks.spawn(watch(), name="watch")
    try:
        yield
    finally:
        await tasks.aclose()


def _said(error: Exception) -> str:
    """Return our sentence, or of any other error its kind, text and place."""
    if isinstance(error, KioskError):
        return str(error)
    return f"{type(error).__name__}: {error}{place(error)}"
