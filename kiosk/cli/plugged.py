"""Commands that plugins add to `kiosk`: found without opening a database or a network."""

from __future__ import annotations

import click

from kiosk.app import builtins
from kiosk.clock import SystemClock
from kiosk.errors import KioskError
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import load_plugins
from kiosk.settings import load_settings
from kiosk.telemetry import Metrics


def plugin_commands(taken: frozenset[str]) -> tuple[list[click.Command], list[str]]:
    """Return the plugins' commands, and a sentence for each that is left out.

    The settings are those of ./kiosk.toml and the environment. Whatever is wrong with them or
    with a plugin leaves our own commands as they are.
    """
    try:
        settings = load_settings()
        clock = SystemClock()
        loaded = load_plugins(settings, clock, builtins=builtins())
        return Hooks(loaded, settings, clock, Metrics()).commands(taken)
    except KioskError as error:
        return [], [str(error)]
