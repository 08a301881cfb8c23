"""A small deterministic mind: what to say or call next, given the conversation and the tools."""

from __future__ import annotations

import json
from typing import Any

from kiosk.emulator.mind.asked import (
    fresh_outputs,
    request,
    request_behind,
    split_requests,
    visitor_words,
    whispered,
)
from kiosk.emulator.mind.facts import find_fact
from kiosk.emulator.mind.orders import find_order, follow, greeting
from kiosk.emulator.mind.scripted import around, scripted
from kiosk.emulator.mind.talk import is_hello, offer_of, parting, small_talk
from kiosk.emulator.mind.thought import Called, Context, FunctionCall, Plan, Returned
from kiosk.emulator.mind.tongue import Tongue
from kiosk.emulator.mind.tongues import spoken_language, tongue_of
from kiosk.emulator.mind.tools import (
    ENOUGH,
    Fit,
    best_fit,
    choose,
    describe_output,
    fill,
    noun_phrase,
)
from kiosk.emulator.mind.words import as_list, meanings, plain
from kiosk.emulator.scenario.replies import text_in
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.languages import guess_language


def think(context: Context, scenario: Scenario) -> Plan:
    """Return what to do next. The same context always gives the same plan."""
    language = language_of(context, scenario)
    planned = think_scripted(context, scenario, language)
    if planned is not None:
        return planned
    tongue = tongue_of(language)
    returned = fresh_outputs(context.turns)
    if returned:
        said = _say_outputs(context, scenario, returned, tongue)
        return Plan(say=said, calls=_next_call(context, tongue), language=language)
    order = find_order(context)
    if order is not None:
        # An order may quote a sentence in any language.
        say = follow(order, context, scenario, tongue)
        return Plan(say=say, language=guess_language(say) or language)
    plan = _answer(request(context.turns), context, scenario, tongue)
    return Plan(say=plan.say, calls=plan.calls, language=plan.language or language)


def language_of(context: Context, scenario: Scenario) -> str:
    """Return the language to answer in, ISO 639-1."""
    return spoken_language(visitor_words(context.turns), context.language, scenario.language)


def think_scripted(context: Context, scenario: Scenario, language: str) -> Plan | None:
    """Return what the scenario has for this moment, None when another mind has to answer."""
    if fresh_outputs(context.turns) or find_order(context) is not None:
        return None
    said = request(context.turns)
    if not said:
        return Plan(say=tongue_of(language).sentences.not_caught, language=language)
    plan = scripted(said, context, scenario, language)
    if plan is not None:
        return plan
    if scenario.otherwise and context.tool_choice in ("auto", "none"):
        return Plan(say=text_in(scenario.otherwise, language), language=language)
    return None


def _say_outputs(
    context: Context, scenario: Scenario, outputs: list[Returned], tongue: Tongue
) -> str:
    names = {turn.call_id: turn.name for turn in context.turns if isinstance(turn, Called)}
    pieces = []
    for output in outputs:
        text = describe_output(output.output, tongue.code)
        name = names.get(output.call_id, "")
        pieces.append(around(name, text, context, scenario, tongue.code) or text)
    return " ".join(dict.fromkeys(pieces))


def _next_call(context: Context, tongue: Tongue) -> tuple[FunctionCall, ...]:
    """Return the call still owed to a request for several things, made one after the other."""
    if context.parallel or context.tool_choice != "auto":
        return ()
    said, made = request_behind(context.turns)
    _, calls = _several(said, context, tongue)
    done = [(call.name, _arguments(call)) for call in made]
    return tuple(call for call in calls if (call.name, call.arguments) not in done)[:1]


def _arguments(call: Called) -> Any:
    try:
        return json.loads(call.arguments)
    except ValueError:
        return None


