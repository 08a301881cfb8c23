"""Thinking and speaking as the real SDK hears them: formats, timings, languages, minds."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.aio import VoiceLiveConnection, connect
from azure.core.credentials import AzureKeyCredential

from kiosk.clock import SystemClock
from kiosk.emulator.scenario.replies import MindSettings, Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.blendshapes import FACIAL_POSITIONS, FRAMES_PER_SECOND
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.pcm import resample, to_float, to_pcm
from kiosk.emulator.speech.voice_pitch import pitch_hz
from tests.contract.chatting import ChatEndpoint, chat_endpoint, raw, silent, streamed, whole
from tests.unit.emulator.emulating import FACTS, PLACES, avatars, share_engines

PATIENCE_SECONDS = 20.0
QUICK = 1000.0

TOILETS = sdk.FunctionTool(
    name=str(PLACES["name"]),
    description=str(PLACES["description"]),
    parameters=PLACES["parameters"],
)
HOURS = sdk.FunctionTool(
    name="opening_hours",
    description="Tells when the museum opens and closes.",
    parameters={"type": "object", "properties": {}},
)


class Speaking:
    """The SDK's connection, and everything one answer consists of."""

    def __init__(self, connection: VoiceLiveConnection) -> None:
        self.connection = connection
        self.warnings: list[str] = []

    async def configure(self, **fields: Any) -> None:
        await self.connection.session.update(session=sdk.RequestSession(**fields))
        await self.events(sdk.ServerEventType.SESSION_UPDATED)

    async def events(self, last: sdk.ServerEventType) -> list[sdk.ServerEvent]:
        """Return what comes up to and with the first event of a type."""
        seen: list[sdk.ServerEvent] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not seen or seen[-1].type != last:
                event = await self.connection.recv()
                if isinstance(event, sdk.ServerEventWarning):
                    self.warnings.append(str(event.warning.param))
                seen.append(event)
        return seen

    async def ask(self, text: str) -> Answer:
        item = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text=text)])
        await self.connection.conversation.item.create(item=item)
        return await self.respond()

    async def respond(self) -> Answer:
        await self.connection.response.create()
        return Answer(await self.events(sdk.ServerEventType.RESPONSE_DONE))

    async def give(self, call: sdk.ResponseFunctionCallItem, output: str) -> None:
        """Answer a function call."""
        item = sdk.FunctionCallOutputItem(call_id=call.call_id, output=output)
        await self.connection.conversation.item.create(item=item)


class Answer:
    """One response, taken apart."""

    def __init__(self, events: list[sdk.ServerEvent]) -> None:
        self.events = events
        done = events[-1]
        assert isinstance(done, sdk.ServerEventResponseDone)
        self.response = done.response

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def audio(self) -> bytes:
        return b"".join(e.delta for e in self.of(sdk.ServerEventResponseAudioDelta))

    @property
    def transcript(self) -> str:
        done = self.of(sdk.ServerEventResponseAudioTranscriptDone)
        return " ".join(event.transcript for event in done)

    @property
    def calls(self) -> list[sdk.ResponseFunctionCallItem]:
        items = self.response.output or []
        return [item for item in items if isinstance(item, sdk.ResponseFunctionCallItem)]

    @property
    def error(self) -> str:
        details: Any = self.response.status_details
        return str(details["error"]["code"])


@asynccontextmanager
async def speaking(
    engines: Engines, scenario: Scenario | None = None, **server: Any
) -> AsyncIterator[Speaking]:
    share_engines(engines)
    async with (
        EmulatorServer(
            engines=engines,
            new_avatar=avatars(),
            scenario=scenario or Scenario(generation_speed=QUICK),
            **server,
        ) as emulator,
        connect(
            endpoint=emulator.endpoint, credential=AzureKeyCredential("any"), model="gpt-realtime"
        ) as connection,
    ):
        client = Speaking(connection)
        await client.events(sdk.ServerEventType.SESSION_CREATED)
        yield client


