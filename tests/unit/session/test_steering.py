"""Tests of operators in a running visit: what goes over the wire, what the visitor is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from kiosk import events
from kiosk.session.steering import MAX_QUEUED
from kiosk.signaling import messages as m
from tests.unit.session.stage import RecordingScreen, eventually, listening_to
from tests.unit.session.test_session import Live, living
from tests.unit.voicelive.service import ServedLine

SENTENCES = [{"id": "closing", "text": {"en": "We close soon.", "de": "Wir schließen bald."}}]
PEOPLE: dict[str, Any] = {"sentences": SENTENCES, "silence_s": 60, "absence_s": 12}


class Steered:
    """A visit that has been greeted, and the operators' end of the bus."""

    def __init__(self, live: Live, far: ServedLine, heard: list[events.DomainEvent]) -> None:
        self.live, self.far, self.heard = live, far, heard
        self.ctx, self.screen, self.clock = live.ctx, live.screen, live.stage.clock

    async def order(self, command: str, by: str = "anna", **values: Any) -> dict[str, Any]:
        return dict(await self.live.session.command({"command": command, "by": by, **values}))

    async def take(self, by: str = "anna") -> None:
        assert (await self.order("take_over", by))["ok"]
        await self.far.next("response.create")
        await self.live.answer(self.far, self.ctx.text("person.joined"), number=50)

    async def speech(self, words: str, item: str = "speech_1") -> None:
        """Let the visitor say something."""
        kind = "conversation.item.input_audio_transcription.completed"
        await self.far.send("input_audio_buffer.speech_started")
        await self.far.send("input_audio_buffer.speech_stopped")
        await self.far.send(kind, item_id=item, transcript=words)
        await eventually(
            lambda: any(t.text == words for t in self.ctx.book.finished), "the visitor's words"
        )

    def told(self, kind: type[events.DomainEvent]) -> list[Any]:
        return [event for event in self.heard if isinstance(event, kind)]

    def detection(self, update: dict[str, Any]) -> bool:
        answers: bool = update["session"]["turn_detection"]["create_response"]
        return answers


@asynccontextmanager
async def steered(**sections: Any) -> AsyncIterator[Steered]:
    people = PEOPLE | sections.pop("operators", {})
    async with (
        living(operators=people, **sections) as live,
        listening_to(live.stage.services) as heard,
    ):
        yield Steered(live, await live.greeted(), heard)


def words(event: dict[str, Any]) -> str:
    """Return what a response.create has said word for word."""
    text: str = event["response"]["pre_generated_assistant_message"]["content"][0]["text"]
    return text


async def test_a_whisper_reaches_the_model_and_nobody_else() -> None:
    async with steered() as it:
        before = len(it.screen.messages)
        assert (await it.order("whisper", text="Offer the tour at three."))["ok"]
        item = (await it.far.next("conversation.item.create"))["item"]
        assert item["role"] == "system"
        assert item["content"][0]["text"].endswith("Offer the tour at three.")
        await eventually(lambda: it.told(events.Whispered), "the event")
        assert it.told(events.Whispered)[0].by == "anna"
        assert it.screen.messages[before:] == []
        assert it.far.kinds[-1] == "conversation.item.create", "nothing is asked for"


async def test_whispers_and_words_are_limited_for_each_minute() -> None:
    async with steered(operators={"whispers_per_minute": 2, "words_per_minute": 1}) as it:
        for _ in range(2):
            assert (await it.order("whisper", text="a word"))["ok"]
        assert (await it.order("whisper", text="a word"))["code"] == "too_fast"
        assert (await it.order("say", text="hello"))["ok"]
        assert (await it.order("say", text="hello"))["code"] == "too_fast"
        await it.clock.advance(61)
        assert (await it.order("whisper", text="a word"))["ok"]
        refused = it.live.stage.metrics.registry.get_sample_value("kiosk_steering_refused_total")
        assert refused == 2


