"""Taking an answer along: a code, a page that opens once, by its button, and not for long."""

from __future__ import annotations

import json
from collections.abc import Mapping

import aiohttp
import pytest

from kiosk import keys
from kiosk.builtin.cards import QrData
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import SettingsError
from kiosk.hooks.site import Turn
from kiosk.model import Card, ToolCall, ToolResult
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, ManualClock, Visit, fake_session, fake_site
from kiosk.testing.fixtures import MakeHarness
from plugins import take_away
from plugins.take_away import (
    MOST_IN_CODE,
    MOST_PAGES,
    Pages,
    code_card,
    cut,
    last_answer,
    lines_of,
)
from plugins.take_away.words import words
from tests.unit.hooks.hooking import hooked


async def asked(kiosk_harness: MakeHarness, engines: Engines, **table: str) -> KioskHarness:
    return await kiosk_harness(
        engines=engines,
        plugins={"take_away": take_away},
        settings={"plugins": {"take_away": table}} if table else {},
    )


async def code(harness: KioskHarness, language: str | None = None) -> Visit:
    visit = await harness.visit(media=False, microphone=False, language=language)
    await visit.heard()
    await visit.type("Show a QR code please, to take the last answer along on my phone.")
    await visit.heard()
    return visit


async def asked_for(
    harness: KioskHarness, path: str, method: str = "GET", **headers: str
) -> tuple[int, str, Mapping[str, str]]:
    """Ask for a page as a phone or a preview does, which knows nothing of this server."""
    async with (
        aiohttp.ClientSession() as phone,
        phone.request(method, harness.url + path, headers=headers) as answer,
    ):
        return answer.status, await answer.text(), answer.headers


async def opened(harness: KioskHarness, path: str) -> tuple[int, str]:
    """Open a page as the button does: a form, which hides where it comes from."""
    sent = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    status, text, _ = await asked_for(harness, path, "POST", **sent)
    return status, text


async def taken(harness: KioskHarness, language: str | None = None) -> tuple[str, str]:
    """Take an answer along; return the path behind the code and the answer."""
    visit = await code(harness, language)
    (call,) = visit.tool_calls
    path = call.result.cards[0].data["content"].removeprefix("https://kiosk.example")
    return path, visit.lines("avatar")[0]


