"""Words, audio and marks of a spoken answer fall on their moments and lose nothing."""

from __future__ import annotations

import base64

from kiosk.emulator.responses.timing import (
    Extras,
    audio_events,
    count_tokens,
    mark_events,
    split_text,
    wanted_extras,
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
    events = mark_events(SPEECH, 5_000, Extras(timestamps=True, visemes=True))
    assert [fields.get("audio_offset_ms") for _, _, fields in events] == [
        5_000,
        5_450,
        5_000,
        5_900,
    ]
    assert events[1][2]["audio_duration_ms"] == 450
    assert mark_events(SPEECH, 0, Extras()) == []


def test_tokens() -> None:
    assert count_tokens("") == 0
    assert count_tokens("one two three") == 4


def test_extras_are_what_the_session_asks_for() -> None:
    assert wanted_extras({}) == Extras()
    assert wanted_extras({"animation": None, "output_audio_timestamp_types": None}) == Extras()
    wanted = wanted_extras(
        {
            "animation": {"outputs": ["viseme_id", "blendshapes"]},
            "output_audio_timestamp_types": ["word"],
        }
    )
    assert wanted == Extras(timestamps=True, visemes=True, blendshapes=True)


def test_marks_behind_the_end_of_the_audio_are_pulled_back() -> None:
    speech = Speech("One", bytes(4_800), (WordMark("One", 90, 130),), (MouthMark(0, 105),))
    word, mouth = mark_events(speech, 1_000, Extras(timestamps=True, visemes=True))
    assert word[2]["audio_offset_ms"] + word[2]["audio_duration_ms"] == 1_100
    assert mouth[2]["audio_offset_ms"] == 1_100


def test_frames_are_numbered_through_the_whole_answer() -> None:
    first = mark_events(SPEECH, 0, Extras(blendshapes=True))
    second = mark_events(SPEECH, SPEECH.duration_ms, Extras(blendshapes=True))
    assert [at for at, _, _ in first] == [0, 200, 400, 600, 800]
    counts = [len(fields["frames"]) for _, _, fields in first]
    assert sum(counts) == 60
    assert [fields["frame_index"] for _, _, fields in first] == [0, 12, 24, 36, 48]
    assert second[0][2]["frame_index"] == 60
