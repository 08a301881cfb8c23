"""The emulator's hearing as the real SDK sees it: formats, turns, transcripts, echo."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.aio import VoiceLiveConnection, connect
from azure.core.credentials import AzureKeyCredential

from kiosk.emulator.hearing.audio import encode_output
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE

PATIENCE_SECONDS = 40.0
SENTENCES = (
    "I would like a cup of coffee.",
    "What time does the museum open today?",
    "My sister works in a big hospital.",
    "Please open the window and close the door.",
    "We went to the beach last summer.",
    "She is reading a book about history.",
    "The children are playing in the garden.",
    "I bought a new car last week.",
    "The weather is very nice today.",
    "Thank you very much for your help.",
)
FORMATS = {
    # What the session is told, and what our own encoder calls the same bytes.
    "pcm16 24 kHz": ("pcm16", 24_000, "pcm16"),
    "pcm16 16 kHz": ("pcm16", 16_000, "pcm16_16000hz"),
    "pcm16 8 kHz": ("pcm16", 8_000, "pcm16_8000hz"),
    "g711_ulaw": ("g711_ulaw", 8_000, "g711_ulaw"),
    "g711_alaw": ("g711_alaw", 8_000, "g711_alaw"),
}
WHISPER = sdk.AudioInputTranscriptionOptions(model="whisper-1")
STARTED = sdk.ServerEventType.INPUT_AUDIO_BUFFER_SPEECH_STARTED
STOPPED = sdk.ServerEventType.INPUT_AUDIO_BUFFER_SPEECH_STOPPED
COMMITTED = sdk.ServerEventType.INPUT_AUDIO_BUFFER_COMMITTED
CLEARED = sdk.ServerEventType.INPUT_AUDIO_BUFFER_CLEARED
COMPLETED = sdk.ServerEventType.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_COMPLETED
DONE = sdk.ServerEventType.RESPONSE_DONE
ERROR = sdk.ServerEventType.ERROR
WARNING = sdk.ServerEventType.WARNING


class Client:
    """The SDK's connection with what arrived on it."""

    def __init__(self, connection: VoiceLiveConnection) -> None:
        self.connection = connection
        self.seen: list[sdk.ServerEvent] = []

    async def until(self, kind: sdk.ServerEventType) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                event = await self.connection.recv()
                self.seen.append(event)
                if event.type == kind:
                    return event

    async def settled(self) -> None:
        """Wait until all that was sent is worked through, which a clear's answer shows."""
        await self.connection.input_audio_buffer.clear()
        await self.until(CLEARED)

    async def update(self, **session: Any) -> Any:
        await self.connection.session.update(session=sdk.RequestSession(**session))
        return (await self.until(sdk.ServerEventType.SESSION_UPDATED)).session

    async def send(self, data: bytes, *, step: int = 24_000) -> None:
        for start in range(0, len(data), step):
            audio = base64.b64encode(data[start : start + step]).decode()
            await self.connection.send({"type": "input_audio_buffer.append", "audio": audio})

    async def said_until_stopped(self, pcm: bytes) -> int:
        """Send an utterance and return how long after its audio began it was over, in ms."""
        await self.settled()
        await self.send(pcm)
        started = await self.until(STARTED)
        stopped = await self.until(STOPPED)
        return int(stopped.audio_end_ms - started.audio_start_ms)

    def count(self, kind: sdk.ServerEventType) -> int:
        return sum(event.type == kind for event in self.seen)


# The light ears hear what they are told to expect.
EXPECTING = Scenario(
    generation_speed=1000, phrases=("Where are the toilets, please?", "Hello.", "Goodbye.")
)


@asynccontextmanager
async def listening(
    engines: Engines, scenario: Scenario | None = None, model: str = "gpt-realtime"
) -> AsyncIterator[Client]:
    async with (
        EmulatorServer(engines=engines, scenario=scenario or EXPECTING) as emulator,
        connect(
            endpoint=emulator.endpoint, credential=AzureKeyCredential("any"), model=model
        ) as connection,
    ):
        client = Client(connection)
        await client.until(sdk.ServerEventType.SESSION_CREATED)
        yield client


