"""Tests of the thin commands: operators, screens, plugins and the database, by the command line."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.cli.manage import missing_extra
from kiosk.clock import SystemClock
from kiosk.model import Kiosk, TranscriptEntry
from kiosk.settings import load_settings
from kiosk.storage.database import open_storage
from tests.unit.cli.commanding import kiosk, plugin, site
from tests.unit.storage.keeping import said

TOOL = '''
from kiosk.hooks.markers import hookimpl


async def opening_hours() -> str:
    """Say when the house is open."""
    return "ten to six"


@hookimpl
def register_tools(register):
    register(opening_hours)
'''


@pytest.fixture(autouse=True)
def _site(tmp_path: Path) -> None:
    site(tmp_path, endpoint=None, kiosks="")


def test_operators_are_added_listed_changed_and_removed() -> None:
    assert kiosk("operators", "list").stdout == ""
    added = kiosk("operators", "add", "anna", "--generate")
    assert added.exit_code == 0
    first, second = added.stdout.splitlines()
    assert first == "Added anna (administrator)."
    password = second.removeprefix("Password (shown once): ")
    assert len(password) >= 12
    word = "correct horse battery\n"
    assert kiosk("operators", "add", "ben", typed=word * 2).exit_code == 0
    assert kiosk("operators", "list").stdout == "anna\tadministrator\nben\toperator\n"
    changed = kiosk("operators", "password", "ben", typed="another long password\n" * 2)
    assert "The password of ben is changed" in changed.output
    assert kiosk("operators", "remove", "ben").exit_code == 0
    assert kiosk("operators", "list").stdout == "anna\tadministrator\n"


@pytest.mark.parametrize(
    ("arguments", "typed", "sentence"),
    [
        (("add", "ben"), "short\nshort\n", "12"),
        (("add", "anna", "--generate"), None, "anna"),
        (("remove", "nobody"), None, "nobody"),
        (("password", "nobody"), "a long password\n" * 2, "nobody"),
    ],
)
def test_what_cannot_be_done_to_an_operator_is_one_sentence(
    arguments: tuple[str, ...], typed: str | None, sentence: str
) -> None:
    kiosk("operators", "add", "anna", "--generate")
    result = kiosk("operators", *arguments, typed=typed)
    assert result.exit_code == 2
    last = result.output.strip().splitlines()[-1]
    assert last.startswith("kiosk: ")
    assert sentence in last
    assert "short" not in last.replace("shortest", "").replace("shorter", "")


def test_screens_are_listed_and_given_a_code() -> None:
    listed = kiosk("kiosks", "list")
    assert listed.stdout == "main\tMain entrance\t\n"
    result = kiosk("kiosks", "enrol", "main")
    assert result.exit_code == 0
    assert "/enrol" in result.output
    unknown = kiosk("kiosks", "enrol", "cellar")
    assert unknown.exit_code == 2
    assert "cellar" in unknown.output


def test_the_database_says_where_it_is_and_is_brought_up_to_date() -> None:
    before = kiosk("db", "status")
    assert "kiosk db upgrade" in before.output
    assert kiosk("db", "upgrade").exit_code == 0
    assert "up to date" in kiosk("db", "status").output


def test_plugins_are_listed_with_where_they_come_from_and_what_they_do(tmp_path: Path) -> None:
    path = plugin(tmp_path, "opening", TOOL)
    result = kiosk("plugins")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("opening"))
    assert str(path.relative_to(tmp_path)) in lines[at]
    assert lines[at + 1 : at + 3] == ["  hooks: register_tools", "  tools: opening_hours"]
    assert any(line.startswith("store") and "built in" in line for line in lines)


def test_a_plugin_that_does_not_import_is_named_with_its_line(tmp_path: Path) -> None:
    plugin(tmp_path, "broken", "\n\nimport no_such_module\n")
    result = kiosk("plugins")
    assert result.exit_code == 1
    assert "plugin broken does not import" in result.output
    assert "broken.py:3" in result.output
    assert "--block-plugin broken" in result.output


def test_an_emulator_without_its_parts_says_how_to_install_them() -> None:
    error = missing_extra(ImportError(name="pocketsphinx"))
    assert "pocketsphinx" in str(error)
    assert "pip install 'avatar-kiosk[emulator]'" in str(error)


def test_transcripts_are_listed_and_read_and_reading_is_audited(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    settings = load_settings(tmp_path / "kiosk.toml")

    async def visited() -> None:
        async with open_storage(settings.storage, SystemClock()) as storage:
            await storage.kiosks.sync([Kiosk("main", "Main entrance")])
            await storage.visits.started("visit_1", "main", "en", at)
            entry = TranscriptEntry("visit_1", "main", 1, "avatar", "Hello.", "en", at)
            await storage.turns.add([entry])

    async def audited() -> list[tuple[str, str]]:
        async with open_storage(settings.storage, SystemClock()) as storage:
            return [(row.action, row.target) for row in await storage.audit.recent()]

    asyncio.run(visited())
    listed = kiosk("transcripts", "list").stdout
    assert listed == "visit_1\t2026-03-02 10:30\tmain\tno end noted\n"
    assert kiosk("transcripts", "show", "visit_1").stdout == "10:30:00  avatar: Hello.\n"
    missing = kiosk("transcripts", "show", "visit_2")
    assert missing.exit_code == 2
    assert "There is no visit visit_2" in missing.output
    assert asyncio.run(audited()) == [("visit.read", "visit_1")]


async def _bury() -> None:
    settings = await asyncio.to_thread(load_settings)
    async with open_storage(settings.storage, SystemClock()) as storage:
        await storage.outbox.add(["far"], [said(1), said(2)])
        (first, _) = await storage.outbox.waiting("far", 10)
        await storage.outbox.refused([first.id], "EntriesRefused", dead=True)


def test_sinks_are_listed_and_dead_letters_replayed() -> None:
    assert kiosk("transcripts", "sinks").stdout == ""
    asyncio.run(_bury())
    listed = kiosk("transcripts", "sinks").stdout
    assert listed.startswith("far\twaiting 1\toldest 2")
    assert listed.endswith("\tdead 1\tEntriesRefused\n")
    assert "1 dead letters of far wait again" in kiosk("transcripts", "replay", "far").output
    assert "waiting 2" in kiosk("transcripts", "sinks").stdout


def test_replaying_for_a_sink_that_has_nothing_is_one_sentence() -> None:
    refused = kiosk("transcripts", "replay", "nobody")
    assert refused.exit_code == 2
    assert "kiosk transcripts sinks" in refused.output
