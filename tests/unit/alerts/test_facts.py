"""Facts travel between servers as JSON and come back the same."""

from __future__ import annotations

from kiosk.alerts.facts import BreakerFacts, DiskFacts, LatencyFacts, NodeFacts
from tests.unit.alerts.alerting import facts
from tests.unit.storage.keeping import NOON


def test_what_a_server_tells_comes_back_the_same() -> None:
    told = NodeFacts(
        node="one",
        at=NOON,
        disks=(DiskFacts(path="/var", free=1, total=2),),
        latencies=(LatencyFacts(name="the greeting", p95_s=1.5, samples=20),),
        breakers=(BreakerFacts(plugin="faq", hook="tool ask", since=NOON, failures=5),),
        errors={"rate_limit_exceeded": 3},
    )
    assert NodeFacts.model_validate(told.model_dump(mode="json")) == told


def test_a_site_without_a_name_is_called_by_its_slug() -> None:
    assert facts().site("main") == "Museum"
    assert facts().site("north") == "north"
