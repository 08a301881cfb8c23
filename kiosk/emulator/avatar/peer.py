"""The avatar's end of a WebRTC connection: answers an offer, then speaks and moves its mouth."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError

from kiosk.clock import Clock, SystemClock
from kiosk.emulator.avatar.acting import Performer
from kiosk.emulator.avatar.faults import NO_FAULTS, MediaFault
from kiosk.emulator.avatar.live import LivePicture
from kiosk.emulator.avatar.playback import Playback
from kiosk.emulator.avatar.shape import VideoShape
from kiosk.emulator.avatar.sprites import AvatarStudio
from kiosk.emulator.avatar.stream import AvatarStream
from kiosk.emulator.avatar.tracks import FaceTrack, VoiceTrack
from kiosk.emulator.speech.parts import Speech
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.errors import MediaError
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

MAX_SDP_CHARS = 64 * 1024

MAX_MUXING = 64
"""Streams whose next fragment may wait for the muxing thread; beyond it one is left out."""

_TO_THE_END_SECONDS = 5.0
"""Longest that whoever is cancelled while candidates are gathered or closed waits for their end."""

OnSpeaking = Callable[[str], None]
OnIdle = Callable[[str, bool], None]
OnState = Callable[[str], None]

# The service's own words for an offer it cannot send video to (seen by other projects).
_NO_H264 = (
    "WebRTC SDP negotiation failed: peer connect created failure:"
    " Failed to set remote video description send parameters"
)


class Avatars:
    """Makes the avatar peers of one emulator; they share the drawings. Close it after them."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        # At DEBUG aiortc and aioice log whole descriptions and ICE passwords.
        for name in ("aiortc", "aioice"):
            logger = logging.getLogger(name)
            logger.setLevel(max(logging.INFO, logger.getEffectiveLevel()))
        self.studio = AvatarStudio()
        self._muxing = EngineWorker("avatar-stream", max_waiting=MAX_MUXING)
        self._clock = clock or SystemClock()

    async def warm(self, config: Mapping[str, Any] | None = None) -> None:
        """Draw ahead of the first session with this `session.avatar`; see AvatarStudio.warm."""
        await self.studio.warm(VideoShape.of(config))

    def __call__(
        self,
        config: Mapping[str, Any],
        on_speaking: OnSpeaking,
        on_idle: OnIdle,
        on_state: OnState | None = None,
    ) -> AvatarPeer:
        """Return a new peer for a session's `session.avatar`."""
        return AvatarPeer(
            self.studio,
            config,
            on_speaking=on_speaking,
            on_idle=on_idle,
            on_state=on_state,
            clock=self._clock,
        )

    def stream(
        self,
        config: Mapping[str, Any],
        *,
        send: Callable[[bytes], None],
        on_speaking: OnSpeaking,
        on_idle: OnIdle,
        on_error: Callable[[BaseException], None],
        backlog: Callable[[], int],
        max_backlog: int,
    ) -> AvatarStream:
        """Return the running stream of an avatar over the WebSocket; see AvatarStream."""
        return AvatarStream(
            self.studio,
            self._muxing,
            config,
            send=send,
            on_speaking=on_speaking,
            on_idle=on_idle,
            on_error=on_error,
            backlog=backlog,
            max_backlog=max_backlog,
            clock=self._clock,
        )

    async def aclose(self) -> None:
        """End the threads that draw, and that mux streams."""
        await self._muxing.aclose()
        await self.studio.aclose()


