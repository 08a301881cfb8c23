"""Every web.AppKey of the application, with its type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from argon2 import PasswordHasher

from kiosk.bus.base import Bus
from kiosk.clock import Clock
from kiosk.security.access import Access
from kiosk.settings import Settings

if TYPE_CHECKING:
    from kiosk.hooks.facade import Hooks
    from kiosk.security.devices import Devices
    from kiosk.security.operators import Operators
    from kiosk.session.registry import SessionRegistry
    from kiosk.storage.database import Storage
    from kiosk.telemetry import Metrics
    from kiosk.transcripts.erasing import Eraser
    from kiosk.transcripts.recorder import Recorder
    from kiosk.transcripts.retention import Retention
    from kiosk.web.health import Readiness
    from kiosk.web.live import LiveView
    from kiosk.web.templating import Templates

SETTINGS = web.AppKey("settings", Settings)
CLOCK = web.AppKey("clock", Clock)
BUS = web.AppKey("bus", Bus)
STORAGE: web.AppKey[Storage] = web.AppKey("storage")
TEMPLATES: web.AppKey[Templates] = web.AppKey("templates")
LIVE: web.AppKey[LiveView] = web.AppKey("live")
DEVICES: web.AppKey[Devices] = web.AppKey("devices")
HASHER: web.AppKey[PasswordHasher | None] = web.AppKey("hasher")
OPERATORS: web.AppKey[Operators] = web.AppKey("operators")
HOOKS: web.AppKey[Hooks] = web.AppKey("hooks")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
REGISTRY: web.AppKey[SessionRegistry] = web.AppKey("registry")
RECORDER: web.AppKey[Recorder] = web.AppKey("recorder")
ERASER: web.AppKey[Eraser] = web.AppKey("eraser")
RETENTION: web.AppKey[Retention] = web.AppKey("retention")
READY: web.AppKey[Readiness] = web.AppKey("ready")
ACCESS = web.AppKey("access", dict[web.AbstractRoute, Access])