# ── output formats ───────────────────────────────────────────────────────────────────────────

SENTENCES = {
    sdk.OutputAudioFormat.PCM16: "The gallery is on the second floor.",
    sdk.OutputAudioFormat.PCM16_16000_HZ: "Children may come in without paying.",
    sdk.OutputAudioFormat.PCM16_8000_HZ: "Please leave your umbrella at the desk.",
    sdk.OutputAudioFormat.G711_ULAW: "We close at six every evening.",
    sdk.OutputAudioFormat.G711_ALAW: "Turn left behind the wooden stairs.",
}
PAUSE = bytes(SAMPLE_RATE)


def decoded(data: bytes, sound: sdk.OutputAudioFormat) -> bytes:
    """Return audio as PCM16 at the emulator's rate; G.711 by FFmpeg, which is not our code."""
    if sound in (sdk.OutputAudioFormat.G711_ULAW, sdk.OutputAudioFormat.G711_ALAW):
        law = "pcm_mulaw" if sound is sdk.OutputAudioFormat.G711_ULAW else "pcm_alaw"
        decoder = av.CodecContext.create(law, "r")
        assert isinstance(decoder, av.AudioCodecContext)
        decoder.sample_rate, decoder.layout = 8_000, "mono"
        frames = decoder.decode(av.Packet(data))
        data = b"".join(frame.to_ndarray().astype("<i2").tobytes() for frame in frames)
    rate = {"pcm16": 24_000, "pcm16_16000hz": 16_000}.get(sound.value, 8_000)
    return to_pcm(resample(to_float(data), rate, SAMPLE_RATE))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower().replace("café", "cafe"))


@pytest.mark.speech
async def test_every_output_format_is_understood(natural_engines: Engines) -> None:
    replies = tuple(Reply(match=f"^{s.value}$", say=text) for s, text in SENTENCES.items())
    pcm = PAUSE
    async with speaking(
        natural_engines, Scenario(generation_speed=QUICK, replies=replies)
    ) as client:
        for sound in sdk.OutputAudioFormat:
            await client.configure(output_audio_format=sound)
            answer = await client.ask(sound.value)
            assert answer.transcript == SENTENCES[sound]
            pcm += decoded(answer.audio, sound) + PAUSE
    # All in one: hearing costs the same for a sentence as for half a minute.
    heard = words(await natural_engines.ears.transcribe(pcm))
    shares = {
        sound.value: sum(word in heard for word in words(text)) / len(words(text))
        for sound, text in SENTENCES.items()
    }
    assert min(shares.values()) >= 0.8, shares
    assert len(shares) == len(sdk.OutputAudioFormat)


# ── timings ──────────────────────────────────────────────────────────────────────────────────

JAW_OPEN = FACIAL_POSITIONS.index("jawOpen")
LIPS_PRESSED = FACIAL_POSITIONS.index("mouthPressLeft")
BLINK = FACIAL_POSITIONS.index("eyeBlinkLeft")


async def timed_answer(client: Speaking) -> Answer:
    await client.configure(
        instructions=FACTS,
        output_audio_timestamp_types=[sdk.AudioTimestampType.WORD],
        animation=sdk.Animation(
            outputs=[sdk.AnimationOutputType.VISEME_ID, sdk.AnimationOutputType.BLENDSHAPES]
        ),
    )
    return await client.ask("When do you open?")


