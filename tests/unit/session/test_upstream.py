"""Tests of what each upstream event means to the visit, as scripts of what the service sends."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.errors import UpstreamError
from kiosk.model import EndReason
from kiosk.session.comfort import change
from kiosk.session.interruption import Interruption
from kiosk.session.line import Line
from kiosk.session.tools import ToolRunner
from kiosk.session.upstream import ANSWER_S, OVERLAP, UNANSWERED_S, UpstreamEvents
from kiosk.signaling import messages as m
from tests.unit.session.stage import Stage, eventually, staged
from tests.unit.session.test_tools import Tools, hours
from tests.unit.voicelive.service import ServedLine

SPEAKING, IDLE = "session.avatar.switch_to_speaking", "session.avatar.switch_to_idle"


class Wire:
    """A visit in conversation whose line is being read."""

    def __init__(self, stage: Stage, line: Line, far: ServedLine) -> None:
        self.stage, self.ctx, self.screen = stage, stage.ctx, stage.screen
        self.line, self.far = line, far
        tools = ToolRunner(stage.ctx)
        self.interruption = Interruption(stage.ctx, tools)
        self.events = UpstreamEvents(stage.ctx, line, tools, self.interruption)
        self.number = 0

    @classmethod
    async def read(cls, stage: Stage, *, avatar: bool = True) -> Wire:
        line, far = await stage.open_line()
        line.avatar_connected = avatar
        wire = cls(stage, line, far)
        stage.talking()
        stage.ctx.tasks.spawn(wire.events.pump(), name="pump")
        return wire

    async def send(self, kind: str, **fields: Any) -> None:
        """Send an event and wait until it has been handled."""
        await self.far.send(kind, **fields)
        await self.flush()

    async def flush(self) -> None:
        # Events are handled in order: when this one has its caption, those before it are through.
        self.number += 1
        mark = f"mark_{self.number}"
        await self.far.send(
            "conversation.item.input_audio_transcription.delta", item_id=mark, delta="mark"
        )
        await eventually(
            lambda: any(c.turn == mark for c in self.screen.all(m.Caption)), "the marker"
        )
        self.ctx.book.finish(mark)
        self.ctx.book.finished[:] = [t for t in self.ctx.book.finished if t.id != mark]

    async def answer(self, text: str, *, item: str = "item_1", response: str = "r1") -> None:
        """Generate a whole spoken answer, as fast as the service does."""
        await self.far.send("response.created", response={"id": response})
        await self.far.send(
            "response.output_item.added", item={"type": "message", "id": item}, response_id=response
        )
        for word in text.split():
            await self.far.send("response.audio_transcript.delta", item_id=item, delta=word + " ")
        await self.far.send("response.audio_transcript.done", item_id=item, transcript=text)

    async def done(self, *, response: str = "r1", status: str = "completed") -> None:
        await self.send("response.done", response={"id": response, "status": status, "output": []})

    def captions(self, speaker: str) -> list[tuple[str, bool]]:
        """Return captions with `final`, without our own markers."""
        return [
            (c.text, c.final)
            for c in self.screen.all(m.Caption)
            if c.speaker == speaker and not c.turn.startswith("mark_")
        ]

    @property
    def states(self) -> list[str]:
        return self.screen.states


# ── hearing ──────────────────────────────────────────────────────────────────────────────────


async def test_what_is_heard_is_captioned_as_it_grows_and_kept_when_it_is_whole() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.send("input_audio_buffer.speech_started")
        await wire.send("input_audio_buffer.speech_stopped")
        heard = "conversation.item.input_audio_transcription"
        await wire.send(f"{heard}.delta", item_id="v1", delta="Where is ")
        await wire.send(f"{heard}.delta", item_id="v1", delta="the lift")
        await wire.send(f"{heard}.completed", item_id="v1", transcript=" Where is the lift? ")
        assert wire.captions("visitor") == [
            ("Where is ", False),
            ("Where is the lift", False),
            ("Where is the lift?", True),
        ]
        assert wire.states == ["thinking"]
        assert [turn.text for turn in stage.ctx.book.finished] == ["Where is the lift?"]


@pytest.mark.parametrize(
    ("kind", "fields"), [("completed", {"transcript": "  "}), ("failed", {"error": {}})]
)
async def test_noise_taken_for_speech_leaves_nothing_behind(
    kind: str, fields: dict[str, Any]
) -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.send("input_audio_buffer.speech_started")
        await wire.send("input_audio_buffer.speech_stopped")
        await wire.send(
            f"conversation.item.input_audio_transcription.{kind}", item_id="v1", **fields
        )
        assert wire.states == ["thinking", "listening"]
        assert wire.captions("visitor") == []


async def test_speech_counts_as_activity() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await stage.clock.advance(30)
        await wire.send("input_audio_buffer.speech_started")
        assert stage.ctx.last_activity == stage.clock.monotonic()


# ── answering ────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_is_spoken_when_the_avatars_mouth_moves_and_over_when_it_rests() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        wire.line.switches_seen = 1
        await wire.answer("Good morning to you")
        await wire.flush()
        assert wire.states == ["thinking"]
        await wire.done()
        assert not stage.ctx.book.finished
        await wire.send(SPEAKING)
        assert stage.ctx.avatar_audible
        await wire.send(IDLE)
        assert wire.states == ["thinking", "speaking", "listening"]
        assert wire.captions("avatar")[-1] == ("Good morning to you", True)
        assert [turn.text for turn in stage.ctx.book.finished] == ["Good morning to you"]


async def test_without_a_picture_the_words_alone_are_the_speech() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage, avatar=False)
        await wire.answer("Good morning")
        await wire.done()
        assert wire.states == ["thinking", "speaking", "listening"]
        assert wire.captions("avatar")[-1] == ("Good morning", True)


async def test_a_text_answer_is_captioned_like_a_spoken_one() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage, avatar=False)
        await wire.send("response.created", response={"id": "r1"})
        await wire.send("response.text.delta", item_id="item_1", delta="In ")
        await wire.send("response.text.done", item_id="item_1", text="In writing.")
        await wire.done()
        assert wire.captions("avatar")[-1] == ("In writing.", True)


async def test_the_end_of_generation_does_not_cut_an_avatar_that_still_speaks() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.answer("A long answer")
        await wire.send(SPEAKING)
        await wire.done()
        assert stage.ctx.avatar_audible
        assert wire.states[-1] == "speaking"
        assert not stage.ctx.book.finished
        await wire.send(IDLE)
        assert wire.states[-1] == "listening"


async def test_speaking_is_said_again_after_a_hush() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.send(SPEAKING)
        await wire.send(SPEAKING)
        shown = [state.state for state in stage.screen.all(m.State)]
        assert shown.count("speaking") >= 2


async def test_word_times_make_an_interruption_exact() -> None:
    async with staged(visit={"echo_guard_ms": 0}) as stage:
        wire = await Wire.read(stage)
        await wire.answer("The museum opens at ten")
        await wire.send(SPEAKING)
        for number, word in enumerate(["The", "museum", "opens", "at", "ten"]):
            await wire.send(
                "response.audio_timestamp.delta",
                item_id="item_1",
                audio_offset_ms=number * 400,
                audio_duration_ms=390.4,
                text=word,
            )
        await stage.clock.advance(0.8)
        await wire.send("input_audio_buffer.speech_started")
        assert [turn.text for turn in stage.ctx.book.finished] == ["The museum"]
        assert stage.screen.all(m.Hush)


async def test_what_still_arrives_of_an_interrupted_answer_is_not_shown() -> None:
    async with staged(visit={"echo_guard_ms": 0}) as stage:
        wire = await Wire.read(stage)
        await wire.answer("The museum opens at ten")
        await wire.send(SPEAKING)
        await stage.clock.advance(0.8)
        await wire.send("input_audio_buffer.speech_started")
        before = wire.captions("avatar")
        await wire.send("response.audio_transcript.delta", item_id="item_1", delta=" and more")
        await wire.send(
            "response.audio_transcript.done", item_id="item_1", transcript="The whole of it"
        )
        await wire.done(status="cancelled")
        await wire.send(IDLE)
        assert wire.captions("avatar") == before
        assert len(stage.ctx.book.finished) == 1
        assert wire.states[-1] == "listening"


async def test_a_function_call_is_answered_and_the_model_asked_to_go_on() -> None:
    async with staged(Tools(hours)) as stage:
        wire = await Wire.read(stage)
        await wire.send("response.created", response={"id": "r1"})
        call = {"type": "function_call", "call_id": "call_1", "name": "hours"}
        await wire.send("response.output_item.added", item=call, response_id="r1")
        await wire.send(
            "response.function_call_arguments.done",
            call_id="call_1",
            response_id="r1",
            arguments="{}",
        )
        item = (await wire.far.next("conversation.item.create"))["item"]
        assert (item["call_id"], item["output"]) == ("call_1", "ten to six")
        await wire.send(
            "response.done", response={"id": "r1", "status": "completed", "output": [call]}
        )
        await wire.far.next("response.create")
        assert wire.states == ["thinking"]


async def test_a_failed_response_is_told_to_the_visitor_who_may_go_on() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.send("response.created", response={"id": "r1"})
        await wire.done(status="failed")
        assert stage.screen.failures == ["answer_failed"]
        assert wire.states == ["thinking", "listening"]


async def test_last_words_are_said_before_the_visit_ends() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        wire.line.switches_seen = 1
        stage.ctx.end_after_speech = EndReason.GOODBYE
        await wire.answer("Goodbye")
        await wire.done()
        await wire.send(SPEAKING)
        assert not stage.ctx.over.is_set()
        await wire.send(IDLE)
        assert stage.ctx.reason is EndReason.GOODBYE


async def test_a_response_interrupted_before_it_began_is_cancelled_when_it_does() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.line.respond()
        await wire.far.next("response.create")
        await wire.interruption.pressed()
        await wire.send("response.created", response={"id": "r1"})
        await wire.far.next("response.cancel")
        assert wire.states == []


# ── trouble ──────────────────────────────────────────────────────────────────────────────────


async def test_a_cancellation_that_came_too_late_is_no_error() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.send("error", error={"code": "response_cancel_not_active"})
        assert stage.screen.failures == []
        value = stage.metrics.registry.get_sample_value(
            "kiosk_upstream_errors_total", {"code": "response_cancel_not_active"}
        )
        assert value is None


async def test_an_ask_that_overlapped_is_asked_again_when_the_way_is_free() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.line.respond({"instructions": "Say hello."})
        ask = await wire.far.next("response.create")
        await wire.send("error", error={"code": OVERLAP, "event_id": ask["event_id"]})
        await wire.send("response.created", response={"id": "theirs"})
        await wire.done(response="theirs")
        again = await wire.far.next("response.create")
        assert again["response"] == {"instructions": "Say hello."}
        assert stage.screen.failures == []


async def test_an_ask_that_is_refused_is_told_and_the_visit_listens() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.line.respond()
        ask = await wire.far.next("response.create")
        stage.ctx.to("thinking")
        await wire.send("error", error={"code": "server_error", "event_id": ask["event_id"]})
        assert stage.screen.failures == ["answer_failed"]
        assert wire.states[-1] == "listening"


@pytest.mark.parametrize("state", ["consent", "connecting"])
async def test_an_ask_refused_before_the_conversation_leaves_the_screen_where_it_is(
    state: Any,
) -> None:
    """A plugin may have something said as soon as there is a line."""
    async with staged() as stage:
        line, far = await stage.open_line()
        wire = Wire(stage, line, far)
        stage.ctx.to(state)
        stage.ctx.tasks.spawn(wire.events.pump(), name="pump")
        await line.say("Welcome")
        ask = await far.next("response.create")
        await wire.send("error", error={"code": "server_error", "event_id": ask["event_id"]})
        assert stage.ctx.machine.state == state
        assert not stage.ctx.over.is_set()


async def test_a_service_that_takes_no_slower_voice_is_told_to_speak_slowly_in_words() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await change(stage.ctx, pace="slow")
        update = await wire.far.next("session.update")
        assert "rate" in update["session"]["voice"]
        error = {"code": "invalid_value", "event_id": update["event_id"]}
        await wire.send("error", error=error)
        again = await wire.far.next("session.update")
        assert "rate" not in again["session"]["voice"]
        assert "slowly" in again["session"]["instructions"]
        error["event_id"] = again["event_id"]
        await wire.send("error", error=error)
        assert wire.far.kinds.count("session.update") == 3, "not for ever"


async def test_the_last_answer_is_kept_whole_although_it_is_interrupted() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        words = "The lift is on the left, behind the stairs."
        await wire.send("response.audio_transcript.done", item_id="i1", transcript=words)
        await wire.interruption.pressed()
        assert stage.ctx.last_answer == words


async def test_errors_about_nothing_of_ours_are_counted_and_the_visit_goes_on() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.send("error", error={"code": "invalid_value", "event_id": "other"})
        await wire.send("warning", warning={"code": "deprecated"})
        value = stage.metrics.registry.get_sample_value(
            "kiosk_upstream_errors_total", {"code": "invalid_value"}
        )
        assert value == 1
        assert not stage.ctx.over.is_set()


async def test_an_expired_session_is_a_lost_line_to_be_replaced() -> None:
    async with staged() as stage:
        line, far = await stage.open_line()
        wire = Wire(stage, line, far)
        await far.send("error", error={"code": "session_expired"})
        with pytest.raises(UpstreamError) as caught:
            await wire.events.pump()
    assert caught.value.retryable


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.created"},
        {"type": "response.created", "response": "r1"},
        {"type": "response.output_item.added", "item": None},
        {"type": "response.audio_transcript.delta"},
        {"type": "response.audio_transcript.done", "item_id": 7, "transcript": None},
        {"type": "response.audio_timestamp.delta", "audio_offset_ms": "soon"},
        {"type": "response.function_call_arguments.done", "call_id": None},
        {"type": "response.done", "response": {"output": "none"}},
        {"type": "response.done"},
        {"type": "conversation.item.input_audio_transcription.delta", "item_id": None},
        {"type": "conversation.item.input_audio_transcription.completed"},
        {"type": "session.avatar.connecting"},
        {"type": "error"},
        {"type": "error", "error": "words"},
        {"type": "warning"},
        {"type": "something.new", "with": {"unknown": ["fields"]}},
        {"no": "type"},
    ],
    ids=lambda event: str(event.get("type")),
)
async def test_a_malformed_event_disturbs_nothing(event: dict[str, Any]) -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.far.send(**event) if "type" in event else await wire.far.send_text("{}")
        await wire.flush()
        assert not stage.ctx.over.is_set()


# ── a service that falls silent ──────────────────────────────────────────────────────────────


async def test_two_answers_said_in_one_breath_are_both_kept() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        wire.line.switches_seen = 1
        await wire.answer("Let me look.")
        await wire.send(SPEAKING)
        await wire.done()
        await wire.answer("Behind you.", item="item_2", response="r2")
        await wire.done(response="r2")
        await wire.send(IDLE)
        assert [turn.text for turn in stage.ctx.book.finished] == ["Let me look.", "Behind you."]
        assert wire.states[-1] == "listening"


async def test_an_answer_the_service_never_begins_is_given_up_and_said_so() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.line.respond()
        stage.ctx.to("thinking")
        await wire.events.give_up_waiting()
        await stage.clock.advance(ANSWER_S - 1)
        await wire.events.give_up_waiting()
        assert wire.states == ["thinking"]
        await stage.clock.advance(2)
        await wire.events.give_up_waiting()
        assert wire.states == ["thinking", "listening"]
        assert stage.screen.failures == ["answer_failed"]
        assert not wire.line.gate.busy
        await wire.far.next("response.cancel")


async def test_a_sign_of_the_answer_or_a_tool_at_work_is_patience_anew() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.line.respond()
        stage.ctx.to("thinking")
        await wire.events.give_up_waiting()
        await stage.clock.advance(ANSWER_S - 1)
        await wire.send("response.created", response={"id": "r1"})
        await stage.clock.advance(ANSWER_S - 1)
        stage.ctx.tools_running = 1
        await wire.events.give_up_waiting()
        stage.ctx.tools_running = 0
        await stage.clock.advance(ANSWER_S - 1)
        await wire.events.give_up_waiting()
        assert stage.ctx.machine.state == "thinking"
        assert wire.line.gate.busy


async def test_an_ask_after_a_long_silence_gets_its_time() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await stage.clock.advance(ANSWER_S * 2)
        await wire.events.give_up_waiting()
        await wire.line.respond()
        await wire.events.give_up_waiting()
        assert wire.line.gate.busy


async def test_speech_that_nothing_comes_of_is_not_thought_about_for_ever() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.send("input_audio_buffer.speech_started")
        await wire.send("input_audio_buffer.speech_stopped")
        assert wire.states == ["thinking"]
        await stage.clock.advance(UNANSWERED_S + 1)
        await wire.events.give_up_waiting()
        assert wire.states == ["thinking", "listening"]
        assert stage.screen.failures == []


async def test_an_avatar_that_never_says_it_is_silent_is_not_waited_for_for_ever() -> None:
    async with staged() as stage:
        wire = await Wire.read(stage)
        await wire.answer("Good morning to you")
        await wire.send(SPEAKING)
        await wire.done()
        assert not wire.events.overdue()
        await stage.clock.advance(30)
        assert wire.events.overdue()
        wire.events.speech_ended()
        assert stage.ctx.machine.state == "listening"
        assert not stage.ctx.avatar_audible
