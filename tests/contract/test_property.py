"""Whatever is sent: no crash, no hang, and every refused event is named in its error.

The default run is the same every time and takes seconds. `pytest -m soak` on this file throws many
more, and others each time.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from typing_extensions import override

from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from tests.contract.generating import GARBAGE, JSON, VALID, certainly_wrong, event, mutated
from tests.unit.emulator.emulating import (
    FACTS,
    PLACES,
    QUICK,
    Browser,
    Wire,
    avatars,
    connected,
    share_engines,
    silence,
    spoken,
)

T = TypeVar("T")
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def quick(examples: int, **more: Any) -> settings:
    """Return the settings of the default run: the same examples every time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=CHECKS,
        **more,
    )


def deep(examples: int, **more: Any) -> settings:
    """Return the settings of the long run: other examples every time."""
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=CHECKS, print_blob=True, **more
    )


class Stage:
    """An emulator on a loop of its own: hypothesis calls its examples without one."""

    def __init__(self, runner: asyncio.Runner, emulator: EmulatorServer) -> None:
        self._runner = runner
        self.emulator = emulator

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one example's work."""
        return self._runner.run(work)


@pytest.fixture
def stage(engines: Engines) -> Iterator[Stage]:
    share_engines(engines)
    with asyncio.Runner() as runner:
        emulator = EmulatorServer(engines=engines, new_avatar=avatars(), scenario=QUICK)
        runner.run(emulator.start())
        try:
            yield Stage(runner, emulator)
        finally:
            runner.run(emulator.aclose())
        assert not any(journal["open"] for journal in emulator.journal())


async def settle(wire: Wire) -> None:
    """Prove that the session still answers; everything sent before has then been handled."""
    token = os.urandom(8).hex()
    await wire.send("session.update", session={"instructions": token}, event_id="settle")
    while (await wire.until("session.updated"))["session"].get("instructions") != token:
        pass


async def exchange(emulator: EmulatorServer, frames: Sequence[JSON | str | bytes]) -> list[JSON]:
    """Send frames in one session and return what came back, once all of them were handled."""
    async with connected(emulator) as wire:
        for frame in frames:
            if isinstance(frame, bytes):
                await wire.socket.send_bytes(frame)
            else:
                await wire.socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
        await settle(wire)
        return wire.seen


def errors(seen: Sequence[JSON]) -> list[JSON]:
    """Return the details of all errors, each in the documented shape."""
    found = []
    for error in seen:
        if error["type"] != "error":
            continue
        assert set(error) == {"type", "event_id", "error"}
        assert isinstance(error["event_id"], str)
        details = error["error"]
        assert set(details) == {"type", "code", "message", "param", "event_id"}
        assert isinstance(details["message"], str)
        assert details["message"]
        assert isinstance(details["code"], str)
        assert details["type"] in ("invalid_request_error", "server_error")
        assert details["code"] != "server_error", details
        found.append(details)
    return found


def stamped(events: Sequence[JSON]) -> list[JSON]:
    """Return events with an `event_id` of their own each."""
    return [{**event, "event_id": f"sent-{number}"} for number, event in enumerate(events)]


def check_named(stage: Stage, events: list[JSON]) -> None:
    seen = stage.run(exchange(stage.emulator, sent := stamped(events)))
    known = {event["event_id"] for event in sent}
    assert [error for error in errors(seen) if error["event_id"] not in known] == []
    failed = [e["response"]["status_details"] for e in seen if e["type"] == "response.done"]
    assert "server_error" not in json.dumps(failed)


def check_refused(stage: Stage, wrong: list[tuple[JSON, str]]) -> None:
    sent = stamped([event for event, _ in wrong])
    named = [e["event_id"] for e in errors(stage.run(exchange(stage.emulator, sent)))]
    refused = {event["event_id"]: why for event, (_, why) in zip(sent, wrong, strict=True)}
    assert named == list(refused), refused


def check_garbage(stage: Stage, frames: list[str | bytes]) -> None:
    found = errors(stage.run(exchange(stage.emulator, frames)))
    assert len(found) == len(frames)
    assert all(error["type"] == "invalid_request_error" for error in found)
    assert all(error["event_id"] is None for error in found)


ANY_EVENTS = st.lists(VALID | mutated(), min_size=1, max_size=10)
WRONG_EVENTS = st.lists(certainly_wrong(), min_size=1, max_size=10)
GARBAGE_FRAMES = st.lists(GARBAGE, min_size=1, max_size=5)


