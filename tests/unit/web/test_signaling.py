"""Tests of a kiosk's socket: from hello to close, and every mistake answered with its code."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kiosk import events, keys
from kiosk.signaling import messages as m
from kiosk.web import signaling
from kiosk.web.shell import SHELL
from kiosk.web.signaling import MAX_REFUSED
from kiosk.web.tickets import PREFIX, PROTOCOL
from tests.unit.running import Screen, running
from tests.unit.session.stage import eventually


async def begun(screen: Screen) -> str:
    """Start a visit and agree; returns its resume token."""
    await screen.hello()
    await screen.send("start")
    visit = await screen.next("visit")
    await screen.send("consent", accepted=True)
    while (await screen.next("state"))["state"] == "consent":
        pass
    return str(visit["resume"])


async def test_hello_is_answered_with_who_the_screen_is_and_what_it_offers(tmp_path: Path) -> None:
    async with running(tmp_path, site={"talk": "push"}) as server, server.screen() as screen:
        welcome = await screen.hello()
        version, now = welcome.pop("page"), welcome.pop("now")
        assert (version, now > 0) == (server.app[SHELL].version, True)
    assert welcome == {
        "type": "welcome",
        "protocol": m.PROTOCOL,
        "kiosk_id": "lobby",
        "kiosk_name": "Lobby",
        "language": "en",
        "languages": [{"code": "en", "name": "English"}, {"code": "de", "name": "Deutsch"}],
        "consent": True,
        "talk": "push",
        "resumed": False,
        "report_s": 30.0,
    }


async def test_a_visit_begins_ends_and_the_next_may_start_on_the_same_socket(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await begun(screen)
        assert server.figure("sockets") == 1
        await screen.send("end")
        assert (await screen.next("ended"))["reason"] == "visitor_left"
        await screen.send("start", language="de")
        await screen.next("visit")
        far = [await server.service.line() for _ in range(2)]
        session = (await far[1].next("session.update"))["session"]
        assert "German" in session["instructions"]


async def test_sound_goes_to_the_visit_and_what_is_left_of_it_after_the_end_is_no_mistake(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await begun(screen)
        far = await server.service.line()
        await far.next("response.create")
        await screen.socket.send_bytes(bytes(1920))
        await far.next("input_audio_buffer.append")
        await screen.send("end")
        await screen.next("ended")
        await screen.socket.send_bytes(bytes(1920))
        await screen.send("start")
        await screen.next("visit")
        assert [message for message in screen.seen if message["type"] == "error"] == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", "bad_json"),
        ("[]", "not_an_object"),
        ('"hello"', "not_an_object"),
        ('{"no": "type"}', "unknown_type"),
        ('{"type": "dance"}', "unknown_type"),
        ('{"type": "consent"}', "bad_message"),
        ('{"type": "consent", "accepted": true, "model": "gpt-4"}', "bad_message"),
        ('{"type": "hello", "protocol": 1}', "not_now"),
        ('{"type": "consent", "accepted": true}', "not_now"),
        ('{"type": "start", "language": "xx"}', "unknown_language"),
        ("[" * 20_000, "bad_json"),
    ],
)
async def test_a_mistake_gets_its_code_and_disturbs_nothing(
    tmp_path: Path, frame: str, code: str
) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        await screen.socket.send_str(frame)
        error = await screen.next("error")
        assert (error["code"], error["fatal"]) == (code, False)
        assert error["message"].endswith(".")
        assert server.figure("signaling_refused_total", code=code) == 1
        await screen.send("start")
        await screen.next("visit")


@pytest.mark.parametrize(
    ("size", "code"), [(3, "bad_audio"), (0, "bad_audio"), (24_002, "too_large")]
)
async def test_sound_that_is_none_is_refused(tmp_path: Path, size: int, code: str) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await begun(screen)
        await screen.socket.send_bytes(bytes(size))
        assert (await screen.next("error"))["code"] == code


async def test_who_does_not_say_hello_first_is_told_so(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.send("start")
        assert (await screen.next("error"))["code"] == "hello_first"
        await screen.hello()


async def test_another_protocol_is_told_to_reload_and_closed(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.send("hello", protocol=99)
        error = await screen.next("error")
        assert (error["code"], error["fatal"]) == ("wrong_protocol", True)
        assert "reload" in error["message"]
        await screen.closed()


async def test_an_oversized_message_closes_this_socket_only(tmp_path: Path) -> None:
    async with (
        running(tmp_path, server={"drain_s": 0, "max_socket_bytes": 70_000}) as server,
        server.screen() as screen,
        server.screen() as other,
    ):
        await screen.hello()
        await screen.socket.send_str("x" * 80_000)
        assert await screen.closed() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await other.hello()


async def test_a_socket_of_mistakes_only_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        for _ in range(MAX_REFUSED):
            await screen.socket.send_str("{")
        await screen.closed()
        codes = [message["code"] for message in screen.seen if message["type"] == "error"]
        assert codes == ["bad_json"] * len(codes)
        assert len(codes) <= MAX_REFUSED


async def test_a_page_that_comes_back_with_its_token_takes_its_visit_up(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        async with server.screen() as screen:
            token = await begun(screen)
            visit_id = next(m["id"] for m in screen.seen if m["type"] == "visit")
        async with server.screen() as again:
            welcome = await again.hello(resume=token, playing=True)
            assert welcome["resumed"]
            assert (await again.next("visit"))["id"] == visit_id
            await again.send("end")
            await again.next("ended")


@pytest.mark.parametrize("token", ["resume_guessed", ""])
async def test_a_token_of_nobody_resumes_nothing(tmp_path: Path, token: str) -> None:
    async with running(tmp_path) as server:
        async with server.screen() as screen:
            await begun(screen)
        async with server.screen() as again:
            assert not (await again.hello(resume=token))["resumed"]
            await again.send("start")
            await again.next("visit")


async def test_a_full_house_is_told_and_the_next_try_may_work(tmp_path: Path) -> None:
    async with running(tmp_path, visit={"max_visits": 1}) as server:
        devices = server.app[keys.DEVICES]
        tokens = [(await devices.enrol(name, by="test"))[1] for name in ("lobby", "desk")]
        cookies = [{"kiosk_device": token} for token in tokens]
        async with (
            socket(server.url, cookies[0]) as lobby,
            socket(server.url, cookies[1]) as desk,
        ):
            await begun(lobby)
            assert (await desk.hello())["language"] == "de"
            await desk.send("start")
            assert (await desk.next("error"))["code"] == "busy"
            await lobby.send("end")
            await lobby.next("ended")
            await eventually(lambda: server.figure("visits") == 0, "the end of the visit")
            await desk.send("start")
            await desk.next("visit")


def socket(url: str, cookies: dict[str, str]) -> Any:
    return _Socket(url, cookies)


class _Socket:
    """A kiosk's socket with a cookie of its own."""

    def __init__(self, url: str, cookies: dict[str, str]) -> None:
        self._url = url
        self._http = aiohttp.ClientSession(
            cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)
        )

    async def __aenter__(self) -> Screen:
        async with self._http.post(f"{self._url}/kiosk/ticket") as answer:
            ticket = (await answer.json())["ticket"]
        return Screen(
            await self._http.ws_connect(
                f"{self._url}/ws/kiosk", protocols=(PROTOCOL, PREFIX + ticket)
            )
        )

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()


