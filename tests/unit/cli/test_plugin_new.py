"""Tests of making a plugin: what is written works, and nothing of anybody's is overwritten."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kiosk.cli.plugin_new import (
    LONGEST,
    NewPluginError,
    check_name,
    nearest,
    new_file,
    new_package,
)
from tests.unit.hooks.hooking import load


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("My-Plugin", "use small letters, digits and _, such as my_plugin."),
        ("9lives", "use small letters, digits and _."),
        ("größe", "such as gr__e"),
        ("", "use small letters"),
        ("../x", "use small letters"),
        ("class", "no word of Python's own"),
        ("_hidden", "no _ in front"),
        ("x" * (LONGEST + 1), "40 characters at most"),
        ("store", "store is a built-in plugin"),
        ("json", "json is a Python module here already; choose another name, such as site_json"),
    ],
)
def test_names_a_plugin_cannot_have(name: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(NewPluginError, match=sentence):
        new_file(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_and_its_test(tmp_path: Path) -> None:
    check_name("hello")
    made = new_file("hello", tmp_path / "plugins")
    assert made == [tmp_path / "plugins/hello.py", tmp_path / "tests/test_hello.py"]
    (plugin,) = load(folder=tmp_path / "plugins").plugins
    assert (plugin.name, set(plugin.hooks)) == (
        "hello",
        {"register_settings", "greeting", "register_tools"},
    )


def test_a_package_with_an_entry_point(tmp_path: Path) -> None:
    made = new_package("night_tour", tmp_path)
    base = tmp_path / "kiosk-night-tour"
    assert made[0] == base / "pyproject.toml"
    project = tomllib.loads(made[0].read_text(encoding="utf-8"))["project"]
    assert project["name"] == "kiosk-night-tour"
    assert project["entry-points"]["avatar_kiosk.plugins"] == {"night_tour": "kiosk_night_tour"}
    compile(made[2].read_text(encoding="utf-8"), str(made[2]), "exec")


def test_what_is_there_stays(tmp_path: Path) -> None:
    test = tmp_path / "tests/test_hello.py"
    test.parent.mkdir()
    test.write_text("mine")
    with pytest.raises(NewPluginError, match=r"test_hello\.py is there already; move it away"):
        new_file("hello", tmp_path / "plugins")
    assert test.read_text() == "mine"
    assert not (tmp_path / "plugins").exists()

    (tmp_path / "plugins/hello").mkdir(parents=True)
    test.unlink()
    with pytest.raises(NewPluginError, match="is loaded as hello; choose another"):
        new_file("hello", tmp_path / "plugins")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "plugins").write_text("a file")
    with pytest.raises(NewPluginError, match=r"plugins cannot be written: .*\."):
        new_file("hello", tmp_path / "plugins")


def test_a_slip_in_a_path_gets_a_guess(tmp_path: Path) -> None:
    new_file("hello", tmp_path)
    assert nearest("helo.py", tmp_path) == f" Did you mean {tmp_path / 'hello.py'}?"
    assert nearest("hello.py", tmp_path / "absent") == ""