@given(events=ANY_EVENTS)
@example(events=[{"type": "session.update", "session": {"instructions": "half a pair: \ud83d"}}])
@example(events=[{"type": "\ud83d", "session": {}}])
@quick(250)
def test_any_event_is_taken_or_named_in_an_error(stage: Stage, events: list[JSON]) -> None:
    check_named(stage, events)


@given(wrong=WRONG_EVENTS)
@quick(60)
def test_a_wrong_event_is_always_named(stage: Stage, wrong: list[tuple[JSON, str]]) -> None:
    check_refused(stage, wrong)


@given(frames=GARBAGE_FRAMES)
@quick(30)
def test_what_is_no_object_is_refused_too(stage: Stage, frames: list[str | bytes]) -> None:
    check_garbage(stage, frames)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@given(events=ANY_EVENTS)
@deep(3000)
def test_any_event_for_long(stage: Stage, events: list[JSON]) -> None:
    check_named(stage, events)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@given(wrong=WRONG_EVENTS)
@deep(1000)
def test_wrong_events_for_long(stage: Stage, wrong: list[tuple[JSON, str]]) -> None:
    check_refused(stage, wrong)


# ── below the protocol ───────────────────────────────────────────────────────────────────────

HANDSHAKE = (
    b"GET /voice-live/realtime?api-version=2026-07-15&model=m HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\napi-key: any\r\n\r\n"
)
# Opcodes, lengths and masks that a WebSocket frame may begin with, right or wrong.
STARTS = st.sampled_from(
    [b"", b"\x81\x05", b"\x81\x85abcd", b"\xc1\x80abcd", b"\x88\x80abcd", b"\x88\x81abcd\x00",
     b"\x83\x80abcd", b"\x00\x80abcd", b"\x89\xffabcd", b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff",
     b"\x81\xfe\xff\xffabcd", b"\x01\x83abcd\xc3"]
)  # fmt: skip


@given(start=STARTS, rest=st.binary(max_size=80), shaken=st.booleans())
@quick(60)
def test_bytes_that_are_no_websocket(stage: Stage, start: bytes, rest: bytes, shaken: bool) -> None:
    async def throw() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.emulator.port)
        if shaken:
            writer.write(HANDSHAKE)
            status = await reader.readuntil(b"\r\n\r\n")
            assert status.startswith(b"HTTP/1.1 101")
        writer.write(start + rest)
        await writer.drain()
        writer.close()
        await exchange(stage.emulator, [])

    stage.run(throw())


# ── events in any order ──────────────────────────────────────────────────────────────────────


