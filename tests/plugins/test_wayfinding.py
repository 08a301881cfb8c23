"""Wayfinding: every place is found by what people call it, and every way can be walked."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.emulator.mind.tools import ENOUGH, best_fit, parse_tools
from kiosk.errors import PluginLoadError
from kiosk.hooks.manager import load_plugins
from kiosk.model import Card, ToolResult
from kiosk.paths import demo_plugins
from kiosk.web.templating import Templates
from plugins import wayfinding
from plugins.wayfinding import check_reachable, show_all, show_way
from plugins.wayfinding.match import find_places, tokens
from plugins.wayfinding.plan import OWN_PLAN, Plan, PlanError, load_plan
from plugins.wayfinding.route import build_graph, find_route, turn_between
from plugins.wayfinding.words import LANGUAGES
from tests.unit.hooks.hooking import ManualClock, Session, hooked, running, settings_with

FOYER, LANDING = "entrance", "first floor"
few = settings(deadline=None, max_examples=100, database=None)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan()


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates([demo_plugins() / "wayfinding" / "templates"])


def output(result: ToolResult) -> dict[str, Any]:
    assert isinstance(result.output, dict)
    assert json.loads(json.dumps(result.output)) == result.output
    return result.output


def way(plan: Plan, asked: str, kiosk: str = FOYER, language: str = "en") -> str:
    return str(output(show_way(plan, asked, kiosk, language))["say"])


def card(plan: Plan, asked: str, kiosk: str = FOYER, language: str = "en") -> Card:
    (shown,) = show_way(plan, asked, kiosk, language).cards
    return shown


def ids(plan: Plan, asked: str) -> set[str]:
    return {match.place.id for match in find_places(plan, asked)}


# ── what people call it ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("toilets", "toilets-ground"),
        ("the nearest restroom, please", "toilets-ground"),
        ("BATHROOM", "toilets-ground"),
        ("a WC", "toilets-ground"),
        ("where is the loo", "toilets-ground"),
        ("accessible toilet", "toilets-ground"),
        ("Wo ist die nächste Toilette?", "toilets-ground"),
        ("baby changing", "toilets-ground"),
        ("coffee", "cafe"),
        ("café", "cafe"),
        ("cafe", "cafe"),
        ("something to eat", "cafe"),
        ("Kaffee und Kuchen", "cafe"),
        ("elevator", "lift-ground"),
        ("Fahrstuhl", "lift-ground"),
        ("gift shop", "shop"),
        ("somewhere to eat", "cafe"),
        ("somewhere to leave my coat", "cloakroom"),
        ("Schließfächer", "cloakroom"),
        ("tickets", "staff-desk"),
        ("a real person", "staff-desk"),
        ("way out", "entrance"),
        ("the harbor gallery", "harbour-gallery"),
        ("gallery two", "town-gallery"),
        ("Stadtgalerie", "town-gallery"),
        ("ship models", "harbour-gallery"),
        ("the old tram", "town-gallery"),
        ("Gemälde", "light-gallery"),
        ("children", "studio"),
        ("somewhere quiet", "quiet-room"),
        # misspelt or misheard
        ("cofee", "cafe"),
        ("resturant", "cafe"),
        ("bathrom", "toilets-ground"),
        ("toilettes", "toilets-ground"),
        ("elevater over there", "lift-ground"),
        ("cloak room", "cloakroom"),
        ("light gallary", "light-gallery"),
        ("suvenirs", "shop"),
        # in other languages; an article may be part of the word, or there may be no spaces at all
        ("Où sont les toilettes ?", "toilets-ground"),
        ("l’ascenseur", "lift-ground"),
        ("¿Dónde puedo comer algo?", "cafe"),
        ("Onde deixo a mochila?", "cloakroom"),
        ("Де тут гардероб?", "cloakroom"),
        ("أين المرحاض؟", "toilets-ground"),
        ("كيف أصل إلى المصعد", "lift-ground"),
        ("الطريق للمقهى", "cafe"),
        ("お手洗いはどこですか", "toilets-ground"),
        ("船の模型が見たいです", "harbour-gallery"),
        ("请问洗手间在哪里", "toilets-ground"),
        ("我想看灯塔的灯", "light-gallery"),
    ],
)
def test_people_have_many_words_for_a_place(plan: Plan, asked: str, place: str) -> None:
    found = find_places(plan, asked)
    assert place in {match.place.id for match in found}
    (shown,) = show_way(plan, asked, FOYER, "en").cards
    goal = [p["name"] for floor in shown.data["floors"] for p in floor["places"] if p["goal"]]
    assert goal == [plan.place(place).name["en"]]


@pytest.mark.parametrize("asked", ["dinosaurs", "car", "bank", "", "???", "the", "x", "🐟" * 500])
def test_what_is_not_there_is_not_found(plan: Plan, asked: str) -> None:
    result = show_way(plan, asked, FOYER, "en")
    assert output(result)["found"] is False
    assert result.cards == ()
    assert "the toilets" in str(output(result)["say"])


def test_every_word_of_the_plan_finds_its_place(plan: Plan) -> None:
    for place in plan.places:
        for words in place.words.values():
            for word in words:
                assert place.id in ids(plan, word), f"{word!r} does not find {place.id}"
        for name in place.name.values():
            assert place.id in ids(plan, name)
        for exhibit in place.exhibits:
            for word in (word for words in exhibit.words.values() for word in words):
                assert place.id in ids(plan, word), f"{word!r} does not find {place.id}"


@few
@given(st.text(max_size=300))
def test_no_question_breaks_it(asked: str) -> None:
    plan = load_plan()
    result = show_way(plan, asked, FOYER, "de")
    assert output(result)["say"]
    assert (len(result.cards) == 1) is output(result)["found"]


def test_fillers_and_accents_do_not_count() -> None:
    assert tokens("Where is the nearest Café, please?") == ("cafe",)
    assert tokens("Wo ist die Straßenbahn?") == ("strassenbahn",)
    assert tokens("where is it") == ("it",)
    assert tokens("the") == ("the",)


# ── the way ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "kiosk", "language", "text"),
    [
        (
            "toilets", FOYER, "en",
            "The toilets are on this floor, about 15 metres away. "
            "Go straight on, then turn left. They are on your right.",
        ),
        (
            "café", FOYER, "en",
            "The café is on this floor, about 30 metres away. Go straight on, then turn right and "
            "go past the cloakroom. It is straight ahead.",
        ),
        ("entrance", FOYER, "en", "The entrance is on your left."),
        (
            "ship models", FOYER, "en",
            "The ship models are in the Harbour Gallery. That is on this floor, about 35 metres "
            "away. Go straight on, then turn left and go past the staff desk. "
            "It is straight ahead.",
        ),
        (
            "the light gallery", FOYER, "en",
            "The Light Gallery is on the first floor. Go straight on, then turn left and go past "
            "the toilets, then take the lift on your right to the first floor. Leave the lift and "
            "go left, past the quiet room. It is straight ahead.",
        ),
        (
            "Treppe", LANDING, "de",
            "Die Treppe ist auf dieser Etage, etwa 10 Meter entfernt. Gehen Sie geradeaus, dann "
            "gehen Sie nach links. Die Treppe ist dann rechts von Ihnen.",
        ),
        (
            "Empfang", LANDING, "de-CH",
            "Der Empfang ist im Erdgeschoss. Gehen Sie geradeaus, dann gehen Sie nach rechts, dann "
            "nehmen Sie den Aufzug links von Ihnen ins Erdgeschoss. Gehen Sie aus dem Aufzug nach "
            "links, dann gehen Sie nach rechts, dann gehen Sie nach rechts. "
            "Der Empfang ist dann links von Ihnen.",
        ),
        (
            "les toilettes", FOYER, "fr-CA",
            "Les toilettes sont à cet étage, à environ 15 mètres. Continuez tout droit, puis "
            "tournez à gauche. C’est sur votre droite.",
        ),
        (
            "مكتب الاستقبال", LANDING, "ar",
            "مكتب الاستقبال في الطابق الأرضي. سيروا إلى الأمام، ثم انعطفوا يمينًا، ثم استقلوا "
            "المصعد على يساركم إلى الطابق الأرضي. اخرجوا من المصعد وانعطفوا يسارًا، ثم انعطفوا "
            "يمينًا، ثم انعطفوا يمينًا. مكتب الاستقبال على يساركم.",
        ),
        (
            "船の模型", FOYER, "ja",
            "船の模型は港の展示室にあります。そちらはこの階にあり、約35メートルです。まっすぐ進みます。"
            "次に左に曲がり、受付の前を通って進みます。港の展示室は正面にあります。",
        ),
        (
            "光之展厅", FOYER, "zh",
            "光之展厅在二楼。直走，然后左转，经过洗手间，然后乘您右手边的电梯到二楼。"
            "出电梯后左转，经过安静室。光之展厅就在您正前方。",
        ),
        (
            "ліфт", LANDING, "uk",
            "Ліфт — на цьому поверсі, приблизно за 10 метрів. Ідіть прямо, потім поверніть "
            "праворуч. Ліфт — ліворуч від вас.",
        ),
    ],
)  # fmt: skip
def test_the_way_in_words(plan: Plan, asked: str, kiosk: str, language: str, text: str) -> None:
    assert way(plan, asked, kiosk, language) == text


def test_the_nearest_of_several_is_meant(plan: Plan) -> None:
    assert "on this floor" in way(plan, "toilets", FOYER)
    assert "on this floor" in way(plan, "toilets", LANDING)
    assert "take the lift" not in way(plan, "toilets", LANDING)


def test_a_language_without_words_gets_english(plan: Plan) -> None:
    assert way(plan, "toilets", FOYER, "sv") == way(plan, "toilets", FOYER, "en")


def test_a_plan_in_two_languages_is_spoken_in_no_third(tmp_path: Path) -> None:
    """Our words with names of another language would be half a sentence of each."""
    plan = load_plan(own_plan(tmp_path, ROOM))
    assert way(plan, "bar", "lobby", "fr") == "The bar is straight ahead."
    assert "is straight ahead" not in way(load_plan(), "café", FOYER, "fr")


def test_an_unknown_kiosk_counts_as_the_first(plan: Plan) -> None:
    assert way(plan, "toilets", "the roof") == way(plan, "toilets", FOYER)
    assert way(plan, "toilets", " Main Entrance ") == way(plan, "toilets", FOYER)


def test_every_place_can_be_reached_from_every_kiosk_without_stairs(plan: Plan) -> None:
    check_reachable(plan, OWN_PLAN)
    graph = build_graph(plan)
    lifts = {stop for lift in plan.lifts for stop in lift.stops}
    for kiosk in plan.kiosks:
        for place in plan.places:
            route = find_route(graph, kiosk, place.id)
            assert route is not None
            for one, other in zip(route.points, route.points[1:], strict=False):
                floors = {graph.at[one][0], graph.at[other][0]}
                assert len(floors) == 1 or {one, other} <= lifts, "floors are joined by lifts only"
            assert sum(leg.length for leg in route.legs) == pytest.approx(route.length)


def test_a_way_is_no_longer_than_any_other(plan: Plan) -> None:
    """Against Floyd and Warshall's algorithm, on lengths alone: turns may cost a little more."""
    graph = build_graph(plan)
    names = list(graph.at)
    far = {(a, b): 0.0 if a == b else float("inf") for a in names for b in names}
    for a in names:
        for b in graph.joined[a]:
            (floor, (x1, y1)), (other, (x2, y2)) = graph.at[a], graph.at[b]
            if floor == other:
                far[a, b] = ((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5
    for middle in names:
        for a in names:
            for b in names:
                far[a, b] = min(far[a, b], far[a, middle] + far[middle, b])
    for kiosk in plan.kiosks:
        for place in plan.places:
            route = find_route(graph, kiosk, place.id)
            assert route is not None
            if place.floor == kiosk.floor:
                assert route.length <= far[kiosk.id, place.id] + 12.0 * len(route.legs)


@pytest.mark.parametrize(
    ("heading", "onward", "turn"),
    [
        (270, 270, "straight"),
        (270, 290, "straight"),
        (270, 0, "right"),
        (270, 180, "left"),
        (270, 90, "back"),
        (10, 350, "straight"),
        (350, 80, "right"),
    ],
)
def test_turns_are_as_one_walks(heading: float, onward: float, turn: str) -> None:
    assert turn_between(heading, onward) == turn


# ── the card ─────────────────────────────────────────────────────────────────────────────────


def every_card(plan: Plan) -> Iterator[Card]:
    for language in LANGUAGES:
        for kiosk in (FOYER, LANDING):
            yield from show_all(plan, kiosk, language).cards
            for place in plan.places:
                yield from show_way(plan, place.name[language], kiosk, language).cards


def svg_of(html: str) -> ET.Element:
    found = re.search(r"<svg.*</svg>", html, re.DOTALL)
    assert found is not None
    return ET.fromstring(found.group())


def test_every_card_is_drawn_and_keeps_to_the_pages_policy(
    plan: Plan, templates: Templates
) -> None:
    for shown in every_card(plan):
        assert json.loads(json.dumps(shown.data)) == shown.data
        html = templates.render_card(shown)
        svg = svg_of(html)
        assert "style=" not in html
        assert "<script" not in html
        assert "<style" not in html
        assert not re.search(r"\son\w+=", html)
        assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
        assert svg.attrib["role"] == "img"
        assert svg.attrib["direction"] == "ltr", "whatever the page's is"


def test_the_map_says_in_words_what_it_shows(plan: Plan, templates: Templates) -> None:
    html = templates.render_card(card(plan, "café"))
    svg = svg_of(html)
    space = "{http://www.w3.org/2000/svg}"
    title = svg.find(f"{space}title")
    assert title is not None
    assert title.text == way(plan, "café")
    assert svg.attrib["aria-labelledby"] == title.attrib["id"]
    steps = re.findall(r"<li>(.*?)</li>", html)
    assert steps == [
        "Go straight on.",
        "Turn right and go past the cloakroom.",
        "It is straight ahead.",
    ]
    labels = [text.text for text in svg.iter(f"{space}text")]
    assert "You are here" in labels
    assert "About 30 m" in labels
    assert "Quay Café" in labels


def test_the_line_begins_at_the_kiosk_and_ends_at_the_pin(plan: Plan) -> None:
    shown = card(plan, "café")
    (floor,) = shown.data["floors"]
    start = floor["start"]
    (goal,) = [place for place in floor["places"] if place["goal"]]
    (line,) = floor["routes"]
    points = [tuple(map(float, point.split())) for point in line[1:].split("L")]
    assert points[0] == (start["x"], start["y"])
    assert points[-1] == (goal["x"], goal["y"] + plan.pin)


def test_another_floor_is_drawn_above_with_the_ride_between(plan: Plan) -> None:
    shown = card(plan, "town gallery")
    upper, lower = shown.data["floors"]
    assert (upper["id"], lower["id"]) == ("first", "ground")
    assert shown.data["height"] == 630
    assert len(shown.data["ride"]) == 1
    ridden = [p["name"] for floor in (upper, lower) for p in floor["places"] if p["ridden"]]
    assert ridden == ["Lift", "Lift"]
    assert upper["start"] is None
    assert lower["start"]["label"] == "You are here"


def test_labels_and_icons_lie_inside_the_picture(plan: Plan) -> None:
    for shown in every_card(plan):
        for floor in shown.data["floors"]:
            width, height = plan.floor(floor["id"]).size
            for place in floor["places"]:
                # A letter is about half as wide as it is high, and a Chinese one as wide.
                wide = [unicodedata.east_asian_width(letter) == "W" for letter in place["name"]]
                half = (3.7 if place["small"] else 4.6) * sum(1.85 if is_w else 1 for is_w in wide)
                assert half <= place["label_x"] <= width - half
                assert 12 <= place["label_y"] <= height
                assert 18 <= place["y"] <= height - 18


def test_a_name_with_markup_is_text(plan: Plan, templates: Templates) -> None:
    shown = card(plan, "café")
    floors = [dict(floor, name='<b onclick="x">') for floor in shown.data["floors"]]
    evil = Card(shown.kind, shown.title, {**shown.data, "floors": floors})
    assert "<b" not in templates.render_card(evil)


def test_all_places_are_listed_by_floor(plan: Plan) -> None:
    said = str(output(show_all(plan, FOYER, "en"))["say"])
    assert said.startswith("On the ground floor: the entrance, the staff desk, ")
    assert said.endswith("the toilets, the quiet room and the family studio.")
    german = str(output(show_all(plan, FOYER, "de"))["say"])
    assert "Im ersten Stock: die Stadtgalerie" in german


# ── as a plugin ──────────────────────────────────────────────────────────────────────────────


async def test_the_tools_answer_with_words_and_a_map() -> None:
    async with running({"wayfinding": wayfinding}) as made:
        assert sorted(made.hooks.tools) == ["find_place", "list_places"]
        tool = made.hooks.tools["find_place"]
        assert tool.parameters["required"] == ["place"]
        assert set(tool.parameters["properties"]) == {"place"}
        result = tool.handler(place="Toiletten", session=Session(language="de", place=LANDING))
        assert isinstance(result, ToolResult)
        assert "auf dieser Etage" in str(output(result)["say"])
        assert [shown.id for shown in result.cards] == ["wayfinding"]
        (text,) = await made.hooks.instructions(Session())
        assert text.startswith("Use find_place whenever")
        assert "Quay Café" in text


@pytest.mark.parametrize(
    "said",
    [
        "Where are the toilets?",
        "Where is the café, please?",
        "How do I get to the harbour gallery?",
        "Can you show me the way to the lift?",
    ],
)
def test_the_emulators_mind_chooses_the_tool(said: str) -> None:
    made = hooked({"wayfinding": wayfinding})
    tools = parse_tools(
        [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
            }
            for tool in made.hooks.tools.values()
        ]
    )
    fit = best_fit(tools, said)
    assert fit is not None
    assert fit.tool.name == "find_place"
    assert fit.score >= ENOUGH
    assert output(show_way(load_plan(), fit.arguments["place"], FOYER, "en"))["found"]


def test_it_loads_from_its_folder_with_its_template() -> None:
    loaded = load_plugins(settings_with(demo_plugins()), ManualClock(), builtins={})
    (plugin,) = [plugin for plugin in loaded.plugins if plugin.name == "wayfinding"]
    assert plugin.version == "1.0"
    assert plugin.templates is not None
    assert "wayfinding_map" in Templates([plugin.templates]).card_kinds


# ── a site's own plan ────────────────────────────────────────────────────────────────────────

ROOM = """
scale = 0.1
pin = 10
[[floors]]
id = "g"
size = [100, 100]
name = { en = "Ground" }
on = { en = "here" }
to = { en = "down" }
walls = "M0 0H100"
[[kiosks]]
id = "kiosk"
places = ["lobby"]
floor = "g"
at = [50, 90]
facing = "north"
[[paths]]
walk = ["kiosk", "bar"]
[[places]]
id = "bar"
floor = "g"
at = [50, 20]
label = [50, 10]
icon = "cup"
tone = "food"
name = { en = "Bar" }
said = { en = "the bar" }
"""


def own_plan(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_a_site_brings_its_own(tmp_path: Path) -> None:
    tables = {"plugins": {"wayfinding": {"plan": str(own_plan(tmp_path, ROOM))}}}
    async with running({"wayfinding": wayfinding}, **tables) as made:
        result = made.hooks.tools["find_place"].handler(place="bar", session=Session())
        assert isinstance(result, ToolResult)
        assert output(result)["say"] == "The bar is straight ahead."
        (text,) = await made.hooks.instructions(Session())
        assert "it knows Bar, and" in text


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("scale = 0.1", "scale = ", "own.toml is not valid TOML"),
        ('icon = "cup"', 'icon = "mug"', "'bar' has the icon 'mug'; there are bag, brush"),
        ('tone = "food"', 'tone = "red"', r"places\.0 \(bar\)\.tone: Input should be 'gallery'"),
        ('walk = ["kiosk", "bar"]', 'walk = ["kiosk", "bra"]', "a path names 'bra', which is no"),
        ('walk = ["kiosk", "bar"]', 'walk = ["kiosk"]', r"paths\.0\.walk: "),
        ('id = "kiosk"', 'id = "bar"', "'bar' is the name of two points"),
        ('floor = "g"\nat = [50, 20]', 'floor = "h"\nat = [50, 20]', "on floor 'h', which is not"),
        ('name = { en = "Bar" }', 'name = { de = "Bar" }', r"\(bar\)\.name: add `en`"),
        ('walls = "M0 0H100"', 'walls = "url(x)"', r"floors\.0 \(g\)\.walls: "),
        ("pin = 10", "pin = 10\ncolour = 1", "colour: Extra inputs are not permitted"),
        ('facing = "north"', 'facing = "up"', r"kiosks\.0 \(kiosk\)\.facing: "),
    ],
)
def test_a_mistake_in_a_plan_names_file_entry_and_fix(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    assert old in ROOM
    path = own_plan(tmp_path, ROOM.replace(old, new))
    with pytest.raises(PlanError, match=sentence) as caught:
        load_plan(path)
    assert str(path) in str(caught.value)


def test_a_plan_that_is_not_there_or_too_large_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"none\.toml cannot be read .*plugins\.wayfinding\.plan"):
        load_plan(tmp_path / "none.toml")
    large = own_plan(tmp_path, ROOM + "#" * 1_000_001)
    with pytest.raises(PlanError, match="larger than 1000000 bytes"):
        load_plan(large)


async def test_a_wrong_plan_stops_the_start_with_its_sentence(tmp_path: Path) -> None:
    island = ROOM + ROOM[ROOM.index("[[places]]") :].replace('"bar"', '"island"')
    tables = {"plugins": {"wayfinding": {"plan": str(own_plan(tmp_path, island))}}}
    with pytest.raises(PluginLoadError, match="no path leads from the kiosk 'kiosk' to 'island'"):
        async with running({"wayfinding": wayfinding}, **tables):
            raise AssertionError("it should not have started")


def test_the_plan_of_the_museum_is_whole(plan: Plan) -> None:
    """All languages everywhere: half a translation is heard at once."""
    data = tomllib.loads(OWN_PLAN.read_text(encoding="utf-8"))

    def walk(value: Any, where: str) -> None:
        if isinstance(value, dict):
            if "en" in value:
                assert set(value) == set(LANGUAGES), where
            for key, item in value.items():
                walk(item, f"{where}.{key}")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                walk(item, f"{where}.{number}")

    walk(data, "plan")
    assert len(plan.places) >= 12
