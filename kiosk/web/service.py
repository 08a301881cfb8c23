"""/kiosk/service: what the technician at a screen is told, behind a PIN where there is one."""

from __future__ import annotations

import hmac
from typing import Any, Final

from aiohttp import web

from kiosk import keys
from kiosk.clock import Clock
from kiosk.security.access import Access
from kiosk.security.throttle import Throttle
from kiosk.web.request import address_of, form, identity
from kiosk.web.routes import Route
from kiosk.web.signaling import KIOSKS, TEXTS

ATTEMPTS: Final = 5
"""Wrong PINs at one screen before a pause."""
PAUSE_S: Final = 300.0
MAX_PIN: Final = 12
PREFIX: Final = "service."


class ServicePanel:
    """Checks PINs and says what this server knows of the screen that asks."""

    def __init__(self, clock: Clock) -> None:
        self._throttle = Throttle(clock, attempts=ATTEMPTS, pause_s=PAUSE_S)

    async def look(self, request: web.Request) -> web.Response:
        """Answer with the panel's words, and with the facts where no PIN is set."""
        settings = request.app[keys.SETTINGS].access
        language = request.query.get("language", "")
        answer: dict[str, Any] = {
            "texts": request.app[TEXTS].part(language, PREFIX),
            "needs_pin": settings.service_pin is not None,
            "may": False,
        }
        if settings.service_pin is None:
            answer["facts"] = _facts(request, names=False)
        return web.json_response(answer)

    async def enter(self, request: web.Request) -> web.Response:
        """Take a PIN; the facts and the right to act, or how long to wait."""
        fields = await form(request)
        outcomes = request.app[keys.METRICS].service_pins
        audit = request.app[keys.STORAGE].audit
        kiosk_id = _kiosk_id(request)
        pin = request.app[keys.SETTINGS].access.service_pin
        if pin is None:
            outcomes.labels("none_set").inc()
            return web.json_response({"may": False, "wait_s": 0}, status=403)
        # Both: many screens behind one address, and one screen's cookie used from many.
        names = (f"kiosk:{kiosk_id}", f"address:{address_of(request)}")
        wait = self._throttle.wait_s(*names)
        if wait > 0:
            outcomes.labels("too_many").inc()
            return web.json_response({"may": False, "wait_s": max(1, round(wait))}, status=429)
        self._throttle.charge(*names)
        given = fields.get("pin", "")[:MAX_PIN].encode()
        if not hmac.compare_digest(given, pin.get_secret_value().encode()):
            outcomes.labels("wrong").inc()
            await audit.add("technician", "kiosk.service.refused", kiosk_id)
            wait = self._throttle.wait_s(*names)
            return web.json_response({"may": False, "wait_s": round(wait)}, status=403)
        self._throttle.clear(*names)
        outcomes.labels("right").inc()
        await audit.add("technician", "kiosk.service", kiosk_id)
        return web.json_response({"may": True, "facts": _facts(request, names=True)})

    def routes(self) -> list[Route]:
        """Return the addresses of the panel."""
        return [
            Route("GET", "/kiosk/service", self.look, Access.KIOSK),
            Route("POST", "/kiosk/service", self.enter, Access.KIOSK),
        ]


def _kiosk_id(request: web.Request) -> str:
    kiosk_id = identity(request).kiosk_id
    assert kiosk_id is not None, "the access check lets enrolled screens through only"
    return kiosk_id


def _facts(request: web.Request, *, names: bool) -> dict[str, Any]:
    """Return what the server knows of the screen; who gave commands only behind the PIN."""
    app = request.app
    live = app[keys.LIVE]
    kiosk = app[KIOSKS][_kiosk_id(request)]
    item = live.kiosks.get(kiosk.id)
    visit = live.running.get(item.visit_id or "") if item is not None else None
    return {
        "id": kiosk.id,
        "name": kiosk.name,
        "place": kiosk.place,
        "version": live.version,
        "now": round(app[keys.CLOCK].now().timestamp() * 1000),
        "diagnosis": visit.media_detail if visit is not None else "",
        "commands": [
            {
                "name": entry.name,
                "by": entry.by if names else "",
                "ok": entry.ok,
                "at": round(entry.at.timestamp() * 1000),
            }
            for entry in (reversed(item.commands) if item is not None else ())
        ][:5],
    }
