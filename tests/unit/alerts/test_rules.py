"""Each rule: what it finds, at its limit, and that it is silent when all is well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.alerts.facts import (
    BreakerFacts,
    CertificateFacts,
    DiskFacts,
    Facts,
    Finding,
    LatencyFacts,
    NodeFacts,
    QuotaFacts,
    ScreenFacts,
    SinkFacts,
    StartFacts,
    VisitFacts,
)
from kiosk.alerts.rules import RULES, active
from kiosk.settings.alerts import RULE_NAMES, AlertSettings, RuleChange
from tests.unit.alerts.alerting import facts, minutes, screen
from tests.unit.storage.keeping import NOON


def found(rule: str, given: Facts, limit: float | None = None) -> list[Finding]:
    """What a rule finds, without what it cannot say."""
    judged = RULES[rule].judge(given, RULES[rule].limit if limit is None else limit)
    return [finding for finding in judged if finding.starts]


def node(**values: Any) -> NodeFacts:
    return NodeFacts(node="one", at=NOON, **values)


def test_the_table_and_the_settings_name_the_same_rules() -> None:
    assert set(RULES) == set(RULE_NAMES)
    assert all(name == rule.name for name, rule in RULES.items())
    assert set(active(AlertSettings())) == set(RULES)


def test_settings_change_a_rule_or_turn_it_off() -> None:
    changed = AlertSettings(
        rules={
            "disk": RuleChange(on=False),
            "clock": RuleChange(limit=5, severity="critical", after_s=0),
        }
    )
    rules = active(changed)
    assert "disk" not in rules
    clock = rules["clock"]
    assert (clock.limit, clock.severity, clock.after_s) == (5, "critical", 0)
    assert rules["sinks"].limit == RULES["sinks"].limit
    assert len(clock.findings(facts(screen(skew_s=6.0)))) == 1


WELL = facts(
    screen("west", frame_age_s=0.1, microphone="on", silent_s=1.0, skew_s=0.2, page="v1"),
    version="v1",
    visits=(VisitFacts("visit_1", "west", "Lobby West", "main", NOON - minutes(5), 1200),),
    starts=(StartFacts("main", 40, 2),),
    quotas=(QuotaFacts("avatar starts", 1, 2), QuotaFacts("new connections", 9, 0)),
    sinks=(SinkFacts("file", 0, 0, None), SinkFacts("far", 3, 0, NOON - minutes(1))),
    certificates=(CertificateFacts("kiosk.example", NOON + timedelta(days=60)),),
    nodes=(
        node(
            disks=(DiskFacts(path="/", free=50, total=100),),
            latencies=(LatencyFacts(name="the greeting", p95_s=60, samples=3),),
        ),
    ),
)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_silent_when_all_is_well(rule: str) -> None:
    assert found(rule, WELL) == []


GONE = screen(connected=False, changed_at=NOON - minutes(7))
BAD: dict[str, tuple[Facts, str]] = {
    "offline": (facts(GONE), "Lobby West is not connected"),
    "frame": (facts(screen(frame_age_s=20.0)), "stands still"),
    "microphone": (facts(screen(microphone="on", silent_s=90.0)), "nothing but silence"),
    "starts": (
        facts(
            starts=(StartFacts("main", 10, 4, ("no media path worked",)),),
            nodes=(node(errors={"rate_limit_exceeded": 4}),),
        ),
        "4 of the last 10 visits at Museum failed before the first word (no media path worked; "
        "the service said rate_limit_exceeded)",
    ),
    "quota": (facts(quotas=(QuotaFacts("avatar starts", 2, 2),)), "2 avatar starts in the last"),
    "latency": (
        facts(nodes=(node(latencies=(LatencyFacts(name="the greeting", p95_s=7, samples=30),)),)),
        "waits more than 7.0 s for the greeting",
    ),
    "runaway": (
        facts(visits=(VisitFacts("v", "west", "Lobby West", "main", NOON - minutes(40), 1200),)),
        "A visit at Lobby West goes on although the longest there may be is 20 min",
    ),
    "sinks": (
        facts(sinks=(SinkFacts("far", 2, 0, NOON - minutes(20), "TimeoutError"),)),
        "2 entries wait for the sink far (last failure: TimeoutError)",
    ),
    "breaker": (
        facts(
            nodes=(
                node(breakers=(BreakerFacts(plugin="faq", hook="tool", since=NOON, failures=5),)),
            )
        ),
        "The plugin faq is left out of tool: it failed 5 times in a row",
    ),
    "certificate": (
        facts(certificates=(CertificateFacts("kiosk.example", NOON + timedelta(days=10)),)),
        "The certificate of kiosk.example ends on 2026-03-11",
    ),
    "disk": (
        facts(nodes=(node(disks=(DiskFacts(path="/", free=8 * 10**9, total=10**11),)),)),
        "8.0 GB left, 8 % of it",
    ),
    "clock": (facts(screen(skew_s=-180.0)), "has a clock that is 3 min behind"),
    "version": (facts(screen(page="v1"), version="v2"), "shows page v1; this server has v2"),
    "silence": (facts(screen(reported_at=NOON - minutes(4))), "has stopped reporting"),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_what_is_wrong(rule: str) -> None:
    given, text = BAD[rule]
    one = found(rule, given)
    assert len(one) == 1
    assert text in one[0].what
    # Told as one sentence: what is wrong here, what to do in the rule.
    assert RULES[rule].fix.endswith(".")
    assert not one[0].what.endswith(".")
    assert found(rule, WELL) == []


@pytest.mark.parametrize(
    "quiet",
    [
        screen(connected=False, awaited=False),
        screen(frame_age_s=None, microphone="", skew_s=None),
        screen(page="v1", visiting=True),
    ],
    ids=["dark on purpose", "nobody there", "in a visit"],
)
def test_what_cannot_be_said_begins_no_alert_and_ends_none(quiet: ScreenFacts) -> None:
    given = facts(quiet, version="v2")
    for name in ("offline", "frame", "microphone", "clock", "version"):
        judged = list(RULES[name].judge(given, RULES[name].limit))
        assert all(not finding.starts for finding in judged)


def test_a_screen_is_missed_from_the_opening_on() -> None:
    opened = NOON - minutes(2)
    gone = screen(connected=False, changed_at=NOON - minutes(700), opened_at=opened)
    (one,) = found("offline", facts(gone))
    assert one.since == NOON - minutes(700)
    assert one.wait_from == opened
    (never,) = found("offline", facts(screen(connected=False, never=True)))
    assert "has not connected since the server started" in never.what


def test_a_microphone_that_is_missing_or_refused_says_so() -> None:
    (missing,) = found("microphone", facts(screen(microphone="missing")))
    (denied,) = found("microphone", facts(screen(microphone="denied")))
    assert "has no microphone" in missing.what
    assert "policy" in denied.fix


def test_dead_letters_and_refused_certificates_and_full_disks_are_worse() -> None:
    (dead,) = found("sinks", facts(sinks=(SinkFacts("far", 0, 1, None, "HTTP 400"),)))
    assert "has refused 1 entry for good" in dead.what
    refused = CertificateFacts("kiosk.example", wrong="certificate has expired")
    (one,) = found("certificate", facts(certificates=(refused,)))
    assert one.severity == "critical"
    unknown = CertificateFacts("kiosk.example", wrong=None)
    assert found("certificate", facts(certificates=(unknown,))) == []
    full = node(disks=(DiskFacts(path="/", free=3 * 10**6, total=10**9),))
    (disk,) = found("disk", facts(nodes=(full,)))
    assert disk.severity == "critical"
    assert "3 MB left" in disk.what


# By the server's own clock, which begins in 1970 where nothing has set it.
moments = st.integers(0, 200_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
screens = st.builds(
    ScreenFacts,
    id=st.sampled_from(["a", "b", "c"]),
    name=st.text(min_size=1, max_size=80),
    site=st.sampled_from(["main", "north", ""]),
    connected=st.booleans(),
    changed_at=moments,
    never=st.booleans(),
    awaited=st.booleans(),
    opened_at=st.none() | moments,
    reported_at=st.none() | moments,
    every_s=st.floats(0, 600),
    frame_age_s=st.none() | st.floats(0, 1e9),
    microphone=st.sampled_from(["", "on", "denied", "missing", "unheard_of"]),
    silent_s=st.none() | st.floats(0, 1e9),
    skew_s=st.none() | st.floats(-1e9, 1e9),
    page=st.text(max_size=10),
    visiting=st.booleans(),
)
worlds = st.builds(
    Facts,
    now=st.just(NOON),
    version=st.sampled_from(["", "v1"]),
    screens=st.lists(screens, max_size=4, unique_by=lambda one: one.id).map(tuple),
    starts=st.lists(
        st.builds(StartFacts, st.sampled_from(["a", "b"]), st.integers(0, 50), st.integers(0, 50)),
        max_size=2,
        unique_by=lambda one: one.site,
    ).map(tuple),
    quotas=st.lists(
        st.builds(QuotaFacts, st.just("starts"), st.integers(0, 99), st.floats(0, 99)), max_size=1
    ).map(tuple),
    sinks=st.lists(
        st.builds(
            SinkFacts,
            st.just("far"),
            st.integers(0, 9),
            st.integers(0, 9),
            st.none() | st.just(NOON - minutes(60)),
        ),
        max_size=1,
    ).map(tuple),
    nodes=st.lists(
        st.builds(
            NodeFacts,
            node=st.just("one"),
            at=st.just(NOON),
            disks=st.lists(
                st.builds(
                    DiskFacts,
                    path=st.just("/"),
                    free=st.integers(0, 10**12),
                    total=st.integers(0, 10**12),
                ),
                max_size=1,
            ).map(tuple),
        ),
        max_size=1,
    ).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(world=worlds, limit=st.floats(0, 1000))
def test_any_facts_and_limit_give_whole_findings_and_the_same_ones_again(
    world: Facts, limit: float
) -> None:
    for rule in RULES.values():
        findings = list(rule.judge(world, limit))
        assert findings == list(rule.judge(world, limit))
        subjects = [finding.subject for finding in findings]
        assert len(set(subjects)) == len(subjects)
        for one in findings:
            assert one.subject
            assert bool(one.what) == one.starts


@settings(max_examples=40, deadline=None)
@given(world=worlds, low=st.floats(0, 1000), more=st.floats(0, 1000))
def test_a_higher_limit_never_finds_more(world: Facts, low: float, more: float) -> None:
    for name in ("frame", "microphone", "quota", "clock", "silence", "sinks"):
        few = {one.subject for one in found(name, world, low + more)}
        many = {one.subject for one in found(name, world, low)}
        assert few <= many, name
