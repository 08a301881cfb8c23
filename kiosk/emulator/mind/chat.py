"""A conversation as OpenAI's chat completions have it, and their answers as plans.

Source: OpenAI API reference, "Create chat completion" and its streaming object; local servers
(Ollama, llama.cpp, vLLM) speak the same.
"""

from __future__ import annotations

import json
from typing import Any

from kiosk.emulator.mind.thought import Called, Context, FunctionCall, Returned, Said
from kiosk.errors import KioskError

MOST_CALLS = 16
"""Function calls of one answer that are made; an answer with more is refused."""

MOST_ARGUMENTS = 65_536
"""Characters of one call's arguments; longer ones are refused."""

_NO_RESULT = "There is no result: the call was not answered."
_GREET = "Greet the visitor in one or two short sentences."

Json = dict[str, Any]


class MindError(KioskError):
    """A chat endpoint that cannot be used for this answer; the session goes on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def request_body(context: Context, *, model: str, stream: bool, temperature: float | None) -> Json:
    """Return the body of one request."""
    body: Json = {"model": model, "messages": chat_messages(context), "stream": stream}
    warmth = context.temperature if temperature is None else temperature
    if warmth is not None:
        body["temperature"] = warmth
    if context.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.schema) or {"type": "object", "properties": {}},
                },
            }
            for tool in context.tools
        ]
        named = context.tool_choice not in ("auto", "none", "required")
        chosen: Any = {"type": "function", "function": {"name": context.tool_choice}}
        body["tool_choice"] = chosen if named else context.tool_choice
        if not context.parallel:
            body["parallel_tool_calls"] = False
    return body


def chat_messages(context: Context) -> list[Json]:
    """Return the conversation: instructions first, then the turns, then this response's orders.

    Every call has its output right behind it, as the protocol demands; a call that was never
    answered gets a sentence that says so.
    """
    messages: list[Json] = []
    if context.instructions.strip():
        messages.append({"role": "system", "content": context.instructions})
    outputs = {t.call_id: t.output for t in context.turns if isinstance(t, Returned)}
    calls: list[Called] = []
    for turn in context.turns:
        if isinstance(turn, Called):
            calls.append(turn)
        elif isinstance(turn, Said):
            _add_calls(messages, calls, outputs)
            if turn.text.strip():
                messages.append({"role": turn.role, "content": turn.text})
    _add_calls(messages, calls, outputs)
    orders = context.extra.strip()
    has_user = any(message["role"] == "user" for message in messages)
    if orders or not has_user:
        # Many chat templates refuse a conversation in which nobody asks anything.
        messages.append({"role": "system" if has_user else "user", "content": orders or _GREET})
    return messages


def _add_calls(messages: list[Json], calls: list[Called], outputs: dict[str, str]) -> None:
    if not calls:
        return
    made = [
        {
            "id": call.call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in calls
    ]
    if messages and messages[-1]["role"] == "assistant" and "tool_calls" not in messages[-1]:
        messages[-1]["tool_calls"] = made  # words said along with the calls
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": made})
    messages += [
        {
            "role": "tool",
            "tool_call_id": call.call_id,
            "content": outputs.get(call.call_id, _NO_RESULT),
        }
        for call in calls
    ]
    calls.clear()


class Answer:
    """One answer put together: whole, or from the pieces of a stream."""

    def __init__(self) -> None:
        self.finished = False
        self._names: dict[int, str] = {}
        self._arguments: dict[int, str] = {}

    def take(self, completion: Any) -> str:
        """Take a completion or one chunk of it; return the text it adds. Raises MindError."""
        if not isinstance(completion, dict):
            raise garbage()
        if completion.get("error"):
            raise MindError("mind_refused", "The chat endpoint reported an error; see its log.")
        choices = completion.get("choices")
        if not isinstance(choices, list):
            raise garbage()
        if not choices:
            return ""  # a chunk with nothing but usage
        choice = choices[0]
        if not isinstance(choice, dict):
            raise garbage()
        piece = choice.get("delta") or choice.get("message") or {}
        if not isinstance(piece, dict):
            raise garbage()
        self._take_calls(piece.get("tool_calls") or [])
        self.finished = self.finished or bool(choice.get("finish_reason"))
        text = piece.get("content") or ""
        if not isinstance(text, str):
            raise garbage()
        return text

    def _take_calls(self, calls: Any) -> None:
        for place, call in enumerate(calls if isinstance(calls, list) else [None]):
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(function, dict):
                raise garbage()
            index = call.get("index", place)
            if not isinstance(index, int) or not 0 <= index < MOST_CALLS:
                raise garbage()
            self._names[index] = self._names.get(index, "") or str(function.get("name") or "")
            arguments = function.get("arguments") or ""
            if isinstance(arguments, dict):  # some local servers do not make text of them
                arguments = json.dumps(arguments)
            self._arguments[index] = self._arguments.get(index, "") + str(arguments)
            if len(self._arguments[index]) > MOST_ARGUMENTS:
                raise garbage()

    def calls(self, declared: frozenset[str]) -> list[FunctionCall]:
        """Return the finished calls, or raise MindError for one that cannot be made."""
        made = []
        for index, name in sorted(self._names.items()):
            try:
                arguments = json.loads(self._arguments[index] or "{}")
            except (ValueError, RecursionError):
                arguments = None
            if name not in declared or not isinstance(arguments, dict):
                raise MindError(
                    "mind_bad_call",
                    "The chat endpoint called a function that is not declared, or with arguments "
                    "that are no JSON object.",
                )
            made.append(FunctionCall(name, arguments))
        return made


def garbage() -> MindError:
    """Return the error for an answer that is no chat completion."""
    return MindError(
        "mind_garbage",
        "The chat endpoint's answer is no chat completion; check that [mind] url ends before "
        "/chat/completions.",
    )
