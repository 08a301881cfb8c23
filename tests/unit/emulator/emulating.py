"""What the emulator's tests share: engines loaded once, a server, a raw client, spoken audio."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import aiohttp
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

from kiosk.emulator.avatar.peer import Avatars
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE

PATIENCE_SECONDS = 20.0
FRAME_BYTES = SAMPLE_RATE * 2 * 40 // 1000
QUICK = Scenario(generation_speed=1000)

PLACES = {
    "type": "function",
    "name": "find_place",
    "description": "Shows the way to a place in the museum, with a map.",
    "parameters": {
        "type": "object",
        "properties": {
            "place": {
                "type": "string",
                "enum": ["toilets", "cafe", "lift", "gallery_1", "gallery_2", "cloakroom"],
                "description": "Where the visitor wants to go.",
            }
        },
        "required": ["place"],
    },
}
FACTS = """You are the host of the Harbour City Museum. Answer in one or two short sentences.
Never make things up.

## Opening hours
The museum is open from ten to six, Tuesday to Sunday. On Mondays we are closed.
On Thursdays the museum stays open until nine in the evening.

## Tickets
A ticket costs twelve euros; children under twelve come in free.

## Practical
- Photographs without flash are welcome everywhere.
- Bags larger than a backpack go into the lockers in the cloakroom.
- Free Wi-Fi is called HarbourGuest.
If somebody asks for the manager, call staff.
"""


_shared: list[Engines] = []


def share_engines(engines: Engines) -> None:
    """Take the light engines that the tests of this process use; loading them would block."""
    _shared[:] = [engines]


def light_engines() -> Engines:
    """Return the light engines, loaded once for all tests of this process."""
    return _shared[0]


@cache
def avatars() -> Avatars:
    """Return the shared drawings, made when the first avatar is connected."""
    return Avatars()


async def spoken(text: str, *, before_ms: int = 400, after_ms: int = 1200) -> bytes:
    """Return a sentence said by the light voice between two silences, PCM16 at SAMPLE_RATE."""
    pieces = [speech.pcm async for speech in light_engines().voice.speak(text)]
    return silence(before_ms) + b"".join(pieces) + silence(after_ms)


def silence(milliseconds: int) -> bytes:
    """Return silence, PCM16 at SAMPLE_RATE."""
    return bytes(SAMPLE_RATE * 2 * milliseconds // 1000)


class Wire:
    """A raw client of the emulator: JSON out, JSON in, everything seen is kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one client event."""
        await self.socket.send_json({"type": kind, **fields})

    async def next(self) -> dict[str, Any]:
        """Return the next server event."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            event: dict[str, Any] = await self.socket.receive_json()
        self.seen.append(event)
        return event

    async def until(self, kind: str) -> dict[str, Any]:
        """Return the next event of a type; the events before it are kept in `seen`."""
        while True:
            event = await self.next()
            if event["type"] == kind:
                return event

    async def since(self, mark: int, kind: str) -> dict[str, Any]:
        """Return the first event of a type after `mark` events seen, waiting if need be."""
        for event in self.seen[mark:]:
            if event["type"] == kind:
                return event
        return await self.until(kind)

    async def error(self) -> dict[str, Any]:
        """Return the details of the next `error`."""
        details: dict[str, Any] = (await self.until("error"))["error"]
        return details

    async def update(self, **session: Any) -> dict[str, Any]:
        """Configure the session and return what the service says it now is."""
        await self.send("session.update", session=session)
        updated: dict[str, Any] = (await self.until("session.updated"))["session"]
        return updated

    async def type(self, text: str) -> None:
        """Type something without asking for an answer."""
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content}
        await self.send("conversation.item.create", item=item)

    async def ask(self, text: str) -> dict[str, Any]:
        """Type a question and return the finished response."""
        await self.type(text)
        await self.send("response.create")
        done: dict[str, Any] = (await self.until("response.done"))["response"]
        return done

    async def hear(self, pcm: bytes) -> None:
        """Send audio in frames of 40 ms, as fast as the emulator takes them."""
        for start in range(0, len(pcm), FRAME_BYTES):
            audio = base64.b64encode(pcm[start : start + FRAME_BYTES]).decode()
            await self.send("input_audio_buffer.append", audio=audio)

    def kinds(self) -> list[str]:
        """Return the types of everything seen, in order."""
        return [event["type"] for event in self.seen]


