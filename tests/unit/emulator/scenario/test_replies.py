"""Replies are checked when they are read: mistakes are named, placeholders are known."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.scenario.replies import MindSettings, Reply, filled, text_in
from kiosk.emulator.scenario.scenario import parse_scenario
from kiosk.errors import SettingsError


def reply(**fields: Any) -> Reply:
    return parse_scenario({"replies": [fields]}, "f.toml").replies[0]


def test_one_text_or_many() -> None:
    assert reply(match="a", say="x").steps == ("x",)
    assert reply(match="a", say=["x", {"en": "y", "de": "z"}]).steps == (
        "x",
        {"en": "y", "de": "z"},
    )
    assert reply(match="a", call={"name": "f"}).steps == ()


def test_one_call_or_many() -> None:
    assert [c.name for c in reply(match="a", call={"name": "f"}).all_calls] == ["f"]
    many = reply(match="a", calls=[{"name": "f"}, {"name": "g", "arguments": {"n": 1}}])
    assert [c.name for c in many.all_calls] == ["f", "g"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"match": "(", "say": "x"}, "replies.0.match: not a regular expression"),
        ({"match": "a"}, "replies.0: give say, call or both"),
        ({"say": "x"}, "replies.0: give either match or keywords"),
        ({"match": "a", "say": 3}, "replies.0.say: Input should be a valid string"),
        ({"match": "a", "say": {"German": "x"}}, 'replies.0.say: "German" is no language'),
        ({"match": "a", "say": {}}, "replies.0.say: give the text in at least one"),
        ({"match": "a", "say": "x", "language": "German"}, "replies.0.language: write two letters"),
        ({"match": "a", "say": "{who}"}, "replies.0: say has {who}, which is no named group"),
        ({"match": "a", "say": "{output}"}, "replies.0: say has {output}"),
        ({"match": "a", "say": "x", "after": "{what}"}, "replies.0: after has {what}"),
        (
            {"match": "a", "call": {"name": "f", "arguments": {"a": ["{b}"]}}},
            "replies.0: arguments has {b}",
        ),
        ({"match": "a", "call": {"name": "f"}, "calls": [{"name": "g"}]}, "either call or calls"),
        ({"match": "a", "calls": [{}]}, "replies.0.calls.0.name: Field required"),
        ({"match": "a", "sey": "x"}, "replies.0.sey: there is no such key"),
    ],
)
def test_a_mistake_is_named_with_its_place(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        reply(**fields)
    assert str(caught.value).startswith("scenario f.toml: replies.0")
    assert message in str(caught.value)


def test_known_placeholders_are_let_through() -> None:
    made = reply(
        match=r"where is (?P<what>\w+)",
        say="You want {what}, not {{what}}.",
        call={"name": "f", "arguments": {"q": "{what}", "n": 3}},
        after={"en": "{what}: {output}", "de": "{output}"},
    )
    assert filled(str(made.say), {"what": "tea"}) == "You want tea, not {what}."
    assert filled('{"json": 1}', {}) == '{"json": 1}'


def test_the_language_of_a_text() -> None:
    text = {"de": "Hallo", "en": "Hello"}
    assert text_in(text, "en") == "Hello"
    assert text_in(text, "fr") == "Hallo"
    assert text_in("Hi", "de") == "Hi"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"url": "localhost", "model": "m"}, "mind.url"),
        ({"url": "http://x/v1"}, "mind.model"),
        ({"url": "http://x", "model": "m", "key": "secret"}, "mind.key: there is no such key"),
        ({"url": "http://x", "model": "m", "key_env": "A", "key_file": "b"}, "either key_env"),
    ],
)
def test_a_chat_endpoint_is_checked_and_never_holds_its_key(
    fields: dict[str, Any], place: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_scenario({"mind": fields}, "f.toml")
    assert place in str(caught.value)
    assert "secret" not in str(caught.value)
    assert MindSettings(url="http://x/v1", model="m").stream
