"""Tests of what operators may say: sentences by name and language, checked at the start."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.errors import SettingsError
from kiosk.settings import load_settings

CLOSING = {"id": "closing", "text": {"en": "We close soon.", "de": "Wir schließen bald."}}


def settings_with(*sentences: dict[str, Any]) -> Any:
    return load_settings(overrides={"operators": {"sentences": list(sentences)}}, read_file=False)


def test_sentences_are_kept_as_they_were_written() -> None:
    found = settings_with(CLOSING).operators.sentences
    assert [(one.id, one.text["de"]) for one in found] == [("closing", "Wir schließen bald.")]


@pytest.mark.parametrize(
    ("sentences", "words"),
    [
        ([CLOSING, CLOSING], "two sentences have the same id"),
        ([CLOSING | {"id": "No Spaces"}], "id"),
        ([CLOSING | {"text": {}}], "text"),
        ([CLOSING | {"text": {"en": " "}}], "needs 1 to 500 characters"),
        ([CLOSING | {"text": {"fr": "Bientôt."}}], "closing: fr is none of site.languages"),
    ],
)
def test_what_cannot_be_said_stops_the_start(sentences: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_with(*sentences)
