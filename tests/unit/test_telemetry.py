"""Metrics: one registry for each server, and no label that a visitor chose or said."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, generate_latest

from kiosk.telemetry import Metrics

# What a label may be: each has few values, all of them ours or the site's own names.
LABELS = {
    "reason", "speaker", "tool", "outcome", "by", "hook", "plugin", "kind", "sink", "code", "rung",
    "name", "event", "data", "severity", "channel", "rule",
}  # fmt: skip


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.turns.labels("visitor").inc()
    assert one.registry.get_sample_value("kiosk_turns_total", {"speaker": "visitor"}) == 1
    assert other.registry.get_sample_value("kiosk_turns_total", {"speaker": "visitor"}) is None


def test_every_figure_has_a_prefix_a_help_text_and_small_labels() -> None:
    metrics = Metrics()
    figures = [
        thing for thing in vars(metrics).values() if isinstance(thing, Counter | Gauge | Histogram)
    ]
    assert len(figures) >= 15
    for family in metrics.registry.collect():
        assert family.name.startswith("kiosk_")
        assert family.documentation.endswith("."), f"{family.name} needs a sentence"
    for figure in figures:
        labels = set(figure._labelnames)
        assert labels <= LABELS, f"{figure._name}: say in LABELS why {labels - LABELS} stays small"


def test_latency_buckets_tell_the_targets_apart() -> None:
    metrics = Metrics()
    metrics.barge_in_seconds.observe(0.004)
    text = generate_latest(metrics.registry).decode()
    assert 'kiosk_barge_in_seconds_bucket{le="0.0025"} 0.0' in text
    assert 'kiosk_barge_in_seconds_bucket{le="0.005"} 1.0' in text
