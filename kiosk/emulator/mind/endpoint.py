"""A chat endpoint as the mind: asked over HTTP, answered in a stream, ended with the response."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

import aiohttp
import structlog

from kiosk.emulator.mind.chat import Answer, MindError, garbage, request_body
from kiosk.emulator.mind.mind import language_of, think, think_scripted
from kiosk.emulator.mind.orders import asks_for_greeting, find_order
from kiosk.emulator.mind.thought import Context, FunctionCall, Plan
from kiosk.emulator.scenario.replies import MindSettings
from kiosk.emulator.scenario.scenario import Scenario

log = structlog.get_logger(__name__)

MOST_BYTES = 2 * 1024 * 1024
"""Longest answer read from an endpoint, framing included; beyond it the response fails."""

MOST_CONNECTIONS = 64
"""Requests to the endpoint at once; those beyond wait for one to end."""

_DONE = "[DONE]"


class ChatMind:
    """Any OpenAI-compatible chat endpoint. The scenario's scripted replies still come first."""

    def __init__(self, scenario: Scenario, settings: MindSettings, key: str = "") -> None:
        self._scenario = scenario
        self._settings = settings
        self._key = key
        self._http: aiohttp.ClientSession | None = None

    @property
    def has_key(self) -> bool:
        """Whether requests carry a key."""
        return bool(self._key)

    async def plan(self, context: Context) -> Plan:
        """Return what to do next, as soon as its first words are there; raises MindError."""
        scenario = self._scenario
        language = language_of(context, scenario)
        planned = think_scripted(context, scenario, language)
        if planned is not None:
            return planned
        order = find_order(context)
        if scenario.greeting and order is not None and asks_for_greeting(order):
            return think(context, scenario)
        calls: list[FunctionCall] = []
        pieces = self._answer(context, calls)
        try:
            first = await anext(pieces)
        except StopAsyncIteration:
            if not calls:
                raise MindError("mind_empty", "The chat endpoint had nothing to say.") from None
            return Plan(calls=calls)
        # The language of the answer is the endpoint's choice; the voice listens for it.
        return Plan(pieces=_joined(first, pieces), calls=calls, language=language)

    async def _answer(
        self, context: Context, calls: list[FunctionCall]
    ) -> AsyncGenerator[str, None]:
        """Yield the answer's text as it comes, then put its calls into `calls`."""
        settings = self._settings
        body = request_body(
            context,
            model=settings.model,
            stream=settings.stream,
            temperature=settings.temperature,
        )
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        answer = Answer()
        try:
            async with self._session().post(
                settings.url.rstrip("/") + "/chat/completions",
                json=body,
                headers=headers,
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    raise MindError("mind_refused", _refusal(response.status))
                is_stream = response.content_type == "text/event-stream"
                events = _streamed(response) if is_stream else _whole(response)
                async with aclosing(events):
                    async for event in events:
                        text = answer.take(event)
                        if text:
                            yield text
        except TimeoutError:
            raise MindError(
                "mind_timeout",
                f"The chat endpoint was silent for {settings.timeout_s:g} seconds.",
            ) from None
        except aiohttp.ClientError as error:
            log.warning("chat endpoint failed", error=type(error).__name__)
            raise MindError(
                "mind_unreachable",
                "The chat endpoint cannot be reached or broke off; check [mind] url.",
            ) from None
        if not answer.finished:
            raise MindError("mind_cut", "The chat endpoint's answer ended in the middle.")
        calls += answer.calls(frozenset(tool.name for tool in context.tools))

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            seconds = self._settings.timeout_s
            self._http = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=seconds, sock_connect=seconds, sock_read=seconds
                ),
                connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS),
            )
        return self._http

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None


async def _joined(first: str, rest: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


async def _whole(response: aiohttp.ClientResponse) -> AsyncGenerator[object, None]:
    """Yield the one completion of an answer that is not streamed."""
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        _check_size(len(data))
    yield _parsed(bytes(data))


async def _streamed(response: aiohttp.ClientResponse) -> AsyncGenerator[object, None]:
    """Yield the chunks of a stream of server-sent events (WHATWG HTML, "Server-sent events")."""
    buffer = bytearray()
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        _check_size(size)
        buffer += chunk
        while (end := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:end]).strip()
            del buffer[: end + 1]
            if not line.startswith(b"data:"):
                continue  # a comment, an event's name or the blank line behind an event
            data = line.removeprefix(b"data:").strip()
            if data.decode("utf-8", "replace") == _DONE:
                return
            yield _parsed(data)


def _parsed(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise garbage() from None


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise MindError("mind_too_long", f"The chat endpoint sent more than {MOST_BYTES} bytes.")


def _refusal(status: int) -> str:
    hints = {
        401: "check the key that [mind] key_env or key_file names",
        403: "check the key that [mind] key_env or key_file names",
        404: "check [mind] url and model",
        429: "it is asked too often",
    }
    return f"The chat endpoint answered {status}; {hints.get(status, 'see its log')}."