def silence(milliseconds: int) -> bytes:
    return bytes(SAMPLE_RATE * 2 * milliseconds // 1000)


async def said(engines: Engines, text: str, *, before_ms: int = 300, after_ms: int = 300) -> bytes:
    """Return a sentence in the emulator's own voice between two silences, PCM16 24 kHz."""
    pieces = [speech.pcm async for speech in engines.voice.speak(text)]
    return silence(before_ms) + b"".join(pieces) + silence(after_ms)


NUMBERS = dict(
    zip(
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
        (["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]),
        strict=True,
    )
)


def plain(text: str) -> str:
    """Return words without case and punctuation, numbers as words."""
    words = re.findall(r"[a-z0-9']+", text.lower())
    return " ".join(NUMBERS.get(word, word) for word in words)


@pytest.mark.speech
@pytest.mark.parametrize(
    "name",
    [
        # One of each coding always, the other rates with what takes long.
        pytest.param(name, marks=() if name in {"pcm16 24 kHz", "g711_ulaw"} else pytest.mark.soak)
        for name in FORMATS
    ],
)
async def test_ten_sentences_are_transcribed(name: str, natural_engines: Engines) -> None:
    sound, rate, encoding = FORMATS[name]
    heard: list[str] = []
    async with listening(natural_engines) as client:
        session = await client.update(
            turn_detection=None,
            input_audio_format=sound,
            input_audio_sampling_rate=rate,
            input_audio_transcription=WHISPER,
        )
        assert (session.input_audio_format, session.input_audio_sampling_rate) == (sound, rate)
        # One by one where nothing is lost, all in one breath in the other formats: the model takes
        # as long for a sentence as for half a minute.
        spoken = [await said(natural_engines, sentence) for sentence in SENTENCES]
        for audio in spoken if rate == SAMPLE_RATE else [b"".join(spoken)]:
            await client.send(encode_output(audio, encoding))
            await client.connection.input_audio_buffer.commit()
            committed = await client.until(COMMITTED)
            completed = await client.until(COMPLETED)
            assert completed.item_id == committed.item_id
            heard.append(completed.transcript)
    assert plain(" ".join(heard)) == plain(" ".join(SENTENCES))


async def test_a_manual_turn(engines: Engines) -> None:
    """No turn detection: nothing happens until the commit, and no answer until it is asked for."""
    async with listening(engines) as client:
        session = await client.update(turn_detection=None, input_audio_transcription=WHISPER)
        assert session.turn_detection is None
        await client.send(await said(engines, "Hello."))
        await client.connection.input_audio_buffer.commit()
        committed = await client.until(COMMITTED)
        await client.connection.response.create()
        await client.until(DONE)
        await client.connection.input_audio_buffer.commit(event_id="empty")
        error = (await client.until(ERROR)).error
        assert (error.code, error.event_id) == ("input_audio_buffer_commit_empty", "empty")
    assert client.count(STARTED) == client.count(STOPPED) == 0
    assert client.count(sdk.ServerEventType.RESPONSE_CREATED) == 1
    kinds = [event.type for event in client.seen]
    assert kinds.index(COMPLETED) < kinds.index(sdk.ServerEventType.RESPONSE_OUTPUT_ITEM_ADDED)
    created = next(e for e in client.seen if isinstance(e, sdk.ServerEventConversationItemCreated))
    assert created.item is not None
    assert created.item.id == committed.item_id


async def test_push_to_talk(engines: Engines) -> None:
    """The turn's audio is kept apart, committed as one item when it ends, and answered."""
    async with listening(engines) as client:
        await client.update(
            turn_detection=sdk.ServerVad(),
            input_audio_transcription=WHISPER,
            instructions="Be kind.",
        )
        connection = client.connection
        await connection.send(sdk.ClientEventInputAudioTurnStart(turn_id="first"))
        audio = await said(engines, "Where are the toilets, please?", after_ms=2_000)
        for start in range(0, len(audio), 24_000):
            chunk = base64.b64encode(audio[start : start + 24_000]).decode()
            await connection.send(sdk.ClientEventInputAudioTurnAppend(turn_id="first", audio=chunk))
        await connection.send(sdk.ClientEventInputAudioTurnEnd(turn_id="first"))
        committed = await client.until(COMMITTED)
        completed = await client.until(COMPLETED)
        assert completed.item_id == committed.item_id
        assert "where are" in plain(completed.transcript)
        done = await client.until(DONE)
        assert done.response.status == sdk.ResponseStatus.COMPLETED
        assert client.count(STARTED) == 0, "the turn is its client's, not the detector's"


async def test_what_may_not_be_done_with_turns(engines: Engines) -> None:
    async with listening(engines) as client:
        await client.update(turn_detection=None)
        send = client.connection.send

        async def refused(event: sdk.ClientEvent) -> tuple[str, str, str]:
            event["event_id"] = "mine"
            await send(event)
            error = (await client.until(ERROR)).error
            return error.code, error.param, error.event_id

        sound = base64.b64encode(silence(50)).decode()
        missing = ("input_audio_turn_not_found", "turn_id", "mine")
        append = sdk.ClientEventInputAudioTurnAppend
        assert await refused(append(turn_id="none", audio=sound)) == missing
        assert await refused(sdk.ClientEventInputAudioTurnEnd(turn_id="none")) == missing
        await send(sdk.ClientEventInputAudioTurnStart(turn_id="one"))
        assert (await refused(sdk.ClientEventInputAudioTurnStart(turn_id="two")))[0] == (
            "input_audio_turn_already_active"
        )
        assert await refused(append(turn_id="two", audio=sound)) == missing
        await send(append(turn_id="one", audio=sound))
        short = await refused(sdk.ClientEventInputAudioTurnEnd(turn_id="one"))
        assert short[0] == "input_audio_buffer_commit_empty"
        assert await refused(append(turn_id="one", audio=sound)) == missing
        for ending in (
            sdk.ClientEventInputAudioTurnCancel(turn_id="three"),
            sdk.ClientEventInputAudioClear(),
        ):
            await send(sdk.ClientEventInputAudioTurnStart(turn_id="three"))
            await send(ending)
            await client.until(CLEARED)
            assert await refused(append(turn_id="three", audio=sound)) == missing
    assert client.count(COMMITTED) == 0


async def test_a_commit_while_somebody_is_speaking(engines: Engines) -> None:
    """The item that was announced is made at once; speech_stopped does not come for it."""
    async with listening(engines) as client:
        await client.update(turn_detection=sdk.ServerVad(create_response=True))
        await client.send(await said(engines, "Where are the toilets, please?", after_ms=0))
        started = await client.until(STARTED)
        await client.connection.input_audio_buffer.commit()
        assert (await client.until(COMMITTED)).item_id == started.item_id
        await client.send(silence(1_500))
        await client.settled()
    assert client.count(STOPPED) == 0
    assert client.count(sdk.ServerEventType.RESPONSE_CREATED) == 0, "a commit asks for no answer"


@pytest.mark.parametrize(
    ("detection", "prefix_ms", "silence_ms"),
    [
        (sdk.ServerVad(), 400, 500),
        (sdk.ServerVad(threshold=0.3, prefix_padding_ms=200, silence_duration_ms=900), 200, 900),
        (sdk.AzureSemanticVad(), 420, 500),
        (sdk.AzureSemanticVad(prefix_padding_ms=100, silence_duration_ms=300), 100, 300),
        (sdk.AzureSemanticVadEn(silence_duration_ms=1_200), 420, 1_200),
        (sdk.AzureSemanticVadMultilingual(languages=["en", "de"]), 420, 500),
        ({"type": "semantic_vad", "eagerness": "high"}, 300, 250),
    ],
)
async def test_every_kind_of_turn_detection(
    engines: Engines, detection: Any, prefix_ms: int, silence_ms: int
) -> None:
    """Speech is found where it is: padding before, silence after, and the turn is answered."""
    speech = await said(engines, "Goodbye.", before_ms=0, after_ms=0)
    async with listening(engines) as client:
        session = await client.update(turn_detection=detection)
        assert session["turn_detection"]["type"] == detection["type"]
        await client.send(silence(1_500) + speech + silence(3_000))
        started = await client.until(STARTED)
        stopped = await client.until(STOPPED)
        committed = await client.until(COMMITTED)
        await client.until(DONE)
    assert started.item_id == stopped.item_id == committed.item_id
    assert started.audio_start_ms == pytest.approx(1_500 - prefix_ms, abs=120)
    # espeak-ng ends its sentences with a quarter of a second of silence.
    end_ms = 1_500 + len(speech) // 2 * 1_000 // SAMPLE_RATE
    assert end_ms + silence_ms - 500 < stopped.audio_end_ms < end_ms + silence_ms + 250


STORY = " ".join(f"This is sentence number {n} of a story that goes on and on." for n in range(8))
TELLING = Scenario.model_validate(
    {"generation_speed": 0.2, "replies": [{"match": "story", "say": STORY}]}
)


async def begin_story(client: Client) -> str:
    """Have the assistant talk for minutes; return the id of what it says."""
    item = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text="Tell me a story.")])
    await client.connection.conversation.item.create(item=item)
    await client.connection.response.create()
    await client.until(sdk.ServerEventType.RESPONSE_AUDIO_DELTA)
    delta = client.seen[-1]
    assert isinstance(delta, sdk.ServerEventResponseAudioDelta)
    return delta.item_id


