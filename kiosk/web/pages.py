"""The kiosk's page: its context, and the way in for a screen that is not enrolled yet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import hdrs, web

from kiosk import keys
from kiosk.errors import SettingsError
from kiosk.hooks.values import PageView
from kiosk.i18n import LanguageName, Texts
from kiosk.model import Kiosk
from kiosk.security.access import Access
from kiosk.security.pairing import Pairing, TooManyError
from kiosk.settings import Settings
from kiosk.settings.places import KioskSettings
from kiosk.settings.sections import SiteSettings, in_language
from kiosk.storage.rows import PairingRow
from kiosk.web.catalogues import Catalogues
from kiosk.web.looks import Look, Looks
from kiosk.web.request import (
    address_of,
    browser_of,
    device_cookie,
    over_https,
    pairing_cookie,
    set_device_cookie,
    set_pairing_cookie,
)
from kiosk.web.routes import Route
from kiosk.web.signaling import KIOSKS, TEXTS
from kiosk.web.static import StaticFiles

SPOKEN: Final = ("screen.", "limit.", "pace.", "repeat.", "person.", "options.volume.sample")
"""Keys that only the avatar says; the page does not carry them."""
SIGN: Final = "sign"
SIGNED: Final = ("welcome", "consent", "conversation")
"""The moments of a visit that may have a sign-language video; the first stands in for the rest."""


@dataclass(frozen=True, slots=True)
class KioskPage:
    """What templates/kiosk.html is rendered with, as `page`."""

    kiosk_id: str
    kiosk_name: str
    site_name: str
    language: str
    languages: tuple[LanguageName, ...]
    texts: dict[str, dict[str, str]]
    text_urls: dict[str, str]
    version: str
    config: str
    consent: bool
    talk: str
    theme: str
    goodbye_s: float = 4
    keyboard: str = "auto"
    person: bool = False
    """Whether anybody answers when the visitor wants a person."""
    reach: str = "standard"
    spoken_notice: bool = False
    """Whether the page says the notice with the consent screen, if it has a voice for it."""
    hearing: Mapping[str, str] = field(default_factory=dict)
    """By language, the sentence on a hearing loop."""
    sign: Mapping[str, str] = field(default_factory=dict)
    """Addresses of the sign-language videos, by moment."""
    keeps_words: bool = True
    """Whether what is said is stored, redacted; the notice says which."""
    microphone: bool = True
    volume: float = 1
    text_size: str = "normal"
    contrast: str = "normal"
    look: Look = field(default_factory=Look)
    screen: Mapping[str, Any] = field(default_factory=dict)
    """What the page needs to keep itself going."""


def sign_folders(settings: Settings) -> dict[str, Path]:
    """Return the folders of sign-language videos for StaticFiles; raises SettingsError."""
    found: dict[str, Path] = {}
    for kiosk in settings.kiosks:
        folder = settings.for_kiosk(kiosk.id).site.sign_language
        if folder is None:
            continue
        if not any((folder / f"{SIGNED[0]}.{ending}").is_file() for ending in ("mp4", "webm")):
            raise SettingsError(
                f"site.sign_language: {folder} has no welcome.mp4 or welcome.webm; put it there or "
                "leave the setting out."
            )
        found[_sign_place(settings, kiosk)] = folder
    return found


def _sign_place(settings: Settings, kiosk: KioskSettings) -> str:
    """Return the name under which a screen's videos are served: most have the site's."""
    own = settings.for_kiosk(kiosk.id).site.sign_language
    return SIGN if own == settings.site.sign_language else f"{SIGN}-{kiosk.id}"


def sign_videos(static: StaticFiles, settings: Settings, kiosk: KioskSettings) -> dict[str, str]:
    """Return the addresses of the sign-language videos of a screen, by moment."""
    place = _sign_place(settings, kiosk)
    found: dict[str, str] = {}
    for moment in SIGNED:
        for name in (f"{place}/{moment}.mp4", f"{place}/{moment}.webm"):
            if static.has(name):
                found.setdefault(moment, static.url(name))
    return found


def shown_texts(texts: Texts, language: str, site: SiteSettings) -> dict[str, str]:
    """Return the sentences that the page itself shows or says; the server says the others."""
    spoken = SPOKEN if site.spoken_notice in {"consent", "both"} else (*SPOKEN, "notice.spoken")
    screen = texts.screen(language, site.wording)
    return {key: text for key, text in screen.items() if not key.startswith(spoken)}


def kiosk_page(
    settings: Settings,
    texts: Texts,
    catalogues: Catalogues,
    kiosk: Kiosk,
    version: str,
    *,
    person: bool = False,
    sign: Mapping[str, str] | None = None,
    look: Look | None = None,
) -> KioskPage:
    """Return the context of a kiosk's page; the same for every visitor.

    It carries the language it opens with; the page fetches another when it is chosen.
    """
    settings = settings.for_kiosk(kiosk.id)
    codes = settings.site.languages
    site = settings.site
    return KioskPage(
        kiosk_id=kiosk.id,
        kiosk_name=kiosk.name,
        site_name=settings.site.name,
        language=kiosk.language,
        languages=tuple(Texts.describe(code) for code in codes),
        texts={kiosk.language: shown_texts(texts, kiosk.language, site)},
        text_urls={code: catalogues.url(code, shown_texts(texts, code, site)) for code in codes},
        version=version,
        config=config_digest(settings, kiosk.id),
        consent=settings.site.consent,
        talk=settings.site.talk,
        theme=settings.site.theme,
        goodbye_s=settings.visit.goodbye_s,
        person=person or bool(site.staff),
        reach=site.reach,
        spoken_notice=site.spoken_notice in {"consent", "both"},
        hearing={
            code: note for code in codes if (note := in_language(site.hearing_note, code)) != ""
        },
        sign=sign or {},
        keeps_words=settings.retention.of(kiosk.site).transcripts > 0,
        microphone=settings.site.microphone,
        volume=settings.site.volume,
        text_size=settings.site.text_size,
        contrast=settings.site.contrast,
        look=look or Look(),
        keyboard=site.keyboard,
        screen=settings.screen.model_dump(exclude={"service_worker"})
        | {
            "time_zone": site.time_zone,
            "resume_s": settings.visit.resume_s,
            "away": {code: in_language(site.staff, code) for code in codes},
        },
    )


def shown(settings: Settings) -> str:
    """Return what changes when a setting that pages show or follow changes."""
    return settings.model_dump_json(
        include={"site", "kiosks", "attract", "visit", "screen", "retention"}
    )


def config_digest(settings: Settings, kiosk_id: str) -> str:
    """Return a short name of what a screen's page is set to; the page tells it in its reports."""
    text = shown(settings.for_kiosk(kiosk_id))
    return hashlib.sha256(f"{kiosk_id}\0{text}".encode()).hexdigest()[:12]


