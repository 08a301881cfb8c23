"""/enrol: a new screen shows its code once and is one of ours from then on."""

from __future__ import annotations

from aiohttp import web

from kiosk import keys
from kiosk.security.access import Access
from kiosk.security.devices import EnrolError
from kiosk.web.dashboard import render
from kiosk.web.request import address_of, browser_of, device_cookie, form, set_device_cookie
from kiosk.web.routes import Route

SCREEN = "/kiosk"


async def enrol_page(request: web.Request) -> web.Response:
    """Ask for a code; say which screen this is when it is one already."""
    cookie = device_cookie(request)
    known = await request.app[keys.DEVICES].whose(cookie) if cookie else None
    name = known.kiosk_id if known is not None else ""
    return await render(request, "enrol.html", message="", known=name)


async def enrol(request: web.Request) -> web.Response:
    """Take a code; a wrong one comes back with a sentence."""
    fields = await form(request)
    devices = request.app[keys.DEVICES]
    try:
        kiosk_id = await devices.redeem(fields.get("code", "")[:64], address_of(request))
    except EnrolError as error:
        return await render(request, "enrol.html", status=403, message=str(error), known="")
    _, token = await devices.enrol(
        kiosk_id, by="a code", browser=browser_of(request), address=address_of(request)
    )
    await request.app[keys.STORAGE].audit.add(
        "screen",
        "kiosk.enrolled",
        kiosk_id,
        site=request.app[keys.SETTINGS].site_of(kiosk_id) or "",
    )
    response = web.HTTPSeeOther(SCREEN)
    set_device_cookie(request, response, token)
    raise response


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", "/enrol", enrol_page, Access.PUBLIC),
        Route("POST", "/enrol", enrol, Access.PUBLIC),
    ]
