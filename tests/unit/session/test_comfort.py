"""Tests of what speech may change: the screen is told, the voice follows, time is given once."""

from __future__ import annotations

import pytest

from kiosk.model import Comfort
from kiosk.session.comfort import change, extend
from kiosk.session.handle import VisitHandle
from kiosk.signaling import messages as m
from tests.unit.session.stage import staged


async def test_the_screen_is_told_only_what_changes() -> None:
    async with staged() as stage:
        _, far = await stage.open_line()
        await change(stage.ctx, text_size="large", captions=False)
        assert stage.screen.all(m.Set) == [m.Set(text_size="large", captions=False)]
        assert stage.ctx.comfort == Comfort(text_size="large", captions=False, volume=60)
        assert far.kinds == ["session.update"], "the voice has nothing to do with it"


async def test_what_no_screen_knows_changes_nothing() -> None:
    async with staged() as stage:
        handle = VisitHandle(stage.ctx)
        for wrong in ({"text_size": "huge"}, {"volume": 900}, {"mood": "good"}):
            with pytest.raises(ValueError, match="Set"):
                await handle.set(**wrong)
        assert handle.comfort == Comfort(volume=60)
        assert not stage.screen.all(m.Set)


async def test_another_language_reaches_screen_and_model() -> None:
    async with staged() as stage:
        _, far = await stage.open_line()
        await VisitHandle(stage.ctx).set(language="de")
        assert stage.screen.all(m.Set) == [m.Set(language="de")]
        update = await far.next("session.update")
        assert "German" in update["session"]["instructions"]


async def test_a_slower_voice_is_asked_for_once() -> None:
    async with staged() as stage:
        _, far = await stage.open_line()
        await change(stage.ctx, pace="slow")
        session = (await far.next("session.update"))["session"]
        assert session["voice"]["rate"] == "0.80"
        assert "slowly" in session["instructions"]
        await change(stage.ctx, pace="slow")
        await change(stage.ctx, pace="normal")
        session = (await far.next("session.update"))["session"]
        assert "rate" not in session["voice"]


async def test_more_time_is_given_as_often_as_the_site_lets() -> None:
    async with staged(visit={"max_s": 600, "extensions": 1, "extend_s": 300}) as stage:
        stage.ctx.notice(m.Notice(code="time_limit", text="Nearly over", more=True))
        until = stage.ctx.until
        assert extend(stage.ctx)
        assert stage.ctx.until == until + 300
        assert not stage.ctx.notices
        assert not extend(stage.ctx)
        assert not await VisitHandle(stage.ctx).more_time()
        assert stage.ctx.until == until + 300
