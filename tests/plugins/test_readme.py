"""The plugins' README is true: its first plugin loads, its tests pass, its settings are known."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kiosk.paths import demo_plugins
from tests.unit.hooks.hooking import load

README = (demo_plugins() / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A plugin author's folder, as the README would have it."""
    plugin, *tests = blocks("python")
    (tmp_path / "tours.py").write_text(plugin, encoding="utf-8")
    for number, test in enumerate(tests):
        (tmp_path / f"test_tours_{number}.py").write_text(test, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
    return tmp_path


def test_the_first_plugin_is_short_and_loads(project: Path) -> None:
    assert len((project / "tours.py").read_text(encoding="utf-8").splitlines()) <= 20
    for path in project.glob("test_*.py"):
        path.unlink()
    (plugin,) = load(folder=project).plugins
    assert (plugin.name, plugin.hooks) == ("tours", ("register_tools",))


def test_its_tests_pass(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(project)],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "2 passed" in done.stdout


def test_its_settings_are_the_plugins_own() -> None:
    (text,) = blocks("toml")
    loaded = load(folder=demo_plugins(), plugins=tomllib.loads(text)["plugins"])
    assert {"lobby_greeting", "wayfinding", "jsonl_sink"} <= set(loaded.sites)


def test_every_plugin_here_is_named() -> None:
    for plugin in load(folder=demo_plugins()).plugins:
        assert f"`{plugin.name}" in README
