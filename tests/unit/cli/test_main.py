"""Tests of the command group: every command is there, and wrong settings are one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app import NO_ENDPOINT
from kiosk.hooks.manager import metadata_version
from tests.unit.cli.commanding import kiosk, plugin, site

COMMANDS = ("serve", "demo", "emulate", "check", "plugins", "operators", "kiosks", "db")


def test_help_names_every_command_and_version_is_the_installed_one() -> None:
    result = kiosk("--help")
    assert result.exit_code == 0
    assert [name for name in COMMANDS if f"  {name} " not in result.output] == []
    assert metadata_version() in kiosk("--version").output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = kiosk(command, "-h")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 3


@pytest.mark.parametrize("command", ["serve", "plugins", "check"])
@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[server]\nprot = 1\n", "server.prot (kiosk.toml:2): unknown setting"),
        ("[server]\nport = 70000\n", "server.port"),
        ("[nonsense]\nx = 1\n", "nonsense (kiosk.toml:1): unknown setting"),
        ("port =\n", "is not valid TOML"),
    ],
)
def test_wrong_settings_are_named_with_the_file(
    tmp_path: Path, command: str, toml: str, sentence: str
) -> None:
    (tmp_path / "kiosk.toml").write_text(toml)
    result = kiosk(command)
    assert result.exit_code == (1 if command == "check" else 2)
    assert sentence in result.output
    assert "kiosk.toml" in result.output
    assert result.output.startswith("kiosk: ")


def test_a_settings_file_that_is_not_there_is_named() -> None:
    result = kiosk("serve", "--config", "nowhere.toml")
    assert result.exit_code == 2
    assert "nowhere.toml does not exist" in result.output


def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_SEVER__PORT", "1")
    result = kiosk("serve")
    assert result.exit_code == 2
    assert "KIOSK_SEVER__PORT is no setting" in result.output


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(tmp_path, endpoint=None)
    monkeypatch.setenv("KIOSK_SITE__LANGUAGES", '["de"]')
    monkeypatch.setenv("KIOSK_KIOSKS", '[{"id": "foyer", "name": "Foyer"}]')
    assert kiosk("kiosks", "list").output == "foyer\tFoyer\t\n"


def test_without_an_endpoint_serving_is_one_sentence_and_exit_two() -> None:
    result = kiosk("serve")
    assert (result.exit_code, result.output) == (2, f"kiosk: {NO_ENDPOINT}\n")


@pytest.mark.parametrize(
    "options", [("--block-plugin", "broken"), ("--no-plugins",)], ids=["blocked", "none"]
)
def test_a_broken_plugin_can_be_left_out(tmp_path: Path, options: tuple[str, ...]) -> None:
    plugin(tmp_path, "broken", "import no_such_module\n")
    site(tmp_path, endpoint=None)
    # Nothing serves here: that the endpoint is what is missing shows that plugins were no problem.
    result = kiosk("check", *options)
    assert "ok    plugins" in result.output
    assert "WRONG upstream" in result.output
