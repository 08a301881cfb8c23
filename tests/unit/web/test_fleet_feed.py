"""The fleet's feed over real sockets: rows that changed, joined for the slow, resumed by number."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType

from kiosk import events as ev
from kiosk import keys
from kiosk.storage.rows import Grant
from kiosk.web.feed import LOGIN_OVER
from kiosk.web.fleet_feed import FleetFeed, Marks
from kiosk.web.live import Change
from tests.unit.web.composing import PASSWORD, Site, message, site

QUICK = partial(FleetFeed, gap_s=0)


async def opened(running: Site, query: str = "") -> aiohttp.ClientWebSocketResponse:
    return await running.client.ws_connect(
        f"{running.address}/operator/fleet/feed{query}", origin=running.address
    )


async def test_a_snapshot_then_only_the_rows_that_changed(tmp_path: Path) -> None:
    async with site(tmp_path, fleet_feed=QUICK) as running:
        await running.log_in()
        async with await opened(running) as socket:
            first = await message(socket)
            assert (first["type"], [row["id"] for row in first["rows"]]) == (
                "snapshot", ["main", "west"],
            )  # fmt: skip
            assert first["summary"]["headline"].startswith("0 of 2")
            await running.publish(ev.KioskConnected(kiosk_id="west", at=running.at()))
            second = await message(socket)
            assert (second["type"], second["seq"]) == ("change", 1)
            assert [row["state"] for row in second["rows"]] == ["Waiting for a visitor"]
            assert second["summary"]["headline"].startswith("1 of 2")
            await running.visit()
            await running.said(1, "Wo sind die Aufzüge?")
            heard = ""
            while "Visitor spoke" not in heard:
                heard += str(await message(socket))
            assert "Aufzüge" not in heard, "the list has no words in it"


async def test_a_page_that_says_how_far_it_is_gets_what_came_after(tmp_path: Path) -> None:
    async with site(tmp_path, fleet_feed=QUICK) as running:
        await running.log_in()
        await running.publish(ev.KioskConnected(kiosk_id="main", at=running.at()))
        after = f"{running.live.epoch}.{running.live.seq}"
        await running.publish(ev.KioskConnected(kiosk_id="west", at=running.at()))
        async with await opened(running, f"?after={after}") as socket:
            first = await message(socket)
            assert (first["type"], [row["id"] for row in first["rows"]]) == ("change", ["west"])
        for wrong in ("gone.3", "x", ".", "live.99999999999999999999"):
            async with await opened(running, f"?after={wrong}") as socket:
                assert (await message(socket))["type"] == "snapshot"


async def test_many_changes_of_a_screen_are_one_row(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        metrics = running.app[keys.METRICS]
        marks = Marks({"main"}.__contains__, metrics)
        connected = ev.KioskConnected(kiosk_id="main", at=running.at())
        elsewhere = ev.KioskConnected(kiosk_id="west", at=running.at())
        for number in range(5000):
            assert marks.put(Change(number, connected))
        marks.put(Change(5000, elsewhere))
        assert marks.take() == (["main"], False)
        assert marks.take() == ([], False)
        assert metrics.registry.get_sample_value("kiosk_feed_joined_total") == 4999


async def test_a_quiet_feed_finds_by_itself_that_reports_stopped(tmp_path: Path) -> None:
    from tests.unit.signaling.test_device import FACTS

    async with site(tmp_path, fleet_feed=partial(FleetFeed, gap_s=0, tick_s=0.02)) as running:
        await running.log_in()
        at = round(running.at().timestamp() * 1000)
        await running.publish(
            ev.KioskConnected(kiosk_id="main", at=running.at()),
            ev.KioskReported(kiosk_id="main", at=running.at(), facts=FACTS | {"at": at}),
        )
        async with await opened(running) as socket:
            assert (await message(socket))["rows"][0]["need"] == ""
            running.clock.advance(600)
            late = await message(socket)
            assert late["rows"][0]["need"].startswith("Is connected and has stopped reporting")


async def test_the_end_of_a_visit_is_told_for_the_list_of_past_ones(tmp_path: Path) -> None:
    from kiosk.model import EndReason

    async with site(tmp_path, fleet_feed=QUICK) as running:
        await running.log_in()
        await running.visit()
        async with await opened(running) as socket:
            await message(socket)
            await running.publish(
                ev.VisitEnded(
                    kiosk_id="main", visit_id="visit_1", at=running.at(9),
                    reason=EndReason.GOODBYE, turns=2, seconds=9,
                )
            )  # fmt: skip
            assert (await message(socket))["past"] is True


async def test_an_alert_is_told_to_the_page_that_shows_the_line_of_them(tmp_path: Path) -> None:
    def alert(kiosk: str, running: Site) -> ev.AlertChanged:
        return ev.AlertChanged(
            kiosk_id=kiosk,
            at=running.at(9),
            alert_id="alert_1",
            rule="disk",
            severity="warning",
            site="",
            state="firing",
            what="The disk is nearly full",
        )

    async with site(tmp_path, fleet_feed=QUICK) as running:
        await running.log_in()
        async with await opened(running) as socket:
            first = await message(socket)
            await running.publish(alert("", running))
            assert (await message(socket))["alert"] is True
            await running.publish(alert("main", running))
            assert (await message(socket))["alert"] is True
        after = f"?after={first['epoch']}.{first['seq']}"
        async with await opened(running, after) as socket:
            assert (await message(socket))["alert"] is True


async def test_only_screens_of_ones_own_sites(tmp_path: Path) -> None:
    houses = {"main": "north", "west": "south"}
    async with site(tmp_path, houses=houses, fleet_feed=QUICK) as running:
        operators = running.app[keys.OPERATORS]
        await operators.add("carla", PASSWORD, grants=[Grant("viewer", "south")])
        await running.log_in("carla")
        async with await opened(running) as socket:
            first = await message(socket)
            assert [row["id"] for row in first["rows"]] == ["west"]
            assert "Main entrance" not in str(first)
            await running.publish(ev.KioskConnected(kiosk_id="main", at=running.at()))
            await running.publish(ev.KioskConnected(kiosk_id="west", at=running.at()))
            assert [row["id"] for row in (await message(socket))["rows"]] == ["west"]


async def test_without_a_login_there_is_none_and_a_plain_request_is_told(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await opened(running)
        assert caught.value.status == 401
        await running.log_in()
        assert (await running.get("/operator/fleet/feed"))[0] == 426


async def ended_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(20):
        while (await socket.receive()).type not in {WSMsgType.CLOSE, WSMsgType.CLOSED}:
            pass
    return socket.close_code


async def test_a_login_that_is_over_and_other_rights_end_it(tmp_path: Path) -> None:
    feed = partial(FleetFeed, gap_s=0, tick_s=0.02, recheck_s=0.05)
    async with site(tmp_path, fleet_feed=feed) as running:
        for end in ("delete", "grant"):
            await running.log_in("bert")
            async with await opened(running) as socket:
                await message(socket)
                if end == "delete":
                    await running.storage.logins.delete_of("bert")
                else:
                    grants = [Grant("operator", "elsewhere")]
                    await running.app[keys.OPERATORS].set_grants("bert", grants)
                running.clock.advance(1)
                assert await ended_with(socket) == LOGIN_OVER


async def test_a_stopping_server_lets_every_dashboard_go(tmp_path: Path) -> None:
    async with site(tmp_path, fleet_feed=partial(FleetFeed, gap_s=3600)) as running:
        await running.log_in()
        async with await opened(running) as socket:
            await message(socket)
            await running.publish(ev.KioskConnected(kiosk_id="main", at=running.at()))
            await message(socket)
            running.live.end_followers()
            assert await ended_with(socket) == aiohttp.WSCloseCode.GOING_AWAY
