"""One response at a time, and what cancelling, interrupting and truncating do to it."""

from __future__ import annotations

from kiosk.emulator.scenario.scenario import Scenario
from tests.unit.emulator.emulating import (
    FACTS,
    PLACES,
    Wire,
    answer_text,
    connected,
    emulating,
    spoken,
)

SLOW = Scenario(generation_speed=0.5)
WAIT = "One moment please, I am looking for that in the long list of our opening hours."


async def begin(wire: Wire) -> str:
    """Begin a long answer and return its id once words have come."""
    await wire.update(instructions=FACTS)
    await wire.send("response.create")
    created = await wire.until("response.created")
    await wire.until("response.audio_transcript.delta")
    response_id: str = created["response"]["id"]
    return response_id


async def test_a_second_response_is_refused() -> None:
    async with emulating(SLOW) as emulator, connected(emulator) as wire:
        running = await begin(wire)
        await wire.send("response.create", event_id="second")
        error = await wire.error()
        assert error["code"] == "conversation_already_has_active_response"
        assert error["event_id"] == "second"
        assert running in error["message"]


async def test_unless_it_says_that_it_replaces_the_first() -> None:
    async with emulating(SLOW) as emulator, connected(emulator) as wire:
        first = await begin(wire)
        await wire.send("response.create", response={"cancel_previous": True})
        done = await wire.until("response.done")
        assert (done["response"]["id"], done["response"]["status"]) == (first, "cancelled")
        assert (await wire.until("response.created"))["response"]["id"] != first


async def test_cancelling_ends_everything_that_is_open() -> None:
    async with emulating(SLOW) as emulator, connected(emulator) as wire:
        running = await begin(wire)
        start = len(wire.seen)
        await wire.send("response.cancel", response_id=running)
        done = (await wire.until("response.done"))["response"]
        assert done["status"] == "cancelled"
        assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
        assert [k for k in wire.kinds()[start:] if not k.endswith("delta")] == [
            "response.audio.done",
            "response.audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ]
        assert done["output"][0]["status"] == "incomplete"
        heard = "".join(e["delta"] for e in wire.seen if e["type"].endswith("transcript.delta"))
        assert answer_text(done) == heard.rstrip()
        # And there is room for the next one at once.
        await wire.send("response.create")
        await wire.until("response.created")


async def test_cancelling_nothing_is_an_error_that_says_so() -> None:
    async with emulating(SLOW) as emulator, connected(emulator) as wire:
        await wire.send("response.cancel", event_id="c1")
        error = await wire.error()
        assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "c1")
        await begin(wire)
        await wire.send("response.cancel", response_id="resp_other")
        assert (await wire.error())["code"] == "response_cancel_not_active"


async def test_speech_interrupts_and_truncates_by_itself() -> None:
    detection = {"type": "azure_semantic_vad", "auto_truncate": True, "create_response": False}
    async with emulating(SLOW) as emulator, connected(emulator) as wire:
        await wire.update(turn_detection=detection)
        running = await begin(wire)
        await wire.hear(await spoken("Stop please."))
        done = (await wire.until("response.done"))["response"]
        assert done["id"] == running
        assert done["status_details"]["reason"] == "turn_detected"
        truncated = await wire.until("conversation.item.truncated")
        assert truncated["item_id"] == done["output"][0]["id"]
        assert truncated["audio_end_ms"] >= 0
        kinds = wire.kinds()
        assert kinds.index("input_audio_buffer.speech_started") < kinds.index("response.done")
        await wire.send("conversation.item.retrieve", item_id=truncated["item_id"])
        kept = (await wire.until("conversation.item.retrieved"))["item"]["content"][0]["transcript"]
        assert len(kept) <= len(answer_text(done))


async def test_an_interruption_cuts_every_message_that_was_not_heard() -> None:
    """The interim response is over in part, the answer has not begun to be heard."""
    interim = {"type": "static_interim_response", "latency_threshold_ms": 0, "texts": [WAIT]}
    detection = {"type": "azure_semantic_vad", "auto_truncate": True, "create_response": False}
    # Generated almost at once, so nothing but the beginning has been heard of it.
    scenario = Scenario(generation_speed=1000, reply_delay_ms=200)
    async with emulating(scenario) as emulator, connected(emulator, model="gpt-4.1") as wire:
        await wire.update(turn_detection=detection, interim_response=interim, instructions=FACTS)
        done = await wire.ask("When do you open?")
        first, second = (item["id"] for item in done["output"])
        await wire.hear(await spoken("Stop please."))
        cuts = [await wire.until("conversation.item.truncated") for _ in range(2)]
        assert [cut["item_id"] for cut in cuts] == [first, second]
        assert cuts[1]["audio_end_ms"] == 0
        await wire.send("conversation.item.retrieve", item_id=second)
        kept = (await wire.until("conversation.item.retrieved"))["item"]
        assert kept["content"][0]["transcript"] == ""


async def test_a_message_of_ones_own_needs_a_new_id() -> None:
    content = [{"type": "text", "text": "Welcome."}]
    message = {"type": "message", "role": "assistant", "content": content, "id": "mine"}
    async with emulating() as emulator, connected(emulator) as wire:
        params = {"pre_generated_assistant_message": message}
        await wire.send("response.create", response=params)
        done = (await wire.until("response.done"))["response"]
        assert done["output"][0]["id"] == "mine"
        await wire.send("response.create", response=params, event_id="again")
        error = await wire.error()
        assert (error["code"], error["event_id"]) == ("item_already_exists", "again")


async def test_speech_does_not_interrupt_when_it_may_not() -> None:
    detection = {"type": "server_vad", "interrupt_response": False}
    async with (
        emulating(Scenario(generation_speed=3)) as emulator,
        connected(emulator) as wire,
    ):
        await wire.update(turn_detection=detection, tools=[PLACES])
        await begin(wire)
        await wire.hear(await spoken("Where are the toilets?"))
        first = (await wire.until("response.done"))["response"]
        assert first["status"] == "completed"
        # The turn waited for its place and is answered now.
        second = (await wire.until("response.done"))["response"]
        assert second["output"][0]["type"] == "function_call"
    kinds = wire.kinds()
    assert kinds.index("input_audio_buffer.committed") < kinds.index("response.done")


async def test_truncation_by_the_client() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        done = await wire.ask("Hello")
        item = done["output"][0]["id"]
        await wire.send(
            "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=900
        )
        truncated = await wire.until("conversation.item.truncated")
        assert (truncated["item_id"], truncated["audio_end_ms"]) == (item, 900)
        again = await wire.ask("Can you say that again?")
        assert answer_text(done).startswith(answer_text(again))
        assert answer_text(again) != answer_text(done)
        await wire.send(
            "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=99_999
        )
        assert (await wire.error())["param"] == "audio_end_ms"
