"""CPU of the emulator for each avatar session at 720p25: idle and speaking, one and eight of them.

The emulator runs in a process of its own, whose user and system time is read by itself; the
viewers in this process throw the media away unread, so that they leave it the machine.
"""

from __future__ import annotations

import asyncio
import base64
import json
import multiprocessing
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any, Literal, NamedTuple

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.rtp import RtpPacket

from benchmarks.row import Row, median
from kiosk import log
from kiosk.clock import SystemClock
from kiosk.emulator.avatar.shape import FRAMES_PER_SECOND
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer

Protocol = Literal["webrtc", "websocket"]

MANY = 8
ROUNDS = 3
SECONDS = 5.0
SETTLE_SECONDS = 3.0
DRAWN_TRIES, DRAWN_SHARE = 24, 0.2
"""How often it is looked whether less than this share of a core is used: all is drawn then."""
SHARE_OF_A_CORE = 80.0
STORY = "There was a harbour, and in the harbour there was a ship, blue and very old. " * 60
VIDEO = {"resolution": {"width": 1280, "height": 720}, "bitrate": 2_000_000}


async def avatar_cost() -> Sequence[Row]:
    """Measure both protocols the emulator has; `other` is the dearer case of the same run."""
    rows: list[Row] = []
    clock = SystemClock()
    with _Emulator() as emulator:
        for protocol in ("webrtc", "websocket"):
            # Once for each protocol a session speaks before anything is measured: the pictures
            # of its mouth are drawn then, once for all.
            if not await _warmed(emulator, protocol, clock):
                continue
            cost = {
                (count, speaks): await _cost(emulator, protocol, count, speaks, clock)
                for count in (1, MANY)
                for speaks in (False, True)
            }
            idle, speaking = cost[MANY, False].core, cost[MANY, True].core
            name = f"avatar/{protocol}"
            rows += [
                Row(f"{name}, idle, 1 of {MANY} vs alone", idle, cost[1, False].core, "% core"),
                Row(
                    f"{name}, speaking, 1 of {MANY} vs alone",
                    speaking,
                    cost[1, True].core,
                    "% core",
                ),
                Row(
                    f"{name}, on 80 % of a core: speaking, idle",
                    SHARE_OF_A_CORE / speaking,
                    SHARE_OF_A_CORE / idle,
                    "sessions",
                ),
            ]
            if protocol == "webrtc":
                seen = min(one.pictures for one in cost.values())
                rows.append(
                    Row(
                        f"{name}, least shown vs {FRAMES_PER_SECOND}",
                        FRAMES_PER_SECOND,
                        seen,
                        "pictures/s",
                    )
                )
    return rows


async def _warmed(emulator: _Emulator, protocol: Protocol, clock: SystemClock) -> bool:
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(_session(emulator.endpoint, protocol, [0]))
        if wire is None:
            return False
        await _speak(wire)
        for _ in range(DRAWN_TRIES):
            before, start = await emulator.cpu_seconds(), clock.monotonic()
            await clock.sleep(SECONDS)
            used = await emulator.cpu_seconds() - before
            if used < DRAWN_SHARE * (clock.monotonic() - start):
                break
    return True


async def _cost(
    emulator: _Emulator, protocol: Protocol, count: int, speaks: bool, clock: SystemClock
) -> _Cost:
    """Return what one of `count` sessions takes, and whether it was served in full."""
    pictures = [0]
    async with AsyncExitStack() as stack:
        for _ in range(count):
            session = _session(emulator.endpoint, protocol, pictures)
            wire = await stack.enter_async_context(session)
            assert wire is not None
            if speaks:
                await _speak(wire)
        await clock.sleep(SETTLE_SECONDS)
        each, seen = [], []
        for _ in range(ROUNDS):
            before, start, shown = await emulator.cpu_seconds(), clock.monotonic(), pictures[0]
            await clock.sleep(SECONDS)
            used = await emulator.cpu_seconds() - before
            passed = clock.monotonic() - start
            each.append(100 * used / passed / count)
            seen.append((pictures[0] - shown) / passed / count)
    return _Cost(median(each), median(seen))


class _Cost(NamedTuple):
    core: float
    """Percent of a core."""
    pictures: float
    """Pictures a second that reached a viewer; fewer than 25 and the machine was too busy."""


