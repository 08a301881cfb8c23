"""A site of two houses, its table of addresses, and requests made from it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from kiosk import events as ev
from kiosk import keys
from kiosk.events import EVENTS_TOPIC
from kiosk.security.access import RIGHTS, Access
from kiosk.storage.rows import Grant
from tests.unit.running import Running, running

OWN, OTHER = "north", "south"
THINGS: Mapping[str, Mapping[str, str]] = {
    OWN: {"kiosk": "main", "visit": "visit_north"},
    OTHER: {"kiosk": "west", "visit": "visit_south"},
}
PLACEHOLDER = re.compile(r"\{(\w+)(?::[^{}]*)?\}")
REFUSED = frozenset({"forbidden", "unauthorized", "not_enrolled"})
# A person's own session would be over for the addresses that follow.
ENDS_A_LOGIN = frozenset({"/operator/logout"})


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the table."""

    method: str
    path: str
    access: Access

    @property
    def of_a_house(self) -> bool:
        return self.access in RIGHTS and bool(set(self.names) & {"kiosk", "visit"})

    @property
    def names(self) -> list[str]:
        return PLACEHOLDER.findall(self.path)

    def at(self, site: str) -> str:
        return PLACEHOLDER.sub(lambda found: THINGS[site].get(found[1], "x"), self.path)


def table(server: Running) -> list[Address]:
    found = [
        Address(route.method, route.resource.canonical, access)
        for route, access in server.app[keys.ACCESS].items()
        if route.resource is not None and route.method != "HEAD"
    ]
    return sorted(found, key=lambda item: (item.path, item.method))


@asynccontextmanager
async def museum(folder: Path, **sections: Any) -> AsyncIterator[Running]:
    """Two houses with a screen and a running visit each; `sections` are further settings."""
    async with running(
        folder,
        kiosks=[
            {"id": "main", "name": "Main", "site": OWN},
            {"id": "west", "name": "West", "site": OTHER},
        ],
        sites={OWN: {}, OTHER: {}},
        access={"open": False},
        **sections,
    ) as server:
        live = server.app[keys.LIVE]
        at = server.app[keys.CLOCK].now()
        with live.follow() as follower:
            for site, things in THINGS.items():
                event = ev.VisitStarted(
                    kiosk_id=things["kiosk"], visit_id=things["visit"], at=at, language="en"
                )
                await server.app[keys.BUS].publish(EVENTS_TOPIC, event.model_dump(mode="json"))
                await follower.next()
                await server.app[keys.STORAGE].visits.started(
                    things["visit"], things["kiosk"], "en", at
                )
                assert live.kiosks[things["kiosk"]].site == site
        yield server


async def cookie_of(server: Running, name: str, *grants: Grant) -> dict[str, str]:
    """Make an account and a login for it, without the cost of a password."""
    storage = server.app[keys.STORAGE]
    await storage.operators.add(name, "nobody can log in with this", grants)
    row = await storage.operators.get(name)
    assert row is not None
    login = await server.app[keys.OPERATORS].open(row, "password", "127.0.0.1", "")
    return {"kiosk_operator": login.token}


async def tried(
    server: Running, address: Address, site: str, cookies: Mapping[str, str]
) -> tuple[int, str]:
    """Send a request; return the status and the code of a refusal."""
    headers = {"Origin": server.url, "Accept": "application/json"}
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    async with server.http.request(
        address.method,
        server.url + address.at(site),
        headers=headers,
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=20),
    ) as answer:
        if "json" not in answer.content_type or answer.status < 400:
            return answer.status, ""
        body: Any = await answer.json()
        error = body.get("error") if isinstance(body, dict) else None
        return answer.status, str(error.get("code", "")) if isinstance(error, dict) else ""
