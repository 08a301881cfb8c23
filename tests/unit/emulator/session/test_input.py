"""What is said into the microphone: heard, transcribed if wanted, and answered."""

from __future__ import annotations

import base64

import pytest

from kiosk.emulator.hearing.audio import encode_output
from tests.unit.emulator.emulating import (
    PLACES,
    answer_text,
    connected,
    emulating,
    silence,
    spoken,
)

TRANSCRIBED = {"model": "whisper-1"}


async def test_a_spoken_question_from_the_first_sound_to_the_call() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(tools=[PLACES], input_audio_transcription=TRANSCRIBED)
        start = len(wire.seen)
        await wire.hear(await spoken("Where are the toilets?"))
        done = (await wire.until("response.done"))["response"]
    assert done["output"][0]["arguments"] == '{"place": "toilets"}'
    assert wire.kinds()[start : start + 7] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
    ]
    started, stopped, committed, created, told, transcribed = wire.seen[start : start + 6]
    ids = {e["item_id"] for e in (started, stopped, committed, transcribed)}
    assert ids == {created["item"]["id"]}
    assert transcribed["transcript"] == told["delta"] == "Where are the toilets?"
    assert started["audio_start_ms"] < stopped["audio_end_ms"]
    assert created["item"]["content"] == [
        {"type": "input_audio", "audio": None, "transcript": None}
    ]
    assert done["usage"]["input_token_details"]["audio_tokens"] > 5


async def test_words_stay_secret_unless_transcription_is_wanted() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(tools=[PLACES])
        await wire.hear(await spoken("Where are the toilets?"))
        done = (await wire.until("response.done"))["response"]
        assert done["output"][0]["name"] == "find_place"
        item = next(e for e in wire.seen if e["type"] == "input_audio_buffer.committed")["item_id"]
        await wire.send("conversation.item.retrieve", item_id=item)
        kept = (await wire.until("conversation.item.retrieved"))["item"]
        assert kept["content"][0]["transcript"] is None
    assert not any("transcription" in kind for kind in wire.kinds())


async def test_a_turn_is_not_answered_if_it_shall_not_be() -> None:
    detection = {"type": "server_vad", "create_response": False}
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(
            turn_detection=detection, input_audio_transcription=TRANSCRIBED, tools=[PLACES]
        )
        await wire.hear(await spoken("Where are the toilets?"))
        await wire.until("conversation.item.input_audio_transcription.completed")
        await wire.send("response.create")
        await wire.until("response.done")
    assert wire.kinds().count("response.created") == 1


async def test_turns_by_hand() -> None:
    """Commit, then ask for the response at once: it waits until the words are heard."""
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(turn_detection=None, tools=[PLACES])
        await wire.hear(await spoken("Where are the toilets?"))
        await wire.send("input_audio_buffer.commit")
        await wire.send("response.create")
        done = (await wire.until("response.done"))["response"]
        assert done["output"][0]["name"] == "find_place"
        assert "input_audio_buffer.speech_started" not in wire.kinds()
        await wire.send("input_audio_buffer.commit", event_id="empty")
        error = await wire.error()
        assert (error["code"], error["event_id"]) == ("input_audio_buffer_commit_empty", "empty")
        await wire.send("input_audio_buffer.clear")
        await wire.until("input_audio_buffer.cleared")


@pytest.mark.parametrize(
    ("sound", "rate", "encoding"),
    [("pcm16", 16_000, "pcm16_16000hz"), ("g711_ulaw", 8_000, "g711_ulaw")],
)
async def test_other_microphone_formats(sound: str, rate: int, encoding: str) -> None:
    audio = encode_output(await spoken("Where are the toilets?"), encoding)
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(tools=[PLACES], input_audio_format=sound, input_audio_sampling_rate=rate)
        await wire.hear(audio)
        done = (await wire.until("response.done"))["response"]
        assert done["output"][0]["arguments"] == '{"place": "toilets"}'
        committed = next(e for e in wire.seen if e["type"] == "input_audio_buffer.committed")
        assert committed["previous_item_id"] is None


async def test_silence_that_is_committed_is_not_understood() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(turn_detection=None, input_audio_transcription=TRANSCRIBED)
        await wire.hear(silence(600))
        await wire.send("input_audio_buffer.commit")
        heard = await wire.until("conversation.item.input_audio_transcription.completed")
        assert heard["transcript"] == ""
        await wire.send("response.create")
        done = (await wire.until("response.done"))["response"]
        assert "did not catch" in answer_text(done)


async def test_audio_inside_an_item_is_heard_too() -> None:
    audio = base64.b64encode(await spoken("Where are the toilets?")).decode()
    content = [{"type": "input_audio", "audio": audio}]
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(tools=[PLACES])
        item = {"type": "message", "role": "user", "content": content}
        await wire.send("conversation.item.create", item=item)
        await wire.send("response.create")
        done = (await wire.until("response.done"))["response"]
        assert done["output"][0]["name"] == "find_place"
