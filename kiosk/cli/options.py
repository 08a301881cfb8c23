"""Options that commands share, and the settings they lead to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click

from kiosk import log
from kiosk.cli import running
from kiosk.errors import KioskError
from kiosk.security.access import ROLES
from kiosk.settings import Settings, load_settings
from kiosk.settings.roles import role_and_site
from kiosk.storage.rows import EVERY_SITE, Grant

CONFIG: Final = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file; ./kiosk.toml when it is there.",
)
BLOCK: Final = click.option(
    "--block-plugin", "block", multiple=True, help="Do not load this plugin."
)
ROLE: Final = click.option(
    "--role",
    "role",
    multiple=True,
    metavar="ROLE[@SITE]",
    help=f"One of {', '.join(ROLES)}; with @SITE at that site only. May be given again.",
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


def grants_of(words: Iterable[str], settings: Settings) -> list[Grant]:
    """Read roles such as `operator@north`; wrong ones are refused with what there is."""
    grants = []
    for word in words:
        try:
            role, site = role_and_site(word)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
        sites = settings.site_names()
        if site not in {EVERY_SITE, *sites}:
            raise click.BadParameter(f"there is no site {site!r}; there are {', '.join(sites)}")
        grants.append(Grant(role, site))
    return grants


def hook_overrides(block: tuple[str, ...], *, no_plugins: bool) -> dict[str, Any]:
    """Return the settings that the two plugin options stand for."""
    hooks: dict[str, Any] = {}
    if block:
        hooks["block"] = list(block)
    if no_plugins:
        hooks["off"] = True
    return {"hooks": hooks} if hooks else {}
