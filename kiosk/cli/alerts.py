"""`kiosk alerts`: lists the channels, and sends a test to one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import click

from kiosk.alerts.channels.base import ChannelError
from kiosk.alerts.courier import deliver_one
from kiosk.alerts.engine import trial
from kiosk.alerts.opening import open_channels
from kiosk.cli import running
from kiosk.cli.options import CONFIG, settings_of
from kiosk.clock import SystemClock
from kiosk.errors import StartupError
from kiosk.settings import Settings
from kiosk.web.alert_service import link


@click.group()
def alerts() -> None:
    """See and try who is told when something is wrong."""


@alerts.command("channels")
@CONFIG
def alerts_channels(config: Path | None) -> None:
    """List the channels of the settings."""
    for name, channel in settings_of(config).alerts.channels.items():
        sites = ", ".join(channel.sites) or "all sites"
        click.echo(f"{name}\t{channel.type}\tat least {channel.severity}\t{sites}")


@alerts.command("test")
@click.argument("channel")
@CONFIG
def alerts_test(channel: str, config: Path | None) -> None:
    """Send a test to a channel, as an alert would go."""
    running.run(send_test(settings_of(config), channel))


async def send_test(settings: Settings, name: str) -> None:
    """Send it; raises StartupError when there is no such channel, or it does not take it."""
    if name not in settings.alerts.channels:
        known = ", ".join(settings.alerts.channels) or "none; add [alerts.channels.NAME]"
        raise StartupError(f"There is no channel {name}; there are {known}.")
    clock = SystemClock()
    zone = ZoneInfo(settings.site.time_zone)
    only = settings.alerts.model_copy(update={"channels": {name: settings.alerts.channels[name]}})
    async with aiohttp.ClientSession() as http:
        opened = await asyncio.to_thread(open_channels, only, zone, http, clock)
        try:
            await deliver_one(opened[name], trial(clock, link(settings)))
        except ChannelError as error:
            raise StartupError(f"{name} did not take the test. {error}") from None
    click.echo(f"{name} has taken the test.")
