"""/livez, /readyz and /metrics: what orchestrators and monitoring ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Final, Literal

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kiosk import keys
from kiosk.clock import Clock
from kiosk.errors import KioskError
from kiosk.security.access import Access
from kiosk.security.guards import is_loopback
from kiosk.web.middlewares import login_of
from kiosk.web.request import address_of, forwarded, refuse
from kiosk.web.routes import Cost, Route

CHECK_S: Final = 2.0
"""Longest wait for one check."""

PLUGIN_FAILED: Final = "It failed; the operator's page of plugins says why."
"""What the public hears of a plugin's check."""

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises KioskError with the sentence to show."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check went; `message` is empty when all is well."""

    ok: bool
    ms: int
    message: str = ""
    critical: bool = True


class Readiness:
    """Whether this server should get visitors now. The application moves `state` along."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._checks: dict[str, tuple[Check, bool]] = {}
        self.state: Literal["starting", "ready", "draining"] = "starting"

    def add(self, name: str, check: Check, *, critical: bool = True) -> None:
        """Ask `check` too; one that is not critical is shown and does not keep visitors away."""
        self._checks[name] = (check, critical)

    async def run(self) -> dict[str, CheckResult]:
        """Run every check at once, each within its deadline."""
        results = await asyncio.gather(
            *(self._one(check, critical) for check, critical in self._checks.values())
        )
        return dict(zip(self._checks, results, strict=True))

    async def _one(self, check: Check, critical: bool) -> CheckResult:
        start = self._clock.monotonic()
        message = ""
        try:
            async with asyncio.timeout(CHECK_S):
                await check()
        except TimeoutError:
            message = f"No answer within {CHECK_S:g} seconds."
        except KioskError as error:
            message = str(error)
        took = round((self._clock.monotonic() - start) * 1000)
        return CheckResult(not message, took, message, critical)


async def livez(request: web.Request) -> web.Response:
    """Answer while the event loop turns; nothing else is asked."""
    del request
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """200 when visitors may come; 503 while starting, draining, or when a check fails."""
    readiness = request.app[keys.READY]
    checks = await readiness.run()
    failed = [result for result in checks.values() if not result.ok]
    ready = readiness.state == "ready" and not any(result.critical for result in failed)
    status: str = readiness.state
    if readiness.state == "ready" and failed:
        status = "degraded" if ready else "failing"
    told = {name: asdict(item) for name, item in checks.items()}
    plugins = [name for name, item in checks.items() if ":" in name and not item.ok]
    # Anyone may ask, and a plugin's check may fail with an address and the key in it.
    if plugins and not await _may_know(request):
        for name in plugins:
            told[name]["message"] = PLUGIN_FAILED
    body = {"status": status, "checks": told}
    return web.json_response(body, status=200 if ready else 503)


async def _may_know(request: web.Request) -> bool:
    """Whether this machine itself asks, or a person who is logged in."""
    # Through a proxy nobody told us about, everyone would seem to be on this machine.
    trusted = request.app[keys.SETTINGS].server.trusted_proxies > 0
    local = is_loopback(address_of(request)) and (trusted or not forwarded(request))
    return local or (await login_of(request)).operator is not None


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text, for this machine itself or a person who is logged in."""
    if not await _may_know(request):
        refuse(401, "unauthorized", "Metrics are for this machine or a person who is logged in.")
    # Generating is some milliseconds of pure work on a few hundred series: not worth a thread.
    body = generate_latest(request.app[keys.METRICS].registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", "/livez", livez, Access.PUBLIC, cost=Cost.FREE),
        Route("GET", "/readyz", readyz, Access.PUBLIC),
        Route("GET", "/metrics", metrics, Access.PUBLIC),
    ]
