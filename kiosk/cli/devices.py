"""Let screens in and take them out from the command line, for fleets and scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from kiosk.clock import SystemClock
from kiosk.errors import KioskError
from kiosk.security.devices import Devices
from kiosk.security.pairing import Pairing
from kiosk.settings import Settings
from kiosk.storage.database import Storage, open_storage

ACTOR = "command line"


@asynccontextmanager
async def _pairing(settings: Settings) -> AsyncIterator[tuple[Storage, Pairing]]:
    clock = SystemClock()
    async with open_storage(settings.storage, clock) as storage:
        ids = [kiosk.id for kiosk in settings.kiosks]
        devices = await Devices.open(storage, clock, settings.access, ids)
        yield storage, Pairing(storage, clock, settings.access, devices)


async def list_waiting(settings: Settings) -> None:
    """Print who waits."""
    async with _pairing(settings) as (storage, _):
        for row in await storage.pairings.waiting():
            click.echo(f"{row.code}\t{row.address}\t{row.created_at:%H:%M:%S}\t{row.browser}")


async def approve(settings: Settings, code: str, kiosk_id: str, *, replace: bool) -> None:
    """Let one in; raises KioskError."""
    async with _pairing(settings) as (storage, pairing):
        row = await pairing.by_code(code, ACTOR)
        site = settings.site_of(kiosk_id) or ""
        await storage.audit.add(
            ACTOR, "kiosk.approve", kiosk_id, f"{row.code} from {row.address}", site=site
        )
        # Known before it is let in: the new one must not be among them.
        rows = await storage.devices.active() if replace else ()
        gone = [device for device in rows if device.kiosk_id == kiosk_id]
        await pairing.approve(row, kiosk_id, ACTOR)
        for device in gone:
            await storage.devices.revoke(device.id)
            await storage.audit.add(ACTOR, "kiosk.revoke", kiosk_id, device.id, site=site)
        click.echo(f"{row.code} is let in as {kiosk_id}; the screen goes on by itself.")
        if gone:
            click.echo(f"Revoked: {', '.join(device.id for device in gone)}.")


async def refuse(settings: Settings, code: str) -> None:
    """Refuse one; raises KioskError."""
    async with _pairing(settings) as (storage, pairing):
        row = await pairing.by_code(code, ACTOR)
        await storage.audit.add(ACTOR, "kiosk.refuse", row.id, f"{row.code} from {row.address}")
        await pairing.refuse(row, ACTOR)
        click.echo(f"{row.code} is refused.")


async def list_devices(settings: Settings) -> None:
    """Print the devices."""
    async with _pairing(settings) as (storage, _):
        for row in await storage.devices.active():
            click.echo(
                f"{row.id}\t{row.kiosk_id}\t{row.approved_by}\t{row.address or '-'}\t"
                f"seen {row.seen_at:%Y-%m-%d %H:%M}"
            )


async def revoke(settings: Settings, name: str) -> None:
    """Revoke a device, or every device of a kiosk; raises KioskError."""
    async with _pairing(settings) as (storage, _):
        rows = [row for row in await storage.devices.active() if name in {row.id, row.kiosk_id}]
        if not rows:
            raise KioskError(f"There is no device and no kiosk {name}; see `kiosk kiosks devices`.")
        for row in rows:
            site = settings.site_of(row.kiosk_id) or ""
            await storage.audit.add(ACTOR, "kiosk.revoke", row.kiosk_id, row.id, site=site)
            await storage.devices.revoke(row.id)
            click.echo(f"Revoked {row.id} of {row.kiosk_id}.")
