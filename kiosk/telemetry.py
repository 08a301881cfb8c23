"""Metrics by name, in one registry for each application, exposed by /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_START = (0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 13, 20)


class Metrics:
    """Every figure the server keeps. Labels never hold anything a visitor chose or said."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"kiosk_{name}", text, labels, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"kiosk_{name}", text, buckets=buckets, registry=self.registry)

        self.visits = Gauge("kiosk_visits", "Visits going on.", registry=self.registry)
        self.sockets = Gauge("kiosk_sockets", "Kiosk sockets open.", registry=self.registry)
        self.starts = counter("starts", "Visits begun, by what was noticed first.", "by")
        self.visits_ended = counter("visits_ended", "Visits over, by reason.", "reason")
        self.visits_refused = counter("visits_refused", "Visits not begun, by reason.", "reason")
        self.turns = counter("turns", "Finished turns, by speaker.", "speaker")
        self.tool_calls = counter("tool_calls", "Tool calls, by outcome.", "tool", "outcome")
        self.barge_ins = counter("barge_ins", "Interruptions of the avatar.", "by")
        self.takeovers = counter("takeovers", "Conversations that an operator took.")
        self.steering_refused = counter("steering_refused", "Operators' orders that came too fast.")
        self.hook_calls = counter("hook_calls", "Hook calls.", "hook", "plugin")
        self.hook_failures = counter(
            "hook_failures", "Failed hook calls, by kind.", "hook", "plugin", "kind"
        )
        self.hook_skipped = counter(
            "hook_skipped", "Calls left out while a breaker is open.", "hook", "plugin"
        )
        self.hook_dropped = counter("hook_dropped", "Events a slow plugin lost.", "plugin")
        self.sink_written = counter("sink_written", "Transcript entries delivered.", "sink")
        self.sink_retries = counter("sink_retries", "Batches offered again.", "sink")
        self.sink_dead = counter("sink_dead", "Entries put aside as dead letters.", "sink")
        self.sink_lost = counter("sink_lost", "Transcript entries given up.", "sink")
        self.visits_erased = counter("visits_erased", "Visits erased, by who asked.", "by")
        self.retention_removed = counter(
            "retention_removed", "What grew too old and was deleted, by class.", "data"
        )
        self.retention_last = Gauge(
            "kiosk_retention_last_seconds",
            "When what is too old was last deleted, as Unix time.",
            registry=self.registry,
        )
        self.microphone_frames = counter("microphone_frames", "Audio frames from browsers.")
        self.microphone_dropped = counter("microphone_dropped", "Audio frames dropped.")
        self.signaling_refused = counter("signaling_refused", "Messages refused, by code.", "code")
        self.device_reports = counter(
            "device_reports", "Reports of screens, by outcome.", "outcome"
        )
        self.device_commands = counter(
            "device_commands", "Operators' commands to screens, by outcome.", "name", "outcome"
        )
        self.service_pins = counter("service_pins", "PINs typed at screens, by outcome.", "outcome")
        self.tickets = counter("tickets", "Tickets for screens' sockets, by outcome.", "outcome")
        self.devices_revoked = counter("devices_revoked", "Sockets closed because of it.")
        self.cards_taken = counter("cards_taken", "Cards to take along, by outcome.", "outcome")
        self.page_events = counter(
            "page_events", "What pages told of themselves.", "event", "reason"
        )
        self.requests_refused = counter(
            "requests_refused", "Requests that came too fast, by whom they were counted.", "by"
        )
        self.requests_left = counter("requests_left", "Requests whose browser went away.")
        self.feed_joined = counter(
            "feed_joined", "Changes of screens sent to a dashboard together with a later one."
        )
        self.slow_dashboards = counter(
            "slow_dashboards", "Dashboards cut off because they lagged; they start afresh."
        )
        self.alerts_open = Gauge(
            "kiosk_alerts_open", "Alerts that fire.", ["severity"], registry=self.registry
        )
        self.alerts_fired = counter("alerts_fired", "Alerts that began, by rule.", "rule")
        self.alerts_left_out = counter("alerts_left_out", "Findings beyond alerts.most.")
        self.alert_messages = counter(
            "alert_messages", "Messages about alerts, by outcome.", "channel", "outcome"
        )
        self.slow_sockets = counter("slow_sockets", "Browsers cut off because they lagged.")
        self.upstream_errors = counter("upstream_errors", "Errors from upstream, by code.", "code")
        self.upstream_lost = counter("upstream_lost", "Upstream lines lost, by code.", "code")
        self.media_rungs = counter("media_rungs", "Media paths taken.", "rung")
        self.barge_in_seconds = histogram(
            "barge_in_seconds", "From speech_started in to cancel and clear out.", _LATENCY
        )
        self.connect_seconds = histogram(
            "upstream_connect_seconds", "Handshake and settings of one upstream line.", _START
        )
        self.greeting_seconds = histogram(
            "greeting_seconds", "From touch to the greeting being asked for.", _START
        )
