"""Tests of what comes from the visitor: in order, bounded, and nothing of it before consent."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kiosk import events
from kiosk.model import Card, EndReason
from kiosk.session.interruption import Interruption
from kiosk.session.negotiation import Negotiation
from kiosk.session.tools import ToolRunner
from kiosk.session.visitor import INBOX_LIMIT, VisitorInput
from kiosk.signaling import messages as m
from tests.unit.session.stage import Stage, eventually, staged
from tests.unit.voicelive.service import ServedLine

FRAME = b"\x01\x00" * 960
APPEND = "input_audio_buffer.append"
PUSH: dict[str, Any] = {"site": {"talk": "push"}}
HYBRID: dict[str, Any] = {"site": {"talk": "hybrid"}}
MANUAL: dict[str, Any] = {
    "site": {"talk": "push"},
    "upstream": {"turn_detection": {"type": "none"}},
}


def visitor_of(stage: Stage) -> VisitorInput:
    ctx = stage.ctx
    tools = ToolRunner(ctx)
    return VisitorInput(ctx, tools, Interruption(ctx, tools), Negotiation(ctx))


@asynccontextmanager
async def visiting(
    *, talking: bool = True, **sections: Any
) -> AsyncIterator[tuple[Stage, VisitorInput, ServedLine]]:
    """Run a visitor's two loops against a line."""
    async with staged(**sections) as stage:
        _, far = await stage.open_line()
        if talking:
            stage.talking()
        else:
            stage.ctx.to("consent")
        visitor = visitor_of(stage)
        stage.ctx.tasks.spawn(visitor.read(), name="read")
        stage.ctx.tasks.spawn(visitor.listen(), name="listen")
        yield stage, visitor, far


def heard(far: ServedLine) -> bytes:
    sent = (event["audio"] for event in far.received if event["type"] == APPEND)
    return b"".join(base64.b64decode(audio) for audio in sent)


# ── consent and the end ──────────────────────────────────────────────────────────────────────


async def test_consent_opens_the_visit_and_a_refusal_ends_it() -> None:
    async with visiting(talking=False) as (stage, visitor, _):
        visitor.message(m.Consent(accepted=True))
        await eventually(stage.ctx.consented.is_set, "consent")
        assert stage.ctx.machine.state == "connecting"
        # Another answer comes too late to change anything.
        visitor.message(m.Consent(accepted=False))
        visitor.message(m.End())
        await eventually(stage.ctx.over.is_set, "the end")
        assert stage.ctx.reason is EndReason.VISITOR_LEFT
    async with visiting(talking=False) as (stage, visitor, _):
        visitor.message(m.Consent(accepted=False))
        await eventually(stage.ctx.over.is_set, "the end")
        assert stage.ctx.reason is EndReason.DECLINED
        assert not stage.ctx.consented.is_set()


@pytest.mark.parametrize("sections", [{}, PUSH, MANUAL], ids=["open", "push", "manual"])
async def test_before_consent_nothing_that_is_said_or_typed_goes_upstream(
    sections: dict[str, Any],
) -> None:
    async with visiting(talking=False, **sections) as (stage, visitor, far):
        visitor.audio(FRAME)
        visitor.message(m.Say(text="hello"))
        visitor.message(m.Talk(active=True))
        visitor.audio(FRAME)
        visitor.message(m.Talk(active=False))
        visitor.message(m.CardDismiss(id="none"))
        visitor.message(m.Say(text="hello"))
        await eventually(lambda: len(stage.screen.failures) == 2, "the refusals")
        assert stage.screen.failures == ["not_now", "not_now"]
        assert stage.ctx.line is not None
        await stage.ctx.line.cancel()
        await far.next("response.cancel")
        assert far.kinds == ["session.update", "response.cancel"]
        assert stage.ctx.machine.state == "consent"
        assert not stage.ctx.over.is_set()


async def test_in_the_hybrid_mode_sound_counts_only_while_the_visitor_talks() -> None:
    async with visiting(**HYBRID) as (stage, visitor, far):
        visitor.audio(FRAME)
        visitor.message(m.Talk(active=True))
        await eventually(lambda: visitor._talking, "talking")
        visitor.audio(FRAME * 2)
        await far.next(APPEND)
        assert heard(far) == FRAME * 2
        visitor.message(m.Talk(active=False))
        await eventually(lambda: not visitor._talking, "the end of talking")
        assert stage.screen.failures == []


