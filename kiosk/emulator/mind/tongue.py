"""What the built-in mind has in each language: words it understands, sentences it says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sentences:
    """Everything the mind says of its own; {names} are filled in."""

    not_caught: str
    welcome: str
    welcome_to: str
    introduce: str
    goodbye: str
    welcome_goodbye: str
    nudge: str
    thanks: str
    self: str
    how: str
    unknown: str
    ask_else: str
    offer: str
    offer_in_other_words: str
    which: str
    which_of: str
    not_known: str
    foreign_fact: str
    done: str
    yes: str
    no: str
    nothing: str
    and_more: str
    failed: str
    is_word: str
    at_word: str
    or_word: str
    and_word: str
    name_noted: str
    your_name: str
    name_unknown: str
    you_asked: str
    nothing_asked: str


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language. Patterns are searched in small letters without accents."""

    code: str
    sentences: Sentences
    stopwords: frozenset[str]
    meanings: dict[str, str]
    """Word, or stem followed by *, to the English word that stands for its meaning."""
    numbers: dict[str, str]
    days: dict[str, str]
    """Words for days to the English ones, which functions usually take."""
    way: re.Pattern[str]
    """Asks where something is without a word that says so."""
    small_talk: tuple[tuple[re.Pattern[str], str], ...]
    """What is no question: bye, thanks, self, how, offer, again, my_name, asked; in that order."""
    hello: re.Pattern[str]
    follow_up: re.Pattern[str]
    conjunction: re.Pattern[str]
    """Where a second request may begin."""
    before_noun: re.Pattern[str]
    article: re.Pattern[str]
    after_noun: re.Pattern[str]
    name_given: re.Pattern[str]
    """Searched in the words as they were said; its group is a name."""
    stems: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Take the stems out of `meanings`, longest first."""
        stems = [(word[:-1], sense) for word, sense in self.meanings.items() if word[-1] == "*"]
        object.__setattr__(self, "stems", tuple(sorted(stems, key=lambda entry: -len(entry[0]))))

    def sense(self, word: str) -> str:
        """Return what a word of this language means, in English, or "" when it is not known."""
        if word in self.meanings:
            return self.meanings[word]
        return next((sense for stem, sense in self.stems if word.startswith(stem)), "")


def senses(table: str) -> dict[str, str]:
    """Return the meanings of lines such as "toilet: toilette* klo wc"."""
    found: dict[str, str] = {}
    for line in table.strip().splitlines():
        sense, _, words = line.partition(":")
        found.update(dict.fromkeys(words.split(), sense.strip()))
    return found


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(words.split())


def counted(words: str) -> dict[str, str]:
    """Return number words, given in order from zero on, to their digits."""
    return {word: str(value) for value, word in enumerate(words.split())}


def any_case(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern that does not care about case."""
    return re.compile(pattern, re.IGNORECASE)
