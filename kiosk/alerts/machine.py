"""The life of alerts, pure: findings and what is open go in, changes and messages come out.

pending -> firing -> acknowledged -> resolved. Told once, when it begins to fire; again only as a
reminder. What is grouped, held or due follows from the rows alone, so a restart changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from kiosk.alerts.facts import Finding
from kiosk.alerts.notice import MOST_ITEMS, RANKS, Item, Kind, Notice, worst
from kiosk.alerts.rules import RULES, ActiveRule
from kiosk.settings.alerts import Severity
from kiosk.storage.rows import AlertRow, SilenceRow


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of one round, and what it needs from outside."""

    rules: Mapping[str, ActiveRule]
    clear: timedelta
    group: timedelta
    remind: timedelta
    """Zero: never."""
    stale: timedelta
    most: int
    quiet: Callable[[str], bool]
    """Whether a site has its quiet hours now."""
    site_name: Callable[[str], str]
    new_id: Callable[[str], str]
    link: str = ""


@dataclass(slots=True)
class Round:
    """What one round makes."""

    new: list[AlertRow] = field(default_factory=list)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    fired: list[AlertRow] = field(default_factory=list)
    resolved: list[AlertRow] = field(default_factory=list)
    left_out: int = 0
    """Findings beyond `alerts.most`."""
    open: list[AlertRow] = field(default_factory=list)
    """How everything stands afterwards."""


def step(
    now: datetime,
    findings: Mapping[str, Sequence[Finding]],
    rows: Sequence[AlertRow],
    silences: Iterable[SilenceRow],
    policy: Policy,
) -> Round:
    """Take one round; `findings` are by rule, `rows` all that `Alerts.open` gives."""
    return _Step(now, rows, list(silences), policy).run(findings)


