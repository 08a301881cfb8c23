"""The avatar of one session: how its media goes out, what it plays, the events that tell of it."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import structlog
from azure.ai.voicelive import models as sdk

from kiosk.emulator.avatar.faults import NO_FAULTS, MediaFault
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.speech.parts import AvatarOutput, Speech
from kiosk.emulator.wire.codec import (
    AVATAR_INTERNAL,
    AVATAR_INVALID,
    AVATAR_OVER_WEBSOCKET,
    JSON,
    WireError,
    encode_answer,
)
from kiosk.errors import MediaError

log = structlog.get_logger(__name__)

# What the service answers to an offer it cannot use, such as one without H.264 (seen live).
_REFUSED_OFFER = (
    "WebRTC SDP negotiation failed: peer connect created failure: "
    "Failed to set remote video description send parameters"
)


MAX_DELTA_BYTES = 18 * 1024
"""Bytes of the stream in one `response.video.delta`: 24,576 characters of base64, just under the
largest that one project saw. As on the service, which sent 92 fragments in 60 deltas to another,
a delta ends anywhere in a fragment."""

_CODEC = "h264"  # unsure: what the service says; it is the only codec of the SDK's VideoParams

# What may change without any effect on the picture.
_LIVE = ("ice_servers", "output_audit_audio")


class AvatarMedia(AvatarOutput, Protocol):
    """Where a connected avatar plays: a peer connection or a stream."""

    def finish(self, tag: str) -> None:
        """Hear that no more speech of `tag` will come."""
        ...

    def suffer(self, faults: frozenset[MediaFault]) -> None:
        """Have exactly these faults from now on."""
        ...

    async def aclose(self) -> None:
        """End the media and everything that runs for it."""
        ...


class AvatarPeer(AvatarMedia, Protocol):
    """The answering end of one avatar's peer connection."""

    @property
    def connection_state(self) -> str:
        """The peer connection's state, in WebRTC's words."""
        ...

    async def answer(self, offer: Mapping[str, str]) -> dict[str, str]:
        """Return the answer to an offer, or raise MediaError when it cannot be used."""
        ...

    def configure(self, avatar: JSON) -> None:
        """Take over the scene of a later `session.avatar`."""
        ...


class AvatarStream(AvatarMedia, Protocol):
    """An avatar as bytes of one endless file."""

    def change(self, config: JSON) -> None:
        """Go on as another avatar, with a new init segment; raise MediaError if it cannot be."""
        ...


OnSpeaking = Callable[[str], None]
OnIdle = Callable[[str, bool], None]


class NewAvatar(Protocol):
    """Makes the media of one avatar configuration; the callbacks get the response's id."""

    def __call__(self, config: JSON, on_speaking: OnSpeaking, on_idle: OnIdle, /) -> AvatarPeer:
        """Return a peer that waits for an offer."""
        ...

    def stream(
        self,
        config: JSON,
        *,
        send: Callable[[bytes], None],
        on_speaking: OnSpeaking,
        on_idle: OnIdle,
        on_error: Callable[[BaseException], None],
        backlog: Callable[[], int],
        max_backlog: int,
    ) -> AvatarStream:
        """Return a running stream; raise MediaError for a picture that cannot be made.

        `backlog()` is how many bytes wait for the reader; above `max_backlog` the stream leaves
        out what it would have sent.
        """
        ...


