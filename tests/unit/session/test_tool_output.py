"""Tests of what the model is told of a tool's result: cut by the letter, refused with a reason."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from kiosk.session.tool_output import UnreadableError, readable

TEN_MB = 10_000_000


def whole(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("output", ["ten to six", "", "é" * 100])
def test_words_go_as_they_are(output: str) -> None:
    assert readable(output, 100).text == output
    assert readable(output, 100).cut == ""


def test_a_table_goes_as_json_also_one_that_cannot_be_changed() -> None:
    rows = MappingProxyType({"tours": ({"at": "14:00", "free": None},), "é": 1.5})
    told = readable(rows, 200)
    assert json.loads(told.text) == {"tours": [{"at": "14:00", "free": None}], "é": 1.5}
    assert "é" in told.text
    assert told.cut == ""


def test_ten_megabytes_of_words_are_cut_and_counted() -> None:
    told = readable("x" * TEN_MB, 8000)
    assert json.loads(told.text) == {"cut_after": 8000, "text": "x" * 8000}
    assert told.cut == f"returned {TEN_MB} characters, cut to 8000"


class Counting(Mapping[str, Any]):
    """A table that counts what is read of it."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.read = 0

    @override
    def __len__(self) -> int:
        return self.rows

    @override
    def __iter__(self) -> Any:
        for number in range(self.rows):
            self.read += 1
            yield str(number)

    @override
    def __getitem__(self, key: str) -> Any:
        return "row"


def test_of_ten_megabytes_of_json_only_the_beginning_is_read() -> None:
    rows = Counting(TEN_MB // 10)
    told = readable(rows, 8000)
    assert told.cut == "returned more than 8000 characters, cut to 8000"
    assert json.loads(told.text)["text"].startswith('{"0": "row", "1": "row"')
    assert rows.read < 8000
    told = readable({"all": "x" * TEN_MB}, 8000)
    assert json.loads(told.text)["text"] == '{"all": "' + "x" * (8000 - 9)


def test_json_that_is_a_little_too_long_is_counted_to_the_letter() -> None:
    rows = {"rows": [1] * 60}
    assert readable(rows, 100).cut == f"returned {len(whole(rows))} characters, cut to 100"


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
)
NAMES = st.text(max_size=9) | st.text("ab", max_size=9)
JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=40,
)


@given(rows=st.dictionaries(NAMES, JSON, max_size=6), limit=st.integers(1, 300))
def test_the_beginning_is_that_of_the_whole(rows: dict[str, Any], limit: int) -> None:
    told = readable(rows, limit)
    text = whole(rows)
    if len(text) <= limit:
        assert (told.text, told.cut) == (text, "")
    else:
        assert json.loads(told.text) == {"cut_after": limit, "text": text[:limit]}
        assert told.cut


def test_a_name_that_is_cut_stays_apart_from_one_that_is_its_beginning() -> None:
    told = readable({"aaaaaa": 1, "aaaaaab": 2}, 13)
    assert json.loads(told.text)["text"] == '{"aaaaaa": 1,'


def itself() -> dict[str, Any]:
    rows: dict[str, Any] = {}
    rows["again"] = rows
    return rows


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (None, "returned None; return words, a dict or a ToolResult"),
        ([1], "returned list; return words, a dict or a ToolResult"),
        (b"x", "returned bytes; return words, a dict or a ToolResult"),
        ({"a": math.nan}, "returned nan or infinity, which JSON does not have"),
        ({"a": [-math.inf]}, "returned nan or infinity, which JSON does not have"),
        ({"a": {1}}, "returned what is not JSON: Object of type set is not JSON serializable"),
        ({"a": 10**5000}, "returned what is not JSON"),
        (itself(), "returned what is nested too deeply, or contains itself"),
    ],
)
def test_what_cannot_be_told_says_what_it_is(output: Any, why: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        readable(output, 8000)
    assert str(caught.value) == why


def test_a_key_that_json_has_not_is_named_by_its_type() -> None:
    with pytest.raises(UnreadableError, match=r"not JSON: keys must be .* not tuple"):
        readable({("secret", 1): 1}, 8000)
