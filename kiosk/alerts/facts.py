"""What rules judge: plain values of one moment, gathered elsewhere. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from kiosk.settings.alerts import Severity


@dataclass(frozen=True, slots=True)
class ScreenFacts:
    """One screen. What a report did not say, or cannot say now, is None."""

    id: str
    name: str
    site: str
    connected: bool
    changed_at: datetime
    """Since when it is connected or not; the start of the server before it ever was."""
    never: bool = False
    """It has not connected since this server started."""
    awaited: bool = True
    """Inside its opening hours, not dark on purpose."""
    opened_at: datetime | None = None
    """When the opening hours of now began; None without hours."""
    reported_at: datetime | None = None
    every_s: float = 30.0
    frame_age_s: float | None = None
    """Of the picture a visitor should see now; None while no picture is due."""
    microphone: str = ""
    """Only while it should be open: `on`, `denied`, `missing`; else empty."""
    silent_s: float | None = None
    skew_s: float | None = None
    page: str = ""
    visiting: bool = False


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """One running visit and the longest it may be."""

    id: str
    kiosk: str
    kiosk_name: str
    site: str
    started_at: datetime
    longest_s: float


@dataclass(frozen=True, slots=True)
class StartFacts:
    """How visits of one site began in the last while; `kinds` are the ends of the failed ones."""

    site: str
    begun: int
    failed: int
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """How much of one quota was used in the last minute."""

    name: str
    used: int
    most: float


@dataclass(frozen=True, slots=True)
class SinkFacts:
    """A transcript sink's outbox."""

    name: str
    waiting: int
    dead: int
    oldest: datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a TLS handshake told; `wrong` is why it was refused, and None when nobody answered."""

    host: str
    expires_at: datetime | None = None
    wrong: str | None = ""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DiskFacts(_Told):
    """The disk that one server keeps its data on."""

    path: str
    free: int
    total: int


class LatencyFacts(_Told):
    """Something visitors wait for, over the last while of one server."""

    name: str
    p95_s: float
    samples: int


class BreakerFacts(_Told):
    """A plugin's hook that one server leaves out."""

    plugin: str
    hook: str
    since: datetime
    failures: int


class NodeFacts(_Told):
    """What one server tells the others of itself."""

    node: str
    at: datetime
    disks: tuple[DiskFacts, ...] = ()
    latencies: tuple[LatencyFacts, ...] = ()
    breakers: tuple[BreakerFacts, ...] = ()
    errors: dict[str, int] = {}
    """Errors of the upstream service in the last while, by code."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything of one moment."""

    now: datetime
    version: str = ""
    screens: tuple[ScreenFacts, ...] = ()
    visits: tuple[VisitFacts, ...] = ()
    starts: tuple[StartFacts, ...] = ()
    quotas: tuple[QuotaFacts, ...] = ()
    sinks: tuple[SinkFacts, ...] = ()
    certificates: tuple[CertificateFacts, ...] = ()
    nodes: tuple[NodeFacts, ...] = ()
    site_names: Mapping[str, str] = field(default_factory=dict)

    def site(self, slug: str) -> str:
        """Return a site as people call it."""
        return self.site_names.get(slug, slug)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found. `subject` tells it from the rule's others.

    `starts=False`: nothing can be said now, so an alert that is there stays and none begins.
    """

    subject: str
    what: str = ""
    since: datetime | None = None
    """Since when it is so, as shown; None: since it is seen."""
    wait_from: datetime | None = None
    """From when `after_s` counts, where that is later."""
    site: str = ""
    kiosk: str = ""
    severity: Severity | None = None
    fix: str = ""
    starts: bool = True
