"""Functions a session declares: which one fits what was said, with what, and what came back."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.emulator.mind.english import ENGLISH
from kiosk.emulator.mind.tongue import Sentences
from kiosk.emulator.mind.tongues import tongue_of
from kiosk.emulator.mind.words import (
    as_list,
    meaning,
    meanings,
    numbers,
    plain,
    sentences,
    split_words,
)

ENOUGH = 2.0
"""A function fits from this score on."""
_LONGEST_ANSWER = 700
_LONG_OFFER = 40
"""An offer longer than this ends at its first comma."""

_EXAMPLES = re.compile(
    r"\b(?:such as|including|for example|e\.g\.|knows)\s+(.+?)"
    r"(?:[.;:]|,? and (?:show|shows|what|how|then|where|who)\b|$)",
    re.MULTILINE,
)
_EXAMPLE_WORDS = 4
_MOST_EXAMPLES = 60
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ASIDE = frozenset({"where", "open", "time"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function, from its JSON schema."""

    name: str
    kind: str
    description: str
    choices: tuple[str, ...]
    required: bool
    examples: tuple[str, ...] = ()
    """Things that descriptions name ("such as the toilets or the cafe"); others may be meant."""

    @property
    def named(self) -> tuple[str, ...]:
        """What visitors may name: all there is to choose from, or the examples."""
        return self.choices or self.examples


@dataclass(frozen=True, slots=True)
class Tool:
    """One declared function."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    schema: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """The parameters' JSON schema as it was declared."""

    @property
    def first_sentence(self) -> str:
        """The first sentence of the description, without its end."""
        first = re.split(r"(?<=[.!?])\s|\n", self.description.strip(), maxsplit=1)[0]
        return first.strip().rstrip(".!")

    @property
    def offer(self) -> str:
        """What the function is for, as the end of "I can …"."""
        text = self.first_sentence
        if len(text) > _LONG_OFFER:
            text = text.split(",", 1)[0]
        if not text:
            return self.name.replace("_", " ")
        head, _, rest = text.partition(" ")
        return f"{_bare_verb(head)} {rest}".strip()


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a function fits. `missing` is a parameter that the words do not say."""

    tool: Tool
    score: float
    certain: bool
    arguments: dict[str, Any]
    missing: Parameter | None


def parse_tools(declared: list[dict[str, Any]], instructions: str = "") -> tuple[Tool, ...]:
    """Return the functions of a session's `tools`; a schema that is no object has no parameters.

    Instructions that say what a function knows ("find_place knows the lift and the cafe") help.
    """
    functions = [tool for tool in declared if tool.get("type") == "function"]
    return tuple(_parse_tool(tool, instructions) for tool in functions)


def examples(text: str) -> tuple[str, ...]:
    """Return the things a description names after "such as", "knows" and the like."""
    found: list[str] = []
    for listed in _EXAMPLES.findall(text):
        for piece in re.split(r",|\bor\b|\band\b", listed):
            thing = ENGLISH.article.sub("", piece.strip())
            if thing and len(thing.split()) <= _EXAMPLE_WORDS:
                found.append(thing)
    return tuple(dict.fromkeys(found))[:_MOST_EXAMPLES]


def _parse_tool(tool: Mapping[str, Any], instructions: str) -> Tool:
    schema = tool.get("parameters")
    schema = schema if isinstance(schema, dict) else {}
    properties = schema.get("properties")
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    parameters = [
        _parse_parameter(name, value, name in required)
        for name, value in (properties if isinstance(properties, dict) else {}).items()
        if isinstance(value, dict)
    ]
    description = tool.get("description") or ""
    for index, parameter in enumerate(parameters):
        if parameter.kind == "string" and parameter.required and not parameter.choices:
            about = [s for s in sentences(instructions) if tool["name"] in s]
            text = "\n".join([description, parameter.description, *about])
            parameters[index] = replace(parameter, examples=examples(text))
            break
    return Tool(tool["name"], description, tuple(parameters), schema)


def _parse_parameter(name: str, schema: Mapping[str, Any], required: bool) -> Parameter:
    # Pydantic writes an optional argument as anyOf [type, null].
    for option in schema.get("anyOf") or schema.get("oneOf") or ():
        if isinstance(option, dict) and option.get("type") != "null":
            schema = {**option, **{k: v for k, v in schema.items() if k == "description"}}
            break
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "string")
    choices = schema.get("enum")
    return Parameter(
        name=name,
        kind=kind if isinstance(kind, str) else "string",
        description=str(schema.get("description") or ""),
        choices=tuple(str(c) for c in choices if c is not None)
        if isinstance(choices, list)
        else (),
        required=required,
    )


def best_fit(tools: tuple[Tool, ...], said: str, language: str = "en") -> Fit | None:
    """Return the function that fits best, however badly; None when there is no function.

    Words in another language than English count by the meanings the mind knows, and by the words
    of the function's description if that is in the same language.
    """
    fits = [_fit(tool, said, language) for tool in tools]
    return max(fits, key=lambda fit: fit.score, default=None)


def _fit(tool: Tool, said: str, language: str) -> Fit:
    words = set(meanings(said, language))
    name = set(meanings(tool.name))
    description = _about(tool.description, language)
    score = 2.75 * len(words & name) + 1.0 * len((words & description) - name)
    certain = bool((words & name) - {"where"})
    if "where" in words and "where" in name | description:
        score += 0.5
    for parameter in tool.parameters:
        about = _about(f"{parameter.name} {parameter.description}", language)
        score += 0.5 * len((words & about) - name - description)
        if choose(parameter.named, said, language) is not None:
            score += 2.5
            certain = True
    if words and words <= name | description:
        score += 1.0
    arguments, missing = fill(tool, said, language)
    return Fit(tool, score, certain, arguments, missing)


def _about(text: str, language: str) -> set[str]:
    """Return the meanings of a description: it may be in English or in the visitor's language."""
    found = set(meanings(text))
    return found if language == ENGLISH.code else found | set(meanings(text, language))


