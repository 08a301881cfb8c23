"""Tests of the kiosk's page: what it is rendered with, and who is served it."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from kiosk import keys
from kiosk.errors import SettingsError
from kiosk.i18n import Texts
from kiosk.model import Kiosk
from kiosk.settings import load_settings
from kiosk.web.catalogues import Catalogues
from kiosk.web.pages import PAIRING, SPOKEN, kiosk_page, shown_texts, sign_folders, sign_videos
from kiosk.web.static import StaticFiles
from tests.unit.running import running, site_settings


def test_the_page_knows_the_site_its_screen_and_every_sentence(tmp_path: Path) -> None:
    settings = site_settings(
        tmp_path, "http://127.0.0.1:1", site={"theme": "dark", "consent": False, "talk": "push"}
    )
    texts = Texts.load()
    catalogues = Catalogues()
    page = kiosk_page(settings, texts, catalogues, Kiosk("desk", "Desk", "", "de"), "1.0-abc")
    assert (page.kiosk_id, page.kiosk_name, page.site_name) == ("desk", "Desk", "Test site")
    assert (page.language, page.theme, page.talk, page.consent) == ("de", "dark", "push", False)
    assert [language.code for language in page.languages] == ["en", "de"]
    assert list(page.texts) == ["de"]
    assert page.texts["de"].items() <= texts.screen("de").items()
    kept_back = texts.screen("de").keys() - page.texts["de"].keys()
    assert all(key.startswith(SPOKEN) for key in kept_back)
    for code in ("en", "de"):
        shown = shown_texts(texts, code, settings.site)
        assert page.text_urls[code] == catalogues.url(code, shown)
    assert page.version == "1.0-abc"


def test_the_page_has_what_helps_at_this_site(tmp_path: Path) -> None:
    site = {
        "wording": "children",
        "staff": {"en": "At the left."},
        "hearing_note": {"de": "Stellung T."},
        "spoken_notice": "both",
        "reach": "seated",
    }
    texts = Texts.load()
    settings = site_settings(tmp_path, "http://127.0.0.1:1", site=site)
    page = kiosk_page(settings, texts, Catalogues(), Kiosk("desk", "Desk"), "1")
    assert page.texts["en"]["consent.decline"] == "No, thanks"
    assert (page.person, page.reach, page.spoken_notice) == (True, "seated", True)
    assert page.hearing == {"de": "Stellung T."}
    silent = {"spoken_notice": "off"}
    plain = site_settings(tmp_path, "http://127.0.0.1:1", site=silent)
    page = kiosk_page(plain, texts, Catalogues(), Kiosk("desk", "Desk"), "1")
    assert not page.person
    assert "notice.spoken" not in page.texts["en"]
    assert kiosk_page(plain, texts, Catalogues(), Kiosk("desk", "Desk"), "1", person=True).person


def test_the_notice_says_whether_the_words_are_kept() -> None:
    retention = {"sites": {"north": {"transcripts_days": 0}}}
    kiosks = [{"id": "lobby", "name": "Lobby"}, {"id": "desk", "name": "Desk", "site": "north"}]
    values = {"kiosks": kiosks, "retention": retention}
    settings = load_settings(overrides=values, read_file=False)
    for kiosk, keeps in (
        (Kiosk("lobby", "Lobby"), True),
        (Kiosk("desk", "Desk", site="north"), False),
    ):
        assert kiosk_page(settings, Texts.load(), Catalogues(), kiosk, "1").keeps_words is keeps


def filmed(folder: Path, *names: str) -> None:
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"film")


def test_sign_language_needs_a_welcome_and_is_named_by_moment(tmp_path: Path) -> None:
    settings = site_settings(tmp_path, None, site={"sign_language": str(tmp_path / "all")})
    with pytest.raises(SettingsError, match=r"welcome\.mp4"):
        sign_folders(settings)
    filmed(tmp_path / "all", "welcome.webm", "conversation.mp4", "other.mp4")
    static = StaticFiles(mounted=sign_folders(settings))
    for kiosk in settings.kiosks:
        videos = sign_videos(static, settings, kiosk)
        assert set(videos) == {"welcome", "conversation"}
        assert videos["welcome"].startswith("/static/sign/welcome.webm?v=")
    assert sign_folders(site_settings(tmp_path, None)) == {}


def test_a_screen_may_have_its_own_sign_language_and_the_only_one(tmp_path: Path) -> None:
    filmed(tmp_path / "bsl", "welcome.mp4")
    kiosks = [
        {"id": "lobby", "name": "Lobby", "sign_language": str(tmp_path / "bsl")},
        {"id": "desk", "name": "Desk"},
        {"id": "gate", "name": "Gate", "site": "north"},
    ]
    sites = {"main": {}, "north": {"sign_language": str(tmp_path / "bsl")}}
    settings = load_settings(overrides={"kiosks": kiosks, "sites": sites}, read_file=False)
    static = StaticFiles(mounted=sign_folders(settings))
    lobby, desk, gate = (sign_videos(static, settings, kiosk) for kiosk in settings.kiosks)
    assert lobby["welcome"].startswith("/static/sign-lobby/welcome.mp4?v=")
    assert desk == {}
    assert gate["welcome"].startswith("/static/sign-gate/welcome.mp4?v=")


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
        _, token = await server.app[keys.DEVICES].enrol("desk", by="test")
        cookie = {"kiosk_device": token}
        async with server.http.get(f"{server.url}/", cookies=cookie) as page:
            html = await page.text()
            assert page.status == 200
            assert '<html lang="de"' in html


@pytest.mark.parametrize("cookies", [{}, {"kiosk_device": "lobby.forged.signature"}])
async def test_any_other_screen_shows_a_code_and_nothing_else(
    tmp_path: Path, cookies: dict[str, str]
) -> None:
    async with (
        running(tmp_path, access={"open": False}) as server,
        server.http.get(f"{server.url}/", cookies=cookies, allow_redirects=False) as answer,
    ):
        html = await answer.text()
        assert answer.status == 200
        assert 'data-state="pairing"' in html
        assert "page-data" not in html


async def test_a_screen_that_is_let_in_goes_on_by_itself(tmp_path: Path) -> None:
    async with running(tmp_path, access={"open": False}) as server:
        async with server.http.get(f"{server.url}/") as first:
            html = await first.text()
            assert first.cookies["kiosk_pairing"]["httponly"]
        async with server.http.get(f"{server.url}/pairing") as state:
            assert await state.json() == {"state": "waiting"}
        rows = await server.app[keys.STORAGE].pairings.waiting()
        assert [row.code in html for row in rows] == [True]
        async with server.http.head(f"{server.url}/") as head:
            assert head.status == 200, "and makes no other code"
        assert len(await server.app[keys.STORAGE].pairings.waiting()) == 1
        await server.app[PAIRING].approve(rows[0], "desk", "anna")
        async with server.http.get(f"{server.url}/pairing") as state:
            assert await state.json() == {"state": "approved"}
        async with server.http.get(f"{server.url}/") as screen:
            assert 'data-state="attract"' in await screen.text()
            assert "kiosk_device" in screen.cookies
        async with server.screen() as socket:
            assert (await socket.hello())["kiosk_id"] == "desk"
        async with server.http.get(f"{server.url}/pairing") as state:
            assert await state.json() == {"state": "gone"}


async def test_where_too_many_wait_it_is_said(tmp_path: Path) -> None:
    access = {"open": False, "pairings": 1}
    async with running(tmp_path, access=access) as server:
        for expected in ("waiting", "full"):
            async with (
                aiohttp.ClientSession() as stranger,
                stranger.get(f"{server.url}/") as page,
            ):
                assert f'data-pairing="{expected}"' in await page.text()


async def test_an_address_that_does_not_exist_is_a_page_a_visitor_can_read(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as server,
        server.http.get(f"{server.url}/nowhere", headers={"Accept": "text/html"}) as answer,
    ):
        html = await answer.text()
        assert answer.status == 404
        assert Texts.load().get("en", "page.not_found") in html
        assert "Traceback" not in html
