"""What Microsoft's public avatar samples do, done to the emulator.

The pattern is that of `python/voice-live-avatar` and `javascript/voice-live-avatar` in
microsoft-foundry/voicelive-samples: the shape of the configuration, the order of the steps, the
transceivers, the data channel, the encodings. The code is this repository's own; the samples'
cannot be shipped, so that they run unmodified is not shown here.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from av import VideoFrame
from azure.ai.voicelive import models as sdk

from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from tests.browser.screen_stage import CHROMIUM, chromium
from tests.contract.talking import Client, Kind, talking
from tests.unit.emulator.emulating import FACTS, FRAME_BYTES, PLACES, avatars, share_engines, spoken

PATIENCE_SECONDS = 20.0
# As the samples have it by default: a portrait cut out of the middle of the full picture.
VIDEO = {
    "codec": "h264",
    "bitrate": 1_000_000,
    "resolution": {"width": 1920, "height": 1080},
    "crop": {"top_left": [560, 0], "bottom_right": [1360, 1080]},
    "background": {"color": "#00FF00FF"},
}
# Without `customized`, which the SDK's constructor demands and the samples leave out.
LISA = sdk.AvatarConfig(
    {
        "character": "lisa",
        "style": "casual-sitting",
        "video": VIDEO,
        "output_protocol": "webrtc",
    }
)
CUT = (800, 1080)
# Fast enough for a test, slow enough to be interrupted.
PACE = Scenario(generation_speed=3)


async def configure(client: Client, avatar: sdk.AvatarConfig = LISA) -> Any:
    """Send the samples' one session.update and return the session it makes."""
    return await client.update(
        modalities=[sdk.Modality.TEXT, sdk.Modality.AUDIO],
        instructions=FACTS,
        voice=sdk.AzureStandardVoice(name="en-US-AvaMultilingualNeural", rate="1.0"),
        avatar=avatar,
        input_audio_format=sdk.InputAudioFormat.PCM16,
        output_audio_format=sdk.OutputAudioFormat.PCM16,
        input_audio_transcription=sdk.AudioInputTranscriptionOptions(model="azure-speech"),
        turn_detection=sdk.AzureSemanticVad(
            threshold=0.3,
            prefix_padding_ms=300,
            speech_duration_ms=80,
            silence_duration_ms=500,
            remove_filler_words=False,
            interrupt_response=True,
        ),
        tools=[sdk.FunctionTool(name="find_place", **_described(PLACES))],
        tool_choice=sdk.ToolChoiceLiteral.AUTO,
        temperature=0.9,
        input_audio_noise_reduction=sdk.AudioNoiseReduction(type="azure_deep_noise_suppression"),
        input_audio_echo_cancellation=sdk.AudioEchoCancellation(),
    )


def _described(tool: dict[str, Any]) -> dict[str, Any]:
    return {name: tool[name] for name in ("description", "parameters")}


async def negotiate(client: Client, client_sdp: str) -> str:
    """Send an offer as base64 of its JSON and return the answer, which comes the same way."""
    await client.connection.send(sdk.ClientEventSessionAvatarConnect(client_sdp=client_sdp))
    answer: str = (await client.until(Kind.SESSION_AVATAR_CONNECTING)).server_sdp
    assert json.loads(base64.b64decode(answer))["type"] == "answer"
    return answer


async def speak(client: Client, pcm: bytes) -> None:
    """Send speech as the samples' browsers do, base64 in pieces."""
    for start in range(0, len(pcm), FRAME_BYTES):
        audio = base64.b64encode(pcm[start : start + FRAME_BYTES]).decode()
        await client.connection.input_audio_buffer.append(audio=audio)


