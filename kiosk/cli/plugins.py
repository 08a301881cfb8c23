"""`kiosk plugins`: list what is loaded, make a plugin, test one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kiosk import log
from kiosk.cli import manage, plugin_new, plugin_test, running
from kiosk.cli.options import BLOCK, CONFIG, NO_PLUGINS, hook_overrides, settings_of
from kiosk.errors import KioskError


@click.group(invoke_without_command=True)
@CONFIG
@BLOCK
@NO_PLUGINS
@click.pass_context
def plugins(
    context: click.Context, config: Path | None, block: tuple[str, ...], no_plugins: bool
) -> None:
    """List the plugins in use: where from, which hooks, which tools; or make and test one.

    What is wrong with a plugin is said below its name, and the exit code is 1.
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(config, **hook_overrides(block, no_plugins=no_plugins))
    log.configure(level="error", style=settings.log.format)
    try:
        if not manage.list_plugins(settings):
            sys.exit(1)
    except KioskError as error:
        running.fail(error, code=1)


@plugins.command("new")
@click.argument("name")
@click.option("--package", is_flag=True, help="A distribution of its own, with an entry point.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for it; ./plugins, or for a package this one.",
)
def new(name: str, package: bool, into: Path | None) -> None:
    """Write a plugin that works and its test that passes."""
    try:
        if package:
            made = plugin_new.new_package(name, into or Path())
        else:
            made = plugin_new.new_file(name, into or Path("plugins"))
    except KioskError as error:
        running.fail(error, code=1)
    for path in made:
        click.echo(f"Wrote {path}")
    target = made[0].parent if package else made[0]
    click.echo(f"Test it with: kiosk plugins test {target}")


@plugins.command("test")
@click.argument("path", type=click.Path(path_type=Path))
@CONFIG
def test(path: Path, config: Path | None) -> None:
    """Load a plugin as the server does, run its tests, and hold a visit on the emulator."""
    running.run(plugin_test.test_plugin(path, config))
