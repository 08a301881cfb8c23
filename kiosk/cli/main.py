"""The command group: serve, demo, emulate, check, and what looks after a site."""

from __future__ import annotations

from pathlib import Path

import click
from typing_extensions import override

from kiosk import log
from kiosk.cli import devices, manage, plugged, running
from kiosk.cli.alerts import alerts
from kiosk.cli.check import check_site
from kiosk.cli.demo import own_files, run_demo
from kiosk.cli.emulate import emulate as run_emulator
from kiosk.cli.operators import operators
from kiosk.cli.options import (
    BLOCK,
    CONFIG,
    NO_PLUGINS,
    hook_overrides,
    settings_of,
)
from kiosk.cli.plugins import plugins
from kiosk.cli.theme import theme
from kiosk.cli.transcripts import transcripts
from kiosk.errors import KioskError
from kiosk.settings import load_settings


class PluginGroup(click.Group):
    """Our commands, then those of plugins. A broken plugin costs its own command, never ours."""

    def _plugged(self) -> dict[str, click.Command]:
        found, left_out = plugged.plugin_commands(frozenset(self.commands))
        for sentence in left_out:
            click.echo(f"Warning: {sentence}", err=True)
        return {command.name or "": command for command in found}

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of ours, or of a plugin; plugins are loaded only for theirs."""
        return super().get_command(ctx, cmd_name) or self._plugged().get(cmd_name)

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names for `kiosk --help`."""
        return sorted([*self.commands, *self._plugged()])


@click.group(cls=PluginGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="avatar-kiosk")
def main() -> None:
    """Run talking avatars on walk-up screens."""


@main.command()
@CONFIG
@BLOCK
@NO_PLUGINS
def serve(config: Path | None, block: tuple[str, ...], no_plugins: bool) -> None:
    """Run the server with kiosk.toml and the environment."""
    settings = settings_of(config, **hook_overrides(block, no_plugins=no_plugins))
    running.run(manage.serve(settings))


@main.command()
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--voice",
    type=click.Choice(["auto", "natural", "light"]),
    default="auto",
    show_default=True,
    help="The emulator's speech: natural (extra `speech`) or light (extra `emulator`).",
)
@click.option("--scenario", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the demo's database here; a temporary folder otherwise.",
)
@click.option(
    "--plugins",
    type=click.Path(path_type=Path, file_okay=False),
    help="Load the plugins of this folder instead of the museum's; ./plugins when it is there.",
)
@click.option("--reload", is_flag=True, help="Load plugins and templates anew when they change.")
@CONFIG
@BLOCK
@NO_PLUGINS
def demo(
    port: int,
    host: str,
    voice: str,
    scenario: Path | None,
    data: Path | None,
    plugins: Path | None,
    reload: bool,
    config: Path | None,
    block: tuple[str, ...],
    no_plugins: bool,
) -> None:
    """Run everything on this machine: emulator, server, one kiosk, one operator. No Azure."""
    extra = hook_overrides(block, no_plugins=no_plugins)
    plugins, config = own_files(plugins, config)
    for what, path in (("Plugins of", plugins), ("Settings of", config)):
        if path is not None:
            click.echo(f"{what} {path}.")
    running.run(
        run_demo(
            host=host,
            port=port,
            voice=voice,
            scenario=scenario,
            data=data,
            config=config,
            plugins=plugins,
            reload=reload,
            overrides=extra,
        )
    )


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option("--scenario", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--voice",
    type=click.Choice(["auto", "natural", "light"]),
    default="auto",
    show_default=True,
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append every session's events, both ways, to this file of JSON Lines.",
)
@click.option(
    "--record-words",
    is_flag=True,
    help="Record what was said and heard too; only that can be replayed.",
)
@click.option(
    "--control-key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Open the control endpoint to other machines that send this file's key.",
)
def emulate(
    host: str,
    port: int,
    scenario: Path | None,
    voice: str,
    record: Path | None,
    record_words: bool,
    control_key_file: Path | None,
) -> None:
    """Run the Voice Live emulator alone; any Voice Live client works with any key."""
    log.configure()
    running.run(
        run_emulator(
            host=host,
            port=port,
            scenario=scenario,
            voice=voice,
            record=record,
            record_words=record_words,
            control_key_file=control_key_file,
        )
    )


@main.command()
@CONFIG
@BLOCK
@NO_PLUGINS
def check(config: Path | None, block: tuple[str, ...], no_plugins: bool) -> None:
    """Check settings, plugins, database and upstream; says what is wrong and the fix."""
    try:
        settings = load_settings(config, overrides=hook_overrides(block, no_plugins=no_plugins))
    except KioskError as error:
        running.fail(error, code=1)
    log.configure(level="error", style=settings.log.format)
    running.run(check_site(settings))


main.add_command(plugins)
main.add_command(alerts)
main.add_command(theme)
main.add_command(transcripts)
main.add_command(operators)
main.add_command(transcripts)


@main.group()
def kiosks() -> None:
    """Manage the screens."""


@kiosks.command("list")
@CONFIG
def kiosks_list(config: Path | None) -> None:
    """List the screens of the settings."""
    for kiosk in settings_of(config).kiosks:
        click.echo(f"{kiosk.id}\t{kiosk.name}\t{kiosk.place}")


@kiosks.command("enrol")
@click.argument("kiosk_id")
@CONFIG
def kiosks_enrol(kiosk_id: str, config: Path | None) -> None:
    """Make a code that a screen types at /enrol, once."""
    running.run(manage.enrol_kiosk(settings_of(config), kiosk_id))


@kiosks.command("waiting")
@CONFIG
def kiosks_waiting(config: Path | None) -> None:
    """List the screens that show a code and wait to be let in."""
    running.run(devices.list_waiting(settings_of(config)))


@kiosks.command("approve")
@click.argument("code")
@click.argument("kiosk_id")
@click.option("--replace", is_flag=True, help="Revoke the devices the kiosk has.")
@CONFIG
def kiosks_approve(code: str, kiosk_id: str, replace: bool, config: Path | None) -> None:
    """Let the screen that shows CODE in, as KIOSK_ID's."""
    running.run(devices.approve(settings_of(config), code, kiosk_id, replace=replace))


@kiosks.command("refuse")
@click.argument("code")
@CONFIG
def kiosks_refuse(code: str, config: Path | None) -> None:
    """Refuse the screen that shows CODE."""
    running.run(devices.refuse(settings_of(config), code))


@kiosks.command("devices")
@CONFIG
def kiosks_devices(config: Path | None) -> None:
    """List the devices that are screens."""
    running.run(devices.list_devices(settings_of(config)))


@kiosks.command("revoke")
@click.argument("name")
@CONFIG
def kiosks_revoke(name: str, config: Path | None) -> None:
    """Revoke a device by its id, or every device of a kiosk; its socket is closed in seconds."""
    running.run(devices.revoke(settings_of(config), name))


@main.group()
def db() -> None:
    """Look after the database."""


@db.command("status")
@CONFIG
def db_status(config: Path | None) -> None:
    """Say which revision the database is at."""
    running.run(manage.database_status(settings_of(config)))


@db.command("upgrade")
@CONFIG
def db_upgrade(config: Path | None) -> None:
    """Bring the database up to date."""
    running.run(manage.database_upgrade(settings_of(config)))
