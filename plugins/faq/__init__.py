"""Answers from the site's own Markdown: the model looks them up, and the passage is shown.

One file or many, a heading for each question; `name.de.md` is German. Files may change while the
server runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import click
import structlog
from jinja2 import Environment
from markdown_it import MarkdownIt
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field

from kiosk import hookimpl
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import (
    RegisterCardType,
    RegisterCommand,
    RegisterHealthCheck,
    RegisterSettings,
    RegisterTool,
)
from kiosk.model import Card, ToolResult

from .index import FaqError, Index

log = structlog.get_logger(__name__)

OWN: Final = Path(__file__).with_name("answers")
TOLD: Final = 3
"""Passages the model is told of; the first is shown."""

MOST_TOPICS: Final = 60
"""Headings named in the tool's description."""

# Raw HTML stays text, and links do: on a kiosk there is nowhere to go.
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).disable(
    ["link", "autolink", "image", "reference", "html_block", "html_inline"]
)


class FaqSettings(BaseModel):
    """`[plugins.faq]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path = Field(OWN, description="Folder of Markdown files.")
    refresh_s: float = Field(30, ge=1, description="How often to look whether files changed, s.")


class AnswerData(BaseModel):
    """Data of the card `answer`: a passage as Markdown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(max_length=8000)


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Say where the answers are."""
    register(FaqSettings)


@hookimpl
@asynccontextmanager
async def lifespan(site: Site) -> AsyncIterator[None]:
    """Read the answers before the first visitor, and again when they change."""
    settings = site.settings(FaqSettings)
    index = await asyncio.to_thread(_opened, settings.folder, site.languages[0])
    site.state["index"], site.state["problem"] = index, ""
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(_watch(site, index, settings.refresh_s), name="faq/watch")
            yield
            watching.cancel()
    finally:
        await asyncio.to_thread(index.close)


def _opened(folder: Path, language: str) -> Index:
    if not folder.is_dir():
        raise FaqError(f"plugin faq: {folder} is no folder; make it or correct plugins.faq.folder.")
    index = Index(folder, language.partition("-")[0])
    index.refresh()
    if not index.count():
        index.close()
        raise FaqError(f"plugin faq: {folder} has no Markdown file with a heading and text below.")
    return index


async def _watch(site: Site, index: Index, every_s: float) -> None:
    while True:
        await site.clock.sleep(every_s)
        try:
            changed = await asyncio.to_thread(index.refresh)
        except (FaqError, OSError) as error:
            site.state["problem"] = str(error)
            log.warning("answers cannot be read again", kind=type(error).__name__)
            continue
        site.state["problem"] = ""
        if changed:
            log.info("answers were read again")


@hookimpl
def register_health_checks(register: RegisterHealthCheck, site: Site) -> None:
    """Say when a file that was changed cannot be read; the old answers are still given."""

    async def readable() -> None:
        if site.state.get("problem"):
            raise RuntimeError(site.state["problem"])

    register("answers", readable)


@hookimpl
def register_tools(register: RegisterTool, site: Site) -> None:
    """One function for the model."""

    async def find_answer(question: str, session: SessionHandle) -> ToolResult:
        index: Index = site.state["index"]
        found = await asyncio.to_thread(index.search, question, session.language, TOLD)
        if not found:
            # That there was a question nobody could answer; not which.
            await site.publish("missed", kiosk=session.kiosk.id, insight={"unanswered": "faq"})
            return ToolResult({"found": False, "advice": "Say that you do not know it."})
        passages = [{"question": item.title, "answer": item.text} for item in found]
        best = found[0]
        card = Card("answer", best.title, {"text": best.text}, id="answer")
        return ToolResult({"say": plain(best.text), "passages": passages}, (card,))

    # A model calls it only when it knows what there are answers to.
    find_answer.__doc__ = described(_headings(site))
    register(find_answer)


def described(headings: Sequence[str]) -> str:
    """Return the tool's description for the model, with as many headings as are sensible."""
    topics = " ".join(headings[:MOST_TOPICS])
    return (
        f"Look up the house's own answers to visitors' questions. There are answers to: {topics}\n"
        "\nArgs:\n    question: What the visitor wants to know, in the visitor's own words."
    )


def _headings(site: Site) -> list[str]:
    index = _opened(site.settings(FaqSettings).folder, site.languages[0])
    try:
        return index.headings()
    finally:
        index.close()


def plain(markdown: str) -> str:
    """Return a passage as words to be said: no marks, a list as sentences."""
    words = []
    for token in _MARKDOWN.parse(markdown):
        if token.type == "inline":
            parts = [
                " " if child.type == "softbreak" else child.content
                for child in token.children or []
            ]
            text = "".join(parts).strip()
            words.append(text if text.endswith((".", "!", "?", ":")) else f"{text}.")
    return " ".join(words)


@hookimpl
def register_card_types(register: RegisterCardType) -> None:
    """A card for a passage, with a style of its own."""
    register("answer", AnswerData, style="faq/answer.css")


@hookimpl
def prepare_jinja2_environment(env: Environment) -> None:
    """The filter `faq_passage`: Markdown to HTML that cannot hold anything but text."""
    # Safe because _MARKDOWN takes no HTML and no links: what is not formatting is escaped.
    env.filters["faq_passage"] = lambda text: Markup(_MARKDOWN.render(text))  # noqa: S704  # nosec B704


@hookimpl
def register_commands(register: RegisterCommand, site: Site) -> None:
    """`kiosk faq`: ask the answers as a visitor would, to see what is found."""

    @click.command("faq")
    @click.argument("question")
    @click.option("--language", default=site.languages[0], show_default=True)
    def faq(question: str, language: str) -> None:
        """Look QUESTION up in the site's answers."""
        try:
            index = _opened(site.settings(FaqSettings).folder, site.languages[0])
        except FaqError as error:
            raise click.ClickException(str(error)) from None
        found = index.search(question, language, TOLD)
        index.close()
        for passage in found:
            click.echo(f"{passage.title}  ({passage.file})\n  {plain(passage.text)}")
        if not found:
            click.echo("Nothing was found.")

    register(faq)