async def test_a_sentence_is_said_in_the_visitors_language_and_kept_as_the_operators() -> None:
    async with steered() as it:
        it.ctx.language = "de"
        assert (await it.order("say", sentence="closing"))["ok"]
        assert words(await it.far.next("response.create")) == "Wir schließen bald."
        await it.far.send("response.created", response={"id": "r9"})
        item = {"type": "message", "id": "i9"}
        await it.far.send("response.output_item.added", item=item, response_id="r9")
        await it.far.send("response.text.done", item_id="i9", text="Wir schließen bald.")
        done = {"id": "r9", "status": "completed", "output": []}
        await it.far.send("response.done", response=done)
        await eventually(lambda: it.ctx.book.finished[-1].speaker == "operator", "the turn")
        assert it.screen.all(m.Caption)[-1].speaker == "operator"
        assert it.told(events.SaidByOperator)[0].sentence == "closing"
        assert (await it.order("say", sentence="dance"))["code"] == "no_sentence"
        it.ctx.language = "fr"
        assert (await it.order("say", sentence="closing"))["ok"]
        assert words(await it.far.next("response.create")) == "We close soon."


async def test_more_than_can_be_said_soon_is_refused() -> None:
    async with steered() as it:
        for _ in range(MAX_QUEUED + 1):
            assert (await it.order("say", text="hello"))["ok"]
        assert (await it.order("say", text="hello"))["code"] == "wait"


async def test_a_takeover_silences_the_model_and_tells_the_visitor() -> None:
    async with steered() as it:
        it.live.session.visitor.message(m.Say(text="Tell me a story"))
        await it.far.next("response.create")
        await it.far.send("response.created", response={"id": "r2"})
        await it.far.send("response.text.delta", item_id="i2", delta="Once upon a time ")
        await eventually(lambda: it.ctx.machine.state == "speaking", "the story")
        assert (await it.order("take_over"))["ok"]
        await it.far.next("response.cancel")
        assert not it.detection(await it.far.next("session.update"))
        assert it.screen.all(m.Joined)[-1].active
        # What it said is over before the visitor is told.
        assert "response.create" not in it.far.kinds[it.far.kinds.index("response.cancel") :]
        done = {"id": "r2", "status": "cancelled", "output": []}
        await it.far.send("response.done", response=done)
        assert words(await it.far.next("response.create")) == it.ctx.text("person.joined")
        await it.live.answer(it.far, it.ctx.text("person.joined"), number=3)

        asked = it.far.kinds.count("response.create")
        await it.speech("Is there a cloakroom?")
        it.live.session.visitor.message(m.Say(text="And a lift?"))
        await it.far.next("conversation.item.create")
        assert it.far.kinds.count("response.create") == asked, "the model was asked"
        assert it.ctx.machine.state == "listening"


async def test_a_response_that_the_service_begins_by_itself_is_cancelled_unseen() -> None:
    async with steered() as it:
        await it.take()
        await it.far.send("response.created", response={"id": "rogue"})
        await it.far.next("response.cancel")
        item = {"type": "message", "id": "i7"}
        await it.far.send("response.output_item.added", item=item, response_id="rogue")
        await it.far.send("response.text.delta", item_id="i7", response_id="rogue", delta="I am")
        await it.far.send("response.text.done", item_id="i7", response_id="rogue", text="I am")
        done = {"id": "rogue", "status": "cancelled", "output": []}
        await it.far.send("response.done", response=done)
        await it.speech("Hello?")
        assert not any(c.text == "I am" for c in it.screen.all(m.Caption))


async def test_typed_words_are_the_operators_and_only_theirs_who_has_it() -> None:
    async with steered() as it:
        assert (await it.order("type", text="hello"))["code"] == "not_taken"
        await it.take()
        refused = await it.order("type", "bert", text="hello")
        assert (refused["code"], refused["holder"]) == ("held", "anna")
        assert (await it.order("say", "bert", text="hello"))["code"] == "held"
        assert (await it.order("type", text="The cloakroom is downstairs."))["ok"]
        assert words(await it.far.next("response.create")) == "The cloakroom is downstairs."


async def test_another_operator_takes_it_only_when_they_insist() -> None:
    async with steered() as it:
        await it.take()
        refused = await it.order("take_over", "bert")
        assert (refused["code"], refused["holder"]) == ("held", "anna")
        assert (await it.order("take_over", "bert", insist=True))["ok"]
        assert it.ctx.takeover.by == "bert"
        assert len(it.screen.all(m.Joined)) == 1, "to the visitor it is still a person"
        await eventually(lambda: len(it.told(events.OperatorJoined)) == 2, "the events")
        assert it.told(events.OperatorJoined)[-1].instead_of == "anna"
        assert (await it.order("hand_back", "anna"))["code"] == "held"


