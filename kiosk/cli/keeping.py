"""What `kiosk transcripts` does beside reading: search, export, erase, hold and purge."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from kiosk.clock import SystemClock
from kiosk.errors import KioskError
from kiosk.security.visit_codes import CODES_KEY, VisitCodes
from kiosk.settings import Settings
from kiosk.storage.database import Storage, open_storage
from kiosk.storage.search import OUTCOMES, Wanted
from kiosk.storage.words import Query
from kiosk.transcripts.erasing import By, Eraser
from kiosk.transcripts.export import Export, Kind, Level
from kiosk.transcripts.retention import Retention

ACTOR: Final = "command line"
TOLD: Final = "Running servers have their sinks and plugins forget as well within ten minutes."


@dataclass(frozen=True, slots=True)
class Choice:
    """What the options of search and export choose."""

    kiosk: str = ""
    site: str = ""
    language: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def wanted(self, settings: Settings) -> Wanted:
        """Return it for the storage; days are the site's own. Raises KioskError."""
        if self.outcome and self.outcome not in OUTCOMES:
            raise KioskError(
                f"There is no outcome {self.outcome}; there are {', '.join(OUTCOMES)}."
            )
        zone = ZoneInfo(settings.site.time_zone)
        return Wanted(
            sites=frozenset({self.site}) if self.site else None,
            kiosk=self.kiosk,
            language=self.language,
            outcome=self.outcome,
            since=_midnight(self.since.date(), zone) if self.since is not None else None,
            until=_midnight(self.until.date() + timedelta(days=1), zone)
            if self.until is not None
            else None,
        )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


async def search(settings: Settings, words: str, choice: Choice, limit: int) -> None:
    """Print the visits in which all the words are said in one turn."""
    query = Query.of(words)
    if not query:
        raise KioskError("There is no letter or digit in that; search for a word.")
    async with open_storage(settings.storage, SystemClock()) as storage:
        found = await storage.search.find(choice.wanted(settings), query, limit=limit)
        detail = f"{len(query.words)} words: {len(found)} visits"
        await storage.audit.add(ACTOR, "transcripts.search", "", detail)
        for item in found:
            row = item.visit
            click.echo(f"{row.id}\t{row.started_at:%Y-%m-%d %H:%M}\t{row.kiosk_id}\t{row.language}")
            for turn in item.hits:
                marked = "".join(f"[{t}]" if hit else t for t, hit in query.marked(turn.text))
                click.echo(f"    {turn.speaker}: {marked}")
        if not found:
            click.echo("No visit has a turn with all of these words.")


async def export(
    settings: Settings, choice: Choice, kind: Kind, level: Level, folder: Path
) -> None:
    """Write what is chosen into a file of its own, readable by its owner only."""
    wanted = choice.wanted(settings)
    made = Export(wanted, None, kind, level)
    most = settings.retention.export_visits
    path = folder / made.name()
    async with open_storage(settings.storage, SystemClock()) as storage:
        count = await storage.search.count(wanted, most=most)
        if count > most:
            raise KioskError(f"These are more than {most} visits; choose a shorter time.")
        detail = f"{count} visits, {level}, {kind}"
        await storage.audit.add(ACTOR, "transcripts.export", "", detail)
        parts = [part async for part in made.parts(storage, most)]
    await asyncio.to_thread(_write, path, parts)
    click.echo(f"{count} visits are in {path}.")


def _write(path: Path, parts: list[bytes]) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KioskError(f"{path} is there already; move it away or choose another --to.") from None
    except OSError as error:
        raise KioskError(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(file, "wb") as stream:
        stream.writelines(parts)


@asynccontextmanager
async def _eraser(settings: Settings) -> AsyncIterator[tuple[Storage, Eraser]]:
    clock = SystemClock()
    async with open_storage(settings.storage, clock) as storage:
        yield storage, Eraser(storage, clock, before=_count(settings, storage))


def _count(settings: Settings, storage: Storage) -> Callable[[], Awaitable[int]]:
    zone = ZoneInfo(settings.site.time_zone)
    return lambda: storage.insight.roll(zone)


async def erase(settings: Settings, visit_id: str, why: str, *, is_code: bool) -> None:
    """Erase a visit, named by its id or by the code its visitor was shown."""
    async with _eraser(settings) as (storage, eraser):
        if is_code:
            key = await storage.secrets.get_or_create(CODES_KEY, lambda: os.urandom(32).hex())
            sought = VisitCodes(key).hash_of(visit_id)
            found = await storage.keeping.visit_of_code(sought) if sought is not None else None
            if found is None:
                raise KioskError("No visit has this code; it may have been erased already.")
            visit_id = found
        done = await eraser.erase(visit_id, By(ACTOR, why))
        click.echo(f"{done.sentence} {TOLD}")


async def hold(settings: Settings, visit_id: str, why: str, until: datetime | None) -> None:
    """Put a visit under a legal hold."""
    zone = ZoneInfo(settings.site.time_zone)
    end = _midnight(until.date() + timedelta(days=1), zone) if until is not None else None
    async with _eraser(settings) as (_, eraser):
        await eraser.hold(visit_id, By(ACTOR, why), end.astimezone(UTC) if end else None)
        click.echo(f"{visit_id} is held: neither its age nor a request erases it.")


async def release(settings: Settings, visit_id: str, why: str) -> None:
    """Lift a hold."""
    async with _eraser(settings) as (_, eraser):
        await eraser.release(visit_id, By(ACTOR, why))
        click.echo(f"The hold on {visit_id} is lifted.")


async def list_holds(settings: Settings) -> None:
    """Print the holds there are."""
    async with _eraser(settings) as (storage, _):
        for held in await storage.keeping.holds():
            end = f"{held.until:%Y-%m-%d}" if held.until is not None else "lifted"
            click.echo(f"{held.visit_id}\tuntil {end}\t{held.actor}\t{held.why}")


async def purge(settings: Settings, *, dry_run: bool) -> None:
    """Delete what is too old, or count it."""
    async with _eraser(settings) as (storage, eraser):
        before = _count(settings, storage)
        retention = Retention(settings, storage, eraser, SystemClock(), before=before)
        counts = await retention.run(ACTOR, dry_run=dry_run)
        for name, count in counts.items():
            click.echo(f"{name}\t{count}")
        click.echo(
            "Nothing was deleted: a dry run." if dry_run else TOLD.replace(" it ", " these ")
        )
