"""Scripted replies: sequences, placeholders, languages, several calls."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.mind.mind import think
from kiosk.emulator.mind.scripted import around, fit, scripted
from kiosk.emulator.mind.thought import Called, Context, FunctionCall, Plan, Returned, Said
from kiosk.emulator.mind.tools import parse_tools
from kiosk.emulator.scenario.scenario import Scenario, parse_scenario

TOOLS = parse_tools([{"type": "function", "name": name} for name in ("show", "ring")])


def scene(**reply: Any) -> Scenario:
    return parse_scenario({"replies": [reply]}, "test")


def answer(said: str, scenario: Scenario, language: str = "en", **context: Any) -> Plan | None:
    context.setdefault("tools", TOOLS)
    return scripted(said, Context(turns=(Said("user", said),), **context), scenario, language)


def test_a_sequence_goes_on_each_time_and_stays_at_its_end() -> None:
    scenario = scene(match="door", say=["It is shut.", "Still shut.", "Go away."])
    said = [answer("the door", scenario, used={0: used}) for used in range(5)]
    assert [plan.say for plan in said if plan is not None] == [
        "It is shut.",
        "Still shut.",
        "Go away.",
        "Go away.",
        "Go away.",
    ]


def test_groups_fill_texts_and_arguments() -> None:
    scenario = scene(
        match=r"book (?P<count>\d+) seats(?: for (?P<who>\w+))?",
        say="{count} seats for {who}.",
        call={"name": "show", "arguments": {"n": "{count}", "deep": [{"who": "{who}"}], "x": 1}},
    )
    plan = answer("Please BOOK 3 seats for Ana", scenario)
    assert plan is not None
    assert plan.say == "3 seats for Ana."
    assert plan.calls == (FunctionCall("show", {"n": "3", "deep": [{"who": "Ana"}], "x": 1}),)
    plan = answer("book 2 seats", scenario)
    assert plan is not None
    assert plan.say == "2 seats for ."


def test_several_calls_in_one_reply() -> None:
    scenario = scene(match="help", calls=[{"name": "show"}, {"name": "ring"}, {"name": "unknown"}])
    both = (FunctionCall("show"), FunctionCall("ring"))
    assert answer("help", scenario) == Plan(calls=both, reply=0)
    assert answer("help", scenario, parallel=False) == Plan(calls=both[:1], reply=0)
    assert answer("help", scenario, tool_choice="none") is None


def test_texts_per_language_and_replies_of_one_language() -> None:
    scenario = scene(keywords=["toilet"], say={"en": "Behind you.", "de": "Hinter Ihnen."})
    for said, language, say in (
        ("Where are the toilets?", "en", "Behind you."),
        ("Wo ist die Toilette?", "de", "Hinter Ihnen."),
        ("Les toilettes ?", "fr", "Behind you."),
    ):
        plan = answer(said, scenario, language)
        assert plan is not None
        assert plan.say == say
    german = scene(match="tram", say="Gleis vier.", language="de")
    assert answer("tram", german, "en") is None
    plan = answer("tram", german, "de")
    assert plan is not None
    assert (plan.say, plan.language) == ("Gleis vier.", "de")


@pytest.mark.parametrize("once", [True, False])
def test_once(once: bool) -> None:
    scenario = scene(match="x", say="y", once=once)
    assert (answer("x", scenario, used={0: 1}) is None) is once


def test_the_sentence_around_an_output_knows_the_words_before_it() -> None:
    scenario = scene(
        match=r"ring (?P<who>\w+)", call={"name": "ring"}, after="{who} says: {output}"
    )
    turns = (Said("user", "ring Bob"), Called("ring", "{}", "1"), Returned("1", "hello"))
    context = Context(turns=turns, tools=TOOLS)
    assert around("ring", "hello.", context, scenario, "en") == "Bob says: hello."
    assert around("show", "hello.", context, scenario, "en") == ""
    assert think(context, scenario).say == "Bob says: hello."


def test_an_output_with_braces_is_said_as_it_is() -> None:
    scenario = scene(match="x", call={"name": "ring"}, after="Here: {output}")
    turns = (Said("user", "x"), Called("ring", "{}", "1"), Returned("1", "{output} {{a}}"))
    assert "{output}" in think(Context(turns=turns, tools=TOOLS), scenario).say


def test_keywords_need_all_of_them() -> None:
    reply = scene(keywords=["boat", "tomorrow"], say="At nine.").replies[0]
    assert fit(reply, "Are there boats tomorrow?", "en") == {}
    assert fit(reply, "Are there boats?", "en") is None
