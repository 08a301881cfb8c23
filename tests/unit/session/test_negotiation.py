"""Tests of the avatar's media: one offer for each line, and text with a diagnosis when it fails."""

from __future__ import annotations

import base64
import json

import pytest

from kiosk import events
from kiosk.session.line import Line
from kiosk.session.negotiation import Negotiation
from kiosk.signaling import messages as m
from kiosk.voicelive.codec import error_info
from tests.unit.media.test_sdp import HIDDEN, OFFER
from tests.unit.session.stage import Stage, eventually, staged
from tests.unit.voicelive.service import ServedLine

ANSWER = "v=0\r\nthe answer\r\n"


async def begun(stage: Stage) -> tuple[Negotiation, Line, ServedLine]:
    line, far = await stage.open_line()
    negotiation = Negotiation(stage.ctx)
    negotiation.begin(line)
    return negotiation, line, far


def rung(stage: Stage) -> str | None:
    return stage.ctx.rung


def sound_on(stage: Stage) -> bool:
    return stage.ctx.sound_on


def diagnosis(stage: Stage) -> list[str]:
    return [event.detail for event in stage.told() if isinstance(event, events.MediaChanged)]


async def pump(line: Line) -> None:
    while True:
        event = await line.receive()
        if event["type"] == "session.avatar.connecting":
            line.avatar_answered(event)
        elif event["type"] == "error":
            line.avatar_refused(error_info(event))


async def answer(far: ServedLine) -> None:
    packed = base64.b64encode(json.dumps({"type": "answer", "sdp": ANSWER}).encode()).decode()
    await far.send("session.avatar.connecting", server_sdp=packed)


async def test_the_browser_is_given_the_services_ice_servers() -> None:
    async with staged() as stage:
        await begun(stage)
        servers = stage.screen.all(m.Ice)[0].servers
        assert [(s.urls, s.username, s.credential) for s in servers] == [
            (("turn:relay.example:3478",), "user", "secret")
        ]


async def test_after_consent_the_offer_is_answered_and_the_picture_settles_it() -> None:
    async with staged() as stage:
        negotiation, line, far = await begun(stage)
        stage.ctx.tasks.spawn(pump(line), name="pump")
        negotiation.offered(m.Offer(sdp=OFFER + HIDDEN))
        await stage.clock.advance(0)
        # An avatar connection costs quota: none before the visitor has agreed.
        assert "session.avatar.connect" not in far.kinds
        stage.ctx.consented.set()
        sent = await far.next("session.avatar.connect")
        assert json.loads(base64.b64decode(sent["client_sdp"]))["sdp"] == OFFER
        await answer(far)
        await eventually(lambda: stage.screen.all(m.Answer), "the answer")
        assert stage.screen.all(m.Answer)[0].sdp == ANSWER
        assert not negotiation.settled.is_set()
        negotiation.reported(m.Media(state="playing"))
        assert negotiation.settled.is_set()
        assert rung(stage) == "direct"


async def test_a_report_of_a_picture_that_nobody_sent_counts_for_nothing() -> None:
    async with staged() as stage:
        negotiation, _, _ = await begun(stage)
        negotiation.reported(m.Media(state="playing"))
        assert not negotiation.settled.is_set()
        assert rung(stage) is None


@pytest.mark.parametrize(
    ("sdp", "code"),
    [
        ("nonsense", "bad_sdp"),
        (OFFER.replace("H264", "VP8"), "no_h264"),
        (OFFER.replace("a=candidate", "a=x"), "no_candidates"),
    ],
)
async def test_an_offer_that_cannot_work_leaves_the_visit_in_text_with_the_reason(
    sdp: str, code: str
) -> None:
    async with staged() as stage:
        negotiation, _, far = await begun(stage)
        stage.ctx.consented.set()
        stage.told()
        negotiation.offered(m.Offer(sdp=sdp))
        assert negotiation.settled.is_set()
        assert (rung(stage), stage.screen.failures) == ("text", [code])
        assert stage.screen.all(m.Notice)[0].code == "text_only"
        assert diagnosis(stage) == [stage.screen.all(m.Failure)[0].message]
        assert "session.avatar.connect" not in far.kinds