async def test_speech_interrupts_only_if_it_shall(engines: Engines) -> None:
    async with listening(engines, TELLING) as client:
        detection = sdk.ServerVad(interrupt_response=False, create_response=False)
        await client.update(turn_detection=detection)
        await begin_story(client)
        await client.send(await said(engines, "Stop please.", after_ms=1_000))
        await client.until(COMMITTED)
        assert client.count(DONE) == 0
        await client.update(turn_detection=sdk.ServerVad(create_response=False))
        await client.send(await said(engines, "Stop please.", after_ms=1_000))
        await client.until(STARTED)
        done = await client.until(DONE)
    assert done.response.status == sdk.ResponseStatus.CANCELLED
    assert done.response.status_details.reason == "turn_detected"
    assert client.count(sdk.ServerEventType.CONVERSATION_ITEM_TRUNCATED) == 0


async def test_an_interrupted_answer_is_cut_to_what_was_heard(engines: Engines) -> None:
    async with listening(engines, TELLING) as client:
        detection = sdk.AzureSemanticVad(auto_truncate=True, create_response=False)
        # Documented for raw JSON only (auto-truncation page); the SDK has no such field.
        detection["appended_text_after_truncation"] = " [The user interrupted me.]"
        await client.update(turn_detection=detection)
        spoken = await begin_story(client)
        await client.send(await said(engines, "Stop please."))
        truncated = await client.until(sdk.ServerEventType.CONVERSATION_ITEM_TRUNCATED)
        assert truncated.item_id == spoken
        await client.connection.conversation.item.retrieve(item_id=spoken)
        kept = await client.until(sdk.ServerEventType.CONVERSATION_ITEM_RETRIEVED)
    transcript = kept.item["content"][0]["transcript"]
    assert transcript.endswith(" [The user interrupted me.]")
    assert len(transcript) < len(STORY)


