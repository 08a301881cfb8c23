"""/erase: a visitor has a visit erased with the code that the screen showed."""

from __future__ import annotations

import math
from typing import Final

import structlog
from aiohttp import hdrs, web

from kiosk import keys
from kiosk.clock import Clock
from kiosk.errors import StorageError
from kiosk.i18n import SOURCE_LANGUAGE, Texts
from kiosk.security.access import Access
from kiosk.security.throttle import Throttle
from kiosk.transcripts.erasing import By, KeepError
from kiosk.web.keeping import CODES
from kiosk.web.request import REQUEST_ID, address_of, form
from kiosk.web.routes import Route
from kiosk.web.signaling import TEXTS

log = structlog.get_logger(__name__)

PATH: Final = "/erase"
ATTEMPTS: Final = 5
"""Wrong codes from one address before a pause."""
ALL_ATTEMPTS: Final = 100
"""Wrong codes from everywhere before a pause: many addresses guess no better than one."""
PAUSE_S: Final = 600.0
EVERYBODY: Final = "everybody"
VISITOR: Final = "visitor"


class ErasePage:
    """Takes codes, a few at a time."""

    def __init__(self, clock: Clock) -> None:
        self._one = Throttle(clock, attempts=ATTEMPTS, pause_s=PAUSE_S)
        self._all = Throttle(clock, attempts=ALL_ATTEMPTS, pause_s=PAUSE_S)

    async def ask(self, request: web.Request) -> web.Response:
        """Show the form, in a language the browser asks for."""
        return _page(request, "")

    async def take(self, request: web.Request) -> web.Response:
        """Erase the visit of a code; a wrong one comes back with a sentence."""
        fields = await form(request)
        address = address_of(request)
        wait_s = max(self._one.wait_s(address), self._all.wait_s(EVERYBODY))
        if wait_s > 0:
            page = _page(request, "erase.wait", 429, minutes=math.ceil(wait_s / 60))
            page.headers[hdrs.RETRY_AFTER] = str(math.ceil(wait_s))
            return page
        self._one.charge(address)
        self._all.charge(EVERYBODY)
        sought = request.app[CODES].hash_of(fields.get("code", "")[:64])
        try:
            found = (
                await request.app[keys.STORAGE].keeping.visit_of_code(sought) if sought else None
            )
            if found is None:
                return _page(request, "erase.unknown", 404)
            self._one.clear(address)
            by = By(VISITOR, "by the visitor's own code", request.get(REQUEST_ID, ""))
            await request.app[keys.ERASER].erase(found, by)
        except KeepError as error:
            key = "erase.held" if error.code == "held" else "erase.failed"
            return _page(request, key, 409)
        except StorageError:
            log.error("a visitor's visit could not be erased")
            return _page(request, "erase.failed", 503)
        return _page(request, "erase.done")

    def routes(self) -> list[Route]:
        """Return the addresses of this page."""
        return [
            Route("GET", PATH, self.ask, Access.PUBLIC),
            Route("POST", PATH, self.take, Access.PUBLIC),
        ]


def language_of(request: web.Request, texts: Texts) -> str:
    """Return the language that is asked for, by the address or by the browser's wishes."""
    wishes = [request.query.get("language", "")]
    header = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")[:200]
    ranked = [part.partition(";q=")[::2] for part in header.replace(" ", "").split(",")]
    wishes += [code for code, _ in sorted(ranked, key=lambda item: -_weight(item[1]))]
    for wish in wishes:
        for code in (wish, wish.partition("-")[0].lower()):
            if code in texts.languages:
                return code
    return SOURCE_LANGUAGE


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0


def _page(request: web.Request, key: str, status: int = 200, **values: int) -> web.Response:
    texts: Texts = request.app[TEXTS]
    language = language_of(request, texts)
    html = request.app[keys.TEMPLATES].render(
        "erase.html",
        {
            "language": Texts.describe(language),
            "languages": [Texts.describe(code) for code in texts.languages],
            "texts": texts.part(language, "erase."),
            "said": texts.find(language, key, key).format(**values) if key else "",
            "good": status == 200,
            "done": key == "erase.done",
            "site_name": request.app[keys.SETTINGS].site.name,
        },
    )
    return web.Response(status=status, text=html, content_type="text/html")