def page_version(release: str, *parts: str) -> str:
    """Return a short name that changes when any part of what a page is made of changes."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return f"{release[:40]}-{digest}"


VERSION = web.AppKey("version", str)
PAIRING: web.AppKey[Pairing] = web.AppKey("pairing")
SIGN_VIDEOS: web.AppKey[dict[str, dict[str, str]]] = web.AppKey("sign_videos")
"""By screen, the addresses of its sign-language videos by moment."""
LOOKS = web.AppKey("looks", dict[str, Look])
THEMES = web.AppKey("themes", Looks)
STATIC = web.AppKey("static", StaticFiles)
CATALOGUES = web.AppKey("catalogues", Catalogues)


def page_of(app: web.Application, kiosk: Kiosk, look: Look | None = None) -> KioskPage:
    """Return the context of a kiosk's page; `look` is another than its own."""
    return kiosk_page(
        app[keys.SETTINGS],
        app[TEXTS],
        app[CATALOGUES],
        kiosk,
        app[VERSION],
        person=app[keys.HOOKS].calls_person,
        sign=app[SIGN_VIDEOS].get(kiosk.id),
        look=look or app[LOOKS].get(kiosk.id),
    )


async def screen(request: web.Request) -> web.StreamResponse:
    """Serve the kiosk's page to an enrolled screen, or to anyone where the site is open."""
    app = request.app
    devices = app[keys.DEVICES]
    cookie = device_cookie(request)
    known = await devices.whose(cookie) if cookie else None
    token = await devices.rotated(known, cookie) if known is not None and cookie else None
    if known is not None:
        kiosk_id = known.kiosk_id
    elif devices.open_kiosk is not None:
        kiosk_id, token = devices.open_kiosk, devices.open_cookie()
    else:
        return await unknown_screen(request)
    return await screen_of(request, kiosk_id, token)


