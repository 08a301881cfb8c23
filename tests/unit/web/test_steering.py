"""Orders reach the visit over the bus, and what came of them is one of known sentences."""

from __future__ import annotations

from typing import get_args

from kiosk.session import orders
from kiosk.web.steering import OUTCOMES


def test_every_order_has_its_sentence() -> None:
    names = {model.model_fields["command"].default for model in get_args(orders.Order)}
    assert names - {"present"} <= set(OUTCOMES)
