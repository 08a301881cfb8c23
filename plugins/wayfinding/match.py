"""Which place somebody means: other names, other languages, misspelt or misheard words."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from .plan import Exhibit, Place, Plan

LONGEST: Final = 120
"""Characters looked at: a place is a few words, whatever else came along."""
CLOSE: Final = 0.77
"""How alike a misspelt word must be, 0 to 1; below it `car` and `bar` begin to meet."""
_LEAST_LETTERS: Final = 4

# Words around the place in "where is the nearest restroom, please".
_FILLER_WORDS: Final = """
a an the to is are where wheres s how do does i we you can could get go find show me us my our your
please nearest closest next some any for of in on at there here way route
wo ist sind der die das den dem des ein eine einen einer zum zur zu nach bitte nachste nachsten
hier gibt es finde ich wir komme kommen wie weg mir im am
"""
_FILLER: Final = frozenset(_FILLER_WORDS.split())
# Arabic writes "the", "to the" and "and the" as one word with what follows.
_ARTICLE: Final = re.compile(r"^(?:[\u0648\u0641\u0628\u0643]?\u0627\u0644|\u0644\u0644)(?=\w{3})")
# Chinese and Japanese have no spaces: a place is somewhere in the sentence.
_SPACELESS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Match:
    """A place that may be meant; with what is to be seen there, when that was asked for."""

    place: Place
    exhibit: Exhibit | None = None


def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text without accents, case and fillers."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST].casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = [_ARTICLE.sub("", word) for word in re.findall(r"[^\W_]+", bare)]
    return tuple(word for word in words if word not in _FILLER) or tuple(words)


# Of the plan's own words only: what visitors say is not to be kept.
_known = lru_cache(maxsize=4096)(tokens)


def find_places(plan: Plan, asked: str) -> list[Match]:
    """Return every place that fits best (the caller takes the nearest), or none."""
    wanted = tokens(asked)
    if not wanted:
        return []
    # Comparing letters takes long, and says nothing where a name was said as it is.
    for score in (_said, _alike):
        found: list[tuple[float, Match]] = []
        for place in plan.places:
            scores = [score(wanted, _known(phrase)) for phrase in _phrases(place)]
            found.append((max(scores, default=0.0), Match(place)))
            for exhibit in place.exhibits:
                words = (word for group in exhibit.words.values() for word in group)
                scores = [score(wanted, _known(word)) for word in words]
                found.append((max(scores, default=0.0), Match(place, exhibit)))
        best = max((fit for fit, _ in found), default=0.0)
        if best > 0:
            return [match for fit, match in found if fit == best]
    return []


def _phrases(place: Place) -> Sequence[str]:
    return [*place.name.values(), *(word for group in place.words.values() for word in group)]


def _said(wanted: tuple[str, ...], known: tuple[str, ...]) -> float:
    """Return how much of a phrase was said: 3 is the same words, 2 contains them, else 0."""
    if wanted == known:
        return 3.0
    if _contains(wanted, known):
        # The longer phrase says more: "gift shop" beats "shop" in "the big gift shop".
        return 2.0 + min(0.9, len("".join(known)) / 100)
    return 1.5 if _contains(known, wanted) else 0.0


def _contains(longer: tuple[str, ...], shorter: tuple[str, ...]) -> bool:
    width, word = len(shorter), "".join(shorter)
    if len(word) > 1 and _SPACELESS.search(word):
        return word in "".join(longer)
    return width > 0 and any(
        longer[start : start + width] == shorter for start in range(len(longer) - width + 1)
    )


def _alike(wanted: tuple[str, ...], known: tuple[str, ...]) -> float:
    """Return how alike misspelt words are, 0 to 1; 0 below `CLOSE`."""
    one, other = "".join(wanted), "".join(known)
    if min(len(one), len(other)) < _LEAST_LETTERS:
        return 0.0
    whole = difflib.SequenceMatcher(None, one, other).ratio()
    pieces = [whole]
    if len(known) == 1:
        # One misspelt word among others: "that elevater over there".
        pieces += [
            difflib.SequenceMatcher(None, word, other).ratio() - 0.01
            for word in wanted
            if len(word) >= _LEAST_LETTERS
        ]
    best = max(pieces)
    return best if best >= CLOSE else 0.0
