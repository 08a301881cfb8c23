"""Built-in cards: what their models refuse, and markup that says what it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from typing_extensions import override

from docs.card_reference import EXAMPLES
from kiosk.app import create_app
from kiosk.builtin.cards import KINDS, QR_BYTES
from kiosk.hooks.values import CardType
from kiosk.keys import HOOKS
from kiosk.model import Card
from kiosk.settings import load_settings
from kiosk.web.templating import MAX_HTML, CardError, Templates

CARDS = Templates(
    card_types={kind: CardType(kind, "cards", model) for kind, model in KINDS.items()}
)
SPITE = "<script>alert(1)</script>\"'&"
FIELD = {"name": "a", "label": "A"}


class Reader(HTMLParser):
    """Reads a card's markup: elements with their attributes, and whether they are closed."""

    VOID = frozenset({"img", "input", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], "every element is closed"

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def draw(kind: str, data: dict[str, Any], card_id: str = "c") -> Reader:
    return Reader(CARDS.render_card(Card(kind, "Title", data, card_id)))


def test_each_kind_has_a_model_a_template_and_an_example() -> None:
    assert set(KINDS) == set(EXAMPLES) == set(CARDS.card_kinds)
    app = create_app(load_settings(overrides={"upstream": {"endpoint": "http://localhost:9"}}))
    ours = {k: v.plugin for k, v in app[HOOKS].registered.card_types.items() if k in KINDS}
    assert ours == dict.fromkeys(KINDS, "cards")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_inline_and_every_reference_leads_somewhere(kind: str) -> None:
    read = draw(kind, EXAMPLES[kind][1])
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for tag, attributes in read.elements:
        assert tag not in {"script", "style", "iframe", "object"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("aria-labelledby", "aria-describedby", "for"):
            for target in (attributes.get(name) or "").split():
                assert target in ids, f"{tag} {name}"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("text", {"text": SPITE, "note": SPITE}),
        ("list", {"items": [SPITE, {"title": SPITE, "text": SPITE, "aside": SPITE}]}),
        ("image", {"src": "/a.png", "alt": SPITE, "caption": SPITE}),
        (
            "map",
            {
                "width": 10,
                "height": 10,
                "places": [{"x": 1, "y": 1, "name": SPITE}],
                "steps": [SPITE],
                "alt": SPITE,
            },
        ),
        ("qr", {"content": SPITE, "text": SPITE, "note": SPITE}),
        ("timetable", {"rows": [{"time": SPITE, "title": SPITE, "place": SPITE}], "day": SPITE}),
        ("form", {"fields": [{"name": "a", "label": SPITE, "hint": SPITE}], "send": SPITE}),
    ],
)
def test_words_stay_words(kind: str, data: dict[str, Any]) -> None:
    read = draw(kind, data, card_id='" onclick="x')
    assert not read.all("script")
    assert not [name for _, attributes in read.elements for name in attributes if name[:2] == "on"]


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("text", {}, "text"),
        ("text", {"text": "a" * 8001}, "text"),
        ("text", {"text": "a", "html": "<b>"}, "html"),
        ("list", {"items": [{"text": "no title"}]}, "items.0.ListItem.title"),
        ("list", {"items": ["a"] * 61}, "items"),
        ("image", {"src": "https://elsewhere.example/a.png", "alt": "a"}, "src"),
        ("image", {"src": "//elsewhere.example/a.png", "alt": "a"}, "src"),
        ("image", {"src": "javascript:alert(1)", "alt": "a"}, "src"),
        ("image", {"src": "data:text/html;base64,PGI+", "alt": "a"}, "src"),
        ("image", {"src": "/a.png"}, "alt"),
        ("map", {"width": 0, "height": 1, "alt": "a"}, "width"),
        ("map", {"width": 1, "height": 1, "alt": "a", "walls": 'M0 0"><b>'}, "walls"),
        ("map", {"width": 1, "height": 1, "alt": "a", "rooms": ["url(#x)"]}, "rooms"),
        ("map", {"width": 1, "height": 1, "alt": "a", "route": [[float("nan"), 1]]}, "route.0.0"),
        ("qr", {"content": ""}, "content"),
        ("qr", {"content": "\N{EURO SIGN}" * 401}, "content"),
        ("timetable", {"rows": [{"title": "a"}]}, "rows.0.time"),
        ("timetable", {"rows": [{"time": "9", "title": "a", "state": "late"}]}, "rows.0.state"),
        ("form", {"fields": []}, "fields"),
        ("form", {"fields": [FIELD] * 2}, "fields"),
        ("form", {"fields": [{**FIELD, "kind": "choice"}]}, "fields.0"),
        ("form", {"fields": [{**FIELD, "options": ["x"]}]}, "fields.0"),
        ("form", {"fields": [{**FIELD, "kind": "choice", "options": ["x", "x"]}]}, "fields.0"),
        ("form", {"fields": [{**FIELD, "name": "A b"}]}, "fields.0.name"),
        ("form", {"fields": [{**FIELD, "kind": "password"}]}, "fields.0.kind"),
    ],
)
def test_data_that_does_not_fit_is_named_and_not_quoted(
    kind: str, data: dict[str, Any], field: str
) -> None:
    with pytest.raises(CardError) as caught:
        draw(kind, data)
    assert f"The card {kind}: {field}: " in str(caught.value)
    assert "elsewhere" not in str(caught.value)


