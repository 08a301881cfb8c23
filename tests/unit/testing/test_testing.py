"""Tests of what plugin authors import: the names the documentation uses."""

from __future__ import annotations

import kiosk.testing
from kiosk.testing.harness import KioskHarness
from kiosk.testing.visit import Visit


def test_the_documented_names_are_there() -> None:
    assert kiosk.testing.KioskHarness is KioskHarness
    assert kiosk.testing.Visit is Visit
    assert all(getattr(kiosk.testing, name) is not None for name in kiosk.testing.__all__)
