"""Tests of the visitor's sentences: fallback, site overrides, and that every key used exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.errors import SettingsError
from kiosk.i18n import Texts

ROOT = Path(__file__).parents[2]
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
PAGES = ("base.html", "kiosk.html", "error.html", "_macros.html", "_portrait.html")
END_REASONS = (
    "visitor_left",
    "goodbye",
    "idle",
    "too_long",
    "operator",
    "kiosk_replaced",
    "upstream_lost",
    "media_failed",
    "plugin_required_failed",
    "declined",
    "shutdown",
    "error",
)
NOTICES = ("idle", "reconnecting", "text_only", "busy", "time_limit")


def write(folder: Path, language: str, **texts: str) -> Path:
    path = folder / f"kiosk.{language}.po"
    entries = (
        f'msgid "{key.replace("__", ".")}"\nmsgstr "{text}"\n' for key, text in texts.items()
    )
    path.write_text(HEADER + "\n".join(entries), encoding="utf-8")
    return path


def test_ships_english_and_german_and_german_is_complete() -> None:
    texts = Texts.load()
    assert texts.languages == ("en", "de")
    assert texts.missing("de") == ()
    assert texts.get("de", "attract.start") != texts.get("en", "attract.start")


def test_a_regional_language_falls_back_to_its_base_then_to_english() -> None:
    texts = Texts.load()
    assert texts.best("de-AT") == "de"
    assert texts.best("DE_at") == "de"
    assert texts.best("xx-YY") == "en"
    assert texts.get("de-AT", "talk.done") == "Fertig"
    assert texts.get("ja", "talk.done") == "Done"


def test_placeholders_are_filled() -> None:
    assert Texts.load().get("en", "notice.seconds", seconds=9) == "9 s"


def test_an_unknown_key_is_a_mistake_in_code_and_a_found_one_may_fall_back() -> None:
    texts = Texts.load()
    with pytest.raises(KeyError, match=r"no\.such\.key"):
        texts.get("en", "no.such.key")
    assert texts.find("en", "error.invented", "error.other") == texts.get("en", "error.other")
    assert texts.find("en", "error.busy", "error.other") == texts.get("en", "error.busy")


def test_every_key_is_there_for_the_server() -> None:
    english = Texts.load().screen("en")
    wanted = {f"ended.{reason}" for reason in END_REASONS} | {f"notice.{code}" for code in NOTICES}
    assert wanted <= english.keys()


def test_every_key_the_server_says_exists() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "kiosk").rglob("*.py"))
    used = set(re.findall(r'ctx\.text\(\s*"([a-z_.]+)"', sources))
    assert used <= Texts.load().screen("en").keys()


def test_every_key_the_pages_use_exists() -> None:
    english = Texts.load().screen("en")
    templates = "".join((ROOT / "templates" / name).read_text(encoding="utf-8") for name in PAGES)
    scripts = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "kiosk/static/kiosk").glob("*.js")
    )
    used = set(re.findall(r'(?:say|label)\(page, "([a-z_.]+)"', templates))
    used |= set(re.findall(r'data-(?:text|label|placeholder)="([a-z_.]+)"', templates))
    used |= set(re.findall(r'texts\.get\(\s*"([a-z_.]+)"', scripts))
    used = {key for key in used if not key.endswith(".")}
    assert len(used) > 40
    assert used <= english.keys(), used - english.keys()


def test_a_site_overrides_a_sentence_and_adds_a_language(tmp_path: Path) -> None:
    write(tmp_path, "en", attract__title="Ask about the ships")
    write(tmp_path, "pt-BR", attract__start="Toque para começar")
    texts = Texts.load([tmp_path])
    assert texts.get("en", "attract.title") == "Ask about the ships"
    assert texts.get("en", "talk.done") == "Done"
    assert texts.languages == ("en", "de", "pt-BR")
    assert texts.get("pt-BR", "attract.start") == "Toque para começar"
    assert texts.get("pt-BR", "attract.title") == "Ask about the ships"
    assert "attract.title" in texts.missing("pt-BR")
    assert "attract.start" not in texts.missing("pt-BR")


def test_a_fuzzy_or_empty_entry_counts_as_missing(tmp_path: Path) -> None:
    path = write(tmp_path, "fr", talk__mute="Muet", talk__done="")
    path.write_text(
        path.read_text(encoding="utf-8").replace('msgid "talk.mute"', '#, fuzzy\nmsgid "talk.mute"')
    )
    texts = Texts.load([tmp_path])
    assert texts.get("fr", "talk.mute") == "Mute"
    assert {"talk.mute", "talk.done"} <= set(texts.missing("fr"))


def test_an_english_site_file_may_add_keys_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "en", wayfinding__title="The way")
    write(tmp_path, "de", wayfinding__title="Der Weg")
    assert Texts.load([tmp_path]).get("de", "wayfinding.title") == "Der Weg"


@pytest.mark.parametrize(
    ("language", "texts", "sentence"),
    [
        ("de", {"attract__titel": "Hallo"}, "`attract.titel` has no English sentence"),
        ("de", {"notice__seconds": "{minutes} min"}, "`notice.seconds` uses {minutes}"),
        ("de", {"talk__done": "Fertig }"}, "`talk.done` has a brace without its partner"),
        ("klingon", {"talk__done": "rIn"}, "the language `klingon` in the file's name"),
    ],
)
def test_a_wrong_site_file_is_one_clear_sentence(
    tmp_path: Path, language: str, texts: dict[str, str], sentence: str
) -> None:
    path = write(tmp_path, language, **texts)
    with pytest.raises(SettingsError) as caught:
        Texts.load([tmp_path])
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_po_file_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.fr.po"
    path.write_text("this is not a catalogue\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=re.escape(str(path))):
        Texts.load([tmp_path])
    with pytest.raises(SettingsError, match="does not exist"):
        Texts.load([tmp_path / "nowhere"])


def test_languages_are_named_in_themselves_with_their_direction() -> None:
    assert Texts.describe("de") == ("de", "Deutsch", "ltr")
    assert Texts.describe("ar").dir == "rtl"
    with pytest.raises(SettingsError, match="klingon"):
        Texts.describe("klingon")


def test_a_wording_goes_first_in_its_own_language_only() -> None:
    texts = Texts(
        {
            "en": {"a": "Hello", "a.children": "Hi", "b": "Goodbye", "b.children": "Bye"},
            "de": {"a": "Guten Tag", "b": "Auf Wiedersehen", "b.children": "Tschüss"},
        }
    )
    assert texts.get("en", "a") == "Hello"
    assert texts.get("en", "a", wording="children") == "Hi"
    assert texts.get("de", "a", wording="children") == "Guten Tag"
    assert texts.get("de", "b", wording="children") == "Tschüss"
    assert texts.screen("de") == {"a": "Guten Tag", "b": "Auf Wiedersehen"}
