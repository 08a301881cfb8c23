"""The life of alerts: told once, grouped, held, reminded of, over; for any course of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.alerts.facts import Finding
from kiosk.alerts.machine import Policy, Round, step
from kiosk.alerts.notice import Notice
from kiosk.storage.rows import AlertRow, SilenceRow
from tests.unit.alerts.alerting import finding, minutes, policy
from tests.unit.storage.keeping import NOON

SILENCE = "silence"  # the rule these tests use; any would do
NIGHT = (22, 7)


class Life:
    """Keeps the rows from round to round, as storage does."""

    def __init__(self, rules: Policy | None = None) -> None:
        self.now = NOON
        self.rows: dict[str, AlertRow] = {}
        self.silences: list[SilenceRow] = []
        self.policy = rules or policy()
        self.told: list[Notice] = []
        self.quiet = False

    def round(
        self, *findings: Finding, rule: str = SILENCE, after: float = 15, **more: Sequence[Finding]
    ) -> Round:
        self.now += timedelta(seconds=after)
        given: Mapping[str, Sequence[Finding]] = {rule: findings, **more}
        rules = replace(self.policy, quiet=lambda site: self.quiet)
        kept = [row for row in self.rows.values() if row.resolved_at is None or row.held]
        silences = [one for one in self.silences if one.until > self.now]
        out = step(self.now, given, kept, silences, rules)
        for row in out.new:
            self.rows[row.id] = row
        for row_id, values in out.changes.items():
            self.rows[row_id] = replace(self.rows[row_id], **values)
        for row_id in out.dropped:
            del self.rows[row_id]
        self.told += out.notices
        return out

    def rounds(self, count: int, *findings: Finding, **more: Any) -> None:
        for _ in range(count):
            self.round(*findings, **more)

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows.values()]

    @property
    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.told]

    def acknowledge(self) -> None:
        self.rows = {
            key: replace(row, acked_at=self.now, acked_by="anna") if row.fired_at else row
            for key, row in self.rows.items()
        }


def test_pending_firing_told_once_and_over() -> None:
    life = Life()
    life.round(finding())
    assert life.states == ["pending"]
    life.rounds(4, finding())
    assert life.states == ["firing"]
    assert life.kinds == []  # others may join it
    life.rounds(2, finding())
    assert life.kinds == ["firing"]
    assert life.told[0].items[0].what == "west is not well"
    assert life.told[0].site_name == "Museum"
    life.rounds(20, finding())
    assert life.kinds == ["firing"]
    life.rounds(8)
    assert life.states == ["firing"]  # gone, but perhaps only for a moment
    life.rounds(1)
    assert life.states == ["resolved"]
    assert life.kinds == ["firing", "resolved"]
    assert life.told[1].items[0].over_at == life.now


def test_what_passes_before_its_time_leaves_no_trace() -> None:
    life = Life()
    life.rounds(3, finding())
    life.round()
    assert life.rows == {}
    assert life.told == []


def test_a_flapping_trouble_is_one_alert_and_one_message() -> None:
    life = Life()
    life.rounds(8, finding())
    for _ in range(10):
        life.rounds(3)
        life.rounds(3, finding())
    assert life.kinds == ["firing"]
    assert life.states == ["firing"]


def test_an_old_trouble_fires_at_once_and_says_since_when() -> None:
    life = Life()
    out = life.round(finding(since=NOON - minutes(10)))
    assert life.states == ["firing"]
    assert out.fired[0].since == NOON - minutes(10)
    # Opening hours: it counts from when somebody was to be expected.
    other = Life()
    other.round(finding(since=NOON - minutes(600), wait_from=NOON))
    assert other.states == ["pending"]


def test_many_screens_of_a_site_are_one_message() -> None:
    life = Life()
    west, east, north = (finding(name) for name in ("west", "east", "north"))
    far = finding("far", site="harbour")
    life.rounds(5, west, far)
    life.rounds(1, west, east, north, far)
    old = [replace(one, since=NOON) for one in (west, east, north, far)]
    life.rounds(2, *old)
    assert life.kinds == ["firing", "firing"]
    by_site = {notice.site: notice for notice in life.told}
    assert {item.kiosk for item in by_site["main"].items} == {"east", "north", "west"}
    assert by_site["main"].headline == "Museum: A connected screen has stopped reporting (3)"
    assert len(by_site["harbour"].items) == 1


def test_more_than_a_message_holds_are_counted() -> None:
    life = Life(policy(most=2000))
    life.rounds(3, *(finding(f"k{n}", since=NOON - minutes(9)) for n in range(600)))
    (told,) = life.told
    assert (len(told.items), told.more, told.unshown) == (500, 100, 580)


def test_a_reminder_until_somebody_takes_care() -> None:
    life = Life()
    life.rounds(8, finding())
    life.round(finding(), after=4 * 3600)
    assert life.kinds == ["firing", "reminder"]
    assert life.told[1].headline == "Museum: Still: west is not well"
    life.acknowledge()
    assert life.states == ["acknowledged"]
    life.round(finding(), after=9 * 3600)
    assert life.kinds == ["firing", "reminder"]
    never = Life(policy(remind=timedelta(0)))
    never.rounds(8, finding())
    never.round(finding(), after=9 * 3600)
    assert never.kinds == ["firing"]


def test_what_is_taken_care_of_before_it_is_told_is_not_told() -> None:
    life = Life()
    life.rounds(5, finding())
    life.acknowledge()
    life.rounds(10, finding())
    assert life.kinds == []


def test_quiet_hours_hold_back_and_are_summed_up() -> None:
    life = Life()
    life.quiet = True
    life.rounds(20, finding("west"), finding("east"))
    assert life.kinds == []
    life.rounds(12, finding("west"))
    assert sorted(life.states) == ["firing", "resolved"]
    life.quiet = False
    life.round(finding("west"))
    (summary,) = life.told
    assert (summary.kind, summary.passed) == ("summary", 1)
    assert [item.kiosk for item in summary.items] == ["west"]
    assert summary.headline == "Museum: 1 alert from quiet hours, 1 more came and went"
    life.rounds(20, finding("west"))
    assert life.kinds == ["summary"]
    assert not any(row.held for row in life.rows.values())


def test_what_is_critical_is_told_at_night_too() -> None:
    life = Life()
    life.quiet = True
    life.rounds(8, finding(severity="critical"), finding("east"))
    assert life.kinds == ["firing"]
    assert [item.kiosk for item in life.told[0].items] == ["west"]
    life.rounds(10, finding("east"))
    assert life.kinds == ["firing", "resolved"]
    assert not life.told[1].quiet


def test_what_gets_worse_is_told_again() -> None:
    life = Life()
    life.quiet = True
    life.rounds(10, finding())
    assert life.kinds == []
    life.rounds(2, finding(severity="critical"))
    assert life.kinds == ["firing"]
    life.rounds(2, finding())  # better, but not good
    life.rounds(2, finding(severity="critical"))
    assert life.kinds == ["firing", "firing"]


def test_a_silenced_alert_is_told_when_the_silence_ends() -> None:
    life = Life()
    until = NOON + minutes(30)
    life.silences = [SilenceRow("s", SILENCE, "main", "", "moving house", "anna", NOON, until)]
    life.rounds(20, finding())
    assert life.states == ["firing"]
    assert life.kinds == []
    life.round(finding(), after=1800)
    assert life.kinds == ["firing"]
    other = Life()
    other.silences = [SilenceRow("s", "", "", "east", "moved", "anna", NOON, until)]
    other.rounds(8, finding("west"), finding("east"))
    assert [item.kiosk for item in other.told[0].items] == ["west"]


def test_unknown_keeps_an_alert_and_says_nothing() -> None:
    life = Life()
    unknown = finding(starts=False, what="")
    life.rounds(3, unknown)
    assert life.rows == {}
    life.rounds(8, finding())
    life.round(unknown, after=6 * 3600)
    assert life.states == ["firing"]
    assert life.kinds == ["firing"]
    life.round(finding())
    assert life.kinds == ["firing", "reminder"]


def test_a_screen_put_away_leaves_the_counts() -> None:
    life = Life()
    life.rounds(30, finding(), rule="offline")
    assert life.kinds == ["firing"]
    life.round(finding(), rule="offline", after=8 * 86_400)
    (row,) = life.rows.values()
    assert row.stale
    assert life.kinds == ["firing"]
    # Only what can be put away: a full disk stays what it is.
    disk = Life()
    disk.rounds(30, finding(), rule="disk")
    disk.round(finding(), rule="disk", after=8 * 86_400)
    assert disk.kinds == ["firing", "reminder"]


def test_a_flood_is_bounded_and_counted() -> None:
    life = Life(policy(most=10))
    out = life.round(*(finding(f"k{n}") for n in range(25)))
    assert len(life.rows) == 10
    assert out.left_out == 15


def test_two_rows_of_one_trouble_become_one() -> None:
    life = Life()
    life.rounds(8, finding())
    (row,) = life.rows.values()
    life.rows["alert_twin"] = replace(row, id="alert_twin")
    life.rounds(10, finding())
    assert sorted(life.states) == ["firing", "resolved"]


courses = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from(["a", "b", "c"])),  # who is not well
        st.sampled_from([5.0, 15.0, 90.0, 200.0, 20_000.0]),  # after how long
        st.sampled_from(["", "quiet", "loud", "acknowledge"]),
        st.booleans(),  # critical
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(course=courses)
def test_any_course_tells_each_alert_once_until_reminded(
    course: list[tuple[frozenset[str], float, str, bool]],
) -> None:
    life = Life()
    for ill, after, word, critical in course:
        if word == "acknowledge":
            life.acknowledge()
        elif word:
            life.quiet = word == "quiet"
        severity: Any = "critical" if critical else None
        before = dict(life.rows)
        out = life.round(*(finding(name, severity=severity) for name in sorted(ill)), after=after)
        open_rows = [row for row in life.rows.values() if row.resolved_at is None]
        assert len({row.key for row in open_rows}) == len(open_rows)
        told_now = [
            item.alert for one in out.notices if one.kind != "resolved" for item in one.items
        ]
        assert len(set(told_now)) == len(told_now), "told twice in one round"
        for one in out.notices:
            if one.kind == "resolved":
                continue
            for item in one.items:
                row, old = life.rows[item.alert], before.get(item.alert)
                assert row.state == "firing"
                assert not row.held
                if one.kind == "firing" and old is not None and old.told_at is not None:
                    assert (old.severity, row.severity) == ("warning", "critical")
            assert not (life.quiet and one.severity != "critical"), "somebody was woken"


@settings(max_examples=30, deadline=None)
@given(course=courses)
def test_nothing_is_remembered_but_the_rows(
    course: list[tuple[frozenset[str], float, str, bool]],
) -> None:
    """A restart between any two rounds changes nothing: the same rows give the same round."""

    def lived(kept: Callable[[Life], Life]) -> list[tuple[str, list[str]]]:
        life = Life()
        for ill, after, _, _ in course:
            life = kept(life)
            life.round(*map(finding, sorted(ill)), after=after)
        return [(one.kind, [item.kiosk for item in one.items]) for one in life.told]

    def restarted(old: Life) -> Life:
        new = Life(old.policy)
        new.rows, new.now, new.told = dict(old.rows), old.now, list(old.told)
        return new

    assert lived(restarted) == lived(lambda life: life)