async def test_a_button_for_the_avatars_manner_counts_as_activity() -> None:
    async with visiting() as (stage, visitor, far):
        await stage.clock.advance(30)
        visitor.message(m.Repeat())
        await far.next("response.create")
        assert stage.ctx.last_activity == stage.clock.monotonic()


# ── typing ───────────────────────────────────────────────────────────────────────────────────


async def test_a_typed_line_is_captioned_sent_and_answered() -> None:
    async with visiting() as (stage, visitor, far):
        visitor.message(m.Say(text="Where is the lift?"))
        item = (await far.next("conversation.item.create"))["item"]
        assert item["content"] == [{"type": "input_text", "text": "Where is the lift?"}]
        await far.next("response.create")
        await eventually(lambda: stage.screen.states == ["thinking"], "thinking")
        caption = stage.screen.all(m.Caption)[0]
        assert (caption.speaker, caption.text, caption.final) == (
            "visitor",
            "Where is the lift?",
            True,
        )


async def test_the_same_line_typed_twice_is_two_turns() -> None:
    async with visiting() as (stage, visitor, far):
        for _ in range(2):
            visitor.message(m.Say(text="Hello?"))
            await far.next("conversation.item.create")
        assert len({turn.id for turn in stage.ctx.book.finished}) == 2


async def test_what_is_typed_while_there_is_no_line_is_kept_for_the_next() -> None:
    async with visiting() as (stage, visitor, far):
        stage.ctx.line = None
        visitor.message(m.Say(text="Are you there?"))
        await eventually(lambda: stage.ctx.book.finished, "the turn")
        assert stage.ctx.book.awaiting_answer
        assert "conversation.item.create" not in far.kinds
        assert stage.screen.failures == []


async def test_typing_interrupts_what_is_being_said() -> None:
    async with visiting() as (stage, visitor, far):
        assert stage.ctx.line is not None
        stage.ctx.line.gate.created("r1")
        visitor.message(m.Say(text="Stop, please."))
        await far.next("response.cancel")
        await far.next("conversation.item.create")
        assert stage.screen.all(m.Hush)


# ── speaking ─────────────────────────────────────────────────────────────────────────────────


async def test_sound_goes_upstream_in_order() -> None:
    async with visiting() as (stage, visitor, far):
        frames = [bytes([number, 0]) * 960 for number in range(5)]
        for frame in frames:
            visitor.audio(frame)
        for _ in frames:
            await far.next(APPEND)
        assert heard(far) == b"".join(frames)
        assert stage.metrics.registry.get_sample_value("kiosk_microphone_frames_total") == 5


async def test_a_slow_upstream_loses_the_oldest_sound_and_counts_it() -> None:
    async with staged(visit={"microphone_queue": 3}) as stage:
        _, far = await stage.open_line()
        stage.talking()
        visitor = visitor_of(stage)
        frames = [bytes([number, 0]) for number in range(5)]
        for frame in frames:
            visitor.audio(frame)
        stage.ctx.tasks.spawn(visitor.listen(), name="listen")
        for _ in range(3):
            await far.next(APPEND)
        assert heard(far) == b"".join(frames[2:])
        assert stage.metrics.registry.get_sample_value("kiosk_microphone_dropped_total") == 2


async def test_sound_of_a_lost_line_is_not_an_error() -> None:
    async with visiting() as (stage, visitor, far):
        far.reset()
        await eventually(far.closed.is_set, "the far end's close")
        for _ in range(10):
            visitor.audio(FRAME)
        visitor.message(m.Say(text="Hello?"))
        visitor.message(m.Touch())
        await eventually(lambda: stage.ctx.book.finished, "the turn")
        assert not stage.ctx.over.is_set()


async def test_muting_ends_the_turn_with_silence_because_nothing_else_would() -> None:
    async with visiting() as (_, visitor, far):
        visitor.audio(FRAME)
        visitor.message(m.Microphone(state="muted"))
        for _ in range(6):
            await far.next(APPEND)
        assert heard(far) == FRAME + bytes(2 * 24_000)


async def test_push_to_talk_lets_sound_through_while_it_is_pressed() -> None:
    async with visiting(**PUSH) as (stage, visitor, far):
        visitor.audio(FRAME)
        visitor.message(m.Talk(active=True))
        visitor.message(m.CardDismiss(id="x"))
        visitor.message(m.Say(text="now"))
        await far.next("conversation.item.create")
        assert APPEND not in far.kinds
        visitor.audio(FRAME)
        await far.next(APPEND)
        visitor.message(m.Talk(active=False))
        for _ in range(5):
            await far.next(APPEND)
        assert heard(far) == FRAME + bytes(2 * 24_000)
        assert not stage.ctx.over.is_set()


