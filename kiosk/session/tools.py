"""Function calls of one visit: arguments, deadline, answer for every call, then one response."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Literal

import structlog

from kiosk import events
from kiosk.errors import UpstreamError
from kiosk.hooks.tools import ToolArgumentsError, check_arguments, is_async, wants_session
from kiosk.hooks.values import Refuse
from kiosk.model import Card, Tool, ToolCall, ToolResult
from kiosk.session.context import VisitContext
from kiosk.session.handle import VisitHandle
from kiosk.session.line import Line
from kiosk.session.tool_output import UnreadableError, readable
from kiosk.settings.sections import in_language
from kiosk.tasks import raise_ours

log = structlog.get_logger(__name__)

Outcome = Literal["ok", "failed", "timed_out", "refused", "cancelled"]

MAX_PARALLEL: Final = 16
"""Calls of one response that are run; the model is told that the rest was refused."""

FAILED: Final = "It failed. Say so and offer other help."
"""What the model is told when a tool breaks."""

HELD: Final = "A member of staff talks with the visitor now. Do nothing."
"""What the model is told of a call while a person has the conversation."""

NOT_CONFIRMED: Final = "The visitor did not confirm it on the screen, so it was not done. Say so."

MINUTE_S: Final = 60.0

HOSTED_S: Final = 30.0
"""How long a call of an MCP server's tool is waited for; the service makes it, not we. After it
the model is asked to go on without."""


class ToolRunner:
    """Runs what the model calls. Every call is answered, or the model would wait for ever."""

    def __init__(self, ctx: VisitContext) -> None:
        self._ctx = ctx
        self._names: dict[str, str] = {}
        self._pending: dict[str, set[str]] = {}
        self._done: set[str] = set()
        self._running: dict[str, tuple[Tool, asyncio.Task[Any]]] = {}
        self._made: dict[str, deque[float]] = {}
        self._hosted: dict[str, asyncio.Future[Outcome]] = {}
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

    def hosted(self, line: Line, response_id: str, item_id: str, label: str, name: str) -> None:
        """Note a call that the service makes itself, of a tool of the MCP server `label`."""
        calls = self._pending.setdefault(response_id, set())
        if item_id in calls or len(calls) >= MAX_PARALLEL:
            return
        calls.add(item_id)
        self._hosted[item_id] = asyncio.get_running_loop().create_future()
        self._ctx.tasks.spawn(
            self._wait_for_hosted(line, response_id, item_id, label, name),
            name=f"mcp/{label[:40]}",
        )

    def hosted_done(self, item_id: str, outcome: Outcome) -> None:
        """Note that the service's own call is over; the model knows what came of it."""
        waiting = self._hosted.get(item_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)

    async def _wait_for_hosted(
        self, line: Line, response_id: str, item_id: str, label: str, name: str
    ) -> None:
        started = self._ctx.clock.monotonic()
        outcome: Outcome = "timed_out"
        self._ctx.tools_running += 1
        try:
            done, _ = await asyncio.wait({self._hosted[item_id]}, timeout=HOSTED_S)
            if done:
                outcome = self._hosted[item_id].result()
        finally:
            self._ctx.tools_running -= 1
            self._hosted.pop(item_id, None)
        ours = {server.label for server in self._ctx.services.hooks.mcp_servers}
        known = f"mcp {label}" if label in ours else "unknown"
        self._ctx.services.metrics.tool_calls.labels(known, outcome).inc()
        self._ctx.tools_used.append(known)
        took = round((self._ctx.clock.monotonic() - started) * 1000)
        self._ctx.emit(
            events.ToolCalled(
                **self._ctx.stamp(), tool=f"{label}/{name}"[:128], outcome=outcome, ms=took
            )
        )
        if line is not self._ctx.line:
            return
        try:
            self._pending.get(response_id, set()).discard(item_id)
            await self._continue(line, response_id)
        except UpstreamError:
            log.info("an MCP call ended on a lost line", server=known)

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
        if line is not self._ctx.line or self._ctx.held:
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
        tool = self._ctx.services.hooks.tools.get(name)
        try:
            outcome, output, cards = await self._run(call_id, name, arguments, number)
        except Exception as error:
            # Beside its call runs more of a tool's own code, such as checks of its arguments.
            if tool is None:
                raise
            self._ctx.services.hooks.tool_calls.failed(tool, error)
            outcome, output, cards = "failed", _error(FAILED), ()
        finally:
            self._ctx.tools_running -= 1
        seconds = self._ctx.clock.monotonic() - started
        took = round(seconds * 1000)
        if tool is not None:
            self._ctx.services.hooks.tool_calls.told(tool, outcome, seconds)
        known = name if tool is not None else "unknown"
        self._ctx.services.metrics.tool_calls.labels(known, outcome).inc()
        self._ctx.tools_used.append(known)
        for card in cards:
            self._ctx.show(card, tool.plugin if tool is not None else "")
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
        if self._ctx.held:
            return "refused", _error(HELD), ()
        if tool is None:
            return "refused", _error("There is no such function."), ()
        if number > MAX_PARALLEL:
            return "refused", _error("Too many calls at once."), ()
        try:
            values = json.loads(arguments or "{}")
        except (ValueError, RecursionError):  # also a number of too many digits
            return "refused", _error("The arguments are not JSON."), ()
        if not isinstance(values, dict):
            return "refused", _error("The arguments are not a JSON object."), ()
        try:
            check_arguments(tool, values)
        except ToolArgumentsError as error:
            return "refused", _error(str(error)), ()
        allowed = await self._allowed(tool, ToolCall(call_id, name, values))
        if isinstance(allowed, Refuse):
            return "refused", _error(allowed.reason), ()
        if tool.confirm and not await self._confirmed(tool):
            self._ctx.services.hooks.tool_calls.undecided(tool)
            return "refused", _error(NOT_CONFIRMED), ()
        outcome, output, cards = await self._timed(tool, allowed)
        self._ctx.services.hooks.after_tool_call(
            self._ctx.handle, allowed, ToolResult(output, cards)
        )
        return outcome, output, cards

    async def _allowed(self, tool: Tool, call: ToolCall) -> ToolCall | Refuse:
        """Ask the limits and the plugins whether a call is made, and how."""
        hooks = self._ctx.services.hooks
        if tool.per_minute is not None:
            now = self._ctx.clock.monotonic()
            made = self._made.setdefault(tool.name, deque(maxlen=tool.per_minute))
            if len(made) == tool.per_minute and now - made[0] < MINUTE_S:
                return Refuse("It was used too often just now. Try again in a minute.")
            made.append(now)
        answer = await hooks.before_tool_call(self._ctx.handle, call)
        if isinstance(answer, Refuse):
            return answer
        if answer.name != call.name:
            return Refuse("There is no such function.")
        try:
            check_arguments(tool, answer.arguments)
        except ToolArgumentsError as error:
            return Refuse(str(error))
        if not hooks.tool_calls.may_run(tool):
            return Refuse("It is out of order at the moment. Say so and offer other help.")
        return answer

    async def _confirmed(self, tool: Tool) -> bool:
        """Ask the visitor for a touch: words alone, whosever they are, do not run this tool."""
        question = self._worded(tool.confirm) or tool.description
        if not self._ctx.visitor_speaking:
            with suppress(UpstreamError):  # the question is on the screen all the same
                await self._ctx.aside(question)
        yes = self._ctx.text("screen.confirm.yes")
        card = Card(
            "form",
            self._ctx.text("screen.confirm.title"),
            {
                "intro": question,
                "fields": [{"name": "yes", "label": yes, "kind": "check", "required": True}],
            },
        )
        answers = await self._ctx.questions.ask(card, self._ctx.settings.confirm_s)
        return answers is not None and answers.get("yes") is True

    def _worded(self, said: str | Mapping[str, str]) -> str:
        """Return a sentence in the visitor's language, or in the first that there is."""
        if isinstance(said, str):
            return said
        return in_language(said, self._ctx.language) or next(iter(said.values()), "")

    async def _timed(self, tool: Tool, call: ToolCall) -> tuple[Outcome, str, tuple[Card, ...]]:
        """Make a call within its deadline; what it says meanwhile is its progress phrase."""
        hooks = self._ctx.services.hooks
        outcome: Outcome = "cancelled"
        try:
            outcome, output, cards = await self._bounded(tool, call)
        finally:
            # Also when the visit ends meanwhile: a try of the breaker must not stay open.
            if outcome == "ok":
                hooks.tool_calls.worked(tool)
            elif outcome in {"cancelled", "refused"}:
                hooks.tool_calls.undecided(tool)
        return outcome, output, cards

    async def _bounded(self, tool: Tool, call: ToolCall) -> tuple[Outcome, str, tuple[Card, ...]]:
        hooks = self._ctx.services.hooks
        timeout_s = tool.timeout_s or self._ctx.settings.tool_timeout_s
        task = self._ctx.tasks.start(self._invoke(tool, call), name=f"run/{tool.name}")
        self._running[call.id] = (tool, task)
        try:
            done = await self._wait(tool, task, timeout_s)
            if not done:
                task.cancel()
                hooks.tool_calls.failed(tool, "took too long")
                return "timed_out", _error("It took too long. Say so and offer other help."), ()
            if task.cancelled():
                return "cancelled", _error("The visitor interrupted."), ()
            result, error = task.result()
        finally:
            self._running.pop(call.id, None)
        if isinstance(error, ToolArgumentsError):
            return "refused", _error(str(error)), ()
        if error is not None:
            hooks.tool_calls.failed(tool, error)
            return "failed", _error(FAILED), ()
        return self._readable(tool, result)

    async def _wait(self, tool: Tool, task: asyncio.Task[Any], timeout_s: float) -> bool:
        """Wait for a call; False at its deadline. A long one's progress phrase is said once."""
        patience = self._ctx.settings.tool_progress_s
        if not tool.progress or patience >= timeout_s:
            done, _ = await asyncio.wait({task}, timeout=timeout_s)
            return bool(done)
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done and not self._ctx.visitor_speaking:
            with suppress(UpstreamError):  # the pump sees the loss too
                await self._ctx.aside(self._worded(tool.progress))
        if not done:
            done, _ = await asyncio.wait({task}, timeout=timeout_s - patience)
        return bool(done)

    async def _invoke(self, tool: Tool, call: ToolCall) -> tuple[Any, BaseException | None]:
        try:
            values = dict(call.arguments)
            if wants_session(tool):
                values["session"] = VisitHandle(self._ctx, tool.plugin)
            work = functools.partial(tool.handler, **values)
            if is_async(tool):
                result: Any = work()
            else:
                threads = self._ctx.services.tool_threads
                result = await threads.run(tool.plugin, tool.name, work)
            if inspect.isawaitable(result):  # also an async function behind a plain decorator
                result = await self._ctx.services.hooks.tool_calls.awaited(tool, result)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - a tool may raise anything
            raise_ours(error)
            return None, error
        return result, None

    def _readable(self, tool: Tool, result: Any) -> tuple[Outcome, str, tuple[Card, ...]]:
        cards: tuple[Card, ...] = ()
        if isinstance(result, ToolResult):
            cards = tuple(result.cards)
            result = result.output
        calls = self._ctx.services.hooks.tool_calls
        try:
            told = readable(result, self._ctx.settings.max_tool_output)
        except UnreadableError as error:
            calls.failed(tool, str(error))
            return "failed", _error(FAILED), ()
        if told.cut:
            calls.was_cut(tool, told.cut)
        return "ok", told.text, cards

    def barged_in(self) -> None:
        """Cancel the tools that want it when the visitor speaks."""
        for tool, task in tuple(self._running.values()):
            if tool.cancel_on_barge_in:
                task.cancel()

    def stop(self) -> None:
        """Cancel every call, because a person took the conversation."""
        self._held_back = False
        for _, task in tuple(self._running.values()):
            task.cancel()
        self._leave_hosted()

    def _leave_hosted(self) -> None:
        for waiting in self._hosted.values():
            if not waiting.done():
                waiting.set_result("cancelled")

    def line_lost(self) -> None:
        """Forget the calls of a line that is gone; what runs finishes without an answer."""
        self._held_back = False
        self._leave_hosted()
        self._pending.clear()
        self._done.clear()
        self._names.clear()


def _error(text: str) -> str:
    return json.dumps({"error": text})
