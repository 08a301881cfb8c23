"""A house has its own between the site and its screens, and a mistake is named with its place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kiosk.errors import SettingsError
from kiosk.settings.places import HouseSettings, KioskSettings
from tests.unit.settings.test_overrides import settings


def test_a_screen_may_have_otherwise_whatever_a_house_may() -> None:
    assert KioskSettings.model_fields.keys() >= HouseSettings.model_fields.keys()


def test_a_house_stands_between_the_site_and_its_screens() -> None:
    made = settings(
        {"site": "north", "theme": "bright"},
        {"site": "south"},
        sites={
            "north": {"name": "North House", "theme": "dark", "time_zone": "America/New_York"},
            "south": {"hours": ["mon-fri 09:00-18:00"], "closed_days": ["2026-12-25"]},
        },
        site={"languages": ["en", "de", "fr"], "name": "The Museums", "volume": 0.4},
    )
    north, south = made.for_kiosk("k0"), made.for_kiosk("k1")
    assert (north.site.name, north.site.theme, north.site.volume) == ("North House", "bright", 0.4)
    assert (north.site.time_zone, south.site.time_zone) == ("America/New_York", "UTC")
    assert (south.site.name, south.attract.hours) == ("The Museums", ["mon-fri 09:00-18:00"])
    assert south.attract.closed_days == [date(2026, 12, 25)]
    assert made.site.name == "The Museums"


@pytest.mark.parametrize(
    ("house", "said"),
    [
        ({"time_zone": "Lisbon"}, "sites: north: time_zone: it is no IANA time zone"),
        ({"languages": ["it"]}, "sites: north: site.languages lacks 'it'"),
        ({"greet_in": ["it"]}, "sites: north: site.languages lacks 'it'"),
        ({"presence_starts": True, "consent": False}, "sites: north: attract.presence_starts"),
        ({"colour": "red"}, "sites.north.colour"),
    ],
)
def test_a_wrong_override_is_named_with_its_house(house: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings({"site": "north"}, sites={"north": house})
    assert said in str(caught.value)
