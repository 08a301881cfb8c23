"""The page of transcripts: found by word, marked, of the own house, exported, audited."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.web.transcripts import LONG_TURN, asked_of, excerpt
from tests.unit.web.composing import PAGE, words
from tests.unit.web.keeping_site import actions, keeping_site

HERE = "/operator/transcripts"


async def test_a_visit_is_found_by_a_word_which_is_marked(tmp_path: Path) -> None:
    async with keeping_site(tmp_path) as site:
        status, page, _ = await site.post(HERE, {"words": "fuhrung"}, **PAGE)
        assert status == 200
        assert "Wo ist &lt;b&gt;die&lt;/b&gt; <mark>Führung</mark>?" in page
        assert "visit_s" not in page
        assert await actions(site) == [("transcripts.search", "", "1 word: 1 visit")]
        status, page, _ = await site.post(HERE, {"words": "nowhere"}, **PAGE)
        assert "No visit has a turn with all of these words" in words(page)


async def test_without_words_the_newest_are_shown_and_nothing_is_audited(tmp_path: Path) -> None:
    async with keeping_site(tmp_path) as site:
        page = await site.page(HERE)
        assert page.index("Lobby West") < page.index("Main entrance", page.index("Lobby West"))
        assert "visit_n" not in (await site.get(f"{HERE}?kiosk=west", **PAGE))[1]
        assert await actions(site) == []


async def test_people_of_one_house_find_what_was_said_there(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "operator", "south") as site:
        for fields in ({"words": "wo"}, {"words": "wo", "site": "north"}, {"kiosk": "main"}):
            _, page, _ = await site.post(HERE, fields, **PAGE)
            assert "visit_n" not in page
        _, page, _ = await site.post(HERE, {"words": "tour"}, **PAGE)
        assert "visit_s" in page
        assert "Export these visits" not in page


async def test_who_may_not_read_is_refused(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "viewer") as site:
        assert (await site.get(HERE, **PAGE))[0] == 403
        assert (await site.post(HERE, {"words": "tour"}))[0] == 403


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"words": "?!"}, "no letter or digit"),
        ({"outcome": "well"}, "no such outcome"),
        ({"since": "soon"}, "Write days as"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "exchange them"),
    ],
)
async def test_what_cannot_be_searched_is_said(
    tmp_path: Path, fields: dict[str, str], sentence: str
) -> None:
    async with keeping_site(tmp_path) as site:
        status, page, _ = await site.post(HERE, fields, **PAGE)
        assert status == 422
        assert sentence in page


EXPORT = {"since": "2026-03-01", "until": "2026-03-01", "kind": "csv", "level": "redacted"}


async def test_what_was_found_is_exported_under_a_name_that_says_what_it_is(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "privacy_officer", "south") as site:
        status, text, headers = await site.post(f"{HERE}/export", EXPORT)
        assert status == 200
        assert headers["Content-Disposition"] == (
            'attachment; filename="transcripts_2026-03-01_2026-03-01_redacted.csv"'
        )
        assert headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "visit_s" in text
        assert "visit_n" not in text
        ((action, _, detail),) = await actions(site)
        assert (action, detail) == (
            "transcripts.export",
            "1 visit, redacted, csv; since 2026-03-01, until 2026-03-01",
        )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"since": ""}, "from which day to which day"),
        ({"since": "2020-01-01"}, "at most 366 days"),
        ({"kind": "pdf"}, "Choose CSV"),
        ({"until": "2026-03-02"}, "more than 1 visits"),
    ],
)
async def test_an_export_is_bounded(tmp_path: Path, change: dict[str, str], sentence: str) -> None:
    async with keeping_site(tmp_path, export_visits=1) as site:
        status, page, _ = await site.post(f"{HERE}/export", EXPORT | change, **PAGE)
        assert status == 422
        assert sentence in page
        assert await actions(site) == []


async def test_who_may_read_may_not_carry_out(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "operator") as site:
        assert (await site.post(f"{HERE}/export", EXPORT))[0] == 403


def test_a_long_turn_is_shown_around_the_word() -> None:
    pieces = [("a " * 400, False), ("lift", True), (" b" * 400, False)]
    shown = excerpt(pieces)
    assert ("lift", True) in shown
    assert sum(len(text) for text, _ in shown) < LONG_TURN * 1.1
    assert excerpt([("short", True)]) == [("short", True)]


def test_fields_are_cut_to_what_may_be() -> None:
    asked = asked_of({"words": "w" * 999, "kiosk": "k" * 999, "else": "x"})
    assert (len(asked.words), len(asked.kiosk)) == (200, 64)
