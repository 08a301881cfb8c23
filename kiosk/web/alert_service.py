"""Puts the alerts of this server together and keeps them running with it."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web

from kiosk import keys
from kiosk.alerts.certificates import Certificates, targets
from kiosk.alerts.engine import Engine
from kiosk.alerts.node import NodeWatch
from kiosk.alerts.opening import open_channels
from kiosk.alerts.tally import Tally
from kiosk.settings import Settings
from kiosk.storage.engine import parse_url
from kiosk.tasks import TaskSet
from kiosk.web.alert_facts import Gathering
from kiosk.web.shell import SHELL

ENGINE = web.AppKey("alerts", Engine)
PAGE = "/operator/alerts"


async def running(app: web.Application) -> AsyncIterator[None]:
    """Open the channels and watch, unless `alerts.on` is off; then only the pages are there."""
    settings, clock, bus = app[keys.SETTINGS], app[keys.CLOCK], app[keys.BUS]
    zone = ZoneInfo(settings.site.time_zone)
    tally = Tally(bus, clock, lambda kiosk: settings.site_of(kiosk) or "")
    node = NodeWatch(
        bus,
        clock,
        app[keys.METRICS],
        node=f"{platform.node()}:{settings.server.port}",
        # It asks the system where it runs.
        disks=[await asyncio.to_thread(data_folder, settings)],
        breakers=lambda: app[keys.HOOKS].left_out,
        fresh_s=3 * settings.alerts.every_s,
    )
    gathering = Gathering(
        settings,
        app[keys.LIVE],
        app[SHELL],
        app[keys.RECORDER],
        tally=tally,
        node=node,
        certificates=Certificates(
            clock, targets([settings.upstream.endpoint, settings.server.public_url])
        ),
    )
    names = settings.site_names()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        app[ENGINE] = engine = Engine(
            settings.alerts,
            app[keys.STORAGE].alerts,
            bus,
            clock,
            app[keys.METRICS],
            # It reads the files that secrets are in.
            await asyncio.to_thread(open_channels, settings.alerts, zone, http, clock),
            gather=gathering,
            zone=zone,
            site_name=lambda site: names.get(site, site),
            link=link(settings),
        )
        if settings.alerts.on:
            tasks = TaskSet("alert facts")
            stack.push_async_callback(tasks.aclose)
            tasks.spawn(tally.listen(), name="tally")
            tasks.spawn(node.listen(), name="nodes")
            await stack.enter_async_context(engine.running())
        yield


def link(settings: Settings) -> str:
    """Return where people find the page of alerts; empty when the server does not know."""
    url = settings.server.public_url
    return url.rstrip("/") + PAGE if url else ""


def data_folder(settings: Settings) -> Path:
    """Return the folder on the disk that fills up: the database's, or where the server runs."""
    url = parse_url(settings.storage.url)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).absolute().parent
    return Path.cwd()