def _answer(said: str, context: Context, scenario: Scenario, tongue: Tongue) -> Plan:
    if context.tool_choice not in ("auto", "none"):
        return _forced(said, context, tongue)
    leaving = parting(said, context, tongue)
    if leaving is not None:
        return Plan(calls=(FunctionCall(leaving.name, {}),))
    told = find_fact(said, whispered(context.turns), tongue.code)
    if told:
        return Plan(say=_in_words(told, context, tongue))
    facts, calls = _several(said, context, tongue)
    if len(facts) + len(calls) > 1:
        say = " ".join(_in_words(fact, context, tongue) for fact in facts)
        return Plan(say=say, calls=calls if context.parallel else calls[:1])
    talk = small_talk(said, context, tongue)
    if talk is not None:
        return Plan(say=talk)
    fact = find_fact(said, context.instructions, tongue.code)
    if context.tool_choice == "auto" and context.tools:
        fit = _follow_up(said, context, tongue) or best_fit(context.tools, said, tongue.code)
        if fit is not None and fit.score >= ENOUGH and (fit.certain or not fact):
            if fit.missing is None:
                return Plan(calls=(FunctionCall(fit.tool.name, fit.arguments),))
            if not fact:
                return Plan(say=_ask_for(fit, said, tongue))
    if fact:
        return Plan(say=_in_words(fact, context, tongue))
    if is_hello(said, tongue):
        return Plan(say=greeting(context, scenario, tongue))
    return Plan(say=f"{tongue.sentences.unknown} {offer_of(context.tools, tongue)}")


def _several(
    said: str, context: Context, tongue: Tongue
) -> tuple[list[str], tuple[FunctionCall, ...]]:
    """Return the facts and the calls that an utterance with more than one request asks for."""
    pieces = split_requests(said, tongue)
    facts: list[str] = []
    calls: list[FunctionCall] = []
    for piece in pieces if len(pieces) > 1 else ():
        fit = best_fit(context.tools, piece, tongue.code) if context.tool_choice == "auto" else None
        if fit is not None and fit.score >= ENOUGH and fit.certain and fit.missing is None:
            call = FunctionCall(fit.tool.name, fit.arguments)
            if call not in calls:
                calls.append(call)
        elif small_talk(piece, context, tongue) is None:
            fact = find_fact(piece, context.instructions, tongue.code)
            if fact and fact not in facts:
                facts.append(fact)
    return facts, tuple(calls)


def _in_words(fact: str, context: Context, tongue: Tongue) -> str:
    """Return a fact, introduced as what it is if it is not in the visitor's language."""
    language = guess_language(fact) or guess_language(context.instructions)
    if (language or tongue.code) == tongue.code:
        return fact
    return tongue.sentences.foreign_fact.format(text=fact)


def _forced(said: str, context: Context, tongue: Tongue) -> Plan:
    """Call a function because the client insists, with whatever arguments the words give."""
    tools = context.tools
    if context.tool_choice != "required":
        tools = tuple(tool for tool in tools if tool.name == context.tool_choice)
    fit = best_fit(tools, said, tongue.code)
    if fit is None:
        return Plan(say=offer_of(context.tools, tongue))
    arguments = dict(fit.arguments)
    for parameter in fit.tool.parameters:
        if parameter.required and parameter.name not in arguments:
            fallback: Any = parameter.choices[0] if parameter.choices else noun_phrase(said)
            if parameter.kind in ("integer", "number"):
                fallback = 0
            arguments[parameter.name] = fallback
    return Plan(calls=(FunctionCall(fit.tool.name, arguments),))


def _follow_up(said: str, context: Context, tongue: Tongue) -> Fit | None:
    """Return the last call again for "And the cafe?", if one of its choices was named."""
    last = next((t for t in reversed(context.turns) if isinstance(t, Called)), None)
    if last is None or not tongue.follow_up.search(plain(said)):
        return None
    tool = next((t for t in context.tools if t.name == last.name), None)
    if tool is None or not any(choose(p.named, said, tongue.code) for p in tool.parameters):
        return None
    before = _arguments(last)
    arguments, missing = fill(tool, said, tongue.code)
    return Fit(
        tool, ENOUGH, True, {**(before if isinstance(before, dict) else {}), **arguments}, missing
    )


def _ask_for(fit: Fit, said: str, tongue: Tongue) -> str:
    """Ask for the argument that is missing, naming the choices there are."""
    assert fit.missing is not None
    words = tongue.sentences
    name = fit.missing.name.replace("_", " ")
    named = [choice.replace("_", " ") for choice in fit.missing.choices[:8]]
    choices = as_list(named, words.or_word)
    if not choices:
        return words.which.format(offer=fit.tool.offer, name=name)
    if [word for word in meanings(said, tongue.code) if word != "where"]:
        return words.not_known.format(name=name, choices=choices)
    return words.which_of.format(name=name, choices=choices)
