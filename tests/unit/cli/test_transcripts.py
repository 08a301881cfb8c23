"""`kiosk transcripts` names what it can do, and asks before it erases."""

from __future__ import annotations

from kiosk.cli.transcripts import transcripts
from tests.unit.cli.commanding import kiosk


def test_each_command_says_what_it_does() -> None:
    told = kiosk("transcripts", "--help").stdout
    for name, command in transcripts.commands.items():
        assert name in told
        assert command.help
        assert "--config" in kiosk("transcripts", name, "--help").stdout


def test_a_day_that_is_none_is_said() -> None:
    wrong = kiosk("transcripts", "search", "lift", "--since", "soon")
    assert wrong.exit_code == 2
    assert "%Y-%m-%d" in wrong.output
