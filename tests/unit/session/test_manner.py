"""Tests of the buttons that have something said: again, slower, louder, a person, more time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kiosk.hooks.markers import hookimpl
from kiosk.session.interruption import Interruption
from kiosk.session.manner import Manner
from kiosk.session.tools import ToolRunner
from kiosk.signaling import messages as m
from tests.unit.session.stage import Stage, staged
from tests.unit.voicelive.service import ServedLine


@asynccontextmanager
async def asking(
    plugin: object | None = None, **sections: Any
) -> AsyncIterator[tuple[Stage, Manner, ServedLine]]:
    async with staged(plugin, **sections) as stage:
        _, far = await stage.open_line()
        stage.talking()
        manner = Manner(stage.ctx, Interruption(stage.ctx, ToolRunner(stage.ctx)))
        yield stage, manner, far


async def said(far: ServedLine) -> str:
    """Return what the service is asked to say, word for word."""
    message = (await far.next("response.create"))["response"]["pre_generated_assistant_message"]
    return str(message["content"][0]["text"])


async def test_the_last_answer_is_said_again_and_warnings_are_no_answers() -> None:
    async with asking() as (stage, manner, far):
        stage.ctx.answered("The lift is on the left.")
        await stage.ctx.aside("Are you still there?")
        stage.ctx.answered("Are you still there?")
        assert await said(far) == "Are you still there?"
        assert stage.ctx.line is not None
        stage.ctx.line.gate.created("r1")
        stage.ctx.line.gate.done("r1")
        await manner.asked(m.Repeat())
        assert await said(far) == "The lift is on the left."


async def test_asked_again_in_the_middle_it_begins_anew() -> None:
    async with asking() as (stage, manner, far):
        stage.ctx.answered("The lift is on the left.")
        assert stage.ctx.line is not None
        stage.ctx.line.gate.created("r1")
        await manner.asked(m.Repeat())
        await far.next("response.cancel")
        assert stage.screen.all(m.Hush)


async def test_with_no_answer_yet_that_is_said() -> None:
    async with asking() as (_, manner, far):
        await manner.asked(m.Repeat())
        assert "not answered anything yet" in await said(far)


async def test_slower_is_heard_at_once_and_asked_for_once() -> None:
    async with asking() as (_, manner, far):
        await manner.asked(m.AskPace(pace="slow"))
        assert (await far.next("session.update"))["session"]["voice"]["rate"] == "0.80"
        assert await said(far) == "I will speak more slowly now."
        await manner.asked(m.AskPace(pace="slow"))
        assert far.kinds.count("session.update") == 2


class Desk:
    """Calls somebody."""

    @hookimpl
    async def person_wanted(self) -> str:
        return "Somebody is coming."


@pytest.mark.parametrize(
    ("plugin", "staff", "words"),
    [
        (Desk(), {"en": "At the left."}, "Somebody is coming."),
        (None, {"en": "At the left."}, "At the left."),
        (None, {}, "Please ask a member of staff. They will gladly help you."),
    ],
)
async def test_a_person_comes_from_a_plugin_or_the_site_says_where(
    plugin: object | None, staff: dict[str, str], words: str
) -> None:
    async with asking(plugin, site={"staff": staff}) as (_, manner, far):
        await manner.asked(m.Person())
        assert await said(far) == words


async def test_who_asks_for_a_person_who_is_there_is_told_so() -> None:
    async with asking() as (stage, manner, far):
        stage.ctx.takeover.take("anna", 0.0)
        await manner.asked(m.Person())
        assert await said(far) == stage.ctx.text("person.joined")


async def test_more_time_is_given_and_then_no_more() -> None:
    async with asking() as (stage, manner, far):
        until = stage.ctx.until
        await manner.asked(m.MoreTime())
        assert stage.ctx.until == until + 300
        assert "more time" in await said(far)
        stage.ctx.line.gate.created("r1")  # type: ignore[union-attr]  # opened above
        stage.ctx.line.gate.done("r1")  # type: ignore[union-attr]  # opened above
        await manner.asked(m.MoreTime())
        assert "other visitors" in await said(far)
        assert stage.ctx.until == until + 300


async def test_a_changed_volume_is_answered_by_a_word_when_it_can_be_heard() -> None:
    async with asking() as (stage, manner, far):
        await manner.asked(m.Comfort(volume=60))
        assert stage.ctx.line is not None
        stage.ctx.line.avatar_connected = True
        await manner.asked(m.Comfort(volume=60, text_size="large"))
        stage.ctx.line.gate.created("r1")
        await manner.asked(m.Comfort(volume=40))
        stage.ctx.line.gate.done("r1")
        await stage.ctx.line.cancel()
        await far.next("response.cancel")
        assert far.kinds == ["session.update", "response.cancel"]
        await manner.asked(m.Comfort(volume=80))
        assert await said(far) == "Can you hear me well like this?"
        assert stage.ctx.comfort.volume == 80


async def test_before_consent_only_the_look_changes() -> None:
    async with asking() as (stage, manner, far):
        stage.ctx.consented.clear()
        await manner.asked(m.Comfort(contrast="dark"))
        await manner.asked(m.Person())
        assert stage.ctx.comfort.contrast == "dark"
        assert stage.screen.failures == ["not_now"]
        assert far.kinds == ["session.update"]


async def test_who_presses_too_often_is_refused_until_a_minute_is_over() -> None:
    async with asking(visit={"asks_per_minute": 2}) as (stage, manner, _):
        for _ in range(3):
            await manner.asked(m.AskPace(pace="normal"))
        assert stage.screen.failures == ["too_fast"]
        await stage.clock.advance(61)
        await manner.asked(m.AskPace(pace="normal"))
        assert stage.screen.failures == ["too_fast"]
