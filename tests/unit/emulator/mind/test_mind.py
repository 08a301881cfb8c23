"""The mind as a pure function: a conversation goes in, what to say or call comes out."""

from __future__ import annotations

import json

import pytest

from kiosk.emulator.mind.mind import think
from kiosk.emulator.mind.thought import (
    Called,
    Context,
    FunctionCall,
    Plan,
    Returned,
    Said,
    Turn,
)
from kiosk.emulator.mind.tools import parse_tools
from kiosk.emulator.scenario.scenario import Scenario, parse_scenario
from tests.unit.emulator.emulating import FACTS, PLACES

EVENTS = {
    "type": "function",
    "name": "whats_on",
    "description": "Lists the events, tours and talks of a day.",
    "parameters": {"type": "object", "properties": {"date": {"type": "string"}}},
}
STAFF = {
    "type": "function",
    "name": "call_staff",
    "description": "Asks a member of staff to come.",
    "parameters": {
        "type": "object",
        "properties": {"reason": {"type": "string"}},
        "required": ["reason"],
    },
}
TOOLS = parse_tools([PLACES, EVENTS, STAFF])
DEFAULT = Scenario()


def ask(text: str, *before: Turn, scenario: Scenario = DEFAULT, **more: str) -> Plan:
    context = Context(
        turns=(*before, Said("user", text)),
        instructions=FACTS,
        tools=TOOLS,
        **more,  # type: ignore[arg-type]  # only the texts of a context
    )
    return think(context, scenario)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("Where are the toilets?", "toilets"),
        ("where is the restroom", "toilets"),
        ("I need the loo", "toilets"),
        ("How do I get to the cafe?", "cafe"),
        ("How do I get to the café?", "cafe"),
        ("I'm hungry", "cafe"),
        ("Where do I find the elevator?", "lift"),
        ("take me to gallery two please", "gallery_2"),
        ("Where can I leave my bag?", "cloakroom"),
        ("Thanks, and where is the cafe?", "cafe"),
    ],
)
def test_it_finds_places(question: str, place: str) -> None:
    assert ask(question) == Plan(calls=(FunctionCall("find_place", {"place": place}),))


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ("What's on today?", FunctionCall("whats_on", {"date": "today"})),
        ("Are there any tours tomorrow?", FunctionCall("whats_on", {"date": "tomorrow"})),
        (
            "Can I talk to a person?",
            FunctionCall("call_staff", {"reason": "Can I talk to a person"}),
        ),
    ],
)
def test_it_calls_what_fits(question: str, call: FunctionCall) -> None:
    assert ask(question).calls == (call,)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When do you open?", "open from ten to six"),
        ("What time do you close on Thursday?", "until nine"),
        ("are you open on Monday?", "On Mondays we are closed"),
        ("How much is a ticket?", "twelve euros"),
        ("Is it free for kids?", "children under twelve"),
        ("Can I take photos?", "without flash"),
        ("Is there wifi?", "HarbourGuest"),
    ],
)
def test_it_knows_what_the_instructions_say(question: str, words: str) -> None:
    plan = ask(question)
    assert words in plan.say
    assert plan.calls == ()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("hello", "welcome to the Harbour City Museum"),
        ("Good morning", "I am a computer assistant"),
        ("Thank you, goodbye", "Goodbye"),
        ("Thanks!", "You are welcome"),
        ("Are you a robot?", "I am a computer assistant, not a person"),
        ("How are you?", "I am well"),
        ("What can you do?", "show the way to a place in the museum"),
    ],
)
def test_it_is_polite(said: str, words: str) -> None:
    assert words in ask(said).say


def test_it_admits_what_it_does_not_know() -> None:
    plan = ask("Who painted the Mona Lisa?")
    assert plan.say.startswith("I am sorry, I do not know that.")
    assert "show the way" in plan.say


def test_it_never_says_its_orders() -> None:
    assert "make things up" not in ask("Do you ever make things up?").say
    assert "call staff" not in ask("Who is the manager?", tool_choice="none").say


def test_it_asks_for_what_is_missing() -> None:
    assert ask("Where is it?").say == (
        "Which place do you mean: toilets, cafe, lift, gallery 1, gallery 2 or cloakroom?"
    )
    assert "I do not know that place" in ask("Where is the dinosaur?").say


def test_it_did_not_catch_silence() -> None:
    assert "did not catch" in ask("").say


ASKED: tuple[Turn, ...] = (
    Said("user", "Where are the toilets?"),
    Called("find_place", '{"place": "toilets"}', "call_1"),
)


def test_a_functions_answer_is_said() -> None:
    turns = (*ASKED, Returned("call_1", json.dumps({"say": "They are behind you."})))
    assert think(Context(turns=turns, tools=TOOLS), DEFAULT).say == "They are behind you."


def test_several_answers_are_all_said() -> None:
    turns = (*ASKED, Returned("call_1", "One."), Returned("call_2", "Two."))
    assert think(Context(turns=turns), DEFAULT).say == "One. Two."


def test_an_old_answer_is_not_said_again() -> None:
    before = (*ASKED, Returned("call_1", "Behind you."), Said("assistant", "Behind you."))
    assert "ten to six" in ask("When do you open?", *before).say


