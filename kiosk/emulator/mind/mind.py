"""A small deterministic mind: what to say or call next, given the conversation and the tools."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from kiosk.emulator.mind.facts import find_fact
from kiosk.emulator.mind.tools import (
    ENOUGH,
    Fit,
    Tool,
    best_fit,
    choose,
    describe_output,
    fill,
    noun_phrase,
)
from kiosk.emulator.mind.words import as_list, meanings, plain, split_words
from kiosk.emulator.scenario.scenario import Reply, Scenario


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody's words; `role` as on the wire."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A function call the mind made earlier; `arguments` is JSON text."""

    name: str
    arguments: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What a function gave back."""

    call_id: str
    output: str


Turn = Said | Called | Returned


@dataclass(frozen=True, slots=True)
class Context:
    """All the mind knows when it is asked for a response.

    `instructions` are the session's, `extra` those of this one response. `tool_choice` is auto,
    none, required or a function's name. `used` are indexes of replies that fit once and did.
    """

    turns: tuple[Turn, ...] = ()
    instructions: str = ""
    extra: str = ""
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    used: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call to make."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: say something, then call functions. `reply` is the scenario's, by index."""

    say: str = ""
    calls: tuple[FunctionCall, ...] = ()
    delay_ms: int = 0
    reply: int | None = None


_QUOTED = re.compile(r"[\"“«]([^\"”»]{2,})[\"”»]")
_GREETING_ORDER = re.compile(r"\b(?:greet|welcome|say hello|introduce yourself)\b", re.IGNORECASE)
_FAREWELL_ORDER = re.compile(r"\b(?:say goodbye|farewell|say good bye)\b", re.IGNORECASE)
_NUDGE_ORDER = re.compile(
    r"\b(?:still there|idle|inactiv\w*|silent|no answer|anyone there)\b", re.IGNORECASE
)
_TELL_ORDER = re.compile(
    r"\b(?:tell|inform|let|remind|warn) (?:the |your |our )?\w+(?: know)?,? that (.+?)(?:[.!]|$)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"((?:[A-Z][\w'\u2019-]+ )*(?:Museum|Gallery|Library|Clinic|Hospital|Hotel|Shop|Centre|Center|"
    r"Theatre|Station|Hall)(?: of (?:the )?[A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+)*)?)"
)
_SMALL_TALK: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"\b(?:good ?bye|bye|see you|have a (?:nice|good)|that(?:'s| is| was) all)\b"),
        "bye",
    ),
    (re.compile(r"\b(?:thank|thanks|cheers)\b"), "thanks"),
    (
        re.compile(r"\b(?:are you (?:a |an )?(?:human|real|robot|person|machine|computer|ai))\b"),
        "self",
    ),
    (re.compile(r"\b(?:who|what) are you\b|\bwhat(?:'s| is) your name\b"), "self"),
    (re.compile(r"\bhow are you\b|\bhow do you do\b"), "how"),
    (re.compile(r"\bwhat (?:can|could|do) you (?:do|help|know)\b|\bhow can you help\b"), "offer"),
    (
        re.compile(r"\b(?:say|repeat) that(?: again)?\b|\bpardon\b|\bcome again\b|\brepeat\b"),
        "again",
    ),
)
_FOR_GOODBYES = re.compile(r"\b(?:says? (?:good ?)?bye|goodbye|farewell)\b", re.IGNORECASE)
_HELLO = re.compile(r"^\W*(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings)\b")
_FOLLOW_UP = re.compile(r"^\W*(?:and|what about|how about|or)\b")


def think(context: Context, scenario: Scenario) -> Plan:
    """Return what to do next. The same context always gives the same plan."""
    returned = _fresh_outputs(context.turns)
    if returned:
        return Plan(say=_say_outputs(context, scenario, returned))
    order = _order(context)
    if order is not None:
        return Plan(say=_follow(order, context, scenario))
    said = _request(context.turns)
    if not said:
        return Plan(say="I am sorry, I did not catch that. Could you say it again?")
    scripted = _scripted(said, context, scenario)
    if scripted is not None:
        return scripted
    if scenario.otherwise and context.tool_choice in ("auto", "none"):
        return Plan(say=scenario.otherwise)
    return _answer(said, context, scenario)


def _fresh_outputs(turns: tuple[Turn, ...]) -> list[Returned]:
    """Return function outputs that came since anybody last spoke."""
    fresh: list[Returned] = []
    for turn in reversed(turns):
        if isinstance(turn, Returned):
            fresh.insert(0, turn)
        elif isinstance(turn, Said) and turn.role != "system":
            break
    return fresh


