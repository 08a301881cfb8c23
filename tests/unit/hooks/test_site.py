"""The site's handle: its own time, its own settings."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from kiosk.hooks.site import Site
from tests.unit.hooks.hooking import ManualClock


class Colours(BaseModel):
    colour: str


def site(section: BaseModel | None = None) -> Site:
    return Site("p", "Museum", ("en",), ZoneInfo("Asia/Tokyo"), ManualClock(), section)


def test_the_time_is_the_sites_own() -> None:
    assert site().now().isoformat() == "2026-03-04T23:00:00+09:00"


def test_settings_are_the_model_that_was_registered() -> None:
    assert site(Colours(colour="red")).settings(Colours).colour == "red"
    with pytest.raises(TypeError, match="p registered no settings of type Colours"):
        site().settings(Colours)
