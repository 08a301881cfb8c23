"""Words, audio and marks of a spoken answer fall on their moments and lose nothing."""

from __future__ import annotations

import base64

from kiosk.emulator.responses.timing import (
    audio_events,
    count_tokens,
    mark_events,
    split_text,
    word_groups,
    word_times,
)
from kiosk.emulator.speech.parts import MouthMark, Speech, WordMark

SPEECH = Speech(
    text="One two.",
    pcm=bytes(48_000),
    words=(WordMark("One", 0, 400), WordMark("two.", 450, 900)),
    mouths=(MouthMark(3, 0), MouthMark(0, 900)),
)


def test_no_character_is_lost() -> None:
    text = "  Hello,  you \n there. "
    assert "".join(split_text(text)) == text
    assert "".join(word for group in word_groups(split_text(text)) for word in group) == text


def test_the_voices_times_are_used_if_they_fit() -> None:
    assert word_times(SPEECH, ["One ", "two."]) == [(0, 400), (450, 900)]


def test_else_the_words_are_spread() -> None:
    assert word_times(SPEECH, ["a ", "bb ", "ccccc"]) == [(0, 200), (200, 500), (500, 1000)]
    assert word_times(Speech(text="", pcm=b""), ["a"]) == [(0, 0)]


def test_audio_comes_in_chunks_that_join() -> None:
    events = audio_events(SPEECH, "pcm16")
    assert [at for at, _, _ in events] == [0, 200, 400, 600, 800]
    assert b"".join(base64.b64decode(fields["delta"]) for _, _, fields in events) == SPEECH.pcm
    assert len(base64.b64decode(audio_events(SPEECH, "g711_ulaw")[0][2]["delta"])) == 1_600


def test_marks_count_from_the_answers_start() -> None:
    events = mark_events(SPEECH, 5_000, True, True)
    assert [fields.get("audio_offset_ms") for _, _, fields in events] == [
        5_000,
        5_450,
        5_000,
        5_900,
    ]
    assert events[1][2]["audio_duration_ms"] == 450
    assert mark_events(SPEECH, 0, False, False) == []


def test_tokens() -> None:
    assert count_tokens("") == 0
    assert count_tokens("one two three") == 4
