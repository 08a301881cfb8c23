"""Alerts as values: every severity has its word and its tone."""

from __future__ import annotations

from typing import get_args

from kiosk.settings.alerts import Severity
from kiosk.web.alert_board import _TONES, SEVERITIES


def test_every_severity_has_a_word_and_a_tone() -> None:
    assert set(SEVERITIES) == set(_TONES) == set(get_args(Severity))
