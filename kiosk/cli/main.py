"""The command group: serve, demo, emulate, check, and what looks after a site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kiosk import log
from kiosk.cli import manage, running
from kiosk.cli.check import check_site
from kiosk.cli.demo import run_demo
from kiosk.cli.emulate import emulate as run_emulator
from kiosk.errors import KioskError
from kiosk.settings import Settings, load_settings

_CONFIG = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file; ./kiosk.toml when it is there.",
)
_BLOCK = click.option("--block-plugin", "block", multiple=True, help="Do not load this plugin.")
_NO_PLUGINS = click.option("--no-plugins", is_flag=True, help="Load built-in plugins only.")


def settings_of(config: Path | None, **overrides: Any) -> Settings:
    """Read the settings and set up the log; wrong ones end the process with exit code 2."""
    try:
        settings = load_settings(config, overrides=overrides)
    except KioskError as error:
        running.fail(error)
    log.configure(level=settings.log.level, style=settings.log.format)
    return settings


def _hook_overrides(block: tuple[str, ...], no_plugins: bool) -> dict[str, Any]:
    hooks: dict[str, Any] = {}
    if block:
        hooks["block"] = list(block)
    if no_plugins:
        hooks["off"] = True
    return {"hooks": hooks} if hooks else {}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="avatar-kiosk")
def main() -> None:
    """Run talking avatars on walk-up screens."""


@main.command()
@_CONFIG
@_BLOCK
@_NO_PLUGINS
def serve(config: Path | None, block: tuple[str, ...], no_plugins: bool) -> None:
    """Run the server with kiosk.toml and the environment."""
    settings = settings_of(config, **_hook_overrides(block, no_plugins))
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
@_CONFIG
@_BLOCK
@_NO_PLUGINS
def demo(
    port: int,
    host: str,
    voice: str,
    scenario: Path | None,
    data: Path | None,
    config: Path | None,
    block: tuple[str, ...],
    no_plugins: bool,
) -> None:
    """Run everything on this machine: emulator, server, one kiosk, one operator. No Azure."""
    extra = _hook_overrides(block, no_plugins)
    running.run(
        run_demo(
            host=host,
            port=port,
            voice=voice,
            scenario=scenario,
            data=data,
            config=config,
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
@_CONFIG
@_BLOCK
@_NO_PLUGINS
def check(config: Path | None, block: tuple[str, ...], no_plugins: bool) -> None:
    """Check settings, plugins, database and upstream; says what is wrong and the fix."""
    try:
        settings = load_settings(config, overrides=_hook_overrides(block, no_plugins))
    except KioskError as error:
        running.fail(error, code=1)
    log.configure(level="error", style=settings.log.format)
    running.run(check_site(settings))


@main.command()
@_CONFIG
@_BLOCK
def plugins(config: Path | None, block: tuple[str, ...]) -> None:
    """List the plugins in use: where from, which hooks, which tools."""
    settings = settings_of(config, **_hook_overrides(block, False))
    try:
        manage.list_plugins(settings)
    except KioskError as error:
        running.fail(error, code=1)


@main.group()
def operators() -> None:
    """Manage who may log in to the dashboard."""


@operators.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="May manage other operators.")
@click.option("--generate", is_flag=True, help="Make a password and print it once.")
@_CONFIG
def operators_add(name: str, admin: bool, generate: bool, config: Path | None) -> None:
    """Add an operator; the password is asked for."""
    password = (
        None if generate else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    running.run(manage.add_operator(settings_of(config), name, password, admin=admin))


@operators.command("password")
@click.argument("name")
@_CONFIG
def operators_password(name: str, config: Path | None) -> None:
    """Set an operator's password; their logins end."""
    password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    running.run(manage.set_password(settings_of(config), name, password))


@operators.command("remove")
@click.argument("name")
@_CONFIG
def operators_remove(name: str, config: Path | None) -> None:
    """Remove an operator; their logins end."""
    running.run(manage.remove_operator(settings_of(config), name))


@operators.command("list")
@_CONFIG
def operators_list(config: Path | None) -> None:
    """List the operators."""
    running.run(manage.list_operators(settings_of(config)))


@main.group()
def kiosks() -> None:
    """Manage the screens."""


@kiosks.command("list")
@_CONFIG
def kiosks_list(config: Path | None) -> None:
    """List the screens of the settings."""
    for kiosk in settings_of(config).kiosks:
        click.echo(f"{kiosk.id}\t{kiosk.name}\t{kiosk.place}")


@kiosks.command("enrol")
@click.argument("kiosk_id")
@_CONFIG
def kiosks_enrol(kiosk_id: str, config: Path | None) -> None:
    """Make a code that a screen types at /enrol, once."""
    running.run(manage.enrol_kiosk(settings_of(config), kiosk_id))


@main.group()
def db() -> None:
    """Look after the database."""


@db.command("status")
@_CONFIG
def db_status(config: Path | None) -> None:
    """Say which revision the database is at."""
    running.run(manage.database_status(settings_of(config)))


@db.command("upgrade")
@_CONFIG
def db_upgrade(config: Path | None) -> None:
    """Bring the database up to date."""
    running.run(manage.database_upgrade(settings_of(config)))


@main.group()
def transcripts() -> None:
    """Read what was said, redacted as it is stored. Reading is audited."""


@transcripts.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@_CONFIG
def transcripts_list(limit: int, config: Path | None) -> None:
    """List the last visits."""
    running.run(manage.list_visits(settings_of(config), limit))


@transcripts.command("show")
@click.argument("visit_id")
@_CONFIG
def transcripts_show(visit_id: str, config: Path | None) -> None:
    """Print one visit's transcript."""
    running.run(manage.show_transcript(settings_of(config), visit_id))
