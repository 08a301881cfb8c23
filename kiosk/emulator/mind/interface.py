"""What every mind is to a session: asked for a plan, closed at the end."""

from __future__ import annotations

from typing import Protocol

from kiosk.emulator.mind.mind import think
from kiosk.emulator.mind.thought import Context, Plan
from kiosk.emulator.scenario.scenario import Scenario


class Mind(Protocol):
    """Decides what a response says and calls. One for each emulator, shared by its sessions."""

    async def plan(self, context: Context) -> Plan:
        """Return what to do next; KioskError when it cannot be decided (the response fails).

        Cancelled when the response is; it must hold nothing that outlives that.
        """
        ...

    async def aclose(self) -> None:
        """Release what it holds."""
        ...


class BuiltInMind:
    """The deterministic mind over a scenario; it needs no network."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario

    async def plan(self, context: Context) -> Plan:
        """Return what to do next; the same context always gives the same plan."""
        return think(context, self._scenario)

    async def aclose(self) -> None:
        """Do nothing: it holds nothing."""
