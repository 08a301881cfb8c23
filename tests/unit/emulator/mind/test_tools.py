"""Arguments are found in the words, and what a function returns can be said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kiosk.emulator.mind.tools import (
    ENOUGH,
    best_fit,
    choose,
    describe_output,
    examples,
    fill,
    noun_phrase,
    parse_tools,
)


def tool(name: str = "act", description: str = "", **properties: Any) -> dict[str, Any]:
    required = [key for key, value in properties.items() if value.pop("required", False)]
    schema = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "name": name, "description": description, "parameters": schema}


def test_arguments_of_every_kind() -> None:
    (one,) = parse_tools(
        [
            tool(
                count={"type": "integer", "required": True},
                price={"type": "number"},
                guided={"type": "boolean", "description": "with a guide", "required": True},
                date={"type": "string"},
                topic={"type": "string"},
                note={"type": "string"},
                names={"type": "array", "required": True},
                more={"type": "object", "required": True},
            )
        ]
    )
    arguments, missing = fill(one, "Book three seats for 12.5 euros tomorrow with a guide")
    assert missing is None
    assert arguments["count"] == 3
    assert arguments["price"] == 12.5
    assert arguments["guided"] is True
    assert arguments["date"] == "tomorrow"
    assert arguments["more"] == {}
    assert isinstance(arguments["names"], list)
    assert "note" not in arguments


def test_what_the_words_do_not_say_is_missing() -> None:
    (one,) = parse_tools([tool(count={"type": "integer", "required": True})])
    arguments, missing = fill(one, "Some seats")
    assert arguments == {}
    assert missing is not None
    assert missing.name == "count"


def test_optional_arguments_as_pydantic_writes_them() -> None:
    option = {"anyOf": [{"type": "string", "enum": ["red", "blue"]}, {"type": "null"}]}
    (one,) = parse_tools([tool(colour=option)])
    assert one.parameters[0].choices == ("red", "blue")
    assert fill(one, "the blue one")[0] == {"colour": "blue"}
    assert fill(one, "any")[0] == {}


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ("gallery two please", "gallery_2"),
        ("the first gallery", "gallery_1"),
        ("ground floor toilets", "toilets-ground-floor"),
        ("to the shop", "gift shop"),
        ("an elephant", None),
    ],
)
def test_choices(said: str, choice: str | None) -> None:
    choices = ("gallery_1", "gallery_2", "toilets-ground-floor", "toilets-top-floor", "gift shop")
    assert choose(choices, said) == choice


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ("Where are the Roman coins, please?", "Roman coins"),
        ("Hello. Can you tell me about the old harbour?", "old harbour"),
        ("How do I get to the main entrance from here?", "main entrance"),
        ("I'm looking for a map", "map"),
        ("Roman coins", "Roman coins"),
        ("please", "please"),
    ],
)
def test_the_subject_of_a_question(said: str, subject: str) -> None:
    assert noun_phrase(said) == subject


PLAIN = tool(
    "find_place",
    "Finds the way to a place, such as the toilets, the café or a gallery, and shows it on a map.",
    place={"type": "string", "required": True, "description": "What is looked for."},
)


def test_examples_of_a_description_are_known() -> None:
    (one,) = parse_tools([PLAIN], "Use find_place often; find_place knows the Lift and the Shop.")
    assert one.parameters[0].examples == ("toilets", "café", "gallery", "Lift", "Shop")
    assert examples("Finds the way.") == ()


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("I'm hungry", "café"),
        ("Is there a gallery?", "gallery"),
        ("And the café?", "café"),
        ("Where is the dinosaur?", "dinosaur"),
        ("the restroom", "restroom"),
        ("I am looking for Roman coins", "Roman coins"),
    ],
)
def test_a_plain_text_argument_in_the_visitors_words(said: str, place: str) -> None:
    fit = best_fit(parse_tools([PLAIN]), said)
    assert fit is not None
    assert fit.score >= ENOUGH
    assert fit.arguments == {"place": place}


def test_the_better_function_wins() -> None:
    tools = parse_tools(
        [
            tool("opening_hours", "Tells when the house is open."),
            tool("weather", "Tells the weather outside."),
        ]
    )
    fit = best_fit(tools, "Will it rain?")
    assert fit is not None
    assert (fit.tool.name, fit.score >= ENOUGH) == ("weather", True)
    assert best_fit((), "Will it rain?") is None
    none = best_fit(tools, "Who are you?")
    assert none is not None
    assert none.score < ENOUGH


def test_broken_schemas_are_no_parameters() -> None:
    declared: list[dict[str, Any]] = [
        {"type": "function", "name": "a", "parameters": None},
        {"type": "function", "name": "b", "parameters": {"properties": [1], "required": "x"}},
        {"type": "mcp", "server_label": "c"},
    ]
    assert [(one.name, one.parameters) for one in parse_tools(declared)] == [("a", ()), ("b", ())]


def test_what_a_function_offers() -> None:
    declared = [
        tool("a", "Shows the way. Use it often."),
        tool("find_it"),
        tool("b", "Lists what happens today, with the hour and the room of everything there is."),
    ]
    offers = [one.offer for one in parse_tools(declared)]
    assert offers == ["show the way", "find it", "list what happens today"]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("Behind you", "Behind you."),
        ('"Behind you!"', "Behind you!"),
        (json.dumps({"say": "Hello", "place": "x"}), "Hello."),
        (json.dumps({"answer": "Yes."}), "Yes."),
        (json.dumps({"error": "no such place"}), "I am sorry, that did not work."),
        (
            json.dumps({"floor": 2, "open_until": "six", "id": "p1"}),
            "Floor is 2 and open until is six.",
        ),
        (json.dumps(["a", "b"]), "a and b."),
        (json.dumps([{"title": "Tour", "time": "ten"}, {"name": "Talk"}]), "Tour at ten and Talk."),
        (json.dumps({"events": []}), "Done."),
        (json.dumps([]), "Nothing was found."),
        ("true", "Yes."),
        ("", "Done."),
        ("[" * 100_000, "[" * 700 + "…"),
    ],
)
def test_outputs_are_said(output: str, said: str) -> None:
    assert describe_output(output) == said


WEG = {
    "type": "function",
    "name": "zeige_weg",
    "description": "Zeigt den Weg zu einem Ort im Museum.",
    "parameters": {
        "type": "object",
        "properties": {"ort": {"type": "string", "enum": ["Toiletten", "Café", "Planetarium"]}},
        "required": ["ort"],
    },
}


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("Wo sind die Toiletten?", "Toiletten"),
        ("Ich habe Hunger", "Café"),
        ("Wie komme ich zum Planetarium?", "Planetarium"),
    ],
)
def test_a_function_in_the_visitors_language(said: str, place: str) -> None:
    fit = best_fit(parse_tools([WEG]), said, "de")
    assert fit is not None
    assert fit.score >= ENOUGH
    assert fit.arguments == {"ort": place}


def test_days_are_given_as_functions_take_them() -> None:
    events = {
        "type": "function",
        "name": "whats_on",
        "description": "Lists the events of a day.",
        "parameters": {"type": "object", "properties": {"date": {"type": "string"}}},
    }
    fit = best_fit(parse_tools([events]), "Gibt es morgen Führungen?", "de")
    assert fit is not None
    assert fit.arguments == {"date": "tomorrow"}


def test_what_came_back_is_described_in_the_visitors_language() -> None:
    assert describe_output("{}", "de") == "Erledigt."
    assert describe_output('{"open": true, "room": "B"}', "fr") == "Open est Oui et room est B."
    assert describe_output("[]", "es") == "No se ha encontrado nada."
