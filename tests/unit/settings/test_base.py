"""The base of every section: what is not known is refused, and what was wrong is not repeated."""

from __future__ import annotations

import pytest
from pydantic import Field, ValidationError

from kiosk.settings.base import Section


class Door(Section):
    width: int = Field(90, ge=60, description="Centimetres.")


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Door.model_validate({"widht": 90})


def test_a_wrong_value_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValidationError) as caught:
        Door.model_validate({"width": "secret-4711"})
    assert "secret-4711" not in str(caught.value)
