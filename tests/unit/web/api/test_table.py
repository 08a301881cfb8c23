"""The whole interface: its document, and that nobody meets it without a right."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk.security.access import Access
from kiosk.web.api import table
from tests.unit.web.composing import site


def test_every_address_is_below_api_and_says_who_may() -> None:
    for route in table.TABLE:
        assert route.path.startswith("/api/")
        assert route.access not in {Access.KIOSK}, "a screen has its socket"
        assert route.summary.endswith((".", "?"))
    names = [(route.method, route.path) for route in table.TABLE]
    assert len(set(names)) == len(names)


async def test_the_document_is_there_for_everybody(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        status, text, _ = await running.get("/api/openapi.json")
        assert status == 200
        assert "/api/me" in json.loads(text)["paths"]