@asynccontextmanager
async def _session(
    endpoint: str, protocol: Protocol, pictures: list[int]
) -> AsyncIterator[aiohttp.ClientWebSocketResponse | None]:
    """Open a session whose avatar is seen; None when the emulator refuses the protocol."""
    url = f"{endpoint}/voice-live/realtime?api-version=2026-07-15&model=gpt-realtime"
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, headers={"api-key": "any"}, max_msg_size=0) as socket,
        asyncio.TaskGroup() as tasks,
    ):
        avatar = {
            "character": "lisa",
            "style": "casual-sitting",
            "customized": False,
            "output_protocol": protocol,
            "video": VIDEO,
        }
        session = {"avatar": avatar, "turn_detection": None}
        await socket.send_json({"type": "session.update", "session": session})
        accepted = await _until(socket, "session.updated") is not None
        if accepted and protocol == "webrtc":
            await _connect(socket, peer, pictures)
        # Reads on, as a client does; otherwise video over the socket would back up.
        reading = tasks.create_task(_discard(socket), name="reading")
        yield socket if accepted else None
        reading.cancel()
        await peer.close()


async def _connect(
    socket: aiohttp.ClientWebSocketResponse, peer: RTCPeerConnection, pictures: list[int]
) -> None:
    connected = asyncio.Event()

    def changed() -> None:
        if peer.connectionState == "connected":
            connected.set()

    peer.on("connectionstatechange", changed)
    capabilities = RTCRtpReceiver.getCapabilities("video")
    assert capabilities is not None
    for kind in ("video", "audio"):
        transceiver = peer.addTransceiver(kind, direction="recvonly")
        if kind == "video":
            transceiver.setCodecPreferences(
                [codec for codec in capabilities.codecs if codec.mimeType == "video/H264"]
            )
        _throw_away(transceiver.receiver, pictures if kind == "video" else [0])
    await peer.setLocalDescription(await peer.createOffer())
    offer = {"type": "offer", "sdp": peer.localDescription.sdp}
    client_sdp = base64.b64encode(json.dumps(offer).encode()).decode()
    await socket.send_json({"type": "session.avatar.connect", "client_sdp": client_sdp})
    event = await _until(socket, "session.avatar.connecting")
    assert event is not None
    answer = json.loads(base64.b64decode(event["server_sdp"]))
    await peer.setRemoteDescription(RTCSessionDescription(**answer))
    async with asyncio.timeout(20):
        await connected.wait()


def _throw_away(receiver: RTCRtpReceiver, pictures: list[int]) -> None:
    """Let a viewer cost next to nothing: its packets are decrypted, and whole pictures counted."""

    async def ignore(packet: RtpPacket, **_: Any) -> None:
        pictures[0] += packet.marker

    # aiortc has no receiver that does not decode, and eight decoders would be what is measured.
    vars(receiver)["_handle_rtp_packet"] = ignore


async def _until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any] | None:
    """Return the next event of a type, or None when an error comes first."""
    async with asyncio.timeout(30):
        while True:
            event: dict[str, Any] = await socket.receive_json()
            if event["type"] in {kind, "error"}:
                return event if event["type"] == kind else None


async def _discard(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def _speak(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Have the avatar talk for some minutes, in words that are its own."""
    message = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": STORY}],
    }
    response = {"pre_generated_assistant_message": message}
    await socket.send_json({"type": "response.create", "response": response})


class _Emulator:
    """The emulator's process, asked for its endpoint and its processor time over a pipe."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.endpoint = ""

    def __enter__(self) -> _Emulator:
        self._process.start()
        self.endpoint = self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send("stop")
        self._process.join(20)

    async def cpu_seconds(self) -> float:
        """Return the user and system time of the process so far."""
        self._pipe.send("cpu")
        seconds: float = await asyncio.to_thread(self._pipe.recv)
        return seconds


def _serve(pipe: Connection) -> None:
    log.configure(level="error")
    asyncio.run(_run_emulator(pipe))


async def _run_emulator(pipe: Connection) -> None:
    scenario = Scenario(generation_speed=4)
    async with EmulatorServer(scenario=scenario, engines_preference="light") as emulator:
        pipe.send(emulator.endpoint)
        while await asyncio.to_thread(pipe.recv) == "cpu":
            times = os.times()
            pipe.send(times.user + times.system)
