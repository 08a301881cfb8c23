"""The pages of alerts over real HTTP: what is shown to whom, and what people do about it."""

from __future__ import annotations

from pathlib import Path

from tests.unit.alerts.receiving import far
from tests.unit.storage.keeping import NOON
from tests.unit.web.alerted import house, ill


async def test_what_is_wrong_where_since_when_and_what_to_do(tmp_path: Path) -> None:
    async with house(tmp_path) as one:
        await one.log_in("anna")
        assert "0 alert" not in await one.page("/operator/")
        await one.put(
            ill(),
            ill("disk", site="", rule="disk", severity="warning", kiosk_id=""),
            ill("far", site="harbour", rule="clock", stale=True),
            ill("east", rule="silence", acked_at=NOON, acked_by="olga", acked_why="on my way"),
            ill("north", rule="frame", fired_at=None, told_at=None),
        )
        page = await one.page("/operator/alerts")
        assert "2 alerts want a person" in page
        assert "Critical: west is not connected Museum, since" in page
        assert "Warning: disk is not connected Whole system, since" in page
        assert "What to do: Look whether it has power." in page
        assert "olga takes care of it since" in page
        assert "on my way" in page
        assert "1 put away long ago" in page
        assert "1 trouble seen a moment ago" in page
        # Every other page has the line.
        assert "Critical: west is not connected, and 1 more. 2 alerts" in await one.page(
            "/operator/plugins"
        )
        assert "2 alerts" in await one.page("/operator/alerts/banner")


async def test_people_see_and_handle_their_own_house(tmp_path: Path) -> None:
    async with house(tmp_path) as one:
        west, harbour = ill(), ill("far", site="harbour")
        await one.put(west, harbour, ill("disk", site="", rule="disk"))
        await one.log_in("vera")
        page = await one.page("/operator/alerts")
        assert "1 alert wants a person" in page
        assert "far" not in page
        assert "I take care of it" not in page
        assert (await one.post(f"/operator/alerts/{west.id}/acknowledge"))[0] == 403
        await one.log_in("olga")
        assert "I take care of it" in await one.page("/operator/alerts")
        assert (await one.post(f"/operator/alerts/{harbour.id}/acknowledge"))[0] == 404
        status, to = await one.post(f"/operator/alerts/{west.id}/acknowledge", why="I walk over")
        assert (status, to) == (303, "/operator/alerts?done=acknowledged")
        assert "olga takes care of it" in await one.page(to)
        status, to = await one.post(f"/operator/alerts/{west.id}/acknowledge")
        assert to == "/operator/alerts?done=late"
        assert await one.audited() == [("olga", "alert.acknowledge", "museum")]
        past = await one.page("/operator/alerts/history")
        assert "I walk over" in past
        assert "far is not" not in past


async def test_silences_are_made_seen_and_ended(tmp_path: Path) -> None:
    async with house(tmp_path) as one:
        await one.log_in("olga")
        fields = {"rule": "offline", "site": "museum", "kiosk": "", "hours": "4"}
        status, text = await one.post("/operator/alerts/silences", **fields, why=" ")
        assert status == 200
        assert "Say why it is silenced" in text
        for wrong in ({"site": ""}, {"site": "harbour"}, {"kiosk": "main"}, {"hours": "9000"}):
            status, _ = await one.post("/operator/alerts/silences", **(fields | wrong), why="x")
            assert status in {400, 403, 422}, wrong
        status, to = await one.post("/operator/alerts/silences", **fields, why="new floor")
        assert to == "/operator/alerts?done=silenced"
        page = await one.page(to)
        assert "A screen is not connected in its opening hours: Museum" in page
        assert "by olga: new floor" in page
        (row,) = await one.alerts.silences()
        assert await one.post(f"/operator/alerts/silences/{row.id}/end") == (
            303,
            "/operator/alerts?done=unsilenced",
        )
        assert await one.alerts.silences() == []
        assert (await one.post(f"/operator/alerts/silences/{row.id}/end"))[0] == 404
        assert [action for _, action, _ in await one.audited()] == [
            "alert.silence.end",
            "alert.silence",
        ]


async def test_a_channel_is_tried_from_the_page(tmp_path: Path) -> None:
    async with far(202, 404) as receiver:
        channels = {"chat": {"type": "teams", "url": f"{receiver.url}/secret-of-the-flow"}}
        async with house(tmp_path, channels=channels) as one:
            await one.log_in("anna")
            page = await one.page("/operator/alerts")
            assert (
                "chat by teams: what is at least warning, of all sites 0 waiting, 0 not taken"
                in page
            )
            assert "secret-of-the-flow" not in page
            assert (await one.post("/operator/alerts/channels/chat/test"))[0] == 303
            status, text = await one.post("/operator/alerts/channels/chat/test")
            assert (status, len(receiver.got)) == (200, 2)
            assert "chat did not take the test. It answered HTTP 404." in text
            assert (await one.post("/operator/alerts/channels/nobody/test"))[0] == 404
            await one.log_in("olga")
            assert (await one.post("/operator/alerts/channels/chat/test"))[0] == 403


async def test_history_has_pages(tmp_path: Path) -> None:
    async with house(tmp_path) as one:
        await one.log_in("anna")
        await one.put(*(ill(f"k{n}", resolved_at=NOON) for n in range(51)))
        first = await one.page("/operator/alerts/history")
        assert "Older" in first
        assert "10 min" in first
        last = (await one.alerts.history(50))[-1].id
        older = await one.page(f"/operator/alerts/history?before={last}")
        assert "Newest" in older
        assert older.count("is not connected") == 1


async def test_switched_off_it_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, on=False) as one:
        await one.log_in("vera")
        assert "Alerts are switched off" in await one.page("/operator/alerts")
