"""A short survey: how was it? Answers are counted by day, and nothing says who gave them.

The model asks when the visitor says goodbye, or is asked for it. There is no survey behind the end
button: whoever presses it goes, and the next visitor must not find a form.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from kiosk import hookimpl
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterRoute, RegisterSettings, RegisterTool
from kiosk.hooks.values import Panel, PluginRequest, PluginResponse
from kiosk.model import Card

from .words import words

STARS: Final = ("5", "4", "3", "2", "1")
ASKED: Final = "survey.asked"
"""The note on a visit that says it was asked: once is enough."""
MOST_DAYS: Final = 10_000
"""Days that are read: all of them, for the oldest come first."""
SHOWN_DAYS: Final = 7


class SurveySettings(BaseModel):
    """`[plugins.survey]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wait_s: float = Field(45, ge=5, le=300, description="How long the form stays, s.")
    ask_at_goodbye: bool = Field(True, description="Have the model ask when somebody says goodbye.")


def form(language: str) -> Card:
    """Return the two questions as a card."""
    said = words(language)
    fields = [
        _choice("stars", said["stars"], [said[star] for star in STARS], required=True),
        _choice("found", said["found"], [said["yes"], said["partly"], said["no"]], required=False),
    ]
    return Card("form", said["title"], {"fields": fields, "note": said["note"]}, id="survey")


def _choice(name: str, label: str, options: list[str], *, required: bool) -> dict[str, Any]:
    return {
        "name": name, "label": label, "kind": "choice", "options": options, "required": required,
    }  # fmt: skip


def chosen(language: str, answers: Any) -> dict[str, str]:
    """Return what was chosen, by question, as it is counted: the words are the language's."""
    said = words(language)
    found = {}
    for name, keys in (("stars", STARS), ("found", ("yes", "partly", "no"))):
        key = next((key for key in keys if said[key] == answers.get(name)), None)
        if key is not None:
            found[name] = key
    return found


class Counts:
    """Answers of each day in the plugin's store: `{"stars": {"5": 2}, "found": {"yes": 1}}`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        # Reading and writing back are two steps; two visits may answer at once.
        self._lock = asyncio.Lock()

    async def add(self, language: str, answers: Any) -> None:
        """Count one visitor's answers."""
        day = f"{self._site.now():%Y-%m-%d}"
        async with self._lock:
            counts = await self._site.store.get(day, {"stars": {}, "found": {}})
            for name, key in chosen(language, answers).items():
                counts[name][key] = counts[name].get(key, 0) + 1
            await self._site.store.set(day, counts)

    async def days(self) -> list[tuple[str, dict[str, dict[str, int]]]]:
        """Return every day with its counts, oldest first."""
        return await self._site.store.items(limit=MOST_DAYS)


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """How long it waits, and whether it is offered."""
    register(SurveySettings)


@hookimpl
def instructions(site: Site) -> str | None:
    """Have the model ask before it says goodbye."""
    if not site.settings(SurveySettings).ask_at_goodbye:
        return None
    return (
        "When the visitor says goodbye or thanks you at the end, call ask_for_feedback once before "
        "you end the visit."
    )


@hookimpl
def register_tools(register: RegisterTool, site: Site) -> None:
    """One function for the model; it waits for the visitor."""
    settings = site.settings(SurveySettings)
    counts = site.state["counts"] = Counts(site)

    async def ask_for_feedback(session: SessionHandle) -> dict[str, str]:
        """Ask the visitor for feedback, a survey of two questions on the screen: how was it?"""
        language = session.language  # of the form; the visitor may choose another meanwhile
        said = words(language)
        if session.notes.get(ASKED):
            return {"say": said["again"]}
        session.notes[ASKED] = True
        answers = await session.ask(form(language), timeout_s=settings.wait_s)
        if answers is None:
            return {"say": said["closed"]}
        await counts.add(language, answers)
        found = chosen(language, answers)
        measures = {"satisfaction": found.get("stars"), "found": found.get("found")}
        figures = {name: label for name, label in measures.items() if label is not None}
        await site.publish("answered", kiosk=session.kiosk.id, insight=figures)
        return {"say": said["thanks"]}

    register(ask_for_feedback, timeout_s=settings.wait_s + 10)


@hookimpl
async def dashboard_panels(site: Site) -> Sequence[Panel]:
    """Show operators the last days."""
    counts: Counts = site.state["counts"]
    days = (await counts.days())[-SHOWN_DAYS:]
    rows = [(day, _summary(found["stars"])) for day, found in reversed(days) if found["stars"]]
    text = "" if rows else "Nobody has answered yet."
    return [Panel("Survey", text, rows, link="/answers.csv" if rows else "", link_text="As CSV")]


def _summary(stars: dict[str, int]) -> str:
    answers = sum(stars.values())
    mean = sum(int(star) * count for star, count in stars.items()) / answers
    return f"{mean:.1f} of 5 from {answers} {'answer' if answers == 1 else 'answers'}"


@hookimpl
def register_routes(register: RegisterRoute, site: Site) -> None:
    """The counts as a table."""

    async def table(request: PluginRequest) -> PluginResponse:
        counts: Counts = site.state["counts"]
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(["day", *(f"stars {star}" for star in STARS), "yes", "partly", "no"])
        for day, found in await counts.days():
            stars = [found["stars"].get(star, 0) for star in STARS]
            writer.writerow(
                [day, *stars, *(found["found"].get(k, 0) for k in ("yes", "partly", "no"))]
            )
        return PluginResponse(file.getvalue(), content_type="text/csv")

    register("GET", "/answers.csv", table, access="operator")
