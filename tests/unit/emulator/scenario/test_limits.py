"""Every bound is a bound, and those of the documents have the documented value."""

from __future__ import annotations

from dataclasses import fields

from kiosk.emulator.scenario.limits import Limits


def test_every_limit_is_positive() -> None:
    limits = Limits()
    assert all(getattr(limits, field.name) > 0 for field in fields(limits))


def test_documented_values() -> None:
    limits = Limits()
    assert limits.append_bytes == 15 * 1024 * 1024
    assert limits.session_seconds == 60 * 60


def test_the_largest_append_fits_into_a_message() -> None:
    limits = Limits()
    assert limits.append_bytes * 4 / 3 + 1024 < limits.message_bytes
