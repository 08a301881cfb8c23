"""Tests of the settings of the page as an appliance."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kiosk.settings.screen import ScreenSettings


@pytest.mark.parametrize("value", ["24:00", "4:00", "04:60", "night"])
def test_a_time_of_day_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="such as 04:00"):
        ScreenSettings(reload_at=value)


@pytest.mark.parametrize(("value", "kept"), [("04:00", "04:00"), ("23:59", "23:59"), ("", None)])
def test_a_time_of_day_or_never(value: str, kept: str | None) -> None:
    assert ScreenSettings(reload_at=value).reload_at == kept
