"""Tests of the visit and the site made of plain values."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from kiosk.errors import PluginLoadError
from kiosk.hooks.site import Site
from kiosk.model import Card
from kiosk.testing import ManualClock, fake_session, fake_site, load_plugin


class Colours(BaseModel):
    wall: str = "white"


async def test_a_session_remembers_what_was_done_with_it() -> None:
    session = fake_session(language="de", turns=[("visitor", "Hallo")], answers={"name": "Ada"})
    card, form = Card("text", "A", {"text": "b"}), Card("form", "F", {"fields": []})
    await session.say("Hello.")
    await session.show(card)
    assert await session.ask(form) == {"name": "Ada"}
    await session.set(language="fr")
    await session.transfer("a wheelchair")
    await session.transfer(state="coming")
    session.notes["seen"] = True
    await session.end()
    assert (session.said, session.shown, session.asked) == (["Hello."], [card], [form])
    assert session.language == "fr"
    assert session.wanted == [("wanted", "a wheelchair"), ("coming", "")]
    assert session.ended
    assert session.kept == {"seen": True}
    assert [(turn.speaker, turn.text) for turn in session.turns] == [("visitor", "Hallo")]
    assert (session.kiosk.id, session.kiosk.place) == ("lobby", "entrance")


def test_its_time_is_the_sites() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    session = fake_session(now=datetime(2026, 7, 1, 9, tzinfo=berlin))
    assert session.now().isoformat() == "2026-07-01T09:00:00+02:00"


async def test_a_site_has_settings_a_store_and_remembers_events(tmp_path: Path) -> None:
    site = fake_site(
        Colours(wall="red"),
        plugin="paint",
        folder=tmp_path,
        render=lambda name, values: f"{name} {values}",
    )
    assert isinstance(site, Site)
    assert (site.plugin, site.settings(Colours).wall, site.folder) == ("paint", "red", tmp_path)
    await site.store.set("day:2", [2])
    await site.store.set("day:1", {"a": 1})
    assert await site.store.items("day:", limit=1) == [("day:1", {"a": 1})]
    assert await site.store.get("absent", 7) == 7
    assert [await site.store.delete("day:1"), await site.store.delete("day:1")] == [True, False]
    assert site.store_data.values == {"day:2": [2]}
    await site.publish("painted", wall="north")
    assert site.published == [("painted", {"wall": "north"})]
    assert site.render("card.html", a=1) == "card.html {'a': 1}"


def test_a_site_without_settings_says_so() -> None:
    with pytest.raises(TypeError, match="registered no settings of type Colours"):
        fake_site().settings(Colours)


async def test_its_clock_is_the_tests() -> None:
    clock = ManualClock()
    site = fake_site(clock=clock)
    before = site.now()
    await clock.advance(90)
    assert (site.now() - before).total_seconds() == 90


def test_a_file_is_imported_as_the_server_does(tmp_path: Path) -> None:
    file = tmp_path / "hello.py"
    file.write_text("WORDS = 'one'\n")
    assert load_plugin(file).WORDS == "one"
    file.write_text("WORDS = 'two'\n")
    assert load_plugin(file).WORDS == "two"
    package = tmp_path / "tour/__init__.py"
    package.parent.mkdir()
    package.write_text("import no_such_module\n")
    with pytest.raises(PluginLoadError, match=r"plugin tour does not import.*__init__\.py:1"):
        load_plugin(package)
