"""Tests of function calls: every call is answered, whatever a tool does, then one response."""

from __future__ import annotations

import asyncio
import functools
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from kiosk import events
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.model import Card, Tool, ToolResult
from kiosk.session.line import Line
from kiosk.session.tools import MAX_PARALLEL, ToolRunner
from kiosk.signaling import messages as m
from tests.unit.session.stage import Stage, eventually, staged
from tests.unit.voicelive.service import ServedLine

NO_ARGUMENTS = {"type": "object", "properties": {}}


class Tools:
    """A plugin with these tools."""

    def __init__(self, *tools: Any, **options: Any) -> None:
        self._tools = tools
        self._options = options

    @hookimpl
    def register_tools(self, register: Any) -> None:
        for tool in self._tools:
            register(tool, **self._options)


def tool(name: str, handler: Callable[..., Any], **options: Any) -> Tool:
    return Tool(name, f"Does {name}.", NO_ARGUMENTS, handler, **options)


class Bench:
    """A line with a tool runner behind it."""

    def __init__(self, stage: Stage, line: Line, far: ServedLine) -> None:
        self.stage, self.line, self.far = stage, line, far
        self.runner = ToolRunner(stage.ctx)
        self.answers: dict[str, str] = {}

    @classmethod
    async def made(cls, stage: Stage) -> Bench:
        line, far = await stage.open_line()
        stage.talking()
        return cls(stage, line, far)

    def call(self, name: str, arguments: str = "{}", call_id: str = "call_1") -> None:
        self.runner.call(self.line, "r1", call_id, name, arguments)

    async def answer(self) -> str:
        item = (await self.far.next("conversation.item.create"))["item"]
        assert item["type"] == "function_call_output"
        self.answers[item["call_id"]] = item["output"]
        return str(item["output"])

    async def done(self, response_id: str = "r1") -> None:
        await self.runner.response_done(self.line, response_id)

    async def respond(self) -> dict[str, Any]:
        ask = await self.far.next("response.create")
        self.line.gate.created("next")
        await self.line.response_done("next")
        return dict(ask.get("response", {}))

    def outcomes(self) -> list[tuple[str, str]]:
        return [
            (event.tool, event.outcome)
            for event in self.stage.told()
            if isinstance(event, events.ToolCalled)
        ]


async def hours() -> str:
    """Say when the house is open."""
    return "ten to six"


def way(place: str, session: SessionHandle) -> ToolResult:
    """Show the way.

    Args:
        place: where to go
    """
    here = session.kiosk.place
    return ToolResult({"way": f"from {here} to {place}"}, (Card("text", place, id="map"),))


async def test_a_tools_answer_goes_back_and_one_response_is_asked_for() -> None:
    async with staged(Tools(hours)) as stage:
        bench = await Bench.made(stage)
        bench.call("hours")
        assert await bench.answer() == "ten to six"
        assert "response.create" not in bench.far.kinds
        await bench.done()
        assert await bench.respond() == {}
        assert bench.outcomes() == [("hours", "ok")]
        assert stage.ctx.tools_used == ["hours"]
        assert stage.ctx.tools_running == 0


async def test_a_tool_gets_its_arguments_and_the_session_and_shows_its_cards() -> None:
    async with staged(Tools(way)) as stage:
        bench = await Bench.made(stage)
        bench.call("way", '{"place": "the lift"}')
        assert json.loads(await bench.answer()) == {"way": "from entrance to the lift"}
        assert [card.id for card in stage.screen.all(m.ShowCard)] == ["map"]


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


async def test_an_async_function_behind_a_plain_decorator_is_awaited() -> None:
    async with staged(Tools(decorated(hours))) as stage:
        bench = await Bench.made(stage)
        bench.call("hours")
        assert await bench.answer() == "ten to six"


async def test_the_name_may_have_come_with_the_item_only() -> None:
    async with staged(Tools(hours)) as stage:
        bench = await Bench.made(stage)
        bench.runner.named("call_1", "hours")
        bench.call("")
        assert await bench.answer() == "ten to six"


async def test_an_event_that_comes_twice_runs_the_tool_once() -> None:
    ran: list[int] = []

    def once() -> str:
        ran.append(1)
        return "once"

    async with staged(Tools(tool("count", once))) as stage:
        bench = await Bench.made(stage)
        bench.call("count")
        bench.call("count")
        await bench.answer()
        await bench.done()
        await bench.respond()
        assert ran == [1]


