"""The rules: each one pure function over facts, in a table with its name, severity and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kiosk.alerts.facts import Facts, Finding, ScreenFacts
from kiosk.alerts.words import count, span
from kiosk.settings.alerts import AlertSettings, Severity

Judge = Callable[[Facts, float], Iterable[Finding]]
"""Takes the facts and the limit in force."""

MOST_FAILED: Final = 3
"""So many visits must have failed to begin before a share of them says anything."""
LEAST_SAMPLES: Final = 10
"""So many waits must have been measured before their 95th percentile says anything."""
CERTIFICATE_URGENT_DAYS: Final = 7
MB: Final = 1_000_000
GB: Final = 1000 * MB


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `title` is what it watches, `fix` what to do about it."""

    name: str
    title: str
    severity: Severity
    limit: float
    unit: str
    after_s: float
    fix: str
    judge: Judge
    goes_stale: bool = False
    """After `alerts.stale_days` it leaves the counts: somebody has put the thing away."""


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule with the settings in force."""

    rule: Rule
    severity: Severity
    limit: float
    after_s: float

    def findings(self, facts: Facts) -> list[Finding]:
        """Ask the rule."""
        return list(self.rule.judge(facts, self.limit))


def active(settings: AlertSettings) -> dict[str, ActiveRule]:
    """Return the rules that are on, each with its limits in force."""
    found = {}
    for name, rule in RULES.items():
        change = settings.rule(name)
        if change.on:
            found[name] = ActiveRule(
                rule,
                change.severity or rule.severity,
                rule.limit if change.limit is None else change.limit,
                rule.after_s if change.after_s is None else change.after_s,
            )
    return found


def _of(screen: ScreenFacts, what: str, **more: object) -> Finding:
    return Finding(
        subject=screen.id,
        what=f"{screen.name} {what}",
        site=screen.site,
        kiosk=screen.id,
        **more,  # type: ignore[arg-type]  # keyword fields of Finding, checked by its callers' tests
    )


def _unknown(screen: ScreenFacts) -> Finding:
    return Finding(subject=screen.id, site=screen.site, kiosk=screen.id, starts=False)


def offline(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find screens without a connection while visitors are awaited."""
    del limit
    for screen in facts.screens:
        if screen.connected:
            continue
        if not screen.awaited:
            yield _unknown(screen)  # dark on purpose: nothing new, and nothing is mended either
            continue
        what = "has not connected since the server started" if screen.never else "is not connected"
        waited = screen.changed_at
        if screen.opened_at is not None:
            waited = max(waited, screen.opened_at)
        yield _of(screen, what, since=screen.changed_at, wait_from=waited)