def fill(tool: Tool, said: str, language: str = "en") -> tuple[dict[str, Any], Parameter | None]:
    """Return the arguments the words give, and the first required one they do not."""
    arguments: dict[str, Any] = {}
    missing: Parameter | None = None
    counted = numbers(said, language)
    for parameter in tool.parameters:
        value = _value(parameter, said, counted, language)
        if value is not None:
            arguments[parameter.name] = value
        elif parameter.required and missing is None:
            missing = parameter
    return arguments, missing


def _value(parameter: Parameter, said: str, counted: list[float], language: str) -> Any:
    if parameter.choices:
        return choose(parameter.choices, said, language)
    about = _about(f"{parameter.name} {parameter.description}", language)
    if parameter.kind in ("integer", "number"):
        if not counted:
            return None
        number = counted.pop(0)
        return int(number) if parameter.kind == "integer" else number
    if parameter.kind == "boolean":
        mentioned = bool(about & set(meanings(said, language)))
        return True if mentioned else (False if parameter.required else None)
    if parameter.kind == "array":
        return [noun_phrase(said, language)] if parameter.required else None
    if parameter.kind == "object":
        return {} if parameter.required else None
    if split_words(parameter.name)[-1:] in (["date"], ["day"]):
        days = {day: day for day in (*_DAYS, "today", "tomorrow")} | tongue_of(language).days
        day = next((days[w] for w in split_words(said) if w in days), None)
        return day or ("today" if parameter.required else None)
    if not parameter.required and "language" in split_words(parameter.name):
        return None
    if not parameter.required and not _speaks_of(parameter):
        return None
    phrase = noun_phrase(said, language)
    # A whole sentence is no name: "I am hungry" means the example it fits best.
    whole = split_words(phrase) == split_words(said)
    return (choose(parameter.examples, said, language) or phrase) if whole else phrase


def _speaks_of(parameter: Parameter) -> bool:
    """Whether an optional text argument is the subject of the question itself."""
    return parameter.name in (
        "query",
        "question",
        "place",
        "destination",
        "topic",
        "search",
        "text",
    )


