"""Ears with a grammar learn what visitors of this session are likely to say."""

from __future__ import annotations

from kiosk.emulator.mind.phrases import expected_phrases
from kiosk.emulator.mind.tools import parse_tools
from tests.unit.emulator.emulating import PLACES, light_engines, spoken


def test_questions_for_every_choice() -> None:
    phrases = expected_phrases(parse_tools([PLACES]))
    assert "Where are the toilets?" in phrases
    assert "How do I get to gallery 1?" in phrases
    assert "Thank you, goodbye" in phrases
    assert len(set(phrases)) == len(phrases)


def test_there_is_an_end_to_them() -> None:
    choices = {"enum": [f"room {number}" for number in range(1000)]}
    tool = {"type": "function", "name": "f", "parameters": {"properties": {"a": choices}}}
    assert len(expected_phrases(parse_tools([tool]))) == 120


async def test_light_ears_understand_them() -> None:
    phrases = expected_phrases(parse_tools([PLACES]))
    pcm = await spoken("Where are the toilets?")
    assert await light_engines().ears.transcribe(pcm, phrases=phrases) == "Where are the toilets?"
