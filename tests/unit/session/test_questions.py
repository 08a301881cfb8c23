"""Forms of a visit: confirmed, closed, too late, too many, and answers that do not fit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.builtin import cards
from kiosk.builtin.cards import FormData, FormField
from kiosk.model import Answers, Card
from kiosk.session.questions import MAX_OPEN, MOST_TIMES, misfit
from kiosk.signaling import messages as m
from tests.unit.session.stage import Stage, eventually, staged

FIELDS: list[dict[str, Any]] = [
    {"name": "phone", "label": "Phone", "kind": "tel", "required": True, "maximum": 20},
    {"name": "when", "label": "When", "kind": "choice", "options": ["today", "tomorrow"]},
    {"name": "age", "label": "Age", "kind": "number"},
    {"name": "mail", "label": "Mail", "kind": "email"},
    {"name": "news", "label": "News", "kind": "check"},
]
CONFIRMED: Answers = {"phone": "", "when": "", "age": "", "mail": "", "news": False}
FORM = Card("form", "Call me back", {"fields": FIELDS})


async def asked(stage: Stage, card: Card = FORM, timeout_s: float = 5.0) -> Any:
    """Ask, and return the task with the id of the card once it is on the screen."""
    before = len(stage.screen.all(m.ShowCard))
    task = stage.ctx.tasks.start(stage.ctx.questions.ask(card, timeout_s), name="asks")
    await eventually(lambda: len(stage.screen.all(m.ShowCard)) > before, "the card")
    return task, stage.screen.all(m.ShowCard)[-1].id


async def test_what_is_confirmed_is_returned_and_the_card_goes() -> None:
    async with staged() as stage:
        task, card_id = await asked(stage)
        stage.ctx.questions.answered(m.CardForm(id=card_id, values={"phone": "123"}))
        assert await task == {**CONFIRMED, "phone": "123"}
        assert [gone.id for gone in stage.screen.all(m.HideCard)] == [card_id]
        # A second tap on "Send" finds nothing to answer.
        stage.ctx.questions.answered(m.CardForm(id=card_id, values={"phone": "456"}))
        assert stage.screen.failures == []


async def test_answers_that_do_not_fit_leave_the_question_open() -> None:
    async with staged() as stage:
        task, card_id = await asked(stage)
        stage.ctx.questions.answered(m.CardForm(id=card_id, values={"phone": ""}))
        assert stage.screen.failures == ["form"]
        assert not task.done()
        stage.ctx.questions.answered(m.CardForm(id="another", values={"phone": "1"}))
        assert not task.done()
        stage.ctx.questions.answered(m.CardForm(id=card_id, values={"phone": "1"}))
        assert await task == {**CONFIRMED, "phone": "1"}


async def test_a_closed_card_and_a_deadline_answer_with_none() -> None:
    async with staged() as stage:
        task, card_id = await asked(stage)
        stage.ctx.questions.dismissed("another")
        stage.ctx.questions.dismissed(card_id)
        assert await task is None
        task, _ = await asked(stage, timeout_s=40)
        await stage.clock.advance(41)
        assert await task is None
        assert stage.ctx.cards == {}


async def test_the_end_of_a_form_is_announced_and_put_off_by_a_touch() -> None:
    async with staged(visit={"idle_warning_s": 15}) as stage:
        task, card_id = await asked(stage, timeout_s=40)
        await stage.clock.advance(24)
        assert "form" not in stage.ctx.notices
        await stage.clock.advance(2)
        notice = stage.screen.all(m.Notice)[-1]
        assert (notice.code, notice.seconds) == ("form", 15)
        assert "Touch it" in notice.text
        stage.ctx.active()
        await stage.clock.advance(2)
        assert "form" not in stage.ctx.notices
        await stage.clock.advance(36)
        assert "form" in stage.ctx.notices
        stage.ctx.questions.answered(m.CardForm(id=card_id, values={"phone": "123"}))
        assert await task == {**CONFIRMED, "phone": "123"}
        assert "form" not in stage.ctx.notices


async def test_a_form_is_not_kept_open_for_ever() -> None:
    async with staged() as stage:
        task, _ = await asked(stage, timeout_s=10)
        for _ in range(MOST_TIMES):
            stage.ctx.active()
            await stage.clock.advance(9)
        assert not task.done()
        stage.ctx.active()
        await stage.clock.advance(11)
        assert await task is None


async def test_an_id_is_kept_and_one_is_made_where_there_is_none() -> None:
    async with staged() as stage:
        named = Card("form", "T", {"fields": FIELDS}, "mine")
        (one, first), (two, second) = await asked(stage, named), await asked(stage)
        assert first == "mine"
        assert second not in {"", "mine"}
        for card_id in (first, second):
            stage.ctx.questions.dismissed(card_id)
        assert [await one, await two] == [None, None]


async def test_a_form_in_the_place_of_an_open_one_is_the_one_that_is_answered() -> None:
    async with staged() as stage:
        named = Card("form", "T", {"fields": FIELDS}, "mine")
        (one, _), (two, _) = await asked(stage, named), await asked(stage, named)
        assert await one is None
        assert "mine" in stage.ctx.cards
        stage.ctx.questions.answered(m.CardForm(id="mine", values={"phone": "1"}))
        assert await two == {**CONFIRMED, "phone": "1"}
        assert stage.ctx.cards == {}


async def test_the_end_of_the_visit_answers_who_asks_in_a_task_of_its_own() -> None:
    async with staged() as stage:
        task, _ = await asked(stage, timeout_s=3600)
        stage.ctx.questions.close()
        assert await task is None


async def test_too_many_questions_and_a_visit_that_is_over_are_answered_at_once() -> None:
    async with staged() as stage:
        open_now = [await asked(stage) for _ in range(MAX_OPEN)]
        assert await stage.ctx.questions.ask(FORM, 60) is None
        for _, card_id in open_now:
            stage.ctx.questions.dismissed(card_id)
        assert [await task for task, _ in open_now] == [None] * MAX_OPEN
        stage.ctx.over.set()
        assert await stage.ctx.questions.ask(FORM, 60) is None
        assert len(stage.screen.all(m.ShowCard)) == MAX_OPEN


async def test_a_form_that_cannot_be_drawn_is_its_plugins_failure_and_nobody_waits() -> None:
    async with staged(cards) as stage:
        broken = Card("broken", "T", {"fields": FIELDS})
        async with asyncio.timeout(20):
            assert await stage.ctx.questions.ask(broken, 60, "tested") is None
        (failure,) = stage.services.hooks.failures
        assert (failure.plugin, failure.hook) == ("tested", "card")
        assert failure.kind == "unfit: there is no template for it"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"phone": "1"}, ""),
        ({"phone": "1", "when": "today", "age": "-12.5", "mail": "a@b.example", "news": True}, ""),
        ({"phone": "1", "when": "", "age": "", "mail": "", "news": False}, ""),
        ({"phone": "1", "card": "4711"}, "an unknown field"),
        ({}, "phone is missing"),
        ({"phone": True}, "phone has a wrong type"),
        ({"phone": "1", "news": "yes"}, "news has a wrong type"),
        ({"phone": "1" * 21}, "phone is too long"),
        ({"phone": "1", "when": "never"}, "when is no choice"),
        ({"phone": "1", "age": "ten"}, "age is no number"),
        ({"phone": "1", "age": "1e999"}, "age is no number"),
        ({"phone": "1", "mail": "anna"}, "mail is no email"),
    ],
)
def test_what_does_not_fit_is_named_without_its_words(values: Answers, why: str) -> None:
    assert misfit(FORM, values) == why
    # A plugin may give the fields as the model has them.
    fields = [FormField(**field) for field in FIELDS]
    assert misfit(Card("form", "T", dict(FormData(fields=fields))), values) == why
