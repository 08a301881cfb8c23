"""`kiosk transcripts`: read, search, carry out, keep and erase what was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from kiosk.cli import keeping, manage, running
from kiosk.cli.options import CONFIG, settings_of
from kiosk.transcripts.export import KINDS, LEVELS, Kind, Level

F = TypeVar("F", bound=Callable[..., Any])

DAY: Final = click.DateTime(["%Y-%m-%d"])
WHY: Final = click.option("--why", default="", help="Why; for the audit.")


def choosing(command: F) -> F:
    """Add the options that choose visits."""
    for option in (
        click.option("--until", type=DAY, help="Last day."),
        click.option("--since", type=DAY, help="First day."),
        click.option("--outcome", default="", help="How they ended, such as `goodbye`."),
        click.option("--language", default="", help="In this language."),
        click.option("--site", default="", help="At this site."),
        click.option("--kiosk", default="", help="On this screen."),
    ):
        command = option(command)
    return command


@click.group()
def transcripts() -> None:
    """Read, carry out, keep and erase what was said, redacted as it is stored. All is audited."""


@transcripts.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@CONFIG
def transcripts_list(limit: int, config: Path | None) -> None:
    """List the last visits."""
    running.run(manage.list_visits(settings_of(config), limit))


@transcripts.command("search")
@click.argument("words", nargs=-1, required=True)
@choosing
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@CONFIG
def transcripts_search(
    words: tuple[str, ...], limit: int, config: Path | None, **chosen: Any
) -> None:
    """Find visits by words that are said in one turn. The audit is not told the words."""
    choice = keeping.Choice(**chosen)
    running.run(keeping.search(settings_of(config), " ".join(words), choice, limit))


@transcripts.command("show")
@click.argument("visit_id")
@CONFIG
def transcripts_show(visit_id: str, config: Path | None) -> None:
    """Print one visit's transcript."""
    running.run(manage.show_transcript(settings_of(config), visit_id))


@transcripts.command("export")
@choosing
@click.option("--format", "kind", default="csv", show_default=True, type=click.Choice(KINDS))
@click.option("--words", "level", default="redacted", show_default=True, type=click.Choice(LEVELS))
@click.option(
    "--to", "folder", default=".", show_default=True, help="Folder for the file.",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
)  # fmt: skip
@CONFIG
def transcripts_export(
    kind: Kind, level: Level, folder: Path, config: Path | None, **chosen: Any
) -> None:
    """Write visits into a file that is named after its days and its redaction."""
    choice = keeping.Choice(**chosen)
    running.run(keeping.export(settings_of(config), choice, kind, level, folder))


@transcripts.command("erase")
@click.argument("visit_id")
@click.option("--code", "is_code", is_flag=True, help="VISIT_ID is a code a visitor was shown.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@WHY
@CONFIG
def transcripts_erase(
    visit_id: str, is_code: bool, yes: bool, why: str, config: Path | None
) -> None:
    """Erase one visit for good, wherever it is kept."""
    if not yes:
        click.confirm(f"Erase {visit_id} for good? This cannot be undone", abort=True)
    running.run(keeping.erase(settings_of(config), visit_id, why, is_code=is_code))


@transcripts.command("hold")
@click.argument("visit_id")
@click.option("--why", required=True, help="Why it has to be kept.")
@click.option("--until", type=DAY, help="Last day; without it until it is lifted.")
@CONFIG
def transcripts_hold(visit_id: str, why: str, until: datetime | None, config: Path | None) -> None:
    """Keep a visit whatever its age, and from being erased."""
    running.run(keeping.hold(settings_of(config), visit_id, why, until))


@transcripts.command("release")
@click.argument("visit_id")
@WHY
@CONFIG
def transcripts_release(visit_id: str, why: str, config: Path | None) -> None:
    """Lift a legal hold."""
    running.run(keeping.release(settings_of(config), visit_id, why))


@transcripts.command("holds")
@CONFIG
def transcripts_holds(config: Path | None) -> None:
    """List the legal holds."""
    running.run(keeping.list_holds(settings_of(config)))


@transcripts.command("purge")
@click.option("--dry-run", is_flag=True, help="Count only.")
@CONFIG
def transcripts_purge(dry_run: bool, config: Path | None) -> None:
    """Delete what is older than the settings keep it, as the server does each night."""
    running.run(keeping.purge(settings_of(config), dry_run=dry_run))


@transcripts.command("sinks")
@CONFIG
def transcripts_sinks(config: Path | None) -> None:
    """List what waits for transcript sinks, and their dead letters."""
    running.run(manage.list_sinks(settings_of(config)))


@transcripts.command("replay")
@click.argument("sink")
@CONFIG
def transcripts_replay(sink: str, config: Path | None) -> None:
    """Offer a sink its dead letters again."""
    running.run(manage.replay_sink(settings_of(config), sink))
