"""The screen's own keyboard: every layout whole, every key large enough, typed by touch alone."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, expect

from docs.card_reference import EXAMPLES
from kiosk import paths
from kiosk.signaling import messages as m
from tests.browser.screen_stage import (
    CHROMIUM,
    SOUND,
    Stage,
    chromium,
    converse,
    screen,
    state,
)
from tests.browser.test_cards import AXE, drawn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
FOLDER = paths.STATIC / "kiosk/keyboard"
LAYOUTS = sorted(path.stem for path in FOLDER.glob("*.json"))
DATA = {code: json.loads((FOLDER / f"{code}.json").read_text("utf-8")) for code in LAYOUTS}
LATIN = "abcdefghijklmnopqrstuvwxyz"
# Every letter a sentence of the language may have.
ALPHABETS = {
    "en": LATIN,
    "de": LATIN + "äöüß",
    "fr": LATIN + "éèêëàâçîïôûùüÿœæ",
    "es": LATIN + "áéíóúüñ",
    "pt": LATIN + "áàâãçéêíóôõúü",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя’",  # noqa: RUF001 - Ukrainian's own letters
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأإؤئةى",
    "ja": "".join(map(chr, range(0x3042, 0x3094))).translate(dict.fromkeys(map(ord, "ゎゐゑ"))),
    "zh": LATIN,
}
# Made by the key that adds a mark or makes small.
BY_MARKS = "ぁぃぅぇぉっゃゅょがぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽゔ"
SIZES = [(1080, 1920), (1920, 1080), (1280, 800)]
# Every layout is tried where keys are narrowest. On screens that lie down, one with fewer and
# shorter rows than these cannot go wrong: most rows, most keys, right to left, candidates.
FITTING = {1280: ("fr", "ja", "ar", "zh"), 1920: ("uk", "ja")}
PLANES = """
async (codes) => {
  const { rowsOf } = await import("/static/kiosk/keyboard/rows.js");
  const found = {};
  for (const language of codes) {
    const data = await fetch(`/static/kiosk/keyboard/${language}.json`);
    const layout = { language, ...(await data.json()) };
    found[language] = {};
    for (const wide of [false, true]) for (const plane of ["letters", "shift", "symbols"]) {
      found[language][`${plane}${wide}`] = rowsOf(layout, plane, wide).flat();
    }
  }
  return found;
}
"""
VIOLATIONS = """async () => (await axe.run(".keyboard")).violations
  .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120))}`)"""
CHOOSE = "language => document.querySelector(`[data-language=${language}]`).click()"
WRONG = """
() => {
  const keys = [...document.querySelectorAll(".keyboard .key:enabled")];
  const boxes = keys.map((key) => [key, key.getBoundingClientRect()]);
  const name = ({ dataset }) => dataset.letter ?? dataset.does;
  const wrong = [];
  for (const [key, a] of boxes) {
    if (a.width < 63.9 || a.height < 63.9) wrong.push(`${name(key)} is ${a.width} x ${a.height}`);
    if (a.left < 0 || a.right > innerWidth || a.bottom > innerHeight) {
      wrong.push(`${name(key)} is outside`);
    }
    for (const [other, b] of boxes) {
      if (other === key) continue;
      const across = Math.max(b.left - a.right, a.left - b.right);
      const gap = Math.max(across, b.top - a.bottom, a.top - b.bottom);
      if (gap < 15.9) wrong.push(`${name(key)} is ${gap} from ${name(other)}`);
    }
    if (!key.textContent.trim() && !key.ariaLabel) wrong.push(`${name(key)} has no name`);
  }
  const field = document.activeElement.getBoundingClientRect();
  const line = document.querySelector(".line:last-child").getBoundingClientRect();
  const { top } = document.querySelector(".keyboard").getBoundingClientRect();
  if (field.bottom > top || field.top < 0) wrong.push("the field is covered");
  if (line.bottom > field.top) wrong.push("the last words are covered");
  return wrong;
}
"""


async def type_by_touch(page: Page, text: str) -> None:
    """Touch the keys of a text; capitals and signs by the keys that bring them."""
    for letter in text:
        name = json.dumps(letter, ensure_ascii=False)
        place = '[data-does="space"]' if letter == " " else f"[data-letter={name}]"
        wanted = page.locator(f".keyboard .key{place}")
        for turn in ("shift", "plane", "plane"):
            other = page.locator(f'.keyboard [data-does="{turn}"]')
            if await wanted.count():
                break
            if await other.count():
                await other.tap()
        await wanted.tap()


async def choose(page: Page, language: str) -> None:
    await page.locator(f"[data-language={language}]").tap()
    await page.wait_for_selector(f"html[lang={language}]")


MEANT = {
    "nihao": "你好",
    "cesuozainali": "厕所在哪里",
    "xian": "现",
    "xi'an": "西安",
    "zhege": "这个",
    "qqq": "",
}
KANA = """
async () => {
  const { changedKana, toKatakana } = await import("/static/kiosk/keyboard/kana.js");
  const letters = Array.from({ length: 0x54 }, (_, index) => String.fromCharCode(0x3041 + index));
  return {
    reached: letters.map(changedKana).join(""),
    katakana: toKatakana("がっこう"),
    none: changedKana("ん"),
    half: changedKana("ハ"),
  };
}
"""
PINYIN = """
async (typed) => {
  const { Pinyin } = await import("/static/kiosk/keyboard/pinyin.js");
  const pinyin = await Pinyin.load("/static/kiosk/keyboard/pinyin.txt");
  return Object.fromEntries(typed.map((one) => {
    pinyin.typed = one;
    return [one, pinyin.candidates(60).map(({ text }) => text)];
  }));
}
"""


async def test_every_layout_writes_its_whole_language() -> None:
    """In one page: Chromium takes longer to start than all of this."""
    async with Stage() as stage, chromium() as browser, screen(browser, stage) as page:
        found: dict[str, dict[str, list[str]]] = await page.evaluate(PLANES, LAYOUTS)
        kana: dict[str, str] = await page.evaluate(KANA)
        meant: dict[str, list[str]] = await page.evaluate(PINYIN, [*MEANT, "lv", "z"])
    assert set(found) == set(ALPHABETS)
    for code, planes in found.items():
        has_every_letter_and_no_key_twice(code, planes)
    assert set(BY_MARKS) <= set(kana["reached"])
    assert (kana["katakana"], kana["none"], kana["half"]) == ("ガッコウ", "ん", "バ")
    assert {typed: (meant[typed] or [""])[0] for typed in MEANT} == MEANT
    assert {"率", "旅", "绿"} <= set(meant["lv"])
    assert meant["z"], "letters that begin a word offer what they may become"


def has_every_letter_and_no_key_twice(code: str, planes: dict[str, list[str]]) -> None:
    marks = DATA[code]["marks"].split(" ")
    for plane, keys in planes.items():
        shown = [*keys, *marks]
        assert len(set(shown)) == len(shown), (code, plane)
    typed = set().union(*planes.values(), marks)
    wanted = set(ALPHABETS[code]) - (set(BY_MARKS) if code == "ja" else set())
    assert wanted <= typed, (code, wanted - typed)
    assert set("0123456789@") <= typed, code
    capitals = {one.upper() for one in wanted if len(one.upper()) == 1}
    assert code == "zh" or capitals <= typed, (code, capitals - typed)


async def test_every_key_is_large_enough_and_covers_nothing() -> None:
    async with (
        Stage() as stage,
        chromium(SOUND) as browser,
        screen(browser, stage, touch=True, microphone=False) as page,
    ):
        await page.get_by_test_id("start").tap()
        await page.get_by_test_id("consent-type").tap()
        words = m.Caption(turn="1", speaker="avatar", text="The way is " + "long " * 30, final=True)
        await stage.say(m.State(state="listening", media="text"), words)
        await state(page, "listening")
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            for language in FITTING.get(width, LAYOUTS):
                await page.evaluate(CHOOSE, language)
                await page.wait_for_selector(f"html[lang={language}]")
                await page.get_by_test_id("text-input").blur()
                await page.get_by_test_id("text-input").tap()
                await page.wait_for_selector(f".keyboard:not([hidden])[data-layout={language}]")
                if AXE and language in {"en", "zh"}:
                    await page.evaluate(AXE)
                    assert await page.evaluate(VIOLATIONS) == [], (width, language)
                for plane in ("letters", "symbols"):
                    assert await page.evaluate(WRONG) == [], (width, language, plane)
                    await page.locator('.keyboard [data-does="plane"]').tap()


async def test_it_comes_by_touch_goes_by_a_real_key_and_leaves_forms_as_they_were() -> None:
    async with (
        Stage() as stage,
        chromium(SOUND) as browser,
        screen(browser, stage, touch=True) as page,
    ):
        await converse(page, stage)
        field, keyboard = page.get_by_test_id("text-input"), page.get_by_test_id("keyboard")
        await field.click()  # a mouse: whoever has one has keys
        await page.keyboard.type("a")
        assert await keyboard.count() == 0, "nothing of it is loaded"
        await field.tap()
        await expect(keyboard).to_be_visible()
        await expect(page.get_by_test_id("end")).to_be_hidden()
        await page.keyboard.press("b")
        await expect(keyboard).to_be_hidden()
        await expect(page.get_by_test_id("end")).to_be_visible()
        assert await field.input_value() == "ab"
        await field.tap()
        await page.locator('.key[data-does="back"]').tap()
        assert await field.input_value() == "a"
        await page.locator('.key[data-does="close"]').tap()
        await expect(keyboard).to_be_hidden()
        title, data = EXAMPLES["form"]
        number = {"name": "visitors", "label": "How many", "kind": "number"}
        mail = {"name": "mail", "label": "E-mail", "kind": "email", "required": True}
        await stage.say(drawn("form", title, {**data, "fields": [number, mail]}, "f"))
        await page.locator("[name=visitors]").tap()
        await expect(keyboard).to_have_attribute("data-plane", "symbols")
        await type_by_touch(page, "12")
        await page.locator('.key[data-does="enter"]').tap()
        await expect(page.locator("[name=mail]")).to_be_focused()
        await type_by_touch(page, "ada@quay.org")
        await page.locator('.key[data-does="enter"]').tap()
        await expect(keyboard).to_be_hidden()
        await page.locator(".card button[type=submit]").tap()
        await page.get_by_test_id("form-confirm").tap()
        await stage.until(lambda: bool(stage.of(m.CardForm)))
        assert stage.of(m.CardForm)[0].values == {"visitors": "12", "mail": "ada@quay.org"}


async def test_the_next_visitor_finds_none_and_the_layout_of_the_kiosk() -> None:
    async with (
        Stage() as stage,
        chromium(SOUND) as browser,
        screen(browser, stage, touch=True, microphone=False) as page,
    ):
        await choose(page, "uk")
        await converse(page, stage)
        await page.get_by_test_id("text-input").tap()
        await page.locator('.key[data-does="layout"]').tap()
        await expect(page.get_by_test_id("keyboard")).to_have_attribute("data-layout", "en")
        await stage.say(m.Ended(reason="idle"))
        await expect(page.get_by_test_id("keyboard")).to_be_hidden()
        await state(page, "attract")
        stage.heard.clear()
        await choose(page, "uk")
        await converse(page, stage)
        await page.get_by_test_id("text-input").tap()
        await expect(page.get_by_test_id("keyboard")).to_have_attribute("data-layout", "uk")


async def test_a_site_may_want_it_always_or_never() -> None:
    async with chromium(SOUND) as browser:
        async with (
            Stage(keyboard="always") as stage,
            screen(browser, stage, touch=True, microphone=False) as page,
        ):
            await converse(page, stage)
            await page.get_by_test_id("text-input").click()
            await expect(page.get_by_test_id("keyboard")).to_be_visible()
            await page.keyboard.press("x")
            await expect(page.get_by_test_id("keyboard")).to_be_visible()
        async with (
            Stage(keyboard="never") as stage,
            screen(browser, stage, touch=True, microphone=False) as page,
        ):
            await converse(page, stage)
            await page.get_by_test_id("text-input").tap()
            await page.keyboard.press("x")
            assert await page.get_by_test_id("keyboard").count() == 0
