"""From counts to tables: sums over days and sites, shares, a forecast, what plugins may add."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from kiosk.storage.insight import Count
from kiosk.web.figures import Section, forecast, given, sections

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 2)


def made(**measures: dict[str, int]) -> dict[str, Section]:
    counts = [
        Count(day, site, measure, label, value)
        for day in (FIRST, LAST)
        for site in ("north", "south")
        for measure, labels in measures.items()
        for label, value in labels.items()
    ]
    found = sections(counts, FIRST, LAST, kiosk_name=str.upper, starts_per_minute=2)
    return {section.key: section for section in found}


def test_days_and_sites_are_added_up() -> None:
    found = made(visits={"all": 3}, seconds={"all": 90}, kiosk={"lobby": 3})
    assert found["days"].rows == (("2026-03-01", 6, 3.0), ("2026-03-02", 6, 3.0))
    assert found["days"].note == "12 visits in 2 days."
    assert found["kiosks"].rows == (("LOBBY", 12, "100%"),)


def test_a_day_without_a_visit_is_there() -> None:
    found = sections([], FIRST, LAST, kiosk_name=str, starts_per_minute=2)
    assert [len(section.rows) for section in found if section.key in {"days", "hours"}] == [2, 24]
    assert all(section.head for section in found)


def test_the_funnel_is_of_those_who_touched() -> None:
    funnel = made(
        step={"touch": 10, "consent": 8, "greeting": 7, "asked": 5, "tool": 2},
        ended={"goodbye": 4, "idle": 3, "error": 3},
    )["funnel"]
    assert [row[1:] for row in funnel.rows] == [
        (40, "100%"), (32, "80%"), (28, "70%"), (20, "50%"), (8, "20%"), (28, "70%"),
    ]  # fmt: skip


def test_the_funnel_begins_with_who_came_close_where_that_is_noticed() -> None:
    funnel = made(step={"noticed": 20, "touch": 10, "consent": 8})["funnel"]
    assert funnel.rows[:3] == (
        ("Came close to a waiting screen", 80, "100%"),
        ("Touched the screen", 40, "50%"),
        ("Accepted the notice", 32, "40%"),
    )
    # A touch needs no camera: with few who were noticed, it is of those who touched.
    funnel = made(step={"noticed": 2, "touch": 10})["funnel"]
    assert [row[2] for row in funnel.rows[:2]] == ["20%", "100%"]


def test_tools_are_a_row_each_with_their_outcomes() -> None:
    tools = made(
        tool={"find way ok": 3, "find way failed": 1, "hours ok": 1}, tool_ms={"find way": 800}
    )["tools"]
    assert tools.rows == (("find way", 16, 12, 4, 0, 0, 0, 200), ("hours", 4, 4, 0, 0, 0, 0, 0))


def test_delays_satisfaction_media_and_cost_are_said() -> None:
    found = made(
        answer_ms={"500": 3, "more": 1},
        answer={"count": 4, "ms": 6000},
        satisfaction={"5": 3, "2": 1},
        found={"yes": 2},
        media={"direct": 3},
        tokens={"input": 100},
        avatar={"starts": 60},
        avatar_hour={"10": 60},
    )
    assert found["answers"].note.endswith(
        "Median at most 500 ms, 95th percentile more than 10.0 s, mean 1.5 s."
    )
    assert found["answers"].rows[-1] == ("longer", 4, "25%")
    assert found["satisfaction"].note.startswith("4.2 of 5 from 16 answers.")
    assert found["media"].rows[0][0] == "direct picture"
    assert found["cost"].rows[1][:2] == ("Tokens in", 400)
    assert (
        "Most avatars in one hour: 120, on 2026-03-01 from 10:00; 2.00 a minute on average, of 2 "
        "(100%)." in found["cost"].note
    )


def test_the_busiest_hour_is_one_of_one_day_and_not_an_average_of_days() -> None:
    counts = [
        Count(FIRST, "north", "avatar_hour", "10", 12),
        Count(LAST, "north", "avatar_hour", "10", 90),
        Count(LAST, "south", "avatar_hour", "10", 30),
        Count(LAST, "south", "avatar_hour", "11", 100),
    ]

    def cost(quota: float) -> str:
        found = sections(counts, FIRST, LAST, kiosk_name=str, starts_per_minute=quota)
        return next(section.note for section in found if section.key == "cost")

    assert "120, on 2026-03-02 from 10:00; 2.00 a minute on average, of 4 (50%)." in cost(4)
    assert "2.00 a minute on average. Single minutes" in cost(0), "no quota is watched"


@pytest.mark.parametrize(
    ("counts", "median", "most"),
    [
        ({"500": 1}, "at most 500 ms", "at most 500 ms"),
        ({"500": 10, "1000": 9, "1500": 1}, "at most 500 ms", "at most 1.0 s"),
        ({"500": 10, "1000": 8, "1500": 2}, "at most 500 ms", "at most 1.5 s"),
        ({"500": 9, "1500": 10, "more": 1}, "at most 1.5 s", "at most 1.5 s"),
        ({"5000": 1, "more": 9}, "more than 10.0 s", "more than 10.0 s"),
    ],
)
def test_median_and_95th_percentile_are_bounds(
    counts: dict[str, int], median: str, most: str
) -> None:
    found = made(answer_ms=counts, answer={"ms": 700 * sum(counts.values())})["delays"]
    assert found.head == ("Delay of answers", "ms", "Which means")
    assert [(row[0], row[2]) for row in found.rows] == [
        ("Median", median), ("95th percentile", most), ("Mean", "700 ms"),
    ]  # fmt: skip
    assert found.rows[2][1] == 700


def test_without_an_answer_there_is_no_typical_delay() -> None:
    assert made()["delays"].rows == ()
    assert made()["answers"].note == "From the visitor's last word to the answer's first."


def test_a_forecast_takes_each_day_as_its_weekday_was() -> None:
    today = date(2026, 3, 14)
    days = [today - timedelta(days=at) for at in range(28)]
    counts = Counter({day: 10 if day.weekday() < 5 else 0 for day in days})
    so_far, whole = forecast(counts, today)
    assert so_far == 100
    assert whole == 100 + 12 * 10, "12 working days are left in March"
    assert forecast(Counter(), today) == (0, 0)


def test_plugins_may_have_some_things_counted() -> None:
    assert given({"else": 1}) == {}
    assert given({"insight": {"satisfaction": "5", "found": "no"}}) == {
        "satisfaction": {"5": 1}, "found": {"no": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    "wanted",
    [
        {"satisfaction": 5},
        {"satisfaction": "6"},
        {"visits": "all"},
        {"unanswered": "Where is it?"},
        "x",
    ],
)
def test_and_no_others(wanted: Any) -> None:
    with pytest.raises(ValueError, match="insight"):
        given({"insight": wanted})
