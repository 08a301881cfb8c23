"""What a server says of itself: growth in a window, percentiles, its disk, what others said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.alerts.facts import NodeFacts
from kiosk.alerts.node import TOPIC, NodeWatch, Window, percentile
from kiosk.bus.memory import MemoryBus
from kiosk.hooks.breaker import OpenBreaker
from kiosk.telemetry import Metrics
from tests.unit.storage.keeping import NOON, ManualClock

INF = float("inf")


def watch(clock: ManualClock, bus: MemoryBus, metrics: Metrics, disk: Path) -> NodeWatch:
    return NodeWatch(
        bus,
        clock,
        metrics,
        node="one",
        disks=[disk, disk / "gone"],
        breakers=lambda: [OpenBreaker("faq", "tool ask", NOON, 5)],
        fresh_s=45,
    )


def test_a_window_says_how_much_grew_in_it() -> None:
    clock = ManualClock()
    window = Window(clock, seconds=60)
    assert window.look({"a": 10}) == {"a": 0}
    clock.advance(30)
    assert window.look({"a": 12, "b": 1}) == {"a": 2, "b": 1}
    clock.advance(40)
    assert window.look({"a": 15}) == {"a": 5}
    clock.advance(30)
    assert window.look({"a": 15}) == {"a": 3}  # the look of 70 s ago begins it
    clock.advance(600)
    assert window.look({"a": 15}) == {"a": 0}


def test_a_percentile_lies_in_its_bucket() -> None:
    assert percentile({}, 0.95) == 0
    assert percentile({1.0: 0, INF: 0}, 0.95) == 0
    assert percentile({1.0: 100, 2.0: 100, INF: 100}, 0.95) == pytest.approx(0.95)
    assert percentile({1.0: 90, 2.0: 100, INF: 100}, 0.95) == pytest.approx(1.5)
    assert percentile({1.0: 0, 2.0: 0, INF: 5}, 0.95) == 2.0


@settings(max_examples=50)
@given(st.lists(st.integers(0, 20), min_size=3, max_size=3), st.floats(0.01, 1))
def test_percentiles_never_fall(counts: list[int], share: float) -> None:
    total = 0
    buckets = {}
    for bound, count in zip((1.0, 2.0, INF), counts, strict=True):
        total += count
        buckets[bound] = float(total)
    assert 0 <= percentile(buckets, share) <= percentile(buckets, 1.0) <= 2.0


async def test_a_server_looks_at_itself_and_tells_the_others(tmp_path: Path) -> None:
    clock, metrics = ManualClock(), Metrics()
    bus = MemoryBus(clock)
    one = watch(clock, bus, metrics, tmp_path)
    await one.look()
    clock.advance(15)
    for _ in range(20):
        metrics.greeting_seconds.observe(4.0)
    metrics.upstream_errors.labels("rate_limit_exceeded").inc(3)
    async with bus.subscribe(TOPIC) as told:
        facts = await one.look()
        async for payload in told:
            assert NodeFacts.model_validate(payload) == facts
            break
    assert one.all() == (facts,)
    (disk,) = facts.disks  # the one that is not there says nothing
    assert 0 < disk.free <= disk.total
    greeting = facts.latencies[0]
    assert (greeting.name, greeting.samples) == ("the greeting", 20)
    assert 3 <= greeting.p95_s <= 5
    assert facts.errors == {"rate_limit_exceeded": 3}
    assert facts.breakers[0].plugin == "faq"


def test_others_are_believed_while_they_are_heard(tmp_path: Path) -> None:
    clock = ManualClock()
    one = watch(clock, MemoryBus(clock), Metrics(), tmp_path)
    other = NodeFacts(node="two", at=NOON)
    one.take(other.model_dump(mode="json"))
    one.take({"node": 3})
    assert one.all() == (other,)
    late = NodeFacts(node="three", at=NOON + timedelta(seconds=40))
    one.take(late.model_dump(mode="json"))
    clock.advance(46)
    assert one.all() == (late,)
