"""Tests of the visitor's sentences: fallback, site overrides, and that every key used exists."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from kiosk.errors import SettingsError
from kiosk.i18n import Texts

ROOT = Path(__file__).parents[2]
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
PAGES = ("base.html", "kiosk.html", "error.html", "_macros.html", "_portrait.html")
NINE = ("en", "ar", "de", "es", "fr", "ja", "pt", "uk", "zh")
# Words that are the same in English and another language, and not forgotten.
EVERYWHERE = {"keyboard.katakana", "notice.seconds"}
SAME = {
    ("de", "card.label"), ("de", "options.contrast.normal"), ("de", "options.text.normal"),
    ("es", "form.no"), ("es", "options.contrast.normal"), ("es", "options.text.normal"),
    ("fr", "captions.avatar"), ("fr", "options.contrast.normal"), ("fr", "options.open"),
    ("fr", "options.volume"), ("fr", "stop.label"),
    ("pt", "options.contrast.normal"), ("pt", "options.text.normal"), ("pt", "options.volume"),
}  # fmt: skip
SCRIPTS = {"ar": "ARABIC", "uk": "CYRILLIC", "zh": "CJK", "ja": "HIRAGANA|KATAKANA|CJK"}
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


def width(text: str) -> int:
    """How much room a text takes: Chinese and Japanese characters are wide, marks are nothing."""
    return sum(
        2 if unicodedata.east_asian_width(one) in "WF" else 0 if unicodedata.combining(one) else 1
        for one in text
    )


def every(texts: Texts, language: str) -> dict[str, str]:
    """Every sentence of a language, those for children under names of their own."""
    usual, children = texts.screen(language), texts.screen(language, "children")
    return usual | {
        f"{key} (children)": text for key, text in children.items() if text != usual[key]
    }


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize("language", NINE)
def test_nine_languages_are_complete_with_the_same_placeholders(language: str) -> None:
    texts = Texts.load()
    assert set(texts.languages) == set(NINE)
    assert texts.missing(language) == ()
    english = every(texts, "en")
    for key, text in every(texts, language).items():
        assert placeholders(text) == placeholders(english.get(key, english[key.split()[0]])), key
        assert text == text.strip(), key


@pytest.mark.parametrize("language", NINE[1:])
def test_no_english_is_left_over_and_no_label_outgrows_its_button(language: str) -> None:
    texts = Texts.load()
    english = every(texts, "en")
    for key, text in every(texts, language).items():
        same = english.get(key, english[key.split()[0]])
        words = re.sub(r"\{\w*\}", "", text)
        if any(one.isalpha() for one in words) and (language, key) not in SAME:
            assert text != same or key in EVERYWHERE, key
        # A label may be twice as long as in English; a very short one a little more.
        assert width(text) <= max(2 * width(same), width(same) + 12), (key, text)


@pytest.mark.parametrize(("language", "script"), SCRIPTS.items())
def test_other_scripts_are_written_in_their_script(language: str, script: str) -> None:
    for key, text in every(Texts.load(), language).items():
        names = [unicodedata.name(one, "") for one in re.sub(r"\{\w*\}", "", text)]
        assert any(re.match(script, name) for name in names), (key, text)


def test_arabic_uses_its_own_punctuation() -> None:
    for key, text in every(Texts.load(), "ar").items():
        assert not re.search(r"[?,;]", text), (key, text)


def test_a_regional_language_falls_back_to_its_base_then_to_english() -> None:
    texts = Texts.load()
    assert texts.best("de-AT") == "de"
    assert texts.best("DE_at") == "de"
    assert texts.best("xx-YY") == "en"
    assert texts.get("de-AT", "talk.done") == "Fertig"
    assert texts.get("it", "talk.done") == "Done"


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
    texts = Texts.load()
    assert used <= texts.screen("en").keys() | texts.part("en", "erase.").keys()


def test_every_key_the_pages_use_exists() -> None:
    english = Texts.load().screen("en")
    templates = "".join((ROOT / "templates" / name).read_text(encoding="utf-8") for name in PAGES)
    scripts = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "kiosk/static/kiosk").rglob("*.js")
    )
    used = set(re.findall(r'(?:say|label)\(page, "([a-z_.]+)"', templates))
    used |= set(re.findall(r'data-(?:text|label|placeholder)="([a-z_.]+)"', templates))
    used |= set(re.findall(r'texts\.get\(\s*"([a-z_.]+)"', scripts))
    used = {key for key in used if not key.endswith(".")}
    assert len(used) > 40
    assert used <= english.keys(), used - english.keys()


def test_a_site_overrides_a_sentence_and_adds_a_language(tmp_path: Path) -> None:
    write(tmp_path, "en", attract__title="Ask about the ships")
    write(tmp_path, "it", attract__start="Tocca per iniziare")
    write(tmp_path, "pt-BR", options__open="Ajustes")
    texts = Texts.load([tmp_path])
    assert texts.get("en", "attract.title") == "Ask about the ships"
    assert texts.get("en", "talk.done") == "Done"
    assert set(texts.languages) == {*NINE, "it", "pt-BR"}
    assert texts.get("it", "attract.start") == "Tocca per iniziare"
    assert texts.get("it", "attract.title") == "Ask about the ships"
    assert "attract.title" in texts.missing("it")
    assert "attract.start" not in texts.missing("it")
    # What a region does not say anew, its language says; that is not missing.
    assert texts.get("pt-BR", "options.open") == "Ajustes"
    assert texts.get("pt-BR", "talk.done") == texts.get("pt", "talk.done")
    assert texts.missing("pt-BR") == ()


def test_a_fuzzy_or_empty_entry_counts_as_missing(tmp_path: Path) -> None:
    path = write(tmp_path, "it", talk__mute="Muto", talk__done="")
    path.write_text(
        path.read_text(encoding="utf-8").replace('msgid "talk.mute"', '#, fuzzy\nmsgid "talk.mute"')
    )
    texts = Texts.load([tmp_path])
    assert texts.get("it", "talk.mute") == "Mute"
    assert {"talk.mute", "talk.done"} <= set(texts.missing("it"))


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


def test_parts_that_hardly_anybody_opens_are_fetched_apart() -> None:
    texts = Texts.load()
    part = texts.part("de-AT", "service.")
    assert part["service.close"] == "Schließen"
    assert texts.get("de", "service.close") == "Schließen"
    assert not part.keys() & texts.screen("de").keys()
    assert "card.close" in texts.screen("de")


def test_a_catalogue_is_read_again_when_it_changes(tmp_path: Path) -> None:
    write(tmp_path, "de", attract__title="Guten Tag.")
    first = Texts.load([tmp_path])
    assert Texts.load([tmp_path]) is first
    write(tmp_path, "de", attract__title="Guten Abend!")
    assert Texts.load([tmp_path]).get("de", "attract.title") == "Guten Abend!"
    (tmp_path / "kiosk.de.po").unlink()
    assert Texts.load([tmp_path]).get("de", "attract.title") != "Guten Abend!"
