"""Whatever a plugin of the museum says, it says in every language that the screen has."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from string import Formatter
from typing import Any, Final

import pytest

from kiosk.i18n import Texts
from kiosk.paths import demo_plugins

LANGUAGES: Final = frozenset(Texts.load().languages)
FOLDER: Final = demo_plugins()
OF_GRAMMAR: Final[Mapping[str, frozenset[str]]] = {
    # A verb that some languages have no use for, and a subject that others repeat.
    "is_are": frozenset({"here", "near", "this_floor", "other_floor"}),
    "said": frozenset({"end"}),
}
"""Placeholders that a sentence may have or leave out, by language."""
MAY_BE_EMPTY: Final = ("join", "space", "is_are", "that_is")


def wordings() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Find everything that is written by language: in the plugins' modules and in their data."""
    for path in sorted(FOLDER.rglob("*.py")):
        parts = path.relative_to(FOLDER).with_suffix("").parts
        module = importlib.import_module(".".join(("plugins", *parts)).removesuffix(".__init__"))
        for name, value in vars(module).items():
            if isinstance(value, Mapping) and "en" in value:
                yield f"{module.__name__}.{name}", value
    for path in sorted(FOLDER.rglob("*.toml")):
        yield from _in(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


def _in(value: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, dict):
        if "en" in value:
            yield where, value
        for key, item in value.items():
            yield from _in(item, f"{where}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _in(item, f"{where}.{number}")


def sentences(words: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the sentences of one language with their keys; a list may have any number of them."""
    if is_dataclass(words) and not isinstance(words, type):
        words = asdict(words)
    if isinstance(words, Mapping):
        for name, item in words.items():
            yield from sentences(item, f"{key}.{name}".strip("."))
    elif isinstance(words, tuple):
        for number, item in enumerate(words):
            yield from sentences(item, f"{key}.{number}")
    elif isinstance(words, str):
        yield key, words


FOUND: Final = dict(wordings())


def placeholders(key: str, text: str) -> set[str]:
    names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    field = key.partition(".")[0]
    return {name for name in names if field not in OF_GRAMMAR.get(name, ())}


def test_the_words_are_found() -> None:
    plugins = {name.split(".")[1] for name in FOUND if name.startswith("plugins.")}
    assert plugins >= {
        "lobby_greeting", "opening_hours", "staff_handoff", "survey", "take_away", "wayfinding",
    }  # fmt: skip
    assert len(LANGUAGES) > 5


@pytest.mark.parametrize("name", FOUND)
def test_they_are_there_in_every_language(name: str) -> None:
    assert LANGUAGES - FOUND[name].keys() == set()


@pytest.mark.parametrize("name", [name for name in FOUND if name.startswith("plugins.")])
def test_every_language_has_the_same_sentences_and_placeholders(name: str) -> None:
    english = dict(sentences(FOUND[name]["en"]))
    for language in LANGUAGES:
        others = dict(sentences(FOUND[name][language]))
        assert others.keys() == english.keys(), language
        for key, text in others.items():
            if key == "asks":
                continue  # an expression, whose braces are its own
            assert placeholders(key, text) == placeholders(key, english[key]), (language, key)
            assert text.strip() or key.startswith(MAY_BE_EMPTY), (language, key)
