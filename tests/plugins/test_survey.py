"""The survey: asked once, answered on the screen, counted by day; nothing says who."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kiosk import keys
from kiosk.emulator.speech.engines import Engines
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, Visit, fake_session, fake_site
from kiosk.testing.fixtures import MakeHarness
from plugins import survey
from plugins.survey import STARS, Counts, chosen, form
from plugins.survey.words import WORDS
from tests.functional.looking import log_in, page

ASK = "I would like to give feedback in the survey."


async def asked(kiosk_harness: MakeHarness, engines: Engines) -> tuple[KioskHarness, Visit]:
    harness = await kiosk_harness(engines=engines, plugins={"survey": survey})
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    await visit.type(ASK)
    await visit.until(lambda v: "survey" in v.cards, "form")
    return harness, visit


async def test_a_visitor_answers_and_is_counted(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness, visit = await asked(kiosk_harness, engines)
    values: dict[str, str | bool] = {"stars": "Well", "found": "Partly"}
    await visit.send(m.CardForm(id="survey", values=values))
    assert await visit.heard() == "Thank you! That helps us."
    await log_in(harness)
    assert "4.0 of 5 from 1 answer" in await page(harness, "/operator/")
    table = await page(harness, "/-/survey/answers.csv")
    assert table.splitlines()[1].split(",")[1:] == ["0", "1", "0", "0", "0", "0", "1", "0"]
    await visit.type(ASK)
    assert await visit.heard() == "You have told us already. Thank you!"
    stored = await harness.transcript(visit.id)
    assert not any("Partly" in entry.text for entry in stored)


async def test_a_form_that_is_closed_is_no_answer(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness, visit = await asked(kiosk_harness, engines)
    await visit.send(m.CardDismiss(id="survey"))
    assert await visit.heard() == "No problem. Thank you for your visit."
    (panel,) = await harness.app[keys.HOOKS].dashboard_panels("anna")
    assert (panel.text, panel.link) == ("Nobody has answered yet.", "")


async def test_what_is_not_offered_is_not_counted() -> None:
    site = fake_site()
    counts = Counts(site)
    await counts.add("de", {"stars": "Sehr gut", "found": "Nein"})
    await counts.add("de", {"stars": "Sehr gut", "found": "<script>"})
    await counts.add("en", {"stars": True})
    ((_, found),) = await counts.days()
    assert found == {"stars": {"5": 2}, "found": {"no": 1}}


async def test_a_language_chosen_while_the_form_is_open_costs_no_answer(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness, visit = await asked(kiosk_harness, engines)
    await visit.send(m.Language(language="de"))
    await visit.send(m.CardForm(id="survey", values={"stars": "Well"}))
    await visit.heard()
    assert "4.0 of 5 from 1 answer" in str(await harness.app[keys.HOOKS].dashboard_panels("anna"))


async def test_after_years_the_last_days_are_still_shown() -> None:
    site = fake_site()
    counts, first = Counts(site), date(2026, 1, 1)
    for number in range(1200):
        day = f"{first + timedelta(days=number)}"
        await site.store.set(day, {"stars": {"5": 1}, "found": {}})
    site.state["counts"] = counts
    (panel,) = await survey.dashboard_panels(site)
    assert panel.rows[0][0] == f"{first + timedelta(days=1199)}"


def test_the_form_is_in_the_visitors_language() -> None:
    card = form(fake_session(language="de-AT").language)
    assert card.title == "Wie war es?"
    assert card.data["fields"][0]["options"][0] == "Sehr gut"
    assert form("fr").title == "Comment était-ce\u202f?"
    assert form("it").title == "How was it?"


@pytest.mark.parametrize("language", sorted(WORDS))
def test_what_is_chosen_is_counted_the_same_in_every_language(language: str) -> None:
    stars, found = (field["options"] for field in form(language).data["fields"])
    assert len(set(stars)) == len(STARS)
    for number, star in zip(STARS, stars, strict=True):
        assert chosen(language, {"stars": star, "found": found[1]}) == {
            "stars": number,
            "found": "partly",
        }
