"""The emulator as the real SDK sees it: the same client code that talks to Azure."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.aio import ConnectionError as VoiceLiveConnectionError
from azure.ai.voicelive.aio import VoiceLiveConnection, connect
from azure.core.credentials import AzureKeyCredential

from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.scenario.service import Service
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from tests.unit.emulator.emulating import (
    FACTS,
    FRAME_BYTES,
    PLACES,
    QUICK,
    Browser,
    avatars,
    connected,
    share_engines,
    spoken,
)

GOLDEN = Path(__file__).parents[1] / "data/wire/server_events.json"
PATIENCE_SECONDS = 20.0


class Client:
    """The SDK's connection with what arrived on it."""

    def __init__(self, connection: VoiceLiveConnection) -> None:
        self.connection = connection
        self.seen: list[sdk.ServerEvent] = []

    async def until(self, kind: sdk.ServerEventType) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                event = await self.connection.recv()
                self.seen.append(event)
                if event.type == kind:
                    return event

    async def say(self, pcm: bytes) -> None:
        for start in range(0, len(pcm), FRAME_BYTES):
            audio = base64.b64encode(pcm[start : start + FRAME_BYTES]).decode()
            await self.connection.send({"type": "input_audio_buffer.append", "audio": audio})

    async def type(self, text: str) -> None:
        item = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text=text)])
        await self.connection.conversation.item.create(item=item)
        await self.connection.response.create()

    def kinds(self) -> list[str]:
        return [str(getattr(event.type, "value", event.type)) for event in self.seen]


@asynccontextmanager
async def talking(engines: Engines, scenario: Scenario = QUICK) -> AsyncIterator[Client]:
    share_engines(engines)
    async with (
        EmulatorServer(engines=engines, new_avatar=avatars(), scenario=scenario) as emulator,
        connect(
            endpoint=emulator.endpoint,
            credential=AzureKeyCredential("any"),
            model="gpt-realtime",
        ) as connection,
    ):
        client = Client(connection)
        await client.until(sdk.ServerEventType.SESSION_CREATED)
        yield client


TOOL = sdk.FunctionTool(
    name=str(PLACES["name"]),
    description=str(PLACES["description"]),
    parameters=PLACES["parameters"],
)


async def test_a_session_comes_back_as_it_was_sent(engines: Engines) -> None:
    async with talking(engines) as client:
        await client.connection.session.update(
            session=sdk.RequestSession(
                modalities=[sdk.Modality.TEXT, sdk.Modality.AUDIO],
                instructions=FACTS,
                voice=sdk.AzureStandardVoice(name="en-US-AndrewNeural"),
                turn_detection=sdk.AzureSemanticVad(threshold=0.4, silence_duration_ms=600),
                input_audio_transcription=sdk.AudioInputTranscriptionOptions(model="azure-speech"),
                avatar=sdk.AvatarConfig(character="max", style="business", customized=False),
                tools=[TOOL],
                metadata={"kiosk": "lobby"},
            )
        )
        session = (await client.until(sdk.ServerEventType.SESSION_UPDATED)).session
    assert session.instructions == FACTS
    assert session.voice["name"] == "en-US-AndrewNeural"
    assert isinstance(session.turn_detection, sdk.AzureSemanticVad)
    assert (session.turn_detection.threshold, session.turn_detection.prefix_padding_ms) == (
        0.4,
        420,
    )
    assert session.avatar.video.bitrate == 2_000_000
    assert session.avatar.video.gop_size == 10
    assert session["avatar"]["ice_servers"][0]["credential"]
    assert session.tools[0].name == "find_place"
    assert session.metadata == {"kiosk": "lobby"}
    assert session.expires_at is not None


async def test_a_typed_question(engines: Engines) -> None:
    async with talking(engines) as client:
        await client.connection.session.update(session=sdk.RequestSession(instructions=FACTS))
        await client.type("When do you open?")
        done = await client.until(sdk.ServerEventType.RESPONSE_DONE)
    assert done.response.status == sdk.ResponseStatus.COMPLETED
    (item,) = done.response.output
    assert "ten to six" in item.content[0].transcript
    audio = [e for e in client.seen if isinstance(e, sdk.ServerEventResponseAudioDelta)]
    assert sum(len(event.delta) for event in audio) > 24_000 * 2
    assert done.response.usage.output_tokens > 0


