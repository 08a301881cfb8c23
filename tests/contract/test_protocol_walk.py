"""The SDK's lists of events, walked: the emulator takes or sends each, or says why not.

Nothing is believed: every client event goes over a session, and conversations are held until
every server event has come.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any, get_args, get_type_hints

import pytest
from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.models import _models as sdk_models

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario, parse_scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.wire.catalogue import BEYOND_THE_SDK, CLIENT, SERVER, Fact
from kiosk.emulator.wire.codec import UNSUPPORTED
from tests.unit.emulator.emulating import (
    FACTS,
    PLACES,
    QUICK,
    Wire,
    avatar_connected,
    connected,
    emulating,
    share_engines,
    silence,
    spoken,
)
from tests.unit.emulator.mcping import library

LISTED_AT_MOST = 2
"""How many of the SDK's events may be left out with a reason; at present none is."""
SMALL = {"resolution": {"width": 320, "height": 180}}


@pytest.fixture(autouse=True)
def shared(engines: Engines) -> None:
    """Have the engines loaded before any loop runs."""
    share_engines(engines)


# ── the lists ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "kinds"), [(CLIENT, sdk.ClientEventType), (SERVER, sdk.ServerEventType)]
)
def test_every_event_of_the_sdk_is_in_the_catalogue_once(
    facts: tuple[Fact, ...], kinds: type[sdk.ClientEventType | sdk.ServerEventType]
) -> None:
    assert sorted(fact.type for fact in facts) == sorted(kind.value for kind in kinds)


def test_what_is_left_out_is_short_and_has_a_reason() -> None:
    left_out = [fact for fact in (*CLIENT, *SERVER) if fact.left_out]
    assert len(left_out) <= LISTED_AT_MOST, [fact.type for fact in left_out]
    for fact in (*CLIENT, *SERVER, *BEYOND_THE_SDK):
        assert bool(fact.when) != bool(fact.left_out), fact.type
        assert fact.source, fact.type


# ── client events ────────────────────────────────────────────────────────────────────────────

# The least that each event needs besides its type; what is not here needs nothing.
SOUND = base64.b64encode(silence(200)).decode()
LEAST: dict[str, dict[str, Any]] = {
    "session.update": {"session": {}},
    "session.avatar.connect": {"client_sdp": base64.b64encode(b"{}").decode()},
    "input_audio_buffer.append": {"audio": SOUND},
    "input_audio.turn.start": {"turn_id": "t"},
    "input_audio.turn.append": {"turn_id": "t", "audio": SOUND},
    "input_audio.turn.end": {"turn_id": "t"},
    "input_audio.turn.cancel": {"turn_id": "t"},
    "conversation.item.create": {
        "item": {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Hello"}],
        }
    },
    "conversation.item.retrieve": {"item_id": "nobody"},
    "conversation.item.truncate": {"item_id": "nobody", "content_index": 0, "audio_end_ms": 0},
    "conversation.item.delete": {"item_id": "nobody"},
    "input_text.delta": {"id": "nobody", "delta": "Hello"},
    "input_text.done": {"id": "nobody"},
    "mcp_approval_response": {"approval_request_id": "nobody", "approve": True},
}
# Where an event must come after another one, or where what it is answered with proves it.
BEFORE: dict[str, tuple[str, ...]] = {
    "input_audio_buffer.commit": ("input_audio_buffer.append",),
    "input_audio.turn.append": ("input_audio.turn.start",),
    "input_audio.turn.end": ("input_audio.turn.start", "input_audio.turn.append"),
    "input_audio.turn.cancel": ("input_audio.turn.start",),
}
# Refused for what it names, which proves that it was understood: there is no such item, avatar
# or response yet.
UNDERSTOOD = {
    "session.avatar.connect": "avatar_not_configured",
    "output_audio_buffer.clear": "avatar_not_configured",
    "response.cancel": "response_cancel_not_active",
    "conversation.item.retrieve": "item_not_found",
    "conversation.item.truncate": "item_not_found",
    "conversation.item.delete": "item_not_found",
    "input_text.delta": "invalid_value",
    "input_text.done": "invalid_value",
    "mcp_approval_response": "invalid_approval_request_id",
}


@pytest.mark.parametrize("fact", CLIENT, ids=[fact.type for fact in CLIENT])
async def test_every_client_event_is_taken(fact: Fact) -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        for kind in BEFORE.get(fact.type, ()):
            await wire.send(kind, **LEAST.get(kind, {}), event_id="before")
        await wire.send(fact.type, **LEAST.get(fact.type, {}), event_id="it")
        await wire.send("session.update", session={}, event_id="last")
        await wire.until("session.updated")
        if fact.type == "session.update":
            await wire.until("session.updated")
    found = [event["error"] for event in wire.seen if event["type"] == "error"]
    expected = UNSUPPORTED if fact.left_out else UNDERSTOOD.get(fact.type)
    assert [error["code"] for error in found] == ([expected] if expected else [])
    for error in found:
        assert error["event_id"] == "it"
        # An unknown type would be refused with the same code, and with this parameter.
        assert (error["param"] == "type") == bool(fact.left_out)


async def test_an_event_that_nobody_knows_is_refused() -> None:
    """The opposite of the test above: it could not fail otherwise."""
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.send("input_audio.turn.begin", turn_id="t", event_id="it")
        error = await wire.error()
    assert (error["code"], error["event_id"], error["param"]) == ("invalid_value", "it", "type")


