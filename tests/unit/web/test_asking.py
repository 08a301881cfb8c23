"""What is asked for in words of a form: days of the site, own sites only, no words in the audit."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from kiosk.web.asking import Asked, day
from kiosk.web.request import HTTPRefused


def test_a_day_begins_at_the_sites_midnight() -> None:
    found = day("2026-07-01", ZoneInfo("Europe/Lisbon"))
    assert found is not None
    assert found.astimezone(UTC) == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert day("", ZoneInfo("UTC")) is None


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "01.02.2026", "9999999-01-01"])
def test_what_is_no_day_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(HTTPRefused) as refused:
        day(text, ZoneInfo("UTC"))
    assert refused.value.message == "Write days as 2026-11-30."


def test_the_audit_is_told_how_many_words_and_not_which() -> None:
    asked = Asked(words="Ada Lovelace", kiosk="lobby", since="2026-01-01")
    assert asked.narrowed == "2 words, kiosk lobby, since 2026-01-01"
    assert Asked().narrowed == "everything"
