"""What we and plugin authors test with: the real server, the real emulator, a visit to talk to."""

from kiosk.testing.harness import KioskHarness
from kiosk.testing.visit import Visit

__all__ = ["KioskHarness", "Visit"]
