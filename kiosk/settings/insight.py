"""Settings of what operators read from counts: none of its own any more."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from kiosk.settings.base import Section


class InsightSettings(Section):
    """Nothing; the quota that counts are held against is that of the alerts."""

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, given: Any) -> Any:
        if isinstance(given, dict) and "avatar_starts_per_minute" in given:
            raise ValueError(
                "avatar_starts_per_minute is one setting with that of the alerts now; write it as "
                "alerts.avatar_starts_per_minute and remove this one"
            )
        return given
