"""Charts: whole SVG, named, with every value, nothing of a label taken for markup."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.web.charts import columns, nice, number, rows

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    return ET.fromstring(str(text).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


@pytest.mark.parametrize("draw", [columns, rows])
def test_it_is_named_and_says_what_is_largest(draw: Callable[..., str]) -> None:
    made = parsed(draw("Visits by day", [("a", 3.0), ("b", 12.0)], key="days"))
    named = (made.get("aria-labelledby") or "").split()
    texts = {found.get("id"): found.text for found in made if found.get("id")}
    assert [texts[name] for name in named] == [
        "Visits by day", "2 bars; the largest is b with 12. The table has all.",
    ]  # fmt: skip
    assert made.get("role") == "img"


def test_a_bar_is_as_long_as_its_value() -> None:
    made = parsed(columns("t", [("a", 5.0), ("b", 10.0)], key="k"))
    heights = [float(bar.get("height") or 0) for bar in made.iter(f"{SVG}rect")]
    assert heights == [80.0, 160.0]
    made = parsed(rows("t", [("a", 5.0)], key="k", of=10.0))
    track, bar = made.iter(f"{SVG}rect")
    assert float(bar.get("width") or 0) * 2 == float(track.get("width") or 0)
    assert "5 (50%)" in "".join(made.itertext())


def test_nothing_counted_is_said() -> None:
    assert "Nothing was counted." in columns("t", [], key="k")
    assert "Nothing was counted." in rows("t", [("a", 0.0)], key="k")


@settings(max_examples=30)
@given(st.lists(st.tuples(st.text(max_size=12), st.floats(0, 1e9)), max_size=20))
def test_any_label_and_value_is_whole_markup(points: list[tuple[str, float]]) -> None:
    clean = [(_printable(label), value) for label, value in points]
    for draw in (columns, rows):
        parsed(draw("<t>&", clean, key="k"))


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


@pytest.mark.parametrize(("top", "found"), [(0, 1), (1, 1), (3, 5), (11, 20), (21, 25), (0.3, 0.5)])
def test_scales_end_at_round_numbers(top: float, found: float) -> None:
    assert nice(top) == pytest.approx(found)


def test_numbers_are_read_in_thousands() -> None:
    assert (number(12345.0), number(0.25)) == ("12,345", "0.2")
