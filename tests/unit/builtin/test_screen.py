"""Tests of the tools by which speech changes the screen: what a touch can do, in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kiosk.builtin.screen import LOOKS, ScreenTools
from kiosk.i18n import Texts
from kiosk.model import Comfort
from kiosk.session.tools import ToolRunner
from kiosk.signaling import messages as m
from tests.unit.session.stage import staged

TEXTS = Texts.load()
CASES: list[tuple[str, dict[str, str], m.Set, str]] = [
    ("change_text_size", {"size": "bigger text"}, m.Set(text_size="large"), "changed"),
    ("change_volume", {"volume": "quieter"}, m.Set(volume=40), "hear me"),
    ("change_pace", {"pace": "slower"}, m.Set(pace="slow"), "slowly"),
    ("change_screen", {"look": "dark screen"}, m.Set(contrast="dark"), "changed"),
    ("change_language", {"language": "Deutsch"}, m.Set(language="de"), "Deutsch"),
]


async def called(stage: Any, name: str, arguments: dict[str, str]) -> str:
    """Have the model call a tool; returns what it is told to say."""
    far = stage.far
    ToolRunner(stage.ctx).call(stage.ctx.line, "r1", "call_1", name, json.dumps(arguments))
    item = (await far.next("conversation.item.create"))["item"]
    output = json.loads(item["output"])
    return str(output.get("say") or output["error"])


@pytest.mark.parametrize(("name", "arguments", "told", "words"), CASES)
async def test_it_changes_the_screen_and_says_so(
    name: str, arguments: dict[str, str], told: m.Set, words: str
) -> None:
    async with staged(builtins={"screen": ScreenTools(TEXTS, "standard")}) as stage:
        _, stage.far = await stage.open_line()  # type: ignore[attr-defined]  # for `called`
        stage.talking()
        assert words in await called(stage, name, arguments)
        assert stage.screen.all(m.Set) == [told]


async def test_what_is_at_its_end_is_said_and_not_changed() -> None:
    async with staged(builtins={"screen": ScreenTools(TEXTS, "standard")}) as stage:
        _, stage.far = await stage.open_line()  # type: ignore[attr-defined]  # for `called`
        stage.talking()
        stage.ctx.comfort = Comfort(text_size="largest", volume=100)
        assert "as far" in await called(stage, "change_volume", {"volume": "louder"})
        assert "as far" in await called(stage, "change_text_size", {"size": "bigger text"})
        assert not stage.screen.all(m.Set)
        assert await called(stage, "change_text_size", {"size": "normal text"})
        assert stage.ctx.comfort.text_size == "normal"


async def test_the_last_answer_is_repeated_and_time_is_given() -> None:
    async with staged(builtins={"screen": ScreenTools(TEXTS, "children")}) as stage:
        _, stage.far = await stage.open_line()  # type: ignore[attr-defined]  # for `called`
        stage.talking()
        assert "not said anything" in await called(stage, "repeat_answer", {})
        stage.ctx.answered("On the left.")
        assert await called(stage, "repeat_answer", {}) == "On the left."
        until = stage.ctx.until
        assert "more time" in await called(stage, "more_time", {})
        assert stage.ctx.until > until
        assert "others want to ask" in await called(stage, "more_time", {})


async def test_a_language_the_site_lacks_is_refused() -> None:
    async with staged(builtins={"screen": ScreenTools(TEXTS, "standard")}) as stage:
        _, stage.far = await stage.open_line()  # type: ignore[attr-defined]  # for `called`
        stage.talking()
        assert "language" in await called(stage, "change_language", {"language": "Klingon"})
        assert stage.ctx.language == "en"
    async with staged(
        builtins={"screen": ScreenTools(TEXTS, "standard")}, site={"languages": ["en"]}
    ) as stage:
        assert "change_language" not in stage.services.hooks.tools


def test_every_look_is_one_of_the_comforts() -> None:
    for name, value in LOOKS.values():
        assert m.Set(**{name: value}) != m.Set()