def _say_outputs(context: Context, scenario: Scenario, outputs: list[Returned]) -> str:
    names = {turn.call_id: turn.name for turn in context.turns if isinstance(turn, Called)}
    pieces = []
    for output in outputs:
        text = describe_output(output.output)
        after = _after(names.get(output.call_id, ""), context, scenario)
        pieces.append(after.replace("{output}", text) if after else text)
    return " ".join(dict.fromkeys(pieces))


def _after(name: str, context: Context, scenario: Scenario) -> str:
    """Return the scripted sentence around the output of a call, or ""."""
    words = [turn for turn in context.turns if isinstance(turn, Said)]
    while words and words[-1].role == "assistant":
        words.pop()  # what was said along with the call
    said = _request(tuple(words))
    for reply in scenario.replies:
        if (
            reply.call is not None
            and reply.call.name == name
            and reply.after
            and _fits(reply, said)
        ):
            return reply.after
    return ""


def _order(context: Context) -> str | None:
    """Return what the site, not the visitor, asks to be said now; None when the visitor asked."""
    if context.extra.strip():
        known = _QUOTED, _GREETING_ORDER, _FAREWELL_ORDER, _NUDGE_ORDER, _TELL_ORDER
        if any(pattern.search(context.extra) for pattern in known):
            return context.extra
    last = next((t for t in reversed(context.turns) if isinstance(t, Said)), None)
    if last is None:
        # A bare response.create at the start asks for a greeting (Microsoft's own sample does it).
        return context.extra or "greet"
    if last.role == "system":
        return last.text
    if last.role == "assistant":
        return context.extra or "still there"
    return None


def _follow(order: str, context: Context, scenario: Scenario) -> str:
    quoted = _QUOTED.search(order)
    if quoted:
        return quoted.group(1)
    if _FAREWELL_ORDER.search(order):
        return "Goodbye, and enjoy your day."
    if _GREETING_ORDER.search(order) or order == "greet":
        return scenario.greeting or _greeting(context)
    if _NUDGE_ORDER.search(order):
        return "Are you still there? I am happy to help if you have a question."
    told = _TELL_ORDER.search(order)
    if told:
        text = told.group(1).strip()
        return text[:1].upper() + text[1:] + "."
    return scenario.greeting or _greeting(context)


def _greeting(context: Context) -> str:
    place = _PLACE.search(context.instructions)
    welcome = f"Hello, and welcome to the {place.group(1)}!" if place else "Hello, and welcome!"
    return f"{welcome} I am a computer assistant. How can I help you?"


def _request(turns: tuple[Turn, ...]) -> str:
    """Return all that the visitor said since the assistant last did something, in one string."""
    said: list[str] = []
    for turn in reversed(turns):
        if isinstance(turn, Called) or (isinstance(turn, Said) and turn.role == "assistant"):
            break
        if isinstance(turn, Said) and turn.role == "user" and turn.text.strip():
            said.insert(0, turn.text.strip())
    return " ".join(said)


def _fits(reply: Reply, said: str) -> bool:
    if reply.match:
        return re.search(reply.match, said, re.IGNORECASE) is not None
    words = set(meanings(said)) | set(split_words(said))
    return all(set(meanings(word) or split_words(word)) <= words for word in reply.keywords)


def _scripted(said: str, context: Context, scenario: Scenario) -> Plan | None:
    names = {tool.name for tool in context.tools}
    for index, reply in enumerate(scenario.replies):
        if (reply.once and index in context.used) or not _fits(reply, said):
            continue
        calls: tuple[FunctionCall, ...] = ()
        if reply.call is not None and context.tool_choice != "none" and reply.call.name in names:
            calls = (FunctionCall(reply.call.name, dict(reply.call.arguments)),)
        if not calls and not reply.say:
            continue
        return Plan(say=reply.say, calls=calls, delay_ms=reply.delay_ms, reply=index)
    return None


