"""The engine: asks the rules, keeps the alerts, and has the channels told. One server leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

import structlog

from kiosk import events
from kiosk.alerts.channels.base import Channel, wants
from kiosk.alerts.courier import Courier, deliver_one
from kiosk.alerts.facts import Facts, Finding
from kiosk.alerts.machine import Policy, Round, step
from kiosk.alerts.notice import Notice
from kiosk.alerts.rules import active
from kiosk.bus.base import Bus, Lease
from kiosk.clock import Clock, new_id
from kiosk.errors import StorageError
from kiosk.settings.alerts import AlertSettings, Severity
from kiosk.storage.alerts import Alerts
from kiosk.storage.rows import AlertRow
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

LEASE: Final = "alerts"
FORGET_S: Final = 3600.0
"""How often what is too old is deleted."""

Gather = Callable[[], Awaitable[Facts]]


class Engine:
    """The alerts of all servers on one database and bus; `current` is how they stand."""

    def __init__(
        self,
        settings: AlertSettings,
        alerts: Alerts,
        bus: Bus,
        clock: Clock,
        metrics: Metrics,
        channels: Mapping[str, Channel],
        *,
        gather: Gather,
        zone: ZoneInfo,
        site_name: Callable[[str], str],
        link: str = "",
    ) -> None:
        self.settings = settings
        self.channels = channels
        self.current: tuple[AlertRow, ...] = ()
        self._alerts = alerts
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._gather = gather
        self._zone = zone
        self._site_name = site_name
        self._link = link
        self._rules = active(settings)
        self._owner = new_id("alerts")
        self._lease: Lease | None = None
        self._forgotten = float("-inf")
        self._tasks = TaskSet("alerts")
        self.couriers = {
            name: Courier(channel, alerts, clock, settings, metrics, leads=self._leads)
            for name, channel in channels.items()
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch while the context is open."""
        self._tasks.spawn(self._run(), name="rounds")
        for name, courier in self.couriers.items():
            self._tasks.spawn(courier.run(self._tasks), name=name)
        try:
            yield
        finally:
            await self._tasks.aclose()
            if self._lease is not None:
                await self._lease.release()

    async def _run(self) -> None:
        while True:
            try:
                await self.round()
            except StorageError:
                log.warning("alerts could not be looked at; the database does not answer")
            await self._clock.sleep(self.settings.every_s)

    async def round(self) -> None:
        """Look once; servers that do not lead only read how things stand. Raises StorageError."""
        # Gathered on every server: each tells the one that leads of itself.
        facts = await self._gather()
        ttl = 3 * self.settings.every_s
        self._lease = await self._bus.acquire(LEASE, self._owner, ttl_s=ttl)
        if self._lease is None:
            await self.refresh()
            return
        found = self._findings(facts)
        out = step(
            facts.now, found, await self._alerts.open(), await self._alerts.silences(),
            self._policy(),
        )  # fmt: skip
        messages = [
            (name, notice.id, notice.model_dump_json())
            for notice in out.notices
            for name, channel in self.channels.items()
            if wants(channel.settings, notice)
        ]
        if out.new or out.changes or out.dropped or messages:
            await self._alerts.apply(
                new=out.new, changes=out.changes, dropped=out.dropped, messages=messages
            )
        self._show(tuple(out.open))
        await self._report(out)
        for name in {channel for channel, _, _ in messages}:
            self.couriers[name].wake()
        await self._forget()

    def _leads(self) -> bool:
        return self._lease is not None and self._lease.held

    def _findings(self, facts: Facts) -> dict[str, list[Finding]]:
        return {name: rule.findings(facts) for name, rule in self._rules.items()}

    def _policy(self) -> Policy:
        settings = self.settings
        here = self._clock.now().astimezone(self._zone)

        def quiet(site: str) -> bool:
            hours = settings.quiet_hours(site)
            return hours is not None and hours.is_open(here)

        return Policy(
            rules=self._rules,
            clear=timedelta(seconds=settings.clear_s),
            group=timedelta(seconds=settings.group_s),
            remind=timedelta(hours=settings.remind_h),
            stale=timedelta(days=settings.stale_days),
            most=settings.most,
            quiet=quiet,
            site_name=self._site_name,
            new_id=new_id,
            link=self._link,
        )

    async def _report(self, out: Round) -> None:
        if out.left_out:
            self._metrics.alerts_left_out.inc(out.left_out)
            log.error("more is wrong than alerts may be open; see alerts.most", left=out.left_out)
        for row in out.fired:
            self._metrics.alerts_fired.labels(row.rule).inc()
            log.warning("alert", rule=row.rule, site=row.site, kiosk=row.kiosk_id)
            await self.publish(row, "firing")
        for row in out.resolved:
            await self.publish(row, "resolved")

    async def _forget(self) -> None:
        now = self._clock.monotonic()
        if now - self._forgotten >= FORGET_S:
            self._forgotten = now
            await self._alerts.forget(self._clock.now() - timedelta(days=self.settings.keep_days))

    # ── what people do ───────────────────────────────────────────────────────────────────

    async def refresh(self) -> None:
        """Read how things stand, after somebody changed something. Raises StorageError."""
        self._show(tuple(row for row in await self._alerts.open() if row.resolved_at is None))

    async def acknowledge(self, row: AlertRow, by: str, why: str) -> bool:
        """Say that somebody takes care of it; False when it does not fire any more."""
        done = await self._alerts.acknowledge(row.id, by, why)
        await self.refresh()
        if done:
            await self.publish(row, "acknowledged")
        return done

    async def publish(
        self, row: AlertRow, state: Literal["firing", "acknowledged", "resolved"]
    ) -> None:
        """Tell dashboards and plugins of a change."""
        event = events.AlertChanged(
            kiosk_id=row.kiosk_id,
            at=self._clock.now(),
            alert_id=row.id,
            rule=row.rule,
            severity=row.severity,
            site=row.site,
            state=state,
            what=row.what,
        )
        await self._bus.publish(events.EVENTS_TOPIC, event.model_dump(mode="json"))

    async def test(self, name: str) -> None:
        """Send a test to a channel, past the outbox; raises KeyError or ChannelError."""
        await deliver_one(self.channels[name], trial(self._clock, self._link))

    def _show(self, rows: tuple[AlertRow, ...]) -> None:
        self.current = rows
        for severity in get_args(Severity):
            number = sum(one.severity == severity for one in rows if counts(one))
            self._metrics.alerts_open.labels(severity).set(number)


def counts(row: AlertRow) -> bool:
    """Whether an alert is among those that want a person: it fires, and is not stale."""
    return row.state == "firing" and not row.stale


def trial(clock: Clock, link: str = "") -> Notice:
    """Return the message of a test."""
    return Notice(
        id=new_id("notice"),
        kind="test",
        severity="info",
        site="",
        site_name="",
        at=clock.now(),
        link=link,
    )
