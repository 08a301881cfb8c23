"""The avatar of one session: its peer connection, what it plays, and the events that tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import structlog
from azure.ai.voicelive import models as sdk

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.speech.parts import AvatarOutput, Speech
from kiosk.emulator.wire.codec import (
    AVATAR_INTERNAL,
    AVATAR_INVALID,
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


class AvatarPeer(AvatarOutput, Protocol):
    """The answering end of one avatar's peer connection."""

    @property
    def connection_state(self) -> str:
        """The peer connection's state, in WebRTC's words."""
        ...

    async def answer(self, offer: Mapping[str, str]) -> dict[str, str]:
        """Return the answer to an offer, or raise MediaError when it cannot be used."""
        ...

    def finish(self, tag: str) -> None:
        """Hear that no more speech of `tag` will come."""
        ...

    async def aclose(self) -> None:
        """Close the peer connection and everything it runs."""
        ...


OnSpeaking = Callable[[str], None]
OnIdle = Callable[[str, bool], None]
NewAvatar = Callable[[JSON, OnSpeaking, OnIdle], AvatarPeer]
"""Makes a peer for one avatar configuration; the callbacks get the response's id."""


class Emit(Protocol):
    """How events leave the session."""

    def __call__(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...


class SessionAvatar:
    """Owns the session's avatar peer, at most one at a time."""

    def __init__(
        self,
        *,
        emit: Emit,
        new_avatar: NewAvatar | None,
        limits: Limits,
        second_connect: Literal["replace", "refuse"],
    ) -> None:
        self._emit = emit
        self._new_avatar = new_avatar
        self._limits = limits
        self._second_connect = second_connect
        self._peer: AvatarPeer | None = None
        self._connecting = asyncio.Lock()
        self._speaking_tag: str | None = None

    @property
    def connected(self) -> bool:
        """Whether an offer was answered."""
        return self._peer is not None

    @property
    def speaking(self) -> str | None:
        """The response whose audio is playing, if any."""
        return self._speaking_tag

    async def connect(self, config: JSON, offer: Mapping[str, str]) -> None:
        """Answer an offer and send `session.avatar.connecting`, or raise WireError."""
        async with self._connecting:
            if self._second_connect == "refuse" and self._alive():
                # Unsure: one project saw that media cannot be negotiated twice in a session.
                raise WireError(
                    "avatar_already_connected",
                    "The session's avatar is connected already; begin a new session.",
                    "client_sdp",
                )
            if self._new_avatar is None:
                raise WireError(
                    AVATAR_INTERNAL,
                    "This emulator was started without an avatar.",
                    kind="server_error",
                )
            await self.disconnect()
            peer = self._new_avatar(config, self._on_speaking, self._on_idle)
            try:
                async with asyncio.timeout(self._limits.answer_seconds):
                    answer = await peer.answer(offer)
            except (MediaError, TimeoutError) as error:
                await peer.aclose()
                code = error.code if isinstance(error, MediaError) else "timeout"
                log.info("avatar offer refused", code=code)
                raise _refused(code) from None
            except BaseException:
                await peer.aclose()
                raise
            self._peer = peer
        self._emit(sdk.ServerEventSessionAvatarConnecting, server_sdp=encode_answer(answer))

    def _alive(self) -> bool:
        return self._peer is not None and self._peer.connection_state not in ("failed", "closed")

    def play(self, speech: Speech, tag: str) -> bool:
        """Queue speech; return False when there is no avatar to say it."""
        if self._peer is None:
            return False
        self._peer.play(speech, tag)
        return True

    def finish(self, tag: str) -> None:
        """Tell the avatar that a response has no more to say, so that it goes idle on time."""
        if self._peer is not None:
            self._peer.finish(tag)

    def clear(self) -> int:
        """Silence the avatar at once and return how many milliseconds of its speech were heard."""
        return self._peer.clear() if self._peer is not None else 0

    def heard_ms(self, tag: str) -> int:
        """Return how many milliseconds of a response went out so far."""
        return self._peer.heard_ms(tag) if self._peer is not None else 0

    def _on_speaking(self, tag: str) -> None:
        self._speaking_tag = tag
        # Unsure what turn_id holds on the service; the response's id is at least an id.
        self._emit(sdk.ServerEventSessionAvatarSwitchToSpeaking, turn_id=tag)

    def _on_idle(self, tag: str, completed: bool) -> None:
        self._speaking_tag = None
        self._emit(sdk.ServerEventSessionAvatarSwitchToIdle, turn_id=tag)

    async def disconnect(self) -> None:
        """Close the peer, if there is one."""
        peer, self._peer = self._peer, None
        if peer is not None:
            self._speaking_tag = None
            await peer.aclose()


def _refused(code: str) -> WireError:
    """Return the service's error for an offer or a picture that the avatar cannot make."""
    if code == "invalid_argument":
        return WireError(
            AVATAR_INVALID, "The avatar cannot make this picture.", "session.avatar.video"
        )
    return WireError(AVATAR_INTERNAL, _REFUSED_OFFER, kind="server_error")
