"""Settings of people: roles that need a second factor are roles."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kiosk.settings.people import OperatorSettings


def test_roles_that_need_a_second_factor_are_roles() -> None:
    assert OperatorSettings.model_validate({"totp_for": ["administrator"]}).totp_for == [
        "administrator"
    ]
    with pytest.raises(ValidationError):
        OperatorSettings.model_validate({"totp_for": ["king"]})
