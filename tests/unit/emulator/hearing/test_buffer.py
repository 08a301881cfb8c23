"""The input buffer with a real voice and real voice activity detection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np

from kiosk.emulator.hearing.buffer import Hearing, InputSettings
from kiosk.emulator.hearing.turns import TurnSettings
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.speech import parts
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.codec import WireError
from kiosk.tasks import TaskSet
from tests.unit.emulator.emulating import FRAME_BYTES, light_engines, silence, spoken

VAD = InputSettings("pcm16", 24_000, TurnSettings(speech_duration_ms=80, silence_duration_ms=400))
MANUAL = InputSettings("pcm16", 24_000, None)


@dataclass
class Heard:
    """Writes down what happens; `changed` is set each time."""

    events: list[tuple[str, object]] = field(default_factory=list)
    audio: list[bytes] = field(default_factory=list)
    moments: list[tuple[int, str]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def _note(self, name: str, value: object = None) -> None:
        self.events.append((name, value))
        self.changed.set()

    def speech_started(self, start_ms: int, item_id: str) -> None:
        self.moments.append((start_ms, item_id))
        self._note("started")

    def speech_stopped(self, end_ms: int, item_id: str) -> None:
        self.moments.append((end_ms, item_id))
        self._note("stopped")

    def audio_committed(
        self, item_id: str, pcm: bytes, *, by_client: bool, heard: parts.Heard | None = None
    ) -> None:
        self.audio.append(pcm)
        self._note("by client" if by_client else "committed", item_id)

    def buffer_cleared(self) -> None:
        self._note("cleared")

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        self._note(error.code, client_event_id)

    def ignores_fillers(self) -> bool:
        return False

    async def understand(self, pcm: bytes) -> parts.Heard | None:
        return await light_engines().ears.hear(pcm)

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    async def until(self, name: str, count: int = 1) -> None:
        async with asyncio.timeout(20):
            while self.names().count(name) < count:
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def listening(
    settings: InputSettings, limits: Limits | None = None
) -> AsyncIterator[tuple[Hearing, Heard]]:
    heard = Heard()
    worker = EngineWorker("vad")
    hearing = Hearing(
        heard,
        new_vad=light_engines().new_vad,
        worker=worker,
        limits=limits or Limits(),
        settings=settings,
    )
    tasks = TaskSet("hearing test")
    tasks.spawn(hearing.run(), name="run")
    try:
        yield hearing, heard
    finally:
        await tasks.aclose()
        await worker.aclose()


async def feed(hearing: Hearing, pcm: bytes) -> None:
    for start in range(0, len(pcm), FRAME_BYTES):
        await hearing.append(pcm[start : start + FRAME_BYTES], None)


async def test_two_sentences_are_two_turns_with_their_moments() -> None:
    first = await spoken("Where are the toilets?", before_ms=1000, after_ms=1000)
    second = await spoken("Thank you.", before_ms=500, after_ms=1000)
    async with listening(VAD) as (hearing, heard):
        await feed(hearing, first + second)
        await heard.until("committed", 2)
    assert heard.names() == ["started", "stopped", "committed"] * 2
    start_ms, item = heard.moments[0]
    end_ms, same = heard.moments[1]
    assert item == same == heard.events[2][1]
    length_ms = len(first) // 2 * 1000 // SAMPLE_RATE
    assert 500 <= start_ms <= 800, "400 ms of padding before speech that begins after 1 s"
    assert length_ms - 800 <= end_ms <= length_ms
    assert len(heard.audio[0]) == (end_ms - start_ms) * SAMPLE_RATE * 2 // 1000


async def test_silence_is_nothing_and_is_not_kept() -> None:
    async with listening(VAD) as (hearing, heard):
        await feed(hearing, silence(3_000))
        await hearing.commit("mine")
        await heard.until("by client")
        assert len(heard.audio[0]) < SAMPLE_RATE * 2


async def test_a_manual_turn_takes_all_there_is() -> None:
    pcm = await spoken("Hello.")
    async with listening(MANUAL) as (hearing, heard):
        await feed(hearing, pcm)
        await hearing.commit(None)
        await heard.until("by client")
        assert heard.audio == [pcm]
        await hearing.commit("again")
        await heard.until("input_audio_buffer_commit_empty")
    assert heard.events[-1] == ("input_audio_buffer_commit_empty", "again")


async def test_a_clear_forgets() -> None:
    async with listening(MANUAL) as (hearing, heard):
        await feed(hearing, silence(500))
        await hearing.clear()
        await hearing.commit(None)
        await heard.until("input_audio_buffer_commit_empty")
    assert heard.names() == ["cleared", "input_audio_buffer_commit_empty"]


async def test_a_clear_drops_an_utterance_being_spoken() -> None:
    pcm = await spoken("Where are the toilets, please?", after_ms=0)
    async with listening(VAD) as (hearing, heard):
        await feed(hearing, pcm)
        await heard.until("started")
        await hearing.clear()
        await feed(hearing, silence(2_000))
        await hearing.commit(None)
        await heard.until("by client")
    assert "stopped" not in heard.names()


async def test_the_manual_buffer_is_bounded() -> None:
    async with listening(MANUAL, Limits(buffer_seconds=1)) as (hearing, heard):
        await hearing.append(silence(900), "fits")
        await hearing.append(silence(200), "too much")
        await heard.until("input_audio_buffer_full")
        await hearing.commit(None)
        await heard.until("by client")
    assert heard.events[0] == ("input_audio_buffer_full", "too much")
    assert len(heard.audio[0]) == len(silence(900))


async def test_an_endless_utterance_is_ended() -> None:
    words = await spoken("one two three four five six seven eight nine ten", after_ms=0)
    async with listening(VAD, Limits(utterance_seconds=1)) as (hearing, heard):
        await feed(hearing, words + silence(1_000))
        await heard.until("committed", 2)
    assert heard.names()[:4] == ["started", "stopped", "committed", "started"]


async def test_settings_change_behind_the_audio_before_them() -> None:
    async with listening(MANUAL) as (hearing, heard):
        await feed(hearing, silence(500))
        await hearing.commit(None)
        await hearing.configure(VAD)
        await feed(hearing, await spoken("Where is the cafe?"))
        await heard.until("committed")
    assert heard.names() == ["by client", "started", "stopped", "committed"]


async def test_a_long_append_waits_for_room() -> None:
    """More than the backlog allows is taken only when nothing else waits, and then in slices."""
    async with listening(VAD, Limits(backlog_seconds=1)) as (hearing, heard):
        async with asyncio.timeout(20):
            await hearing.append(silence(4_000), None)
            await hearing.append(await spoken("Where is the cafe?"), None)
        await heard.until("committed")
    assert heard.names() == ["started", "stopped", "committed"]


async def test_a_turn_by_hand_is_kept_apart() -> None:
    """Its audio reaches neither the buffer nor voice activity, and ends as an item to answer."""
    pcm = await spoken("Where is the cafe?")
    async with listening(VAD) as (hearing, heard):
        await hearing.turn("start", None)
        for start in range(0, len(pcm), FRAME_BYTES):
            await hearing.append(pcm[start : start + FRAME_BYTES], None, to_turn=True)
        await hearing.commit("nothing")
        await heard.until("input_audio_buffer_commit_empty")
        await hearing.turn("end", None)
        await heard.until("committed")
    assert heard.audio == [pcm]
    assert "started" not in heard.names()


async def test_turns_end_in_other_ways() -> None:
    async with listening(MANUAL, Limits(buffer_seconds=1)) as (hearing, heard):
        await hearing.turn("start", None)
        await hearing.append(silence(900), None, to_turn=True)
        await hearing.append(silence(200), "too much", to_turn=True)
        await heard.until("input_audio_buffer_full")
        await hearing.turn("cancel", None)
        await heard.until("cleared")
        await hearing.turn("start", None)
        await hearing.append(silence(50), None, to_turn=True)
        await hearing.turn("end", "short")
        await heard.until("input_audio_buffer_commit_empty")
        await hearing.turn("start", None)
        await hearing.append(silence(500), None, to_turn=True)
        await hearing.append(silence(500), None)
        await hearing.clear(with_turn=True)
        await hearing.append(silence(500), "late", to_turn=True)
        await hearing.turn("end", None)
        await hearing.commit("empty")
        await heard.until("input_audio_buffer_commit_empty", 2)
    assert heard.audio == []
    assert heard.events[0] == ("input_audio_buffer_full", "too much")
    assert heard.events[-1] == ("input_audio_buffer_commit_empty", "empty")


async def test_stereo_is_heard_as_its_first_channel() -> None:
    stereo = InputSettings("pcm16", 24_000, VAD.turns, channels=2)
    pcm = np.frombuffer(await spoken("Where is the cafe?"), "<i2")
    both = np.stack([pcm, np.zeros_like(pcm)], axis=1).tobytes()
    async with listening(stereo) as (hearing, heard):
        for start in range(0, len(both), 2 * FRAME_BYTES):
            await hearing.append(both[start : start + 2 * FRAME_BYTES], None)
        await heard.until("committed")
        # Only how turns are taken changes: what the canceller learned is kept.
        await hearing.configure(InputSettings("pcm16", 24_000, None, channels=2))
        await hearing.append(both[: 4 * FRAME_BYTES], None)
        await hearing.commit("short")
        await heard.until("input_audio_buffer_commit_empty")
    assert heard.names()[:3] == ["started", "stopped", "committed"]