async def test_a_spoken_question_with_a_function(engines: Engines) -> None:
    async with talking(engines) as client:
        await client.connection.session.update(
            session=sdk.RequestSession(
                tools=[TOOL],
                input_audio_transcription=sdk.AudioInputTranscriptionOptions(model="azure-speech"),
            )
        )
        await client.until(sdk.ServerEventType.SESSION_UPDATED)
        await client.say(await spoken("Where are the toilets?"))
        heard = await client.until(
            sdk.ServerEventType.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_COMPLETED
        )
        assert heard.transcript == "Where are the toilets?"
        call = await client.until(sdk.ServerEventType.RESPONSE_FUNCTION_CALL_ARGUMENTS_DONE)
        assert (call.name, json.loads(call.arguments)) == ("find_place", {"place": "toilets"})
        await client.until(sdk.ServerEventType.RESPONSE_DONE)
        output = sdk.FunctionCallOutputItem(
            call_id=call.call_id, output=json.dumps({"say": "Behind you, on the left."})
        )
        await client.connection.conversation.item.create(item=output)
        await client.connection.response.create()
        said = await client.until(sdk.ServerEventType.RESPONSE_AUDIO_TRANSCRIPT_DONE)
        assert said.transcript == "Behind you, on the left."


async def test_a_greeting_made_beforehand(engines: Engines) -> None:
    message = sdk.AssistantMessageItem(content=[sdk.OutputTextContentPart(text="Good morning!")])
    async with talking(engines) as client:
        await client.connection.response.create(
            response=sdk.ResponseCreateParams(pre_generated_assistant_message=message)
        )
        said = await client.until(sdk.ServerEventType.RESPONSE_AUDIO_TRANSCRIPT_DONE)
    assert said.transcript == "Good morning!"


async def test_barge_in_over_an_avatar(engines: Engines) -> None:
    """Cancel, clear and truncate, as a client must do it; the avatar ends in between."""
    scenario = Scenario(generation_speed=1.5, interruption_clears_avatar=False)
    async with talking(engines, scenario) as client:
        connection = client.connection
        size = sdk.VideoParams(resolution=sdk.VideoResolution(width=320, height=180))
        detection = sdk.ServerVad(interrupt_response=False, create_response=False)
        await connection.session.update(
            session=sdk.RequestSession(
                instructions=FACTS,
                turn_detection=detection,
                avatar=sdk.AvatarConfig(character="max", customized=False, video=size),
            )
        )
        await client.until(sdk.ServerEventType.SESSION_UPDATED)
        browser = Browser()
        offer = await browser.offer()
        await connection.send(sdk.ClientEventSessionAvatarConnect(client_sdp=offer))
        connecting = await client.until(sdk.ServerEventType.SESSION_AVATAR_CONNECTING)
        await browser.take(connecting.server_sdp)
        await client.type("When do you open?")
        speaking = await client.until(sdk.ServerEventType.SESSION_AVATAR_SWITCH_TO_SPEAKING)
        await client.say(await spoken("Stop please.", after_ms=0))
        await client.until(sdk.ServerEventType.INPUT_AUDIO_BUFFER_SPEECH_STARTED)
        await connection.response.cancel()
        await connection.send({"type": "output_audio_buffer.clear"})
        done = await client.until(sdk.ServerEventType.RESPONSE_DONE)
        assert done.response.id == speaking.turn_id
        assert done.response.status == sdk.ResponseStatus.CANCELLED
        assert done.response.status_details.reason == "client_cancelled"
        await client.until(sdk.ServerEventType.OUTPUT_AUDIO_BUFFER_CLEARED)
        if "session.avatar.switch_to_idle" not in client.kinds():
            await client.until(sdk.ServerEventType.SESSION_AVATAR_SWITCH_TO_IDLE)
        item = done.response.output[0].id
        await connection.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=100)
        truncated = await client.until(sdk.ServerEventType.CONVERSATION_ITEM_TRUNCATED)
        assert (truncated.item_id, truncated.audio_end_ms) == (item, 100)
        await browser.connection.close()
    assert "response.audio.delta" not in client.kinds()


