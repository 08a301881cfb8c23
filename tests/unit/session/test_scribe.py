"""Tests of the scribe: turns and events told in order, redacted, and none lost at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from kiosk import events
from kiosk.hooks.facade import WITHHELD
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterSink
from kiosk.model import Card, EndReason
from kiosk.session.scribe import Scribe
from kiosk.session.turns import FinishedTurn
from kiosk.signaling import messages as m
from kiosk.tasks import TaskSet
from tests.unit.session.stage import KeepingSink, Stage, eventually, listening_to, staged

End = Callable[[], Awaitable[None]]

TURN = FinishedTurn("t1", "visitor", "I am Anna")


class Site:
    """A plugin with a sink, a redaction that can be held, and a card for every turn."""

    def __init__(self) -> None:
        self.sink = KeepingSink()
        self.redacting = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.told: list[events.DomainEvent] = []
        self.broken = False

    @hookimpl
    def register_transcript_sinks(self, register: RegisterSink) -> None:
        register(self.sink)

    @hookimpl
    async def redact(self, text: str, where: str) -> str:
        self.redacting.set()
        await self.open.wait()
        if self.broken:
            raise RuntimeError
        return text.replace("Anna", f"[{where}]")

    @hookimpl
    def session_event(self, event: events.DomainEvent) -> None:
        self.told.append(event)

    @hookimpl
    def cards(self, event: events.DomainEvent) -> list[Card]:
        return [Card("text", event.type)]


@asynccontextmanager
async def scribing(site: Site) -> AsyncIterator[tuple[Stage, End]]:
    """Run a scribe; gives the stage and what ends the visit for it."""
    async with staged(site) as stage:
        stage.talking()
        scribe, tasks = Scribe(stage.ctx), TaskSet("test")
        tasks.spawn(scribe.run(), name="scribe")

        async def end() -> None:
            await tasks.aclose()
            await scribe.drain()

        yield stage, end
        await end()


async def test_a_turn_is_recorded_published_told_and_given_a_card() -> None:
    site = Site()
    async with scribing(site) as (stage, _), listening_to(stage.services) as heard:
        stage.ctx.emit(TURN)
        await eventually(lambda: stage.screen.all(m.ShowCard), "the card")
        assert await stage.services.recorder.settle(5)
        entry = site.sink.batches[0][0]
        assert (entry.visit_id, entry.kiosk_id, entry.seq) == (stage.ctx.id, "lobby", 1)
        assert (entry.speaker, entry.text, entry.language) == ("visitor", "I am [transcript]", "en")
        completed = [event for event in heard if isinstance(event, events.TurnCompleted)]
        assert [(event.seq, event.text) for event in completed] == [(1, "I am [operator]")]
        await eventually(lambda: site.told, "the plugin's notice")
        value = stage.metrics.registry.get_sample_value("kiosk_turns_total", {"speaker": "visitor"})
        assert value == 1


async def test_a_cards_title_is_told_without_what_redaction_takes() -> None:
    site = Site()
    async with scribing(site) as (stage, _), listening_to(stage.services) as heard:
        stage.ctx.show(Card("text", "A call for Anna"))
        await eventually(lambda: any(e.type == "card_shown" for e in heard), "the event")
        (told,) = (event for event in heard if isinstance(event, events.CardShown))
        assert told.title == "A call for [operator]"
        assert stage.screen.all(m.ShowCard)[-1].title == "A call for Anna"


async def test_things_are_told_in_the_order_in_which_they_happened() -> None:
    site = Site()
    async with scribing(site) as (stage, end):
        for number in range(4):
            stage.ctx.emit(FinishedTurn(f"t{number}", "avatar", f"line {number}"))
            stage.ctx.emit(events.LanguageChanged(**stage.ctx.stamp(), language="de"))
        await end()
        assert await stage.services.recorder.settle(5)
        assert await stage.services.hooks.settle(5)
        assert site.sink.seqs == [1, 2, 3, 4]
        kinds = [e.type for e in site.told if e.type in {"turn_completed", "language_changed"}]
        assert kinds == ["turn_completed", "language_changed"] * 4


@pytest.mark.expects_failures
async def test_what_could_not_be_redacted_is_withheld_everywhere() -> None:
    site = Site()
    site.broken = True
    async with scribing(site) as (stage, end), listening_to(stage.services) as heard:
        stage.ctx.emit(TURN)
        await end()
        await eventually(lambda: heard, "the event")
        assert await stage.services.recorder.settle(5)
        assert site.sink.batches[0][0].text == WITHHELD
        assert [e.text for e in heard if isinstance(e, events.TurnCompleted)] == [WITHHELD]


async def test_a_turn_that_is_being_told_when_the_visit_ends_is_neither_lost_nor_doubled() -> None:
    site = Site()
    site.open.clear()
    async with scribing(site) as (stage, end):
        stage.ctx.emit(TURN)
        await site.redacting.wait()
        stage.ctx.emit(FinishedTurn("t2", "avatar", "Hello"))
        asyncio.get_running_loop().call_later(0.05, site.open.set)
        await end()
        assert await stage.services.recorder.settle(5)
        assert site.sink.seqs == [1, 2]


async def test_after_the_end_no_card_comes_onto_the_wiped_screen() -> None:
    site = Site()
    async with scribing(site) as (stage, end):
        stage.ctx.end(EndReason.VISITOR_LEFT)
        stage.ctx.emit(TURN)
        await end()
        assert stage.screen.all(m.ShowCard) == []
