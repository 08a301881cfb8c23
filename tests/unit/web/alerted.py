"""An application of two houses with alerts in its database, and people of each house."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from kiosk import keys
from kiosk.storage.alerts import Alerts
from kiosk.storage.rows import AlertRow, Grant
from kiosk.web import alerts_page
from kiosk.web.alert_service import ENGINE
from kiosk.web.api import table
from tests.unit.alerts.alerting import row
from tests.unit.storage.keeping import NOON
from tests.unit.web.composing import PAGE, PASSWORD, Site, site, words

HOUSES = {"west": "museum", "main": "harbour"}
PEOPLE = {"olga": Grant("operator", "museum"), "vera": Grant("viewer", "museum")}


class House:
    """A client of the application, as one person at a time; anna is the administrator."""

    def __init__(self, running: Site) -> None:
        self.running = running
        self.alerts: Alerts = running.storage.alerts

    async def log_in(self, name: str) -> None:
        self.running.client.cookie_jar.clear()
        await self.running.log_in(name)

    async def put(self, *rows: AlertRow) -> None:
        """Keep alerts, as a round does."""
        await self.alerts.apply(new=rows)
        await self.running.app[ENGINE].refresh()

    async def post(self, path: str, **fields: str) -> tuple[int, str]:
        status, text, headers = await self.running.post(path, fields, **PAGE)
        return status, headers.get("Location", words(text))

    async def page(self, path: str) -> str:
        return await self.running.page(path)

    async def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        address = self.running.address
        async with self.running.client.request(
            method, address + path, json=body, headers={"Origin": address}
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def audited(self) -> list[tuple[str, str, str]]:
        rows = await self.running.storage.audit.recent()
        return [(one.actor, one.action, one.site) for one in rows if "login" not in one.action]


def ill(subject: str = "west", site: str = "museum", **values: Any) -> AlertRow:
    """An alert that fires since ten minutes."""
    began = NOON - timedelta(minutes=10)
    usual: dict[str, Any] = {
        "site": site,
        "rule": "offline",
        "what": f"{subject} is not connected",
        "fix": "Look whether it has power.",
        "severity": "critical",
        "since": began,
        "wait_from": began,
        "fired_at": began,
        "told_at": began,
    }
    return row(subject, **(usual | values))


@asynccontextmanager
async def house(folder: Path, **alerts: Any) -> AsyncIterator[House]:
    """Run the application."""
    routes = [*alerts_page.routes(), *table.routes("1")]
    async with site(folder, houses=HOUSES, alerts=alerts, routes=routes) as running:
        for name, grant in PEOPLE.items():
            await running.app[keys.OPERATORS].add(name, PASSWORD, grants=[grant])
        yield House(running)
