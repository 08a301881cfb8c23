"""Words of strangers stay words: names, transcripts, tool results, reasons, in every page."""

from __future__ import annotations

from pathlib import Path

from kiosk import events as ev
from kiosk import keys
from kiosk.events import EVENTS_TOPIC, DomainEvent
from kiosk.model import TranscriptEntry
from kiosk.security.access import Access
from kiosk.storage.rows import Grant
from tests.attacks.trying import OWN, THINGS, cookie_of, museum, table
from tests.unit.running import Running

PAYLOAD = "<img src=x onerror=alert(1)>'\"<script>alert(2)</script>{{7*7}}"


async def told(server: Running) -> None:
    """Let everything a stranger may write arrive where operators look."""
    visit = THINGS[OWN]
    at = server.app[keys.CLOCK].now()
    stamp = {"kiosk_id": visit["kiosk"], "visit_id": visit["visit"], "at": at}
    happened: list[DomainEvent] = [
        ev.KioskConnected(kiosk_id=visit["kiosk"], at=at),
        ev.TurnCompleted(**stamp, seq=1, speaker="visitor", text=PAYLOAD, language="en"),
        ev.TurnCompleted(**stamp, seq=2, speaker="avatar", text=PAYLOAD, language="en"),
        ev.CardShown(**stamp, kind="text", title=PAYLOAD),
        ev.StaffWanted(**stamp, reason=PAYLOAD),
        ev.ToolCalled(**stamp, tool=PAYLOAD, outcome="failed", ms=5),
        ev.MediaChanged(**stamp, rung="text", detail=PAYLOAD),
        ev.PluginEvent(kiosk_id=visit["kiosk"], at=at, plugin=PAYLOAD, name=PAYLOAD),
    ]
    live = server.app[keys.LIVE]
    with live.follow() as follower:
        for event in happened:
            await server.app[keys.BUS].publish(EVENTS_TOPIC, event.model_dump(mode="json"))
            await follower.next()
    storage = server.app[keys.STORAGE]
    entry = TranscriptEntry(
        visit_id=visit["visit"],
        kiosk_id=visit["kiosk"],
        seq=3,
        speaker="visitor",
        text=PAYLOAD,
        language="en",
        at=at,
    )
    await storage.turns.add([entry])
    await storage.audit.add(PAYLOAD, "visit.end", PAYLOAD, PAYLOAD, before=PAYLOAD, after=PAYLOAD)
    live.kiosks["main"].name = live.kiosks["main"].place = PAYLOAD


async def test_no_page_of_the_dashboard_carries_markup_of_strangers(tmp_path: Path) -> None:
    escaped = set()
    async with museum(tmp_path) as server:
        await told(server)
        cookies = await cookie_of(server, "anna", Grant("administrator"))
        headers = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        }
        for address in table(server):
            if address.method != "GET" or address.access is Access.KIOSK:
                continue
            async with server.http.get(
                server.url + address.at(OWN), headers=headers, allow_redirects=False
            ) as answer:
                if answer.content_type != "text/html":
                    continue
                page = await answer.text()
            assert "<img src=x" not in page, address
            assert "<script>alert" not in page, address
            assert ">49<" not in page, address
            if "&lt;img src=x" in page:
                escaped.add(address.path)
    # They were really there, and shown as the words they are.
    assert {"/operator/", "/operator/visits/{visit}", "/operator/audit"} <= escaped


async def test_what_a_browser_sends_is_not_given_back_as_markup(tmp_path: Path) -> None:
    async with museum(tmp_path) as server:
        for path in ("/operator/login?next=", "/enrol?code=", "/nothing/", "/operator/?q="):
            async with server.http.get(
                server.url + path + PAYLOAD, headers={"Accept": "text/html"}
            ) as answer:
                page = await answer.text()
                assert "<img src=x" not in page, path
                assert "<script>alert" not in page, path