def _answer(said: str, context: Context, scenario: Scenario) -> Plan:
    if context.tool_choice not in ("auto", "none"):
        return _forced(said, context)
    parting = _parting(said, context)
    if parting is not None:
        return Plan(calls=(FunctionCall(parting.name, {}),))
    talk = _small_talk(said, context)
    if talk is not None:
        return Plan(say=talk)
    fact = find_fact(said, context.instructions)
    if context.tool_choice == "auto" and context.tools:
        fit = _follow_up(said, context) or best_fit(context.tools, said)
        if fit is not None and fit.score >= ENOUGH and (fit.certain or not fact):
            if fit.missing is None:
                return Plan(calls=(FunctionCall(fit.tool.name, fit.arguments),))
            if not fact:
                return Plan(say=_ask_for(fit, said))
    if fact:
        return Plan(say=fact)
    if _HELLO.search(plain(said)) and not meanings(_HELLO.sub("", plain(said))):
        return Plan(say=scenario.greeting or _greeting(context))
    return Plan(say=f"I am sorry, I do not know that. {_offer(context.tools)}")


def _forced(said: str, context: Context) -> Plan:
    """Call a function because the client insists, with whatever arguments the words give."""
    tools = context.tools
    if context.tool_choice != "required":
        tools = tuple(tool for tool in tools if tool.name == context.tool_choice)
    fit = best_fit(tools, said)
    if fit is None:
        return Plan(say=_offer(context.tools))
    arguments = dict(fit.arguments)
    for parameter in fit.tool.parameters:
        if parameter.required and parameter.name not in arguments:
            fallback: Any = parameter.choices[0] if parameter.choices else noun_phrase(said)
            if parameter.kind in ("integer", "number"):
                fallback = 0
            arguments[parameter.name] = fallback
    return Plan(calls=(FunctionCall(fit.tool.name, arguments),))


def _follow_up(said: str, context: Context) -> Fit | None:
    """Return the last call again for "And the cafe?", if one of its choices was named."""
    last = next((t for t in reversed(context.turns) if isinstance(t, Called)), None)
    if last is None or not _FOLLOW_UP.search(plain(said)):
        return None
    tool = next((t for t in context.tools if t.name == last.name), None)
    if tool is None or not any(choose(p.named, said) for p in tool.parameters):
        return None
    try:
        before = json.loads(last.arguments)
    except ValueError:
        before = {}
    arguments, missing = fill(tool, said)
    return Fit(
        tool, ENOUGH, True, {**(before if isinstance(before, dict) else {}), **arguments}, missing
    )


def _parting(said: str, context: Context) -> Tool | None:
    """Return the declared function that is for goodbyes, when this is one."""
    if context.tool_choice != "auto" or "?" in said or not _SMALL_TALK[0][0].search(plain(said)):
        return None
    for tool in context.tools:
        if _FOR_GOODBYES.search(tool.description) and not any(p.required for p in tool.parameters):
            return tool
    return None


def _small_talk(said: str, context: Context) -> str | None:
    words = plain(said)
    kinds = [kind for pattern, kind in _SMALL_TALK if pattern.search(words)]
    # "Thanks, and where is the cafe?" is a question, not small talk.
    rest = [
        m for m in meanings(said) if m not in ("goodbye", "bye", "repeat", "again", "nice", "good")
    ]
    asks = "?" in said or len(rest) > 2
    if not kinds or (asks and kinds[0] in ("bye", "thanks") and rest):
        return None
    answers = {
        "bye": "You are welcome. Goodbye, and enjoy your day."
        if "thanks" in kinds
        else "Goodbye, and enjoy your day.",
        "thanks": "You are welcome. Is there anything else I can help you with?",
        "self": f"I am a computer assistant, not a person. {_offer(context.tools)}",
        "how": "I am well, thank you. How can I help you?",
        "offer": _offer(context.tools),
    }
    if kinds[0] != "again":
        return answers[kinds[0]]
    spoken = [t.text for t in context.turns if isinstance(t, Said) and t.role == "assistant"]
    return spoken[-1] if spoken else None


def _ask_for(fit: Fit, said: str) -> str:
    """Ask for the argument that is missing, naming the choices there are."""
    assert fit.missing is not None
    name = fit.missing.name.replace("_", " ")
    choices = as_list([choice.replace("_", " ") for choice in fit.missing.choices[:8]])
    if not choices:
        return f"I can {fit.tool.offer}. Which {name} do you mean?"
    if [word for word in meanings(said) if word != "where"]:
        return f"I am sorry, I do not know that {name}. I know {choices}."
    return f"Which {name} do you mean: {choices}?"


def _offer(tools: tuple[Tool, ...]) -> str:
    # Nobody wants to be offered the end of the visit.
    useful = [tool for tool in tools if not _FOR_GOODBYES.search(tool.description)]
    offers = [tool.offer for tool in useful[:3]]
    if not offers:
        return "Please ask me something else, or ask a member of staff."
    return f"I can {as_list(offers)}."
