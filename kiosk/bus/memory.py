"""The bus of one process: bounded queue for each subscriber, the slow lose their oldest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from kiosk.bus.base import Bus, Handler, Lease, NoHandlerError, Payload, Subscription
from kiosk.clock import Clock

MOST_LEASES: Final = 1000
"""Leases kept before those whose time is up are looked for."""


class MemorySubscription(Subscription):
    """One subscriber's queue."""

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        self._queue: asyncio.Queue[Payload | None] = asyncio.Queue(limit)

    def put(self, payload: Payload | None) -> None:
        """Add a message; at the limit the oldest goes."""
        if self._queue.full():
            self._queue.get_nowait()
            self.dropped += 1
        self._queue.put_nowait(payload)

    @override
    async def __aiter__(self) -> AsyncIterator[Payload]:
        """Yield messages until the bus closes or the subscription is left."""
        while (payload := await self._queue.get()) is not None:
            yield payload


@dataclass(eq=False)
class MemoryLease(Lease):
    """A key held until `expires` on the bus's clock."""

    bus: MemoryBus
    key: str
    owner: str
    expires: float

    @property
    @override
    def held(self) -> bool:
        """Whether this owner still holds the key."""
        return self.bus.holder(self.key) is self

    @override
    async def release(self) -> None:
        """Give the key back."""
        self.bus.drop(self)


class MemoryBus(Bus):
    """Everything in this process; nothing survives it."""

    def __init__(self, clock: Clock, *, queue: int = 1000) -> None:
        self._clock = clock
        self._limit = queue
        self._topics: dict[str, set[MemorySubscription]] = {}
        self._handlers: dict[str, Handler] = {}
        self._leases: dict[str, MemoryLease] = {}
        self._most = MOST_LEASES

    @override
    async def publish(self, topic: str, payload: Payload) -> None:
        """Hand `payload` to every present subscriber of `topic`."""
        for subscription in tuple(self._topics.get(topic, ())):
            subscription.put(payload)

    @override
    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[MemorySubscription]:
        """Receive `topic` while the context is open."""
        subscription = MemorySubscription(self._limit)
        self._topics.setdefault(topic, set()).add(subscription)
        try:
            yield subscription
        finally:
            members = self._topics[topic]
            members.discard(subscription)
            if not members:
                del self._topics[topic]

    @override
    def handle(self, target: str, handler: Handler) -> Callable[[], None]:
        """Answer commands for `target`; returns the call that stops it."""
        self._handlers[target] = handler

        def stop() -> None:
            if self._handlers.get(target) is handler:
                del self._handlers[target]

        return stop

    @override
    async def command(self, target: str, payload: Payload, *, timeout_s: float) -> Payload:
        """Send a command and return the answer."""
        handler = self._handlers.get(target)
        if handler is None:
            raise NoHandlerError(f"Nobody answers for {target}; it is gone.")
        async with asyncio.timeout(timeout_s):
            return await handler(payload)

    @override
    async def acquire(self, key: str, owner: str, *, ttl_s: float) -> MemoryLease | None:
        """Take a lease, or None when another owner holds it; the holder renews it."""
        current = self.holder(key)
        if current is not None and current.owner != owner:
            return None
        if len(self._leases) >= self._most:
            now = self._clock.monotonic()
            self._leases = {key: one for key, one in self._leases.items() if one.expires > now}
            self._most = max(MOST_LEASES, 2 * len(self._leases))
        lease = MemoryLease(self, key, owner, self._clock.monotonic() + ttl_s)
        self._leases[key] = lease
        return lease

    def holder(self, key: str) -> MemoryLease | None:
        """Return the lease that holds `key` now."""
        lease = self._leases.get(key)
        if lease is not None and lease.expires <= self._clock.monotonic():
            del self._leases[key]
            return None
        return lease

    def drop(self, lease: MemoryLease) -> None:
        """Forget a lease that is being released."""
        if self._leases.get(lease.key) is lease:
            del self._leases[lease.key]

    @override
    async def aclose(self) -> None:
        """End every subscription."""
        for members in self._topics.values():
            for subscription in members:
                subscription.put(None)