class Conversation(RuleBasedStateMachine):
    """One session whose client does everything at the wrong moment."""

    stage: Stage
    offer: str
    question: bytes

    @initialize()
    def connect(self) -> None:
        self.connection = connected(self.stage.emulator)
        self.wire = self.stage.run(self.connection.__aenter__())
        self.stage.run(self.wire.update(instructions=FACTS, tools=[PLACES]))
        self.sent: set[str | None] = {None}

    def send(self, kind: str, **fields: Any) -> None:
        event_id = f"sent-{len(self.sent)}"
        self.sent.add(event_id)
        self.stage.run(self.wire.send(kind, event_id=event_id, **fields))

    def known(self, kind: str, *path: str) -> str:
        """Return the id in the latest event of a type, or one that nobody has."""
        for seen in reversed(self.wire.seen):
            if seen["type"] == kind:
                for name in path:
                    seen = seen[name]
                return str(seen)
        return "nobody"

    @rule(said=st.sampled_from(["Where are the toilets?", "When do you open?", "Hello"]))
    def type(self, said: str) -> None:
        self.stage.run(self.wire.type(said))

    @rule(
        response=st.sampled_from(
            [None, {}, {"modalities": ["text"]}, {"tool_choice": "required"}, {"commit": False}]
        ),
        insist=st.booleans(),
    )
    def create_response(self, response: JSON | None, insist: bool) -> None:
        params = {**response, "cancel_previous": True} if insist and response else response
        self.send("response.create", **({} if params is None else {"response": params}))

    @rule(named=st.booleans())
    def cancel_response(self, named: bool) -> None:
        fields = {"response_id": self.known("response.created", "response", "id")} if named else {}
        self.send("response.cancel", **fields)

    @rule(end=st.sampled_from([0, 1, 500, 10**9, -1]), index=st.sampled_from([0, 1]))
    def truncate(self, end: int, index: int) -> None:
        item = self.known("response.output_item.added", "item", "id")
        self.send("conversation.item.truncate", item_id=item, content_index=index, audio_end_ms=end)

    @rule(what=st.sampled_from(["retrieve", "delete"]))
    def an_item(self, what: str) -> None:
        item = self.known("conversation.item.created", "item", "id")
        self.send(f"conversation.item.{what}", item_id=item)

    @rule()
    def answer_a_call(self) -> None:
        call = self.known("response.function_call_arguments.done", "call_id")
        item = {"type": "function_call_output", "call_id": call, "output": "{}"}
        self.send("conversation.item.create", item=item)

    @rule(what=st.sampled_from(["commit", "clear"]))
    def the_buffer(self, what: str) -> None:
        self.send(f"input_audio_buffer.{what}")

    @rule(speech=st.booleans())
    def append(self, speech: bool) -> None:
        self.stage.run(self.wire.hear(self.question if speech else silence(200)))

    @rule(turns=st.sampled_from([None, {"type": "server_vad"}, {"type": "azure_semantic_vad"}]))
    def take_turns(self, turns: JSON | None) -> None:
        self.send("session.update", session={"turn_detection": turns})

    @rule(session=event("session.update"))
    def update(self, session: JSON) -> None:
        self.send("session.update", session=session["session"])

    @rule(avatar=st.sampled_from([None, "webrtc", "websocket"]))
    def have_avatar(self, avatar: str | None) -> None:
        video = {"resolution": {"width": 320, "height": 180}}
        config = {"character": "lisa", "output_protocol": avatar, "video": video}
        self.send("session.update", session={"avatar": config if avatar else None})

    @rule()
    def connect_avatar(self) -> None:
        self.send("session.avatar.connect", client_sdp=self.offer)

    @rule()
    def clear_avatar(self) -> None:
        self.send("output_audio_buffer.clear")

    @rule()
    def wait(self) -> None:
        self.stage.run(settle(self.wire))

    @override
    def teardown(self) -> None:
        if not hasattr(self, "connection"):
            return
        try:
            self.stage.run(self._end())
            check_order(self.wire.seen)
            unnamed = {error["event_id"] for error in errors(self.wire.seen)} - self.sent
            assert unnamed == set()
        finally:
            self.stage.run(self.connection.__aexit__(None, None, None))

    async def _end(self) -> None:
        await settle(self.wire)
        kinds = self.wire.kinds()
        if kinds.count("response.created") > kinds.count("response.done"):
            await self.wire.until("response.done")


# The picture goes on while nobody speaks; the SDK's models give these two no response_id.
OF_NO_RESPONSE = ("response.video.delta", "response.invocation.delta")


def check_order(seen: Sequence[JSON]) -> None:
    """Hold a session's events against the order that the protocol promises."""
    identities = [event["event_id"] for event in seen]
    assert len(set(identities)) == len(identities)
    active: str | None = None
    open_items: set[str] = set()
    for happened in seen:
        kind = happened["type"]
        if kind == "response.created":
            assert active is None, "two responses at once"
            active = happened["response"]["id"]
            assert happened["response"]["status"] == "in_progress"
        elif kind == "response.done":
            assert happened["response"]["id"] == active
            assert happened["response"]["status"] in ("completed", "cancelled", "incomplete")
            assert open_items == set(), "an item outlived its response"
            active = None
        elif kind.startswith("response.") and kind not in OF_NO_RESPONSE:
            assert happened["response_id"] == active, f"{kind} outside its response"
            if kind == "response.output_item.added":
                open_items.add(happened["item"]["id"])
            elif kind == "response.output_item.done":
                open_items.remove(happened["item"]["id"])
            elif "item_id" in happened:
                assert happened["item_id"] in open_items, f"{kind} outside its item"


async def material() -> tuple[str, bytes]:
    """Return an offer that nobody stands behind, and a spoken question."""
    browser = Browser()
    offer = await browser.offer()
    await browser.connection.close()
    return offer, await spoken("Where are the toilets?", before_ms=100, after_ms=700)


def run_conversations(stage: Stage, how: settings) -> None:
    made = stage.run(material())

    class Here(Conversation):
        offer, question = made

    Here.stage = stage
    run_state_machine_as_test(Here, settings=how)


def test_events_in_any_order(stage: Stage) -> None:
    run_conversations(stage, quick(50, stateful_step_count=20))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_events_in_any_order_for_long(stage: Stage) -> None:
    run_conversations(stage, deep(500, stateful_step_count=40))
