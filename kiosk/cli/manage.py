"""What the thin commands do: serve, and look after operators, screens, the database."""

from __future__ import annotations

import click

from kiosk.app import create_app
from kiosk.cli.running import listening, on_stop
from kiosk.cli.tried import try_plugins
from kiosk.clock import SystemClock
from kiosk.errors import KioskError, StartupError
from kiosk.security.devices import Devices
from kiosk.settings import Settings
from kiosk.storage.database import Storage, open_storage
from kiosk.storage.migrate import migrate, status


async def serve(settings: Settings) -> None:
    """Serve until stopped, then drain."""
    stopped = on_stop()
    app = create_app(settings)
    server = settings.server
    async with listening(app, server.host, server.port, idle_s=server.idle_connection_s) as port:
        click.echo(f"Kiosk screen:  http://{server.host}:{port}/")
        click.echo(f"Dashboard:     http://{server.host}:{port}/operator/")
        await stopped.wait()


def missing_extra(error: ImportError) -> StartupError:
    """Return the sentence for an emulator whose parts are not installed."""
    return StartupError(
        f"The emulator needs {error.name}, which is not installed; run "
        "pip install 'avatar-kiosk[emulator]' (light) or 'avatar-kiosk[speech]' (natural voice)."
    )


def list_plugins(settings: Settings) -> bool:
    """Print what is loaded, and of what is not why; False when something is wrong."""
    hooks, wrong = try_plugins(settings)
    for plugin in hooks.plugins:
        tools = [tool.name for tool in hooks.tools.values() if tool.plugin == plugin.name]
        click.echo(f"{plugin.name} {plugin.version}".rstrip() + f"  ({plugin.origin})")
        click.echo(f"  hooks: {', '.join(plugin.hooks) or 'none'}")
        if tools:
            click.echo(f"  tools: {', '.join(tools)}")
        if plugin.name in wrong:
            click.echo(f"  WRONG {wrong[plugin.name]}")
    loaded = {plugin.name for plugin in hooks.plugins}
    for name in sorted(wrong.keys() - loaded):
        click.echo(f"{name}\n  WRONG {wrong[name]}")
    for sentence in hooks.not_blocked:
        click.echo(f"Warning: {sentence}", err=True)
    return not wrong


async def enrol_kiosk(settings: Settings, kiosk_id: str) -> None:
    """Print an enrolment code."""
    clock = SystemClock()
    async with open_storage(settings.storage, clock) as storage:
        devices = await _devices(settings, storage)
        code = await devices.make_code(kiosk_id)
    minutes = settings.access.code_minutes
    click.echo(f"Open /enrol on the screen and type {code} within {minutes} minutes.")


async def _devices(settings: Settings, storage: Storage) -> Devices:
    ids = [kiosk.id for kiosk in settings.kiosks]
    return await Devices.open(storage, SystemClock(), settings.access, ids)


async def database_status(settings: Settings) -> None:
    """Print the revision."""
    found = await status(settings.storage.url)
    state = "up to date" if found.up_to_date else "out of date; run `kiosk db upgrade`"
    click.echo(f"revision {found.current or 'none'}, this version needs {found.head}: {state}")


async def database_upgrade(settings: Settings) -> None:
    """Bring the database up to date."""
    found = await migrate(settings.storage.url)
    click.echo(f"The database is at revision {found.current}.")


async def list_visits(settings: Settings, limit: int) -> None:
    """Print the last visits, newest first."""
    async with open_storage(settings.storage, SystemClock()) as storage:
        for row in await storage.visits.recent(limit):
            ended = row.reason or "no end noted"
            click.echo(f"{row.id}\t{row.started_at:%Y-%m-%d %H:%M}\t{row.kiosk_id}\t{ended}")


async def show_transcript(settings: Settings, visit_id: str) -> None:
    """Print a visit's turns; raises KioskError when there is no such visit."""
    async with open_storage(settings.storage, SystemClock()) as storage:
        if await storage.visits.get(visit_id) is None:
            raise KioskError(f"There is no visit {visit_id}; see `kiosk transcripts list`.")
        await storage.audit.add("command line", "visit.read", visit_id)
        for entry in await storage.turns.of(visit_id):
            cut = " [interrupted]" if entry.interrupted else ""
            click.echo(f"{entry.at:%H:%M:%S}  {entry.speaker}: {entry.text}{cut}")


async def list_sinks(settings: Settings) -> None:
    """Print what waits for each sink, by name."""
    async with open_storage(settings.storage, SystemClock()) as storage:
        for state in await storage.outbox.states():
            oldest = f"{state.oldest:%Y-%m-%d %H:%M}" if state.oldest is not None else "-"
            click.echo(
                f"{state.sink}\twaiting {state.waiting}\toldest {oldest}\t"
                f"dead {state.dead}\t{state.error or '-'}"
            )


async def replay_sink(settings: Settings, sink: str) -> None:
    """Let a sink's dead letters wait again; a running server finds them by itself."""
    async with open_storage(settings.storage, SystemClock()) as storage:
        if sink not in {state.sink for state in await storage.outbox.states()}:
            raise KioskError(f"Nothing waits for a sink {sink}; see `kiosk transcripts sinks`.")
        count = await storage.outbox.replay(sink)
        await storage.audit.add("command line", "sink.replay", sink, f"{count} entries")
        click.echo(f"{count} dead letters of {sink} wait again; a running server offers them soon.")
