"""Tests of the goodbye: a tool the model can call, whose words are said before the visit ends."""

from __future__ import annotations

import json

import pytest

from kiosk.builtin import goodbye
from kiosk.i18n import Texts
from kiosk.model import EndReason
from kiosk.session.tools import ToolRunner
from tests.unit.session.stage import staged


def test_there_are_words_in_every_language_of_the_screen() -> None:
    assert set(Texts.load().languages) <= set(goodbye.GOODBYES)


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("en", "Goodbye"),
        ("de", "Wiedersehen"),
        ("de-AT", "Wiedersehen"),
        ("pt-BR", "Adeus"),
        ("sv", "Goodbye"),
    ],
)
async def test_the_model_is_given_last_words_and_the_visit_ends_after_them(
    language: str, word: str
) -> None:
    async with staged(builtins={"goodbye": goodbye}) as stage:
        tool = stage.services.hooks.tools["end_visit"]
        assert tool.parameters["properties"] == {}
        assert "goodbye" in tool.description
        line, far = await stage.open_line()
        stage.talking()
        stage.ctx.language = language
        ToolRunner(stage.ctx).call(line, "r1", "call_1", "end_visit", "{}")
        item = (await far.next("conversation.item.create"))["item"]
        assert word in json.loads(item["output"])["say"]
        assert stage.ctx.end_after_speech is EndReason.GOODBYE
        assert not stage.ctx.over.is_set()