async def test_timestamps_and_visemes_lie_within_the_audio_and_in_order(engines: Engines) -> None:
    async with speaking(engines) as client:
        answer = await timed_answer(client)
    length_ms = len(answer.audio) * 1000 / (2 * SAMPLE_RATE)
    assert length_ms > 5_000

    marks = answer.of(sdk.ServerEventResponseAudioTimestampDelta)
    assert [mark.text for mark in marks] == answer.transcript.split()
    assert all(a.audio_offset_ms <= b.audio_offset_ms for a, b in pairwise(marks))
    assert all(mark.audio_offset_ms >= 0 and mark.audio_duration_ms >= 0 for mark in marks)
    assert max(mark.audio_offset_ms + mark.audio_duration_ms for mark in marks) <= length_ms
    loudness = np.abs(to_float(answer.audio))
    for mark in marks:
        start = mark.audio_offset_ms * SAMPLE_RATE // 1000
        end = start + max(1, mark.audio_duration_ms * SAMPLE_RATE // 1000)
        assert loudness[start:end].max() > 0.02, f"{mark.text} is timed where nothing is said"

    visemes = answer.of(sdk.ServerEventResponseAnimationVisemeDelta)
    assert len(visemes) > len(marks)
    assert {mark.viseme_id for mark in visemes} <= set(range(22))
    assert all(a.audio_offset_ms <= b.audio_offset_ms for a, b in pairwise(visemes))
    assert visemes[0].audio_offset_ms >= 0
    assert visemes[-1].audio_offset_ms <= length_ms

    kinds = [event.type for event in answer.events]
    for done in (
        sdk.ServerEventType.RESPONSE_AUDIO_TIMESTAMP_DONE,
        sdk.ServerEventType.RESPONSE_ANIMATION_VISEME_DONE,
        sdk.ServerEventType.RESPONSE_ANIMATION_BLENDSHAPES_DONE,
    ):
        assert kinds.count(done) == 1
        assert kinds.index(done) < kinds.index(sdk.ServerEventType.RESPONSE_AUDIO_DONE)


async def test_blendshapes_move_with_the_visemes(engines: Engines) -> None:
    async with speaking(engines) as client:
        answer = await timed_answer(client)
    deltas = answer.of(sdk.ServerEventResponseAnimationBlendshapeDelta)
    frames: list[list[float]] = []
    for delta in deltas:
        assert delta.frame_index == len(frames)
        frames += delta.frames
    length_s = len(answer.audio) / (2 * SAMPLE_RATE)
    assert abs(len(frames) - math.ceil(length_s * FRAMES_PER_SECOND)) <= 1
    assert {len(frame) for frame in frames} == {55}
    face = np.array(frames)
    assert face.min() >= 0.0
    assert face.max() <= 1.0
    # No position jumps: at 60 pictures a second a mouth moves, it does not flicker.
    mouth = np.abs(np.diff(face[:, JAW_OPEN:LIPS_PRESSED], axis=0))
    assert mouth.max() < 0.45

    visemes = answer.of(sdk.ServerEventResponseAnimationVisemeDelta)
    middles: dict[str, list[float]] = {"open": [], "closed": [], "pressed": []}
    for here, following in pairwise(visemes):
        if following.audio_offset_ms - here.audio_offset_ms < 50:
            continue
        middle = (here.audio_offset_ms + following.audio_offset_ms) / 2
        frame = frames[min(len(frames) - 1, round(middle * FRAMES_PER_SECOND / 1000))]
        if here.viseme_id in (1, 2, 9, 11):
            middles["open"].append(frame[JAW_OPEN])
        elif here.viseme_id in (0, 21):
            middles["closed"].append(frame[JAW_OPEN])
            if here.viseme_id == 21:
                middles["pressed"].append(frame[LIPS_PRESSED])
    assert min(middles["open"]) > max(middles["closed"])
    assert min(middles["pressed"]) > 0.2
    blinks = np.count_nonzero((face[:-1, BLINK] == 0.0) & (face[1:, BLINK] > 0.0))
    assert 1 <= blinks <= length_s


async def test_speech_comes_as_much_faster_than_it_is_heard_as_the_scenario_says(
    engines: Engines,
) -> None:
    clock = SystemClock()
    async with speaking(engines, Scenario(generation_speed=8)) as client:
        await client.configure(instructions=FACTS)
        item = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text="When do you open?")])
        await client.connection.conversation.item.create(item=item)
        await client.connection.response.create()
        early = await client.events(sdk.ServerEventType.RESPONSE_AUDIO_DELTA)
        began = clock.monotonic()
        late = await client.events(sdk.ServerEventType.RESPONSE_DONE)
        took = clock.monotonic() - began
    length_s = len(Answer([*early, *late]).audio) / (2 * SAMPLE_RATE)
    # The last chunk is due when it begins; an upper limit would only measure the machine.
    assert took > (length_s - 0.4) / 8


