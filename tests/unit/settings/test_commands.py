"""Limits of commands to many screens."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kiosk.settings.commands import CommandSettings


def test_limits_are_positive_and_bounded() -> None:
    assert CommandSettings().most == 500
    for wrong in ({"most": 0}, {"at_once": 41}, {"running": 0}, {"kept": 501}):
        with pytest.raises(ValidationError):
            CommandSettings.model_validate(wrong)
