"""Tests of what runs commands: sentences and exit codes, ports that cannot be had."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import ClientSession, web

from kiosk.cli.running import fail, listening, run
from kiosk.errors import KioskError, StartupError


def test_an_error_of_ours_is_its_sentence_and_exit_two(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        raise StartupError("The thing is missing; bring it.")

    with pytest.raises(SystemExit) as caught:
        run(main())
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "kiosk: The thing is missing; bring it.\n")


def test_a_mistake_of_ours_is_not_hidden() -> None:
    async def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main())


def test_an_interrupted_command_says_so_by_its_code() -> None:
    async def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as caught:
        run(main())
    assert caught.value.code == 130


@pytest.mark.parametrize("code", [1, 2])
def test_failing_prints_to_standard_error(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        fail(KioskError("Wrong."), code)
    assert caught.value.code == code
    assert capsys.readouterr().err == "kiosk: Wrong.\n"


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


def application() -> web.Application:
    app = web.Application()
    app.router.add_get("/", _hello)
    return app


async def test_a_server_listens_while_the_context_is_open() -> None:
    async with (
        listening(application(), "127.0.0.1", 0) as port,
        ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/") as answer,
    ):
        assert await answer.text() == "hello"
    with pytest.raises(OSError, match=str(port)):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_port_in_use_is_said_and_everything_is_closed_again() -> None:
    closed: list[bool] = []

    async def note(_app: web.Application) -> None:
        closed.append(True)

    app = application()
    app.on_cleanup.append(note)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartupError) as caught:
            async with listening(app, "127.0.0.1", port):
                pass
    assert f"Port {port} on 127.0.0.1 is in use" in str(caught.value)
    assert closed == [True]


async def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(StartupError, match=r"Cannot listen on 192\.0\.2\.1:0"):
        async with listening(application(), "192.0.2.1", 0):
            pass