# ── languages and voices ─────────────────────────────────────────────────────────────────────


async def test_a_conversation_in_german(engines: Engines) -> None:
    async with speaking(engines) as client:
        await client.configure(
            instructions="Das Museum ist von zehn bis achtzehn Uhr geöffnet.",
            voice=sdk.AzureStandardVoice(name="de-DE-KatjaNeural"),
            tools=[TOILETS],
        )
        greeting = await client.respond()
        assert greeting.transcript.startswith("Hallo und herzlich willkommen!")
        assert 150 < pitch_hz(to_float(greeting.audio)) < 260  # a woman's voice
        opening = await client.ask("Wann habt ihr geöffnet?")
        assert opening.transcript == "Das Museum ist von zehn bis achtzehn Uhr geöffnet."
        (call,) = (await client.ask("Und wo sind die Toiletten?")).calls
        assert json.loads(call.arguments) == {"place": "toilets"}
        await client.give(call, "{}")
        assert (await client.respond()).transcript == "Erledigt."
        await client.ask("Mein Name ist Anna.")
        assert (await client.ask("Wie heiße ich?")).transcript == "Sie heißen Anna."
        assert (await client.ask("Danke, auf Wiedersehen!")).transcript.endswith("Tag noch.")


async def test_a_conversation_in_french_with_a_voice_of_any_language(engines: Engines) -> None:
    async with speaking(engines) as client:
        await client.configure(
            instructions=FACTS,
            voice=sdk.AzureStandardVoice(name="en-US-AndrewMultilingualNeural"),
            tools=[TOILETS],
        )
        hello = await client.ask("Bonjour !")
        assert hello.transcript.startswith("Bonjour et bienvenue !")
        assert pitch_hz(to_float(hello.audio)) < 140  # a man's voice
        (call,) = (await client.ask("Où sont les toilettes, s'il vous plaît ?")).calls
        assert json.loads(call.arguments) == {"place": "toilets"}
        fact = await client.ask("Combien coûte un billet ?")
        assert fact.transcript.startswith("Je n'ai que ce texte à ce sujet : A ticket costs")
        # The visitor changes the language, and so does the answer.
        assert (await client.ask("Thank you very much!")).transcript.startswith("You are welcome")


async def test_a_voice_is_as_fast_and_as_loud_as_it_is_asked_to_be(engines: Engines) -> None:
    async with speaking(engines) as client:
        lengths, peaks = [], []
        for rate, volume in ((None, None), ("+50%", None), (None, "soft")):
            voice = sdk.AzureStandardVoice(name="en-US-GuyNeural", rate=rate, volume=volume)
            await client.configure(instructions=FACTS, voice=voice)
            answer = await client.ask("When do you open?")
            lengths.append(len(answer.audio))
            peaks.append(float(np.abs(to_float(answer.audio)).max()))
    assert lengths[1] < 0.8 * lengths[0]
    assert abs(lengths[2] - lengths[0]) < 0.05 * lengths[0]
    assert peaks[2] < 0.5 * peaks[0]


async def test_what_no_engine_can_do_is_warned_of_once(engines: Engines) -> None:
    async with speaking(engines) as client:
        voice = sdk.AzureStandardVoice(name="en-US-JennyNeural", style="cheerful", temperature=0.9)
        await client.configure(voice=voice)
        await client.configure(voice=voice)
        answer = await client.ask("Hello")
        assert answer.audio
        assert client.warnings == ["session.voice.style"]


