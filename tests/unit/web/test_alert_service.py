"""Alerts in the running server: watched from the start, told by a channel, ended with it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from kiosk import keys
from kiosk.alerts.notice import Notice
from kiosk.events import EVENTS_TOPIC
from kiosk.settings import Settings
from kiosk.web.alert_service import ENGINE, data_folder, link
from tests.unit.alerts.receiving import far
from tests.unit.running import running

SITE: dict[str, Any] = {
    "kiosks": [
        {"id": "west", "name": "Lobby West", "site": "museum"},
        {"id": "far", "name": "Harbour", "site": "harbour"},
    ],
    "sites": {"museum": {"name": "City Museum"}, "harbour": {"name": "Harbour House"}},
}


async def test_a_screen_that_is_away_is_told_of_by_the_server_itself(tmp_path: Path) -> None:
    async with far() as receiver:
        settings = {
            "on": True,
            "every_s": 300,
            "group_s": 0,
            "rules": {"offline": {"after_s": 0}},
            "channels": {
                "hook": {"type": "webhook", "url": receiver.url, "secret": "x" * 32},
            },
        }
        async with running(tmp_path, alerts=settings, **SITE) as server:
            await asyncio.wait_for(receiver.came.wait(), 10)
            engine = server.app[ENGINE]
            await asyncio.wait_for(engine.couriers["hook"].settle(), 5)
            assert {row.kiosk_id for row in engine.current} == {"west", "far"}
            assert server.figure("alerts_open", severity="critical") == 2
    sites = {json.loads(body)["site_name"] for _, _, body in receiver.got}
    assert sites == {"City Museum", "Harbour House"}
    assert Notice.model_fields.keys() - {"kind", "quiet"} <= json.loads(receiver.got[0][2]).keys()


async def test_a_screen_that_comes_is_connected(tmp_path: Path) -> None:
    async with running(tmp_path, alerts={"on": False}, **SITE) as server:
        bus = server.app[keys.BUS]
        async with bus.subscribe(EVENTS_TOPIC) as events, server.screen() as screen:
            await screen.hello()
            async for payload in events:
                if payload["type"] == "kiosk_connected":
                    break
            facts = await server.app[ENGINE]._gather()
    connected = {item.id: item.connected for item in facts.screens}
    assert connected == {"west": True, "far": False}
    assert facts.site("museum") == "City Museum"
    assert facts.nodes[0].disks[0].total > 0


def test_where_the_page_is_and_where_data_grows(tmp_path: Path) -> None:
    plain = Settings()
    assert link(plain) == ""
    public = Settings.model_validate({"server": {"public_url": "https://kiosk.example/"}})
    assert link(public) == "https://kiosk.example/operator/alerts"
    url = f"sqlite+aiosqlite:///{tmp_path}/var/kiosk.sqlite3"
    here = Settings.model_validate({"storage": {"url": url}})
    assert data_folder(here) == tmp_path / "var"
