"""What counts are held against."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kiosk.settings.insight import InsightSettings


def test_a_resource_starts_two_avatars_a_minute_unless_it_is_said() -> None:
    assert InsightSettings().avatar_starts_per_minute == 2
    with pytest.raises(ValidationError):
        InsightSettings(avatar_starts_per_minute=0)