async def test_handing_back_tells_the_model_what_was_said_and_has_it_answer() -> None:
    async with steered() as it:
        await it.take()
        await it.speech("Where is the cloakroom?")
        assert (await it.order("hand_back"))["ok"]
        assert it.detection(await it.far.next("session.update"))
        note = (await it.far.next("conversation.item.create"))["item"]
        assert note["role"] == "system"
        assert "Visitor: Where is the cloakroom?" in note["content"][0]["text"]
        assert words(await it.far.next("response.create")) == it.ctx.text("person.left")
        await it.live.answer(it.far, it.ctx.text("person.left"), number=60)
        appended = (await it.far.next("response.create"))["response"]["append_input_items"]
        assert appended[0]["content"][0]["text"] == "Where is the cloakroom?"
        assert not it.screen.all(m.Joined)[-1].active
        assert (await it.order("hand_back"))["code"] == "not_taken"


async def test_a_silent_operator_gives_it_back_by_themselves() -> None:
    async with steered() as it:
        await it.take()
        await it.clock.advance(59)
        assert it.ctx.held
        await it.order("type", text="One moment.")
        await it.clock.advance(59)
        assert it.ctx.held
        await it.clock.advance(4)
        await eventually(lambda: it.told(events.OperatorLeft), "the end of it")
        assert it.told(events.OperatorLeft)[0].why == "silent"
        assert not it.ctx.held


async def test_an_operator_whose_dashboard_is_gone_gives_it_back() -> None:
    async with steered() as it:
        await it.take()
        await it.order("present")
        for _ in range(4):
            await it.clock.advance(6)
            await it.order("present")
        assert it.ctx.held
        await it.clock.advance(16)
        await eventually(lambda: it.told(events.OperatorLeft), "the end of it")
        assert it.told(events.OperatorLeft)[0].why == "absent"


async def test_a_visitor_with_a_person_is_never_idle_but_their_time_still_ends() -> None:
    limits = {"idle_s": 10, "idle_warning_s": 5, "max_s": 100, "extensions": 0}
    async with steered(visit=limits, operators={"silence_s": 1000}) as it:
        await it.take()
        await it.clock.advance(60)
        assert "idle" not in it.ctx.notices
        await it.clock.advance(50)
        assert (await it.live.over()).reason.value == "too_long"


async def test_a_line_that_is_lost_meanwhile_comes_back_taken_over() -> None:
    async with steered() as it:
        await it.take()
        await it.far.close(1001)
        far = await it.live.stage.service.line()
        assert not it.detection(await far.next("session.update"))
        await eventually(lambda: it.ctx.machine.state == "listening", "the new line")
        assert it.ctx.held
        it.far = far
        await it.speech("Are you there?", "speech_9")
        assert "response.create" not in far.kinds
        assert (await it.order("type", text="Yes, I am."))["ok"]
        assert words(await far.next("response.create")) == "Yes, I am."


async def test_a_reloaded_screen_still_says_that_a_person_is_there() -> None:
    async with steered() as it:
        await it.take()
        again = RecordingScreen()
        it.live.session.attach(again, playing=True)
        assert again.all(m.Joined)[0].active


async def test_before_the_notice_is_accepted_nobody_takes_part() -> None:
    async with living(operators=PEOPLE) as live:
        await live.line()
        for order in (
            {"command": "take_over", "by": "anna"},
            {"command": "whisper", "by": "anna", "text": "hello"},
            {"command": "say", "by": "anna", "text": "hello"},
        ):
            assert (await live.session.command(order))["code"] == "not_now"
        assert not live.ctx.held


async def test_a_conversation_taken_before_the_greeting_is_not_greeted() -> None:
    async with living(operators=PEOPLE, upstream={"avatar": {"enabled": True}}) as live:
        far = await live.line()
        live.session.visitor.message(m.Consent(accepted=True))
        await eventually(live.ctx.consented.is_set, "consent")
        assert (await live.session.command({"command": "take_over", "by": "anna"}))["ok"]
        assert "response.create" not in far.kinds, "the picture is not there yet"
        live.session.visitor.message(m.Media(state="failed"))
        assert words(await far.next("response.create")) == live.ctx.text("person.joined")
