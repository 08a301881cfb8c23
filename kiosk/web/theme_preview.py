"""The operators' preview of themes: every state of the screen with a theme laid on it."""

from __future__ import annotations

import json
from typing import Any, Final

from aiohttp import web

from kiosk import keys
from kiosk.security.access import Access
from kiosk.security.guards import CONTENT_SECURITY_POLICY
from kiosk.themes.theme import measured
from kiosk.web.dashboard import render
from kiosk.web.looks import Look
from kiosk.web.pages import LOOKS, STATIC, THEMES, VERSION, page_of
from kiosk.web.request import refuse
from kiosk.web.routes import Route
from kiosk.web.signaling import KIOSKS
from kiosk.web.theme_samples import sample

STATES: Final = (
    ("attract", "Waiting"),
    ("slide", "Slide"),
    ("present", "Somebody comes"),
    ("consent", "Notice"),
    ("details", "What is kept"),
    ("asked", "Notice, unanswered"),
    ("connecting", "Connecting"),
    ("queued", "In the queue"),
    ("listening", "Listening"),
    ("thinking", "Thinking"),
    ("speaking", "Speaking"),
    ("card", "With a card"),
    ("options", "Options"),
    ("seeing", "Options to see"),
    ("idle", "Idle warning"),
    ("unheard", "No microphone"),
    ("ending", "Goodbye"),
    ("refused", "Refused"),
    ("offline", "Offline"),
    ("error", "Starting again"),
    ("maintenance", "Maintenance"),
    ("cleaning", "Cleaning"),
    ("event", "Event"),
    ("out_of_order", "Out of order"),
    ("closed", "Closed"),
)
"""What is shown of the screen, in the order of a visit."""

# The page of a theme frames screens of this server, and only it may frame them.
_FRAMES: Final = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
_FRAMED: Final = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")


async def themes_page(request: web.Request) -> web.Response:
    """List the themes, those that do not load with the sentence why."""
    looks = request.app[THEMES]
    return await render(
        request, "themes.html", nav="themes", themes=looks.themes.values(), broken=looks.broken
    )


async def theme_page(request: web.Request) -> web.Response:
    """Show every state of the screen with one theme, and its contrasts."""
    theme = request.app[THEMES].themes.get(request.match_info["theme"])
    if theme is None:
        refuse(404, "no_theme", "There is no such theme; /operator/themes lists them.")
    response = await render(
        request,
        "theme.html",
        nav="themes",
        theme=theme,
        states=STATES,
        pairs=measured(theme.values),
        languages=request.app[keys.SETTINGS].site.languages,
        version=request.app[VERSION],
    )
    response.headers["Content-Security-Policy"] = _FRAMES
    return response


async def theme_screen(request: web.Request) -> web.Response:
    """Draw one screen with a theme; a script of its own shows the state the address names."""
    app = request.app
    theme = app[THEMES].themes.get(request.match_info["theme"])
    if theme is None:
        refuse(404, "no_theme", "There is no such theme; /operator/themes lists them.")
    kiosk = next(iter(app[KIOSKS].values()))
    own = app[LOOKS].get(kiosk.id, Look()).attract
    look = app[THEMES].drawn(theme, app[STATIC].url, {**own, "styled": True})
    page = page_of(app, kiosk, look)
    # Of what the address may ask for, only the language is for the server: the card is drawn here.
    shown = sample(request.query.get("language") or page.language)
    card = shown.card()
    context: dict[str, Any] = {
        "page": page,
        "extra": {},
        "card_styles": [],
        "card_scripts": [],
        "preview": {
            "said": [shown.asked, shown.answered],
            "card": {
                "id": card.id,
                "kind": card.kind,
                "title": card.title,
                "html": app[keys.TEMPLATES].render_card(card),
            },
        },
    }
    html = app[keys.TEMPLATES].render("theme_screen.html", context)
    response = web.Response(text=html, content_type="text/html")
    response.headers["Content-Security-Policy"] = _FRAMED
    return response


async def version(request: web.Request) -> web.Response:
    """Return what changes when a file of a theme changes, for a preview that keeps up."""
    return web.Response(
        text=json.dumps({"version": request.app[VERSION]}), content_type="application/json"
    )


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", "/operator/themes", themes_page, Access.CONTENT_EDIT),
        Route("GET", "/operator/themes.json", version, Access.CONTENT_EDIT),
        Route("GET", "/operator/themes/{theme}", theme_page, Access.CONTENT_EDIT),
        Route("GET", "/operator/themes/{theme}/screen", theme_screen, Access.CONTENT_EDIT),
    ]
