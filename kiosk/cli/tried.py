"""Builds the application with the plugins that work, and says of each other what is wrong."""

from __future__ import annotations

from kiosk import keys
from kiosk.app import create_app
from kiosk.errors import SettingsError, StartupError
from kiosk.hooks.facade import Hooks
from kiosk.settings import Settings

NOT_CONTACTED = "http://127.0.0.1:8765"
"""Stands for an endpoint that is not set: the application is not made without one."""


def try_plugins(settings: Settings) -> tuple[Hooks, dict[str, str]]:
    """Return the plugins that load, and a sentence for each that does not, by name.

    One whose table is wrong is tried again without its table, so that its hooks are known. Nothing
    is opened. Raises SettingsError or StartupError for what is no plugin's fault.
    """
    tried = settings.model_copy(deep=True)
    if tried.upstream.endpoint is None:
        tried.upstream.endpoint = NOT_CONTACTED
    wrong: dict[str, str] = {}
    while True:
        try:
            return create_app(tried)[keys.HOOKS], wrong
        except (SettingsError, StartupError) as error:
            if not error.plugins:
                raise
            for name, sentence in error.plugins.items():
                wrong.setdefault(name, sentence)
                if name in tried.plugins:
                    del tried.plugins[name]
                elif name not in tried.hooks.block:
                    tried.hooks.block.append(name)
                else:
                    raise  # left out already, and still in the way
