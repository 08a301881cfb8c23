"""/api/pairings and /api/devices: who waits to be let in, and who was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import Field

from kiosk import keys
from kiosk.security.access import Access
from kiosk.security.devices import EnrolError
from kiosk.web import screens_page as page
from kiosk.web.api.base import ApiRoute, Given, Model, Nothing
from kiosk.web.noting import note
from kiosk.web.request import refuse


class Waiting(Model):
    """A screen that shows a code."""

    id: str
    code: str
    browser: str
    address: str
    since: datetime
    until: datetime


class WaitingList(Model):
    """Who waits, the longest first."""

    pairings: list[Waiting]


class Approval(Model):
    """Which kiosk's screen it is to be."""

    kiosk: str = Field(max_length=64)
    replace: bool = Field(False, description="Revoke the devices the kiosk has.")


class Device(Model):
    """A browser that is a screen."""

    id: str
    kiosk: str
    browser: str
    address: str
    approved_by: str
    since: datetime
    seen: datetime


class DeviceList(Model):
    """The devices that are not revoked."""

    devices: list[Device]


class Code(Model):
    """A code that a screen types at /enrol, once."""

    code: str
    minutes: int


async def pairings(request: web.Request, given: Given[Any, Any]) -> WaitingList:
    """List who waits."""
    del given
    rows = await request.app[keys.STORAGE].pairings.waiting()
    return WaitingList(
        pairings=[
            Waiting(
                id=row.id, code=row.code, browser=row.browser, address=row.address,
                since=row.created_at, until=row.expires_at,
            )
            for row in rows
        ]
    )  # fmt: skip


async def approve(request: web.Request, given: Given[Any, Approval]) -> Nothing:
    """Let one in."""
    try:
        row = await page.waiting_one(request)
        await page.let_in(request, row, given.body.kiosk, replace=given.body.replace)
    except EnrolError as error:
        refuse(409, "not_waiting", str(error))
    return Nothing()


async def turn_away(request: web.Request, given: Given[Any, Any]) -> Nothing:
    """Refuse one."""
    del given
    try:
        await page.refuse_one(request, await page.waiting_one(request))
    except EnrolError as error:
        refuse(409, "not_waiting", str(error))
    return Nothing()


async def devices(request: web.Request, given: Given[Any, Any]) -> DeviceList:
    """List devices."""
    del given
    return DeviceList(
        devices=[
            Device(
                id=row.id, kiosk=row.kiosk_id, browser=row.browser, address=row.address,
                approved_by=row.approved_by, since=row.created_at, seen=row.seen_at,
            )
            for row in await page.devices_of(request)
        ]
    )  # fmt: skip


async def revoke(request: web.Request, given: Given[Any, Any]) -> Nothing:
    """Revoke one."""
    del given
    await page.revoke_one(request, await page.device_of(request))
    return Nothing()


async def code(request: web.Request, given: Given[Any, Any]) -> Code:
    """Make a code by hand."""
    kiosk_id = given.path["kiosk"]
    found = request.app[keys.DEVICES]
    if kiosk_id not in found.ids:
        refuse(404, "no_kiosk", "There is no such screen in the settings.")
    await note(request, "kiosk.code", kiosk_id)
    minutes = request.app[keys.SETTINGS].access.code_minutes
    return Code(code=await found.make_code(kiosk_id), minutes=minutes)


_RIGHT = Access.KIOSK_ENROL
ROUTES = [
    ApiRoute(
        "GET", "/api/pairings", pairings, _RIGHT, "Screens that wait to be let in.",
        answer=WaitingList, tag="pairings",
    ),
    ApiRoute(
        "POST", "/api/pairings/{pairing}/approve", approve, _RIGHT,
        "Let a screen in; it goes on by itself.",
        body=Approval, status=204, tag="pairings", refusals=(409,),
    ),
    ApiRoute(
        "POST", "/api/pairings/{pairing}/refuse", turn_away, _RIGHT, "Refuse a screen.",
        status=204, tag="pairings", refusals=(409,),
    ),
    ApiRoute(
        "GET", "/api/devices", devices, _RIGHT, "Browsers that are screens.",
        answer=DeviceList, tag="pairings",
    ),
    ApiRoute(
        "POST", "/api/devices/{device}/revoke", revoke, _RIGHT,
        "Take a device's right away; its socket is closed at once.",
        status=204, tag="pairings",
    ),
    ApiRoute(
        "POST", "/api/kiosks/{kiosk}/code", code, _RIGHT,
        "Make a code that a screen types at /enrol, once.", answer=Code, tag="pairings",
    ),
]  # fmt: skip
