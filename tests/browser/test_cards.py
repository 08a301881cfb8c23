"""Cards in Chromium: every kind by axe and by measure, forms to their end, kinds of plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, expect

from docs.card_reference import EXAMPLES
from kiosk.builtin.cards import KINDS
from kiosk.emulator.scenario.replies import Call, Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.hooks.values import CardType
from kiosk.model import Card
from kiosk.signaling import messages as m
from kiosk.testing.fixtures import MakeHarness
from kiosk.web.templating import Templates
from tests.browser.real_visit import page_of
from tests.browser.screen_stage import (
    CHROMIUM,
    SOUND,
    Stage,
    chromium,
    converse,
    opened,
    screen,
    state,
)
from tests.functional.looking import log_in
from tests.functional.looking import page as operator_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
NO_MICROPHONE: Final = ("--deny-permission-prompts", SOUND)
ROOT: Final = Path(__file__).parents[2]
AXE_FILE: Final = ROOT / "tests/js/node_modules/axe-core/axe.min.js"
AXE: Final = AXE_FILE.read_text("utf-8") if AXE_FILE.is_file() else ""
CARDS: Final = Templates(card_types={kind: CardType(kind, "p", KINDS[kind]) for kind in KINDS})
LONG: Final = {"text": "\n".join(["The museum was founded by the harbour company."] * 15)}

# What axe found in the card that is shown: the rule and the element, and nothing else.
VIOLATIONS: Final = """async () => (await axe.run("[data-testid=card]")).violations
  .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120))}`)"""
# What a finger cannot hit, what is cut off at the side, and words that are not there.
FAULTS: Final = """() => {
  const card = document.querySelector(".card:not([hidden])");
  const faults = [];
  for (const one of card.querySelectorAll("button, .choice, input:not(.choice input)")) {
    const { width, height } = one.getBoundingClientRect();
    if (width && Math.min(width, height) < 63.9) faults.push(`small: ${one.className} ${height}`);
  }
  const body = card.querySelector(".card-body");
  if (body.scrollWidth > body.clientWidth + 1) faults.push(`wide: ${body.scrollWidth}`);
  for (const one of card.querySelectorAll("[data-text]")) {
    if (!one.textContent) faults.push(`no words: ${one.dataset.text}`);
  }
  const { top, bottom } = card.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) faults.push(`outside: ${top} ${bottom}`);
  return faults;
}"""


def drawn(kind: str, title: str, data: dict[str, Any], card_id: str = "c") -> m.ShowCard:
    """Return the message of a card, rendered as the server does."""
    html = CARDS.render_card(Card(kind, title, data, card_id))
    return m.ShowCard(id=card_id, kind=kind, title=title, html=html)


async def shown(page: Page, stage: Stage, card: m.ShowCard) -> None:
    """Show a card, and wait until it is drawn."""
    await stage.say(card)
    await page.locator(f".card[data-kind={card.kind}]:not([hidden])").wait_for()


async def painted(page: Page) -> None:
    """Wait until what changed was laid out and its observers were told."""
    await page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


@pytest.mark.skipif(not AXE, reason="axe-core is not installed; run .ci/node-packages")
async def test_every_kind_is_accessible_and_fits_at_every_text_size() -> None:
    async with opened(*NO_MICROPHONE, microphone=False, consent=False) as (stage, page):
        await converse(page, stage)
        await page.evaluate(AXE)
        for kind, (title, data) in EXAMPLES.items():
            await shown(page, stage, drawn(kind, title, data, kind))
            for width, height, size, language in (
                (1080, 1920, "normal", "en"),
                (1280, 800, "largest", "de"),
            ):
                await page.set_viewport_size({"width": width, "height": height})
                # The buttons of the options sheet, without the way to them.
                for button in (f"[data-size={size}]", f"[data-language={language}]"):
                    await page.locator(button).dispatch_event("click")
                await page.locator(f"html[data-text-size={size}]").wait_for()
                await painted(page)
                assert await page.evaluate(VIOLATIONS) == [], (kind, size)
                assert await page.evaluate(FAULTS) == [], (kind, size)


async def test_long_content_is_read_on_by_touch_and_an_update_keeps_the_place() -> None:
    async with opened(*NO_MICROPHONE, microphone=False, consent=False) as (stage, page):
        await converse(page, stage)
        await page.evaluate(
            """() => { window.told = []; for (const name of ["kiosk:card", "kiosk:card-gone"])
              document.addEventListener(name, ({ type, detail: { id, kind, element } }) =>
                window.told.push(`${type} ${id} ${kind} ${element.isConnected}`)); }"""
        )
        await shown(page, stage, drawn("text", "Our history", LONG))
        body, more = page.locator(".card-body"), page.get_by_test_id("card-more")
        await expect(page.get_by_test_id("card-news")).to_have_text("Our history")
        await more.click()
        first = await body.evaluate("(one) => one.scrollTop")
        assert first > 0
        await shown(page, stage, drawn("text", "Our long history", LONG))
        await expect(page.get_by_test_id("card-news")).to_have_text("Our long history has changed")
        assert await body.evaluate("(one) => one.scrollTop") == first
        while await page.locator(".card").get_attribute("data-more") == "below":
            await more.click()
            await painted(page)
        back = page.get_by_role("button", name="Back to the top")
        await back.click()
        assert await body.evaluate("(one) => one.scrollTop") == 0

        await shown(page, stage, drawn("text", "The lift", {"text": "Left."}, "other"))
        await expect(more.last).to_be_hidden()
        await page.locator("[data-card=other] [data-testid=card-close]").click()
        await expect(page.locator(".card:not([hidden]) .card-title")).to_have_text(
            "Our long history"
        )
        focused = "document.activeElement.textContent"
        assert await page.evaluate(focused) == "Our long history"
        assert await page.evaluate("window.told") == [
            "kiosk:card c text true",
            "kiosk:card c text true",
            "kiosk:card other text true",
            "kiosk:card-gone other text false",
        ]


async def test_as_many_cards_are_held_as_the_site_says_and_the_server_hears_of_one_more() -> None:
    async with (
        Stage(consent=False, screen={"max_cards": 5}) as stage,
        chromium(*NO_MICROPHONE) as browser,
        screen(browser, stage, microphone=False) as page,
    ):
        await converse(page, stage)
        for number in range(5):
            await stage.say(drawn("text", f"Card {number}", {"text": "Words."}, f"c{number}"))
        await expect(page.locator(".card:not([hidden]) .card-title")).to_have_text("Card 4")
        assert await page.locator(".card[data-card]").count() == 5
        assert stage.of(m.CardDismiss) == []
        await stage.say(drawn("text", "Card 5", {"text": "Words."}, "c5"))
        await stage.until(lambda: [one.id for one in stage.of(m.CardDismiss)] == ["c0"])
        await expect(page.locator("[data-card=c0]")).to_have_count(0)
        assert await page.locator(".card[data-card]").count() == 5


async def test_a_form_is_checked_read_back_and_sent_once_it_is_confirmed() -> None:
    title, data = EXAMPLES["form"]
    fields = [*data["fields"], {"name": "age", "label": "Age", "kind": "number"}]
    async with opened(*NO_MICROPHONE, microphone=False, consent=False) as (stage, page):
        await converse(page, stage)
        await shown(page, stage, drawn("form", title, {**data, "fields": fields}, "f"))
        await expect(page.get_by_test_id("type")).to_be_hidden()
        name, age = (page.get_by_role("textbox", name=words) for words in ("Your name", "Age"))
        send = page.get_by_role("button", name="Check my answers")
        await age.fill("about ten")
        await send.click()
        await expect(name).to_be_focused()
        await expect(name).to_have_attribute("aria-invalid", "true")
        await expect(name).to_have_accessible_description("Please fill this in.")
        await expect(age).to_have_accessible_description("Please write a number here.")
        await expect(page.get_by_role("group", name="When?")).to_have_accessible_description(
            "Please choose one."
        )
        await expect(page.get_by_role("alert")).to_contain_text("Your name")
        assert stage.of(m.CardForm) == []

        await name.fill("Anna")
        await expect(name).not_to_have_attribute("aria-invalid", "true")
        await age.fill(" 12,5 ")
        await page.get_by_label("In the afternoon").check()
        await send.click()
        await expect(page.get_by_role("heading", name="Shall I send this?")).to_be_focused()
        read_back = await page.locator(".card-review dd").all_inner_texts()
        assert read_back == ["Anna", "No answer", "In the afternoon", "No", "12.5"]
        await page.get_by_test_id("form-change").click()
        await expect(name).to_be_focused()
        await name.fill("Anna B.")
        await send.click()
        await page.get_by_test_id("form-confirm").click()
        await stage.until(lambda: len(stage.of(m.CardForm)) == 1)
        assert stage.of(m.CardForm)[0].values == {
            "name": "Anna B.",
            "phone": "",
            "when": "In the afternoon",
            "news": False,
            "age": "12.5",
        }
        await expect(page.get_by_test_id("form-confirm")).to_be_disabled()
        # The server does not take it: the answers are there to be changed, nothing is lost.
        await stage.say(m.Failure(code="form", message="It does not fit."))
        await expect(name).to_have_value("Anna B.")
        await expect(page.get_by_test_id("notice")).to_contain_text("do not fit the form")


async def test_a_refusal_says_why_and_a_touch_tries_again() -> None:
    async with opened(*NO_MICROPHONE, microphone=False) as (stage, page):
        stage.refusal = m.Failure(code="denied", message="We open again tomorrow at ten.")
        await page.locator("[data-language=de]").click()
        await page.wait_for_selector("html[lang=de]")
        await page.get_by_test_id("start").click()
        await state(page, "refused")
        await expect(page.locator(".refused-words")).to_have_text("We open again tomorrow at ten.")
        again = page.get_by_role("button", name="Noch einmal versuchen")
        await expect(again).to_be_focused()
        await expect(again).to_have_accessible_description("We open again tomorrow at ten.")
        assert await page.evaluate("document.querySelector('video').srcObject") is None

        stage.refusal = m.Failure(code="unavailable", message="A plugin failed; see its page.")
        await again.click()
        await expect(page.locator(".refused-words")).to_contain_text("außer Betrieb")
        stage.refusal = None
        await again.click()
        await state(page, "consent")
        assert [one.language for one in stage.of(m.Start)] == ["de", "de", "de"]


# ── a plugin's own kind ──────────────────────────────────────────────────────────────────────

PLUGIN: Final = '''
"""Shows the menu of the day, with a clock of its own."""

from pydantic import BaseModel

from kiosk.hooks.markers import hookimpl
from kiosk.model import Card, ToolResult


class MenuData(BaseModel):
    dish: str


@hookimpl
def register_card_types(register):
    register("menu", MenuData, script="menu/menu.js", style="menu/menu.css")


@hookimpl
def greeting():
    return "Welcome."


@hookimpl
def register_tools(register):
    def menu(dish: str) -> ToolResult:
        """Show the menu."""
        return ToolResult("Here is the menu.", (Card("menu", "Today", {"dish": dish}, "m"),))

    def nonsense() -> ToolResult:
        """Show nonsense."""
        return ToolResult("Nonsense it is.", (Card("menu", "Today", {"plate": "secret-4711"}),))

    register(menu)
    register(nonsense)
'''
TEMPLATE: Final = """<p class="dish" onclick="window.inline = true">{{ card.data.dish }}</p>
<p style="color: rgb(1, 2, 3)">By the kitchen.</p>
<script>window.inline = true</script>
"""
SCRIPT: Final = """
window.menu = { loads: (window.menu?.loads ?? 0) + 1, told: [] };
for (const name of ["kiosk:card", "kiosk:card-gone"]) {
  document.addEventListener(name, ({ type, detail: { id, kind, element } }) => {
    if (kind !== "menu") return;
    window.menu.told.push(`${type} ${id} ${element.querySelector(".dish").textContent}`);
    element.querySelector(".dish").classList.add("steaming");
  });
}
throw new Error("the end of this script is wrong");
"""
KITCHEN: Final = Scenario(
    name="kitchen",
    replies=(
        Reply(match="soup", call=Call(name="menu", arguments={"dish": "Soup"}), after="Soup."),
        Reply(match="fish", call=Call(name="menu", arguments={"dish": "Fish"}), after="Fish."),
        Reply(match="nonsense", call=Call(name="nonsense", arguments={}), after="Nonsense."),
    ),
)


def write_plugin(folder: Path) -> None:
    """Write the package `menu` into a plugins folder."""
    files = {
        "__init__.py": PLUGIN,
        "templates/cards/menu.html": TEMPLATE,
        "static/menu/menu.js": SCRIPT,
        "static/menu/menu.css": ".dish.steaming { text-transform: uppercase; }",
    }
    for name, text in files.items():
        path = folder / "menu" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


async def ask(page: Page, words: str, answer: str) -> None:
    """Type a line and wait for the answer's caption."""
    await page.get_by_test_id("text-input").fill(words)
    await page.get_by_test_id("send").click()
    await page.locator(".line[data-speaker=avatar]").get_by_text(answer, exact=True).wait_for()
    await state(page, "listening")


@pytest.mark.expects_failures
async def test_a_plugin_brings_a_kind_with_template_style_and_script(
    kiosk_harness: MakeHarness, engines: Engines, tmp_path: Path
) -> None:
    write_plugin(tmp_path)
    harness = await kiosk_harness(
        engines=engines,
        scenario=KITCHEN,
        settings={"hooks": {"dir": str(tmp_path)}, "site": {"consent": False}},
    )
    async with page_of(harness) as page:
        await page.get_by_test_id("start").click()
        await page.get_by_text("Welcome.", exact=True).wait_for()
        await state(page, "listening")
        await ask(page, "Is there soup?", "Soup.")
        dish = page.locator(".card .dish")
        await expect(dish).to_have_css("text-transform", "uppercase")
        await ask(page, "Is there fish?", "Fish.")
        await expect(dish).to_have_text("Fish")
        await dish.click()
        await ask(page, "Say some nonsense.", "Nonsense.")
        await expect(page.locator(".card")).to_have_count(1)
        await page.get_by_test_id("card-close").click()
        assert await page.evaluate("window.menu") == {
            "loads": 1,
            "told": ["kiosk:card m Soup", "kiosk:card m Fish", "kiosk:card-gone m Fish"],
        }
        # The policy of the page: nothing inline runs, and no inline style applies.
        assert await page.evaluate("window.inline ?? null") is None
        assert await page.evaluate("document.body.dataset.state") == "listening"
    (failure,) = harness.failures
    assert (failure.plugin, failure.hook) == ("menu", "card")
    assert failure.kind == "unfit: The card menu: dish: Field required."
    await log_in(harness)
    assert failure.kind in await operator_page(harness, "/operator/plugins")