class _Step:
    def __init__(
        self,
        now: datetime,
        rows: Sequence[AlertRow],
        silences: list[SilenceRow],
        policy: Policy,
    ) -> None:
        self._now = now
        self._silences = silences
        self._policy = policy
        self._out = Round()
        self._old = {row.id: row for row in rows}
        self._rows = dict(self._old)
        self._by_key: dict[str, str] = {}
        for row in rows:
            if row.resolved_at is None:
                self._by_key.setdefault(row.key, row.id)
        self._over = {row.id for row in rows if row.resolved_at is not None}
        self._waiting: set[str] = set()
        """Ids that nothing can be said of now: kept, and not spoken of."""

    def run(self, findings: Mapping[str, Sequence[Finding]]) -> Round:
        seen = set()
        for name, found in findings.items():
            rule = self._policy.rules[name]
            for finding in found:
                row_id = self._found(rule, finding)
                if row_id is not None:
                    seen.add(row_id)
        for row in list(self._rows.values()):
            if row.resolved_at is None and row.id not in seen:
                self._missing(row)
        self._tell()
        return self._finish()

    # ── one alert ────────────────────────────────────────────────────────────────────────

    def _found(self, rule: ActiveRule, finding: Finding) -> str | None:
        key = f"{rule.rule.name}:{finding.subject}"[:300]
        row = self._rows.get(self._by_key.get(key, ""))
        if not finding.starts:
            if row is None:
                return None
            self._waiting.add(row.id)
            self._set(row, gone_at=None, stale=self._is_stale(rule, row.since))
            return row.id
        since = finding.since or self._now
        if row is None:
            if len(self._by_key) >= self._policy.most:
                self._out.left_out += 1
                return None
            row = AlertRow(
                id=self._policy.new_id("alert"),
                key=key,
                rule=rule.rule.name,
                severity=finding.severity or rule.severity,
                site=finding.site,
                kiosk_id=finding.kiosk,
                what=finding.what,
                fix=finding.fix or rule.rule.fix,
                since=min(since, self._now),
                wait_from=min(finding.wait_from or since, self._now),
            )
            self._rows[row.id] = row
            self._by_key[key] = row.id
        severity = finding.severity or rule.severity
        if RANKS[severity] > RANKS[cast(Severity, row.severity)]:
            row = self._set(row, told_at=None, held=False)  # worse than what was told
        earliest = min(row.since, since)
        row = self._set(
            row,
            gone_at=None,
            what=finding.what,
            fix=finding.fix or rule.rule.fix,
            severity=severity,
            site=finding.site,
            since=earliest,
            stale=self._is_stale(rule, earliest),
        )
        if row.fired_at is None:
            # A pending alert waits anew when opening hours begin anew.
            begun = finding.wait_from or finding.since
            if begun is not None:
                row = self._set(row, wait_from=min(begun, self._now))
            if self._now - row.wait_from >= timedelta(seconds=rule.after_s):
                self._out.fired.append(self._set(row, fired_at=self._now))
        return row.id

    def _is_stale(self, rule: ActiveRule, since: datetime) -> bool:
        return rule.rule.goes_stale and self._now - since >= self._policy.stale

    def _missing(self, row: AlertRow) -> None:
        if row.fired_at is None:
            del self._rows[row.id]
            if row.id in self._old:
                self._out.dropped.append(row.id)
            return
        gone = row.gone_at if row.gone_at is not None else self._now
        row = self._set(row, gone_at=gone)
        if self._now - gone >= self._policy.clear:
            self._out.resolved.append(self._set(row, resolved_at=self._now))

    # ── telling ──────────────────────────────────────────────────────────────────────────

    def _tell(self) -> None:
        policy = self._policy
        groups: dict[tuple[str, str], list[AlertRow]] = defaultdict(list)
        ended: dict[tuple[str, str], list[AlertRow]] = defaultdict(list)
        held: dict[str, list[AlertRow]] = defaultdict(list)
        for row in self._rows.values():
            if row.held:
                held[row.site].append(row)
            if row.resolved_at is not None:
                if row.told_at is not None and row.id not in self._over:
                    ended[row.site, row.rule].append(row)
            elif self._speaks(row):
                groups[row.site, row.rule].append(row)
        for site, rows in held.items():
            if not policy.quiet(site):
                self._sum_up(site, rows)
        for (site, rule), rows in groups.items():
            self._group(site, rule, [self._rows[row.id] for row in rows])
        for (site, rule), rows in ended.items():
            self._say("resolved", site, rule, rows)

    def _speaks(self, row: AlertRow) -> bool:
        """Whether an alert may be told of now, by itself."""
        return (
            row.fired_at is not None
            and row.acked_at is None
            and row.gone_at is None
            and not row.stale
            and row.id not in self._waiting
            and not any(silence.covers(row) for silence in self._silences)
        )

    def _group(self, site: str, rule: str, rows: list[AlertRow]) -> None:
        now, policy = self._now, self._policy
        fresh = [row for row in rows if row.told_at is None and not row.held]
        told = [row for row in rows if row.told_at is not None]
        quiet = policy.quiet(site)
        if quiet:
            for row in fresh:
                if row.severity != "critical":
                    self._set(row, held=True)
            fresh = [row for row in fresh if row.severity == "critical"]
            told = [row for row in told if row.severity == "critical"]
        due = [row.fired_at for row in fresh if row.fired_at is not None]
        if due and now - min(due) >= policy.group:
            self._say("firing", site, rule, fresh)
        late = [
            row for row in told if row.told_at is not None and now - row.told_at >= policy.remind
        ]
        if policy.remind and late:
            self._say("reminder", site, rule, late)

    def _sum_up(self, site: str, rows: list[AlertRow]) -> None:
        going = [row for row in rows if row.resolved_at is None and self._speaks(row)]
        passed = sum(row.resolved_at is not None for row in rows)
        for row in rows:
            self._set(row, held=False)
        if going or passed:
            self._say("summary", site, "", going, passed=passed)

    def _say(
        self, kind: Kind, site: str, rule: str, rows: list[AlertRow], *, passed: int = 0
    ) -> None:
        if kind != "resolved":
            rows = [self._set(row, told_at=self._now) for row in rows]
        rows = sorted(rows, key=lambda row: (row.since, row.id))
        severities = [cast(Severity, row.severity) for row in rows]
        self._out.notices.append(
            Notice(
                id=self._policy.new_id("notice"),
                kind=kind,
                severity=worst(severities) if rows else "warning",
                site=site,
                site_name=self._policy.site_name(site) if site else "",
                at=self._now,
                title=RULES[rule].title if rule in RULES else rule,
                items=tuple(_item(row) for row in rows[:MOST_ITEMS]),
                more=max(0, len(rows) - MOST_ITEMS),
                passed=passed,
                quiet=self._policy.quiet(site) and worst(severities) != "critical",
                link=self._policy.link,
            )
        )

    # ── keeping book ─────────────────────────────────────────────────────────────────────

    def _set(self, row: AlertRow, **values: Any) -> AlertRow:
        changed = replace(self._rows[row.id], **values)
        self._rows[row.id] = changed
        return changed

    def _finish(self) -> Round:
        out = self._out
        out.fired = [self._rows[row.id] for row in out.fired]
        for row_id, row in self._rows.items():
            old = self._old.get(row_id)
            if old is None:
                out.new.append(row)
            elif old != row:
                # Only what differs: somebody may acknowledge it at the same moment.
                out.changes[row_id] = {
                    name: getattr(row, name)
                    for name in AlertRow.__dataclass_fields__
                    if getattr(row, name) != getattr(old, name)
                }
            if row.resolved_at is None:
                out.open.append(row)
        return out


def _item(row: AlertRow) -> Item:
    return Item(
        alert=row.id,
        rule=row.rule,
        severity=cast(Severity, row.severity),
        site=row.site,
        kiosk=row.kiosk_id,
        what=row.what,
        since=row.since,
        fix=row.fix,
        over_at=row.resolved_at,
    )
