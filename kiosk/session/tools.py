"""Function calls of one visit: arguments, deadline, answer for every call, then one response."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
from collections.abc import Mapping
from typing import Any, Final, Literal

import structlog

from kiosk import events
from kiosk.errors import UpstreamError
from kiosk.hooks.tools import ToolArgumentsError, is_async, wants_session
from kiosk.model import Card, Tool, ToolResult
from kiosk.session.context import VisitContext
from kiosk.session.line import Line

log = structlog.get_logger(__name__)

Outcome = Literal["ok", "failed", "timed_out", "refused", "cancelled"]

MAX_PARALLEL: Final = 16
"""Calls of one response that are run; the model is told that the rest was refused."""


class ToolRunner:
    """Runs what the model calls. Every call is answered, or the model would wait for ever."""

    def __init__(self, ctx: VisitContext) -> None:
        self._ctx = ctx
        self._names: dict[str, str] = {}
        self._pending: dict[str, set[str]] = {}
        self._done: set[str] = set()
        self._running: dict[str, tuple[Tool, asyncio.Task[Any]]] = {}
        self._rounds = 0
        self._held_back = False

    def named(self, call_id: str, name: str) -> None:
        """Note the name of a call from response.output_item.added."""
        if len(self._names) < 4 * MAX_PARALLEL:
            self._names[call_id] = name

    def visitor_spoke(self) -> None:
        """A new question: the count of rounds begins again, and its answer is all that is owed."""
        self._rounds = 0
        self._held_back = False

    async def nothing_was_said(self, line: Line) -> None:
        """What sounded like speech had no words: ask for the answer that was held back for it."""
        if self._held_back and line is self._ctx.line:
            self._held_back = False
            await self._ask(line)

    def call(self, line: Line, response_id: str, call_id: str, name: str, arguments: str) -> None:
        """Start one function call of a response."""
        calls = self._pending.setdefault(response_id, set())
        name = name or self._names.pop(call_id, "")
        if call_id in calls:
            return
        calls.add(call_id)
        self._ctx.tasks.spawn(
            self._answer(line, response_id, call_id, name, arguments, len(calls)),
            name=f"tool/{name}",
        )

    async def response_done(self, line: Line, response_id: str) -> None:
        """Note that the response is over; if it called tools, its answer is asked for in time."""
        if response_id in self._pending:
            self._done.add(response_id)
            await self._continue(line, response_id)

    async def _continue(self, line: Line, response_id: str) -> None:
        if self._pending.get(response_id) or response_id not in self._done:
            return
        self._pending.pop(response_id, None)
        self._done.discard(response_id)
        if line is not self._ctx.line:
            return
        if self._ctx.visitor_speaking:
            # Asked for now, the avatar would talk over the visitor, whose own turn brings an
            # answer that knows this result.
            self._held_back = True
            return
        await self._ask(line)

    async def _ask(self, line: Line) -> None:
        self._rounds += 1
        limit = self._ctx.settings.max_tool_rounds
        await line.respond({"tool_choice": "none"} if self._rounds >= limit else {})

    async def _answer(
        self, line: Line, response_id: str, call_id: str, name: str, arguments: str, number: int
    ) -> None:
        started = self._ctx.clock.monotonic()
        self._ctx.tools_running += 1
        try:
            outcome, output, cards = await self._run(call_id, name, arguments, number)
        finally:
            self._ctx.tools_running -= 1
        took = round((self._ctx.clock.monotonic() - started) * 1000)
        known = name if name in self._ctx.services.hooks.tools else "unknown"
        self._ctx.services.metrics.tool_calls.labels(known, outcome).inc()
        self._ctx.tools_used.append(known)
        for card in cards:
            self._ctx.show(card)
        self._ctx.emit(events.ToolCalled(**self._ctx.stamp(), tool=known, outcome=outcome, ms=took))
        if line is not self._ctx.line:
            return
        try:
            await line.add_tool_output(call_id, output)
            self._pending.get(response_id, set()).discard(call_id)
            await self._continue(line, response_id)
        except UpstreamError:
            # The pump sees the loss too and opens a new line, which asks again by itself.
            log.info("tool answered on a lost line", tool=known)

    async def _run(
        self, call_id: str, name: str, arguments: str, number: int
    ) -> tuple[Outcome, str, tuple[Card, ...]]:
        tool = self._ctx.services.hooks.tools.get(name)
        if tool is None:
            return "refused", _error("There is no such function."), ()
        if number > MAX_PARALLEL:
            return "refused", _error("Too many calls at once."), ()
        try:
            values = json.loads(arguments or "{}")
        except (json.JSONDecodeError, RecursionError):
            return "refused", _error("The arguments are not JSON."), ()
        if not isinstance(values, dict):
            return "refused", _error("The arguments are not a JSON object."), ()
        timeout_s = tool.timeout_s or self._ctx.settings.tool_timeout_s
        task = self._ctx.tasks.start(self._invoke(tool, values), name=f"run/{name}")
        self._running[call_id] = (tool, task)
        try:
            done, _ = await asyncio.wait({task}, timeout=timeout_s)
            if not done:
                task.cancel()
                self._ctx.services.hooks.tool_failed(tool, "took too long", None)
                return "timed_out", _error("It took too long. Say so and offer other help."), ()
            if task.cancelled():
                return "cancelled", _error("The visitor interrupted."), ()
            result, error = task.result()
        finally:
            self._running.pop(call_id, None)
        if isinstance(error, ToolArgumentsError):
            return "refused", _error(str(error)), ()
        if error is not None:
            self._ctx.services.hooks.tool_failed(tool, type(error).__name__, error)
            return "failed", _error("It failed. Say so and offer other help."), ()
        return self._readable(tool, result)

    async def _invoke(self, tool: Tool, values: dict[str, Any]) -> tuple[Any, BaseException | None]:
        if wants_session(tool):
            values["session"] = self._ctx.handle
        try:
            if is_async(tool):
                return await tool.handler(**values), None  # type: ignore[misc]  # is_async says so
            loop = asyncio.get_running_loop()
            call = functools.partial(tool.handler, **values)
            result = await loop.run_in_executor(self._ctx.services.tool_pool, call)
            if inspect.isawaitable(result):  # an async function behind a plain decorator
                result = await result
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a tool may raise anything
            return None, error
        return result, None

    def _readable(self, tool: Tool, result: Any) -> tuple[Outcome, str, tuple[Card, ...]]:
        cards: tuple[Card, ...] = ()
        if isinstance(result, ToolResult):
            cards = tuple(result.cards)
            result = result.output
        if isinstance(result, Mapping):
            try:
                result = json.dumps(result, ensure_ascii=False)
            except (TypeError, ValueError, RecursionError):
                result = None
        if not isinstance(result, str):
            self._ctx.services.hooks.tool_failed(tool, "returned what is not JSON", None)
            return "failed", _error("It failed. Say so and offer other help."), ()
        limit = self._ctx.settings.max_tool_output
        if len(result) > limit:
            result = json.dumps({"cut_after": limit, "text": result[:limit]}, ensure_ascii=False)
        return "ok", result, cards

    def barged_in(self) -> None:
        """Cancel the tools that want it when the visitor speaks."""
        for tool, task in tuple(self._running.values()):
            if tool.cancel_on_barge_in:
                task.cancel()

    def line_lost(self) -> None:
        """Forget the calls of a line that is gone; what runs finishes without an answer."""
        self._held_back = False
        self._pending.clear()
        self._done.clear()
        self._names.clear()


def _error(text: str) -> str:
    return json.dumps({"error": text})