async def test_a_screen_that_is_not_enrolled_has_no_socket(tmp_path: Path) -> None:
    async with running(tmp_path, access={"open": False}) as server:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await server.http.ws_connect(f"{server.url}/ws/kiosk", headers={"Origin": server.url})
        assert caught.value.status == 401


async def test_another_sites_page_has_no_socket(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        async with server.http.get(f"{server.url}/"):
            pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await server.http.ws_connect(
                f"{server.url}/ws/kiosk", headers={"Origin": "https://elsewhere.example"}
            )
        assert caught.value.status == 403


async def test_operators_are_told_of_screens_that_come_and_go(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        bus = server.app[keys.BUS]
        async with bus.subscribe(events.EVENTS_TOPIC) as subscription:
            async with server.screen() as screen:
                await screen.hello()
            kinds = []
            async with asyncio.timeout(20):
                async for payload in subscription:
                    kinds.append((payload["type"], payload["kiosk_id"]))
                    if len(kinds) == 2:
                        break
        assert kinds == [("kiosk_connected", "lobby"), ("kiosk_disconnected", "lobby")]
        await eventually(lambda: server.figure("sockets") == 0, "the count of sockets")


async def test_a_server_that_stops_says_goodbye_to_every_socket(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        async with asyncio.TaskGroup() as group:
            group.create_task(server.app[signaling.SOCKETS].close(), name="close")
            assert await screen.closed() == aiohttp.WSCloseCode.SERVICE_RESTART


async def test_who_comes_close_is_counted_once_however_often_a_page_says_so(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        for _ in range(3):
            await screen.send("page", event="noticed")
        await eventually(
            lambda: server.figure("page_events_total", event="noticed", reason="") == 3, "the news"
        )
        today = server.app[keys.CLOCK].now().date()
        counts = await server.app[keys.STORAGE].insight.between(today, today)
        assert [(one.site, one.measure, one.label, one.value) for one in counts] == [
            ("main", "step", "noticed", 1)
        ]
