"""Tests of barge-in: what interrupts, what does not, and what an interruption does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk import events
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterTool
from kiosk.model import EndReason
from kiosk.session.interruption import Interruption
from kiosk.session.line import Line
from kiosk.session.tools import ToolRunner
from kiosk.session.turns import MS_PER_CHARACTER
from kiosk.signaling import messages as m
from tests.unit.session.stage import Stage, staged
from tests.unit.voicelive.service import ServedLine

ANSWER = "The museum is open from ten to six"
STOPPED = ["response.cancel", "output_audio_buffer.clear", "conversation.item.truncate"]


class Talk:
    """A visit in which the avatar is in the middle of an answer."""

    def __init__(self, stage: Stage, line: Line, far: ServedLine) -> None:
        self.stage = stage
        self.line = line
        self.far = far
        self.interruption = Interruption(stage.ctx, ToolRunner(stage.ctx))

    @classmethod
    async def speaking(cls, stage: Stage, *, audible: bool = True) -> Talk:
        line, far = await stage.open_line()
        line.avatar_connected = True
        line.gate.created("r1")
        talk = cls(stage, line, far)
        stage.talking()
        stage.ctx.book.whole("item_1", "avatar", ANSWER)
        talk.interruption.item_began("item_1")
        if audible:
            stage.ctx.to("speaking")
            talk.interruption.audible()
        stage.screen.messages.clear()
        stage.told()
        return talk

    async def sent(self) -> list[str]:
        """Return what went upstream since the settings; a commit marks the end."""
        await self.line.commit()
        await self.far.next("input_audio_buffer.commit")
        kinds = [kind for kind in self.far.kinds[1:] if kind != "input_audio_buffer.commit"]
        return kinds

    def hushed(self) -> bool:
        return bool(self.stage.screen.all(m.Hush))


def habits(**values: Any) -> dict[str, Any]:
    return {"barge_in_after_ms": 0, "echo_guard_ms": 0, **values}


async def test_speech_over_the_avatar_stops_it_at_once_and_cuts_the_turn_where_it_was_heard() -> (
    None
):
    async with staged(visit=habits()) as stage:
        talk = await Talk.speaking(stage)
        heard = 12 * MS_PER_CHARACTER
        await stage.clock.advance(heard / 1000)
        await talk.interruption.speech_started()
        assert await talk.sent() == STOPPED
        assert talk.far.received[-2]["audio_end_ms"] == heard
        assert talk.far.received[-2]["item_id"] == "item_1"
        assert [type(message) for message in stage.screen.messages[:2]] == [m.Hush, m.Caption]
        assert stage.screen.all(m.Caption)[0].text == "The museum"
        assert stage.screen.states == ["listening"]
        barged = [event for event in stage.told() if isinstance(event, events.BargedIn)]
        assert [(event.by, event.heard_ms) for event in barged] == [("speech", heard)]
        assert stage.ctx.book.finished[0].interrupted
        value = stage.metrics.registry.get_sample_value("kiosk_barge_ins_total", {"by": "speech"})
        assert value == 1


async def test_with_nothing_to_interrupt_nothing_is_sent() -> None:
    async with staged(visit=habits()) as stage:
        line, far = await stage.open_line()
        talk = Talk(stage, line, far)
        stage.talking()
        await talk.interruption.speech_started()
        await talk.interruption.pressed()
        assert await talk.sent() == []
        assert not talk.hushed()


async def test_speech_does_not_interrupt_where_the_site_says_so_but_the_button_does() -> None:
    async with staged(visit=habits(barge_in=False)) as stage:
        talk = await Talk.speaking(stage)
        await talk.interruption.speech_started()
        assert not talk.hushed()
        await talk.interruption.pressed()
        assert await talk.sent() == STOPPED
        barged = [event for event in stage.told() if isinstance(event, events.BargedIn)]
        assert [event.by for event in barged] == ["button"]


async def test_just_after_the_avatar_began_its_own_first_sound_does_not_stop_it() -> None:
    async with staged(visit=habits(echo_guard_ms=250)) as stage:
        talk = await Talk.speaking(stage)
        await stage.clock.advance(0.05)
        await talk.interruption.speech_started()
        await stage.clock.until_asleep()
        talk.interruption.speech_stopped()
        await stage.clock.advance(1)
        assert not talk.hushed()
        assert await talk.sent() == []


async def test_speech_that_lasts_past_the_guard_interrupts_then() -> None:
    async with staged(visit=habits(echo_guard_ms=250)) as stage:
        talk = await Talk.speaking(stage)
        await stage.clock.advance(0.05)
        await talk.interruption.speech_started()
        await stage.clock.until_asleep()
        await stage.clock.advance(0.19)
        assert not talk.hushed()
        await stage.clock.advance(0.02)
        assert talk.hushed()
        assert await talk.sent() == STOPPED


async def test_past_the_echo_guard_nothing_is_waited_for() -> None:
    async with staged(visit=habits(echo_guard_ms=250)) as stage:
        talk = await Talk.speaking(stage)
        await stage.clock.advance(0.3)
        await talk.interruption.speech_started()
        assert talk.hushed()


async def test_before_the_avatar_is_audible_there_is_no_echo_to_guard_against() -> None:
    async with staged(visit=habits(echo_guard_ms=3000)) as stage:
        talk = await Talk.speaking(stage, audible=False)
        await talk.interruption.speech_started()
        assert talk.hushed()
        # Nothing of it was heard, so nothing of it was said.
        assert stage.ctx.book.finished == []


async def test_a_site_may_want_speech_to_last() -> None:
    async with staged(visit=habits(barge_in_after_ms=400)) as stage:
        talk = await Talk.speaking(stage)
        await stage.clock.advance(2)
        await talk.interruption.speech_started()
        await stage.clock.until_asleep()
        talk.interruption.speech_stopped()
        # A second burst begins before the first one's time is up: it starts counting anew.
        await stage.clock.advance(0.3)
        await talk.interruption.speech_started()
        await stage.clock.until_asleep(2)
        await stage.clock.advance(0.2)
        assert not talk.hushed()
        await stage.clock.advance(0.25)
        assert talk.hushed()


async def test_an_answer_that_ended_during_the_guard_is_not_interrupted() -> None:
    async with staged(visit=habits(barge_in_after_ms=400)) as stage:
        talk = await Talk.speaking(stage)
        await talk.interruption.speech_started()
        await stage.clock.until_asleep()
        talk.interruption.silent()
        talk.line.gate.done("r1")
        await stage.clock.advance(1)
        assert not talk.hushed()


async def test_an_ask_that_has_not_begun_is_in_the_way_too() -> None:
    async with staged(visit=habits()) as stage:
        line, far = await stage.open_line()
        talk = Talk(stage, line, far)
        stage.talking()
        await line.respond()
        await talk.interruption.pressed()
        assert line.gate.created("r1"), "it must be cancelled as soon as it begins"


async def test_an_answer_said_to_its_end_is_not_truncated() -> None:
    async with staged(visit=habits()) as stage:
        talk = await Talk.speaking(stage)
        stage.ctx.book.finish("item_1")
        await talk.interruption.pressed()
        assert await talk.sent() == STOPPED[:2]


async def test_a_goodbye_that_is_interrupted_does_not_end_the_visit() -> None:
    async with staged(visit=habits()) as stage:
        talk = await Talk.speaking(stage)
        stage.ctx.end_after_speech = EndReason.GOODBYE
        await talk.interruption.pressed()
        assert stage.ctx.end_after_speech is None


@pytest.mark.parametrize(("seconds", "milliseconds"), [(0.0, 0), (0.25, 250), (3.0, 3000)])
async def test_heard_is_the_time_since_the_sound_began(seconds: float, milliseconds: int) -> None:
    async with staged() as stage:
        interruption = Interruption(stage.ctx, ToolRunner(stage.ctx))
        assert interruption.heard_ms == 0
        interruption.audible()
        await stage.clock.advance(seconds)
        assert interruption.heard_ms == milliseconds
        interruption.silent()
        assert interruption.heard_ms == 0


async def test_speech_during_a_quiet_tool_stops_the_tool_that_wants_it() -> None:
    stopped = asyncio.Event()

    class Searches:
        @hookimpl
        def register_tools(self, register: RegisterTool) -> None:
            async def search() -> str:
                """Search for long."""
                try:
                    return str(await asyncio.Event().wait())
                finally:
                    stopped.set()

            register(search, cancel_on_barge_in=True)

    async with staged(Searches(), visit=habits()) as stage:
        line, far = await stage.open_line()
        stage.talking()
        tools = ToolRunner(stage.ctx)
        tools.call(line, "r1", "call_1", "search", "{}")
        await stage.clock.advance(0)
        await Interruption(stage.ctx, tools).speech_started()
        await asyncio.wait_for(stopped.wait(), 5)
        await far.next("conversation.item.create")
        assert "output_audio_buffer.clear" not in far.kinds