async def screen_of(request: web.Request, kiosk_id: str, token: str | None) -> web.Response:
    """Answer with a kiosk's screen, and with its token where it has a new one."""
    app = request.app
    kiosk = app[KIOSKS][kiosk_id]
    page = page_of(app, kiosk)
    extra = await app[keys.HOOKS].extra_template_vars(PageView("kiosk.html", kiosk=kiosk))
    card_types = app[keys.HOOKS].registered.card_types.values()
    context = {
        "page": page,
        "extra": extra,
        "card_styles": [item.style for item in card_types if item.style],
        "card_scripts": [item.script for item in card_types if item.script],
    }
    html = app[keys.TEMPLATES].render("kiosk.html", context)
    response = web.Response(text=html, content_type="text/html")
    if token is not None:
        set_device_cookie(request, response, token)
    return response


async def unknown_screen(request: web.Request) -> web.Response:
    """Show a code to a screen nobody knows; open the screen when it has been let in."""
    pairing = request.app[PAIRING]
    secret = pairing_cookie(request)
    row = await pairing.look(secret) if secret else None
    if row is not None and request.method == hdrs.METH_GET:
        token = await pairing.token(row)
        if token is not None and row.kiosk_id in request.app[KIOSKS]:
            await _enrolled(request, row)
            opened = await screen_of(request, row.kiosk_id, token)
            set_pairing_cookie(request, opened, "")
            return opened
    page = first_page(request.app)
    context: dict[str, Any] = {"page": page, "row": None, "code": "", "seconds": 60.0, "qr": ""}
    waiting = None
    if request.method == hdrs.METH_GET:
        try:
            waiting = await pairing.wait(
                secret, browser=browser_of(request), address=address_of(request)
            )
        except TooManyError:
            pass
        else:
            context |= {"row": waiting.row, "seconds": pairing.seconds(waiting.row)}
            context["qr"] = f"{_own_address(request)}/operator/screens?code={waiting.row.code}"
    texts, languages = request.app[TEXTS], request.app[keys.SETTINGS].site.languages
    context["languages"] = [
        (Texts.describe(code), texts.part(code, "pairing.")) for code in languages
    ]
    html = request.app[keys.TEMPLATES].render("pairing.html", context)
    response = web.Response(text=html, content_type="text/html")
    if waiting is not None and waiting.secret is not None:
        set_pairing_cookie(request, response, waiting.secret)
    return response


async def pairing_state(request: web.Request) -> web.Response:
    """Tell a screen that waits how it stands; it loads itself anew when that is another."""
    secret = pairing_cookie(request)
    row = await request.app[PAIRING].look(secret) if secret else None
    return web.json_response({"state": row.state if row is not None else "gone"})


async def _enrolled(request: web.Request, row: PairingRow) -> None:
    site = request.app[keys.SETTINGS].site_of(row.kiosk_id or "") or ""
    audit = request.app[keys.STORAGE].audit
    await audit.add("screen", "kiosk.enrolled", row.kiosk_id or "", row.id, site=site)


def _own_address(request: web.Request) -> str:
    public = request.app[keys.SETTINGS].server.public_url
    scheme = "https" if over_https(request) else "http"
    return public.rstrip("/") if public else f"{scheme}://{request.host}"


def first_page(app: web.Application) -> KioskPage:
    """Return the context of a page for who knows no screen: that of the first one."""
    kiosk = next(iter(app[KIOSKS].values()))
    return page_of(app, kiosk)


def error_page(app: web.Application, status: int) -> str:
    """Return the public's page for an error, in the first kiosk's language."""
    page = first_page(app)
    key = {404: "page.not_found", 403: "page.refused"}.get(status, "page.failed")
    return app[keys.TEMPLATES].render("error.html", {"page": page, "status": status, "key": key})


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", "/", screen, Access.PUBLIC),
        Route("GET", "/kiosk", screen, Access.PUBLIC),
        Route("GET", "/pairing", pairing_state, Access.PUBLIC),
    ]
