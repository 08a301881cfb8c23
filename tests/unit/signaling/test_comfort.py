"""Messages of comfort: they have a value's whole range, and carry nothing that was not named."""

from __future__ import annotations

from dataclasses import fields

import pytest
from pydantic import ValidationError

from kiosk import model
from kiosk.signaling import messages as m


@pytest.mark.parametrize("volume", [-1, 101, 5.5])
def test_no_volume_outside_of_its_range_is_taken(volume: float) -> None:
    with pytest.raises(ValidationError):
        m.Comfort(volume=volume)


def test_they_have_the_same_comforts_as_the_visit() -> None:
    ours = {field.name for field in fields(model.Comfort)}
    assert set(m.Set.model_fields) == {*ours, "type", "language"}
    assert set(m.Comfort.model_fields) == {*ours, "type"} - {"pace"}
    assert m.dump(m.Set(reach="seated")) == '{"type":"set","reach":"seated"}'