class Viewer:
    """The samples' browser, played by aiortc: both directions offered, and a data channel."""

    def __init__(self, ice_servers: list[sdk.IceServer]) -> None:
        servers = [
            RTCIceServer(urls=[*s.urls], username=s.username, credential=s.credential)
            for s in ice_servers
        ]
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._tracks: dict[str, MediaStreamTrack] = {}
        self.connection.on("track", lambda track: self._tracks.__setitem__(track.kind, track))
        self.channel = self.connection.createDataChannel("eventChannel")
        self.opened = asyncio.Event()
        self.channel.on("open", self.opened.set)
        self.connection.addTransceiver("video", direction="sendrecv")
        self.connection.addTransceiver("audio", direction="sendrecv")

    async def offer(self) -> str:
        """Return the whole offer, candidates included, as it goes over the wire."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        local = self.connection.localDescription
        text = json.dumps({"type": local.type, "sdp": local.sdp})
        return base64.b64encode(text.encode()).decode()

    async def take(self, server_sdp: str) -> None:
        """Take the answer and wait until media flow."""
        description = RTCSessionDescription(**json.loads(base64.b64decode(server_sdp)))
        await self.connection.setRemoteDescription(description)
        await self.picture()

    async def picture(self) -> VideoFrame:
        """Return the next picture."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame = await self._tracks["video"].recv()
        assert isinstance(frame, VideoFrame)
        return frame


@asynccontextmanager
async def watched(client: Client) -> AsyncIterator[Viewer]:
    """Configure a session as the samples do and connect a viewer to its avatar."""
    session = await configure(client)
    assert session.avatar.ice_servers
    viewer = Viewer(session.avatar.ice_servers)
    try:
        await viewer.take(await negotiate(client, await viewer.offer()))
        yield viewer
    finally:
        await viewer.connection.close()


async def test_the_session_is_what_was_asked_for(engines: Engines) -> None:
    async with talking(engines, PACE) as client:
        session = await configure(client)
        assert (session.avatar.character, session.avatar.style) == ("lisa", "casual-sitting")
        assert session.avatar.video.crop.bottom_right == [1360, 1080]
        assert session.turn_detection.threshold == 0.3
        assert session.turn_detection.speech_duration_ms == 80
        assert session.voice["rate"] == "1.0"
        (server, *_) = session.avatar.ice_servers
        assert server.username
        assert server.credential
        assert "error" not in client.kinds()


async def test_an_avatar_greets_is_heard_and_is_interrupted(engines: Engines) -> None:
    async with talking(engines, PACE) as client, watched(client) as viewer:
        # The greeting follows the answer at once, as a bare response.create.
        await client.connection.response.create()
        speaking = await client.until(Kind.SESSION_AVATAR_SWITCH_TO_SPEAKING)
        frame = await viewer.picture()
        assert (frame.width, frame.height) == CUT
        async with asyncio.timeout(PATIENCE_SECONDS):
            await viewer.opened.wait()

        # A question interrupts it, is transcribed and answered, and no sound comes another way.
        await speak(client, await spoken("When do you open?"))
        await client.until(Kind.INPUT_AUDIO_BUFFER_SPEECH_STARTED)
        idle = await client.until(Kind.SESSION_AVATAR_SWITCH_TO_IDLE)
        assert idle.turn_id == speaking.turn_id
        heard = await client.until(Kind.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_COMPLETED)
        assert heard.transcript == "When do you open?"
        mark = len(client.seen)
        answer = await client.until(Kind.RESPONSE_AUDIO_TRANSCRIPT_DONE)
        assert "ten to six" in answer.transcript
        if Kind.SESSION_AVATAR_SWITCH_TO_SPEAKING not in client.kinds(mark):
            await client.until(Kind.SESSION_AVATAR_SWITCH_TO_SPEAKING)
        assert Kind.RESPONSE_AUDIO_DELTA not in client.kinds()
        assert "error" not in client.kinds()


async def test_a_function_is_waited_for_in_the_samples_order(engines: Engines) -> None:
    """The item, then its arguments, then the end of the response; only then the output."""
    async with talking(engines, PACE) as client:
        await configure(client)
        await client.type("Where are the toilets?")
        await client.connection.response.create()
        item = await client.item("function_call")
        arguments = await client.until(Kind.RESPONSE_FUNCTION_CALL_ARGUMENTS_DONE)
        assert arguments.call_id == item.call_id
        await client.until(Kind.RESPONSE_DONE)
        output = json.dumps({"say": "Behind you, on the left."})
        await client.connection.conversation.item.create(
            previous_item_id=item.id,
            item=sdk.FunctionCallOutputItem(call_id=item.call_id, output=output),
        )
        await client.connection.response.create()
        said = await client.until(Kind.RESPONSE_AUDIO_TRANSCRIPT_DONE)
        assert said.transcript == "Behind you, on the left."


