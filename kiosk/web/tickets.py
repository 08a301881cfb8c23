"""/kiosk/ticket: what opens a screen's socket, once, within seconds, for the device that asked."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from kiosk import keys
from kiosk.clock import new_id
from kiosk.security.access import Access
from kiosk.security.devices import TICKET_S
from kiosk.web.request import device_cookie, identity, refuse, set_device_cookie
from kiosk.web.routes import Route

PROTOCOL: Final = "kiosk.v1"
"""The protocol a screen's socket speaks; its ticket stands beside it, so no address has it."""
PREFIX: Final = "ticket."


async def ticket(request: web.Request) -> web.Response:
    """Give a device a ticket, and another token when it is time for one."""
    devices = request.app[keys.DEVICES]
    response = web.json_response({"ticket": devices.ticket(identity(request).device)})
    cookie = device_cookie(request)
    known = await devices.whose(cookie) if cookie else None
    token = await devices.rotated(known, cookie) if known is not None and cookie else None
    if token is not None:
        set_device_cookie(request, response, token)
    return response


async def use_ticket(request: web.Request) -> None:
    """Use up the ticket that came with a socket; refuses one that is none, old or used."""
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")
    given = [part.strip().removeprefix(PREFIX) for part in offered if PREFIX in part]
    number = None
    if len(given) == 1:
        number = request.app[keys.DEVICES].ticket_number(given[0], identity(request).device)
    used = request.app[keys.METRICS].tickets
    if number is None:
        used.labels("refused").inc()
        refuse(401, "no_ticket", "Fetch a ticket first, with POST /kiosk/ticket.")
    # Whoever takes this lease first has used the ticket; it lasts longer than the ticket does.
    owner = new_id("socket")
    if await request.app[keys.BUS].acquire(f"ticket:{number}", owner, ttl_s=2 * TICKET_S) is None:
        used.labels("replayed").inc()
        refuse(401, "used_ticket", "This ticket was used; fetch another one.")
    used.labels("used").inc()


def routes() -> list[Route]:
    """Return the address of the tickets."""
    return [Route("POST", "/kiosk/ticket", ticket, Access.KIOSK)]
