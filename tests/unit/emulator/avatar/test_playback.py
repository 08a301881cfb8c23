"""The queue of speech: order, tags, clearing, what was heard, and its limits. A pure script."""

from __future__ import annotations

import numpy as np

from kiosk.emulator.avatar.playback import (
    FADE_SAMPLES,
    LINGER_MS,
    MAX_QUEUED_S,
    PACKET_MS,
    PACKET_SAMPLES,
    Playback,
)
from kiosk.emulator.speech.parts import SAMPLE_RATE, MouthMark, Speech


class Script:
    """A playback with its own time: every packet taken is 20 ms."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.now = 10.0
        self.playback = Playback(
            lambda tag: self.calls.append(("speaking", tag)),
            lambda tag, completed: self.calls.append(("idle", tag, str(completed))),
        )

    def take(self, count: int = 1) -> list[bytes | None]:
        packets = []
        for _ in range(count):
            packets.append(self.playback.take(self.now))
            self.now += PACKET_MS / 1000
        return packets


def speech(milliseconds: int, level: int = 8000, mouths: tuple[MouthMark, ...] = ()) -> Speech:
    samples = np.full(SAMPLE_RATE * milliseconds // 1000, level, dtype="<i2")
    return Speech("text", samples.tobytes(), (), mouths)


def test_sentences_of_a_tag_join_without_a_gap() -> None:
    script = Script()
    script.playback.play(speech(30), "r1")
    script.playback.play(speech(30), "r1")
    packets = script.take(3)
    assert all(packet == speech(20).pcm for packet in packets)
    assert script.calls == [("speaking", "r1")]
    assert script.playback.heard_ms("r1") == 60
    assert script.take() == [None]


def test_a_finished_tag_is_idle_with_its_last_sound() -> None:
    script = Script()
    script.playback.play(speech(40), "r1")
    script.playback.finish("r1")
    script.take(1)
    assert script.calls == [("speaking", "r1")]
    script.take(1)
    assert script.calls == [("speaking", "r1"), ("idle", "r1", "True")]


def test_an_unfinished_tag_lingers_for_the_next_sentence() -> None:
    script = Script()
    script.playback.play(speech(20), "r1")
    script.take(1 + LINGER_MS // PACKET_MS - 1)
    script.playback.play(speech(20), "r1")
    script.take(1)
    assert script.calls == [("speaking", "r1")]
    script.take(LINGER_MS // PACKET_MS)
    assert script.calls == [("speaking", "r1"), ("idle", "r1", "True")]


def test_the_next_tag_begins_in_its_own_packet() -> None:
    script = Script()
    script.playback.play(speech(30, 1000), "r1")
    script.playback.play(speech(20, 2000), "r2")
    _, second, third = script.take(3)
    assert second is not None
    assert second.endswith(bytes(PACKET_SAMPLES))
    assert third == speech(20, 2000).pcm
    assert script.calls == [("speaking", "r1"), ("idle", "r1", "True"), ("speaking", "r2")]


def test_clear_is_silent_after_a_fade_and_tells_what_was_heard() -> None:
    script = Script()
    script.playback.play(speech(500), "r1")
    script.playback.play(speech(500), "r2")
    script.take(5)
    assert script.playback.clear() == 100
    assert script.calls[-1] == ("idle", "r1", "False")
    assert script.playback.queued_ms == 0
    tail, after = script.take(2)
    assert tail is not None
    samples = np.frombuffer(tail, dtype="<i2")
    assert samples[0] > 7000
    assert not samples[FADE_SAMPLES:].any()
    assert after is None
    assert script.playback.heard_ms("r1") == 100
    assert script.playback.heard_ms("r2") == 0
    assert [call for call in script.calls if "r2" in call] == []


def test_clear_with_nothing_to_say_is_nothing() -> None:
    script = Script()
    assert script.playback.clear() == 0
    assert script.calls == []
    assert script.take() == [None]


def test_the_mouth_follows_the_sound_and_closes_when_cleared() -> None:
    script = Script()
    marks = (MouthMark(21, 0), MouthMark(2, 100), MouthMark(0, 300))
    assert script.playback.viseme(script.now) is None
    script.playback.play(speech(400, mouths=marks), "r1")
    script.take(1)
    assert script.playback.viseme(script.now) == 21
    script.take(6)
    assert script.playback.viseme(script.now) == 2
    script.playback.clear()
    assert script.playback.viseme(script.now) is None


def test_a_full_queue_drops_what_comes_on_top_and_counts_it() -> None:
    script = Script()
    minute = speech(60_000)
    for _ in range(MAX_QUEUED_S // 60):
        script.playback.play(minute, "r1")
    script.playback.play(speech(1000), "r1")
    assert script.playback.queued_ms == MAX_QUEUED_S * 1000
    assert script.playback.dropped_ms == 1000
