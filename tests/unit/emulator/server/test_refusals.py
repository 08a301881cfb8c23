"""A refusal is an HTTP response in Azure's shape."""

from __future__ import annotations

import json

from kiosk.emulator.server.refusals import Refusal


def test_the_shape() -> None:
    response = Refusal(429, "429", "Slow down.", {"Retry-After": "7"}).response()
    assert response.status == 429
    assert response.headers["Retry-After"] == "7"
    assert response.content_type == "application/json"
    assert json.loads(response.text or "") == {"error": {"code": "429", "message": "Slow down."}}
