"""Words reduced to what they mean here: stems, synonyms, numbers; sentences cut from text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from kiosk.emulator.mind.english import ENGLISH
from kiosk.emulator.mind.tongue import Tongue
from kiosk.emulator.mind.tongues import tongue_of

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n+")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|No|e\.g|i\.e|a\.m|p\.m)\.$", re.IGNORECASE)

_STOPWORD_TEXT = """
get go come take
a about actually again all also am an and any are as at be been being but by can could did do
does doing for from had has have he her here hers hi hello hey him his how i i'd i'll i'm i've
if in into is it its it's just kindly let let's like look looking may maybe me might my need now
of off on one or our please really right shall she should so some someone something somewhere
such tell than thanks thank that that's the their them then there there's these they thing this
those to too up us very want was we were what what's when where's which who will with would you
you're your yours know today okay ok oh um uh erm excuse sorry visitor visitors museum wants
help show give much many
"""
STOPWORDS = frozenset(_WORD.findall(_STOPWORD_TEXT))
"""Words that say nothing about what is wanted."""

# Each line means one thing; its first word stands for all of them.
_SYNONYMS = """
toilet restroom bathroom washroom loo wc lavatory
cafe coffee cafeteria restaurant eat food drink lunch tea snack hungry thirsty
lift elevator
stairs staircase steps
open opening hours close closing shut opened closed
ticket admission price cost fee entry pay expensive concession
shop store giftshop souvenir gift
event happening programme program tour talk workshop
staff person human attendant colleague employee desk reception receptionist
accessible accessibility wheelchair stroller pram pushchair disabled buggy
where find way route direction directions located location map navigate reach nearest closest lost
photo photograph picture camera photography
cloakroom coat locker bag luggage
parking park car
child kid baby family toddler children
wifi internet wireless
exhibition exhibit collection display
gallery room hall
weather rain sun forecast
time clock
"""
_MEANING = {
    word: line.split()[0] for line in _SYNONYMS.strip().splitlines() for word in line.split()
}
_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
} | {"first": "1", "second": "2", "third": "3", "fourth": "4", "ground": "0"}


def plain(text: str) -> str:
    """Return lower-case text without accents, so that café and cafe are one word."""
    decomposed = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).lower()
    bare = bare.replace("\u00df", "ss").replace("\u0153", "oe").replace("\u00e6", "ae")
    return re.sub(r"\bwi[ -]fi\b", "wifi", bare)


def split_words(text: str) -> list[str]:
    """Return the words and numbers of a text, names_like_this and camelCase taken apart."""
    apart = plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
    return _WORD.findall(apart.replace("_", " ").replace("-", " "))


@lru_cache(maxsize=4096)
def meaning(word: str) -> str:
    """Return what a word stands for: its synonym group's name or its stem."""
    if word in _MEANING:
        return _MEANING[word]
    stem = _stem(word)
    return _MEANING.get(stem, stem)


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            base = word[: -len(ending)]
            return base[:-1] if len(base) > 2 and base[-1] == base[-2] else base
    return word


def meanings(text: str, language: str = "en") -> list[str]:
    """Return what the words that matter in a text stand for, in order, numbers as digits.

    Meanings are English words whatever the language, so that texts of two can be compared; words
    that the mind does not know stay as they are.
    """
    tongue = tongue_of(language)
    if tongue is not ENGLISH:
        return _foreign_meanings(text, tongue)
    words = split_words(text)
    result = [
        _NUMBERS.get(word, "") or meaning(word)
        for word in words
        if word not in STOPWORDS or (word in _NUMBERS and word != "one")
    ]
    joined = " ".join(words)
    # "How do I get to X" asks for the way although none of its words says so.
    if re.search(
        r"\b(?:get|go|walk|come) (?:\w+ )?to\b|\bwhere\b|\btake me\b|\blooking for\b", joined
    ):
        result.append("where")
    if re.search(r"\b(?:which|what)\b.*\b(?:there|have|see)\b", joined):
        result.append("list")
    if re.search(r"\bwhat(?:'?s| is) on\b", joined):
        result.append("event")
    if re.search(r"\b(?:speak|talk)\b.*\b(?:someone|somebody|person|human|staff)\b", joined):
        result = [word for word in result if word not in ("event", "speak")] + ["staff"]
    return list(dict.fromkeys(result))


def _foreign_meanings(text: str, tongue: Tongue) -> list[str]:
    found = []
    # "l'ascenseur" is two words.
    for word in split_words(plain(text).replace("'", " ")):
        sense = tongue.sense(word)
        if sense:
            found.append(meaning(sense))
        elif word not in tongue.stopwords:
            found.append(tongue.numbers.get(word, "") or meaning(word))
    if tongue.way.search(plain(text)):
        found.append("where")
    return list(dict.fromkeys(found))


def numbers(text: str, language: str = "en") -> list[float]:
    """Return the numbers said in a text, in order; number words up to twelve count."""
    found = re.findall(r"\d+(?:\.\d+)?|[a-z]+", plain(text))
    known = _NUMBERS if tongue_of(language) is ENGLISH else tongue_of(language).numbers
    spoken = (known.get(word, word) for word in found)
    return [float(word) for word in spoken if word[0].isdigit()]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, Markdown list marks removed; abbreviations do not end one."""
    result: list[str] = []
    for line in text.splitlines():
        pieces = _SENTENCE.split(re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", line.strip()))
        for piece in pieces:
            if result and pieces.index(piece) and _ABBREVIATION.search(result[-1]):
                result[-1] += " " + piece.strip()
            elif piece.strip():
                result.append(piece.strip())
    return result


def as_list(words: list[str], conjunction: str = "or") -> str:
    """Return "a, b or c"."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + f" {conjunction} {words[-1]}"
