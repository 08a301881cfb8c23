"""Importing plugins: a break is told with the line it is in, whichever file of theirs that is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kiosk.errors import PluginLoadError
from tests.unit.hooks.hooking import install, load, write


def refusal(folder: Path | None = None) -> str:
    with pytest.raises(PluginLoadError) as caught:
        load(folder=folder)
    assert list(caught.value.plugins.values()) == [str(caught.value)]
    return str(caught.value)


def test_an_error_while_importing_names_file_line_and_way_out(tmp_path: Path) -> None:
    path = write(tmp_path, "broken.py", "x = 1\n\ny = x.missing\n")
    before = set(sys.modules)  # another test's plugin of this name may be among them
    with pytest.raises(PluginLoadError) as caught:
        load(folder=tmp_path)
    sentence = str(caught.value)
    assert "plugin broken does not import: AttributeError" in sentence
    assert f"({path}:3)" in sentence
    assert "--block-plugin broken" in sentence
    assert not [name for name in set(sys.modules) - before if name.endswith("_broken")]


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "broken.py", "def greeting(:\n")
    with pytest.raises(PluginLoadError, match="SyntaxError") as caught:
        load(folder=tmp_path)
    assert f"({path}:1)" in str(caught.value)


@pytest.mark.parametrize("kind", ["SystemExit", "BaseException"])
def test_a_plugin_that_exits_while_importing_does_not_end_the_server(
    tmp_path: Path, kind: str
) -> None:
    write(tmp_path, "leaves.py", f"raise {kind}(3)\n")
    with pytest.raises(PluginLoadError, match=f"leaves does not import: {kind}"):
        load(folder=tmp_path)


HELPED = "from .helper import word\nfrom kiosk import hookimpl\n\n@hookimpl\ndef greeting(): ...\n"


@pytest.mark.parametrize(
    ("helper", "said"),
    [
        ("word = 1\n\nword = (\n", "SyntaxError: '(' was never closed ({file}:3)"),
        ("word = 1\n\nword = 1 / 0\n", "ZeroDivisionError: division by zero ({file}:3)"),
        ("import json\njson.loads('{')\nword = 1\n", "({file}:2)"),
        ("sound = 1\n", "cannot import name 'word' from"),
    ],
    ids=["syntax", "raises", "in a library", "name"],
)
def test_a_break_in_a_package_is_told_where_it_is(tmp_path: Path, helper: str, said: str) -> None:
    package = write(tmp_path, "p/__init__.py", HELPED)
    file = write(tmp_path, "p/helper.py", helper)
    sentence = refusal(tmp_path)
    assert said.format(file=file) in sentence
    if "name" in said:
        assert f"({package}:1)" in sentence


def test_a_file_is_named_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "plugins/p/__init__.py", HELPED)
    write(tmp_path, "plugins/p/helper.py", "1 / 0\n")
    assert "(plugins/p/helper.py:1)" in refusal(Path("plugins"))


# ── entry points ─────────────────────────────────────────────────────────────────────────────


def test_an_installed_distribution_that_does_not_import_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "kiosk_broken", "import nothing_of_that_name\n", "crm")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(PluginLoadError, match=r"plugin crm \(kiosk_broken\) does not import"):
        load(folder=tmp_path)
    assert load(folder=tmp_path, hooks={"block": ["crm"]}).plugins == []


@pytest.mark.parametrize(
    ("text", "line"), [("\n1 / 0\n", 2), ("\n\nword = (\n", 3)], ids=["raises", "syntax"]
)
def test_a_break_in_an_installed_one_has_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int
) -> None:
    install(tmp_path / "site", "kiosk_lines", text, "lines")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert f" ({tmp_path}/site/kiosk_lines.py:{line}); mend or remove" in refusal(tmp_path)


def test_an_entry_point_that_names_nothing_names_its_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "kiosk_gone", "", "gone")
    (tmp_path / "site/kiosk_gone.py").unlink()
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert "(entry point of the distribution kiosk_gone); mend" in refusal(tmp_path)
    write(tmp_path / "site", "kiosk_gone.py", "")
    write(
        tmp_path / "site",
        "kiosk_gone-1.2.dist-info/entry_points.txt",
        "[avatar_kiosk.plugins]\ngone = kiosk_gone:plugin\n",
    )
    assert f" ({tmp_path}/site/kiosk_gone.py); mend" in refusal(tmp_path)


def test_a_hook_that_breaks_in_an_installed_one_has_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from kiosk import hookimpl\n\n@hookimpl\ndef register_settings(register):\n    1 / 0\n"
    install(tmp_path / "site", "kiosk_tour", text, "tour")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert f"division by zero ({tmp_path}/site/kiosk_tour.py:5)" in refusal(tmp_path)
