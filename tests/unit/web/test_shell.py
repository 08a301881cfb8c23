"""Tests of what an open page is told: the version, its service, and a word that stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from yarl import URL

from kiosk import keys
from kiosk.web.shell import KEEPER, MAX_EVENTS, SHELL, service_target
from tests.unit.running import Running, running


async def tell(server: Running, kiosk: str, state: object) -> bool:
    answer = await server.app[keys.BUS].command(
        service_target(kiosk), {"state": state}, timeout_s=5
    )
    return bool(answer["ok"])


async def test_welcome_names_the_version_that_the_page_has_and_the_time(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        welcome = await screen.hello()
        assert welcome["page"] == server.app[SHELL].version
        async with server.http.get(f"{server.url}/") as page:
            assert f'"version": "{welcome["page"]}"' in await page.text()
        now = server.app[keys.CLOCK].now().timestamp() * 1000
        assert abs(welcome["now"] - now) < 60_000


async def test_a_screen_out_of_service_is_told_so_and_takes_no_visit(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        assert await tell(server, "lobby", "maintenance")
        assert (await screen.next("service"))["reason"] == "maintenance"
        await screen.send("start")
        assert (await screen.next("error"))["code"] == "out_of_service"
        assert server.figure("visits_refused_total", reason="out_of_service") == 1
        assert await tell(server, "desk", "out_of_order")  # another screen
        assert await tell(server, "lobby", "in_service")
        assert "reason" not in await screen.next("service")
        await screen.send("start")
        await screen.next("visit")


async def test_a_visit_that_goes_on_is_not_ended_by_it(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        await screen.send("start")
        await screen.next("visit")
        assert await tell(server, "lobby", "maintenance")
        await screen.next("service")
        await screen.send("end")
        await screen.next("ended")


async def test_an_operators_word_outlives_a_restart_until_it_is_taken_back(tmp_path: Path) -> None:
    kiosks = [{"id": "lobby", "name": "Lobby", "maintenance": "out_of_order"}]
    async with running(tmp_path, kiosks=kiosks) as server, server.screen() as screen:
        assert (await screen.hello())["service"] == "out_of_order"
        assert await tell(server, "lobby", "maintenance")
        await screen.next("service")
    async with running(tmp_path, kiosks=kiosks) as server, server.screen() as screen:
        assert (await screen.hello())["service"] == "maintenance"
        assert await tell(server, "lobby", "as_set")
        assert (await screen.next("service"))["reason"] == "out_of_order"
        assert await server.app[keys.STORAGE].plugin(KEEPER).items() == []


async def test_a_word_that_is_none_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        assert not await tell(server, "lobby", "broken")
        assert not await tell(server, "lobby", None)
        await server.app[keys.BUS].publish("service", {"kiosk": "lobby", "state": "broken"})
        await server.app[keys.BUS].publish("service", {"kiosk": "nowhere", "state": "maintenance"})
        assert server.app[SHELL].reason("lobby") is None


async def test_what_a_page_tells_is_counted_and_its_log_is_bounded(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        for _ in range(MAX_EVENTS + 5):
            await screen.send("page", event="slept", seconds=40)
        await screen.send("start")
        await screen.next("visit")
        count = server.figure("page_events_total", event="slept", reason="")
        assert count == MAX_EVENTS + 5


async def test_a_screen_whose_cookie_is_worth_nothing_gets_another_with_its_page(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server:
        async with server.screen() as screen:
            await screen.hello()
        spoilt = {cookie.key: "worth-nothing" for cookie in server.http.cookie_jar}
        server.http.cookie_jar.update_cookies(spoilt, URL(server.url))
        with pytest.raises(AssertionError, match="not_enrolled"):
            async with server.screen(open_page=False):
                pass
        async with server.screen() as screen:  # what a page does that was refused three times
            await screen.hello()
