"""Rows of the fleet page: what each cell says, which rows fit a choice, and what stands above."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kiosk import events as ev
from kiosk.bus.memory import MemoryBus
from kiosk.model import Kiosk
from kiosk.web import fleet_board
from kiosk.web.fleet_board import MOST_NEEDS, SHOWN, SORTS, Choice
from kiosk.web.live import LiveView
from tests.unit.signaling.test_device import FACTS
from tests.unit.storage.keeping import NOON, ManualClock


def view(**sites: str) -> LiveView:
    clock = ManualClock()
    kiosks = [Kiosk(name, name.title(), "Foyer", site=site) for name, site in sites.items()]
    return LiveView(
        MemoryBus(clock), clock, kiosks, version="2.0", configs=dict.fromkeys(sites, "c2")
    )


def connected(live: LiveView, name: str, **facts: Any) -> None:
    live.apply(ev.KioskConnected(kiosk_id=name, at=NOON))
    at = round(NOON.timestamp() * 1000)
    known = FACTS | {"page": "2.0", "config": "c2", "at": at} | facts
    live.apply(ev.KioskReported(kiosk_id=name, at=NOON, facts=known))


def visiting(live: LiveView, name: str, minute: int = 0) -> None:
    at = NOON + timedelta(minutes=minute)
    stamp: dict[str, Any] = {"kiosk_id": name, "visit_id": f"visit_{name}", "at": at}
    live.apply(ev.VisitStarted(**stamp, language="de"))
    live.apply(ev.StateChanged(**stamp, state="listening", media="direct"))


def row(live: LiveView, name: str) -> dict[str, Any]:
    return fleet_board.row(live, live.kiosks[name])


def test_a_quiet_screen_has_nothing_to_say() -> None:
    live = view(main="main")
    connected(live, "main")
    fields = row(live, "main")
    quiet = ("why", "need", "quality", "page", "config", "versions", "spark", "error", "error_at")
    assert {fields[cell] for cell in quiet} == {""}
    assert (fields["tone"], fields["trouble"], fields["today"]) == ("calm", False, 0)


def test_a_visit_with_its_picture_and_its_day() -> None:
    live = view(main="main")
    connected(live, "main", rtt_ms=42, lost=1.25)
    visiting(live, "main")
    live.apply(
        ev.MediaChanged(
            kiosk_id="main", visit_id="visit_main", at=NOON, rung="text", detail="UDP is blocked"
        )
    )
    fields = row(live, "main")
    assert (fields["media"], fields["why"], fields["quality"]) == (
        "text only", "UDP is blocked", "42 ms, 1.2 % lost",
    )  # fmt: skip
    assert (fields["today"], fields["busiest"]) == (1, "1 visit today, most from 12:00: 1")
    assert fields["spark"].startswith("M48 16v-16")


@pytest.mark.parametrize(
    ("facts", "page", "config"),
    [
        ({}, "", ""),
        ({"page": "1.9"}, "older page", ""),
        ({"page": "1.9", "held": True}, "held at an older page", ""),
        ({"held": True}, "held at this page", ""),
        ({"config": "c1"}, "", "older configuration; reload it"),
        ({"config": ""}, "", ""),
    ],
)
def test_what_it_runs_is_said_when_it_is_not_what_is_wanted(
    facts: dict[str, Any], page: str, config: str
) -> None:
    live = view(main="main")
    connected(live, "main", **facts)
    fields = row(live, "main")
    assert (fields["page"], fields["config"]) == (page, config)


def test_both_versions_are_said_where_they_differ() -> None:
    live = view(main="main")
    connected(live, "main")
    assert row(live, "main")["versions"] == ""
    live.version, live.configs = "2.0-abcdef0123456789", {"main": "d4e5f6a7b8c9"}
    connected(live, "main", page="1.9-0123456789abcdef", config="d4e5f6a7b8c9")
    assert row(live, "main")["versions"] == "page 1.9-0123456, wanted 2.0-abcdef0"
    connected(live, "main", page="2.0-abcdef0123456789", config="c1")
    assert row(live, "main")["versions"] == "configuration c1, wanted d4e5f6a"
    found = fleet_board.chosen([row(live, "main")], Choice.of({"q": "d4e5f6a"}))
    assert [fields["id"] for fields in found] == ["main"]


def test_the_last_error_comes_in_words() -> None:
    live = view(main="main")
    kinds = [{"kind": "page: TypeError", "age_s": 20}, {"kind": "server: busy", "age_s": 5}]
    connected(live, "main", errors=kinds)
    fields = row(live, "main")
    assert fields["error"] == "The server refused something it sent (busy)"
    assert fields["error_at"] == (NOON - timedelta(seconds=5)).isoformat()


def test_the_last_error_may_be_that_of_its_line_to_voice_live() -> None:
    live = view(main="main")
    connected(live, "main", errors=[{"kind": "page: TypeError", "age_s": 90}])
    visiting(live, "main")
    lost = NOON - timedelta(seconds=20)
    live.apply(ev.UpstreamLost(kiosk_id="main", visit_id="visit_main", at=lost, code="unreachable"))
    assert row(live, "main")["error"] == "Its line to Voice Live broke (unreachable)"
    assert row(live, "main")["error_at"] == lost.isoformat()
    # What comes later and is older does not push it aside; what is newer does.
    connected(live, "main", errors=[{"kind": "page: RangeError", "age_s": 30}])
    assert row(live, "main")["error_at"] == lost.isoformat()
    connected(live, "main", errors=[{"kind": "page: RangeError", "age_s": 10}])
    assert row(live, "main")["error"] == "Its page stumbled (RangeError)"


def test_the_picture_moves_or_was_last_shown() -> None:
    live = view(main="main")

    def picture(age_s: float | None) -> tuple[str, str]:
        connected(live, "main", frame_age_s=age_s)
        fields = row(live, "main")
        return fields["picture"], fields["frame_at"]

    assert picture(None) == ("", "")
    visiting(live, "main")
    assert picture(0.04) == ("picture moving", "")
    stood = (NOON - timedelta(seconds=45)).isoformat()
    assert picture(45) == ("picture stopped", stood)
    assert picture(None) == ("last picture", stood)


def test_a_picture_that_moves_makes_no_new_row_with_every_report() -> None:
    live = view(main="main")
    visiting(live, "main")
    connected(live, "main", frame_age_s=0.04)
    first = row(live, "main")
    connected(live, "main", frame_age_s=0.01)
    assert row(live, "main") == first


def test_what_a_device_needs_makes_its_row_one_in_trouble() -> None:
    live = view(main="main", west="main", dark="main")
    connected(live, "main", at=0)
    assert row(live, "main")["tone"] == "trouble"
    assert row(live, "main")["need"].startswith("Has a wrong clock")
    assert row(live, "west")["trouble"], "not connected"
    live.kiosks["dark"].resting = True
    assert not row(live, "dark")["trouble"], "dark on purpose"


def test_choices_of_rows_and_their_order() -> None:
    live = view(alpha="north", beta="south", gamma="north", delta="south")
    connected(live, "alpha")
    connected(live, "beta", page="1.9")
    connected(live, "gamma", at=0)
    visiting(live, "alpha", 5)
    visiting(live, "beta", 1)
    rows = [fleet_board.row(live, item) for item in live.kiosks.values()]

    def ids(**query: str) -> list[str]:
        return [fields["id"] for fields in fleet_board.chosen(rows, Choice.of(query))]

    assert ids() == ["alpha", "beta", "gamma", "delta"]
    assert ids(show="trouble") == ["gamma", "delta"]
    assert ids(show="visit") == ["alpha", "beta"]
    assert ids(show="off") == ["delta"]
    assert ids(show="older") == ["beta"]
    assert ids(site="south") == ["beta", "delta"]
    assert ids(q="LISTENING foyer") == ["alpha", "beta"]
    assert ids(q="nobody") == []
    assert ids(sort="trouble") == ["gamma", "delta", "alpha", "beta"]
    assert ids(sort="visit")[:2] == ["beta", "alpha"]
    assert ids(sort="today")[2:] == ["gamma", "delta"]
    assert ids(sort="name") == ["alpha", "beta", "delta", "gamma"]
    assert Choice.of({"show": "x", "sort": "y", "view": "z"}) == Choice()
    assert set(SHOWN) == set(fleet_board._FITS)
    assert set(SORTS) == {"place", *fleet_board._ORDERS}
    found = fleet_board.groups(rows, ["a", "b", "c", "d"], {"north": "North wing"})
    assert [(group["name"], group["rows"]) for group in found] == [
        ("North wing", ["a", "c"]), ("south", ["b", "d"]),
    ]  # fmt: skip


def test_the_summary_is_bounded_and_of_the_sites_one_may_see() -> None:
    live = view(**{f"k{at}": "north" if at % 2 else "south" for at in range(20)})
    connected(live, "k1")
    visiting(live, "k1")
    everything = fleet_board.summary(live, None)
    assert len(everything["attention"]) == MOST_NEEDS
    assert everything["more"].startswith(f"and {19 - MOST_NEEDS} more things")
    assert everything["sites"]["north"] == "1 of 10 connected, 1 visit"
    south = fleet_board.summary(live, frozenset({"south"}))
    assert south["sites"] == {"south": "0 of 10 connected"}
    assert south["headline"] == "0 of 10 screens connected, no visit running."
    nobody = fleet_board.summary(live, frozenset())
    assert (nobody["attention"], nobody["more"]) == ([], "")
