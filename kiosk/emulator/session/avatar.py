"""The avatar's events of one session: its offer, its quotas, its silence, its end."""

from __future__ import annotations

from typing import Any, Protocol

from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock
from kiosk.emulator.avatar.holder import SessionAvatar
from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.scenario.quotas import Quotas
from kiosk.emulator.scenario.service import AvatarCut
from kiosk.emulator.session.caps import AvatarCaps
from kiosk.emulator.wire.codec import AVATAR_NOT_CONFIGURED, JSON, WireError, decode_offer
from kiosk.emulator.wire.handlers import Handlers
from kiosk.tasks import TaskSet


class AvatarHost(Protocol):
    """What the avatar needs of its session."""

    id: str
    clock: Clock

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        """Queue the error of a refused event."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close the connection with a close frame."""
        ...


class AvatarDesk:
    """Takes the events about the avatar. Its caps are watched by `caps.run()`."""

    def __init__(
        self,
        host: AvatarHost,
        config: SessionConfig,
        avatar: SessionAvatar,
        *,
        quotas: Quotas,
        tasks: TaskSet,
    ) -> None:
        self._host = host
        self._config = config
        self._avatar = avatar
        self._tasks = tasks
        self.caps = AvatarCaps(
            quotas, host.clock, session_id=host.id, alive=lambda: avatar.alive, cut=self._cut
        )

    def handlers(self) -> Handlers:
        """Return what takes the avatar's events."""
        return {
            "session.avatar.connect": self._connect,
            "output_audio_buffer.clear": self._clear,
        }

    async def configure(self) -> None:
        """Take over what `session.avatar` is after `session.updated`, or raise WireError.

        An avatar over the WebSocket begins here, and counts as one that was started.
        """
        config = self._config.avatar
        streamed = config is not None and config.get("output_protocol") == "websocket"
        begins = streamed and not self._avatar.streaming
        if begins:
            self.caps.admit()
        try:
            await self._avatar.configure(config)
        except WireError:
            if begins:
                self.caps.ended()
            raise
        if begins:
            self.caps.begun()
        elif not self._avatar.connected:
            self.caps.ended()

    async def disconnect(self) -> None:
        """End the avatar, if there is one."""
        await self._avatar.disconnect()
        self.caps.ended()

    async def _connect(self, message: JSON, event_id: str | None) -> None:
        config = self._config.avatar
        if config is None:
            raise WireError(
                AVATAR_NOT_CONFIGURED,
                "The session has no avatar; send session.update with 'session.avatar' first.",
                "session.avatar",
            )
        self._avatar.expect_offer(config)
        offer = decode_offer(message["client_sdp"])
        self.caps.admit()
        self._tasks.spawn(self._answer_offer(config, offer, event_id), name="avatar")

    async def _answer_offer(
        self, config: JSON, offer: dict[str, str], event_id: str | None
    ) -> None:
        try:
            await self._avatar.connect(config, offer)
        except WireError as error:
            if not self._avatar.connected:
                self.caps.ended()
            self._host.refused(error, event_id)
        else:
            self.caps.begun()

    async def _clear(self, message: JSON, event_id: str | None) -> None:
        if self._config.avatar is None:
            # API reference: only supported in avatar mode. How it is refused is unsure.
            raise WireError(
                AVATAR_NOT_CONFIGURED,
                "Only an avatar has an output audio buffer to clear.",
                "session.avatar",
            )
        self._avatar.clear()
        _ = self._host.emit(sdk.ServerEventOutputAudioBufferCleared)

    async def _cut(self, how: AvatarCut, error: WireError) -> None:
        """End an avatar whose time is over, as the scenario chooses."""
        if how == "close_socket":
            self._tasks.spawn(self._host.close(1000, error.code), name="avatar cut")
            return
        if how == "error":
            self._host.refused(error, None)
        await self._avatar.disconnect()
