"""The site's own answers: found by words, in the visitor's language, shown without markup."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.emulator.speech.engines import Engines
from kiosk.i18n import Texts
from kiosk.testing.fixtures import MakeHarness
from plugins import faq
from plugins.faq import OWN, plain
from plugins.faq.index import FaqError, Index, sections
from plugins.faq.terms import query
from tests.unit.hooks.hooking import running


@pytest.fixture
def index() -> Index:
    made = Index(OWN, "en")
    made.refresh()
    return made


@pytest.mark.parametrize(
    ("question", "language", "title"),
    [
        ("Can I take photos?", "en", "Can I take photos?"),
        ("Is photography allowed in here?", "en", "Can I take photos?"),
        ("what does the admission cost", "en-GB", "How much is the admission?"),
        ("Darf mein Hund mit hinein?", "de", "Sind Hunde erlaubt?"),
        ("Do you have wifi", "en", "Is there Wi-Fi?"),
        ("May I bring my dog?", "en", "Are dogs allowed?"),
        ("Do I have to pay?", "en", "How much is the admission?"),
        ("Is it free for kids?", "en", "How much is the admission?"),
        ("Is there internet?", "en", "Is there Wi-Fi?"),
        ("Muss ich bezahlen?", "de", "Was kostet der Eintritt?"),
        ("Ist es für Kinder kostenlos?", "de", "Was kostet der Eintritt?"),
        ("Darf ich etwas essen?", "de", "Darf ich hier essen oder trinken?"),
        ("Wohin mit dem Rucksack?", "de", "Wo kann ich meine Tasche lassen?"),
        # Without answers in a language, those in the site's first are better than none.
        ("dogs", "it", "Are dogs allowed?"),
        ("Est-ce que je peux prendre une photo ?", "fr", "Puis-je prendre des photos\u202f?"),
        ("Où laisser mon sac à dos ?", "fr-CA", "Où puis-je laisser mon sac\u202f?"),
        ("¿Puedo entrar con mi perro?", "es", "¿Se admiten perros?"),
        ("¿Es gratis para los niños?", "es", "¿Cuánto cuesta la entrada?"),
        ("Posso tirar uma foto?", "pt", "Posso tirar fotografias?"),
        ("Qual é a palavra-passe da internet?", "pt", "Há Wi-Fi?"),
        ("Скільки коштує квиток?", "uk", "Скільки коштує вхід?"),
        ("Можна зайти з собакою?", "uk", "Чи можна з собакою?"),
        ("هل الدخول مجاني للأطفال؟", "ar", "كم سعر الدخول؟"),
        ("أين أترك حقيبة كبيرة؟", "ar", "أين يمكنني ترك حقيبتي؟"),
        ("هل التصوير مسموح؟", "ar", "هل يمكنني التقاط صور؟"),
        ("犬も一緒に入れますか", "ja", "犬を連れて入れますか？"),
        ("入場料を教えてください", "ja", "入場料はいくらですか？"),
        ("wifiはありますか", "ja", "Wi-Fiはありますか？"),
        ("请问门票要多少钱", "zh", "门票多少钱？"),
        ("我可以在这里拍照吗", "zh", "可以拍照吗？"),
        ("背包放在哪里", "zh", "我的包可以放在哪里？"),
    ],
)
def test_a_question_finds_its_passage(
    index: Index, question: str, language: str, title: str
) -> None:
    assert index.search(question, language, 3)[0].title == title


def test_nothing_is_found_by_words_that_everything_has(index: Index) -> None:
    assert index.search("What can I do here?", "en", 3) == ()
    for language, question in {
        "fr": "Qu’est-ce que je peux faire ici ?",
        "es": "¿Qué puedo hacer aquí?",
        "pt": "O que posso fazer aqui?",
        "uk": "Що тут можна?",
        "ar": "ماذا يوجد هنا؟",
        "ja": "ここはどうですか",
        "zh": "请问这里可以",
    }.items():
        assert index.search(question, language, 3) == (), language
    assert index.search("quantum chromodynamics", "en", 3) == ()


def test_every_language_of_the_screen_has_the_same_answers(index: Index) -> None:
    files = {path.name.split(".")[1]: path for path in OWN.glob("visit.*.md")}
    files["en"] = files.pop("md", OWN / "visit.md")
    found = {language: sections(path.read_text("utf-8")) for language, path in files.items()}
    assert found.keys() >= set(Texts.load().languages)
    assert {len(passages) for passages in found.values()} == {9}
    for language, passages in found.items():
        for title, text in passages:
            (best, *_) = index.search(title, language, 1)
            assert (best.title, best.language) == (title, language), "a question finds its answer"
            assert best.text == text


@given(st.text(max_size=80))
def test_no_question_is_a_mistake(question: str) -> None:
    wanted = query(question)
    assert '""' not in wanted
    assert wanted.count('"') % 2 == 0


def test_hostile_questions_search_and_find_nothing_odd(index: Index) -> None:
    for question in ('dogs" OR NEAR(', "title:dogs AND *", "^dogs", "dogs' ; DROP TABLE passages"):
        assert index.search(question, "en", 1)[0].title == "Are dogs allowed?"


def test_headings_split_and_code_is_no_heading() -> None:
    text = "lost\n# One\n\na\n```\n# not one\n```\n## Two ##\nb\n# Empty\n"
    assert sections(text) == [("One", "a\n```\n# not one\n```"), ("Two", "b")]


def test_a_passage_is_said_without_marks() -> None:
    assert plain("It is **free**.\n\n- one\n- <b>two</b> [x](https://e.example)") == (
        "It is free. one. <b>two</b> [x](https://e.example)."
    )


def test_what_changes_is_read_again_and_what_breaks_is_kept(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# Lift\nIt runs.\n", encoding="utf-8")
    made = Index(tmp_path, "en")
    assert made.refresh()
    assert not made.refresh()
    page.write_bytes(b"# Lift\n\xff\xfe broken\n")
    with pytest.raises(FaqError, match=r"a\.md is not UTF-8"):
        made.refresh()
    assert made.search("lift", "en", 1)[0].text == "It runs."
    made.close()


def test_a_folder_without_answers_stops_the_start(tmp_path: Path) -> None:
    async def start(folder: Path) -> None:
        async with running({"faq": faq}, plugins={"faq": {"folder": str(folder)}}):
            pass

    with pytest.raises(Exception, match="no Markdown file"):
        asyncio.run(start(tmp_path))
    with pytest.raises(Exception, match="is no folder"):
        asyncio.run(start(tmp_path / "none"))


async def test_a_visitor_is_answered_and_shown_the_passage(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"faq": faq})
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    await visit.type("Can I take photos here?")
    assert "photography without flash is allowed" in await visit.heard()
    card = visit.cards["answer"]
    assert card["title"] == "Can I take photos?"
    assert "<p>Yes, photography without flash" in card["html"]


async def test_a_passage_cannot_bring_markup_along(
    kiosk_harness: MakeHarness, engines: Engines, tmp_path: Path
) -> None:
    text = "# Secret\n<script>alert(1)</script>\n\n[away](https://evil.example) ![x](y)\n"
    await asyncio.to_thread((tmp_path / "a.md").write_text, text, encoding="utf-8")
    settings = {"plugins": {"faq": {"folder": str(tmp_path)}}}
    harness = await kiosk_harness(engines=engines, plugins={"faq": faq}, settings=settings)
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    await visit.type("Look up the house's own answers: secret rules?")
    await visit.heard()
    html = visit.cards["answer"]["html"]
    assert "<script" not in html
    assert "href" not in html
    assert "<img" not in html