class AvatarPeer:
    """One session's avatar. Implements `AvatarOutput`.

    `config` is the session's `session.avatar`; see VideoShape for what of it is seen.
    Callbacks run on the loop, in order, outside of the media's own tasks: `on_speaking(tag)` when
    the first audio of a tag goes out, `on_idle(tag, completed)` when it has run out or was
    cleared, `on_state(state)` with each connection state of the peer connection.
    """

    def __init__(
        self,
        studio: AvatarStudio,
        config: Mapping[str, Any] | None = None,
        *,
        on_speaking: OnSpeaking,
        on_idle: OnIdle,
        on_state: OnState | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._studio = studio
        self._config = config or {}
        self._on_state = on_state
        self._clock = clock or SystemClock()
        loop = asyncio.get_running_loop()
        self._playback = Playback(
            lambda tag: _later(loop, on_speaking, tag),
            lambda tag, completed: _later(loop, on_idle, tag, completed),
        )
        self._connection: RTCPeerConnection | None = None
        self._face: FaceTrack | None = None
        self._voice: VoiceTrack | None = None
        self._shape: VideoShape | None = None
        self._faults = NO_FAULTS
        self._closed = False
        self._tasks = TaskSet("avatar peer")
        self._changing: VideoShape | None = None

    @property
    def connection_state(self) -> str:
        """The peer connection's state; "new" before an offer was answered."""
        return self._connection.connectionState if self._connection is not None else "new"

    @property
    def queued_ms(self) -> int:
        """Milliseconds of speech that wait to be said."""
        return self._playback.queued_ms

    @property
    def late_pictures(self) -> int:
        """Pictures that were not drawn in time and were replaced by the one before."""
        return self._face.live.late if self._face is not None else 0

    def suffer(self, faults: frozenset[MediaFault]) -> None:
        """Have exactly these faults from now on; `ice_never` strikes the answer still to come."""
        self._faults = faults
        if self._face is not None:
            self._face.live.faults = faults
        if self._voice is not None:
            self._voice.silent = "audio_silent" in faults

    def configure(self, avatar: Mapping[str, Any]) -> None:
        """Take over the scene of a later `session.avatar`; nothing else changes while connected.

        The new scene is seen as soon as it is drawn. Of many in a row only the last is.
        """
        self._config = avatar
        if self._shape is None:
            return
        wanted = self._shape.in_scene(avatar)
        is_idle, self._changing = self._changing is None, wanted
        if is_idle:
            self._tasks.spawn(self._change_look(), name="scene")

    async def _change_look(self) -> None:
        try:
            while self._changing is not None and self._changing != self._shape:
                shape = self._changing
                look = await self._studio.look(shape)
                self._shape = shape
                if self._face is not None:
                    self._face.live.show(look)
        finally:
            self._changing = None

    async def answer(self, offer: Mapping[str, str]) -> dict[str, str]:
        """Answer a complete offer {"type": "offer", "sdp"}; the answer has every candidate.

        Raises MediaError, with a stable code: `offer_invalid` when it cannot be read or has no
        audio or video to send to, `no_h264` when it offers no H.264 that we can send,
        `invalid_argument` for a picture we cannot make, `already_answered` the second time.
        """
        if self._connection is not None or self._closed:
            raise MediaError("already_answered", "this avatar has answered its one offer already")
        sdp = _checked(offer)
        shape = VideoShape.of(self._config)
        look = await self._studio.look(shape)
        # No servers: a STUN request would leave the machine and delay every answer.
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection = connection
        connection.on("connectionstatechange", self._state_changed)
        performer = Performer(secrets.randbits(32))
        live = LivePicture(self._studio, look, performer, self._playback.viseme)
        face = FaceTrack(live, shape.gop_size, self._clock)
        voice = VoiceTrack(self._playback, self._clock)
        # Before setRemoteDescription, or aiortc ignores the preference and takes the first codec.
        video = connection.addTransceiver(face, direction="sendonly")
        video.setCodecPreferences(
            [
                codec
                for codec in RTCRtpSender.getCapabilities("video").codecs
                if codec.mimeType.lower() in {"video/h264", "video/rtx"}
            ]
        )
        audio = connection.addTransceiver(voice, direction="sendonly")
        _answer_key_requests(video.sender, face.sequence.want_key)
        self._face, self._voice, self._shape = face, voice, shape
        self.suffer(self._faults)
        is_unreachable = "ice_never" in self._faults
        try:
            await _set_remote(connection, _without_candidates(sdp) if is_unreachable else sdp)
            if video.mid is None or audio.mid is None:
                raise MediaError(
                    "offer_invalid", "the offer must have a video and an audio section"
                )
            _allow_loopback(connection.getTransceivers())
            described = await connection.createAnswer()
            await _to_the_end(connection.setLocalDescription(described), "gathering")
        except MediaError:
            await self._release()
            raise
        if video.currentDirection != "sendonly" or audio.currentDirection != "sendonly":
            await self._release()
            raise MediaError(
                "offer_invalid", "the offer's video and audio sections must both receive"
            )
        local = connection.localDescription
        answer = _unreachable(local.sdp) if is_unreachable else local.sdp
        return {"type": local.type, "sdp": answer}

    def _state_changed(self) -> None:
        if self._connection is None:
            return
        state = self._connection.connectionState
        log.debug("avatar connection", state=state)
        if self._on_state is not None:
            self._on_state(state)

    def play(self, speech: Speech, tag: str) -> None:
        """Queue audio; what is queued before the connection is up waits for it.

        At most `MAX_QUEUED_S` seconds wait; what comes on top is dropped, counted and logged.
        """
        self._playback.play(speech, tag)

    def finish(self, tag: str) -> None:
        """Say that no more of `tag` will come, so that `on_idle` follows its last sound at once."""
        self._playback.finish(tag)

    def clear(self) -> int:
        """Fall silent within one packet and close the mouth; return the current tag's heard ms."""
        return self._playback.clear()

    def heard_ms(self, tag: str) -> int:
        """Milliseconds of `tag`'s audio that have gone out so far."""
        return self._playback.heard_ms(tag)

    async def aclose(self) -> None:
        """Close the peer connection and end its tasks; safe to call twice."""
        self._closed = True
        await self._tasks.aclose()
        await self._release()

    async def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.remove_all_listeners()
            await _to_the_end(connection.close(), "closing")


def _later(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: object) -> None:
    """Call back from the loop itself, so that a callback that raises does not stop the media."""
    loop.call_soon(call, *args)


def _checked(offer: Mapping[str, str]) -> str:
    """Return the offer's SDP without the candidates nobody here can use."""
    sdp = offer.get("sdp")
    if offer.get("type") != "offer" or not isinstance(sdp, str) or not sdp.startswith("v=0"):
        raise MediaError(
            "offer_invalid", 'an offer must be {"type": "offer", "sdp": "v=0..."}; send it whole'
        )
    if len(sdp) > MAX_SDP_CHARS:
        raise MediaError("offer_invalid", f"an offer may have {MAX_SDP_CHARS} characters at most")
    # Names ending in .local would each be looked up for a second and never be found; the peer is
    # still reached, because its own checks tell where it is. Those checks are candidates to come,
    # so the offer may not say that there are no more.
    lines = sdp.replace("\r\n", "\n").split("\n")
    kept = [line for line in lines if not (line.startswith("a=candidate:") and ".local " in line)]
    if len(kept) < len(lines):
        kept = [line for line in kept if line != "a=end-of-candidates"]
    return "\r\n".join(kept)


async def _to_the_end(work: Coroutine[Any, Any, None], name: str) -> None:
    """Do work on sockets whole, even if cancelled meanwhile: aioice forgets half-opened ones."""
    task = TaskSet("avatar peer").start(work, name=name)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=_TO_THE_END_SECONDS)
        raise


