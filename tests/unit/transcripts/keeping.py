"""Sinks and a visit store that do what a test says, and hooks to run them with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from typing_extensions import override

from kiosk.clock import SystemClock
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import load_plugins
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterSink
from kiosk.model import EndReason, TranscriptEntry, TranscriptSink, VisitSummary
from kiosk.settings import Settings, load_settings
from kiosk.telemetry import Metrics
from kiosk.testing.clock import START


class Sink(TranscriptSink):
    """Keeps batches; refuses the first `failures`, and holds while `open` is not set."""

    def __init__(self, name: str = "sink", *, failures: int = 0) -> None:
        self.name = name
        self.failures = failures
        self.tries = 0
        self.batches: list[list[TranscriptEntry]] = []
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.closed = False

    @property
    def seqs(self) -> list[int]:
        """Sequence numbers that arrived, in order."""
        return [entry.seq for batch in self.batches for entry in batch]

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        self.tries += 1
        self.entered.set()
        await self.open.wait()
        if self.tries <= self.failures:
            raise OSError("the far side is away")
        self.batches.append(list(batch))

    @override
    async def aclose(self) -> None:
        self.closed = True


class OwnSink(Sink):
    """A sink that keeps entries itself: they wait in memory, not in the outbox."""

    keeps_itself = True


class SinkPlugin:
    """Registers sinks, and redacts as told."""

    def __init__(self, *sinks: TranscriptSink, redact: Callable[[str], str] | None = None) -> None:
        self._sinks = sinks
        self._redact = redact

    @hookimpl
    def register_transcript_sinks(self, register: RegisterSink) -> None:
        for sink in self._sinks:
            register(sink)

    @hookimpl
    def redact(self, text: str) -> str | None:
        return self._redact(text) if self._redact is not None else None


class VisitBook:
    """A visit store; the first `failures` writes are refused."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.written: list[str] = []

    async def started(self, visit_id: str, kiosk_id: str, language: str, at: datetime) -> None:
        """Note a start."""
        del kiosk_id, language, at
        self._write(f"started {visit_id}")

    async def ended(self, summary: VisitSummary) -> None:
        """Note an end."""
        self._write(f"ended {summary.visit_id}: {summary.reason}")

    def _write(self, what: str) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise OSError("the database is away")
        self.written.append(what)


def settings(**storage: float) -> Settings:
    """Return settings with these limits of storage."""
    return load_settings(overrides={"storage": storage, "hooks": {"off": True}}, read_file=False)


def hooks(plugin: object, metrics: Metrics) -> Hooks:
    """Return hooks with this one plugin."""
    clock, values = SystemClock(), settings()
    loaded = load_plugins(values, clock, builtins={}, extra={"tested": plugin})
    return Hooks(loaded, values, clock, metrics)


def entry(seq: int, text: str = "hello") -> TranscriptEntry:
    """Return one finished turn."""
    return TranscriptEntry("visit_1", "lobby", seq, "visitor", text, "en", START)


def summary(visit_id: str) -> VisitSummary:
    """Return the end of a visit."""
    return VisitSummary(visit_id, "lobby", "en", START, START, EndReason.IDLE, 0)


def count(metrics: Metrics, name: str, **labels: str) -> float:
    """Return a counter's value; 0 when it never counted."""
    return metrics.registry.get_sample_value(f"kiosk_{name}_total", labels) or 0.0
