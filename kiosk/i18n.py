"""Every sentence said to a visitor, by language and key, read once at start from .po files."""

from __future__ import annotations

import functools
import string
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from babel.core import Locale, UnknownLocaleError
from babel.messages.pofile import PoFileError, read_po

from kiosk import paths
from kiosk.errors import SettingsError

SOURCE_LANGUAGE: Final = "en"
"""The language that defines the keys, and the last one asked."""

STANDARD: Final = "standard"
WORDINGS: Final = (STANDARD, "children")
"""For whom sentences are worded; all but the first are suffixes of keys."""

_PREFIX: Final = "kiosk."
_SUFFIX: Final = ".po"
_RARE: Final = ("service.", "pairing.", "erase.")
"""Keys that the page does not carry."""


class LanguageName(NamedTuple):
    """A language as a visitor sees it: its code, its name in itself, `ltr` or `rtl`."""

    code: str
    name: str
    dir: str


class _File(NamedTuple):
    """A catalogue as it is on the disk now; another one when it changes."""

    path: Path
    mtime_ns: int
    size: int


class Texts:
    """The catalogues of all languages. Immutable after `load`; reading one is a dict lookup."""

    def __init__(self, catalogues: Mapping[str, Mapping[str, str]]) -> None:
        self._catalogues = {code: dict(texts) for code, texts in catalogues.items()}
        self._merged = {
            (code, wording): self._merge(code, wording)
            for code in self._catalogues
            for wording in WORDINGS
        }
        self._screens = {
            which: {key: text for key, text in texts.items() if not key.startswith(_RARE)}
            for which, texts in self._merged.items()
        }

    @classmethod
    def load(cls, site_dirs: Sequence[Path] = ()) -> Texts:
        """Read `kiosk.<language>.po` of the product, then of each site folder, the later winning.

        A site may change a sentence or add a language; a key it lacks falls back. Raises
        SettingsError, naming file and key, for a file that is not a .po, a language code that
        does not exist, a key English does not have, and a placeholder English does not fill.
        """
        files: list[_File] = []
        for folder in (paths.LOCALE, *site_dirs):
            if not folder.is_dir():
                raise SettingsError(
                    f"The folder of screen texts {folder} does not exist; create it or remove it "
                    "from the settings."
                )
            for path in sorted(folder.glob(f"{_PREFIX}*{_SUFFIX}"), key=_source_first):
                found = path.stat()
                files.append(_File(path, found.st_mtime_ns, found.st_size))
        return _loaded(tuple(files))

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes there is a catalogue for, English first, the others by code."""
        others = sorted(code for code in self._catalogues if code != SOURCE_LANGUAGE)
        return (SOURCE_LANGUAGE, *others)

    def get(self, language: str, key: str, *, wording: str = STANDARD, **values: object) -> str:
        """Return the sentence for `key`, with `{name}` replaced from `values`.

        `de-AT` falls back to `de`, then to English; in the wording `children` a sentence
        `key.children` goes first. Raises KeyError for a key that English does
        not have: that is a mistake in code, which the tests find.
        """
        text = self._merged[self.best(language), wording][key]
        return text.format(**values) if values else text

    def find(self, language: str, key: str, fallback: str) -> str:
        """Return the sentence for `key`, or the one for the key `fallback` when there is none."""
        texts = self._merged[self.best(language), STANDARD]
        return texts.get(key) or texts[fallback]

    def screen(self, language: str, wording: str = STANDARD) -> dict[str, str]:
        """Return the sentences of the screen in `language`, filled in from its fallbacks.

        Those of parts that hardly anybody opens are left out; the page fetches them by `part`.
        """
        return self._screens[self.best(language), wording]

    def part(self, language: str, prefix: str) -> dict[str, str]:
        """Return the sentences whose key begins with `prefix`."""
        texts = self._merged[self.best(language), STANDARD]
        return {key: text for key, text in texts.items() if key.startswith(prefix)}

    def best(self, language: str) -> str:
        """Return the code of the catalogue that serves `language`: itself, its base, or English."""
        wanted = language.replace("_", "-").lower()
        known = {code.lower(): code for code in self._catalogues}
        while wanted:
            if wanted in known:
                return known[wanted]
            wanted = wanted.rpartition("-")[0]
        return SOURCE_LANGUAGE

    def missing(self, language: str) -> tuple[str, ...]:
        """Return the keys that are shown in English for `language`, sorted; empty for a full one.

        What `de-AT` takes from `de` is not missing, nor is a sentence for children where there is
        the usual one.
        """
        parts = language.replace("_", "-").split("-")
        have: set[str] = set()
        for length in range(1, len(parts) + 1):
            have |= self._catalogues.get("-".join(parts[:length]), {}).keys()
        lacking = self._catalogues[SOURCE_LANGUAGE].keys() - have
        return tuple(sorted(key for key in lacking if _plain(key) not in have))

    @staticmethod
    @functools.cache
    def describe(language: str) -> LanguageName:
        """Name a language in itself, such as `Deutsch`, with its writing direction.

        Kept, and asked for at start for every language of the site: Babel reads a file for each.
        Raises SettingsError for a code that no language has.
        """
        return _described(language)

    def _merge(self, code: str, wording: str) -> dict[str, str]:
        merged: dict[str, str] = {}
        parts = code.split("-")
        steps = ("-".join(parts[:length]) for length in range(1, len(parts) + 1))
        for step in dict.fromkeys((SOURCE_LANGUAGE, *steps)):
            texts = self._catalogues.get(step, {})
            # Language by language: a plain sentence in the visitor's own language is better than
            # an English one for children.
            merged.update((key, text) for key, text in texts.items() if not _suffix(key))
            merged.update(
                (key.removesuffix(f".{wording}"), text)
                for key, text in texts.items()
                if _suffix(key) == wording
            )
        return merged


@lru_cache(maxsize=8)
def _loaded(files: tuple[_File, ...]) -> Texts:
    # Kept: parsing nine languages is most of what a server's start costs, and a process that
    # tests a site, or loads it anew, starts many.
    catalogues: dict[str, dict[str, str]] = {}
    for path, _, _ in files:
        texts = _read(path)
        catalogues.setdefault(_language_of(path), {}).update(texts)
        _check(path, texts, catalogues[SOURCE_LANGUAGE])
    for code in catalogues:
        # Babel reads files to name a language; a visit must not wait for a disk.
        Texts.describe(code)
    return Texts(catalogues)


@lru_cache(maxsize=256)
def _described(language: str) -> LanguageName:
    locale = _locale(language, f"The language `{language}`")
    name = locale.get_display_name(locale) or language
    direction = "rtl" if locale.character_order == "right-to-left" else "ltr"
    return LanguageName(language, name[:1].upper() + name[1:], direction)


def _suffix(key: str) -> str:
    """Return the wording that a key is for, or nothing for the standard one."""
    last = key.rpartition(".")[2]
    return last if last in WORDINGS[1:] else ""


def _plain(key: str) -> str:
    """Return the key without its wording."""
    wording = _suffix(key)
    return key.removesuffix(f".{wording}") if wording else key


def _source_first(path: Path) -> tuple[bool, str]:
    return (path.name != f"{_PREFIX}{SOURCE_LANGUAGE}{_SUFFIX}", path.name)


def _language_of(path: Path) -> str:
    code = path.name[len(_PREFIX) : -len(_SUFFIX)]
    _locale(code, f"{path}: the language `{code}` in the file's name")
    return code


def _locale(code: str, what: str) -> Locale:
    try:
        return Locale.parse(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        raise SettingsError(f"{what} is not known; use a code such as `de` or `pt-BR`.") from None


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} is not a readable .po file: {error}; fix or remove it."
        ) from error
    texts: dict[str, str] = {}
    for message in catalogue:
        # A fuzzy or empty entry is an unfinished translation: better English than a guess.
        key, text = message.id, message.string
        if isinstance(key, str) and isinstance(text, str) and key and text and not message.fuzzy:
            texts[key] = text
    return texts


def _check(path: Path, texts: Mapping[str, str], source: Mapping[str, str]) -> None:
    for key, text in texts.items():
        if key not in source:
            raise SettingsError(
                f"{path}: `{key}` has no English sentence; correct the key or add it to "
                f"{_PREFIX}{SOURCE_LANGUAGE}{_SUFFIX}."
            )
        extra = _placeholders(path, key, text) - _placeholders(path, key, source[key])
        if extra:
            raise SettingsError(
                f"{path}: `{key}` uses {{{min(extra)}}}, which nothing fills in; remove it."
            )


def _placeholders(path: Path, key: str, text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        raise SettingsError(
            f"{path}: `{key}` has a brace without its partner; write {{{{ or }}}} for a brace."
        ) from None
