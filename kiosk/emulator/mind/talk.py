"""What is no question: greetings, thanks, the visitor's name, what was said before."""

from __future__ import annotations

import re

from kiosk.emulator.mind.asked import visitor_words
from kiosk.emulator.mind.english import ENGLISH
from kiosk.emulator.mind.thought import Context, Said
from kiosk.emulator.mind.tongue import Tongue
from kiosk.emulator.mind.tools import Tool
from kiosk.emulator.mind.words import as_list, meanings, plain
from kiosk.emulator.speech.languages import guess_language

FOR_GOODBYES = re.compile(r"\b(?:says? (?:good ?)?bye|goodbye|farewell)\b", re.IGNORECASE)
_ASIDE = frozenset({"goodbye", "bye", "repeat", "again", "nice", "good", "name", "call"})


def small_talk(said: str, context: Context, tongue: Tongue) -> str | None:
    """Return the answer to small talk, None when something is asked for."""
    words = plain(said)
    kinds = [kind for pattern, kind in tongue.small_talk if pattern.search(words)]
    # "Thanks, and where is the cafe?" is a question, not small talk.
    rest = [m for m in meanings(said, tongue.code) if m not in _ASIDE]
    asks = "?" in said or len(rest) > 2
    answers = tongue.sentences
    if not kinds:
        return _name_noted(said, rest, tongue)
    kind = kinds[0]
    if asks and kind in ("bye", "thanks") and rest:
        return None
    offer = offer_of(context.tools, tongue)
    fixed = {
        "bye": answers.welcome_goodbye if "thanks" in kinds else answers.goodbye,
        "thanks": answers.thanks,
        "self": f"{answers.self} {offer}",
        "how": answers.how,
        "offer": offer,
    }
    if kind in fixed:
        return fixed[kind]
    if kind == "my_name":
        return _name_remembered(context, tongue)
    if kind == "asked":
        before = visitor_words(context.turns)[:-1]
        return answers.you_asked.format(words=before[-1]) if before else answers.nothing_asked
    spoken = [t.text for t in context.turns if isinstance(t, Said) and t.role == "assistant"]
    return spoken[-1] if spoken else None


def _name_noted(said: str, rest: list[str], tongue: Tongue) -> str | None:
    """Greet somebody who says their name and nothing else."""
    given = tongue.name_given.search(said)
    if given is None or "?" in said:
        return None
    others = [m for m in rest if m not in meanings(given[0], tongue.code)]
    return tongue.sentences.name_noted.format(name=given[1]) if len(others) < 2 else None


def _name_remembered(context: Context, tongue: Tongue) -> str:
    for words in reversed(visitor_words(context.turns)):
        given = tongue.name_given.search(words)
        if given is not None:
            return tongue.sentences.your_name.format(name=given[1])
    return tongue.sentences.name_unknown


def is_hello(said: str, tongue: Tongue) -> bool:
    """Return whether something is a greeting and nothing else."""
    words = plain(said)
    return bool(tongue.hello.search(words)) and not meanings(
        tongue.hello.sub("", words), tongue.code
    )


def parting(said: str, context: Context, tongue: Tongue) -> Tool | None:
    """Return the declared function that is for goodbyes, when this is one."""
    goodbye = tongue.small_talk[0][0]
    if context.tool_choice != "auto" or "?" in said or not goodbye.search(plain(said)):
        return None
    for tool in context.tools:
        if FOR_GOODBYES.search(tool.description) and not any(p.required for p in tool.parameters):
            return tool
    return None


def offer_of(tools: tuple[Tool, ...], tongue: Tongue) -> str:
    """Return what the mind can do, by the descriptions of functions in the same language."""
    # Nobody wants to be offered the end of the visit.
    useful = [tool for tool in tools if not FOR_GOODBYES.search(tool.description)]
    offers = [
        tool.offer if tongue is ENGLISH else tool.first_sentence
        for tool in useful
        if (guess_language(tool.description) or tongue.code) == tongue.code
    ][:3]
    if not offers:
        return tongue.sentences.ask_else
    return tongue.sentences.offer.format(offers=as_list(offers, tongue.sentences.or_word))
