"""Tests of keeping a line: the first, the greeting on it, and a new one whenever it is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from kiosk import events
from kiosk.hooks.markers import hookimpl
from kiosk.model import EndReason, Greeting
from kiosk.session.interruption import Interruption
from kiosk.session.lifeline import LONGEST_PAUSE_S, MAX_SHORT_LIVES, SHORT_LIFE_S, Lifeline
from kiosk.session.negotiation import Negotiation
from kiosk.session.opening import change_language
from kiosk.session.tools import ToolRunner
from kiosk.session.turns import FinishedTurn
from kiosk.signaling import messages as m
from tests.unit.session.stage import Stage, eventually, staged
from tests.unit.voicelive.service import ServedLine, silent

NO_PICTURE = {"avatar": {"enabled": False}}


class Greeter:
    """A plugin that greets."""

    @hookimpl
    def greeting(self) -> Greeting:
        return Greeting("Welcome to the quay.")


@asynccontextmanager
async def living(
    *, upstream: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[Stage, Lifeline]]:
    """Run a lifeline on a stage whose visitor has not agreed yet; no picture unless asked for."""
    async with staged(
        options.pop("plugin", None), upstream={**NO_PICTURE, **(upstream or {})}, **options
    ) as stage:
        ctx = stage.ctx
        ctx.to("consent")
        tools = ToolRunner(ctx)
        lifeline = Lifeline(ctx, tools, Interruption(ctx, tools), Negotiation(ctx))
        ctx.tasks.spawn(lifeline.run(), name="upstream")
        yield stage, lifeline


def agree(stage: Stage) -> None:
    stage.ctx.consented.set()
    stage.ctx.to("connecting")


async def ready(stage: Stage) -> ServedLine:
    """Return the far end of the line in use, once it is."""
    far = await stage.service.line()
    await far.next("session.update")
    await eventually(lambda: stage.ctx.line is not None, "the line")
    return far


def lost(stage: Stage) -> list[str]:
    return [event.code for event in stage.told() if isinstance(event, events.UpstreamLost)]


def said(ask: dict[str, Any]) -> str:
    message = ask["response"]["pre_generated_assistant_message"]
    return str(message["content"][0]["text"])


# ── the first line ───────────────────────────────────────────────────────────────────────────


async def test_the_greeting_waits_for_consent_and_is_spoken_once() -> None:
    async with living(plugin=Greeter()) as (stage, _):
        far = await ready(stage)
        await stage.clock.advance(5)
        assert "response.create" not in far.kinds
        agree(stage)
        assert said(await far.next("response.create")) == "Welcome to the quay."
        assert stage.screen.states[-1] == "greeting"
        samples = stage.metrics.registry.get_sample_value("kiosk_greeting_seconds_sum")
        assert samples == 5


async def test_the_greeting_waits_for_the_picture_or_its_deadline() -> None:
    async with living(
        plugin=Greeter(), upstream={"avatar": {"enabled": True}}, visit={"media_s": 12}
    ) as (stage, _):
        far = await ready(stage)
        agree(stage)
        await stage.clock.until_asleep()
        await stage.clock.advance(11)
        assert "response.create" not in far.kinds
        await stage.clock.advance(2)
        assert said(await far.next("response.create")) == "Welcome to the quay."
        assert stage.ctx.rung == "text"


async def test_without_a_greeting_the_visit_listens() -> None:
    async with living(plugin=Greeter(), visit={"greet": False}) as (stage, _):
        far = await ready(stage)
        agree(stage)
        await eventually(lambda: stage.screen.states[-1] == "listening", "listening")
        assert "response.create" not in far.kinds


async def test_who_typed_before_there_was_a_line_is_answered_instead_of_greeted() -> None:
    async with staged(Greeter(), upstream=NO_PICTURE) as stage:
        ctx = stage.ctx
        agree(stage)
        ctx.book.whole("typed_1", "visitor", "Where is the lift?")
        ctx.book.finish("typed_1")
        tools = ToolRunner(ctx)
        lifeline = Lifeline(ctx, tools, Interruption(ctx, tools), Negotiation(ctx))
        ctx.tasks.spawn(lifeline.run(), name="upstream")
        far = await ready(stage)
        item = (await far.next("conversation.item.create"))["item"]
        assert item["content"][0]["text"] == "Where is the lift?"
        ask = await far.next("response.create")
        assert "response" not in ask
        await far.send("response.created", response={"id": "r1"})
        await far.send("response.text.done", item_id="i1", text="Over there.")
        done = {"id": "r1", "status": "completed", "output": []}
        await far.send("response.done", response=done)
        await eventually(lambda: len(ctx.book.finished) == 2, "the answer")
        assert far.kinds.count("response.create") == 1
        assert not ctx.over.is_set()


# ── no line at all ───────────────────────────────────────────────────────────────────────────


async def test_a_refusal_that_no_retry_mends_ends_the_visit_at_once() -> None:
    async with staged(upstream=NO_PICTURE) as stage:
        stage.service.refusals.append(web.Response(status=401))
        await run_to_its_end(stage)
        assert stage.ctx.reason is EndReason.ERROR
        assert lost(stage) == ["unauthorized"]
        assert stage.service.handshakes == 1


async def test_a_refusal_that_passes_is_tried_again() -> None:
    async with living() as (stage, _):
        stage.service.refusals.append(web.Response(status=503))
        await ready(stage)
        assert stage.service.handshakes in {1, 2}
        assert not stage.ctx.over.is_set()


async def test_a_wait_longer_than_a_line_is_sought_is_not_waited_for() -> None:
    async with staged(upstream={**NO_PICTURE, "reconnect_for_s": 2}) as stage:
        stage.service.refusals.append(web.Response(status=429, headers={"Retry-After": "600"}))
        await run_to_its_end(stage)
        assert lost(stage) == ["rate_limited"]
        assert stage.service.handshakes == 1


async def test_a_line_that_is_never_configured_is_given_up_in_time() -> None:
    short = {**NO_PICTURE, "update_timeout_s": 0.05, "reconnect_for_s": 0.2}
    async with staged(answer=silent, upstream=short) as stage:
        await run_to_its_end(stage)
        assert lost(stage) == ["timeout"]


async def run_to_its_end(stage: Stage) -> None:
    ctx = stage.ctx
    tools = ToolRunner(ctx)
    lifeline = Lifeline(ctx, tools, Interruption(ctx, tools), Negotiation(ctx))
    await lifeline.run()
    assert ctx.over.is_set()


# ── a lost line ──────────────────────────────────────────────────────────────────────────────


async def conversation(stage: Stage) -> ServedLine:
    """Bring a visit to where the avatar has greeted and the visitor has asked something."""
    far = await ready(stage)
    agree(stage)
    await far.next("response.create")
    await far.send("response.created", response={"id": "r1"})
    await far.send("response.text.done", item_id="i1", text="Welcome to the quay.")
    await far.send("response.done", response={"id": "r1", "status": "completed", "output": []})
    await eventually(lambda: stage.screen.states[-1] == "listening", "listening")
    return far


@pytest.mark.parametrize("how", ["reset", "close", "expired"])
async def test_a_lost_line_is_replaced_and_told_what_was_said(how: str) -> None:
    async with living(plugin=Greeter()) as (stage, _):
        far = await conversation(stage)
        stage.screen.messages.clear()
        if how == "reset":
            far.reset()
        elif how == "close":
            await far.close(1011)
        else:
            await far.send("error", error={"code": "session_expired"})
        second = await ready(stage)
        item = (await second.next("conversation.item.create"))["item"]
        assert (item["role"], item["content"][0]["text"]) == ("assistant", "Welcome to the quay.")
        await eventually(lambda: stage.screen.all(m.NoticeGone), "the end of the notice")
        assert [notice.code for notice in stage.screen.all(m.Notice)] == ["reconnecting"]
        assert stage.screen.states == ["connecting", "listening"]
        told = [event.type for event in stage.told() if not isinstance(event, FinishedTurn)]
        assert told.index("upstream_lost") < told.index("upstream_restored")
        assert "response.create" not in second.kinds
        value = stage.metrics.registry.get_sample_value(
            "kiosk_upstream_lost_total", {"code": "closed"}
        )
        assert value == 1


async def test_a_voice_the_session_does_not_take_begins_on_a_new_line() -> None:
    voices = {"voices": {"de": "de-DE-KatjaNeural"}}
    async with living(plugin=Greeter(), upstream=voices) as (stage, _):
        far = await conversation(stage)
        await change_language(stage.ctx, "de")
        update = await far.next("session.update")
        assert update["session"]["voice"]["name"] == "de-DE-KatjaNeural"
        refusal = {"code": "cannot_update_voice", "event_id": update["event_id"]}
        await far.send("error", error=refusal)
        second = await ready(stage)
        assert second.received[0]["session"]["voice"]["name"] == "de-DE-KatjaNeural"
        item = (await second.next("conversation.item.create"))["item"]
        assert item["content"][0]["text"] == "Welcome to the quay."
        lost_to = stage.metrics.registry.get_sample_value(
            "kiosk_upstream_lost_total", {"code": "voice_change"}
        )
        assert lost_to == 1


async def test_a_question_nobody_answered_is_answered_on_the_new_line() -> None:
    async with living(plugin=Greeter()) as (stage, _):
        far = await conversation(stage)
        stage.ctx.book.whole("v1", "visitor", "Where is the lift?")
        stage.ctx.finish_turn(stage.ctx.book.finish("v1"))
        far.reset()
        second = await ready(stage)
        await second.next("response.create")
        texts = [
            event["item"]["content"][0]["text"]
            for event in second.received
            if event["type"] == "conversation.item.create"
        ]
        assert texts == ["Welcome to the quay.", "Where is the lift?"]


async def test_no_more_is_told_than_the_site_wants() -> None:
    async with living(plugin=Greeter(), visit={"history_turns": 1}) as (stage, _):
        far = await conversation(stage)
        stage.ctx.book.whole("v1", "visitor", "Where is the lift?")
        stage.ctx.finish_turn(stage.ctx.book.finish("v1"))
        far.reset()
        second = await ready(stage)
        await second.next("response.create")
        assert second.kinds.count("conversation.item.create") == 1


async def test_of_an_answer_that_was_cut_off_the_part_that_was_heard_is_kept() -> None:
    async with living(plugin=Greeter()) as (stage, _):
        far = await conversation(stage)
        await far.send("response.created", response={"id": "r2"})
        await far.send(
            "response.text.delta", item_id="i2", delta="The museum is open from ten to six"
        )
        await eventually(lambda: stage.screen.states[-1] == "speaking", "speaking")
        await stage.clock.advance(1)
        far.reset()
        await ready(stage)
        cut = stage.ctx.book.finished[-1]
        assert cut.interrupted
        assert cut.text == "The museum is"


async def test_a_line_lost_before_consent_leaves_the_notice_on_screen() -> None:
    async with living(plugin=Greeter()) as (stage, _):
        far = await ready(stage)
        far.reset()
        second = await ready(stage)
        assert stage.ctx.machine.state == "consent"
        agree(stage)
        assert said(await second.next("response.create")) == "Welcome to the quay."


async def test_a_line_that_is_sought_in_vain_ends_the_visit() -> None:
    async with living(plugin=Greeter(), upstream={"reconnect_for_s": 0.3}) as (stage, _):
        far = await conversation(stage)
        stage.service.refusals = [web.Response(status=503) for _ in range(50)]
        far.reset()
        await eventually(stage.ctx.over.is_set, "the end")
        assert stage.ctx.reason is EndReason.UPSTREAM_LOST
        assert stage.ctx.line is None


async def test_lines_that_are_lost_as_soon_as_they_are_open_make_no_storm() -> None:
    async with living(plugin=Greeter()) as (stage, _):
        far = await conversation(stage)
        for lives in range(1, MAX_SHORT_LIVES):
            far.reset()
            if lives > 1:
                await stage.clock.until_asleep()
                assert stage.service.handshakes == lives
                await stage.clock.advance(LONGEST_PAUSE_S)
            far = await ready(stage)
        far.reset()
        await eventually(stage.ctx.over.is_set, "the end")
        assert stage.ctx.reason is EndReason.UPSTREAM_LOST
        assert stage.service.handshakes == MAX_SHORT_LIVES


async def test_a_line_that_lived_long_enough_is_replaced_at_once_every_time() -> None:
    async with living(plugin=Greeter()) as (stage, _):
        far = await conversation(stage)
        for _ in range(MAX_SHORT_LIVES + 1):
            await stage.clock.advance(SHORT_LIFE_S + 1)
            far.reset()
            far = await ready(stage)
        assert not stage.ctx.over.is_set()
