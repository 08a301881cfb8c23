"""/sw.js and /offline: what a browser keeps of the screen, so that it opens without the server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from aiohttp import hdrs, web

from kiosk import keys, paths
from kiosk.security.access import Access
from kiosk.web.pages import first_page
from kiosk.web.routes import Route
from kiosk.web.static import PREFIX, StaticFiles

KEEP: Final = "kiosk/sw.js"
REMOVE: Final = "kiosk/sw-off.js"
KEPT_TYPES: Final = (".css", ".js", ".svg")
OFFLINE: Final = "/offline"
FONT: Final = "kiosk/fonts/atkinson-hyperlegible-next-latin.woff2"


def kept_files(names: Iterable[str]) -> list[str]:
    """Return the addresses a browser keeps from the start; others are kept once they were used."""
    ours = [
        f"{PREFIX}{name}"
        for name in sorted(names)
        if name == FONT
        or (
            name.startswith("kiosk/")
            and name.count("/") == 1
            and name.endswith(KEPT_TYPES)
            and name not in {KEEP, REMOVE}
        )
    ]
    return [*ours, OFFLINE]


class Worker:
    """The service worker of one version of the page, or the one that removes it."""

    def __init__(self, static: StaticFiles, version: str, *, on: bool) -> None:
        script = (paths.STATIC / (KEEP if on else REMOVE)).read_text(encoding="utf-8")
        kept = json.dumps({"version": version, "files": kept_files(static.names)})
        # Its bytes are how a browser knows that there is a new one.
        self._script = f"const KEPT = {kept};\n{script}" if on else script

    async def script(self, _request: web.Request) -> web.StreamResponse:
        """Answer with the worker, never from a cache."""
        return web.Response(
            text=self._script,
            content_type="text/javascript",
            headers={hdrs.CACHE_CONTROL: "no-cache"},
        )

    def routes(self) -> list[Route]:
        """Return the addresses of this module."""
        return [
            Route("GET", "/sw.js", self.script, Access.PUBLIC),
            Route("GET", OFFLINE, offline, Access.PUBLIC),
        ]


async def offline(request: web.Request) -> web.StreamResponse:
    """Serve the screen that a device without a page of its own shows while the server is away."""
    page = first_page(request.app)
    html = request.app[keys.TEMPLATES].render("offline.html", {"page": page})
    return web.Response(text=html, content_type="text/html")