def test_it_remembers_what_was_asked() -> None:
    before = (*ASKED, Returned("call_1", "Behind you."), Said("assistant", "Behind you."))
    assert ask("And the cafe?", *before).calls == (FunctionCall("find_place", {"place": "cafe"}),)
    assert ask("Can you say that again?", *before).say == "Behind you."


def test_a_call_that_was_never_answered_is_over() -> None:
    assert "ten to six" in ask("When do you open?", *ASKED).say


def test_a_question_in_two_breaths_is_one() -> None:
    assert ask("to the cafe", Said("user", "how do I get")).calls[0].arguments == {"place": "cafe"}


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("Greet the visitor warmly.", "welcome to the Harbour City Museum"),
        ('Say exactly: "Bom dia, bem-vindos!"', "Bom dia, bem-vindos!"),
        ("Ask whether they are still there.", "Are you still there"),
        ("Tell the visitor that a colleague is on the way.", "A colleague is on the way."),
        ("Say goodbye.", "Goodbye"),
    ],
)
def test_it_does_what_the_site_asks(order: str, words: str) -> None:
    """As instructions of one response, or as a system message."""
    assert words in think(Context(instructions=FACTS, extra=order), DEFAULT).say
    context = Context(instructions=FACTS, turns=(Said("system", order),))
    assert words in think(context, DEFAULT).say


def test_a_bare_response_at_the_start_greets() -> None:
    plan = think(Context(instructions=FACTS), DEFAULT)
    assert plan.say.startswith("Hello, and welcome to the Harbour City Museum!")


def test_instructions_that_are_no_order_do_not_hide_the_question() -> None:
    assert "ten to six" in ask("When do you open?", extra="Be brief.").say


def test_tool_choice_is_obeyed() -> None:
    assert ask("Where are the toilets?", tool_choice="none").calls == ()
    assert ask("Hm.", tool_choice="required").calls != ()
    forced = ask("Hm, the cafe", tool_choice="call_staff").calls
    assert forced[0].name == "call_staff"
    assert forced[0].arguments["reason"]


SCRIPT = parse_scenario(
    {
        "greeting": "Good day.",
        "otherwise": "I only know trains.",
        "replies": [
            {"match": r"\btrains?\b", "say": "Platform four.", "delay_ms": 50, "once": True},
            {
                "keywords": ["toilet"],
                "call": {"name": "find_place", "arguments": {"place": "toilets"}},
                "after": "Follow the sign: {output}",
            },
            {"keywords": ["boat"], "say": "One moment.", "call": {"name": "sail"}},
        ],
    },
    "test",
)


def test_a_scenario_comes_first() -> None:
    plan = ask("When is the next TRAIN?", scenario=SCRIPT)
    assert (plan.say, plan.delay_ms, plan.reply) == ("Platform four.", 50, 0)
    assert ask("restrooms?", scenario=SCRIPT).calls == (
        FunctionCall("find_place", {"place": "toilets"}),
    )
    assert ask("Something else", scenario=SCRIPT).say == "I only know trains."
    assert think(Context(), SCRIPT).say == "Good day."


def test_a_reply_fits_once_if_it_says_so() -> None:
    context = Context(turns=(Said("user", "train"),), used={0: 1})
    assert think(context, SCRIPT).say == "I only know trains."


def test_a_call_that_is_not_declared_is_left_out() -> None:
    plan = ask("a boat", scenario=SCRIPT)
    assert (plan.say, plan.calls) == ("One moment.", ())


def test_the_sentence_around_an_output() -> None:
    turns = (*ASKED, Returned("call_1", "left"))
    assert think(Context(turns=turns, tools=TOOLS), SCRIPT).say == "Follow the sign: left."


def test_the_same_question_has_the_same_answer() -> None:
    assert ask("What is on?") == ask("What is on?")


def test_the_sentence_around_an_answer_is_said_also_when_words_came_with_the_call() -> None:
    scenario = parse_scenario(
        {
            "replies": [
                {
                    "match": "ship",
                    "say": "One moment.",
                    "call": {"name": "whats_on"},
                    "after": "I found this: {output}",
                }
            ]
        },
        "test",
    )
    plan = think(
        Context(
            turns=(
                Said("user", "Is there a ship today?"),
                Said("assistant", "One moment."),
                Called(call_id="call_1", name="whats_on", arguments="{}"),
                Returned("call_1", "a regatta at two"),
            ),
            instructions=FACTS,
            tools=TOOLS,
        ),
        scenario,
    )
    assert plan.say == "I found this: a regatta at two."


def test_it_does_not_offer_to_end_the_visit() -> None:
    leave = {
        "type": "function",
        "name": "end_visit",
        "description": "End the visit when the visitor says goodbye.",
        "parameters": {"type": "object", "properties": {}},
    }
    tools = parse_tools([leave, STAFF])
    plan = think(Context(turns=(Said("user", "xyzzy plugh"),), tools=tools), DEFAULT)
    assert "goodbye" not in plan.say
    assert "ask a member of staff" in plan.say


def test_what_a_system_message_tells_counts_for_the_next_answer_only() -> None:
    told = Said("system", "For your next answer only.\nThe sauna is on the roof.")
    assert ask("Where is the sauna?", told).say == "The sauna is on the roof."
    later = (told, Said("user", "Thanks"), Said("assistant", "You are welcome."))
    assert "roof" not in ask("Where is the sauna?", *later).say
