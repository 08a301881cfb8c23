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


FAILING_SINK = """
from kiosk.hooks.markers import hookimpl
from kiosk.model import TranscriptSink


class Archive(TranscriptSink):
    name = "archive"

    async def write(self, batch):
        raise OSError("no archive")


@hookimpl
def register_transcript_sinks(register):
    register(Archive())
"""


def test_a_sink_that_takes_nothing_fails_the_test_of_its_plugin(tmp_path: Path) -> None:
    result = kiosk("plugins", "test", str(plugin(tmp_path, "archive", FAILING_SINK)))
    assert result.exit_code != 0
    assert "FAILED sink archive: OSError" in result.output
    assert "archive.py:10 write" in result.output


def test_the_longest_run_of_a_plugins_tests_is_bounded() -> None:
    assert 60 <= plugin_test.TESTS_S <= 3600


QUIET = """
from kiosk import hookimpl

@hookimpl
def session_error(): ...
"""


def test_what_was_never_called_is_not_called_fine(tmp_path: Path) -> None:
    result = kiosk("plugins", "test", str(plugin(tmp_path, "quiet", QUIET)))
    assert result.exit_code == 0, result.output
    assert "no hook of it was called" in result.output
    assert "not called in this visit: session_error" in result.output
    assert "fine" not in result.output
    assert "it has no tests; it loads, and nothing failed" in result.output
    assert "but session_error was never tried" in result.output


@pytest.mark.parametrize(
    ("tested", "uncalled", "sentence"),
    [
        (True, [], "x is fine: its tests pass, and every hook of it was called."),
        (True, ["cards"], "x: its tests pass, and nothing failed in the visit."),
        (False, [], "x: it has no tests; it loads, and nothing failed in the visit."),
    ],
)
def test_only_what_was_tested_and_called_is_fine(
    tested: bool, uncalled: list[str], sentence: str
) -> None:
    assert plugin_test._verdict("x", tested=tested, uncalled=uncalled) == sentence
