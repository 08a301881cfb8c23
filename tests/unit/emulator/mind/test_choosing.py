"""The mind a scenario asks for, and where its key comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.emulator.mind.choosing import make_mind
from kiosk.emulator.mind.endpoint import ChatMind
from kiosk.emulator.mind.interface import BuiltInMind
from kiosk.emulator.scenario.replies import MindSettings
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.errors import StartupError


def scenario(**fields: str) -> Scenario:
    return Scenario(mind=MindSettings(url="http://127.0.0.1:1/v1", model="m", **fields))


def test_without_an_endpoint_the_mind_is_built_in() -> None:
    assert isinstance(make_mind(Scenario(), {}), BuiltInMind)
    assert isinstance(make_mind(scenario(), {}), ChatMind)


def test_the_key_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("from-the-file\n")
    for made in (
        make_mind(scenario(key_env="CHAT_KEY"), {"CHAT_KEY": " from-the-environment "}),
        make_mind(scenario(key_file=str(path)), {}),
    ):
        assert isinstance(made, ChatMind)
        assert made.has_key
    without = make_mind(scenario(), {})
    assert isinstance(without, ChatMind)
    assert not without.has_key


def test_a_missing_key_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="key_env names CHAT_KEY, which is not set"):
        make_mind(scenario(key_env="CHAT_KEY"), {"CHAT_KEY": ""})
    with pytest.raises(StartupError, match="cannot be read"):
        make_mind(scenario(key_file=str(tmp_path / "none")), {})
    (tmp_path / "empty").touch()
    with pytest.raises(StartupError, match="is empty"):
        make_mind(scenario(key_file=str(tmp_path / "empty")), {})
