"""What was heard, as the client is told: in pieces, whole, with details when they are wanted."""

from __future__ import annotations

import math
from typing import Any

from azure.ai.voicelive import models as sdk

from kiosk.emulator.session.transcripts import (
    LOGPROBS,
    PHRASES,
    failure_event,
    transcription_events,
)
from kiosk.emulator.speech.parts import Heard, HeardWord, by_sentence
from kiosk.emulator.wire.codec import JSON, build

TEXT = "Where are the toilets? Thank you."
WORDS = tuple(
    HeardWord(word, 100 * n, 100 * n + 80, -0.01 * (n + 1)) for n, word in enumerate(TEXT.split())
)
HEARD = Heard(TEXT, by_sentence(WORDS), "en-US")


def told(heard: Heard, *include: str, model: str = "azure-speech", **options: str) -> list[JSON]:
    events = transcription_events(
        heard,
        item_id="item_1",
        content_index=0,
        include=frozenset(include),
        transcription={"model": model, **options},
    )
    return [build(kind, fields) for kind, fields in events]


def test_deltas_add_up_to_the_whole() -> None:
    *deltas, whole = told(HEARD)
    assert [event["delta"] for event in deltas] == ["Where are the", " toilets? Thank you."]
    assert whole["transcript"] == TEXT
    assert {(e["item_id"], e["content_index"]) for e in (*deltas, whole)} == {("item_1", 0)}
    assert not {"logprobs", "phrases"} & set(whole)


def test_whisper_sends_one_delta() -> None:
    delta, whole = told(HEARD, model="whisper-1")
    assert delta["delta"] == whole["transcript"] == TEXT


def test_nothing_heard_is_only_completed() -> None:
    (whole,) = told(Heard(), LOGPROBS, PHRASES)
    assert (whole["transcript"], whole["logprobs"], whole["phrases"]) == ("", [], [])
    assert "completed" in whole["type"]


def test_log_probabilities_are_told_word_by_word() -> None:
    *deltas, whole = told(HEARD, LOGPROBS)
    probabilities = whole["logprobs"]
    assert [p for event in deltas for p in event["logprobs"]] == probabilities
    assert "".join(p["token"] for p in probabilities) == TEXT
    assert [p["logprob"] for p in probabilities] == [-0.01, -0.02, -0.03, -0.04, -0.05, -0.06]
    assert bytes(probabilities[1]["bytes"]) == b" are"


def test_words_that_were_taken_out_leave_an_average() -> None:
    (*_, whole) = told(Heard("toilets?", by_sentence(WORDS)), LOGPROBS)
    (only,) = whole["logprobs"]
    assert only["token"] == "toilets?"
    assert math.isclose(only["logprob"], -0.035)


def test_phrases_have_milliseconds() -> None:
    first, second = told(HEARD, PHRASES)[-1]["phrases"]
    assert first == {
        "text": "Where are the toilets?",
        "offset_milliseconds": 0,
        "duration_milliseconds": 380,
        "locale": "en-US",
        "confidence": round(math.exp(-0.025), 4),
        "words": [
            {"text": w.text, "offset_milliseconds": w.start_ms, "duration_milliseconds": 80}
            for w in WORDS[:4]
        ],
    }
    assert (second["text"], second["offset_milliseconds"]) == ("Thank you.", 400)


def test_the_configured_locale_is_told_if_it_can_be_true() -> None:
    def locale(configured: str) -> Any:
        return told(HEARD, PHRASES, language=configured)[-1]["phrases"][0]["locale"]

    assert locale("en-GB") == "en-GB"
    assert locale("en") == "en-US"
    assert locale("de-DE") == "en-US"


def test_a_failure_names_item_and_code() -> None:
    model, fields = failure_event("timeout", item_id="item_1", content_index=0)
    assert model is sdk.ServerEventConversationItemInputAudioTranscriptionFailed
    event = build(model, fields)
    assert (event["item_id"], event["error"]["code"]) == ("item_1", "timeout")