def leave() -> str:
    """Leave the process."""
    sys.exit(3)


async def fail() -> str:
    """Fail."""
    raise RuntimeError("the visitor said something private")


def strange() -> Any:
    """Return what nobody can read."""
    return object()


def unserializable() -> Any:
    """Return an object that is no JSON."""
    return {"what": object()}


def nothing() -> Any:
    """Return nothing."""


@pytest.mark.expects_failures
@pytest.mark.parametrize("broken", [leave, fail, strange, unserializable, nothing])
async def test_a_tool_that_breaks_is_answered_and_told_to_the_operator(broken: Any) -> None:
    async with staged(Tools(broken)) as stage:
        bench = await Bench.made(stage)
        bench.call(broken.__name__)
        answer = await bench.answer()
        assert "failed" in json.loads(answer)["error"]
        assert "private" not in answer
        await bench.done()
        await bench.respond()
        assert bench.outcomes() == [(broken.__name__, "failed")]
        failure = stage.services.hooks.failures[-1]
        assert (failure.plugin, failure.hook) == ("tested", f"tool {broken.__name__}")
        # What we called it with is ours and helps nobody.
        assert {frame.partition(" ")[2] for frame in failure.frames} <= {broken.__name__}
        assert not stage.ctx.over.is_set()


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("unheard_of", "{}", "no such function"),
        ("way", "{", "not JSON"),
        ("way", '["lift"]', "not a JSON object"),
        ("way", "{}", "place"),
        ("way", '{"place": 7}', "place"),
        ("way", '{"place": "lift", "other": 1}', "other"),
    ],
)
async def test_what_the_model_gets_wrong_it_is_told(name: str, arguments: str, why: str) -> None:
    async with staged(Tools(way)) as stage:
        bench = await Bench.made(stage)
        bench.call(name, arguments)
        assert why in json.loads(await bench.answer())["error"]
        known = "way" if name == "way" else "unknown"
        await eventually(lambda: stage.ctx.tools_used, "the count of the call")
        assert bench.outcomes() == [(known, "refused")]
        # A name of the model's own choice must not become a label of a figure.
        labels = {"tool": known, "outcome": "refused"}
        value = stage.metrics.registry.get_sample_value("kiosk_tool_calls_total", labels)
        assert value == 1


async def test_a_schema_written_by_hand_is_held_to_and_no_breaker_counts_it() -> None:
    asked: list[str] = []

    def way(place: str) -> str:
        asked.append(place)
        return f"to {place}"

    schema = {
        "type": "object",
        "properties": {"place": {"type": "string"}},
        "required": ["place"],
    }
    by_hand = Tool("way", "Shows the way.", schema, way)
    async with staged(Tools(by_hand), hooks={"off": True, "breaker_failures": 1}) as stage:
        bench = await Bench.made(stage)
        for number, arguments in enumerate(('{"place": 7}', "{}", '{"place": null}')):
            bench.call("way", arguments, f"call_{number}")
            assert "place" in json.loads(await bench.answer())["error"]
        bench.call("way", '{"place": "the lift"}', "call_9")
        assert await bench.answer() == "to the lift"
        assert asked == ["the lift"]
        assert stage.services.hooks.failures == ()


async def test_no_arguments_at_all_are_an_empty_object() -> None:
    async with staged(Tools(hours)) as stage:
        bench = await Bench.made(stage)
        bench.call("hours", "")
        assert await bench.answer() == "ten to six"


@pytest.mark.expects_failures
@pytest.mark.parametrize("blocking", [True, False])
async def test_a_tool_that_takes_too_long_is_answered_without_it(blocking: bool) -> None:
    released = threading.Event()

    def block() -> str:
        released.wait(5)
        return "late"

    async def wait() -> str:
        await asyncio.Event().wait()
        return "never"

    slow = tool("slow", block if blocking else wait, timeout_s=0.05)
    async with staged(Tools(slow)) as stage:
        bench = await Bench.made(stage)
        bench.call("slow")
        assert "too long" in json.loads(await bench.answer())["error"]
        released.set()
        await eventually(lambda: stage.ctx.tools_used, "the count of the call")
        assert bench.outcomes() == [("slow", "timed_out")]


