"""The plugins' README is true: every plugin has its section, and its settings are the plugin's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kiosk.paths import demo_plugins
from tests.unit.hooks.hooking import load

README = (demo_plugins() / "README.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL))
NAMES = sorted(plugin.name for plugin in load(folder=demo_plugins()).plugins)


def settings(text: str) -> Mapping[str, Any]:
    """Return the plugins' tables of a section."""
    (toml,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    # The reader's own secret stands for one here.
    tables: Mapping[str, Any] = tomllib.loads(toml.replace("whsec_…", "s" * 32))["plugins"]
    return tables


def test_every_plugin_has_its_row_and_section() -> None:
    assert sorted(SECTIONS) == NAMES
    assert sorted(re.findall(r"^\| \[`(\w+)`\]\(#\1\)", README, re.MULTILINE)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_its_settings_are_the_plugins_own(name: str) -> None:
    tables = settings(SECTIONS[name])
    assert list(tables) == [name]
    loaded = load(folder=demo_plugins(), plugins=dict(tables))
    section = loaded.sites[name].section
    assert section is not None
    assert set(tables[name]) <= set(type(section).model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_tested(name: str) -> None:
    imports = re.compile(rf"from plugins import .*\b{name}\b|from plugins\.{name}\b", re.MULTILINE)
    tests = Path(__file__).parent.glob("test_*.py")
    assert any(imports.search(path.read_text(encoding="utf-8")) for path in tests)