@pytest.mark.speech
async def test_filler_words_do_not_interrupt(natural_engines: Engines) -> None:
    """A filler over an answer is neither speech nor a turn; real words are, a moment later."""
    async with listening(natural_engines, TELLING) as client:
        await client.update(
            turn_detection=sdk.AzureSemanticVad(remove_filler_words=True, create_response=False),
            input_audio_transcription=WHISPER,
        )
        await begin_story(client)
        await client.send(await said(natural_engines, "Um.", after_ms=1_500))
        await client.settled()
        assert client.count(STARTED) == client.count(COMMITTED) == client.count(DONE) == 0
        await client.send(await said(natural_engines, "Stop please.", after_ms=1_500))
        await client.until(STARTED)
        done = await client.until(DONE)
        assert done.response.status_details.reason == "turn_detected"
        assert "stop" in plain((await client.until(COMPLETED)).transcript)
        # With nothing being said any more a filler is speech like any other.
        await client.send(await said(natural_engines, "Um.", after_ms=1_500))
        await client.until(STARTED)


@pytest.mark.speech
async def test_an_unfinished_sentence_is_waited_for(natural_engines: Engines) -> None:
    """A pause of 0.8 s splits a sentence in two turns, unless end of utterance is looked for."""
    (speech,) = [s async for s in natural_engines.voice.speak("I am looking for the dinosaurs.")]
    cut = speech.words[4].end_ms * SAMPLE_RATE // 1000 * 2
    paused = silence(300) + speech.pcm[:cut] + silence(800) + speech.pcm[cut:] + silence(900)
    unfinished = silence(300) + speech.pcm[:cut] + silence(2_600)

    def detection(eou: sdk.EouDetection | None) -> sdk.AzureSemanticVad:
        return sdk.AzureSemanticVad(end_of_utterance_detection=eou, create_response=False)

    async with listening(natural_engines) as client:
        await client.update(turn_detection=detection(None), input_audio_transcription=WHISPER)
        await client.send(paused)
        await client.until(COMPLETED)
        await client.until(COMPLETED)
        eou = sdk.AzureSemanticDetection(timeout_ms=1_500)
        await client.update(turn_detection=detection(eou))
        before = len(client.seen)
        await client.send(paused)
        completed = await client.until(COMPLETED)
        assert plain(completed.transcript) == "i am looking for the dinosaurs"
        assert [e.type for e in client.seen[before:]].count(COMMITTED) == 1
        # Nothing follows: the turn ends when the timeout is over, measured in audio.
        mark = await client.said_until_stopped(unfinished)
        wanted = speech.words[4].end_ms + 300 + 500 + 1_500
        assert wanted - 300 < mark < wanted + 200