def test_a_single_short_line_is_set_large() -> None:
    assert draw("text", {"text": "Until six."}).all("p") == [{"class": "card-large"}]
    assert draw("text", {"text": "One.\n\nTwo."}).all("p") == [{}, {}]


def test_a_timetable_is_a_table_with_heads_and_states_in_words() -> None:
    read = draw("timetable", EXAMPLES["timetable"][1])
    scopes = [one["scope"] for one in read.all("th")]
    assert scopes == ["col"] * 3 + ["row"] * 4
    assert len(read.all("caption")) == 1
    states = [one["data-text"] for one in read.all("span") if "data-text" in one]
    assert states == [f"card.state.{s}" for s in ("over", "now", "soon", "cancelled")]
    without = draw("timetable", {"rows": [{"time": "9", "title": "a"}]})
    assert [one["scope"] for one in without.all("th")] == ["col", "col", "row"]


def test_a_map_keeps_its_way_in_words_and_its_names_inside_the_picture() -> None:
    data = EXAMPLES["map"][1]
    read = draw("map", data)
    (picture,) = read.all("svg")
    assert picture["role"] == "img"
    assert picture["viewbox"] == "0 0 1000.0 666.7"
    assert len(read.all("li")) == len(data["steps"])
    places = [{"x": x, "y": 1, "name": "Here"} for x in (0, 30, 60)]
    anchors = [one["text-anchor"] for one in draw("map", {**data, "places": places}).all("text")]
    assert anchors == ["start", "middle", "end"]
    (way, *_), other = read.all("polyline"), draw("map", {**data, "route": []})
    assert str(way["points"]).startswith("133.3,550.0 433.3,550.0")
    assert other.all("polyline") == []


def test_a_code_says_what_it_is_and_a_short_link_is_written_out() -> None:
    html = CARDS.render_card(Card("qr", "T", {"content": "https://museum.example/a/"}))
    assert '<bdi dir="ltr">museum.example/a</bdi>' in html
    assert 'data-text="card.qr"' in html
    for content in ("some words", "https://museum.example/" + "a" * 60):
        assert "<bdi" not in CARDS.render_card(Card("qr", "T", {"content": content}))
    assert CARDS.render_card(Card("qr", "T", {"content": "a" * QR_BYTES}))


def test_a_forms_fields_are_labelled_and_their_mistakes_have_a_place() -> None:
    data = EXAMPLES["form"][1]
    kinds = ({**FIELD, "name": kind, "kind": kind} for kind in ("email", "number"))
    read = draw("form", {**data, "fields": [*data["fields"], *kinds]}, "my form")
    typed = [one for one in read.all("input") if one.get("type") not in {"radio", "checkbox"}]
    assert [(one["name"], one["type"]) for one in typed] == [
        ("name", "text"),
        ("phone", "tel"),
        ("email", "email"),
        ("number", "text"),
    ]
    assert typed[3]["inputmode"] == "decimal"
    labels = {one["for"] for one in read.all("label") if "for" in one}
    assert labels == {one["id"] for one in typed}
    assert [len(read.all(tag)) for tag in ("fieldset", "legend", "button")] == [1, 1, 1]
    assert all(" " not in str(one["id"]) for one in typed)
    optional = [one for one in read.all("span") if one.get("data-text") == "form.optional"]
    assert len(optional) == 3, "phone, email, number; a check box is optional by its nature"


def test_a_card_that_is_too_large_for_the_wire_is_not_drawn() -> None:
    rooms = ["M0 0" + "h1" * 2490] * 200
    data = {"width": 1, "height": 1, "alt": "a", "rooms": rooms}
    assert sum(map(len, rooms)) > MAX_HTML * 0.9
    data["walls"] = "M0 0" + "h1" * 20_000
    with pytest.raises(CardError, match=re.escape(f"more than {MAX_HTML} characters")):
        draw("map", data)
