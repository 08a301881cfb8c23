"""Quotas are off, documented, measured or one's own; the clock of all of them can run faster."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kiosk.emulator.scenario.service import Service, retry_after


def test_everything_is_off_by_default() -> None:
    assert Service().in_force() == {}


def test_the_documented_quotas() -> None:
    assert Service(quotas="documented").in_force() == {
        "connections_per_minute": 30,
        "tokens_per_minute": 120_000,
        "avatar_starts_per_minute": 2,
        "avatar_idle_seconds": 300,
        "avatar_speaking_seconds": 1_800,
        "session_seconds": 3_600,
    }


def test_the_measured_ones() -> None:
    service = Service(quotas="measured")
    assert service.avatar_starts_per_minute == 3
    assert service.concurrent_avatars == 5
    assert "connections_per_minute" not in service.in_force()


def test_what_is_given_wins_and_zero_is_off() -> None:
    service = Service(quotas="documented", avatar_starts_per_minute=7, tokens_per_minute=0)
    assert service.avatar_starts_per_minute == 7
    assert "tokens_per_minute" not in service.in_force()


def test_the_clock() -> None:
    service = Service(time_scale=60)
    assert service.minute == 1
    assert service.scaled(300) == 5
    assert service.scaled(None) is None
    assert service.scaled(0) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(7.0, "7.0"), (6.94, "7.0"), (6.91, "7.0"), (0.01, "0.1")]
)
def test_a_wait_is_never_said_shorter_than_it_is(seconds: float, said: str) -> None:
    assert retry_after(seconds) == said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rate_limits_event": True}, "needs tokens_per_minute"),
        ({"agents_demand_bearer": True, "accepts": ["api_key"]}, "needs 'bearer'"),
        ({"api_keys": [" "]}, "opens nothing"),
        ({"accepts": []}, "accepts"),
        ({"quotas": "all"}, "quotas"),
        ({"time_scale": 0}, "time_scale"),
    ],
)
def test_mistakes_are_said(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Service.model_validate(given)
    assert words in str(caught.value)
