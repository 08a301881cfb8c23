"""What the resource's quotas do to one session: avatars refused and cut, tokens counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from typing_extensions import override

from kiosk.clock import Clock, new_id
from kiosk.emulator.mind.interface import Mind
from kiosk.emulator.mind.thought import Context, Plan
from kiosk.emulator.scenario.quotas import Quotas
from kiosk.emulator.scenario.service import AvatarCut, retry_after
from kiosk.emulator.session.outbox import Outbox
from kiosk.emulator.wire.codec import (
    AVATAR_EXHAUSTED,
    JSON,
    RATE_LIMITED,
    WireError,
)

log = structlog.get_logger(__name__)

CutAvatar = Callable[[AvatarCut, WireError], Awaitable[None]]
"""Ends the avatar as the scenario chooses; the error says why."""


class AvatarCaps:
    """Admits a session's avatars and ends them when they idle, or live, for too long."""

    def __init__(
        self,
        quotas: Quotas,
        clock: Clock,
        *,
        session_id: str,
        alive: Callable[[], bool],
        cut: CutAvatar,
    ) -> None:
        self._quotas = quotas
        self._service = quotas.service
        self._clock = clock
        self._session_id = session_id
        self._alive = alive
        self._cut = cut
        self._began: float | None = None
        self._idle_since: float | None = None
        self._changed = asyncio.Event()

    def admit(self) -> None:
        """Count one more avatar, or raise WireError with the service's codes.

        Both codes and the words of the first were seen on the service; the words of the second,
        and whether a refused start counts (here it does not), are unsure.
        """
        starts = self._quotas.avatar_starts
        wait = starts.retry_after() if starts is not None else 0.0
        if wait:
            raise WireError(
                RATE_LIMITED,
                f"Avatar request was rate-limited. Retry after {retry_after(wait)}s.",
                kind="server_error",
            )
        if not self._quotas.room_for_avatar(self._session_id):
            raise WireError(
                AVATAR_EXHAUSTED,
                "The avatar service has no room for another avatar of this resource.",
                kind="server_error",
            )
        if starts is not None:
            starts.use()
        # Held from now on, so that two sessions cannot both be given the last place.
        self._quotas.hold_avatar(self._session_id, lambda: self._began is None or self._alive())

    def begun(self) -> None:
        """Hear that an avatar is connected."""
        self._began = self._idle_since = self._clock.monotonic()
        self._changed.set()

    def ended(self) -> None:
        """Hear that there is no avatar any more; its place is free, its start is not given back."""
        self._began = self._idle_since = None
        self._quotas.release_avatar(self._session_id)

    def observe(self, event: JSON) -> None:
        """Hear from an event of ours whether the avatar speaks."""
        if event["type"] == "session.avatar.switch_to_speaking":
            self._idle_since = None
        elif event["type"] == "session.avatar.switch_to_idle" and self._began is not None:
            self._idle_since = self._clock.monotonic()

    async def run(self) -> None:
        """End avatars until cancelled. Without a cap there is nothing to do."""
        idle = self._service.scaled(self._service.avatar_idle_seconds)
        whole = self._service.scaled(self._service.avatar_speaking_seconds)
        caps = [cap for cap in (idle, whole) if cap is not None]
        while caps:
            if self._began is None or not self._alive():
                self._changed.clear()
                await self._changed.wait()
                continue
            now = self._clock.monotonic()
            if whole is not None and now - self._began >= whole:
                await self._end("avatar_speaking_seconds", self._service.on_avatar_speaking)
            elif idle is not None and self._idle(now) >= idle:
                await self._end("avatar_idle_seconds", self._service.on_avatar_idle)
            else:
                left = whole - (now - self._began) if whole is not None else min(caps)
                left_idle = idle - self._idle(now) if idle is not None else left
                await self._clock.sleep(min(left, left_idle))

    def _idle(self, now: float) -> float:
        return now - self._idle_since if self._idle_since is not None else 0.0

    async def _end(self, cap: str, how: AvatarCut) -> None:
        log.info("avatar cut", cap=cap, how=how)
        seconds = getattr(self._service, cap)
        what = "was idle" if cap == "avatar_idle_seconds" else "was connected"
        # Unsure: the service's code and words are documented nowhere.
        error = WireError(
            "avatar_timeout", f"The avatar {what} for {seconds:g} seconds.", kind="server_error"
        )
        await self._cut(how, error)
        self.ended()


class MeteredMind(Mind):
    """A mind that does not answer while the resource's tokens of the minute are used up."""

    def __init__(self, mind: Mind, quotas: Quotas) -> None:
        self._mind = mind
        self._quotas = quotas

    @override
    async def plan(self, context: Context) -> Plan:
        """Return the mind's plan, or raise WireError: the response ends as failed.

        The Realtime protocol refuses so; the words are those of its service, not of Voice Live.
        """
        tokens = self._quotas.tokens
        wait = tokens.retry_after() if tokens is not None else 0.0
        if tokens is not None and wait:
            raise WireError(
                RATE_LIMITED,
                f"Rate limit reached on tokens per minute (TPM): Limit {tokens.maximum}. "
                f"Please try again in {retry_after(wait)}s.",
            )
        return await self._mind.plan(context)

    @override
    async def aclose(self) -> None:
        """Release what the mind holds."""
        await self._mind.aclose()


class TokenMeter:
    """Counts the tokens of a session's responses, and tells of them if the scenario wants it."""

    def __init__(self, quotas: Quotas, outbox: Outbox) -> None:
        self._quotas = quotas
        self._outbox = outbox

    def observe(self, event: JSON) -> None:
        """Count a finished response; follow a created one by `rate_limits.updated`."""
        tokens = self._quotas.tokens
        if tokens is None:
            return
        if event["type"] == "response.done":
            usage = event["response"].get("usage") or {}
            tokens.use(int(usage.get("total_tokens") or 0))
        elif event["type"] == "response.created" and self._quotas.service.rate_limits_event:
            self._outbox.send(self._rate_limits())

    def _rate_limits(self) -> JSON:
        # Not in the SDK's list of events, so there is no model; the fields are those of the
        # Realtime protocol's reference. Its service tells of tokens only (openai-agents-js #1022).
        tokens = self._quotas.tokens
        assert tokens is not None
        shown = tokens.as_json()
        limit = {
            "name": "tokens",
            "limit": shown["limit"],
            "remaining": shown["remaining"],
            "reset_seconds": tokens.until_empty(),
        }
        return {
            "type": "rate_limits.updated",
            "event_id": new_id("event"),
            "rate_limits": [limit],
        }
