"""Tests of the options that commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.options import hook_overrides, settings_of
from tests.unit.cli.commanding import site


def test_the_plugin_options_are_settings() -> None:
    assert hook_overrides((), no_plugins=False) == {}
    assert hook_overrides(("gate", "map"), no_plugins=True) == {
        "hooks": {"block": ["gate", "map"], "off": True}
    }


def test_settings_are_those_of_the_file_and_the_options(tmp_path: Path) -> None:
    path = site(tmp_path, hooks='block = ["map"]')
    settings = settings_of(path, hooks={"block": ["gate"]})
    assert list(settings.hooks.block) == ["gate"]


def test_a_file_that_is_not_there_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        settings_of(tmp_path / "absent.toml")
    assert caught.value.code == 2
    assert "absent.toml" in capsys.readouterr().err
