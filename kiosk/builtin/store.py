"""Default transcript sink: finished turns into the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from typing_extensions import override

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterSink
from kiosk.model import TranscriptEntry, TranscriptSink
from kiosk.storage.database import Storage


class DatabaseSink(TranscriptSink):
    """Writes batches; an entry that is there already is left as it is."""

    name = "database"
    keeps_itself = True

    def __init__(self, storage: Callable[[], Storage]) -> None:
        self._storage = storage

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        """Write a batch."""
        await self._storage().turns.add(batch)


class StorePlugin:
    """The built-in plugin. `storage` is called late: the database opens after plugins load."""

    def __init__(self, storage: Callable[[], Storage]) -> None:
        self._storage = storage

    @hookimpl
    def register_transcript_sinks(self, register: RegisterSink) -> None:
        """Offer the database as a sink."""
        register(DatabaseSink(self._storage))
