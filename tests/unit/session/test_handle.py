"""Tests of the plugin's view of a visit: facts, a few verbs, and nothing after the end."""

from __future__ import annotations

from kiosk.model import Card, EndReason
from kiosk.session.handle import VisitHandle
from kiosk.signaling import messages as m
from tests.unit.session.stage import LOBBY, staged


async def test_it_says_where_and_in_which_language_the_visit_is() -> None:
    async with staged() as stage:
        handle = VisitHandle(stage.ctx)
        assert (handle.id, handle.kiosk, handle.site_name) == (stage.ctx.id, LOBBY, "Test site")
        assert handle.language == "en"
        stage.ctx.language = "de"
        assert handle.language == "de"
        assert handle.now() == stage.clock.now()


async def test_turns_are_those_that_are_finished() -> None:
    async with staged() as stage:
        stage.ctx.book.whole("a", "visitor", "Hello")
        stage.ctx.book.finish("a")
        stage.ctx.book.delta("b", "avatar", "Good mor")
        turns = VisitHandle(stage.ctx).turns
        assert [(turn.speaker, turn.text) for turn in turns] == [("visitor", "Hello")]


async def test_saying_something_asks_the_service_for_it_word_for_word() -> None:
    async with staged() as stage:
        _, far = await stage.open_line()
        await VisitHandle(stage.ctx).say("We close in ten minutes.")
        ask = await far.next("response.create")
        message = ask["response"]["pre_generated_assistant_message"]
        assert message["content"] == [{"type": "text", "text": "We close in ten minutes."}]


async def test_while_a_person_has_the_conversation_a_plugin_neither_speaks_nor_ends_it() -> None:
    async with staged() as stage:
        line, far = await stage.open_line()
        handle = VisitHandle(stage.ctx)
        stage.ctx.takeover.take("anna", 0.0)
        await handle.say("We close in ten minutes.")
        await handle.end()
        await line.commit()
        await far.next("input_audio_buffer.commit")
        assert "response.create" not in far.kinds
        assert stage.ctx.end_after_speech is None


async def test_without_a_line_or_after_the_end_nothing_is_said_or_shown() -> None:
    async with staged() as stage:
        handle = VisitHandle(stage.ctx)
        await handle.say("Nobody hears this.")
        _, far = await stage.open_line()
        stage.ctx.end(EndReason.VISITOR_LEFT)
        await handle.say("Nobody hears this either.")
        await handle.show(Card("text", "late"))
        assert "response.create" not in far.kinds
        assert stage.screen.all(m.ShowCard) == []


async def test_showing_a_card_shows_it() -> None:
    async with staged() as stage:
        await VisitHandle(stage.ctx).show(Card("text", "Opening hours", id="hours"))
        assert [card.id for card in stage.screen.all(m.ShowCard)] == ["hours"]


async def test_ending_waits_for_the_last_words() -> None:
    async with staged() as stage:
        await VisitHandle(stage.ctx).end()
        assert stage.ctx.end_after_speech is EndReason.GOODBYE
        assert not stage.ctx.over.is_set()
