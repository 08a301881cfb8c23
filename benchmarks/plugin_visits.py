"""What twenty plugins cost a visit: the same visits on one server with them and one without."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

from benchmarks.row import Row, median
from kiosk.emulator.speech.engines import load_engines
from kiosk.events import DomainEvent
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.hooks.values import SessionConfig
from kiosk.model import Card, Kiosk, VisitSummary
from kiosk.testing import KioskHarness

PLUGINS: Final = 20
VISITS: Final = 15
WARM: Final = 2
QUESTIONS: Final = ("hello", "thank you", "hello again")


class _Busy:
    """Implements every hook that an ordinary visit calls, as an ordinary plugin would."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.heard = 0

    @hookimpl
    async def admit_session(self, kiosk: Kiosk) -> None:
        """Let everybody in."""

    @hookimpl
    async def configure_session(
        self, session: SessionHandle, config: SessionConfig
    ) -> SessionConfig:
        return replace(config, phrases=(*config.phrases, self._name))

    @hookimpl
    async def instructions(self, session: SessionHandle) -> str:
        return f"{self._name} is on floor one."

    @hookimpl
    async def greeting(self, session: SessionHandle) -> None:
        """Leave it to the next."""

    @hookimpl
    async def session_started(self, session: SessionHandle) -> None:
        self.heard += 1

    @hookimpl
    async def cards(self, session: SessionHandle, event: DomainEvent) -> list[Card]:
        return []

    @hookimpl
    async def redact(self, text: str) -> str:
        return text

    @hookimpl
    async def session_event(self, event: DomainEvent) -> None:
        self.heard += 1

    @hookimpl
    async def session_ended(self, summary: VisitSummary) -> None:
        self.heard += 1


async def plugin_visits() -> Sequence[Row]:
    """Return milliseconds of processor time a visit, and until its greeting is complete.

    Server and emulator share the process in both columns; the difference is the plugins'.
    """
    engines = load_engines("light")
    plugins = {f"busy{number}": _Busy(f"busy{number}") for number in range(PLUGINS)}
    try:
        async with AsyncExitStack() as stack:
            with_them = await stack.enter_async_context(
                KioskHarness(engines=engines, plugins=plugins)
            )
            without = await stack.enter_async_context(KioskHarness(engines=engines))
            ours: list[tuple[float, float]] = []
            other: list[tuple[float, float]] = []
            for _ in range(VISITS):
                ours.append(await _visit(with_them))
                other.append(await _visit(without))
    finally:
        await engines.aclose()
    names = ("processor time", "until greeted")
    return [
        Row(
            f"visit of 4 turns, {PLUGINS} plugins vs none, {name}",
            median([figures[at] for figures in ours[WARM:]]),
            median([figures[at] for figures in other[WARM:]]),
            "ms",
        )
        for at, name in enumerate(names)
    ]


async def _visit(harness: KioskHarness) -> tuple[float, float]:
    """Hold a typed visit; return its processor time and the time to its greeting, both in ms."""
    cpu, start = time.process_time(), time.perf_counter()
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    greeted = time.perf_counter() - start
    for question in QUESTIONS:
        await visit.type(question)
        await visit.heard()
    await visit.leave()
    await harness.transcript(visit.id)
    await visit.aclose()
    harness.visits.remove(visit)
    return (time.process_time() - cpu) * 1e3, greeted * 1e3
