"""`kiosk plugins test`: loads a plugin as the server does, runs its tests, holds one visit."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from kiosk import log
from kiosk.app import builtins
from kiosk.cli.manage import missing_extra
from kiosk.cli.plugin_new import nearest
from kiosk.clock import SystemClock
from kiosk.errors import KioskError, StartupError
from kiosk.hooks.facade import Hooks
from kiosk.hooks.importing import ENTRY_POINTS, import_plugin
from kiosk.hooks.manager import load_plugins
from kiosk.settings import load_settings
from kiosk.telemetry import Metrics

NO_TESTS: Final = 5
"""What pytest ends with when it found no test."""
TESTS_S: Final = 600
"""Longest run of a plugin's own tests, s."""
AT_START: Final = ("register_", "prepare_", "lifespan")
"""How the hooks begin that are called as a server starts, before any visit."""
QUESTION: Final = "Hello, what can you tell me?"


class PluginTestError(KioskError):
    """The plugin failed its test; the sentence says where."""


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin on the disk: its name, the file to import, its project's folder, its tests."""

    name: str
    file: Path
    project: Path
    tests: tuple[Path, ...]


def find(path: Path) -> Found:
    """Return the plugin at `path`: a file, a package, or a project with an entry point."""
    path = path.resolve()
    if not path.exists():
        raise PluginTestError(f"{path} is not there.{nearest(path.name, path.parent)}")
    project = path / "pyproject.toml"
    if project.is_file():
        return _project(path, project)
    file = path / "__init__.py" if path.is_dir() else path
    if not file.is_file() or file.suffix != ".py":
        raise PluginTestError(
            f"{path} is no plugin: give a .py file, a folder with __init__.py, or a project whose "
            f"pyproject.toml has entry points of {ENTRY_POINTS}."
        )
    name = path.stem
    candidates = (
        path.parent.parent / "tests" / f"test_{name}.py",
        path.parent.parent / "tests" / "plugins" / f"test_{name}.py",
        path.parent / "tests" / f"test_{name}.py",
    )
    tests = tuple(item for item in candidates if item.is_file())
    return Found(name, file, path.parent.parent, tests)


def _project(folder: Path, file: Path) -> Found:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginTestError(f"{file} cannot be read: {error}.") from None
    points: Mapping[str, str] = (
        data.get("project", {}).get("entry-points", {}).get(ENTRY_POINTS, {})
    )
    if len(points) != 1:
        raise PluginTestError(
            f'{file} has {len(points)} entry points in [project.entry-points."{ENTRY_POINTS}"]; '
            "test a project with one."
        )
    ((name, target),) = points.items()
    for base in (folder, folder / "src"):
        for module in (base / target / "__init__.py", base / f"{target}.py"):
            if module.is_file():
                tests = folder / "tests"
                return Found(name, module, folder, (tests,) if tests.is_dir() else ())
    raise PluginTestError(f"{file}: the module {target} of the entry point {name} is not there.")


async def test_plugin(path: Path, config: Path | None) -> None:
    """Load, run the tests, hold a visit; raises a KioskError at the first thing that fails."""
    found = await asyncio.to_thread(find, path)
    table = await asyncio.to_thread(_table, found.name, config)
    module = await asyncio.to_thread(import_plugin, found.name, found.file)
    hooks = await asyncio.to_thread(_load, found.name, module, table)
    click.echo(f"Loads: {', '.join(hooks)}")
    tested = await _run_tests(found)
    called = await _visit(found, module, table)
    # What registers was called to load it, or it would not have loaded.
    uncalled = [name for name in hooks if name not in called and not name.startswith(AT_START)]
    if uncalled:
        click.echo(f"  not called in this visit: {', '.join(uncalled)}")
        click.echo("  docs/guide.md says when each hook is called; a test can make it happen.")
    click.echo(_verdict(found.name, tested=tested, uncalled=uncalled))


def _verdict(name: str, *, tested: bool, uncalled: Sequence[str]) -> str:
    """Say what is known now, and no more."""
    if tested and not uncalled:
        return f"{name} is fine: its tests pass, and every hook of it was called."
    known = "its tests pass, and" if tested else "it has no tests; it loads, and"
    rest = f", but {', '.join(uncalled)} was never tried" if uncalled and not tested else ""
    return f"{name}: {known} nothing failed in the visit{rest}."


def _table(name: str, config: Path | None) -> Mapping[str, Any]:
    table: Mapping[str, Any] = load_settings(config).plugins.get(name, {})
    return table


def _load(name: str, module: object, table: Mapping[str, Any]) -> tuple[str, ...]:
    """Load the plugin with the built-in ones and return its hooks."""
    overrides = {"hooks": {"off": True}, "plugins": {name: dict(table)} if table else {}}
    settings = load_settings(overrides=overrides, read_file=False)
    clock = SystemClock()
    loaded = load_plugins(settings, clock, builtins=builtins(), extra={name: module})
    Hooks(loaded, settings, clock, Metrics())
    return next(plugin.hooks for plugin in loaded.plugins if plugin.name == name)


async def _run_tests(found: Found) -> bool:
    """Run them; return whether there were any. Raises PluginTestError when one failed."""
    if not found.tests:
        click.echo(f"Tests: none found for {found.name}; a test is tests/test_{found.name}.py.")
        return False
    if importlib.util.find_spec("pytest") is None:
        raise StartupError("pytest is not installed; run pip install 'avatar-kiosk[develop]'.")
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
        "-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function",
        *map(str, found.tests),
    ]  # fmt: skip
    try:
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=found.project, timeout=TESTS_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise PluginTestError(f"The tests took longer than {TESTS_S} s.") from None
    if done.returncode == NO_TESTS:
        click.echo(f"Tests: {', '.join(map(str, found.tests))} has none that pytest finds.")
        return False
    if done.returncode:
        raise PluginTestError("The tests of the plugin failed; see above.")
    return True


async def _visit(found: Found, module: object, table: Mapping[str, Any]) -> set[str]:
    """Hold a typed visit on the emulator; say and return which hooks it called."""
    try:
        from kiosk.testing.harness import KioskHarness
    except ImportError as error:
        raise missing_extra(error) from None
    log.configure(level="error")
    settings = {"plugins": {found.name: dict(table)}} if table else {}
    async with KioskHarness(plugins={found.name: module}, settings=settings) as harness:
        visit = await harness.visit(media=False, microphone=False)
        click.echo(f"Visit: greeted with {await visit.heard()!r}")
        await visit.type(QUESTION)
        await visit.heard()
        await visit.leave()
        await harness.transcript(visit.id)
        calls = harness.hook_calls(found.name)
        failures = [failure for failure in harness.failures if failure.plugin == found.name]
    if not calls:
        click.echo("  no hook of it was called")
    for hook, count in sorted(calls.items()):
        click.echo(f"  {hook} called {count} {'time' if count == 1 else 'times'}")
    for failure in failures:
        click.echo(f"  FAILED {failure.hook}: {failure.kind}")
        for frame in failure.frames:
            click.echo(f"    {frame}")
    if failures:
        raise PluginTestError(f"{found.name} failed {len(failures)} times in a visit.")
    return {hook for hook, count in calls.items() if count}
