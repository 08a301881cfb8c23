"""The signed webhook: what is posted, who may read it, and what each answer means."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from kiosk.errors import KioskError, StartupError
from kiosk.model import EntriesRefused, SinkBusy, TranscriptEntry
from kiosk.security.webhooks import sign
from plugins import webhook_sink
from plugins.webhook_sink import DeliveryError, key_of, payload, retry_after
from tests.unit.hooks.hooking import START, hooked, running

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def entry(seq: int, text: str = "Grüße") -> TranscriptEntry:
    return TranscriptEntry("visit_1", "lobby", seq, "visitor", text, "de", START)


class Far:
    """The far side: keeps what is posted and answers as told."""

    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers)


@asynccontextmanager
async def far_side() -> AsyncIterator[Far]:
    far = Far()
    app = web.Application()
    app.router.add_post("/hook", far.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        far.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield far
    finally:
        await runner.cleanup()


def on(url: str, **table: Any) -> dict[str, Any]:
    return {"plugins": {"webhook_sink": {"url": url, "secret": SECRET, **table}}}


@asynccontextmanager
async def sink_to(far: Far, **table: Any) -> AsyncIterator[Any]:
    async with running({"webhook_sink": webhook_sink}, **on(far.url, **table)) as made:
        (sink,) = made.hooks.sinks
        async with aiohttp.ClientSession() as http:
            made.hooks.services.http = lambda _plugin: http
            yield sink


def test_it_is_off_until_its_address_is_set() -> None:
    assert hooked({"webhook_sink": webhook_sink}).hooks.sinks == []


def test_the_signature_is_the_one_of_standard_webhooks() -> None:
    """The example that implementations of the specification check themselves with."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_batch_is_posted_signed_and_each_entry_has_its_id() -> None:
    async with far_side() as far, sink_to(far) as sink:
        await sink.write([entry(1), entry(2)])
        await sink.write([entry(1), entry(2)])
        (headers, body), (again, _) = far.got
        message = json.loads(body)
        assert [item["id"] for item in message["entries"]] == ["visit_1:1", "visit_1:2"]
        assert message["entries"][0] == {
            "id": "visit_1:1",
            "visit": "visit_1",
            "seq": 1,
            "kiosk": "lobby",
            "at": "2026-03-04T14:00:00+00:00",
            "speaker": "visitor",
            "language": "de",
            "interrupted": False,
            "text": "Grüße",
        }
        expected = sign(b"k" * 32, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
        assert headers["webhook-signature"] == expected
        assert again["webhook-id"] == headers["webhook-id"]
        assert SECRET not in str(far.got)


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (400, {}, EntriesRefused),
        (401, {}, DeliveryError),
        (403, {}, DeliveryError),
        (404, {}, DeliveryError),
        (422, {}, EntriesRefused),
        (413, {}, EntriesRefused),
        (408, {}, DeliveryError),
        (429, {}, DeliveryError),
        (429, {"Retry-After": "30"}, SinkBusy),
        (503, {"Retry-After": "Wed, 04 Mar 2026 14:01:00 GMT"}, SinkBusy),
        (503, {"Retry-After": "soon"}, DeliveryError),
        (500, {}, DeliveryError),
        (307, {"Location": "/hook"}, DeliveryError),
    ],
)
async def test_what_an_answer_means(
    status: int, headers: dict[str, str], error: type[Exception]
) -> None:
    async with far_side() as far, sink_to(far) as sink:
        far.status, far.headers = status, headers
        with pytest.raises(error):
            await sink.write([entry(1)])
        assert len(far.got) == 1, "no redirect is followed"


async def test_an_error_names_neither_address_nor_words() -> None:
    far = Far()
    far.url = "http://127.0.0.1:9/token-in-the-path"
    async with sink_to(far) as sink:
        with pytest.raises(DeliveryError) as caught:
            await sink.write([entry(1, "my secret words")])
    assert "token" not in str(caught.value)
    assert "words" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_same_entries_give_the_same_bytes() -> None:
    assert payload([entry(1)]) == payload([entry(1)])
    assert payload([entry(1)]) != payload([entry(2)])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("9" * 400, 9999999999.0),
        ("Wed, 04 Mar 2026 14:02:00 GMT", 120.0),
        ("Wed, 04 Mar 2026 13:00:00 GMT", 0.0),
        ("-5", None),
        ("", None),
        ("soon", None),
    ],
)
def test_retry_after_in_both_its_forms(value: str, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 3, 4, 14, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"url": "http://example.org/hook", "secret": SECRET}, "https"),
        ({"url": "ftp://example.org/hook", "secret": SECRET}, "https"),
        ({"url": "https:///hook", "secret": SECRET}, "https"),
        ({"url": "https://anna:pw@example.org/", "secret": SECRET}, "user and password"),
        ({"url": "https://example.org/hook"}, "secret_file"),
        ({"url": "https://example.org", "secret": SECRET, "secret_file": "x"}, "secret_file"),
        ({"url": "https://example.org/hook", "secret": "short"}, "24 bytes"),
        ({"url": "https://example.org/hook", "secret": "whsec_%%%"}, "base64"),
        ({"url": "https://example.org/hook", "secret_file": "/nowhere/at/all"}, "cannot be read"),
    ],
)
def test_settings_that_cannot_be_used_stop_the_start(table: dict[str, str], sentence: str) -> None:
    with pytest.raises(KioskError, match=sentence) as caught:
        hooked({"webhook_sink": webhook_sink}, plugins={"webhook_sink": table})
    assert SECRET not in str(caught.value)
    assert "whsec_%%%" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:1", "[::1]:1"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    options = on(f"http://{host}/hook")
    assert len(hooked({"webhook_sink": webhook_sink}, **options).hooks.sinks) == 1


def test_the_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    table = {"url": "https://example.org/hook", "secret_file": str(tmp_path / "secret")}
    made = hooked({"webhook_sink": webhook_sink}, plugins={"webhook_sink": table})
    assert len(made.hooks.sinks) == 1


def test_a_plain_secret_is_taken_as_it_is() -> None:
    assert key_of("a plain secret of a good length") == b"a plain secret of a good length"
    with pytest.raises(StartupError):
        key_of("")