async def test_by_hand_the_turn_is_cleared_committed_and_answered() -> None:
    async with visiting(**MANUAL) as (stage, visitor, far):
        visitor.message(m.Talk(active=True))
        await far.next("input_audio_buffer.clear")
        visitor.audio(FRAME)
        await far.next(APPEND)
        visitor.message(m.Talk(active=False))
        await far.next("input_audio_buffer.commit")
        await far.next("response.create")
        await eventually(lambda: stage.screen.states == ["thinking"], "thinking")


async def test_by_hand_before_the_greeting_the_greeting_can_still_come() -> None:
    async with visiting(talking=False, **MANUAL) as (stage, visitor, far):
        visitor.message(m.Consent(accepted=True))
        visitor.message(m.Talk(active=True))
        visitor.message(m.Talk(active=False))
        await far.next("response.create")
        stage.ctx.to("greeting")
        assert stage.ctx.machine.state == "greeting"


async def test_where_the_microphone_is_open_the_talk_button_does_nothing() -> None:
    async with visiting() as (_, visitor, far):
        visitor.message(m.Talk(active=True))
        visitor.message(m.Talk(active=False))
        visitor.message(m.Say(text="now"))
        await far.next("conversation.item.create")
        assert far.kinds == ["session.update", "conversation.item.create"] or far.kinds == [
            "session.update",
            "conversation.item.create",
            "response.create",
        ]


# ── the rest of the screen ───────────────────────────────────────────────────────────────────


async def test_another_language_is_told_to_the_service_and_everybody_else() -> None:
    async with visiting(site={"languages": ["en", "de"]}) as (stage, visitor, far):
        visitor.message(m.Language(language="de"))
        session = (await far.next("session.update"))["session"]
        assert "German" in session["instructions"]
        assert session["input_audio_transcription"]["language"] == "de"
        assert stage.ctx.language == "de"
        changed = [e for e in stage.told() if isinstance(e, events.LanguageChanged)]
        assert [event.language for event in changed] == ["de"]


async def test_a_language_the_site_does_not_speak_is_refused() -> None:
    async with visiting(site={"languages": ["en"]}) as (stage, visitor, far):
        visitor.message(m.Language(language="en"))
        visitor.message(m.Language(language="xx"))
        await eventually(lambda: stage.screen.failures, "the refusal")
        assert stage.screen.failures == ["unknown_language"]
        assert (stage.ctx.language, far.kinds) == ("en", ["session.update"])


async def test_a_dismissed_card_goes_and_an_unknown_one_disturbs_nothing() -> None:
    async with visiting() as (stage, visitor, _):
        stage.ctx.show(Card("text", "Map", id="map"))
        visitor.message(m.CardDismiss(id="other"))
        visitor.message(m.CardDismiss(id="map"))
        await eventually(lambda: stage.screen.all(m.HideCard), "the card's end")
        assert stage.ctx.cards == {}


@pytest.mark.parametrize(
    "message",
    [m.Touch(), m.Say(text="hi"), m.Interrupt(), m.Talk(active=True), m.Language(language="de")],
    ids=lambda message: message.type,
)
async def test_what_a_visitor_does_counts_as_activity(message: Any) -> None:
    async with visiting() as (stage, visitor, _):
        await stage.clock.advance(20)
        visitor.message(message)
        await eventually(
            lambda: stage.ctx.last_activity == stage.clock.monotonic(), "the note of activity"
        )


@pytest.mark.parametrize("message", [m.Media(state="failed"), m.Microphone(state="denied")])
async def test_what_the_browser_does_by_itself_is_no_activity(message: Any) -> None:
    async with visiting() as (stage, visitor, _):
        await stage.clock.advance(20)
        visitor.message(message)
        visitor.message(m.Offer(sdp="unasked"))
        await eventually(lambda: stage.screen.failures == ["not_now"], "the marker")
        assert stage.clock.monotonic() - stage.ctx.last_activity == 20


async def test_a_flood_of_messages_is_refused_and_the_first_are_handled() -> None:
    async with staged() as stage:
        stage.talking()
        visitor = visitor_of(stage)
        for _ in range(INBOX_LIMIT + 5):
            visitor.message(m.Touch())
        assert stage.screen.failures == ["too_fast"] * 5