@pytest.mark.expects_failures
async def test_the_sites_deadline_holds_where_the_tool_has_none() -> None:
    async def wait() -> str:
        await asyncio.Event().wait()
        return "never"

    async with staged(Tools(tool("slow", wait)), visit={"tool_timeout_s": 0.05}) as stage:
        bench = await Bench.made(stage)
        bench.call("slow")
        assert "too long" in json.loads(await bench.answer())["error"]


async def test_a_huge_output_is_cut_and_says_so() -> None:
    async with staged(
        Tools(tool("huge", lambda: "word " * 10_000)), visit={"max_tool_output": 500}
    ) as stage:
        bench = await Bench.made(stage)
        bench.call("huge")
        answer = json.loads(await bench.answer())
        assert answer["cut_after"] == 500
        assert len(answer["text"]) == 500


@pytest.mark.expects_failures
@pytest.mark.parametrize("output", ["word " * 2_000_000, {"rows": ["word"] * 2_000_000}])
async def test_ten_megabytes_are_cut_and_the_operator_is_told(output: Any) -> None:
    async with staged(Tools(tool("huge", lambda: output))) as stage:
        bench = await Bench.made(stage)
        bench.call("huge")
        assert len(json.loads(await bench.answer())["text"]) == 8000
        await eventually(lambda: stage.ctx.tools_used, "the count of the call")
        assert bench.outcomes() == [("huge", "ok")]
        (failure,) = stage.services.hooks.failures
        assert (failure.plugin, failure.hook) == ("tested", "tool huge")
        assert failure.kind.startswith("returned ")
        assert failure.kind.endswith(" characters, cut to 8000")
        # How many they were is no label of a figure, and it is no reason to leave the tool out.
        labels = {"hook": "tool huge", "plugin": "tested", "kind": "cut"}
        assert stage.metrics.registry.get_sample_value("kiosk_hook_failures_total", labels) == 1
        assert stage.services.hooks.left_out == ()


@pytest.mark.expects_failures
@pytest.mark.parametrize(
    ("output", "why"),
    [
        ({"a": float("nan")}, "returned nan or infinity"),
        (["one"], "returned list; return words, a dict"),
    ],
)
async def test_what_no_json_is_never_goes_upstream(output: Any, why: str) -> None:
    async with staged(Tools(tool("odd", lambda: output))) as stage:
        bench = await Bench.made(stage)
        bench.call("odd")
        assert "failed" in json.loads(await bench.answer())["error"]
        (failure,) = stage.services.hooks.failures
        assert failure.kind.startswith(why)


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "Moment."), ("de-AT", "Moment."), ("en", "One moment."), ("fr", "One moment.")],
)
async def test_a_progress_phrase_is_in_the_visitors_language(language: str, said: str) -> None:
    go_on = asyncio.Event()

    async def slow() -> str:
        await go_on.wait()
        return "done"

    phrases = {"en": "One moment.", "de": "Moment."}
    limits = {"tool_progress_s": 0.01}
    async with staged(Tools(tool("slow", slow, progress=phrases)), visit=limits) as stage:
        bench = await Bench.made(stage)
        stage.ctx.language = language
        bench.call("slow")
        item = (await bench.far.next("response.create"))["response"]
        assert said in json.dumps(item, ensure_ascii=False)
        go_on.set()


async def test_parallel_calls_are_all_answered_then_one_response() -> None:
    first, second = asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        await first.wait()
        return "first"

    async def slower() -> str:
        await second.wait()
        return "second"

    async with staged(Tools(tool("slow", slow), tool("slower", slower))) as stage:
        bench = await Bench.made(stage)
        bench.call("slower", call_id="call_2")
        bench.call("slow", call_id="call_1")
        await bench.done()
        await eventually(lambda: stage.ctx.tools_running == 2, "both tools running")
        first.set()
        await bench.answer()
        assert "response.create" not in bench.far.kinds
        second.set()
        await bench.answer()
        await bench.respond()
        assert bench.answers == {"call_1": "first", "call_2": "second"}
        assert bench.far.kinds.count("response.create") == 1


async def test_too_many_calls_at_once_are_refused_one_by_one() -> None:
    async with staged(Tools(hours)) as stage:
        bench = await Bench.made(stage)
        for number in range(MAX_PARALLEL + 2):
            bench.call("hours", call_id=f"call_{number}")
        for _ in range(MAX_PARALLEL + 2):
            await bench.answer()
        refused = [key for key, value in bench.answers.items() if "Too many" in value]
        assert sorted(refused) == ["call_16", "call_17"]


