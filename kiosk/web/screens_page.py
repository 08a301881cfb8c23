"""/operator/screens: who waits to be let in, which devices are whose, and codes by hand."""

from __future__ import annotations

from aiohttp import web

from kiosk import keys
from kiosk.security.access import Access
from kiosk.security.devices import EnrolError
from kiosk.storage.rows import DeviceRow, PairingRow
from kiosk.web import device_board
from kiosk.web.dashboard import render
from kiosk.web.fleet_board import Fields
from kiosk.web.noting import note
from kiosk.web.pages import PAIRING
from kiosk.web.request import form, operator, refuse
from kiosk.web.revoking import REVOKING
from kiosk.web.routes import Route

GONE = "This screen does not wait any more; look at the list again."


async def screens_page(request: web.Request) -> web.Response:
    """List who waits, and the screens with their devices."""
    return await _page(request, looked_for=request.query.get("code", "")[:16])


async def make_code(request: web.Request) -> web.Response:
    """Make a code for one screen and show it once."""
    kiosk_id = request.match_info["kiosk"]
    await form(request)
    if kiosk_id not in request.app[keys.DEVICES].ids:
        refuse(404, "no_kiosk", "There is no such screen in the settings.")
    await note(request, "kiosk.code", kiosk_id)
    code = await request.app[keys.DEVICES].make_code(kiosk_id)
    return await _page(request, code=code, code_for=kiosk_id)


async def approve(request: web.Request) -> web.Response:
    """Let one that waits in."""
    fields = await form(request)
    try:
        row = await waiting_one(request)
        await let_in(request, row, fields.get("kiosk", ""), replace=fields.get("replace") == "yes")
    except EnrolError as error:
        return await _page(request, problem=str(error))
    raise web.HTTPSeeOther("/operator/screens?done=approved")


async def turn_away(request: web.Request) -> web.Response:
    """Refuse one that waits."""
    await form(request)
    try:
        await refuse_one(request, await waiting_one(request))
    except EnrolError as error:
        return await _page(request, problem=str(error))
    raise web.HTTPSeeOther("/operator/screens?done=refused")


async def revoke(request: web.Request) -> web.Response:
    """Take a device's right away."""
    await form(request)
    await revoke_one(request, await device_of(request))
    raise web.HTTPSeeOther("/operator/screens?done=revoked")


async def waiting_one(request: web.Request) -> PairingRow:
    """Return who waits under the address's name; raises EnrolError."""
    row = await request.app[keys.STORAGE].pairings.find(id=request.match_info["pairing"])
    if row is None or row.state != "waiting":
        raise EnrolError(GONE)
    return row


async def let_in(request: web.Request, row: PairingRow, kiosk_id: str, *, replace: bool) -> None:
    """Let one in as a kiosk's screen, if whoever asks may at its site; raises EnrolError."""
    who = operator(request)
    site = request.app[keys.SETTINGS].site_of(kiosk_id)
    if site is None or not who.may(Access.KIOSK_ENROL, site):
        raise EnrolError("Choose one of your screens that it is to be.")
    pairing = request.app[PAIRING]
    await note(request, "kiosk.approve", kiosk_id, f"{row.code} from {row.address}", site=site)
    # Known before it is let in: the new one must not be among them.
    before = await request.app[keys.STORAGE].devices.active() if replace else ()
    await pairing.approve(row, kiosk_id, who.actor)
    for device in before:
        if device.kiosk_id == kiosk_id:
            await revoke_one(request, device)


async def refuse_one(request: web.Request, row: PairingRow) -> None:
    """Refuse one that waits; raises EnrolError."""
    await note(request, "kiosk.refuse", row.id, f"{row.code} from {row.address}", site="")
    await request.app[PAIRING].refuse(row, operator(request).actor)


async def device_of(request: web.Request) -> DeviceRow:
    """Return the device of the address, if it stands where whoever asks may let screens in."""
    row = await request.app[keys.STORAGE].devices.get(request.match_info["device"])
    site = request.app[keys.SETTINGS].site_of(row.kiosk_id) if row is not None else None
    if row is None or not operator(request).may(Access.KIOSK_ENROL, site or "-"):
        refuse(404, "no_device", "There is no such device; look at the list again.")
    return row


async def revoke_one(request: web.Request, row: DeviceRow) -> None:
    """Take a device's right away; its socket is closed at once."""
    site = request.app[keys.SETTINGS].site_of(row.kiosk_id) or ""
    await note(request, "kiosk.revoke", row.kiosk_id, row.id, site=site)
    await request.app[REVOKING].revoke(request.app[keys.STORAGE], row.id)


async def devices_of(request: web.Request) -> list[DeviceRow]:
    """Return the devices at the sites where whoever asks may let screens in."""
    settings = request.app[keys.SETTINGS]
    sites = operator(request).sites(Access.KIOSK_ENROL)
    rows = await request.app[keys.STORAGE].devices.active()
    return [row for row in rows if sites is None or settings.site_of(row.kiosk_id) in sites]


_DONE = {
    "approved": "It is let in; the screen goes on by itself within seconds.",
    "refused": "It is refused, and says so.",
    "revoked": "That device is no screen of ours any more; it shows a code to be let in again.",
}


async def _page(
    request: web.Request,
    *,
    code: str = "",
    code_for: str = "",
    problem: str = "",
    looked_for: str = "",
) -> web.Response:
    settings, devices = request.app[keys.SETTINGS], request.app[keys.DEVICES]
    sites = operator(request).sites(Access.KIOSK_ENROL)
    theirs: dict[str, list[Fields]] = {}
    for row in await devices_of(request):
        theirs.setdefault(row.kiosk_id, []).append(
            {
                "id": row.id,
                "browser": device_board.browser(row.browser),
                "address": row.address,
                "by": row.approved_by,
                "since": row.created_at.isoformat(),
                "seen": row.seen_at.isoformat(),
            }
        )
    waiting = [
        {
            "id": row.id,
            "code": row.code,
            "browser": device_board.browser(row.browser),
            "address": row.address,
            "since": row.created_at.isoformat(),
        }
        for row in await request.app[keys.STORAGE].pairings.waiting()
    ]
    return await render(
        request,
        "screens.html",
        status=422 if problem else 200,
        nav="screens",
        screens=[item for item in settings.kiosks if sites is None or item.site in sites],
        minutes=settings.access.code_minutes,
        open_kiosk=devices.open_kiosk,
        devices=theirs,
        waiting=waiting,
        code=code,
        code_for=code_for,
        problem=problem,
        done=_DONE.get(request.query.get("done", ""), ""),
        looked_for=looked_for,
    )


def routes() -> list[Route]:
    """Return the addresses of this module."""
    who = Access.KIOSK_ENROL
    return [
        Route("GET", "/operator/screens", screens_page, who),
        Route("POST", "/operator/screens/{kiosk}/code", make_code, who),
        Route("POST", "/operator/screens/waiting/{pairing}/approve", approve, who),
        Route("POST", "/operator/screens/waiting/{pairing}/refuse", turn_away, who),
        Route("POST", "/operator/screens/devices/{device}/revoke", revoke, who),
    ]
