"""Interim responses: when there is one, and what it says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.clock import Clock, SystemClock
from kiosk.emulator.config.interim import filled_interim
from kiosk.emulator.mind.interface import BuiltInMind, Mind
from kiosk.emulator.mind.thought import Context, Said
from kiosk.emulator.responses.interim import Interim
from kiosk.emulator.scenario.scenario import Scenario

CONTEXT = Context(turns=(Said("user", "When do you open?"),))


class Session:
    """What an interim response needs of its session."""

    def __init__(self) -> None:
        self.clock: Clock = SystemClock()
        self.mind: Mind = BuiltInMind(Scenario())


def interim(**config: Any) -> Interim:
    return Interim(Session(), filled_interim({"type": "static_interim_response", **config}))


async def test_without_a_configuration_there_is_none() -> None:
    nothing = Interim(Session(), None)
    assert not nothing.triggers("latency")
    assert not nothing.triggers("tool")


async def test_the_triggers_and_only_once() -> None:
    either = interim(triggers=["latency", "tool"], texts=["Wait."])
    assert either.triggers("latency")
    assert either.triggers("tool")
    assert await either.words(CONTEXT) == "Wait."
    assert not either.triggers("tool")
    assert not interim().triggers("tool")


async def test_one_of_the_texts() -> None:
    texts = ["One.", "Two.", "Three."]
    said = {await interim(texts=texts).words(CONTEXT) for _ in range(60)}
    assert said == set(texts)
    assert await interim().words(CONTEXT)


async def test_the_mind_follows_the_instructions_within_its_tokens() -> None:
    order = 'Say exactly: "I am looking that up for you right now."'
    llm = {"type": "llm_interim_response", "instructions": order}
    said = await Interim(Session(), filled_interim(llm)).words(CONTEXT)
    assert said == "I am looking that up for you right now."
    short = filled_interim({**llm, "max_completion_tokens": 4})
    assert await Interim(Session(), short).words(CONTEXT) == "I am looking"
    default = filled_interim({"type": "llm_interim_response"})
    assert "moment" in (await Interim(Session(), default).words(CONTEXT)).lower()


async def test_the_threshold_is_waited_for() -> None:
    async with asyncio.timeout(20):
        await interim(latency_threshold_ms=0).wait()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await interim(latency_threshold_ms=60_000).wait()