async def test_after_too_many_rounds_the_model_must_answer_in_words() -> None:
    async with staged(Tools(hours), visit={"max_tool_rounds": 2}) as stage:
        bench = await Bench.made(stage)
        asked = []
        for number in range(3):
            bench.runner.call(bench.line, f"r{number}", f"call_{number}", "hours", "{}")
            await bench.answer()
            await bench.done(f"r{number}")
            asked.append(await bench.respond())
        assert asked == [{}, {"tool_choice": "none"}, {"tool_choice": "none"}]
        bench.runner.visitor_spoke()
        bench.runner.call(bench.line, "r9", "call_9", "hours", "{}")
        await bench.answer()
        await bench.done("r9")
        assert await bench.respond() == {}


async def test_a_response_without_calls_asks_for_nothing() -> None:
    async with staged(Tools(hours)) as stage:
        bench = await Bench.made(stage)
        await bench.done("r1")
        await bench.line.commit()
        await bench.far.next("input_audio_buffer.commit")
        assert "response.create" not in bench.far.kinds


@pytest.mark.parametrize("cancels", [True, False])
async def test_barge_in_cancels_the_tools_that_want_it(cancels: bool) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def search() -> str:
        started.set()
        await release.wait()
        return "found"

    async with staged(Tools(tool("search", search), cancel_on_barge_in=cancels)) as stage:
        bench = await Bench.made(stage)
        bench.call("search")
        await started.wait()
        bench.runner.barged_in()
        if not cancels:
            release.set()
        answer = await bench.answer()
        assert ("interrupted" in answer) == cancels
        await eventually(lambda: stage.ctx.tools_used, "the count of the call")
        assert bench.outcomes() == [("search", "cancelled" if cancels else "ok")]


async def test_a_person_who_takes_the_conversation_stops_every_tool() -> None:
    started = asyncio.Event()

    async def search() -> str:
        started.set()
        await asyncio.Event().wait()
        return "found"

    async with staged(Tools(tool("search", search, cancel_on_barge_in=False))) as stage:
        bench = await Bench.made(stage)
        bench.call("search")
        await started.wait()
        stage.ctx.takeover.take("anna", 0.0)
        bench.runner.stop()
        assert "interrupted" in await bench.answer()
        bench.call("search", call_id="call_2")
        assert "member of staff" in await bench.answer()
        await bench.done()
        assert bench.outcomes() == [("search", "cancelled"), ("search", "refused")]
        assert "response.create" not in bench.far.kinds


async def test_the_answer_to_a_line_that_is_gone_goes_nowhere() -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def search() -> str:
        started.set()
        await release.wait()
        return "found"

    async with staged(Tools(tool("search", search))) as stage:
        bench = await Bench.made(stage)
        bench.call("search")
        await started.wait()
        bench.runner.line_lost()
        _, fresh = await stage.open_line()
        release.set()
        await eventually(lambda: stage.ctx.tools_running == 0, "the end of the tool")
        await bench.done()
        assert "conversation.item.create" not in [*bench.far.kinds, *fresh.kinds]


async def test_the_answer_is_held_back_while_the_visitor_speaks() -> None:
    async with staged(Tools(hours)) as stage:
        bench = await Bench.made(stage)
        stage.ctx.visitor_speaking = True
        bench.call("hours", call_id="call_1")
        await bench.answer()
        await bench.done()
        assert "response.create" not in bench.far.kinds
        stage.ctx.visitor_speaking = False
        await bench.runner.nothing_was_said(bench.line)
        await bench.respond()
        await bench.runner.nothing_was_said(bench.line)
        assert bench.far.kinds.count("response.create") == 1


async def test_a_new_question_brings_the_answer_that_was_held_back() -> None:
    async with staged(Tools(hours)) as stage:
        bench = await Bench.made(stage)
        stage.ctx.visitor_speaking = True
        bench.call("hours", call_id="call_1")
        await bench.answer()
        await bench.done()
        bench.runner.visitor_spoke()
        await bench.runner.nothing_was_said(bench.line)
        assert "response.create" not in bench.far.kinds
