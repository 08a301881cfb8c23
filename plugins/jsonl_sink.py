"""Writes finished turns to a dated JSON Lines file; off until its folder is set."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from kiosk import hookimpl
from kiosk.events import DomainEvent
from kiosk.hooks.site import Site
from kiosk.hooks.specs import RegisterSettings, RegisterSink
from kiosk.model import TranscriptEntry, TranscriptSink

REMEMBERED_VISITS: Final = 1000
"""Visits whose last written turn is remembered, to leave out a turn that is offered twice."""

_LOCK: Final = threading.Lock()
"""One at a time writes to the files: threads append to them, and take visits out."""


class JsonlSettings(BaseModel):
    """`[plugins.jsonl_sink]`. Files are readable by the server's user only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path | None = None
    prefix: str = Field("transcript", pattern=r"^[A-Za-z0-9_-]{1,40}$")


class JsonlSink(TranscriptSink):
    """One file a day, by the site's own calendar; a line for each turn, then one for the visit.

    A turn may be written twice when the server is killed between writing and remembering it;
    `visit` and `seq` tell them apart from two turns with the same words.
    """

    name = "jsonl"

    def __init__(self, folder: Path, prefix: str, site: Site) -> None:
        self._folder = folder
        self._prefix = prefix
        self._site = site
        self._written: OrderedDict[str, int] = OrderedDict()

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        """Append a batch and return when it is on the disk; raises OSError when it cannot be."""
        lines: list[tuple[str, Mapping[str, Any]]] = []
        last = dict(self._written)
        for entry in batch:
            if entry.seq > last.get(entry.visit_id, -1):
                last[entry.visit_id] = entry.seq
                day = f"{entry.at.astimezone(self._site.zone):%Y-%m-%d}"
                lines.append((day, {"type": "turn", **entry.as_json()}))
        await asyncio.to_thread(append, self._folder, self._prefix, lines)
        # Only now: what failed above is offered again and must not count as written.
        for visit, seq in last.items():
            self._written[visit] = seq
        while len(self._written) > REMEMBERED_VISITS:
            self._written.popitem(last=False)


def append(folder: Path, prefix: str, lines: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Append (day, record) lines to their files and wait for the disk; raises OSError."""
    for day in dict.fromkeys(day for day, _ in lines):
        records = [record for its_day, record in lines if its_day == day]
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        data = text.encode()
        path = folder / f"{prefix}-{day}.jsonl"
        # Words spoken are personal: nobody else on the machine may read them.
        with _LOCK:
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # One call, so that two writers cannot mix their lines.
                if os.write(file, data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
                os.fsync(file)
            finally:
                os.close(file)


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Where to write, and how files are called."""
    register(JsonlSettings)


@hookimpl
@asynccontextmanager
async def lifespan(site: Site) -> AsyncIterator[None]:
    """Make the folder and try to write there: better no start than a lost transcript."""
    folder = site.settings(JsonlSettings).folder
    if folder is not None:
        await asyncio.to_thread(_prepare, folder)
    yield


def _prepare(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    probe = folder / ".writable"
    probe.touch(mode=0o600)
    probe.unlink()


@hookimpl
def register_transcript_sinks(register: RegisterSink, site: Site) -> None:
    """Offer the sink when a folder is set."""
    settings = site.settings(JsonlSettings)
    if settings.folder is not None:
        register(JsonlSink(settings.folder, settings.prefix, site))


@hookimpl
async def visits_erased(site: Site, visits: frozenset[str]) -> None:
    """Take erased visits out of every file."""
    settings = site.settings(JsonlSettings)
    if settings.folder is not None:
        await asyncio.to_thread(forget, settings.folder, settings.prefix, visits)


def forget(folder: Path, prefix: str, visits: frozenset[str]) -> None:
    """Write each file that names one of the visits anew without it; raises OSError.

    Every server has files of its own, so each takes the visit out of its own.
    """
    names = [visit.encode() for visit in visits]
    for path in sorted(folder.glob(f"{prefix}-*.jsonl")):
        with _LOCK:
            content = path.read_bytes()
            if not any(name in content for name in names):
                continue
            kept = b"".join(
                line for line in content.splitlines(keepends=True) if _visit_of(line) not in visits
            )
            # Over the old bytes first: a file that is only replaced leaves them on the disk.
            file = os.open(path, os.O_WRONLY)
            try:
                os.pwrite(file, kept + b"\n" * (len(content) - len(kept)), 0)
                os.ftruncate(file, len(kept))
                os.fsync(file)
            finally:
                os.close(file)


def _visit_of(line: bytes) -> str:
    try:
        return str(json.loads(line).get("visit", ""))
    except (ValueError, AttributeError):
        return ""


@hookimpl
async def session_event(site: Site, event: DomainEvent) -> None:
    """Write how each visit ended; the turns themselves come through the sink."""
    settings = site.settings(JsonlSettings)
    if settings.folder is None or event.type != "visit_ended":
        return
    record = {
        "type": "visit",
        "visit": event.visit_id,
        "kiosk": event.kiosk_id,
        "at": event.at.isoformat(),
        "reason": event.reason.value,
        "turns": event.turns,
        "seconds": round(event.seconds, 1),
    }
    day = f"{event.at.astimezone(site.zone):%Y-%m-%d}"
    await asyncio.to_thread(append, settings.folder, settings.prefix, [(day, record)])
