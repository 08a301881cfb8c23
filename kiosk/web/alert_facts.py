"""Gathers the facts that the rules of alerts judge, from what this server knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from kiosk.alerts.certificates import Certificates
from kiosk.alerts.facts import Facts, ScreenFacts, SinkFacts, VisitFacts
from kiosk.alerts.node import NodeWatch
from kiosk.alerts.tally import PICTURES, Tally
from kiosk.settings import Settings
from kiosk.settings.hours import Hours
from kiosk.transcripts.recorder import Recorder
from kiosk.web.device_board import skew
from kiosk.web.live import LiveKiosk, LiveView
from kiosk.web.shell import Shell

MICROPHONES: Final = frozenset({"on", "denied", "missing"})
"""What a report says of a microphone that should hear somebody now."""


class Gathering:
    """Call it for the facts of now. Raises StorageError."""

    def __init__(
        self,
        settings: Settings,
        live: LiveView,
        shell: Shell,
        recorder: Recorder,
        *,
        tally: Tally,
        node: NodeWatch,
        certificates: Certificates,
    ) -> None:
        self._settings = settings
        self._live = live
        self._shell = shell
        self._recorder = recorder
        self._tally = tally
        self._node = node
        self._certificates = certificates

    async def __call__(self) -> Facts:
        """Look at everything once."""
        await self._node.look()
        sinks = await self._recorder.states()
        certificates = await self._certificates.look()
        now = self._live.clock.now()
        return Facts(
            now=now,
            version=self._live.version,
            screens=self._screens(now),
            visits=self._visits(),
            starts=self._tally.starts(),
            quotas=self._tally.quotas(self._settings.alerts),
            sinks=tuple(SinkFacts(s.sink, s.waiting, s.dead, s.oldest, s.error) for s in sinks),
            certificates=certificates,
            nodes=self._node.all(),
            site_names=self._settings.site_names(),
        )

    def _screens(self, now: datetime) -> tuple[ScreenFacts, ...]:
        # Most screens of a site have the same hours: asked once for each kind.
        known: dict[str, tuple[bool, datetime | None]] = {}
        found = []
        for item in self._live.kiosks.values():
            own = self._settings.for_kiosk(item.id)
            attract, zone = own.attract, own.site.time_zone
            kind = repr((attract.hours, attract.closed_days, zone))
            if kind not in known:
                known[kind] = _opening(attract.opening, now.astimezone(ZoneInfo(zone)))
            found.append(self._screen(item, *known[kind]))
        return tuple(found)

    def _screen(self, item: LiveKiosk, opened: bool, opened_at: datetime | None) -> ScreenFacts:
        report, at = item.report, item.reported_at
        visiting = item.visit_id in self._live.running
        since = item.changed_at or self._live.started_at
        facts = ScreenFacts(
            id=item.id,
            name=item.name,
            site=item.site,
            connected=item.connected,
            changed_at=since,
            never=item.changed_at is None,
            awaited=opened and not item.resting and self._shell.reason(item.id) is None,
            opened_at=opened_at,
            visiting=visiting,
        )
        if report is None or at is None or at < since:
            # A report from before it was away says nothing of now.
            return facts
        seen = visiting and report.media in PICTURES
        heard = visiting and report.microphone in MICROPHONES
        return replace(
            facts,
            reported_at=at,
            every_s=report.every_s,
            frame_age_s=report.frame_age_s if seen else None,
            microphone=report.microphone if heard else "",
            silent_s=report.silent_s if heard else None,
            skew_s=skew(report, at),
            page=report.page,
        )

    def _visits(self) -> tuple[VisitFacts, ...]:
        found = []
        for visit in self._live.running.values():
            screen = self._live.kiosks.get(visit.kiosk_id)
            found.append(
                VisitFacts(
                    id=visit.id,
                    kiosk=visit.kiosk_id,
                    kiosk_name=screen.name if screen is not None else visit.kiosk_id,
                    site=screen.site if screen is not None else "",
                    started_at=visit.started_at,
                    longest_s=self._settings.for_kiosk(visit.kiosk_id).visit.longest_s,
                )
            )
        return tuple(found)


def _opening(hours: Hours, here: datetime) -> tuple[bool, datetime | None]:
    return hours.is_open(here), hours.began(here)
