"""Tests of the commands that plugins add: there, and costing no command of ours when broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli.plugged import plugin_commands
from tests.unit.cli.commanding import kiosk, plugin, site

COUNT = """
import click
from kiosk.hooks.markers import hookimpl

@hookimpl
def register_commands(register):
    @click.command("count-tickets")
    @click.argument("number", type=int)
    def count(number):
        \"\"\"Count what was sold.\"\"\"
        click.echo(f"{number} sold")
    register(count)
"""
BROKEN = """
from kiosk.hooks.markers import hookimpl

@hookimpl
def register_commands(register):
    raise OSError("no till")
"""
TAKES = COUNT.replace("count-tickets", "serve")


def test_hook_register_commands(tmp_path: Path) -> None:
    plugin(tmp_path, "tickets", COUNT)
    assert kiosk("count-tickets", "12").output == "12 sold\n"
    listed = kiosk("--help").output
    assert "Count what was sold." in listed
    assert "serve" in listed


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            BROKEN,
            "failed in register_commands: OSError: no till (plugins/broken.py:6)",
        ),
        (TAKES, "plugin broken: there is a command serve already (plugins/broken.py:12)."),
        ("import no_such_module\n", "plugin broken does not import"),
    ],
    ids=["raises", "takes ours", "does not import"],
)
def test_a_broken_one_costs_only_its_own(tmp_path: Path, code: str, sentence: str) -> None:
    plugin(tmp_path, "broken", code)
    result = kiosk("--help")
    assert result.exit_code == 0
    assert "Warning: " in result.stderr
    assert sentence in result.stderr
    assert "serve" in result.output


def test_one_of_two_is_broken_and_the_other_is_there(tmp_path: Path) -> None:
    plugin(tmp_path, "tickets", COUNT)
    plugin(tmp_path, "broken", BROKEN)
    commands, left_out = plugin_commands(frozenset({"serve"}))
    assert [command.name for command in commands] == ["count-tickets"]
    assert len(left_out) == 1


def test_wrong_settings_leave_our_own_commands(tmp_path: Path) -> None:
    plugin(tmp_path, "tickets", COUNT)
    site(tmp_path, hooks="colour = 1")
    commands, (sentence,) = plugin_commands(frozenset())
    assert commands == []
    assert "hooks.colour" in sentence


def test_commands_of_ours_load_no_plugin(tmp_path: Path) -> None:
    plugin(tmp_path, "broken", BROKEN)
    assert kiosk("db", "status").stderr == ""
