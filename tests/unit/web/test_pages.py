"""Tests of the kiosk's page: what it is rendered with, and who is served it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import keys
from kiosk.i18n import Texts
from kiosk.model import Kiosk
from kiosk.web.pages import kiosk_page
from tests.unit.running import running, site_settings


def test_the_page_knows_the_site_its_screen_and_every_sentence(tmp_path: Path) -> None:
    settings = site_settings(
        tmp_path, "http://127.0.0.1:1", site={"theme": "dark", "consent": False, "talk": "push"}
    )
    texts = Texts.load()
    page = kiosk_page(settings, texts, Kiosk("desk", "Desk", "", "de"), "1.0-abc")
    assert (page.kiosk_id, page.kiosk_name, page.site_name) == ("desk", "Desk", "Test site")
    assert (page.language, page.theme, page.talk, page.consent) == ("de", "dark", "push", False)
    assert [language.code for language in page.languages] == ["en", "de"]
    assert page.texts == {"en": texts.screen("en"), "de": texts.screen("de")}
    assert page.version == "1.0-abc"


@pytest.mark.parametrize("path", ["/", "/kiosk"])
async def test_an_open_site_makes_whoever_comes_its_first_screen(tmp_path: Path, path: str) -> None:
    async with running(tmp_path) as server:
        async with server.http.get(f"{server.url}{path}") as first:
            html = await first.text()
            assert (first.status, first.content_type) == (200, "text/html")
            assert 'data-state="attract"' in html
            cookie = first.cookies["kiosk_device"]
            assert cookie["httponly"]
            assert cookie["samesite"] == "Strict"
        async with server.http.get(f"{server.url}{path}") as second:
            assert second.status == 200
            assert "kiosk_device" not in second.cookies


async def test_an_enrolled_screen_gets_its_own_page(tmp_path: Path) -> None:
    async with running(tmp_path, access={"open": False}) as server:
        cookie = {"kiosk_device": server.app[keys.DEVICES].issue("desk")}
        async with server.http.get(f"{server.url}/", cookies=cookie) as page:
            html = await page.text()
            assert page.status == 200
            assert '<html lang="de"' in html


@pytest.mark.parametrize("cookies", [{}, {"kiosk_device": "lobby.forged.signature"}])
async def test_any_other_screen_is_sent_to_where_it_can_enrol(
    tmp_path: Path, cookies: dict[str, str]
) -> None:
    async with (
        running(tmp_path, access={"open": False}) as server,
        server.http.get(f"{server.url}/", cookies=cookies, allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"]) == (303, "/enrol")


async def test_an_address_that_does_not_exist_is_a_page_a_visitor_can_read(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as server,
        server.http.get(f"{server.url}/nowhere", headers={"Accept": "text/html"}) as answer,
    ):
        html = await answer.text()
        assert answer.status == 404
        assert Texts.load().get("en", "page.not_found") in html
        assert "Traceback" not in html
