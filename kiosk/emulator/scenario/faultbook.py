"""The faults of one emulator while it runs: which are armed, what they counted, which strike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.clock import new_id
from kiosk.emulator.scenario.faults import CONNECT, MAXIMUM_FAULTS, TIME, Fault, describe


class ArmedFault:
    """A fault that waits for its moment, for every session or for one."""

    def __init__(self, fault_id: str, fault: Fault, session_id: str | None) -> None:
        self.id, self.fault, self.session_id = fault_id, fault, session_id
        self.struck = 0
        self.active: set[str] = set()
        """The sessions in which it goes on right now."""
        self._seen: dict[str, int] = {}
        self._struck: dict[str, int] = {}

    def concerns(self, session_id: str) -> bool:
        """Whether it is meant for this session."""
        return self.session_id in (None, session_id)

    def meets(self, session_id: str) -> bool:
        """Count an event that it takes, and return whether it strikes."""
        shared = self.fault.count == "emulator" or self.fault.on == CONNECT
        key = "" if shared else session_id
        self._seen[key] = seen = self._seen.get(key, 0) + 1
        if not self.fault.due(seen, self._struck.get(key, 0)):
            return False
        self._struck[key] = self._struck.get(key, 0) + 1
        return True

    def forget(self, session_id: str) -> None:
        """Drop what was counted for a session that has ended."""
        self.active.discard(session_id)
        self._seen.pop(session_id, None)
        self._struck.pop(session_id, None)

    def as_json(self) -> dict[str, Any]:
        """Return the fault as the control endpoint shows it."""
        return {
            "id": self.id,
            "session": self.session_id,
            "struck": self.struck,
            "active": sorted(self.active),
            "fault": describe(self.fault),
        }


class FaultBook:
    """All armed faults. Sessions ask it at each event; who `watch`es hears of changes."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._planned = faults
        self._armed: dict[str, ArmedFault] = {}
        self._watchers: list[Watcher] = []
        self._arm_planned()

    def _arm_planned(self) -> None:
        for number, fault in enumerate(self._planned):
            fault_id = f"scenario_{number}"
            self._armed[fault_id] = ArmedFault(fault_id, fault, None)

    @property
    def full(self) -> bool:
        """Whether no further fault is taken."""
        return len(self._armed) >= MAXIMUM_FAULTS + len(self._planned)

    def add(self, fault: Fault, session_id: str | None = None) -> ArmedFault:
        """Arm a fault for all sessions, those to come too, or for one."""
        armed = ArmedFault(new_id("fault"), fault, session_id)
        self._armed[armed.id] = armed
        for watcher in list(self._watchers):
            watcher.added(armed)
        return armed

    def remove(self, fault_id: str) -> bool:
        """Disarm a fault, ending what it still does; return whether there was one."""
        if self._armed.pop(fault_id, None) is None:
            return False
        for watcher in list(self._watchers):
            watcher.removed(fault_id)
        return True

    def reset(self) -> None:
        """Disarm what was added and begin the scenario's own faults anew."""
        for fault_id in list(self._armed):
            _ = self.remove(fault_id)
        self._arm_planned()

    def at_event(self, event_type: str, session_id: str) -> list[ArmedFault]:
        """Count one event of a session and return the faults that strike at it, in order."""
        if not self._armed:
            return []
        return [
            armed
            for armed in self._armed.values()
            if armed.concerns(session_id)
            and armed.fault.takes(event_type)
            and armed.meets(session_id)
        ]

    def at_connect(self) -> list[ArmedFault]:
        """Count one handshake and return the faults that strike at it."""
        return [a for a in self._armed.values() if a.fault.on == CONNECT and a.meets("")]

    def timed(self, session_id: str) -> list[ArmedFault]:
        """Return the faults that wait for a time in this session."""
        return [a for a in self._armed.values() if a.fault.on == TIME and a.concerns(session_id)]

    def watch(self, watcher: Watcher) -> None:
        """Tell a session of faults that come and go."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Watcher, session_id: str) -> None:
        """Forget a session that has ended."""
        self._watchers.remove(watcher)
        for armed in list(self._armed.values()):
            armed.forget(session_id)
            if armed.session_id == session_id:
                del self._armed[armed.id]

    def as_json(self) -> list[dict[str, Any]]:
        """Return what `GET /emulator/faults` lists."""
        return [armed.as_json() for armed in self._armed.values()]


class Watcher:
    """Hears of the faults that come and go while a session is open."""

    def __init__(self, added: Callable[[ArmedFault], None], removed: Callable[[str], None]) -> None:
        self.added, self.removed = added, removed