async def test_errors_have_the_sdks_shape_and_leave_the_session(engines: Engines) -> None:
    async with talking(engines) as client:
        await client.connection.response.cancel(event_id="mine")
        event = await client.until(sdk.ServerEventType.ERROR)
        assert isinstance(event, sdk.ServerEventError)
        assert event.error.code == "response_cancel_not_active"
        assert event.error.event_id == "mine"
        assert event.error.type == "invalid_request_error"
        await client.connection.send({"type": "session.update", "session": {"voice": 3}})
        assert (await client.until(sdk.ServerEventType.ERROR)).error.param == "session.voice"
        await client.type("Hello")
        await client.until(sdk.ServerEventType.RESPONSE_DONE)


async def test_a_wrong_key_is_refused_at_the_handshake(engines: Engines) -> None:
    scenario = Scenario(service=Service(api_keys=("right",)))
    async with EmulatorServer(engines=engines, new_avatar=avatars(), scenario=scenario) as emulator:
        key = AzureKeyCredential("wrong")
        with pytest.raises(VoiceLiveConnectionError) as caught:
            async with connect(endpoint=emulator.endpoint, credential=key, model="m"):
                pass
    cause = caught.value.__cause__
    assert isinstance(cause, aiohttp.WSServerHandshakeError)
    assert cause.status == 401


async def test_agents_connect_with_the_sdks_query(engines: Engines) -> None:
    async with (
        EmulatorServer(engines=engines, new_avatar=avatars()) as emulator,
        connect(
            endpoint=emulator.endpoint,
            credential=AzureKeyCredential("any"),
            agent_name="guide",
            project_name="museum",
        ) as connection,
    ):
        created = await Client(connection).until(sdk.ServerEventType.SESSION_CREATED)
        assert created.session["agent"]["name"] == "guide"


def shape(value: Any) -> Any:
    """Return a value's keys and JSON types, as far as the golden one goes."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def lacks(golden: Any, real: Any, path: str = "") -> list[str]:
    """Return what a real event lacks of a golden one."""
    if isinstance(golden, dict):
        if not isinstance(real, dict):
            return [path]
        return [
            missing
            for key, inner in golden.items()
            for missing in (
                lacks(inner, real[key], f"{path}.{key}") if key in real else [f"{path}.{key}"]
            )
        ]
    if isinstance(golden, list):
        if not isinstance(real, list):
            return [path]
        return lacks(golden[0], real[0], f"{path}[0]") if golden and real else []
    return [] if golden == real or "NoneType" in (golden, real) else [f"{path}: {real}"]


async def test_every_event_has_the_fields_of_the_reference(engines: Engines) -> None:
    """One conversation that provokes them all, held against golden JSON from the reference."""
    share_engines(engines)
    golden = json.loads(GOLDEN.read_text())["events"]
    async with (
        EmulatorServer(engines=engines, new_avatar=avatars(), scenario=QUICK) as emulator,
        connected(emulator) as wire,
    ):
        await wire.update(
            instructions=FACTS, tools=[PLACES], input_audio_transcription={"model": "azure-speech"}
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
        browser = Browser()
        size = {"resolution": {"width": 320, "height": 180}}
        await wire.update(avatar={"character": "max", "video": size})
        await wire.send("session.avatar.connect", client_sdp=await browser.offer())
        await browser.take((await wire.until("session.avatar.connecting"))["server_sdp"])
        mark = len(wire.seen)
        await wire.ask("Thanks!")
        await wire.since(mark, "session.avatar.switch_to_speaking")
        await wire.send("output_audio_buffer.clear")
        await wire.until("output_audio_buffer.cleared")
        await wire.since(mark, "session.avatar.switch_to_idle")
        await browser.connection.close()
    best: dict[str, list[str]] = {}
    for event in wire.seen:
        wanted = {"event_id": "x", **golden.get(event["type"], {})}
        missing = lacks(shape(wanted), shape(event))
        if len(missing) <= len(best.get(event["type"], missing)):
            best[event["type"]] = missing
    assert set(golden) - set(best) == set(), "events that never came"
    assert {kind: missing for kind, missing in best.items() if missing} == {}