async def test_the_link_opens_once(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await asked(kiosk_harness, engines, base_url="https://kiosk.example")
    visit = await code(harness)
    (call,) = visit.tool_calls
    content = call.result.cards[0].data["content"]
    assert content.startswith("https://kiosk.example/-/take_away/")
    assert "Scan the code" in visit.cards["take-away"]["html"]
    path = content.removeprefix("https://kiosk.example")
    status, text = await opened(harness, path)
    assert status == 200
    assert '<html lang="en" dir="ltr">' in text
    assert "computer assistant" in text or "help" in text, "what the avatar said last"
    status, text = await opened(harness, path)
    assert (status, "opened already" in text) == (410, True)
    status, text, _ = await asked_for(harness, path)
    assert (status, "opened already" in text, "<button>" in text) == (410, True, False)


async def test_who_only_looks_at_the_link_takes_and_reads_nothing(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await asked(kiosk_harness, engines, base_url="https://kiosk.example")
    path, answer = await taken(harness)
    for method in ("HEAD", "GET", "HEAD", "GET"):
        status, text, headers = await asked_for(harness, path, method)
        assert status == 200, method
        assert answer not in text
        assert headers["Cache-Control"] == "no-store"
        assert "form-action 'self'" in headers["Content-Security-Policy"]
        if method == "GET":
            assert '<form method="post"><button>Open</button></form>' in text
            assert '<meta name="referrer" content="same-origin">' in text
            assert text.count("<script") == text.count('<script type="module" src="/static/') == 1
    status, text, headers = await asked_for(harness, path, "POST")
    assert (status, answer in text, headers["Cache-Control"]) == (200, True, "no-store")


async def test_another_sites_form_does_not_spend_the_link(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await asked(kiosk_harness, engines, base_url="https://kiosk.example")
    path, answer = await taken(harness)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        status, text, _ = await asked_for(harness, path, "POST", **headers)
        assert (status, answer in text) == (403, False)
    status, text = await opened(harness, path)
    assert (status, answer in text) == (200, True)


async def test_the_pages_are_in_the_visitors_language_and_direction(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(
        engines=engines,
        plugins={"take_away": take_away},
        settings={
            "site": {"languages": ["en", "ar"]},
            "plugins": {"take_away": {"base_url": "https://kiosk.example"}},
        },
    )
    path, answer = await taken(harness, "ar")
    said = words("ar")
    status, text, _ = await asked_for(harness, path)
    assert (status, f"<button>{said['open']}</button>" in text) == (200, True)
    assert '<html lang="ar" dir="rtl">' in text
    status, text = await opened(harness, path)
    assert (status, '<html lang="ar" dir="rtl">' in text, answer in text) == (200, True, True)
    assert f"<h1>{said['page']}</h1>" in text


@pytest.mark.parametrize(
    ("heard", "found", "taken"),
    [
        ("Yes,", "Yes, without flash, everywhere but in room 4.", "found"),
        ("Yes, you may, everywhere.", "Yes, without flash, everywhere.", "heard"),
        ("Yes,", "", "heard"),
    ],
)
def test_an_answer_cut_short_is_taken_whole(heard: str, found: str, taken: str) -> None:
    session = fake_session(turns=[("avatar", "Hello!"), ("visitor", "Photos?")])
    call = ToolCall("call_1", "find_answer", {})
    take_away.after_tool_call(session, call, ToolResult(json.dumps({"say": found})))
    session.turns = [*session.turns, Turn("avatar", heard), Turn("visitor", "The code!")]
    assert last_answer(session) == {"heard": heard, "found": found}[taken]
    # The note is about that answer only.
    session.turns = [*session.turns, Turn("avatar", "No."), Turn("visitor", "Hm.")]
    assert last_answer(session) == "No."
    assert last_answer(fake_session()) == ""


async def test_without_an_address_the_code_holds_the_words(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    visit = await code(await asked(kiosk_harness, engines))
    (call,) = visit.tool_calls
    assert call.result.cards[0].data["content"] == visit.lines("avatar")[0]


@pytest.mark.parametrize("letter", ["a", "ü", "ว", "🖼"])
def test_a_long_answer_fits_into_a_code_in_every_script(letter: str) -> None:
    content = cut(letter * 2000)
    assert set(content) == {letter}
    assert len(content.encode()) > MOST_IN_CODE - 4
    assert QrData(content=content).content == content


async def test_a_token_that_is_none_opens_nothing(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await asked(kiosk_harness, engines)
    for token in ("x", "..%2F..%2Fetc%2Fpasswd", "A" * 32):
        status, text, _ = await asked_for(harness, f"/-/take_away/{token}")
        assert (status, "new code" in text) == (410, True)
        status, text = await opened(harness, f"/-/take_away/{token}")
        assert (status, "new code" in text) == (410, True)


async def test_pages_end_by_themselves_and_by_number() -> None:
    clock = ManualClock()
    pages = Pages(fake_site(clock=clock))
    first = pages.add("de", "Hallo", 60)
    await clock.advance(seconds=61)
    assert pages.peek(first) is None
    assert pages.take(first) is None
    first = pages.add("de", "Hallo", 60)
    tokens = [pages.add("en", str(number), 60) for number in range(MOST_PAGES)]
    assert pages.take(first) is None
    assert len(set(tokens)) == MOST_PAGES
    assert pages.peek(tokens[0]) is not None
    found = pages.take(tokens[0])
    assert found is not None
    assert pages.peek(tokens[0]) is None
    assert found.text == "0"


def test_an_address_without_https_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="begin with https"):
        hooked({"take_away": take_away}, plugins={"take_away": {"base_url": "http://a.example"}})


@pytest.mark.parametrize(
    ("card", "lines"),
    [
        (Card("text", "T", {"text": "One.\nTwo.", "note": ""}), ["One.", "Two."]),
        (
            Card("list", "L", {"items": ["A", {"title": "B", "aside": "9 EUR", "text": "x"}]}),
            ["A", "B, 9 EUR, x"],
        ),
        (
            Card("timetable", "D", {"day": "Today", "rows": [{"time": "11:00", "title": "Tour"}]}),
            ["Today", "11:00, Tour"],
        ),
        (Card("map", "M", {"alt": "Plan", "steps": ["Left.", "Up."]}), ["Plan", "Left.", "Up."]),
        (Card("image", "I", {"src": "/static/x.png", "alt": "A ship"}), ["A ship"]),
        (Card("weather", "W", {"words": "Sunny", "degrees": 21}), ["Sunny"]),
    ],
)
def test_the_words_of_a_card(card: Card, lines: list[str]) -> None:
    assert lines_of(card) == lines


def test_a_long_card_in_another_alphabet_still_fits_a_code() -> None:
    site = fake_site(settings=take_away.TakeAwaySettings())
    card = code_card(site, "ar", ["متحف " * 400], title="خريطة")
    assert len(card.data["content"].encode()) <= MOST_IN_CODE
    assert card.id == "take-away"


async def test_hook_take_along(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await asked(kiosk_harness, engines, base_url="https://kiosk.example")
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    session = harness.app[keys.REGISTRY].on_kiosk("lobby")
    assert session is not None
    places = [{"x": 1, "y": 1, "name": "You", "kind": "here"}]
    plan = {"width": 9, "height": 9, "alt": "The way to the lift", "places": places,
            "route": [[1, 1], [5, 5]], "steps": ["Turn left."]}  # fmt: skip
    await session.ctx.handle.show(Card("map", "To the lift", plan, "way"))
    await visit.until(lambda v: "way" in v.cards, "the map")
    assert visit.cards["way"]["offers"] == ["take"]
    await visit.send(m.CardTake(id="way"))
    await visit.until(lambda v: "take-away" in v.cards, "the code")
    assert visit.cards["take-away"]["offers"] == []
    code = session.ctx.shown["take-away"].data["content"]
    path = code.removeprefix("https://kiosk.example")
    status, text, _ = await asked_for(harness, path)
    assert (status, "lift" in text) == (200, False), "not even what it is about"
    status, text = await opened(harness, path)
    assert status == 200
    for part in ("To the lift", "Turn left.", "<polyline"):
        assert part in text
    assert (await opened(harness, path))[0] == 410, "it opens once"