@asynccontextmanager
async def emulating(
    scenario: Scenario = QUICK, limits: Limits | None = None
) -> AsyncIterator[EmulatorServer]:
    """Run an emulator on a free port."""
    async with EmulatorServer(
        scenario=scenario, engines=light_engines(), limits=limits, new_avatar=avatars()
    ) as emulator:
        yield emulator


@asynccontextmanager
async def connected(emulator: EmulatorServer, **query: str) -> AsyncIterator[Wire]:
    """Connect a raw client and take its `session.created`."""
    url = f"{emulator.endpoint}/voice-live/realtime"
    parameters = {"api-version": "2026-07-15", "model": "gpt-realtime", **query}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, params=parameters, headers={"api-key": "any"}) as socket,
    ):
        wire = Wire(socket)
        await wire.until("session.created")
        yield wire


def answer_text(response: dict[str, Any]) -> str:
    """Return what a finished response says."""
    contents = [part for item in response["output"] for part in item.get("content", ())]
    return " ".join(part.get("transcript") or part.get("text") or "" for part in contents)


class Browser:
    """A browser's peer connection: receives the avatar, keeps its tracks."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.tracks: dict[str, MediaStreamTrack] = {}
        self._changed = asyncio.Event()
        self.connection.on("connectionstatechange", self._changed.set)
        self.connection.on("track", lambda track: self.tracks.__setitem__(track.kind, track))

    async def offer(self, *, h264: bool = True) -> str:
        """Return a `client_sdp`: base64 of the offer's JSON."""
        video = self.connection.addTransceiver("video", direction="recvonly")
        self.connection.addTransceiver("audio", direction="recvonly")
        capabilities = RTCRtpReceiver.getCapabilities("video")
        codecs = capabilities.codecs if capabilities is not None else []
        kept = [codec for codec in codecs if h264 or "H264" not in codec.mimeType]
        video.setCodecPreferences(kept)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        local = self.connection.localDescription
        return base64.b64encode(
            json.dumps({"type": local.type, "sdp": local.sdp}).encode()
        ).decode()

    async def take(self, server_sdp: str) -> None:
        """Take the answer of `session.avatar.connecting` and wait until media can flow.

        A peer connection closed before that leaves aioice tasks behind for half a minute.
        """
        answer = json.loads(base64.b64decode(server_sdp))
        assert answer["type"] == "answer"
        await self.connection.setRemoteDescription(RTCSessionDescription(**answer))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.connection.connectionState != "connected":
                self._changed.clear()
                await self._changed.wait()
            # Only a picture proves that the other side has finished connecting too.
            await self.tracks["video"].recv()

    async def picture(self) -> NDArray[np.uint8]:
        """Return the next picture as red, green and blue."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame = await self.tracks["video"].recv()
        assert isinstance(frame, VideoFrame)
        return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)

    async def loudness(self) -> float:
        """Return the root mean square of the next 20 ms of audio."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame = await self.tracks["audio"].recv()
        assert isinstance(frame, AudioFrame)
        samples = frame.to_ndarray().astype(float)
        return float(np.sqrt((samples**2).mean()))


@asynccontextmanager
async def avatar_connected(wire: Wire, **avatar: Any) -> AsyncIterator[Browser]:
    """Configure an avatar and connect a browser to it."""
    size = {"resolution": {"width": 320, "height": 180}}
    await wire.update(avatar={"character": "lisa", "video": size, **avatar})
    browser = Browser()
    try:
        await wire.send("session.avatar.connect", client_sdp=await browser.offer())
        connecting = await wire.until("session.avatar.connecting")
        await browser.take(connecting["server_sdp"])
        yield browser
    finally:
        await browser.connection.close()
