"""Runs coroutines for the command line: uvloop, signals, a listening server, clear ends."""

from __future__ import annotations

import asyncio
import errno
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import click
from aiohttp import web

from kiosk.errors import KioskError, StartupError


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` to its end; a KioskError becomes its sentence and exit code 2."""
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(main)
    except KioskError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


def fail(error: KioskError, code: int = 2) -> NoReturn:
    """Print the sentence of an error and exit."""
    click.echo(f"kiosk: {error}", err=True)
    sys.exit(code)


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:  # not on every platform; the standard loop does
        return None
    return uvloop.new_event_loop


def on_stop() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set; a second signal ends the process at once.

    Called before anything is started, so that a stop during the start is a clean one too.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if stopped.is_set():
            sys.exit(128 + number)
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    return stopped


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, *, idle_s: float = 75
) -> AsyncIterator[int]:
    """Serve `app` while the context is open; yields the port. Raises StartupError.

    A connection that has sent no whole head of a request for `idle_s` is closed.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=3,
        # aiohttp counts this from the connection's first byte, so it bounds slow heads, too.
        keepalive_timeout=idle_s,
        # How long the rest of a body that was refused is waited for, before it is cut off.
        lingering_time=2,
    )
    try:
        # Inside, so that what was opened before a failed start is closed again.
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise StartupError(cannot_listen(host, port, error)) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Return the sentence for an address that cannot be listened on."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; stop what uses it or choose another port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that this user lacks; choose one above 1023."
    return f"Cannot listen on {host}:{port}: {error.strerror or 'no such address'}."
