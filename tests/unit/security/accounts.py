"""Accounts for tests of the security parts: real storage, cheap argon2, a clock that stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from kiosk.security.operators import Operators
from kiosk.security.passwords import Passwords
from kiosk.settings.people import OperatorSettings
from kiosk.storage.database import Storage
from tests.unit.storage.keeping import ManualClock, kept

GOOD = "a-good-long-password"
HERE = "192.0.2.7"


@asynccontextmanager
async def accounts(
    folder: Path, clock: ManualClock, **settings: Any
) -> AsyncIterator[tuple[Operators, Storage]]:
    """Open storage in `folder` with the administrator anna in it."""
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    async with kept(folder, clock) as storage:
        made = Operators(storage, clock, OperatorSettings.model_validate(settings), cheap)
        await made.add("anna", GOOD)
        try:
            yield made, storage
        finally:
            await made.aclose()
