"""Tests of the default sink: finished turns in the database, each once."""

from __future__ import annotations

from pathlib import Path

from kiosk.builtin.store import DatabaseSink, StorePlugin
from kiosk.model import TranscriptSink
from kiosk.storage.database import Storage
from tests.unit.storage.keeping import kept, said


async def test_a_batch_is_kept_and_offered_again_changes_nothing(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        sink = DatabaseSink(lambda: storage)
        await sink.write([said(1, "Hello"), said(2, "Good morning", speaker="avatar")])
        await sink.write([said(2, "Good morning", speaker="avatar"), said(3, "Bye")])
        turns = await storage.turns.of("visit_1")
        assert [(turn.seq, turn.speaker, turn.text) for turn in turns] == [
            (1, "visitor", "Hello"),
            (2, "avatar", "Good morning"),
            (3, "visitor", "Bye"),
        ]


def test_the_plugin_offers_one_sink_and_asks_for_the_database_only_when_it_writes() -> None:
    def not_open_yet() -> Storage:
        raise AssertionError("the database is opened after plugins are loaded")

    sinks: list[TranscriptSink] = []

    def register(sink: TranscriptSink) -> None:
        sinks.append(sink)

    StorePlugin(not_open_yet).register_transcript_sinks(register)
    assert [sink.name for sink in sinks] == ["database"]
