"""Take an answer or a card along: a QR code with a link that opens once, for a short while.

With `base_url` the code leads to a page of this server; without it the code holds the words. Many
look at a link before its reader does: previews, link checkers, protection of mail. So a GET shows a
button, and only the POST of that button spends the token.
"""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kiosk import hookimpl
from kiosk.builtin.cards import ImageData, MapData
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterRoute, RegisterSettings, RegisterTool
from kiosk.hooks.values import PluginRequest, PluginResponse
from kiosk.i18n import Texts
from kiosk.model import Card, ToolCall, ToolResult

from .words import words

MOST_PAGES: Final = 500
"""Pages that wait to be opened; beyond them the oldest goes."""
MOST_IN_CODE: Final = 900
"""Bytes of an answer, as UTF-8, that fit into a code itself and can still be scanned."""
PICTURES: Final[dict[str, type[BaseModel]]] = {"map": MapData, "image": ImageData}
"""Kinds of cards that come along as they are drawn; of all others the words do."""
MOST_ON_PAGE: Final = 8000
TOOL: Final = "take_it_along"
LOOKED_UP: Final = "take_away.looked_up"
"""The note on a visit: how often the visitor had spoken when a tool found something, and what."""


class TakeAwaySettings(BaseModel):
    """`[plugins.take_away]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field("", description="How phones reach this server: https://kiosk.example.")
    minutes: int = Field(10, ge=1, le=120)

    @field_validator("base_url")
    @classmethod
    def _whole(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ValueError("begin with https://; http is for this machine only")
        return value.rstrip("/")


@dataclass(frozen=True, slots=True)
class _Page:
    language: str
    text: str
    until: float
    title: str = ""
    card: Card | None = None


class Pages:
    """What waits to be taken along, by token, in memory."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pages: OrderedDict[str, _Page] = OrderedDict()

    def add(
        self,
        language: str,
        text: str,
        seconds: float,
        *,
        title: str = "",
        card: Card | None = None,
    ) -> str:
        """Keep a page and return its token."""
        token = secrets.token_urlsafe(24)
        until = self._site.clock.monotonic() + seconds
        self._pages[token] = _Page(language, text[:MOST_ON_PAGE], until, title, card)
        while len(self._pages) > MOST_PAGES:
            self._pages.popitem(last=False)
        return token

    def peek(self, token: str) -> _Page | None:
        """Return a page that can still be taken, and leave it; None when there is none."""
        now = self._site.clock.monotonic()
        for old in [key for key, page in self._pages.items() if page.until <= now]:
            del self._pages[old]
        return self._pages.get(token)

    def take(self, token: str) -> _Page | None:
        """Return a page and forget it; None when it was taken or is too old."""
        found = self.peek(token)
        if found is not None:
            del self._pages[token]
        return found


def last_answer(session: SessionHandle) -> str:
    """Return the last answer; one that was cut short is taken from the tool it came from.

    Whoever asks for the code in the middle of an answer wants all of it.
    """
    asked, found = session.notes.get(LOOKED_UP, (0, ""))
    if questions(session) > asked + 1:
        asked, found = 0, ""  # that was another answer
    heard, spoken = "", 0
    for turn in session.turns:
        spoken += turn.speaker == "visitor"
        if turn.speaker == "avatar" and spoken >= asked:
            heard = turn.text
    return str(found) if len(heard) < len(found) / 2 else heard


def cut(answer: str) -> str:
    """Return what of an answer fits into a code; a letter may be three bytes of it."""
    return answer.encode("utf-8", "replace")[:MOST_IN_CODE].decode("utf-8", "ignore")


def questions(session: SessionHandle) -> int:
    """Return how often the visitor spoke. Answers that are cut short are counted late."""
    return sum(turn.speaker == "visitor" for turn in session.turns)


def found_in(told: str) -> str:
    """Return the sentence in what the model was told: JSON with `say`, or words."""
    try:
        answer = json.loads(told)
    except ValueError:
        return told
    return str(answer.get("say", "")) if isinstance(answer, dict) else ""


@hookimpl
def after_tool_call(session: SessionHandle, call: ToolCall, result: ToolResult) -> None:
    """Note what a tool found, for an answer that is cut short."""
    if call.name != TOOL:
        session.notes[LOOKED_UP] = questions(session), found_in(str(result.output))


