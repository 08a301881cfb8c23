"""Tests of the sentences as files: one for each language, kept for ever under its own address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from kiosk.i18n import Texts
from kiosk.settings.sections import SiteSettings
from kiosk.web.catalogues import Catalogues
from kiosk.web.pages import CATALOGUES, shown_texts
from tests.unit.running import Running, running

# Here, because nothing may touch a disk while the loop runs.
TEXTS = Texts.load()


async def get(server: Running, path: str) -> tuple[int, str, Mapping[str, str]]:
    async with server.http.get(f"{server.url}{path}") as answer:
        return answer.status, await answer.text(), answer.headers


async def test_a_language_is_one_file_that_may_be_kept_for_ever(tmp_path: Path) -> None:
    shown = shown_texts(TEXTS, "de", SiteSettings())
    address = Catalogues().url("de", shown)
    async with running(tmp_path) as server:
        status, body, headers = await get(server, address)
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert "immutable" in headers["Cache-Control"]
        assert json.loads(body) == shown
        plain, _, again = await get(server, address.partition("?")[0])
        assert (plain, again["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["xx", "..%2fen", "en.po", ""])
async def test_there_is_nothing_but_languages(tmp_path: Path, name: str) -> None:
    async with running(tmp_path) as server:
        status, _, _ = await get(server, f"/static/texts/{name}.json")
        assert status == 404


def test_a_changed_sentence_has_another_address_and_another_version() -> None:
    before, after = Catalogues(), Catalogues()
    assert before.url("en", {"a": "Hello"}) == after.url("en", {"a": "Hello"})
    assert before.version == after.version
    assert before.url("de", {"a": "Hallo"}) != after.url("de", {"a": "Servus"})
    assert before.version != after.version


async def test_each_wording_of_a_language_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        catalogues = server.app[CATALOGUES]
        usual = catalogues.url("en", shown_texts(TEXTS, "en", SiteSettings()))
        other = catalogues.url("en", {"a": "Hi"})
        assert json.loads((await get(server, other))[1]) == {"a": "Hi"}
        assert len(json.loads((await get(server, usual))[1])) > 100
        _, outdated, headers = await get(server, "/static/texts/en.json?v=0123456789ab")
        assert len(json.loads(outdated)) > 100
        assert headers["Cache-Control"] == "no-cache"