def choose(choices: tuple[str, ...], said: str, language: str = "en") -> str | None:
    """Return the choice that the words name best, or None.

    Every word of a choice said counts more than some; of two equal ones the first is taken.
    """
    words = set(meanings(said, language)) | {meaning(w) for w in split_words(said)}
    best: tuple[float, int] = (0.0, 0)
    found: str | None = None
    for choice in choices:
        wanted = [m for m in meanings(choice) if m not in _ASIDE] or meanings(choice)
        if not wanted:
            wanted = [meaning(w) for w in split_words(choice)]
        hits = sum(1 for word in wanted if word in words)
        if not hits and language != ENGLISH.code:
            # The choices may be in the visitor's language: "Toiletten" is a toilet there.
            wanted = meanings(choice, language) or wanted
            hits = sum(1 for word in wanted if word in words)
        if not hits:
            continue
        rank = (hits / len(wanted), hits)
        if rank > best and (rank[0] >= 0.5):
            best, found = rank, choice
    return found


def noun_phrase(said: str, language: str = "en") -> str:
    """Return what a question is about: "Roman coins" of "Where are the Roman coins, please?"."""
    last = re.split(r"(?<=[.!?])\s+", said.strip())[-1]
    text = re.sub(r"[?!.,;:]+", "", last).strip()
    tongue = tongue_of(language)
    # The patterns have no accents; what is left keeps them.
    found = tongue.before_noun.match(bare(text))
    text = text[found.end() :] if found else text
    found = tongue.after_noun.search(bare(text))
    text = text[: found.start()] if found else text
    found = tongue.article.match(bare(text))
    text = text[found.end() :] if found else text
    return text.strip() or said.strip()


def bare(text: str) -> str:
    """Return a text without accents, each character still at its place."""
    bare = text.replace("\u2019", "'")
    return "".join(unicodedata.normalize("NFD", char)[0] for char in bare)


def describe_output(output: str, language: str = "en") -> str:
    """Return what a function gave back as something that can be said.

    Text is said as it is; of a JSON object its say, text, answer or message; lists are read out.
    """
    try:
        value = json.loads(output)
    except (ValueError, RecursionError):
        value = output
    words = tongue_of(language).sentences
    text = _readable(value, words).strip()
    if len(text) > _LONGEST_ANSWER:
        text = text[:_LONGEST_ANSWER].rsplit(" ", 1)[0] + "…"
    if not text:
        return words.done
    return text if text[-1] in ".!?…" else text + "."


def _readable(value: Any, words: Sentences) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return words.yes if value else words.no
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        entries = [_entry(element, words) for element in value[:5]]
        rest = words.and_more.format(count=len(value) - 5) if len(value) > 5 else ""
        return as_list([e for e in entries if e], words.and_word) + rest or words.nothing
    for key in ("say", "speech", "text", "answer", "message", "summary"):
        if isinstance(value.get(key), str) and value[key].strip():
            return str(value[key])
    if "error" in value:
        return words.failed
    for key in ("result", "results", "items", "events", "content"):
        if value.get(key):
            return _readable(value[key], words)
    parts = [
        f"{str(key).replace('_', ' ')} {words.is_word} {_readable(inner, words)}"
        for key, inner in value.items()
        if isinstance(inner, (str, int, float)) and not str(key).endswith(("id", "_at", "url"))
    ]
    text = as_list(parts[:6], words.and_word)
    return text[:1].upper() + text[1:]


def _entry(value: Any, words: Sentences) -> str:
    if not isinstance(value, dict):
        return _readable(value, words)
    name = next((str(value[k]) for k in ("say", "title", "name", "summary") if value.get(k)), "")
    when = next((str(value[k]) for k in ("when", "time", "start", "at") if value.get(k)), "")
    return f"{name} {words.at_word} {when}" if name and when else name or _readable(value, words)


def _bare_verb(word: str) -> str:
    """Return "show" for "Shows"; words that are no third person stay as they are."""
    lower = plain(word)
    if lower.endswith(("ches", "shes", "sses")):
        return lower[:-2]
    if lower.endswith("s") and not lower.endswith(("ss", "us", "is")):
        return lower[:-1]
    return lower
