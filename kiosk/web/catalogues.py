"""The screen's sentences as files: one for each language, fetched when it is chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from aiohttp import hdrs, web

from kiosk.security.access import Access
from kiosk.web.routes import Route

PREFIX: Final = "/static/texts/"
_YEAR: Final = "public, max-age=31536000, immutable"


class Catalogues:
    """What `/static/texts/<language>.json` answers with; screens may differ in their wording."""

    def __init__(self) -> None:
        self._bodies: dict[str, dict[str, bytes]] = {}

    def url(self, language: str, sentences: Mapping[str, str]) -> str:
        """Keep a language's sentences and return their address, good to be cached for ever."""
        body = json.dumps(
            dict(sentences), ensure_ascii=False, separators=(",", ":"), sort_keys=True
        ).encode()
        digest = hashlib.sha256(body).hexdigest()[:12]
        self._bodies.setdefault(language, {}).setdefault(digest, body)
        return f"{PREFIX}{language}.json?v={digest}"

    @property
    def version(self) -> str:
        """Changes when any sentence kept so far changes."""
        kept = (f"{code}{digest}" for code, bodies in self._bodies.items() for digest in bodies)
        return hashlib.sha256("".join(sorted(kept)).encode()).hexdigest()[:12]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer with the sentences of a language; an old version gets those of today."""
        bodies = self._bodies.get(request.match_info["language"])
        if bodies is None:
            raise web.HTTPNotFound
        body = bodies.get(request.query.get("v", ""))
        response = web.Response(
            body=body or next(iter(bodies.values())), content_type="application/json"
        )
        response.enable_compression()
        response.headers[hdrs.CACHE_CONTROL] = _YEAR if body is not None else "no-cache"
        return response

    def routes(self) -> list[Route]:
        """Return the address of every language."""
        return [Route("GET", f"{PREFIX}{{language}}.json", self.handle, Access.PUBLIC)]