async def _set_remote(connection: RTCPeerConnection, sdp: str) -> None:
    try:
        await connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
    except OperationError as error:
        raise MediaError("no_h264", _NO_H264) from error
    except (
        InvalidAccessError,
        InvalidStateError,
        # What aiortc's parser raises on text that is not an SDP, depending on the line.
        AssertionError,
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise MediaError(
            "offer_invalid", "the offer's SDP cannot be read; send the browser's own, unchanged"
        ) from error


def _answer_key_requests(sender: RTCRtpSender, want_key: Callable[[], None]) -> None:
    """Let a viewer that lost a picture (PLI, FIR) get a key picture.

    aiortc passes such a request to its own encoder only, and pictures come encoded here. Its
    method is private; a test with a real request fails when it goes by another name.
    """
    vars(sender)["_send_keyframe"] = want_key


def _without_candidates(sdp: str) -> str:
    lines = [line for line in sdp.split("\r\n") if not line.startswith("a=candidate:")]
    return "\r\n".join(lines)


def _unreachable(sdp: str) -> str:
    """Return an answer whose only candidates lead nowhere: TEST-NET-1 of RFC 5737."""
    ended = "a=end-of-candidates"
    nowhere = "a=candidate:1 1 udp 2130706431 192.0.2.1 9 typ host"
    lines = _without_candidates(sdp).split("\r\n")
    return "\r\n".join(f"{nowhere}\r\n{line}" if line == ended else line for line in lines)


def _allow_loopback(transceivers: list[RTCRtpTransceiver]) -> None:
    """Let a machine without any network address use 127.0.0.1, which aioice leaves out.

    The gatherer's aioice connection is not public in aiortc; its method is. Only these
    connections are touched, and a machine with an address is not affected.
    """
    for transceiver in transceivers:
        connection: Any = transceiver.sender.transport.transport.iceGatherer._connection
        gather = connection.get_component_candidates

        async def with_loopback(
            component: int,
            addresses: list[str],
            timeout: int = 5,  # noqa: ASYNC109 - aioice's signature
            gather: Callable[..., Any] = gather,
        ) -> Any:
            return await gather(component, addresses or ["127.0.0.1"], timeout)

        connection.get_component_candidates = with_loopback
