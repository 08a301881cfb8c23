"""Turn detection, told as streams of probabilities and the moments they must give."""

from __future__ import annotations

import pytest

from kiosk.emulator.config.audio import VAD_DEFAULTS
from kiosk.emulator.hearing.turns import (
    Paused,
    SpeechStarted,
    SpeechStopped,
    TurnDetector,
    TurnEvent,
    TurnSettings,
)

WINDOW = 32


def run(detector: TurnDetector, *stretches: tuple[int, float]) -> list[TurnEvent]:
    """Feed (milliseconds, probability) stretches in windows and return what was decided."""
    events, now = [], 0
    for length, probability in stretches:
        end = now + length
        while now < end:
            decided = detector.feed(now, now + WINDOW, probability)
            now += WINDOW
            if decided is not None:
                events.append(decided)
    return events


def detector(**settings: float) -> TurnDetector:
    base = {"threshold": 0.5, "prefix_padding_ms": 300, "speech_duration_ms": 96}
    merged = {**base, "silence_duration_ms": 320, **settings}
    return TurnDetector(TurnSettings(**merged), maximum_ms=10_000)  # type: ignore[arg-type]  # mixed numbers


def test_one_utterance() -> None:
    events = run(detector(), (960, 0.0), (640, 0.9), (960, 0.0))
    assert events == [SpeechStarted(960 - 300), SpeechStopped(960 + 640 + 320)]


def test_padding_does_not_reach_before_the_beginning() -> None:
    assert run(detector(), (320, 0.9))[0] == SpeechStarted(0)


def test_padding_does_not_reach_into_the_utterance_before() -> None:
    events = run(detector(), (320, 0.9), (320, 0.0), (320, 0.9))
    assert events[1:] == [SpeechStopped(640), SpeechStarted(640)]


def test_a_click_is_not_speech() -> None:
    assert run(detector(), (320, 0.0), (64, 1.0), (960, 0.0)) == []


def test_a_short_dip_at_the_start_does_not_count() -> None:
    events = run(detector(speech_duration_ms=160), (320, 0.0), (96, 0.9), (64, 0.1), (96, 0.9))
    assert events == [SpeechStarted(20)]


def test_a_pause_shorter_than_the_silence_goes_on() -> None:
    events = run(detector(), (320, 0.9), (288, 0.0), (320, 0.9), (640, 0.0))
    assert [type(event) for event in events] == [SpeechStarted, SpeechStopped]


def test_the_threshold_decides() -> None:
    assert run(detector(threshold=0.8), (960, 0.7)) == []
    assert len(run(detector(threshold=0.6), (960, 0.7))) == 1


def test_a_speaker_may_trail_off() -> None:
    """Just under the threshold still counts once somebody speaks, well under does not."""
    assert len(run(detector(), (320, 0.9), (960, 0.4))) == 1
    assert len(run(detector(), (320, 0.9), (960, 0.3))) == 2


def test_a_long_speech_is_ended() -> None:
    events = run(detector(), (10_400, 0.9))
    assert events[1] == SpeechStopped(10_016)


def test_what_must_be_kept() -> None:
    one = detector()
    assert one.keep_from_ms(2_000) == 1_700
    run(one, (320, 0.9))
    assert one.speaking
    assert one.keep_from_ms(5_000) == 0


@pytest.mark.parametrize("kind", sorted(VAD_DEFAULTS))
def test_every_type_of_turn_detection_gives_settings(kind: str) -> None:
    settings = TurnSettings.from_config({"type": kind, **VAD_DEFAULTS[kind]})
    assert 0 < settings.threshold < 1
    assert settings.silence_duration_ms > 0


def test_an_eager_listener_waits_less() -> None:
    def settings(eagerness: str) -> TurnSettings:
        return TurnSettings.from_config({"type": "semantic_vad", "eagerness": eagerness})

    assert settings("auto") == settings("medium")
    for name in ("silence_duration_ms", "timeout_ms"):
        waits = [getattr(settings(eagerness), name) for eagerness in ("high", "auto", "low")]
        assert waits == sorted(set(waits))


def test_words_decide_about_a_pause() -> None:
    """Asked once a pause; waiting ends with the timeout, and anew after more was said."""
    one = TurnDetector(
        TurnSettings(speech_duration_ms=96, silence_duration_ms=320, level="low", timeout_ms=640),
        maximum_ms=60_000,
    )
    now = 0

    def feed(length: int, probability: float) -> list[TurnEvent]:
        nonlocal now
        events = []
        for _ in range(length // WINDOW):
            event = one.feed(now, now + WINDOW, probability)
            now += WINDOW
            if event is not None:
                events.append(event)
                if isinstance(event, Paused):
                    one.wait()
        return events

    assert feed(320, 0.9) == [SpeechStarted(0)]
    assert feed(480, 0.0) == [Paused(640)]
    assert one.waiting is True
    assert feed(320, 0.9) == []
    assert bool(one.waiting) is False
    assert feed(1_280, 0.0) == [Paused(1_440), SpeechStopped(2_080)]


def test_a_pause_may_be_the_end() -> None:
    one = TurnDetector(
        TurnSettings(speech_duration_ms=32, silence_duration_ms=32, level="low"), maximum_ms=9_000
    )
    one.feed(0, 32, 1.0)
    assert one.feed(32, 64, 0.0) == Paused(64)
    assert one.stop(64) == SpeechStopped(64)
    assert not one.speaking


def test_end_of_utterance_detection_reaches_the_detector() -> None:
    eou = {"model": "semantic_detection_v1", "threshold_level": "high", "timeout_ms": 700}
    config = {"type": "server_vad", **VAD_DEFAULTS["server_vad"], "end_of_utterance_detection": eou}
    settings = TurnSettings.from_config(config)
    assert (settings.level, settings.timeout_ms) == ("high", 700)
    assert TurnSettings.from_config({**config, "end_of_utterance_detection": None}).level is None
