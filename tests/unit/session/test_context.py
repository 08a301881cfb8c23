"""Tests of what a visit's parts share: states, notices, cards, the outbox, the one end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk import events
from kiosk.model import Card, EndReason
from kiosk.session.turns import FinishedTurn
from kiosk.signaling import messages as m
from tests.unit.session.stage import eventually, staged


async def test_a_new_state_is_shown_and_told_once() -> None:
    async with staged() as stage:
        stage.ctx.to("consent")
        stage.ctx.to("consent")
        assert stage.screen.states == ["consent"]
        told = stage.told()
        assert [event.state for event in told if isinstance(event, events.StateChanged)] == [
            "consent"
        ]


async def test_once_it_is_ending_nothing_else_is_entered() -> None:
    async with staged() as stage:
        stage.talking()
        stage.ctx.to("ending")
        stage.ctx.to("listening")
        assert stage.ctx.machine.state == "ending"
        assert stage.screen.states == ["ending"]


async def test_a_rung_is_shown_with_its_diagnosis_for_the_operator_and_counted() -> None:
    async with staged() as stage:
        stage.ctx.take_rung("text", "No picture came in time.")
        stage.ctx.take_rung("text", "again")
        changed = [e for e in stage.told() if isinstance(e, events.MediaChanged)]
        assert [(e.rung, e.detail) for e in changed] == [("text", "No picture came in time.")]
        assert stage.screen.all(m.State)[-1].media == "text"
        value = stage.metrics.registry.get_sample_value("kiosk_media_rungs_total", {"rung": "text"})
        assert value == 1


async def test_a_notice_stays_until_it_is_dropped() -> None:
    async with staged() as stage:
        stage.ctx.notice(m.Notice(code="idle", text="Are you still there?"))
        stage.ctx.drop_notice("idle")
        stage.ctx.drop_notice("idle")
        assert [type(message) for message in stage.screen.messages] == [m.Notice, m.NoticeGone]
        assert stage.ctx.notices == {}


async def test_without_a_screen_messages_are_dropped_and_state_is_kept() -> None:
    async with staged() as stage:
        stage.ctx.screen = None
        stage.ctx.notice(m.Notice(code="busy", text="One moment."))
        stage.ctx.to("consent")
        assert stage.ctx.machine.state == "consent"
        assert "busy" in stage.ctx.notices


async def test_at_the_limit_the_oldest_card_goes() -> None:
    async with staged(visit={"max_cards": 2}) as stage:
        for name in "abc":
            stage.ctx.show(Card("text", name, id=name))
        assert list(stage.ctx.cards) == ["b", "c"]
        assert [gone.id for gone in stage.screen.all(m.HideCard)] == ["a"]
        assert [card.html for card in stage.screen.all(m.ShowCard)] == [
            "<p>a</p>",
            "<p>b</p>",
            "<p>c</p>",
        ]


async def test_a_card_with_the_id_of_another_replaces_it_and_becomes_the_newest() -> None:
    async with staged(visit={"max_cards": 2}) as stage:
        for name, title in (("a", "one"), ("b", "two"), ("a", "three"), ("c", "four")):
            stage.ctx.show(Card("text", title, id=name))
        assert {key: card.title for key, card in stage.ctx.cards.items()} == {
            "a": "three",
            "c": "four",
        }


async def test_a_card_without_an_id_gets_one_of_its_own() -> None:
    async with staged() as stage:
        stage.ctx.show(Card("text", "one"))
        stage.ctx.show(Card("text", "two"))
        assert len(stage.ctx.cards) == 2


async def test_a_card_that_cannot_be_rendered_costs_only_itself() -> None:
    async with staged() as stage:
        stage.ctx.show(Card("broken", "nothing"))
        assert stage.screen.messages == []
        assert stage.told() == []


async def test_a_finished_turn_is_captioned_and_told() -> None:
    async with staged() as stage:
        turn = FinishedTurn("t", "visitor", "Hello")
        stage.ctx.finish_turn(turn)
        stage.ctx.finish_turn(None)
        caption = stage.screen.all(m.Caption)
        assert [(c.turn, c.speaker, c.text, c.final) for c in caption] == [
            ("t", "visitor", "Hello", True)
        ]
        assert stage.told() == [turn]


async def test_a_full_outbox_loses_the_newest_and_nothing_breaks() -> None:
    async with staged(visit={"max_turns": 10}) as stage:
        for number in range(60):
            stage.ctx.emit(FinishedTurn(f"t{number}", "visitor", "word"))
        assert len(stage.told()) == 40


async def test_the_first_reason_to_end_counts() -> None:
    async with staged() as stage:
        stage.ctx.end(EndReason.IDLE)
        stage.ctx.end(EndReason.OPERATOR)
        assert stage.ctx.reason is EndReason.IDLE
        assert stage.ctx.over.is_set()


@pytest.mark.parametrize("error", [RuntimeError, KeyError])
async def test_a_task_of_the_visit_that_fails_ends_it(error: type[Exception]) -> None:
    async def fail() -> None:
        raise error("words that were said")

    async with staged() as stage:
        stage.ctx.tasks.spawn(fail(), name="failing")
        await eventually(stage.ctx.over.is_set, "the end of the visit")
        assert stage.ctx.reason is EndReason.ERROR


async def test_sentences_come_in_the_visitors_language_and_time_in_the_sites_zone() -> None:
    async with staged() as stage:
        english = stage.ctx.text("notice.idle")
        stage.ctx.language = "de"
        assert stage.ctx.text("notice.idle") != english
        now = stage.ctx.now()
        assert now == stage.clock.now()
        assert now.utcoffset() == timedelta(hours=1)


async def test_activity_is_noted_with_its_time() -> None:
    async with staged() as stage:
        await stage.clock.advance(7)
        stage.ctx.active()
        assert stage.ctx.last_activity - stage.ctx.started == 7


async def test_each_visit_has_tokens_of_its_own() -> None:
    async with staged() as one, staged() as other:
        assert one.ctx.id != other.ctx.id
        assert one.ctx.resume != other.ctx.resume
        assert one.ctx.resume != one.ctx.id
