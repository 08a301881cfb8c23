"""What we and plugin authors test with: the real server, the real emulator, a visit to talk to."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.testing.clock import ManualClock
    from kiosk.testing.fakes import FakeSession, FakeSite, fake_session, fake_site, load_plugin
    from kiosk.testing.harness import KioskHarness
    from kiosk.testing.visit import Visit

__all__ = [
    "FakeSession",
    "FakeSite",
    "KioskHarness",
    "ManualClock",
    "Visit",
    "fake_session",
    "fake_site",
    "load_plugin",
]

_WHERE = {
    "FakeSession": "kiosk.testing.fakes",
    "FakeSite": "kiosk.testing.fakes",
    "KioskHarness": "kiosk.testing.harness",
    "ManualClock": "kiosk.testing.clock",
    "Visit": "kiosk.testing.visit",
    "fake_session": "kiosk.testing.fakes",
    "fake_site": "kiosk.testing.fakes",
    "load_plugin": "kiosk.testing.fakes",
}


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: pytest loads kiosk.testing.fixtures in every environment that
    # has this package, also where the emulator's parts are not installed.
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
