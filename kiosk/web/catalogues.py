"""The screen's sentences as files: one for each language, fetched when it is chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

import structlog
from aiohttp import hdrs, web

from kiosk.i18n import Texts
from kiosk.security.access import Access
from kiosk.session.opening import language_name
from kiosk.settings import Settings
from kiosk.web.routes import Route

log = structlog.get_logger(__name__)

PREFIX: Final = "/static/texts/"
_YEAR: Final = "public, max-age=31536000, immutable"
MISSING_NAMED: Final = 5
"""How many missing sentences the log names; `kiosk check` counts all of them."""


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


def site_texts(settings: Settings) -> Texts:
    """Read every sentence, and say which languages of the site fall back to English."""
    folder = settings.site.texts
    texts = Texts.load([folder] if folder is not None else [])
    for code in settings.site.languages:
        Texts.describe(code)
        language_name(code)
        missing = texts.missing(code)
        if missing:
            log.warning(
                "a language lacks sentences and shows English ones",
                language=code,
                missing=len(missing),
                first=", ".join(missing[:MISSING_NAMED]),
                texts=str(folder) if folder is not None else "",
            )
    return texts
