"""Opening hours: as people write them, past midnight, over the clock change, and what is next."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from kiosk.settings.hours import Hours, parse_line, parse_span

LISBON = ZoneInfo("Europe/Lisbon")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LISBON)


def hours(*lines: str, closed: tuple[date, ...] = ()) -> Hours:
    return Hours([parse_line(line) for line in lines], closed)


MUSEUM = hours("tue-fri 10:00-18:00", "sat,sun 11:00-20:00", closed=(date(2026, 12, 25),))


@pytest.mark.parametrize(
    ("moment", "is_open", "changes"),
    [
        ("2026-11-27T09:59", False, "2026-11-27T10:00"),
        ("2026-11-27T10:00", True, "2026-11-27T18:00"),
        ("2026-11-27T18:00", False, "2026-11-28T11:00"),
        ("2026-11-29T21:00", False, "2026-12-01T10:00"),  # Monday is left out
        ("2026-12-24T19:00", False, "2026-12-26T11:00"),  # and so is a closed day
    ],
)
def test_a_museum_s_week(moment: str, is_open: bool, changes: str) -> None:
    assert MUSEUM.is_open(at(moment)) is is_open
    assert MUSEUM.next_change(at(moment)) == at(changes)


def test_a_bar_is_open_past_midnight() -> None:
    bar = hours("fri 18:00-02:00")
    assert bar.is_open(at("2026-11-28T01:59"))
    assert not bar.is_open(at("2026-11-28T02:00"))
    assert hours("mon 08:00-24:00").is_open(at("2026-11-30T23:59"))


def test_days_in_a_row_have_no_gap_at_midnight() -> None:
    always = hours("mon-sun 00:00-24:00")
    assert always.is_open(at("2026-11-28T00:00"))
    assert always.next_change(at("2026-11-28T00:00")) is None


def test_without_lines_it_is_always_open_but_on_closed_days() -> None:
    assert Hours().next_change(at("2026-11-28T12:00")) is None
    holiday = Hours((), (date(2026, 12, 25),))
    assert not holiday.is_open(at("2026-12-25T12:00"))
    assert holiday.next_change(at("2026-12-24T12:00")) == at("2026-12-25T00:00")


def test_the_hour_that_the_clocks_skip_opens_nobody_late() -> None:
    early = hours("sun 09:00-12:00")
    assert early.next_change(at("2027-03-28T00:30")) == at("2027-03-28T09:00")


def test_when_the_opening_of_now_began() -> None:
    week = hours("mon-fri 09:00-18:00", "sat 00:00-24:00", "sun 00:00-12:00")
    assert week.began(at("2026-11-27T12:00")) == at("2026-11-27T09:00")
    assert week.began(at("2026-11-27T20:00")) is None
    assert week.began(at("2026-11-29T11:00")) == at("2026-11-28T00:00")  # one long opening
    assert Hours().began(at("2026-11-27T12:00")) is None


def test_a_night_runs_over_midnight() -> None:
    night = Hours([parse_span("21:00-07:00")])
    assert night.is_open(at("2026-11-28T03:00"))
    assert not night.is_open(at("2026-11-28T12:00"))
    assert night.next_change(at("2026-11-28T12:00")) == at("2026-11-28T21:00")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mon-fri", "no hours; write them as"),
        ("funday 10:00-11:00", "'funday' is no weekday"),
        ("mon 10:00-10:00", "begins when it ends"),
        ("mon 25:00-26:00", "a time is written as"),
        ("mon 9-17", "no hours"),
    ],
)
def test_what_are_no_hours_is_said_with_the_form(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_line(line)
    with pytest.raises(ValueError, match="write it as `21:00-07:00`"):
        parse_span("night")