def frame(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find screens whose picture stands still in front of a visitor."""
    for screen in facts.screens:
        age, at = screen.frame_age_s, screen.reported_at
        if age is None or at is None or not screen.connected:
            yield _unknown(screen)
        elif age > limit:
            since = at - timedelta(seconds=age)
            yield _of(screen, "shows its visitor a picture that stands still", since=since)


def microphone(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find screens that cannot hear their visitors."""
    for screen in facts.screens:
        at = screen.reported_at
        if not screen.microphone or at is None or not screen.connected:
            yield _unknown(screen)
        elif screen.microphone == "denied":
            yield _of(
                screen,
                "may not use its microphone: the browser refuses it",
                since=at,
                fix="Allow the microphone for this address in the browser's policy.",
            )
        elif screen.microphone == "missing":
            yield _of(
                screen,
                "has no microphone",
                since=at,
                fix="Look whether the microphone is plugged in and seen by the system.",
            )
        elif screen.silent_s is not None and screen.silent_s >= limit:
            since = at - timedelta(seconds=screen.silent_s)
            yield _of(screen, "hears nothing but silence", since=since)


def starts(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find sites where visits fail before the first word."""
    worst = sorted(
        {(n, code) for node in facts.nodes for code, n in node.errors.items()}, reverse=True
    )
    said = ", ".join(code for _, code in worst[:2])
    for site in facts.starts:
        if site.failed < MOST_FAILED or site.failed < limit / 100 * site.begun:
            continue
        why = ", ".join(site.kinds) or "no reason known"
        heard = f"; the service said {said}" if said else ""
        yield Finding(
            subject=site.site,
            what=f"{site.failed} of the last {count(max(site.begun, site.failed), 'visit')} at "
            f"{facts.site(site.site)} failed before the first word ({why}{heard})",
            site=site.site,
        )


def quota(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find quotas that are nearly used up."""
    for one in facts.quotas:
        if one.most > 0 and one.used >= limit / 100 * one.most:
            yield Finding(
                subject=one.name,
                what=f"{one.used} {one.name} in the last minute, of {one.most:g} the quota allows",
            )


def latency(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find servers whose visitors wait too long."""
    for node in facts.nodes:
        for one in node.latencies:
            if one.samples >= LEAST_SAMPLES and one.p95_s > limit:
                yield Finding(
                    subject=f"{node.node}/{one.name}",
                    what=f"One in twenty visitors waits more than {one.p95_s:.1f} s for "
                    f"{one.name} (server {node.node})",
                )


def runaway(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find visits that go on although their time is long over."""
    for visit in facts.visits:
        over = visit.longest_s * limit / 100
        if (facts.now - visit.started_at).total_seconds() > over:
            yield Finding(
                subject=visit.id,
                what=f"A visit at {visit.kiosk_name} goes on although the longest there may be "
                f"is {span(visit.longest_s)}",
                since=visit.started_at,
                site=visit.site,
                kiosk=visit.kiosk,
            )


def sinks(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find transcript sinks that do not take what waits for them."""
    for sink in facts.sinks:
        reason = f" (last failure: {sink.error})" if sink.error else ""
        if sink.dead:
            entries = count(sink.dead, "entry", "entries")
            yield Finding(
                subject=sink.name,
                what=f"The sink {sink.name} has refused {entries} for good{reason}",
            )
        elif sink.oldest is not None and facts.now - sink.oldest > timedelta(minutes=limit):
            entries = count(sink.waiting, "entry waits", "entries wait")
            yield Finding(
                subject=sink.name,
                what=f"{entries} for the sink {sink.name}{reason}",
                since=sink.oldest,
            )


def breaker(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find plugins' hooks that are left out because they keep failing."""
    for node in facts.nodes:
        for one in node.breakers:
            if one.failures >= limit:
                yield Finding(
                    subject=f"{node.node}/{one.plugin}/{one.hook}",
                    what=f"The plugin {one.plugin} is left out of {one.hook}: it failed "
                    f"{count(one.failures, 'time')} in a row (server {node.node})",
                    since=one.since,
                )


def certificate(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find certificates that are refused or will soon be."""
    for one in facts.certificates:
        if one.wrong is None:
            yield Finding(subject=one.host, starts=False)
        elif one.wrong:
            yield Finding(
                subject=one.host,
                what=f"The certificate of {one.host} is refused: {one.wrong}",
                severity="critical",
            )
        elif one.expires_at is not None and one.expires_at - facts.now < timedelta(days=limit):
            left = one.expires_at - facts.now
            urgent = left < timedelta(days=CERTIFICATE_URGENT_DAYS)
            yield Finding(
                subject=one.host,
                what=f"The certificate of {one.host} ends on {one.expires_at:%Y-%m-%d}",
                severity="critical" if urgent else None,
            )


def disk(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find servers whose disk is nearly full."""
    for node in facts.nodes:
        for one in node.disks:
            share = 100 * one.free / one.total if one.total > 0 else 100.0
            if share < limit:
                size = f"{one.free / GB:.1f} GB" if one.free >= GB else f"{one.free // MB} MB"
                yield Finding(
                    subject=f"{node.node}{one.path}",
                    what=f"The disk of server {node.node} ({one.path}) has {size} left, "
                    f"{share:.0f} % of it",
                    severity="critical" if share < limit / 2 else None,
                )


def clock(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find screens whose clock is wrong."""
    for screen in facts.screens:
        if screen.skew_s is None or not screen.connected:
            yield _unknown(screen)
        elif abs(screen.skew_s) >= limit:
            way = "ahead" if screen.skew_s > 0 else "behind"
            yield _of(screen, f"has a clock that is {span(abs(screen.skew_s))} {way}")


def version(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find screens that still show an older page although nobody visits them."""
    del limit
    for screen in facts.screens:
        if not screen.connected or not screen.page or not facts.version or screen.visiting:
            yield _unknown(screen)
        elif screen.page != facts.version:
            yield _of(screen, f"shows page {screen.page}; this server has {facts.version}")


def silence(facts: Facts, limit: float) -> Iterator[Finding]:
    """Find connected screens that have stopped telling how they are."""
    for screen in facts.screens:
        heard = screen.reported_at if screen.reported_at is not None else screen.changed_at
        missed = (facts.now - heard).total_seconds() / max(screen.every_s, 1.0)
        if screen.connected and missed > limit:
            yield _of(screen, "is connected and has stopped reporting", since=heard)


RULES: Final[Mapping[str, Rule]] = {
    rule.name: rule
    for rule in (
        Rule(
            "offline", "A screen is not connected in its opening hours", "critical", 0, "", 300,
            "Look whether it has power and network; the service panel on the screen says more.",
            offline, goes_stale=True,
        ),
        Rule(
            "frame", "A visitor sees a picture that stands still", "critical", 12, "s", 30,
            "Reload the screen; if it happens again look at its media path on its page.", frame,
        ),
        Rule(
            "microphone", "A screen cannot hear its visitors", "warning", 60, "s of silence", 30,
            "Look whether the microphone is covered, muted at the device, or the wrong one.",
            microphone,
        ),
        Rule(
            "starts", "Visits fail before the first word", "critical", 20, "% of visits in 15 min",
            60, "Run `kiosk check` on the server: it says what Voice Live answers.", starts,
        ),
        Rule(
            "quota", "A quota is nearly used up", "warning", 80, "% of the quota", 120,
            "Ask for a higher quota, or add a resource; further visitors will have to wait.", quota,
        ),
        Rule(
            "latency", "Visitors wait too long", "warning", 5, "s at the 95th percentile", 120,
            "Compare with the upstream's own times; look at the server's load and network.",
            latency,
        ),
        Rule(
            "runaway", "A visit does not end", "warning", 110, "% of the longest visit", 0,
            "End it on its page; it costs money while it runs.", runaway,
        ),
        Rule(
            "sinks", "A transcript sink does not take entries", "warning", 15, "min of waiting", 60,
            "See the page of sinks: mend the receiver, then replay what was put aside.", sinks,
        ),
        Rule(
            "breaker", "A plugin is left out because it keeps failing", "warning", 1, "failures",
            60, "See the page of plugins: it has the last failures, and can try it again.", breaker,
        ),
        Rule(
            "certificate", "A certificate is refused or ends soon", "warning", 21, "days left", 0,
            "Have it renewed; then nothing else is to do here.", certificate,
        ),
        Rule(
            "disk", "A disk is nearly full", "warning", 10, "% free", 60,
            "Free some space: old backups first, then shorten how long visits are kept.", disk,
        ),
        Rule(
            "clock", "A screen's clock is wrong", "warning", 60, "s off", 120,
            "Set the device to take its time from the network.", clock,
        ),
        Rule(
            "version", "A screen keeps an older page", "info", 0, "", 1800,
            "Reload it; if it stays, its browser keeps an old copy: restart it.", version,
        ),
        Rule(
            "silence", "A connected screen has stopped reporting", "warning", 5, "missed reports",
            60, "Reload it; what its page shows is as old as its last report.", silence,
        ),
    )
}  # fmt: skip
"""Every rule by name."""
