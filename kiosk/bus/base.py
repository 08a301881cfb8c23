"""The bus: publish and subscribe, commands with an answer, and leases; what each guarantees.

- publish/subscribe is lossy for a slow subscriber: its oldest message goes and is counted.
- a command reaches the one handler registered for its target, or raises NoHandler at once.
- a lease has one holder at a time until it is released or its time is up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from kiosk.errors import KioskError

Payload = Mapping[str, Any]
"""A message: a JSON object."""

Handler = Callable[[Payload], Awaitable[Payload]]


class NoHandlerError(KioskError):
    """Nobody answers commands for this target; the visit or kiosk is gone."""

    code = "no_handler"


class Subscription(Protocol):
    """Messages of one topic, in order; iterate once, in one task."""

    dropped: int
    """Messages lost because this subscriber was slow."""

    def __aiter__(self) -> AsyncIterator[Payload]:
        """Yield messages until the subscription is left."""
        ...


class Lease(Protocol):
    """A held key. Release it once; a lease that ran out is no longer `held`."""

    key: str
    owner: str

    @property
    def held(self) -> bool:
        """Whether this owner still holds the key."""
        ...

    async def release(self) -> None:
        """Give the key back; harmless when it is no longer held."""
        ...


class Bus(Protocol):
    """See the module's guarantees."""

    async def publish(self, topic: str, payload: Payload) -> None:
        """Hand `payload` to every present subscriber of `topic`; never waits for one."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[Subscription]:
        """Receive `topic` while the context is open."""
        ...

    def handle(self, target: str, handler: Handler) -> Callable[[], None]:
        """Answer commands for `target`; returns the call that stops it."""
        ...

    async def command(self, target: str, payload: Payload, *, timeout_s: float) -> Payload:
        """Send a command and return the answer; raises NoHandlerError or TimeoutError."""
        ...

    async def acquire(self, key: str, owner: str, *, ttl_s: float) -> Lease | None:
        """Take a lease, or None when another owner holds it."""
        ...

    async def aclose(self) -> None:
        """End every subscription."""
        ...
