"""Utterances told as probabilities: held back, waited for, ended, with what the words say."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.emulator.hearing.turns import TurnSettings
from kiosk.emulator.hearing.utterances import BYTES_PER_MS, Utterances
from kiosk.emulator.speech.parts import Heard
from kiosk.emulator.wire.codec import WireError

WINDOW = 32
PLAIN = TurnSettings(prefix_padding_ms=100, speech_duration_ms=64, silence_duration_ms=320)
WAITING = TurnSettings(
    prefix_padding_ms=100,
    speech_duration_ms=64,
    silence_duration_ms=320,
    level="medium",
    timeout_ms=640,
)


@dataclass
class Listener:
    """Hears what it is told to hear, one answer after the other; writes down what happens."""

    hears: list[str | None] = field(default_factory=list)
    ignoring: bool = False
    events: list[str] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    committed: list[tuple[int, str | None]] = field(default_factory=list)

    def speech_started(self, start_ms: int, item_id: str) -> None:
        self.events.append(f"started {start_ms}")

    def speech_stopped(self, end_ms: int, item_id: str) -> None:
        self.events.append(f"stopped {end_ms}")

    def audio_committed(
        self, item_id: str, pcm: bytes, *, by_client: bool, heard: Heard | None = None
    ) -> None:
        self.events.append("committed")
        self.committed.append((len(pcm) // BYTES_PER_MS, heard.text if heard else None))

    def buffer_cleared(self) -> None:
        raise AssertionError

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        raise AssertionError

    def ignores_fillers(self) -> bool:
        return self.ignoring

    async def understand(self, pcm: bytes) -> Heard | None:
        self.asked.append(len(pcm) // BYTES_PER_MS)
        text = self.hears.pop(0)
        return None if text is None else Heard(text)


async def follow(listener: Listener, settings: TurnSettings, *stretches: tuple[int, float]) -> None:
    utterances = Utterances(listener, settings, maximum_ms=20_000, start_ms=0)
    now = 0
    for length, probability in stretches:
        until = now + length
        while now < until:
            utterances.add(bytes(WINDOW * BYTES_PER_MS))
            await utterances.follow(now, now + WINDOW, probability)
            now += WINDOW


async def test_an_utterance_with_its_audio() -> None:
    listener = Listener()
    await follow(listener, PLAIN, (640, 0), (640, 1), (640, 0))
    assert listener.events == ["started 540", "stopped 1600", "committed"]
    assert listener.committed == [(1_060, None)]
    assert listener.asked == [], "words cost time; nobody asked for them"


async def test_a_finished_sentence_ends_with_the_silence_and_is_heard_once() -> None:
    listener = Listener(["When do you open?"])
    await follow(listener, WAITING, (640, 0), (640, 1), (1_280, 0))
    assert listener.events == ["started 540", "stopped 1600", "committed"]
    assert listener.committed == [(1_060, "When do you open?")]


async def test_an_unfinished_one_waits_for_more() -> None:
    listener = Listener(["Where is", "Where is the cafe?"])
    await follow(listener, WAITING, (640, 0), (640, 1), (640, 0), (640, 1), (640, 0))
    assert listener.events == ["started 540", "stopped 2880", "committed"]
    assert listener.committed == [(2_340, "Where is the cafe?")]


async def test_when_nothing_follows_the_timeout_ends_it() -> None:
    listener = Listener(["Where is"])
    await follow(listener, WAITING, (640, 0), (640, 1), (3_200, 0))
    assert listener.events == ["started 540", "stopped 2240", "committed"]
    assert listener.committed == [(1_700, "Where is")]


async def test_what_was_heard_before_more_was_said_is_forgotten() -> None:
    """Cut off in the middle, the audio must be heard again: the words of the pause are too few."""
    listener = Listener(["Where is"])
    await follow(listener, WAITING, (640, 1), (384, 0), (19_200, 1))
    assert listener.committed == [(20_000, None)]


async def test_the_words_of_so_many_pauses_are_looked_at() -> None:
    listener = Listener(["and the"] * 8)
    await follow(listener, WAITING, *[(320, 1), (384, 0)] * 9)
    assert listener.events == ["started 0", "stopped 6272", "committed"]


async def test_a_filler_over_an_answer_never_happened() -> None:
    listener = Listener(["Um."], ignoring=True)
    await follow(listener, PLAIN, (640, 0), (256, 1), (640, 0))
    assert listener.events == []


async def test_words_over_an_answer_are_announced_late_but_whole() -> None:
    listener = Listener(["Um", "Um, stop please."], ignoring=True)
    await follow(listener, PLAIN, (640, 0), (1_600, 1), (640, 0))
    assert listener.events == ["started 540", "stopped 2560", "committed"]
    assert len(listener.asked) == 2
    assert listener.committed == [(2_020, None)]


async def test_short_words_over_an_answer_are_heard_when_they_end() -> None:
    listener = Listener(["Stop."], ignoring=True)
    await follow(listener, PLAIN, (640, 0), (256, 1), (640, 0))
    assert listener.events == ["started 540", "stopped 1216", "committed"]
    assert listener.committed == [(676, "Stop.")]


async def test_noise_that_goes_on_over_an_answer_is_speech_in_the_end() -> None:
    listener = Listener([""] * 9, ignoring=True)
    await follow(listener, PLAIN, (3_200, 1))
    assert listener.events == ["started 0"]
    assert len(listener.asked) == 3


async def test_what_cannot_be_understood_in_time_counts_as_it_sounds() -> None:
    """A pause is the end, and speech over an answer is speech."""
    waiting = Listener([None])
    await follow(waiting, WAITING, (640, 0), (640, 1), (640, 0))
    assert waiting.events == ["started 540", "stopped 1600", "committed"]
    for speech_ms in (256, 1_600):
        held = Listener([None], ignoring=True)
        await follow(held, PLAIN, (640, 0), (speech_ms, 1), (640, 0))
        assert [event.split()[0] for event in held.events] == ["started", "stopped", "committed"]
