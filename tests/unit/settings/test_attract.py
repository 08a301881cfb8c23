"""Settings of the waiting screen: mistakes are found at start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from kiosk.settings.attract import AttractSettings


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"hours": ["whenever"]}, "are no hours"),
        ({"night": "late"}, "write it as"),
        ({"hello": "hello.txt"}, "hello is a .wav"),
        ({"presence": "microphone"}, "camera"),
        ({"slide_s": 0.1}, "greater than or equal to 4"),
    ],
)
def test_what_it_cannot_be(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AttractSettings.model_validate(values)


def test_it_is_always_open_and_watches_nobody_by_default() -> None:
    attract = AttractSettings()
    assert attract.opening.is_open(datetime(2026, 11, 27, 3, tzinfo=UTC))
    assert (attract.nights, attract.presence, attract.presence_starts) == (None, "off", False)
