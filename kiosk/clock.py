"""Time and ids behind one seam, so that tests can drive them."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the product knows of time. Durations are seconds as float."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...

    def now(self) -> datetime:
        """Return the wall clock in UTC, with its time zone."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait at least `seconds`."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the wall clock in UTC, with its time zone."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place that asks

    async def sleep(self, seconds: float) -> None:
        """Wait at least `seconds`."""
        await asyncio.sleep(seconds)  # noqa: TID251 - this is the one place that waits


def new_id(prefix: str) -> str:
    """Return an unguessable id such as `visit_3f9c…`: 96 random bits behind a readable prefix."""
    return f"{prefix}_{secrets.token_hex(12)}"