# ── server events ────────────────────────────────────────────────────────────────────────────


async def talk(wire: Wire) -> None:
    """Speech in, with transcription, a function, deleted and truncated items, a refusal."""
    await wire.update(
        instructions=FACTS,
        tools=[PLACES],
        input_audio_transcription={"model": "azure-speech"},
        output_audio_timestamp_types=["word"],
        animation={"outputs": ["viseme_id", "blendshapes"]},
    )
    await wire.hear(await spoken("Where are the toilets?"))
    await wire.until("response.done")
    await wire.send("input_audio_buffer.clear")
    await wire.until("input_audio_buffer.cleared")
    item = (await wire.ask("When do you open?"))["output"][0]["id"]
    await wire.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=0)
    await wire.send("conversation.item.retrieve", item_id=item)
    await wire.send("conversation.item.delete", item_id=item)
    await wire.send("response.cancel")
    await wire.until("error")
    await wire.send("response.create", response={"modalities": ["text"]})
    await wire.until("response.done")
    await wire.update(input_audio_noise_reduction={"type": "azure_deep_noise_suppression"})
    await wire.until("warning")


async def hear_nothing_in_time(wire: Wire) -> None:
    """Hearing that takes longer than its limit, which here is none."""
    await wire.update(turn_detection=None, input_audio_transcription={"model": "azure-speech"})
    await wire.hear(await spoken("Where are the toilets?"))
    await wire.send("input_audio_buffer.commit")
    await wire.until("conversation.item.input_audio_transcription.failed")


async def see(wire: Wire) -> None:
    """An avatar over WebRTC that speaks and is silenced."""
    async with avatar_connected(wire):
        mark = len(wire.seen)
        await wire.ask("Hello")
        await wire.since(mark, "session.avatar.switch_to_speaking")
        await wire.send("output_audio_buffer.clear")
        await wire.until("output_audio_buffer.cleared")
        await wire.since(mark, "session.avatar.switch_to_idle")


async def watch(wire: Wire) -> None:
    """An avatar over the WebSocket."""
    avatar = {"character": "lisa", "output_protocol": "websocket", "video": SMALL}
    await wire.update(avatar=avatar)
    await wire.until("response.video.delta")


async def search(wire: Wire) -> None:
    """What the service does on its own side, as a scenario tells it."""
    await wire.ask("Please search.")
    await wire.ask("Please search.")


async def use_servers(wire: Wire) -> None:
    """MCP: a server that answers, a tool that fails, a server that is not there."""
    async with library() as shelf:
        mine = {"type": "mcp", "server_label": "library", "server_url": shelf.url,
                "require_approval": "never"}  # fmt: skip
        await wire.update(tools=[mine])
        await wire.until("mcp_list_tools.completed")
        await wire.ask("Please find a book about whales.")
        await wire.until("response.mcp_call.completed")
        await wire.ask("Please renew my membership card.")
        await wire.until("response.mcp_call.failed")
    await wire.update(tools=[{**mine, "server_label": "gone", "server_url": "http://127.0.0.1:9/"}])
    await wire.until("mcp_list_tools.failed")


HOSTED = parse_scenario(
    {
        "generation_speed": 1000,
        "service": {"rate_limits_event": True, "tokens_per_minute": 120_000},
        "replies": [
            {
                "match": "search",
                "say": "Here is what I found.",
                "hosted": {
                    "invocation": [{"type": "ui.card"}],
                    "web_search": True,
                    "file_search": {"queries": ["hours"]},
                    "annotations": [{"type": "url_citation", "url": "https://example.org"}],
                },
            }
        ],
    },
    "the walk",
)
Conversation = Callable[[Wire], Awaitable[None]]
CONVERSATIONS: tuple[tuple[Conversation, Scenario, Limits], ...] = (
    (talk, QUICK, Limits()),
    (hear_nothing_in_time, QUICK, Limits(transcription_seconds=0.0)),
    (see, Scenario(generation_speed=1.5), Limits()),
    (watch, QUICK, Limits()),
    (search, HOSTED, Limits()),
    (use_servers, QUICK, Limits()),
)


async def test_every_server_event_comes() -> None:
    seen: dict[str, dict[str, Any]] = {}
    for converse, scenario, limits in CONVERSATIONS:
        async with emulating(scenario, limits) as emulator, connected(emulator) as wire:
            await converse(wire)
            seen |= {event["type"]: event for event in wire.seen}
    expected = {fact.type for fact in SERVER if not fact.left_out}
    assert expected - set(seen) == set(), "the catalogue says these are sent; they never came"
    further = {fact.type for fact in BEYOND_THE_SDK if not fact.left_out}
    assert set(seen) == expected | further, "these came, and the catalogue does not know them"
    for kind, event in seen.items():
        absent = [name for name in required(kind) if name not in event]
        assert absent == [], kind


def required(kind: str) -> list[str]:
    """Return the fields that the SDK's model of an event must have."""
    model: Any = sdk.ServerEvent.__mapping__.get(kind)
    if model is None:
        return []
    namespace = {**vars(sdk_models), "_models": sdk}
    hints = get_type_hints(model, namespace)
    return [
        name
        for name in model({})._attr_to_rest_field
        if name in hints and type(None) not in get_args(hints[name])
    ]
