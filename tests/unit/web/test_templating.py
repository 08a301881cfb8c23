"""Templates: escaped, strict, compiled at start, and cards that say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, field_validator

from kiosk import paths
from kiosk.errors import KioskError, StartupError
from kiosk.hooks.values import CardType
from kiosk.model import Card
from kiosk.web.static import StaticFiles
from kiosk.web.templating import MAX_HTML, CardError, Templates


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return folder


def test_values_are_escaped(tmp_path: Path) -> None:
    templates = Templates([write(tmp_path, "t.html", "<p title='{{ v }}'>{{ v }}</p>")])
    html = templates.render("t.html", {"v": "<script>'\"&"})
    assert "<script>" not in html
    assert "&#39;" in html


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    templates = Templates([write(tmp_path, "t.html", "{{ nobody.name }}")])
    with pytest.raises(KioskError, match=r"t\.html.*'nobody'"):
        templates.render("t.html", {})


@pytest.mark.parametrize("text", ["{% if %}", "{{ a ", "{% extends %}"])
def test_a_broken_template_stops_the_start_with_its_line(tmp_path: Path, text: str) -> None:
    write(tmp_path, "bad.html", f"fine\n{text}")
    with pytest.raises(StartupError, match=r"bad\.html is wrong in line 2"):
        Templates([tmp_path])


def test_a_template_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StartupError, match=r"bad\.html is not UTF-8"):
        Templates([tmp_path])


def test_the_sites_templates_come_before_ours(tmp_path: Path) -> None:
    first = write(tmp_path / "site", "cards/text.html", "site's")
    second = write(tmp_path / "plugin", "cards/text.html", "plugin's")
    assert Templates([first, second]).render_card(Card("text", "T")) == "site's"


def test_every_template_we_ship_compiles() -> None:
    static = StaticFiles(paths.STATIC)
    assert "text" in Templates(variables={"static": static.url}).card_kinds


@pytest.mark.parametrize("kind", ["nothing", "", "../operator/login", "Text", "a/b", "x" * 500])
def test_an_unknown_card_is_named_with_what_there_is(tmp_path: Path, kind: str) -> None:
    templates = Templates([write(tmp_path, "cards/map.html", "map")])
    with pytest.raises(CardError, match=r"use one of .*map"):
        templates.render_card(Card(kind, "T"))


def test_a_card_whose_data_does_not_fit_says_so_without_the_data(tmp_path: Path) -> None:
    write(tmp_path, "cards/a.html", "{{ card.data.rooms.first }}")
    write(tmp_path, "cards/b.html", "{% for x in card.data.rooms %}{% endfor %}{{ 1 // 0 }}")
    templates = Templates([tmp_path])
    with pytest.raises(CardError, match="misses a value"):
        templates.render_card(Card("a", "T", {}))
    with pytest.raises(CardError, match="TypeError") as caught:
        templates.render_card(Card("b", "T", {"rooms": 555}))
    assert "555" not in str(caught.value)
    with pytest.raises(CardError, match="ZeroDivisionError"):
        templates.render_card(Card("b", "T", {"rooms": []}))


def test_card_text_is_escaped(tmp_path: Path) -> None:
    templates = Templates([write(tmp_path, "cards/a.html", "{{ card.title }}")])
    assert templates.render_card(Card("a", "<b>")) == "&lt;b&gt;"


class Dish(BaseModel):
    """The data of a plugin's card."""

    name: str


def test_a_kind_without_a_template_stops_the_start(tmp_path: Path) -> None:
    kinds = {"menu": CardType("menu", "kitchen", Dish)}
    with pytest.raises(StartupError) as caught:
        Templates([tmp_path], card_types=kinds)
    assert str(caught.value) == (
        "plugin kitchen: the card type menu has no template; add templates/cards/menu.html beside "
        "the plugin."
    )
    assert list(caught.value.plugins) == ["kitchen"]
    Templates([write(tmp_path, "cards/menu.html", "{{ card.data.name }}")], card_types=kinds)


def test_data_is_checked_with_the_kinds_model_and_handed_on_as_it_has_them(tmp_path: Path) -> None:
    kinds = {"menu": CardType("menu", "kitchen", Dish)}
    write(tmp_path, "cards/menu.html", "{{ card.data | length }} {{ card.data.name }}")
    templates = Templates([tmp_path], card_types=kinds)
    assert templates.render_card(Card("menu", "T", {"name": "Soup", "more": 1})) == "1 Soup"
    with pytest.raises(CardError, match=r"^The card menu: name: Input should be a valid string\.$"):
        templates.render_card(Card("menu", "T", {"name": 4711}))


class Odd(Dish):
    """A model whose check breaks."""

    @field_validator("name")
    @classmethod
    def _known(cls, value: str) -> str:
        return {"soup": "Soup"}[value]


def test_a_check_that_breaks_is_a_card_that_cannot_be_drawn(tmp_path: Path) -> None:
    write(tmp_path, "cards/menu.html", "{{ card.data.name }}")
    templates = Templates([tmp_path], card_types={"menu": CardType("menu", "kitchen", Odd)})
    with pytest.raises(CardError, match=r"^The card menu: its data cannot be checked \(KeyError"):
        templates.render_card(Card("menu", "T", {"name": "stew"}))


def test_a_card_has_a_longest_markup(tmp_path: Path) -> None:
    templates = Templates([write(tmp_path, "cards/a.html", "{{ 'a' * card.data.n }}")])
    assert len(templates.render_card(Card("a", "T", {"n": MAX_HTML}))) == MAX_HTML
    with pytest.raises(CardError, match="more than 1000000 characters"):
        templates.render_card(Card("a", "T", {"n": MAX_HTML + 1}))


def test_links_and_codes_are_there_for_every_template(tmp_path: Path) -> None:
    text = "{{ v is link }} {{ v | readable_link }} {{ (v | qr).side }}"
    templates = Templates([write(tmp_path, "t.html", text)])
    assert templates.render("t.html", {"v": "https://a.example/b"}) == "True a.example/b 33"


def test_a_cards_sign_language_video_is_named_by_its_address(tmp_path: Path) -> None:
    write(tmp_path, "faq/lift.webm", "film")
    static = StaticFiles(tmp_path)
    templates = Templates(variables={"static": static.url})
    html = templates.render_card(
        Card("text", "Lift", {"text": "On your left."}, sign="faq/lift.webm")
    )
    assert f'<span hidden data-sign="{static.url("faq/lift.webm")}"></span>' in html
    assert "data-sign" not in templates.render_card(Card("text", "Lift", {"text": "Left."}))
    with pytest.raises(CardError, match=r"no static file 'faq/no\.webm' for sign"):
        templates.render_card(Card("text", "Lift", {"text": "Left."}, sign="faq/no.webm"))
