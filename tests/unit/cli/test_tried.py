"""Tests of trying plugins one after the other: each broken one is told, the others are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.tried import try_plugins
from kiosk.errors import SettingsError
from kiosk.settings import load_settings
from tests.unit.cli.commanding import kiosk, plugin, site

GREETS = "from kiosk import hookimpl\n\n@hookimpl\ndef greeting(): ...\n"
HOUR = """
from pydantic import BaseModel
from kiosk import hookimpl

class Hours(BaseModel):
    hour: int = 9

@hookimpl
def register_settings(register):
    register(Hours)
"""
CARD = """
from pydantic import BaseModel
from kiosk import hookimpl

@hookimpl
def register_card_types(register):
    register("menu", BaseModel)
"""
ONE_TOOL = '''
from kiosk import hookimpl

@hookimpl
def register_tools(register):
    def ring() -> str:
        """Ring."""
        return "rung"
    register(ring)
'''


def test_every_broken_one_is_told_and_the_others_are_listed(tmp_path: Path) -> None:
    config = site(tmp_path, endpoint=None, **{"plugins.hours": 'hour = "nine"'})
    config.write_text(config.read_text() + "[plugins.ours]\na = 1\n")
    line = config.read_text().splitlines().index('hour = "nine"') + 1
    for name, code in {
        "fine": GREETS,
        "hours": HOUR,
        "card": CARD,
        "syntax": "def (\n",
        "forgot": GREETS.replace("@hookimpl\n", ""),
        "bell": ONE_TOOL,
        "chime": ONE_TOOL,
    }.items():
        plugin(tmp_path, name, code)
    result = kiosk("plugins")
    assert result.exit_code == 1
    blocks = result.output.split("\n")
    wrong = {blocks[i].split()[0]: blocks[i + 1] for i in range(len(blocks) - 1)}
    assert wrong["fine"] == "  hooks: greeting"
    assert "SyntaxError: invalid syntax (plugins/syntax.py:1)" in wrong["syntax"]
    assert "plugins/forgot.py:3) implements no hook" in wrong["forgot"]
    assert "tool ring is already registered by bell" in wrong["chime"]
    assert "(plugins/chime.py:9)" in wrong["chime"]
    assert wrong["card"] == (
        "  WRONG plugin card (plugins/card.py:7): the card type menu has no template; a plugin "
        "with templates is a package: move plugins/card.py to plugins/card/__init__.py and add "
        "plugins/card/templates/cards/menu.html."
    )
    assert f"plugins.hours.hour (kiosk.toml:{line}): Input should be" in result.output
    assert wrong["hours"] == "  hooks: register_settings", "known, though its table is wrong"
    assert "no such plugin is loaded; did you mean hours?" in wrong["ours"]


def test_a_package_is_told_the_folder_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "plugins/card").mkdir(parents=True)
    (tmp_path / "plugins/card/__init__.py").write_text(CARD)
    said = kiosk("plugins").output
    assert "no template; add plugins/card/templates/cards/menu.html." in said


def test_a_template_that_is_wrong_is_its_plugins_fault(tmp_path: Path) -> None:
    template = tmp_path / "plugins/card/templates/cards/menu.html"
    template.parent.mkdir(parents=True)
    (tmp_path / "plugins/card/__init__.py").write_text(CARD)
    plugin(tmp_path, "fine", GREETS)
    for content, said in (
        (b"\n{% if %}", "menu.html is wrong in line 2: Expected an expression"),
        (b"\xff", "The template cards/menu.html is not UTF-8."),
    ):
        template.write_bytes(content)
        result = kiosk("plugins")
        assert result.exit_code == 1
        assert "fine  (plugins/fine.py)" in result.output
        assert said in result.output.partition("card\n  WRONG ")[2]


def test_all_of_them_are_checked(tmp_path: Path) -> None:
    plugin(tmp_path, "one", "1 / 0\n")
    plugin(tmp_path, "two", "1 / 0\n")
    said = kiosk("check").output
    assert "(plugins/one.py:1)" in said
    assert "(plugins/two.py:1)" in said


def test_what_is_no_plugins_fault_is_raised(tmp_path: Path) -> None:
    settings = load_settings(overrides={"hooks": {"dir": str(tmp_path / "none")}})
    with pytest.raises(SettingsError, match="is no folder"):
        try_plugins(settings)


def test_nothing_is_wrong_without_plugins(tmp_path: Path) -> None:
    plugin(tmp_path, "broken", "1 / 0\n")
    result = kiosk("plugins", "--no-plugins")
    assert result.exit_code == 0
    assert "broken" not in result.output
    assert "store" in result.output


@pytest.mark.parametrize("command", ["plugins", "check"])
def test_a_name_to_block_that_nobody_has_is_told(tmp_path: Path, command: str) -> None:
    plugin(tmp_path, "fine", GREETS)
    result = kiosk(command, "--block-plugin", "fien")
    assert "no plugin is named fien; did you mean fine?" in result.output
