"""Posting: what counts as taken, what is tried again, what never is; no address in an error."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from kiosk.alerts.channels.base import ChannelError
from kiosk.alerts.channels.posting import checked_address, post
from kiosk.errors import StartupError
from tests.unit.alerts.receiving import HOST, far


async def posted(url: str, timeout_s: float = 5) -> None:
    async with aiohttp.ClientSession() as http:
        await post(http, url, b"{}", headers={}, timeout_s=timeout_s)


async def test_answers_say_whether_it_was_taken() -> None:
    async with far() as receiver:
        for status, again in ((200, None), (202, None), (500, True), (429, True), (408, True),
                              (400, False), (404, False), (302, False)):  # fmt: skip
            receiver.answers = [status]
            if again is None:
                await posted(receiver.url)
                continue
            with pytest.raises(ChannelError, match=f"HTTP {status}") as caught:
                await posted(f"{receiver.url}/token-in-the-path")
            assert caught.value.again is again
            assert "token" not in str(caught.value)
        # The redirect was not followed.
        assert "/elsewhere" not in [path for _, path, _ in receiver.got]


async def test_nobody_there_and_no_answer_are_tried_again() -> None:
    async with far() as receiver:
        gone = receiver.url
    with pytest.raises(ChannelError, match="could not be reached") as caught:
        await posted(gone)
    assert caught.value.again
    hang = asyncio.Event()

    async def never(request: web.Request) -> web.Response:
        await hang.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", never)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        with pytest.raises(ChannelError, match="No answer within"):
            await posted(f"http://{HOST}:{runner.addresses[0][1]}/", timeout_s=0.05)
    finally:
        hang.set()
        await runner.cleanup()


@pytest.mark.parametrize(
    "url",
    [
        "http://far.example/x",
        "ftp://far.example",
        "file:///etc/passwd",
        "https://a:b@c.example",
        "",
    ],
)
def test_addresses_that_alerts_do_not_go_to(url: str) -> None:
    with pytest.raises(StartupError) as caught:
        checked_address("alerts.channels.ops", url)
    assert "alerts.channels.ops: url" in str(caught.value)
    assert "far.example" not in str(caught.value)


def test_addresses_that_they_do() -> None:
    for url in ("https://far.example/x", "http://127.0.0.1:9093"):
        assert checked_address("ops", url) == url