def lines_of(card: Card) -> list[str]:
    """Return the words of a card, line by line; empty for a kind we know nothing of."""
    data = card.data
    match card.kind:
        case "text":
            found = [*str(data.get("text", "")).splitlines(), data.get("note")]
        case "list":
            entries = [_entry(item) for item in data.get("items") or ()]
            found = [data.get("intro"), *entries, data.get("note")]
        case "timetable":
            rows = data.get("rows") or ()
            entries = [_joined(row, "time", "title", "place", "state", "note") for row in rows]
            found = [data.get("day"), *entries, data.get("note")]
        case "map":
            found = [data.get("alt"), *(data.get("steps") or ())]
        case "image":
            found = [data.get("alt"), data.get("caption")]
        case _:
            found = [value for value in data.values() if isinstance(value, str)]
    return [str(line).strip() for line in found if line and str(line).strip()]


def _entry(item: Any) -> str:
    return _joined(item, "title", "aside", "text") if isinstance(item, Mapping) else str(item)


def _joined(row: Mapping[str, Any], *names: str) -> str:
    return ", ".join(str(row[name]) for name in names if row.get(name))


def code_card(
    site: Site, language: str, lines: Sequence[str], *, title: str = "", card: Card | None = None
) -> Card:
    """Return the card with the code for a page of these lines."""
    settings = site.settings(TakeAwaySettings)
    said = words(language)
    text = "\n".join(lines)
    if settings.base_url:
        pages: Pages = site.state["pages"]
        token = pages.add(language, text, settings.minutes * 60, title=title, card=card)
        content = f"{settings.base_url}/-/take_away/{token}"
        below = said["scan"].format(minutes=settings.minutes)
    else:
        whole = "\n".join([title, text]) if title else text
        content = cut(whole)
        below = said["text"]
    return Card("qr", said["title"], {"content": content, "text": below}, id="take-away")


@hookimpl
def take_along(site: Site, session: SessionHandle, card: Card) -> Card | None:
    """Make a code of the card that the visitor wants along."""
    lines = lines_of(card)
    if not lines:
        return None
    model = PICTURES.get(card.kind)
    picture = None
    if model is not None:
        # Their templates want every field, also those that the card left to its default.
        whole = model.model_validate(dict(card.data)).model_dump(mode="json")
        picture = replace(card, data=whole)
    return code_card(site, session.language, lines, title=card.title, card=picture)


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Where phones reach us, and for how long."""
    register(TakeAwaySettings)


@hookimpl
def register_tools(register: RegisterTool, site: Site) -> None:
    """One function for the model."""
    site.state["pages"] = Pages(site)

    async def take_it_along(session: SessionHandle) -> ToolResult:
        """Show a QR code so that the visitor can take the last answer along on a phone."""
        said = words(session.language)
        answer = last_answer(session)
        if not answer:
            return ToolResult({"say": said["nothing"]})
        card = code_card(site, session.language, answer.splitlines())
        return ToolResult({"say": card.data["text"]}, (card,))

    register(take_it_along, per_minute=6)


@hookimpl
def register_routes(register: RegisterRoute, site: Site) -> None:
    """The page behind the code; whoever has the token may open it, once."""

    async def offer(request: PluginRequest) -> PluginResponse:
        """Show the button, with nothing of the visit: whoever looks only has taken nothing."""
        found = site.state["pages"].peek(request.match["token"])
        if found is None:
            return gone()
        return drawn("open.html", found.language)

    async def opened(request: PluginRequest) -> PluginResponse:
        """Show what was taken along, and forget it."""
        found = site.state["pages"].take(request.match["token"])
        if found is None:
            return gone()
        return drawn(
            "page.html",
            found.language,
            title=found.title,
            paragraphs=found.text.splitlines(),
            card=found.card,
        )

    def gone() -> PluginResponse:
        said = words(site.languages[0])
        lines = [said["gone"], said["again"]]
        return drawn("page.html", site.languages[0], status=410, paragraphs=lines, card=None)

    def drawn(
        name: str, language: str, *, status: int = 200, title: str = "", **context: Any
    ) -> PluginResponse:
        said = words(language)
        html = site.render(
            f"take_away/{name}",
            language=language.partition("-")[0],
            dir=Texts.describe(language).dir,
            said=said,
            title=title or said["page"],
            site_name=site.name,
            **context,
        )
        return PluginResponse(html, status=status, content_type="text/html")

    register("GET", "/{token}", offer, access="public")
    register("POST", "/{token}", opened, access="public")
