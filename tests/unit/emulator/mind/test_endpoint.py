"""A chat endpoint over real HTTP: streams, limits, and requests that end when nobody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from kiosk.emulator.mind.chat import MindError
from kiosk.emulator.mind.endpoint import MOST_BYTES, ChatMind
from kiosk.emulator.mind.thought import Context, Said, whole
from kiosk.emulator.scenario.replies import MindSettings, Reply
from kiosk.emulator.scenario.scenario import Scenario
from tests.contract import chatting

ASKED = Context(turns=(Said("user", "Hm?"),))


@asynccontextmanager
async def thinking(
    answer: chatting.Answering, scenario: Scenario | None = None, **settings: Any
) -> AsyncIterator[tuple[ChatMind, chatting.ChatEndpoint]]:
    async with chatting.chat_endpoint() as endpoint:
        endpoint.answer = answer
        made = MindSettings(url=endpoint.url + "/", model="m", **settings)
        mind = ChatMind(scenario or Scenario(), made)
        try:
            yield mind, endpoint
        finally:
            await mind.aclose()


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_whole_or_in_pieces(stream: bool) -> None:
    pieces = ({"content": "One. "}, {"content": "Two."})
    answer = chatting.streamed(*pieces) if stream else chatting.whole("One. Two.")
    async with thinking(answer, stream=stream) as (mind, endpoint):
        plan = await mind.plan(ASKED)
        assert await whole(plan) == "One. Two."
        assert list(plan.calls) == []
        assert endpoint.asked[0]["stream"] is stream
        assert "Authorization" not in endpoint.headers[0]


async def test_the_scenario_comes_first() -> None:
    scenario = Scenario(greeting="Good day.", replies=(Reply(match="train", say="Platform 4."),))
    async with thinking(chatting.whole("x"), scenario) as (mind, endpoint):
        assert (await mind.plan(Context())).say == "Good day."
        assert (await mind.plan(Context(turns=(Said("user", "train"),)))).say == "Platform 4."
        assert endpoint.asked == []
        assert await whole(await mind.plan(ASKED)) == "x"


async def test_nobody_listens_any_more() -> None:
    answer = chatting.streamed({"content": "One. "}, {"content": "Two."}, hold=asyncio.Event())
    async with thinking(answer) as (mind, endpoint):
        plan = await mind.plan(ASKED)
        assert isinstance(plan.pieces, AsyncGenerator)
        async with aclosing(plan.pieces) as pieces:
            assert await anext(pieces) == "One. "
        async with asyncio.timeout(10):
            await endpoint.dropped.wait()


async def test_thinking_is_given_up() -> None:
    async with thinking(chatting.silent()) as (mind, endpoint):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await mind.plan(ASKED)
        async with asyncio.timeout(10):
            await endpoint.dropped.wait()


async def test_what_breaks_in_the_middle_breaks_the_reading() -> None:
    answer = chatting.streamed({"content": "One. "}, {"content": "Two."}, finish=False)
    async with thinking(answer) as (mind, _):
        plan = await mind.plan(ASKED)
        with pytest.raises(MindError) as caught:
            await whole(plan)
        assert caught.value.code == "mind_cut"


async def test_an_endless_stream_is_cut() -> None:
    flood = ({"content": "word " * 20_000} for _ in range(MOST_BYTES // 90_000))
    async with thinking(chatting.streamed(*flood)) as (mind, _):
        plan = await mind.plan(ASKED)
        with pytest.raises(MindError) as caught:
            await whole(plan)
        assert caught.value.code == "mind_too_long"


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "key_env"), (404, "url and model"), (429, "too often"), (302, "log")]
)
async def test_a_refusal_says_what_to_check(status: int, hint: str) -> None:
    async with thinking(chatting.raw(status, b"{}")) as (mind, _):
        with pytest.raises(MindError, match=hint) as caught:
            await mind.plan(ASKED)
        assert caught.value.code == "mind_refused"
