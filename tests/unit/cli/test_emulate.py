"""What `kiosk emulate` says: which keys open, which limits hold, and what it cannot start with."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.emulate import describe_keys, describe_limits, describe_scenario, offer, read_key
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.scenario.service import Service
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import SettingsError
from tests.unit.cli.commanding import kiosk


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({}, "any key or any bearer token"),
        ({"api_keys": ["one"]}, "one key or any bearer token"),
        ({"api_keys": ["one", "two"], "accepts": ["api_key"]}, "one of 2 keys"),
        ({"accepts": ["bearer"], "bearer_form": "jwt"}, "any JSON Web Token"),
        ({"accepts": ["bearer"], "bearer_tokens": ["a", "b"]}, "one of 2 bearer tokens"),
        (
            {"agents_demand_bearer": True},
            "any key or any bearer token; agents by token only",
        ),
    ],
)
def test_it_says_which_credentials_open(service: dict[str, object], said: str) -> None:
    assert describe_keys(Service.model_validate(service)) == said


def test_it_says_which_limits_hold() -> None:
    assert "none of the service's quotas" in describe_limits(Service())
    said = describe_limits(Service(concurrent_avatars=5, time_scale=60))
    assert said == "concurrent_avatars = 5, 60 times as fast"


def test_it_counts_what_a_scenario_has() -> None:
    assert describe_scenario(Scenario()) == "default (no replies, no faults)"
    reply = {"keywords": ["hello"], "say": "Hello."}
    scenario = Scenario.model_validate({"name": "lobby", "replies": [reply, reply]})
    assert describe_scenario(scenario) == "lobby (2 replies)"


async def test_the_offer_names_the_endpoint_and_no_secret(engines: Engines) -> None:
    scenario = Scenario(service=Service(api_keys=("a-secret-key",)))
    async with EmulatorServer(scenario=scenario, engines=engines) as emulator:
        lines = offer(emulator, Path("x.jsonl"), record_words=True, control_key=False)
    text = "\n".join(lines)
    assert text.count(emulator.endpoint) >= 4
    assert "a-secret-key" not in text
    assert '"any"' not in text
    assert "x.jsonl (with words and audio)" in text
    assert "(from this machine)" in text


@pytest.mark.parametrize("content", [b"short", b"two lines of a key\nthat is not one", b"\xff\xfe"])
def test_a_control_key_is_one_long_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="key"):
        read_key(path)
    path.write_text("  0123456789abcdef\n")
    assert read_key(path) == "0123456789abcdef"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--record", "/nowhere/at/all.jsonl"), "cannot be written"),
        (("--record-words",), "--record-words goes with --record FILE"),
        (("--control-key-file", "short.key"), "at least 16"),
        (("--control-key-file", "none.key"), "cannot be read"),
        (("--scenario", "replay.toml"), "recording none.jsonl cannot be read"),
        (("--scenario", "none.toml"), "scenario none.toml cannot be read"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.key").write_text("short")
    (tmp_path / "replay.toml").write_text("[replay]\nfile = 'none.jsonl'\n")
    result = kiosk("emulate", "--port", "0", "--voice", "light", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
