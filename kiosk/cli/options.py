"""Options that commands share, and the settings they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from kiosk import log
from kiosk.cli import running
from kiosk.errors import KioskError
from kiosk.settings import Settings, load_settings

CONFIG: Final = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file; ./kiosk.toml when it is there.",
)
BLOCK: Final = click.option(
    "--block-plugin", "block", multiple=True, help="Do not load this plugin."
)
NO_PLUGINS: Final = click.option("--no-plugins", is_flag=True, help="Load built-in plugins only.")


def settings_of(config: Path | None, **overrides: Any) -> Settings:
    """Read the settings and set up the log; wrong ones end the process with exit code 2."""
    try:
        settings = load_settings(config, overrides=overrides)
    except KioskError as error:
        running.fail(error)
    log.configure(level=settings.log.level, style=settings.log.format)
    return settings


def hook_overrides(block: tuple[str, ...], *, no_plugins: bool) -> dict[str, Any]:
    """Return the settings that the two plugin options stand for."""
    hooks: dict[str, Any] = {}
    if block:
        hooks["block"] = list(block)
    if no_plugins:
        hooks["off"] = True
    return {"hooks": hooks} if hooks else {}
