"""Scenarios are read whole or refused with one sentence naming the file and the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.emulator.scenario.scenario import Scenario, load_scenario
from kiosk.errors import SettingsError

GOOD = """
name = "clinic"
language = "en-GB"
phrases = ["Where do I sign in?"]
greeting = "Good day."
reply_delay_ms = 10
generation_speed = 8
interruption_clears_avatar = false

[service]
api_keys = ["let-me-in"]
quotas = "documented"

[replay]
file = "talk.jsonl"

[[ice_servers]]
urls = ["turn:example.test"]
username = "u"
credential = "c"

[[replies]]
match = "sign( |-)?in"
say = "One moment."
call = { name = "find_place", arguments = { place = "desk" } }
after = "It is here: {output}"
once = true

[[replies]]
keywords = ["doctor", "late"]
say = "About ten minutes."

[[faults]]
on = "response.create"
nth = 2
do = "close"
close_code = 4001
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "scenario.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_whole_scenario(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, GOOD))
    assert scenario.name == "clinic"
    assert scenario.service.api_keys == ("let-me-in",)
    assert scenario.service.connections_per_minute == 30
    assert scenario.replay is not None
    assert scenario.replay.file == tmp_path / "talk.jsonl"
    assert scenario.replies[0].call is not None
    assert scenario.replies[0].call.arguments == {"place": "desk"}
    assert scenario.faults[0].close_code == 4001
    assert scenario.ice_servers is not None
    assert scenario.ice_servers[0].urls == ("turn:example.test",)


def test_the_empty_scenario_is_the_default(tmp_path: Path) -> None:
    assert load_scenario(write(tmp_path, "")) == Scenario()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not valid TOML"),
        ("nmae = 'x'", "nmae: there is no such key"),
        ("[[replies]]\nsay = 'x'", "replies.0: give either match or keywords"),
        ("[[replies]]\nmatch = 'a'", "replies.0: give say, call or both"),
        ("[[replies]]\nmatch = '('\nsay = 'x'", "replies.0.match: not a regular expression"),
        ("[[faults]]\non = 'session.update'\ndo = 'refuse'", "faults.0: 'refuse' goes with on"),
        ("[[faults]]\non = 'x'\ndo = 'explode'", "faults.0.do"),
        ("[service]\ntime_scale = 0", "service.time_scale"),
        ("[service]\nrate_limits_event = true", "service: rate_limits_event needs"),
        ("[replay]\nfile = 'x'\nspeed = 0", "replay.speed"),
        ("generation_speed = 0", "generation_speed"),
        ("[[ice_servers]]\nurls = []", "ice_servers.0.urls"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_place(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_scenario(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_or_huge_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_scenario(tmp_path / "nowhere.toml")
    with pytest.raises(SettingsError, match="larger than 1 MB"):
        load_scenario(write(tmp_path, "#" * (1024 * 1024 + 1)))
