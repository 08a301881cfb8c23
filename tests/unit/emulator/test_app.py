"""`kiosk emulate` as a coroutine: ready, used, cancelled; or one sentence why not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kiosk.emulator.app import make_emulator, run_emulator
from kiosk.emulator.server import EmulatorServer
from kiosk.errors import SettingsError, StartupError
from kiosk.tasks import TaskSet
from tests.unit.emulator.emulating import answer_text, connected


async def test_it_runs_a_scenario_until_it_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "harbour.toml"
    path.write_text('generation_speed = 1000\n[[replies]]\nmatch = "boat"\nsay = "At ten."\n')
    ready: asyncio.Future[EmulatorServer] = asyncio.get_running_loop().create_future()
    tasks = TaskSet("test")
    tasks.spawn(run_emulator("127.0.0.1", 0, path, "light", ready.set_result), name="emulator")
    async with asyncio.timeout(30):
        emulator = await ready
    assert "espeak" in emulator.engines.describe()
    async with connected(emulator) as wire:
        assert answer_text(await wire.ask("the boat")) == "At ten."
    await tasks.aclose()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", emulator.port)


async def test_a_scenario_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        await run_emulator("127.0.0.1", 0, tmp_path / "none.toml", "light")


async def test_engines_that_do_not_exist() -> None:
    with pytest.raises(StartupError, match="no 'loud' emulator engines"):
        await run_emulator("127.0.0.1", 0, None, "loud")


def test_an_emulator_is_made_but_not_started() -> None:
    assert make_emulator(port=8765).endpoint == "http://127.0.0.1:8765"
