"""What tests of hooks share: a clock to advance, a visit's handle, plugins loaded for real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import override

from kiosk.clock import SystemClock
from kiosk.events import TurnCompleted
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import PluginSet, load_plugins
from kiosk.model import Speaker
from kiosk.settings import Settings, load_settings
from kiosk.telemetry import Metrics
from kiosk.testing.fakes import FakeSession as Session

__all__ = ["Session"]

START = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)  # a Wednesday


class ManualClock(SystemClock):
    """Time that goes by only when a test (or a plugin under test) says so."""

    def __init__(self, now: datetime = START) -> None:
        self._start = now
        self.passed = 0.0

    def advance(self, seconds: float) -> None:
        self.passed += seconds

    @override
    def monotonic(self) -> float:
        return self.passed

    @override
    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed)


def turn(text: str, speaker: Speaker = "visitor", seq: int = 1) -> TurnCompleted:
    return TurnCompleted(
        kiosk_id="lobby",
        visit_id="visit_1",
        at=START,
        seq=seq,
        speaker=speaker,
        text=text,
        language="en",
    )


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def install(folder: Path, module: str, text: str, entry: str) -> None:
    """Install a distribution as pip would leave it."""
    write(folder, f"{module}.py", text)
    info = f"{module}-1.2.dist-info"
    write(folder, f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n")
    write(folder, f"{info}/entry_points.txt", f"[avatar_kiosk.plugins]\n{entry} = {module}\n")
    write(folder, f"{info}/RECORD", f"{module}.py,,\n{info}/METADATA,,\n")


def settings_with(folder: Path | None = None, **tables: Any) -> Settings:
    """Settings of a server that takes plugins from `folder` only, or from nowhere."""
    where = {"dir": str(folder)} if folder is not None else {"off": True}
    hooks = {**where, **tables.pop("hooks", {})}
    return load_settings(overrides={"hooks": hooks, **tables}, read_file=False)


def load(
    given: Mapping[str, object] | None = None,
    /,
    *,
    folder: Path | None = None,
    builtins: Mapping[str, object] | None = None,
    clock: ManualClock | None = None,
    **tables: Any,
) -> PluginSet:
    return load_plugins(
        settings_with(folder, **tables),
        clock or ManualClock(),
        builtins=builtins or {},
        extra=given,
    )


@dataclass
class Hooked:
    """Loaded plugins, and what can be seen from outside."""

    hooks: Hooks
    metrics: Metrics
    clock: ManualClock

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"kiosk_{name}_total", labels) or 0.0

    @property
    def kinds(self) -> list[str]:
        return [f"{f.plugin}: {f.kind}" for f in self.hooks.failures]


def hooked(
    given: Mapping[str, object], /, *, clock: ManualClock | None = None, **options: Any
) -> Hooked:
    """Load plugins and put the facade in front, without opening lifespans."""
    clock = clock or ManualClock()
    metrics = Metrics()
    loaded = load(given, clock=clock, **options)
    folder = options.pop("folder", None)
    options.pop("builtins", None)
    settings = settings_with(folder, **options)
    return Hooked(Hooks(loaded, settings, clock, metrics), metrics, clock)


@asynccontextmanager
async def running(given: Mapping[str, object], /, **options: Any) -> AsyncIterator[Hooked]:
    """Load plugins and hold their lifespans open."""
    # A server loads its plugins before its loop runs; here it runs already, so in a thread.
    made = await asyncio.to_thread(hooked, given, **options)
    async with made.hooks.running():
        yield made