# ── calls ────────────────────────────────────────────────────────────────────────────────────

TWO = "Where are the toilets and when do you close?"


async def test_two_requests_in_one_breath_are_two_calls(engines: Engines) -> None:
    async with speaking(engines) as client:
        await client.configure(tools=[TOILETS, HOURS])
        answer = await client.ask(TWO)
        assert [(c.name, c.arguments) for c in answer.calls] == [
            ("find_place", '{"place": "toilets"}'),
            ("opening_hours", "{}"),
        ]
        for call, output in zip(answer.calls, ("Behind you.", "At six."), strict=True):
            await client.give(call, output)
        assert (await client.respond()).transcript == "Behind you. At six."


async def test_without_parallel_calls_one_comes_after_the_other(engines: Engines) -> None:
    async with speaking(engines) as client:
        await client.configure(tools=[TOILETS, HOURS], parallel_tool_calls=False)
        (first,) = (await client.ask(TWO)).calls
        await client.give(first, "Behind you.")
        answer = await client.respond()
        assert answer.transcript == "Behind you."
        (second,) = answer.calls
        assert (first.name, second.name) == ("find_place", "opening_hours")
        await client.give(second, "At six.")
        answer = await client.respond()
        assert (answer.transcript, answer.calls) == ("At six.", [])


# ── a chat endpoint as the mind ──────────────────────────────────────────────────────────────


@asynccontextmanager
async def chatting(
    engines: Engines, **settings: Any
) -> AsyncIterator[tuple[Speaking, ChatEndpoint]]:
    async with chat_endpoint() as endpoint:
        mind = MindSettings(url=endpoint.url, model="small", key_env="CHAT_KEY", **settings)
        scenario = Scenario(
            generation_speed=QUICK, mind=mind, replies=(Reply(match="tickets", say="Twelve."),)
        )
        environment = {"CHAT_KEY": "key-of-the-endpoint"}
        async with speaking(engines, scenario, environment=environment) as client:
            await client.configure(instructions=FACTS, tools=[TOILETS])
            yield client, endpoint


async def test_a_chat_endpoint_thinks(engines: Engines) -> None:
    async with chatting(engines) as (client, endpoint):
        answer = await client.ask("Who are you?")
        assert answer.transcript == "Hello from the endpoint."
        assert endpoint.headers[0]["Authorization"] == "Bearer key-of-the-endpoint"
        asked = endpoint.asked[0]
        assert asked["messages"][0] == {"role": "system", "content": FACTS}
        assert asked["messages"][-1] == {"role": "user", "content": "Who are you?"}
        assert asked["tools"][0]["function"]["parameters"] == PLACES["parameters"]
        # What the scenario says comes first, without the endpoint.
        assert (await client.ask("tickets")).transcript == "Twelve."
        assert len(endpoint.asked) == 1


async def test_its_first_sentence_is_spoken_while_it_still_thinks(engines: Engines) -> None:
    async with chatting(engines) as (client, endpoint):
        hold = asyncio.Event()
        endpoint.answer = streamed(
            {"role": "assistant", "content": "This comes first. "},
            {"content": "This comes "},
            {"content": "second."},
            hold=hold,
        )
        item = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text="Go on")])
        await client.connection.conversation.item.create(item=item)
        await client.connection.response.create()
        early = await client.events(sdk.ServerEventType.RESPONSE_AUDIO_DELTA)
        assert not hold.is_set()
        hold.set()
        late = await client.events(sdk.ServerEventType.RESPONSE_DONE)
        answer = Answer([*early, *late])
        assert answer.transcript == "This comes first. This comes second."
        assert len(answer.response.output or []) == 1


