"""Tests of one visit from its beginning to its one end, with its screen coming and going."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from kiosk import events
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterSink
from kiosk.model import Card, EndReason, VisitSummary
from kiosk.session.session import Session
from kiosk.signaling import messages as m
from kiosk.tasks import TaskSet
from tests.unit.session.stage import (
    LOBBY,
    KeepingSink,
    RecordingScreen,
    Stage,
    eventually,
    listening_to,
    staged,
)
from tests.unit.voicelive.service import ServedLine

NO_PICTURE = {"avatar": {"enabled": False}}


class Site:
    """A plugin that greets and keeps the transcript."""

    def __init__(self) -> None:
        self.sink = KeepingSink()

    @hookimpl
    def greeting(self) -> str:
        return "Welcome to the quay."

    @hookimpl
    def register_transcript_sinks(self, register: RegisterSink) -> None:
        register(self.sink)


class Live:
    """A visit that runs."""

    def __init__(self, stage: Stage, site: Site) -> None:
        self.stage, self.site = stage, site
        self.screen = RecordingScreen()
        self.session = Session(stage.services, LOBBY, self.screen, "en")
        self.ctx = self.session.ctx
        self.tasks = TaskSet("test")
        self.running = self.tasks.start(self.session.run(), name="visit")

    async def over(self) -> VisitSummary:
        async with asyncio.timeout(10):
            summary: VisitSummary = await self.running
        return summary

    async def line(self) -> ServedLine:
        far = await self.stage.service.line()
        await far.next("session.update")
        await eventually(lambda: self.ctx.line is not None, "the line")
        return far

    async def greeted(self) -> ServedLine:
        """Agree, and hear the greeting to its end."""
        self.session.visitor.message(m.Consent(accepted=True))
        far = await self.line()
        await far.next("response.create")
        await self.answer(far, "Welcome to the quay.")
        return far

    async def answer(self, far: ServedLine, text: str, *, number: int = 1) -> None:
        done = {"id": f"r{number}", "status": "completed", "output": []}
        await far.send("response.created", response={"id": f"r{number}"})
        await far.send("response.text.done", item_id=f"i{number}", text=text)
        await far.send("response.done", response=done)
        await eventually(
            lambda: any(c.final and c.text == text for c in self.screen.all(m.Caption)), "the words"
        )


@asynccontextmanager
async def living(**sections: Any) -> AsyncIterator[Live]:
    site = Site()
    upstream = {**NO_PICTURE, **sections.pop("upstream", {})}
    async with staged(site, upstream=upstream, **sections) as stage:
        live = Live(stage, site)
        try:
            yield live
        finally:
            await live.tasks.aclose()


async def test_a_visit_from_the_first_touch_to_the_wiped_screen() -> None:
    async with living() as live, listening_to(live.stage.services) as heard:
        far = await live.greeted()
        live.session.visitor.message(m.Say(text="Where is the lift?"))
        await far.next("response.create")
        await live.answer(far, "Over there.", number=2)
        live.session.visitor.message(m.End())
        summary = await live.over()
        await asyncio.wait_for(far.closed.wait(), 5)
        assert live.screen.states == [
            "consent", "connecting", "greeting", "listening", "thinking", "listening", "ending",
        ]  # fmt: skip
        first, last = live.screen.messages[0], live.screen.messages[-1]
        assert isinstance(first, m.Visit)
        assert (first.id, first.resume) == (live.ctx.id, live.ctx.resume)
        assert isinstance(last, m.Ended)
        assert last.reason == "visitor_left"
        assert live.screen.over.is_set()
        assert (summary.reason, summary.turns) == (EndReason.VISITOR_LEFT, 3)
        assert await live.stage.services.recorder.settle(5)
        spoken = [(e.seq, e.speaker, e.text) for b in live.site.sink.batches for e in b]
        assert spoken == [
            (1, "avatar", "Welcome to the quay."),
            (2, "visitor", "Where is the lift?"),
            (3, "avatar", "Over there."),
        ]
        assert live.stage.book.written == [
            f"started {live.ctx.id}",
            f"ended {live.ctx.id}: visitor_left",
        ]
        kinds = [event.type for event in heard]
        assert (kinds[0], kinds[-1]) == ("visit_started", "visit_ended")
        ended = heard[-1]
        assert isinstance(ended, events.VisitEnded)
        assert (ended.reason, ended.turns) == (EndReason.VISITOR_LEFT, 3)


async def test_without_a_notice_the_visit_begins_at_once() -> None:
    async with living(site={"consent": False}) as live:
        far = await live.line()
        await far.next("response.create")
        assert live.screen.states[:2] == ["connecting", "greeting"]
        assert live.ctx.consented.is_set()


async def test_work_begins_while_the_visitor_still_reads_the_notice() -> None:
    async with living() as live:
        await live.line()
        assert live.screen.states == ["consent"]


async def test_declining_ends_it_with_nothing_said() -> None:
    async with living() as live:
        live.session.visitor.message(m.Consent(accepted=False))
        assert (await live.over()).reason is EndReason.DECLINED
        assert live.site.sink.seqs == []


async def test_a_service_that_refuses_ends_it_with_an_apology() -> None:
    async with living(site={"consent": False}) as live:
        live.stage.service.refusals.append(web.Response(status=401))
        summary = await live.over()
        assert summary.reason is EndReason.ERROR
        last = live.screen.messages[-1]
        assert isinstance(last, m.Ended)
        assert last.text == live.ctx.text("ended.error")


async def test_what_was_being_said_when_it_ended_is_kept_as_far_as_it_was_heard() -> None:
    async with living() as live:
        far = await live.greeted()
        await far.send("response.created", response={"id": "r2"})
        await far.send(
            "response.text.delta", item_id="i2", delta="The museum is open from ten to six"
        )
        await eventually(lambda: live.screen.states[-1] == "speaking", "speaking")
        await live.stage.clock.advance(1)
        live.ctx.end(EndReason.OPERATOR)
        await live.over()
        assert await live.stage.services.recorder.settle(5)
        entry = live.site.sink.batches[-1][-1]
        assert (entry.text, entry.interrupted) == ("The museum is", True)


async def test_a_part_that_fails_ends_the_visit_with_a_reason_and_a_clean_screen() -> None:
    async def fail() -> None:
        raise RuntimeError("words")

    async with living() as live:
        await live.line()
        live.ctx.tasks.spawn(fail(), name="broken")
        assert (await live.over()).reason is EndReason.ERROR
        assert isinstance(live.screen.messages[-1], m.Ended)


async def test_a_visit_that_is_cancelled_still_says_goodbye_and_is_recorded() -> None:
    async with living() as live:
        far = await live.greeted()
        live.running.cancel()
        assert (await live.over()).reason is EndReason.SHUTDOWN
        await asyncio.wait_for(far.closed.wait(), 5)
        assert await live.stage.services.recorder.settle(5)
        assert live.stage.book.written[-1] == f"ended {live.ctx.id}: shutdown"


async def test_an_operator_ends_it_by_command() -> None:
    async with living() as live:
        await live.line()
        assert not (await live.session.command({"command": "dance"}))["ok"]
        assert await live.session.command({"command": "end"}) == {"ok": True}
        assert (await live.over()).reason is EndReason.OPERATOR


# ── the screen comes and goes ────────────────────────────────────────────────────────────────


async def test_a_screen_that_comes_back_is_shown_all_it_missed() -> None:
    async with living() as live:
        await live.greeted()
        live.session.detach(live.screen)
        live.ctx.show(Card("text", "Map", id="map"))
        live.ctx.notice(m.Notice(code="idle", text="Still there?"))
        again = RecordingScreen()
        live.session.attach(again, playing=True)
        assert [type(message) for message in again.messages] == [
            m.Visit, m.State, m.Set, m.Caption, m.ShowCard, m.Notice,
        ]  # fmt: skip
        assert again.all(m.Visit)[0].id == live.ctx.id
        assert again.all(m.Caption)[0].text == "Welcome to the quay."
        assert again.all(m.State)[0].state == "listening"
        live.ctx.end(EndReason.OPERATOR)
        await live.over()
        assert isinstance(again.messages[-1], m.Ended)
        assert not live.screen.all(m.Ended)


async def test_a_page_that_still_plays_keeps_its_line() -> None:
    async with living() as live:
        await live.greeted()
        live.session.attach(RecordingScreen(), playing=True)
        await live.stage.clock.advance(0)
        assert live.stage.service.handshakes == 1


async def test_a_page_that_was_reloaded_gets_a_new_line_for_its_new_peer() -> None:
    async with living(upstream={"avatar": {"enabled": True}}) as live:
        live.session.visitor.message(m.Consent(accepted=True))
        far = await live.line()
        await eventually(lambda: live.screen.all(m.Ice), "ice")
        live.session.visitor.message(m.Media(state="failed"))
        await far.next("response.create")
        await live.answer(far, "Welcome to the quay.")
        again = RecordingScreen()
        live.session.attach(again, playing=False)
        assert live.screen.over.is_set()
        second = await live.line()
        await asyncio.wait_for(far.closed.wait(), 5)
        await second.next("conversation.item.create")
        await eventually(lambda: again.states[-1:] == ["listening"], "listening again")


async def test_a_page_that_plays_an_older_lines_picture_gets_a_new_one() -> None:
    async with living(upstream={"avatar": {"enabled": True}}) as live:
        far = await live.line()
        live.session.attach(RecordingScreen(), playing=True)
        await live.line()
        await asyncio.wait_for(far.closed.wait(), 5)


async def test_a_site_without_a_picture_keeps_its_line_through_a_reload() -> None:
    async with living() as live:
        await live.greeted()
        live.session.attach(RecordingScreen(), playing=False)
        await live.stage.clock.advance(0)
        assert live.stage.service.handshakes == 1


async def test_a_screen_that_stays_away_ends_the_visit() -> None:
    async with living(visit={"resume_s": 0.05}) as live:
        await live.line()
        live.session.detach(live.screen)
        assert (await live.over()).reason is EndReason.VISITOR_LEFT


async def test_a_screen_that_is_back_in_time_does_not() -> None:
    async with living(visit={"resume_s": 0.3}) as live:
        await live.greeted()
        for _ in range(3):
            live.session.detach(live.screen)
            live.session.attach(live.screen, playing=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await live.ctx.over.wait()


async def test_the_end_of_an_old_socket_does_not_touch_the_new_one() -> None:
    async with living(visit={"resume_s": 0}) as live:
        await live.line()
        again = RecordingScreen()
        live.session.attach(again, playing=True)
        live.session.detach(live.screen)
        live.ctx.notice(m.Notice(code="idle", text="Still there?"))
        assert again.all(m.Notice)
        assert not live.ctx.over.is_set()
