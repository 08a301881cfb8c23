"""Tests of a visit's deadlines: idle with its warning, consent, the absolute cap."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.model import EndReason
from kiosk.session.comfort import extend
from kiosk.session.interruption import Interruption
from kiosk.session.tools import ToolRunner
from kiosk.session.upstream import UpstreamEvents
from kiosk.session.watchdog import Watchdog
from kiosk.signaling import messages as m
from tests.unit.session.stage import Stage, staged

LIMITS: dict[str, Any] = {"idle_s": 45, "idle_warning_s": 15, "max_s": 900, "consent_s": 60}


def reason(stage: Stage) -> EndReason | None:
    return stage.ctx.reason


def warned(stage: Stage) -> bool:
    return "idle" in stage.ctx.notices


async def watched(stage: Stage, events: UpstreamEvents | None = None) -> Watchdog:
    watchdog = Watchdog(stage.ctx, lambda: events)
    stage.ctx.tasks.spawn(watchdog.run(), name="watchdog")
    await stage.clock.until_asleep()
    return watchdog


async def test_a_quiet_visitor_is_warned_by_eye_and_ear_and_then_the_visit_ends() -> None:
    async with staged(visit=LIMITS) as stage:
        _, far = await stage.open_line()
        stage.talking()
        await watched(stage)
        await stage.clock.advance(44)
        assert not warned(stage)
        await stage.clock.advance(3)
        assert warned(stage)
        notice = stage.screen.all(m.Notice)[0]
        assert notice.seconds == 15
        spoken = (await far.next("response.create"))["response"]
        message = spoken["pre_generated_assistant_message"]
        assert message["content"][0]["text"] == notice.text
        await stage.clock.advance(13)
        assert reason(stage) is None
        await stage.clock.advance(4)
        assert reason(stage) is EndReason.IDLE


async def test_activity_calls_the_warning_off_and_quiet_time_begins_anew() -> None:
    async with staged(visit=LIMITS) as stage:
        stage.talking()
        await watched(stage)
        await stage.clock.advance(50)
        assert warned(stage)
        stage.ctx.active()
        await stage.clock.advance(2)
        assert not warned(stage)
        assert stage.screen.all(m.NoticeGone)[0].code == "idle"
        await stage.clock.advance(40)
        assert not warned(stage)
        await stage.clock.advance(5)
        assert warned(stage)


@pytest.mark.parametrize("state", ["speaking", "thinking"])
async def test_while_the_avatar_speaks_or_thinks_nobody_is_idle(state: Any) -> None:
    async with staged(visit=LIMITS) as stage:
        stage.talking()
        stage.ctx.to(state)
        await watched(stage)
        await stage.clock.advance(300)
        assert not warned(stage)
        stage.ctx.to("listening")
        await stage.clock.advance(40)
        assert not warned(stage)
        await stage.clock.advance(8)
        assert warned(stage)


async def test_a_running_tool_and_an_audible_avatar_count_as_busy() -> None:
    async with staged(visit=LIMITS) as stage:
        stage.talking()
        await watched(stage)
        stage.ctx.tools_running = 1
        await stage.clock.advance(100)
        stage.ctx.tools_running = 0
        stage.ctx.avatar_audible = True
        await stage.clock.advance(100)
        stage.ctx.avatar_audible = False
        assert not warned(stage)
        await stage.clock.advance(48)
        assert warned(stage)


async def test_the_warnings_own_voice_does_not_call_it_off() -> None:
    async with staged(visit=LIMITS) as stage:
        stage.talking()
        await watched(stage)
        await stage.clock.advance(47)
        stage.ctx.to("speaking")
        stage.ctx.avatar_audible = True
        await stage.clock.advance(20)
        assert reason(stage) is EndReason.IDLE


async def test_an_unanswered_notice_ends_the_visit() -> None:
    async with staged(visit=LIMITS) as stage:
        stage.ctx.to("consent")
        await watched(stage)
        await stage.clock.advance(59)
        assert reason(stage) is None
        assert not warned(stage)
        # It is asked first, in writing only, and a touch answers.
        await stage.clock.advance(3)
        assert warned(stage)
        stage.ctx.active()
        await stage.clock.advance(20)
        assert reason(stage) is None
        assert not warned(stage)
        await stage.clock.advance(43)
        assert warned(stage)
        await stage.clock.advance(17)
        assert reason(stage) is EndReason.IDLE


async def test_no_visit_is_longer_than_the_cap_however_lively_it_is() -> None:
    async with staged(visit=LIMITS) as stage:
        stage.talking()
        await watched(stage)
        for _ in range(45):
            stage.ctx.active()
            await stage.clock.advance(20)
        assert reason(stage) is None
        await stage.clock.advance(2)
        assert reason(stage) is EndReason.TOO_LONG


async def test_the_end_of_the_time_is_told_before_it_comes_and_can_be_put_off() -> None:
    limits = {**LIMITS, "idle_s": 860, "max_s": 900, "extensions": 1, "extend_s": 300}
    async with staged(visit=limits) as stage:
        _, far = await stage.open_line()
        stage.talking()
        await watched(stage)
        await stage.clock.advance(838)
        assert "time_limit" not in stage.ctx.notices
        await stage.clock.advance(4)
        notice = stage.ctx.notices["time_limit"]
        assert notice.more
        assert 55 <= (notice.seconds or 0) <= 60
        spoken = (await far.next("response.create"))["response"]
        message = spoken["pre_generated_assistant_message"]
        assert message["content"][0]["text"] == notice.text
        assert extend(stage.ctx)
        for _ in range(31):
            stage.ctx.active()
            await stage.clock.advance(10)
        assert reason(stage) is None
        again = stage.ctx.notices["time_limit"]
        assert not again.more, "there is no more to give"
        await stage.clock.advance(70)
        assert reason(stage) is EndReason.TOO_LONG


async def test_a_short_visit_is_warned_in_its_last_third() -> None:
    async with staged(visit={"idle_s": 20, "idle_warning_s": 5, "max_s": 30}) as stage:
        stage.talking()
        await watched(stage)
        await stage.clock.advance(18)
        assert "time_limit" not in stage.ctx.notices
        await stage.clock.advance(5)
        assert "time_limit" in stage.ctx.notices


async def test_speech_whose_end_the_service_never_told_is_ended_here() -> None:
    async with staged(visit=LIMITS) as stage:
        line, _ = await stage.open_line()
        line.avatar_connected = True
        stage.talking()
        tools = ToolRunner(stage.ctx)
        events = UpstreamEvents(stage.ctx, line, tools, Interruption(stage.ctx, tools))
        stage.ctx.to("speaking")
        stage.ctx.book.whole("item_1", "avatar", "Good morning")
        response = {"id": "r1", "status": "completed", "output": []}
        await events._response_done({"type": "response.done", "response": response})
        await watched(stage, events)
        assert stage.ctx.machine.state == "speaking"
        await stage.clock.advance(6)
        assert stage.screen.states[-1] == "listening"
        assert [turn.text for turn in stage.ctx.book.finished] == ["Good morning"]


@pytest.mark.parametrize(
    ("limits", "tick"),
    [
        (LIMITS, 1.0),
        ({**LIMITS, "idle_s": 2}, 0.2),
        ({**LIMITS, "idle_s": 0.1, "idle_warning_s": 0.1}, 0.05),
    ],
)
async def test_it_looks_often_enough_for_the_shortest_deadline(
    limits: dict[str, Any], tick: float
) -> None:
    async with staged(visit=limits) as stage:
        assert Watchdog(stage.ctx, lambda: None).tick_s == tick


async def test_an_end_that_was_asked_for_comes_when_nothing_is_said() -> None:
    async with staged(visit=LIMITS) as stage:
        line, _ = await stage.open_line()
        stage.talking()
        await watched(stage)
        line.gate.created("r1")
        stage.ctx.end_after_speech = EndReason.GOODBYE
        await stage.clock.advance(5)
        assert reason(stage) is None, "something is still to be said"
        line.gate.done("r1")
        await stage.clock.advance(3)
        assert reason(stage) is EndReason.GOODBYE