async def test_its_calls_come_through_and_their_outputs_go_back(engines: Engines) -> None:
    async with chatting(engines) as (client, endpoint):
        start = {"index": 0, "id": "c", "function": {"name": "find_place", "arguments": '{"pla'}}
        rest = {"index": 0, "function": {"arguments": 'ce": "cafe"}'}}
        other = {
            "index": 1,
            "id": "d",
            "function": {"name": "find_place", "arguments": '{"place": "lift"}'},
        }
        endpoint.answer = streamed(
            {"content": "One moment."},
            {"tool_calls": [start]},
            {"tool_calls": [rest]},
            {"tool_calls": [other]},
        )
        answer = await client.ask("Cafe and lift?")
        assert answer.transcript == "One moment."
        assert [json.loads(call.arguments)["place"] for call in answer.calls] == ["cafe", "lift"]
        for call in answer.calls:
            await client.give(call, f"way {call.arguments}")
        endpoint.answer = whole("Both are upstairs.")
        assert (await client.respond()).transcript == "Both are upstairs."
        said, *outputs = endpoint.asked[-1]["messages"][-3:]
        assert said["content"] == "One moment."
        assert [call["id"] for call in said["tool_calls"]] == [o["tool_call_id"] for o in outputs]
        assert outputs[0]["content"] == 'way {"place": "cafe"}'


@pytest.mark.parametrize(
    ("answering", "code"),
    [
        (raw(500, b"oops"), "mind_refused"),
        (raw(200, b"<html>"), "mind_garbage"),
        (raw(200, b'{"choices": 3}'), "mind_garbage"),
        (raw(200, b'data: {"choices": [\n\n', "text/event-stream"), "mind_garbage"),
        (raw(200, b'{"error": {"message": "no"}}'), "mind_refused"),
        (streamed({"content": ""}, finish=False), "mind_cut"),
        (whole(None), "mind_empty"),
        (whole(None, ("unknown", "{}")), "mind_bad_call"),
        (whole(None, ("find_place", "[1]")), "mind_bad_call"),
        (raw(200, b"[" * 3_000_000), "mind_too_long"),
        (silent(), "mind_timeout"),
    ],
)
async def test_a_broken_endpoint_fails_the_response_and_nothing_else(
    engines: Engines, answering: Any, code: str
) -> None:
    async with chatting(engines, timeout_s=0.3 if code == "mind_timeout" else 10) as (
        client,
        endpoint,
    ):
        endpoint.answer = answering
        answer = await client.ask("Anything")
        assert answer.response.status == sdk.ResponseStatus.FAILED
        assert answer.error == code
        endpoint.answer = whole("Here I am again.")
        assert (await client.ask("And now?")).transcript == "Here I am again."


async def test_an_endpoint_that_is_not_there(engines: Engines, unused_tcp_port: int) -> None:
    mind = MindSettings(url=f"http://127.0.0.1:{unused_tcp_port}/v1", model="small")
    async with speaking(engines, Scenario(mind=mind)) as client:
        answer = await client.ask("Anything")
        assert (answer.response.status, answer.error) == ("failed", "mind_unreachable")


async def test_a_cancelled_response_ends_the_request(engines: Engines) -> None:
    async with chatting(engines) as (client, endpoint):
        endpoint.answer = streamed(
            {"content": "The first sentence. "}, {"content": "Never."}, hold=asyncio.Event()
        )
        item = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text="Go on")])
        await client.connection.conversation.item.create(item=item)
        await client.connection.response.create()
        await client.events(sdk.ServerEventType.RESPONSE_AUDIO_DELTA)
        await client.connection.response.cancel()
        done = (await client.events(sdk.ServerEventType.RESPONSE_DONE))[-1]
        assert isinstance(done, sdk.ServerEventResponseDone)
        assert done.response.status == sdk.ResponseStatus.CANCELLED
        async with asyncio.timeout(PATIENCE_SECONDS):
            await endpoint.dropped.wait()