async def test_a_photo_avatar_whose_scene_changes(engines: Engines) -> None:
    """Scene changes are raw updates that repeat the formats and the turn detection."""
    scene = {
        "zoom": 1.0, "position_x": 0.0, "position_y": 0.0,
        "rotation_x": 0.0, "rotation_y": 0.0, "rotation_z": 0.0, "amplitude": 0.6,
    }  # fmt: skip
    who = {"type": "photo-avatar", "model": "vasa-1", "character": "anika"}
    photo = sdk.AvatarConfig({**who, "style": "", "video": VIDEO, "scene": scene})
    async with talking(engines, PACE) as client:
        await configure(client, photo)
        for zoom in (1.1, 1.2, 1.3):
            session = {
                "avatar": {**who, "scene": {**scene, "zoom": zoom}},
                "input_audio_format": "pcm16",
                "output_audio_format": "pcm16",
                "turn_detection": {"type": "server_vad", "threshold": 0.3},
            }
            await client.connection.send({"type": "session.update", "session": session})
            updated = (await client.until(Kind.SESSION_UPDATED)).session
            assert updated["avatar"]["scene"]["zoom"] == zoom
        assert "error" not in client.kinds()


# ── a real browser ───────────────────────────────────────────────────────────────────────────

# What a page does with the ICE servers it is given: offer whole, take the answer, show the picture.
PAGE = """
<video autoplay muted playsinline></video>
<script>
  window.seen = { frames: 0, channel: "" };
  const video = document.querySelector("video");
  const count = () => { seen.frames += 1; video.requestVideoFrameCallback(count); };
  video.requestVideoFrameCallback(count);
  window.makeOffer = async (iceServers) => {
    window.peer = new RTCPeerConnection({ iceServers });
    peer.ontrack = (event) => {
      if (event.track.kind === "video") video.srcObject = event.streams[0];
    };
    peer.addTransceiver("video", { direction: "sendrecv" });
    peer.addTransceiver("audio", { direction: "sendrecv" });
    const channel = peer.createDataChannel("eventChannel");
    channel.onopen = () => { seen.channel = "open"; };
    await peer.setLocalDescription(await peer.createOffer());
    if (peer.iceGatheringState !== "complete") {
      await new Promise((resolve) => {
        peer.onicegatheringstatechange = () => {
          if (peer.iceGatheringState === "complete") resolve();
        };
      });
    }
    return btoa(JSON.stringify(peer.localDescription));
  };
  window.takeAnswer = (answer) => peer.setRemoteDescription(JSON.parse(atob(answer)));
  window.look = () => {
    const canvas = new OffscreenCanvas(80, 108);
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 80, 108);
    return [...context.getImageData(2, 2, 1, 1).data];
  };
</script>
"""


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_chromium_shows_the_avatar(engines: Engines) -> None:
    share_engines(engines)
    try:
        async with talking(engines, PACE) as client, chromium() as browser:
            page = await browser.new_page()
            page.set_default_timeout(PATIENCE_SECONDS * 1000)
            await page.set_content(PAGE)
            session = await configure(client)
            servers = [
                {"urls": [*s.urls], "username": s.username, "credential": s.credential}
                for s in session.avatar.ice_servers
            ]
            answer = await negotiate(client, await page.evaluate("s => makeOffer(s)", servers))
            await page.evaluate("answer => takeAnswer(answer)", answer)
            await client.connection.response.create()
            await client.until(Kind.SESSION_AVATAR_SWITCH_TO_SPEAKING)
            await page.wait_for_function("seen.frames > 25 && seen.channel === 'open'")
            size = await page.evaluate("() => [video.videoWidth, video.videoHeight]")
            assert tuple(size) == CUT
            red, green, blue, _ = await page.evaluate("look()")
            assert green > 200 > 100 > max(red, blue)
            await client.until(Kind.SESSION_AVATAR_SWITCH_TO_IDLE)
            assert "error" not in client.kinds()
    finally:
        await avatars().aclose()
        avatars.cache_clear()