class Emit(Protocol):
    """How events leave the session."""

    def __call__(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...


class SessionAvatar:
    """Owns the session's avatar: one peer connection or one stream, at most one at a time.

    `failed` hears what went wrong with a stream, `backlog` is the bytes that wait for the client.
    """

    def __init__(
        self,
        *,
        emit: Emit,
        new_avatar: NewAvatar | None,
        limits: Limits,
        second_connect: Literal["replace", "refuse"],
        failed: Callable[[WireError], None],
        backlog: Callable[[], int],
    ) -> None:
        self._emit = emit
        self._failed = failed
        self._backlog = backlog
        self._new_avatar = new_avatar
        self._limits = limits
        self._second_connect = second_connect
        self._peer: AvatarPeer | None = None
        self._stream: AvatarStream | None = None
        self._streamed: JSON = {}
        self._connecting = asyncio.Lock()
        self._speaking_tag: str | None = None
        self._faults = NO_FAULTS

    @property
    def connected(self) -> bool:
        """Whether there is a peer connection or a stream for it to speak on."""
        return self._media is not None

    @property
    def _media(self) -> AvatarMedia | None:
        return self._peer or self._stream

    @property
    def streaming(self) -> bool:
        """Whether it comes over the WebSocket."""
        return self._stream is not None

    @property
    def alive(self) -> bool:
        """Whether it is connected and the other side has not gone away."""
        return self._stream is not None or self._alive()

    @property
    def speaking(self) -> str | None:
        """The response whose audio is playing, if any."""
        return self._speaking_tag

    def expect_offer(self, config: JSON) -> None:
        """Raise WireError when `session.avatar` is not one that an offer could be for."""
        if _is_streamed(config):
            # Unsure how the service refuses it.
            raise WireError(
                AVATAR_OVER_WEBSOCKET,
                "The session's avatar comes over the WebSocket, as response.video.delta; set "
                "'session.avatar.output_protocol' to 'webrtc' to connect with an offer.",
                "session.avatar.output_protocol",
            )

    async def connect(self, config: JSON, offer: Mapping[str, str]) -> None:
        """Answer an offer and send `session.avatar.connecting`, or raise WireError."""
        self.expect_offer(config)
        async with self._connecting:
            if self._second_connect == "refuse" and self._alive():
                # Unsure: one project saw that media cannot be negotiated twice in a session.
                raise WireError(
                    "avatar_already_connected",
                    "The session's avatar is connected already; begin a new session.",
                    "client_sdp",
                )
            new_avatar = self._factory()
            await self.disconnect()
            peer = new_avatar(config, self._on_speaking, self._on_idle)
            peer.suffer(self._faults)
            try:
                async with asyncio.timeout(self._limits.answer_seconds):
                    answer = await peer.answer(offer)
            except (MediaError, TimeoutError) as error:
                await peer.aclose()
                code = error.code if isinstance(error, MediaError) else "timeout"
                log.info("avatar offer refused", code=code)
                raise _refused(error) from None
            except BaseException:
                await peer.aclose()
                raise
            self._peer = peer
        self._emit(sdk.ServerEventSessionAvatarConnecting, server_sdp=encode_answer(answer))

    def _alive(self) -> bool:
        return self._peer is not None and self._peer.connection_state not in ("failed", "closed")

    def _factory(self) -> NewAvatar:
        if self._new_avatar is None:
            raise WireError(
                AVATAR_INTERNAL, "This emulator was started without an avatar.", kind="server_error"
            )
        return self._new_avatar

    async def configure(self, config: JSON | None) -> None:
        """Take over what `session.avatar` is after `session.updated`, or raise WireError.

        Over the WebSocket that begins the stream, gives it a new init segment when what it shows
        has changed, or ends it. A peer connection stays until it is replaced or taken away.
        """
        if self._stream is None and (config is None or not _is_streamed(config)):
            if self._peer is not None and config is not None:
                self._peer.configure(config)
            return
        async with self._connecting:
            if config is None or _is_streamed(config) != (self._stream is not None):
                await self.disconnect()
            if config is None or not _is_streamed(config):
                return
            shown = {name: value for name, value in config.items() if name not in _LIVE}
            if self._stream is not None and shown == self._streamed:
                return
            try:
                if self._stream is None:
                    self._stream = self._factory().stream(
                        config,
                        send=self._send_video,
                        on_speaking=self._on_speaking,
                        on_idle=self._on_idle,
                        on_error=self._stream_failed,
                        backlog=self._backlog,
                        max_backlog=self._limits.video_backlog_bytes,
                    )
                    self._stream.suffer(self._faults)
                else:
                    self._stream.change(config)
            except MediaError as error:
                raise _refused(error) from None
            self._streamed = shown

    def _stream_failed(self, error: BaseException) -> None:
        if isinstance(error, MediaError):
            self._failed(_refused(error))
            return
        self._failed(
            WireError("server_error", "The emulator failed; see its log.", kind="server_error")
        )

    def _send_video(self, data: bytes) -> None:
        for start in range(0, len(data), MAX_DELTA_BYTES):
            delta = base64.b64encode(data[start : start + MAX_DELTA_BYTES]).decode("ascii")
            # The stream is no part of any response's output, and yet the field is required.
            self._emit(sdk.ServerEventResponseVideoDelta, output_index=0, codec=_CODEC, delta=delta)

    def play(self, speech: Speech, tag: str) -> bool:
        """Queue speech; return False when there is no avatar to say it."""
        media = self._media
        if media is None:
            return False
        media.play(speech, tag)
        return True

    def finish(self, tag: str) -> None:
        """Tell the avatar that a response has no more to say, so that it goes idle on time."""
        media = self._media
        if media is not None:
            media.finish(tag)

    def clear(self) -> int:
        """Silence the avatar at once and return how many milliseconds of its speech were heard."""
        media = self._media
        return media.clear() if media is not None else 0

    def heard_ms(self, tag: str) -> int:
        """Return how many milliseconds of a response went out so far."""
        media = self._media
        return media.heard_ms(tag) if media is not None else 0

    def _on_speaking(self, tag: str) -> None:
        self._speaking_tag = tag
        # Unsure what turn_id holds on the service; the response's id is at least an id.
        self._emit(sdk.ServerEventSessionAvatarSwitchToSpeaking, turn_id=tag)

    def _on_idle(self, tag: str, completed: bool) -> None:
        self._speaking_tag = None
        self._emit(sdk.ServerEventSessionAvatarSwitchToIdle, turn_id=tag)

    def suffer(self, faults: frozenset[MediaFault]) -> None:
        """Have exactly these media faults from now on, and in every connection still to come."""
        self._faults = faults
        if self._media is not None:
            self._media.suffer(faults)

    async def disconnect(self) -> None:
        """Close the peer connection or the stream, if there is one."""
        media = self._media
        self._peer = self._stream = None
        if media is not None:
            self._speaking_tag = None
            await media.aclose()


def _is_streamed(config: JSON) -> bool:
    return config.get("output_protocol") == "websocket"


def _refused(error: MediaError | TimeoutError) -> WireError:
    """Return the service's error for an offer or a picture that the avatar cannot make."""
    if isinstance(error, MediaError) and error.code == "invalid_argument":
        # The text begins with the field it is about.
        named = re.match(r"avatar(\.\w+)+", str(error))
        param = f"session.{named[0]}" if named else "session.avatar.video"
        return WireError(AVATAR_INVALID, f"The avatar cannot make this picture: {error}.", param)
    return WireError(AVATAR_INTERNAL, _REFUSED_OFFER, kind="server_error")
