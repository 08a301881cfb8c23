"""What docs/guide.md tells a newcomer to write works as it stands, its tests included."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.testing.fixtures import MakeHarness
from tests.unit.hooks.hooking import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
FILE = re.compile(r"```python\n# ((?:plugins|tests)/\w+\.py)\n(.*?)```", re.DOTALL)
PYTHON = PAGE.count("```python")
TESTS = re.findall(r"^(?:async )?def (test_\w+)", PAGE, re.MULTILINE)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A newcomer's folder with every file of the guide."""
    for name, text in FILE.findall(PAGE):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_every_file_has_its_name() -> None:
    assert len(FILE.findall(PAGE)) == PYTHON > 4
    assert len(TESTS) == 3


def test_its_plugins_load_together(site: Path) -> None:
    plugins = load(folder=site / "plugins", plugins={"tickets": {"adult": 9.5}}).plugins
    written = {path.stem for path in (site / "plugins").glob("*.py")}
    assert {plugin.name for plugin in plugins} == written


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"guide_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", TESTS)
async def test_its_tests_pass(name: str, site: Path, kiosk_harness: MakeHarness) -> None:
    # In this process, which has the emulator's voice loaded. That a plugin's tests are found and
    # have their fixtures in a process of their own is tested with the scaffold.
    (file,) = (site / "tests").glob("test_*.py")
    test: Callable[..., Any] = getattr(await asyncio.to_thread(imported, file), name)
    if inspect.iscoroutinefunction(test):
        await test(kiosk_harness)
    else:
        test()


def test_what_it_says_of_a_new_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["plugins", "new", "hello"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "plugins/hello.py").is_file()
    assert "HELLO = {" in (tmp_path / "plugins/hello.py").read_text(encoding="utf-8")
    assert (tmp_path / "tests/test_hello.py").is_file()
