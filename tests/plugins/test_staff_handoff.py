"""Calling a person: told, seen, answered, timed out; never twice, nor for a visit that is over."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from kiosk import keys
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import SettingsError
from kiosk.hooks.markers import hookimpl
from kiosk.security.webhooks import sign, signing_key
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, ManualClock, Visit
from kiosk.testing.fixtures import MakeHarness
from plugins import staff_handoff
from tests.functional.looking import log_in, page
from tests.unit.hooks.hooking import hooked

SECRET = "a secret of twenty-four bytes or more"
CALLS = "/-/staff_handoff/calls"


class Ends:
    """Hears that a visit is over."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    @hookimpl
    async def session_ended(self) -> None:
        self.over.set()


@asynccontextmanager
async def called(
    kiosk_harness: MakeHarness, engines: Engines, *, ends: Ends | None = None, **table: Any
) -> AsyncIterator[tuple[KioskHarness, Visit]]:
    """Have a visitor call somebody."""
    harness = await kiosk_harness(
        engines=engines,
        plugins={"staff_handoff": staff_handoff, "ends": ends or Ends()},
        settings={"plugins": {"staff_handoff": table}} if table else {},
    )
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    await visit.type("Please call somebody from the staff, a person.")
    assert await visit.heard() == "I have called somebody. Please stay here for a moment."
    yield harness, visit


async def press(harness: KioskHarness, path: str) -> None:
    headers = {"Origin": harness.url, "Accept": "text/html"}
    async with harness.http.post(harness.url + path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.url.path == CALLS


async def test_an_operator_sees_the_call_takes_it_and_the_visitor_is_told(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    async with called(kiosk_harness, engines) as (harness, visit):
        assert "I have called somebody" in visit.cards["staff"]["html"]
        await log_in(harness)
        dashboard = await page(harness, "/operator/")
        assert "<dt>Lobby</dt><dd>waiting since" in dashboard
        assert f'<a href="{CALLS}">Answer a call</a>' in dashboard
        text = await page(harness, CALLS)
        assert "Waiting since" in text
        await press(harness, f"{CALLS}/{visit.id}/take")
        assert await visit.heard() == "Somebody is coming to you now."
        assert "coming" in visit.cards["staff"]["html"]
        assert "anna is on the way" in await page(harness, CALLS)
        await press(harness, f"{CALLS}/{visit.id}/done")
        assert "Nobody is waiting" in await page(harness, CALLS)
        # Too late, twice: nothing happens.
        await press(harness, f"{CALLS}/{visit.id}/take")


async def test_nobody_but_operators_may_answer(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    async with called(kiosk_harness, engines) as (harness, visit):
        headers = {"Origin": harness.url}
        for path in (CALLS, f"{CALLS}/{visit.id}/take"):
            method = "get" if path == CALLS else "post"
            request = harness.http.request(
                method, harness.url + path, headers=headers, allow_redirects=False
            )
            async with request as answer:
                assert answer.status in {303, 401}
        assert "I have called somebody" in visit.cards["staff"]["html"]


async def test_a_second_call_says_that_somebody_was_called(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    ends = Ends()
    async with called(kiosk_harness, engines, ends=ends) as (harness, visit):
        await visit.type("Call the staff again, a person please!")
        assert "I have called somebody" in await visit.heard()
        (panel,) = await harness.app[keys.HOOKS].dashboard_panels("anna")
        assert len(panel.rows) == 1
        await visit.leave()
        async with asyncio.timeout(60):
            await ends.over.wait()
        await harness.app[keys.HOOKS].settle(5)
        (panel,) = await harness.app[keys.HOOKS].dashboard_panels("anna")
        assert panel.text == "Nobody is waiting."


async def test_when_nobody_comes_the_visitor_is_sent_to_the_desk(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    clock = ManualClock()
    harness = await kiosk_harness(
        engines=engines,
        clock=clock,
        plugins={"staff_handoff": staff_handoff},
        settings={"plugins": {"staff_handoff": {"desk": {"en": "Room 7 is open."}, "wait_s": 30}}},
    )
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    await visit.type("Please call somebody from the staff, a person.")
    await visit.heard()
    await clock.advance(seconds=31)
    assert await visit.heard() == "Nobody is free at the moment. Room 7 is open."
    assert "Room 7" in visit.cards["staff"]["html"]


async def test_the_sites_own_system_is_told_signed_and_without_words(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    got: list[tuple[Any, bytes]] = []
    told = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        got.append((request.headers, await request.read()))
        told.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/staff", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/staff"
        async with called(kiosk_harness, engines, url=url, secret=SECRET) as (_, visit):
            async with asyncio.timeout(60):
                await told.wait()
            ((headers, body),) = got
            assert json.loads(body) == {
                "type": "staff.called",
                "visit": visit.id,
                "kiosk": "lobby",
                "place": "entrance",
                "language": "en",
            }
            stamp = int(headers["webhook-timestamp"])
            expected = sign(signing_key(SECRET), headers["webhook-id"], stamp, body)
            assert hmac.compare_digest(headers["webhook-signature"], expected)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"url": "http://staff.example/x", "secret": SECRET}, "use an https address"),
        ({"url": "https://staff.example/x"}, "set secret"),
        ({"url": "https://staff.example/x", "secret": "short"}, "fewer than 24 bytes"),
        ({"wait_s": 1}, "greater than or equal to 5"),
    ],
)
def test_settings_that_do_not_fit_stop_the_start(table: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        hooked({"staff_handoff": staff_handoff}, plugins={"staff_handoff": table})


async def test_the_button_calls_somebody_as_words_do(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"staff_handoff": staff_handoff})
    async with harness.http.get(harness.url) as screen:
        assert 'data-testid="person"' in await screen.text()
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    await visit.send(m.Person())
    assert await visit.heard() == "I have called somebody. Please stay here for a moment."
    assert len(visit.cards) == 1