def room(reference: bytes, *, delay_ms: int = 60) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a loudspeaker's sound as a microphone across a small room hears it."""
    random = np.random.default_rng(3)
    length = SAMPLE_RATE // 5
    response = random.normal(size=length) * np.exp(-6.9 * np.arange(length) / (0.2 * SAMPLE_RATE))
    response *= 0.5 / np.sqrt((response**2).sum())
    played = np.frombuffer(reference, "<i2").astype(float)
    late = np.concatenate([np.zeros(delay_ms * SAMPLE_RATE // 1000), played])
    echo: np.ndarray[Any, np.dtype[np.float64]] = np.convolve(late, response)[: played.size]
    return echo


async def test_a_clients_echo_reference(engines: Engines) -> None:
    """The loudspeaker alone is not speech, the visitor over it is; without reference it is."""
    far = b""
    for text in ("We are open from ten to six, Tuesday to Sunday.", "A ticket costs twelve euros."):
        far += await said(engines, text, before_ms=0, after_ms=200)
    visitor = np.frombuffer(await said(engines, "Where are the toilets, please?"), "<i2")
    echo = room(far + far)
    reference = np.frombuffer(far + far, "<i2")
    both = echo.copy()
    both[-visitor.size :] += visitor

    def stereo(microphone: Any) -> bytes:
        channels = [np.clip(microphone, -32768, 32767), reference]
        return np.stack(channels, axis=1).astype("<i2").tobytes()

    echo_cancellation = sdk.AudioEchoCancellation(
        reference_source=sdk.EchoCancellationReferenceSource.CLIENT, channels=2
    )
    detection = sdk.ServerVad(create_response=False)
    async with listening(engines) as client:
        await client.update(turn_detection=detection)
        await client.send(np.clip(echo, -32768, 32767).astype("<i2").tobytes())
        await client.until(STARTED)
    async with listening(engines) as client:
        session = await client.update(
            turn_detection=detection,
            input_audio_echo_cancellation=echo_cancellation,
            input_audio_transcription=WHISPER,
        )
        assert session.input_audio_echo_cancellation.channels == 2
        await client.send(stereo(echo))
        await client.settled()
        assert client.count(STARTED) == 0, "an echo was taken for speech"
        await client.send(stereo(both))
        await client.send(bytes(SAMPLE_RATE * 4))
        await client.until(STARTED)
        assert "where are the" in plain((await client.until(COMPLETED)).transcript)
        await client.send(b"\0\0", step=2)
        assert (await client.until(ERROR)).error.param == "audio"
        await client.connection.session.update(
            session=sdk.RequestSession(input_audio_sampling_rate=16_000)
        )
        late = (await client.until(ERROR)).error
        assert late.param == "session.input_audio_sampling_rate"
    assert client.count(WARNING) == 0


@pytest.mark.speech
async def test_phrases_words_and_log_probabilities(natural_engines: Engines) -> None:
    async with listening(natural_engines) as client:
        await client.update(
            turn_detection=None,
            input_audio_transcription=sdk.AudioInputTranscriptionOptions(
                model="gpt-4o-transcribe", language="en-GB"
            ),
            include=list(sdk.SessionIncludeOption)[:2],
        )
        audio = await said(natural_engines, SENTENCES[0], before_ms=500, after_ms=500)
        audio += await said(natural_engines, SENTENCES[-1])
        await client.send(audio)
        await client.connection.input_audio_buffer.commit()
        whole = await client.until(COMPLETED)
    model = sdk.ServerEventConversationItemInputAudioTranscriptionDelta
    deltas = [e for e in client.seen if isinstance(e, model)]
    assert len(deltas) > 2
    assert "".join(event.delta or "" for event in deltas) == whole.transcript
    assert [p.token for e in deltas for p in e.logprobs or ()] == [p.token for p in whole.logprobs]
    assert "".join(p.token for p in whole.logprobs) == whole.transcript
    assert all(bytes(p.bytes).decode() == p.token and p.logprob <= 0 for p in whole.logprobs)
    assert len({p.logprob for p in whole.logprobs}) > 3
    assert [plain(p.text) for p in whole.phrases] == [
        plain(SENTENCES[0]),
        plain(SENTENCES[-1]),
    ]
    assert {p.locale for p in whole.phrases} == {"en-GB"}
    assert all(0 < p.confidence <= 1 for p in whole.phrases)
    words = [word for phrase in whole.phrases for word in phrase.words]
    assert [plain(w.text) for w in words] == plain(whole.transcript).split()
    length_ms = len(audio) // 2 * 1000 // SAMPLE_RATE
    edges = [
        edge
        for w in words
        for edge in (w.offset_milliseconds, w.offset_milliseconds + w.duration_milliseconds)
    ]
    assert edges == sorted(edges)
    assert 400 < edges[0] < 750
    assert length_ms - 900 < edges[-1] <= length_ms


async def test_details_come_only_when_they_are_asked_for(engines: Engines) -> None:
    async with listening(engines) as client:
        await client.update(turn_detection=None, input_audio_transcription=WHISPER)
        await client.send(await said(engines, "Hello."))
        await client.connection.input_audio_buffer.commit()
        completed = await client.until(COMPLETED)
    assert "logprobs" not in completed
    assert "phrases" not in completed


async def test_a_transcript_may_come_after_the_answer_began(engines: Engines) -> None:
    """As the reference allows; a scenario provokes it. By default the words come first."""
    scenario = Scenario(generation_speed=1000, transcription_delay_ms=1_500)
    for played, late in ((scenario, True), (None, False)):
        async with listening(engines, played) as client:
            await client.update(turn_detection=sdk.ServerVad(), input_audio_transcription=WHISPER)
            await client.send(await said(engines, "Hello.", after_ms=1_000))
            await client.until(COMPLETED if late else DONE)
        kinds = [event.type for event in client.seen]
        first = sdk.ServerEventType.RESPONSE_CREATED if late else COMPLETED
        then = COMPLETED if late else sdk.ServerEventType.RESPONSE_CREATED
        assert kinds.index(first) < kinds.index(then)


async def test_what_does_not_fit_together_is_said(engines: Engines) -> None:
    """The documented pairing of models; foreign languages; our own voice as an echo."""
    async with listening(engines, model="gpt-4.1") as client:
        await client.update(
            input_audio_transcription=sdk.AudioInputTranscriptionOptions(
                model="whisper-1", language="en,de-DE", phrase_list=["Harbour"]
            ),
            input_audio_echo_cancellation=sdk.AudioEchoCancellation(),
            turn_detection={"type": "semantic_vad"},
        )
        params = {
            (await client.until(WARNING)).warning.param.removeprefix("session.") for _ in range(5)
        }
    assert params == {
        "input_audio_transcription.model",
        "input_audio_transcription.language",
        "input_audio_transcription.phrase_list",
        "input_audio_echo_cancellation",
        "turn_detection.type",
    }
