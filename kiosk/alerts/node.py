"""What this server knows of itself: its disk, its delays, its plugins; told to the others."""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from prometheus_client import Counter, Histogram
from pydantic import ValidationError

from kiosk.alerts.facts import BreakerFacts, DiskFacts, LatencyFacts, NodeFacts
from kiosk.bus.base import Bus
from kiosk.clock import Clock
from kiosk.hooks.breaker import OpenBreaker
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

TOPIC: Final = "alerts.nodes"
WINDOW_S: Final = 900.0
MOST_SAMPLES: Final = 200
"""Looks at a figure that are kept: the window at the shortest period fits."""
MOST_NODES: Final = 100
DISK_S: Final = 5.0
"""Longest wait for a file system to say how full it is."""

Figures = Mapping[str, float]


class Window:
    """Looks at growing figures, and says by how much they grew in the last while."""

    def __init__(self, clock: Clock, *, seconds: float = WINDOW_S) -> None:
        self._clock = clock
        self._seconds = seconds
        self._looks: deque[tuple[float, Figures]] = deque(maxlen=MOST_SAMPLES)

    def look(self, figures: Figures) -> dict[str, float]:
        """Take the figures of now and return their growth; from the first look on."""
        now = self._clock.monotonic()
        while len(self._looks) > 1 and now - self._looks[1][0] >= self._seconds:
            self._looks.popleft()
        self._looks.append((now, figures))
        first = self._looks[0][1]
        return {name: value - first.get(name, 0.0) for name, value in figures.items()}


def percentile(buckets: Mapping[float, float], share: float) -> float:
    """Return a percentile from cumulative counts by upper bound, as Prometheus does it."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if total <= 0:
        return 0.0
    wanted = share * total
    low = before = 0.0
    for bound in bounds:
        count = buckets[bound]
        if count >= wanted:
            if bound == float("inf"):
                return low  # beyond the last bound nothing more is known
            inside = count - before
            return low + (bound - low) * ((wanted - before) / inside if inside > 0 else 1.0)
        low, before = bound, count
    return low


class NodeWatch:
    """Looks at this server, publishes it, and keeps what the other servers published."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        metrics: Metrics,
        *,
        node: str,
        disks: Iterable[Path],
        breakers: Callable[[], Iterable[OpenBreaker]],
        fresh_s: float,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._node = node
        self._disks = tuple(dict.fromkeys(disks))
        self._breakers = breakers
        self._fresh = timedelta(seconds=fresh_s)
        self._waits = {
            "the greeting": (metrics.greeting_seconds, Window(clock)),
            "the line to Voice Live": (metrics.connect_seconds, Window(clock)),
        }
        self._errors = (metrics.upstream_errors, Window(clock))
        self._others: dict[str, NodeFacts] = {}

    async def listen(self) -> None:
        """Take in what other servers tell; runs for ever."""
        async with self._bus.subscribe(TOPIC) as told:
            async for payload in told:
                self.take(payload)

    def take(self, payload: Mapping[str, Any]) -> None:
        """Keep what one server told."""
        try:
            facts = NodeFacts.model_validate(payload)
        except ValidationError:
            log.warning("facts of another server have an unknown shape")
            return
        if facts.node in self._others or len(self._others) < MOST_NODES:
            self._others[facts.node] = facts

    async def look(self) -> NodeFacts:
        """Look at this server and tell the others."""
        counter, errors = self._errors
        facts = NodeFacts(
            node=self._node,
            at=self._clock.now(),
            disks=tuple([found for path in self._disks if (found := await _disk(path))]),
            latencies=tuple(self._latencies()),
            breakers=tuple(
                BreakerFacts(plugin=o.plugin, hook=o.hook, since=o.since, failures=o.failures)
                for o in self._breakers()
            ),
            errors={
                code: round(n) for code, n in errors.look(_by_label(counter, "code")).items() if n
            },
        )
        self.take(facts.model_dump(mode="json"))
        await self._bus.publish(TOPIC, facts.model_dump(mode="json"))
        return facts

    def all(self) -> tuple[NodeFacts, ...]:
        """Return the servers that were heard of lately, by name."""
        oldest = self._clock.now() - self._fresh
        self._others = {name: facts for name, facts in self._others.items() if facts.at >= oldest}
        return tuple(self._others[name] for name in sorted(self._others))

    def _latencies(self) -> Iterable[LatencyFacts]:
        for name, (histogram, window) in self._waits.items():
            grown = window.look(_buckets(histogram))
            by_bound = {float(bound): value for bound, value in grown.items()}
            samples = round(by_bound.get(float("inf"), 0.0))
            yield LatencyFacts(name=name, p95_s=percentile(by_bound, 0.95), samples=samples)


def _buckets(histogram: Histogram) -> dict[str, float]:
    return {
        sample.labels["le"]: sample.value
        for family in histogram.collect()
        for sample in family.samples
        if sample.name.endswith("_bucket")
    }


def _by_label(counter: Counter, label: str) -> dict[str, float]:
    return {
        sample.labels[label]: sample.value
        for family in counter.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


async def _disk(path: Path) -> DiskFacts | None:
    """Return how full the disk of a path is; None when that cannot be said in time."""
    try:
        async with asyncio.timeout(DISK_S):
            usage = await asyncio.to_thread(shutil.disk_usage, path)
    except (OSError, TimeoutError):
        log.warning("a disk does not say how full it is")
        return None
    return DiskFacts(path=str(path), free=usage.free, total=usage.total)
