"""Tests of finding what `kiosk plugins test` is given, and of what it says of a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli import plugin_test
from kiosk.cli.plugin_new import new_file, new_package
from kiosk.cli.plugin_test import PluginTestError, find
from tests.unit.cli.commanding import kiosk, plugin


def test_a_file_and_the_test_beside_its_folder(tmp_path: Path) -> None:
    file, test = new_file("hello", tmp_path / "plugins")
    found = find(file)
    assert (found.name, found.file, found.project) == ("hello", file, tmp_path)
    assert found.tests == (test,)


def test_a_project_with_an_entry_point(tmp_path: Path) -> None:
    new_package("hello", tmp_path)
    found = find(tmp_path / "kiosk-hello")
    assert found.file == tmp_path / "kiosk-hello/kiosk_hello/__init__.py"
    assert found.tests == (tmp_path / "kiosk-hello/tests",)


def test_a_package_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "plugins/hello"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    assert find(folder).name == "hello"
    assert find(folder).tests == ()


PROJECT = '[project]\nname = "x"\n[project.entry-points."avatar_kiosk.plugins"]\n'


@pytest.mark.parametrize(
    ("files", "path", "sentence"),
    [
        ({"plugins/hello.py": ""}, "plugins/helo.py", "is not there. Did you mean .*hello.py"),
        ({"notes.txt": ""}, "notes.txt", "is no plugin: give a .py file"),
        ({"empty/x.txt": ""}, "empty", "is no plugin: give a .py file"),
        ({"a/pyproject.toml": "[project"}, "a", "cannot be read"),
        ({"a/pyproject.toml": PROJECT}, "a", "has 0 entry points"),
        ({"a/pyproject.toml": PROJECT + 'x = "xx"\ny = "yy"\n'}, "a", "has 2 entry points"),
        ({"a/pyproject.toml": PROJECT + 'x = "xx"\n'}, "a", "the module xx of the entry point x"),
    ],
)
def test_what_is_no_plugin(tmp_path: Path, files: dict[str, str], path: str, sentence: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(PluginTestError, match=sentence):
        find(tmp_path / path)


SLIP = """
from kiosk.hooks.markers import hookimpl

@hookimpl
def greting(): ...
"""


def test_a_plugin_that_does_not_load_is_one_sentence(tmp_path: Path) -> None:
    path = plugin(tmp_path, "broken", SLIP)
    result = kiosk("plugins", "test", str(path))
    assert result.exit_code != 0
    assert "did you mean greeting" in result.output
    assert "broken.py:4): there is no hook" in result.output


FAILS = """
from kiosk.hooks.markers import hookimpl

@hookimpl
def cards():
    raise ValueError("no drawer")
"""


def test_a_plugin_that_fails_in_its_visit_is_told_with_its_lines(tmp_path: Path) -> None:
    path = plugin(tmp_path, "drawer", FAILS)
    result = kiosk("plugins", "test", str(path))
    assert result.exit_code != 0
    assert "Tests: none found for drawer; a test is tests/test_drawer.py." in result.output
    assert "FAILED cards: ValueError" in result.output
    assert "drawer.py:6" in result.output


def test_the_longest_run_of_a_plugins_tests_is_bounded() -> None:
    assert 60 <= plugin_test.TESTS_S <= 3600