async def test_an_avatar_that_is_refused_leaves_the_visit_in_text() -> None:
    async with staged() as stage:
        negotiation, line, far = await begun(stage)
        stage.ctx.consented.set()
        stage.ctx.tasks.spawn(pump(line), name="pump")
        negotiation.offered(m.Offer(sdp=OFFER))
        sent = await far.next("session.avatar.connect")
        stage.told()
        await far.send(
            "error",
            error={"code": "avatar_service_resource_exhausted", "event_id": sent["event_id"]},
        )
        await eventually(negotiation.settled.is_set, "the fall to text")
        assert rung(stage) == "text"
        assert "avatar_service_resource_exhausted" in diagnosis(stage)[0]


async def test_a_picture_that_does_not_come_in_time_is_given_up_counted_from_consent() -> None:
    async with staged(visit={"media_s": 12}) as stage:
        negotiation, _, _ = await begun(stage)
        await stage.clock.advance(100)
        assert not negotiation.settled.is_set()
        stage.ctx.consented.set()
        await stage.clock.until_asleep()
        await stage.clock.advance(11.9)
        assert not negotiation.settled.is_set()
        await stage.clock.advance(0.2)
        assert negotiation.settled.is_set()
        assert rung(stage) == "text"


async def test_the_deadline_of_an_old_line_does_not_touch_the_new_one() -> None:
    async with staged(visit={"media_s": 12}) as stage:
        negotiation, _, _ = await begun(stage)
        stage.ctx.consented.set()
        await stage.clock.until_asleep()
        await stage.clock.advance(6)
        second, _ = await stage.open_line()
        negotiation.begin(second)
        await stage.clock.until_asleep(2)
        await stage.clock.advance(7)
        assert rung(stage) is None
        await stage.clock.advance(6)
        assert rung(stage) == "text"


async def test_a_lost_picture_falls_to_text_and_a_returned_one_is_shown_again() -> None:
    async with staged() as stage:
        negotiation, line, _ = await begun(stage)
        line.avatar_connected = True
        negotiation.reported(m.Media(state="playing"))
        negotiation.reported(m.Media(state="failed", detail="ice disconnected"))
        assert rung(stage) == "text"
        assert "ice disconnected" in diagnosis(stage)[-1]
        negotiation.reported(m.Media(state="playing"))
        assert rung(stage) == "direct"
        assert "text_only" not in stage.ctx.notices


async def test_blocked_sound_is_noted_and_the_visit_goes_on_with_the_picture() -> None:
    async with staged() as stage:
        negotiation, line, _ = await begun(stage)
        line.avatar_connected = True
        negotiation.reported(m.Media(state="sound_blocked"))
        assert (sound_on(stage), rung(stage)) == (False, "direct")
        negotiation.reported(m.Media(state="sound_on"))
        assert sound_on(stage)


async def test_an_offer_without_a_line_or_a_second_one_is_refused() -> None:
    async with staged() as stage:
        Negotiation(stage.ctx).offered(m.Offer(sdp=OFFER))
        negotiation, line, _ = await begun(stage)
        line.avatar_connected = True
        negotiation.offered(m.Offer(sdp=OFFER))
        assert stage.screen.failures == ["not_now", "not_now"]
        assert rung(stage) is None


async def test_with_the_avatar_off_it_is_text_without_a_notice() -> None:
    async with staged(upstream={"avatar": {"enabled": False}}) as stage:
        negotiation, _, _ = await begun(stage)
        assert negotiation.settled.is_set()
        assert rung(stage) == "text"
        assert stage.screen.all(m.Notice) == []
        assert stage.screen.all(m.Ice) == []


async def test_a_line_lost_while_connecting_is_left_to_its_successor() -> None:
    async with staged() as stage:
        negotiation, _, far = await begun(stage)
        far.reset()
        await eventually(far.closed.is_set, "the far end's close")
        stage.ctx.line = None
        stage.ctx.consented.set()
        negotiation.offered(m.Offer(sdp=OFFER))
        await stage.clock.until_asleep()
        await stage.clock.advance(0)
        assert rung(stage) is None
