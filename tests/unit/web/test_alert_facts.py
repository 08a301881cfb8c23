"""What the rules are given of screens and visits: hours, rest, reports, running visits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk import events as ev
from kiosk import keys
from kiosk.alerts.certificates import Certificates
from kiosk.alerts.facts import Facts
from kiosk.alerts.node import NodeWatch
from kiosk.alerts.tally import Tally
from kiosk.web.alert_facts import Gathering
from kiosk.web.live import LiveView
from kiosk.web.shell import SHELL
from kiosk.web.signaling import KIOSKS
from tests.unit.running import Running, running
from tests.unit.signaling.test_device import FACTS
from tests.unit.storage.keeping import NOON, ManualClock
from tests.unit.web.test_device_board import EXACT

ALWAYS = ["mon-sun 00:00-24:00"]
NEVER = ["mon 09:00-10:00"]  # NOON is a Sunday


class Eyes:
    """A live view that a test fills, and what the rules are given of it."""

    def __init__(self, server: Running, folder: Path) -> None:
        app = server.app
        self.clock = ManualClock()
        bus = app[keys.BUS]
        self.live = LiveView(bus, self.clock, app[KIOSKS].values(), version="v2")
        self._gathering = Gathering(
            app[keys.SETTINGS],
            self.live,
            app[SHELL],
            app[keys.RECORDER],
            tally=Tally(bus, self.clock, lambda kiosk: "main"),
            node=NodeWatch(
                bus,
                self.clock,
                app[keys.METRICS],
                node="one",
                disks=[folder],
                breakers=lambda: (),
                fresh_s=60,
            ),
            certificates=Certificates(self.clock, ()),
        )

    def happened(self, kind: Any, kiosk: str = "lobby", **fields: Any) -> None:
        self.live.apply(kind(kiosk_id=kiosk, at=self.clock.now(), **fields))

    async def facts(self) -> Facts:
        return await self._gathering()

    def reported(self, **fields: Any) -> None:
        facts = FACTS | EXACT | fields
        self.happened(ev.KioskReported, facts=facts)


async def test_who_is_awaited_when(tmp_path: Path) -> None:
    kiosks = [
        {"id": "lobby", "name": "Lobby", "hours": ALWAYS},
        {"id": "shut", "name": "Shut", "hours": NEVER},
        {"id": "broken", "name": "Broken", "maintenance": "maintenance"},
        # It is noon in UTC, and evening there.
        {"id": "far", "name": "F", "hours": ["mon-sun 10:00-14:00"], "time_zone": "Asia/Tokyo"},
    ]
    async with running(tmp_path, kiosks=kiosks, alerts={"on": False}) as server:
        eyes = Eyes(server, tmp_path)
        eyes.happened(ev.KioskConnected)
        found = {one.id: one for one in (await eyes.facts()).screens}
        assert {name: one.awaited for name, one in found.items()} == {
            "lobby": True,
            "shut": False,
            "broken": False,
            "far": False,
        }
        assert found["lobby"].connected
        assert not found["lobby"].never
        assert found["shut"].never
        assert found["lobby"].opened_at is not None
        assert found["broken"].opened_at is None
        eyes.happened(ev.ScreenRests, dark=True)
        assert not (await eyes.facts()).screens[0].awaited


async def test_what_a_report_says_of_now(tmp_path: Path) -> None:
    async with running(tmp_path, alerts={"on": False}) as server:
        eyes = Eyes(server, tmp_path)
        eyes.happened(ev.KioskConnected)
        eyes.reported(media="direct", frame_age_s=30, microphone="on", silent_s=70)
        (lobby, _) = (await eyes.facts()).screens
        assert (lobby.frame_age_s, lobby.microphone, lobby.silent_s) == (None, "", None)
        eyes.happened(ev.VisitStarted, visit_id="visit_1", language="en")
        facts = await eyes.facts()
        (lobby, _) = facts.screens
        assert (lobby.frame_age_s, lobby.microphone, lobby.silent_s) == (30, "on", 70)
        assert lobby.visiting
        assert lobby.skew_s == 0
        assert (lobby.page, facts.version) == (FACTS["page"], "v2")
        (visit,) = facts.visits
        assert (visit.kiosk_name, visit.longest_s) == ("Lobby", 1200)
        # Once it was away, what it said before says nothing.
        eyes.clock.advance(5)
        eyes.happened(ev.KioskDisconnected)
        (lobby, _) = (await eyes.facts()).screens
        assert lobby.reported_at is None
        assert lobby.changed_at == eyes.clock.now()
        assert lobby.changed_at > NOON


async def test_sinks_and_quotas_are_in_it(tmp_path: Path) -> None:
    async with running(tmp_path, alerts={"on": False}) as server:
        facts = await Eyes(server, tmp_path).facts()
    assert [one.name for one in facts.quotas] == ["avatar starts", "new connections"]
    assert facts.certificates == ()
    assert all(sink.waiting == 0 for sink in facts.sinks)
