"""The feed over real sockets: snapshot, changes, resuming, and everyone who must be let go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from kiosk import events as ev
from kiosk import keys
from kiosk.model import EndReason
from kiosk.web import feed as module
from kiosk.web.feed import LOGIN_OVER, Feed
from tests.unit.web.composing import Site, message, site


async def opened(running: Site, query: str = "") -> aiohttp.ClientWebSocketResponse:
    return await running.client.ws_connect(
        f"{running.address}/operator/feed{query}", origin=running.address
    )


async def test_a_snapshot_then_every_change_without_words_nobody_asked_for(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit()
        await running.said(1, "Wo sind die Aufzüge?")
        async with await opened(running) as socket:
            first = await message(socket)
            assert first["type"] == "snapshot"
            assert [row["id"] for row in first["kiosks"]] == ["main", "west"]
            assert first["kiosks"][0]["state"] == "Listening"
            assert "turns" not in first
            await running.said(2, "Danke")
            second = await message(socket)
            assert (second["type"], second["seq"]) == ("change", first["seq"] + 1)
            assert second["kiosk"]["last"] == "Visitor spoke"
            assert "turn" not in second
            assert "Danke" not in str(second)


async def test_one_visit_with_its_words_and_its_end(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit()
        await running.said(1, "Wo sind die Aufzüge?")
        async with await opened(running, "?visit=visit_1") as socket:
            first = await message(socket)
            assert [row["text"] for row in first["turns"]] == ["Wo sind die Aufzüge?"]
            assert len(first["timeline"]) == 3
            await running.visit("visit_2", "west")
            for _ in range(3):
                other = await message(socket)
                assert "entry" not in other
                assert "visit" not in other
            await running.said(2, "Danke")
            second = await message(socket)
            assert second["turn"]["text"] == "Danke"
            assert second["entry"]["text"] == "Visitor spoke"
            await running.publish(
                ev.VisitEnded(
                    kiosk_id="main", visit_id="visit_1", at=running.at(9),
                    reason=EndReason.GOODBYE, turns=2, seconds=9,
                )
            )  # fmt: skip
            last = await message(socket)
            assert not last["visit"]["running"]
    # Watching is written down, whoever opened the socket and however.


async def test_watching_a_visit_is_audited(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("bert")
        await running.visit()
        async with await opened(running, "?visit=visit_1") as socket:
            await message(socket)
        rows = await running.storage.audit.recent()
        assert (rows[0].actor, rows[0].action, rows[0].target) == (
            "bert", "visit.watch", "visit_1",
        )  # fmt: skip


async def test_a_dashboard_goes_on_where_it_was(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit()
        async with await opened(running) as socket:
            first = await message(socket)
        await running.said(1, "eins")
        await running.said(2, "zwei")
        after = f"{first['epoch']}.{first['seq']}"
        async with await opened(running, f"?after={after}") as socket:
            assert (await message(socket))["type"] == "resumed"
            numbers = [(await message(socket))["seq"] for _ in range(2)]
            assert numbers == [first["seq"] + 1, first["seq"] + 2]


@pytest.mark.parametrize("after", ["gone.3", "x", ".", "live.-1", "live.99999999999999999999"])
async def test_a_number_that_means_nothing_gets_a_snapshot(tmp_path: Path, after: str) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        async with await opened(running, f"?after={after}") as socket:
            assert (await message(socket))["type"] == "snapshot"


async def test_without_a_login_there_is_no_feed(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await opened(running)
        assert caught.value.status == 401
        await running.log_in()
        status, text, _ = await running.get("/operator/feed")
        assert status == 426
        assert "WebSocket" in text


async def ended_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    while True:
        received = await socket.receive(timeout=5)
        if received.type in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING}:
            return socket.close_code


async def test_a_login_that_is_over_ends_the_feed(tmp_path: Path) -> None:
    async with site(tmp_path, feed=Feed(recheck_s=0.05)) as running:
        await running.log_in()
        async with await opened(running) as socket:
            await message(socket)
            await running.app[keys.STORAGE].logins.delete_of("anna")
            running.clock.advance(1)
            assert await ended_with(socket) == LOGIN_OVER


async def test_a_stopping_server_lets_every_dashboard_go(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        async with await opened(running) as socket:
            await message(socket)
            running.live.end_followers()
            assert await ended_with(socket) == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_browser_that_talks_too_much_is_cut_off_and_a_little_is_ignored(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        async with await opened(running) as socket:
            await message(socket)
            await socket.send_str("hello?")
            await running.visit()
            assert (await message(socket))["type"] == "change"
            await socket.send_str("x" * (module.MAX_INCOMING + 1))
            assert await ended_with(socket) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_dashboard_that_leaves_frees_its_place(tmp_path: Path) -> None:
    feed = Feed()
    async with site(tmp_path, feed=feed) as running:
        await running.log_in()
        sockets: list[Any] = [await opened(running) for _ in range(3)]
        for socket in sockets:
            await message(socket)
        assert feed.open == 3
        for socket in sockets:
            await socket.close()
        async with await opened(running) as last:
            await message(last)
            await running.visit()
            await message(last)
            assert feed.open == 1
