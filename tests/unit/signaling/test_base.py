"""The base of messages: what nobody knows is refused, and what was read stays as it is."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kiosk.signaling.base import Message


class Wave(Message):
    """A message."""

    type: str = "wave"


def test_unknown_fields_are_refused_and_values_are_fixed() -> None:
    with pytest.raises(ValidationError):
        Wave.model_validate({"type": "wave", "hand": "left"})
    with pytest.raises(ValidationError):
        Wave().type = "other"  # type: ignore[misc]  # on purpose
