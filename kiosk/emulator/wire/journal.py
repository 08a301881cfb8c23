"""What went over the wire, without what was said: event types, ids, error codes and times."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock
from kiosk.emulator.wire.schema import CLIENT_EVENTS

Direction = Literal["in", "out", "fault"]

_IDS = ("event_id", "item_id", "previous_item_id", "response_id", "call_id", "turn_id")
_NUMBERS = ("audio_start_ms", "audio_end_ms", "output_index", "content_index")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SERVER_EVENTS = {kind.value for kind in sdk.ServerEventType}


class Journal:
    """One session's entries, at most `maximum`: the oldest is forgotten and counted.

    Equal events in a row (appends, deltas) become one entry with a `count`.
    """

    def __init__(self, session_id: str, clock: Clock, maximum: int) -> None:
        self.session_id = session_id
        self._clock = clock
        self._began = clock.monotonic()
        self._started_at = clock.now()
        self._entries: deque[dict[str, Any]] = deque(maxlen=maximum)
        self._forgotten = 0
        self.close_code: int | None = None
        self.close_reason = ""

    def received(self, message: Mapping[str, Any]) -> None:
        """Note a client event; a type that is not one of the protocol's is noted as "unknown"."""
        kind = message.get("type")
        known = isinstance(kind, str) and kind in CLIENT_EVENTS
        self._note("in", str(kind) if known else "unknown", message)

    def sent(self, message: Mapping[str, Any]) -> None:
        """Note a server event."""
        kind = message.get("type")
        self._note("out", str(kind) if kind in _SERVER_EVENTS else "unknown", message)

    def closed(self, code: int | None, reason: str) -> None:
        """Note how the connection ended; `reason` is one of our own constants."""
        if self.close_reason:
            return
        self.close_code, self.close_reason = code, reason

    def struck(self, fault_id: str, on: str, do: str) -> None:
        """Note a fault that the scenario or the control endpoint planned."""
        self._note("fault", do, {"event_id": fault_id}, on=on)

    def _note(
        self, direction: Direction, kind: str, message: Mapping[str, Any], **more: str
    ) -> None:
        at = round(self._clock.monotonic() - self._began, 4)
        entry: dict[str, Any] = {"direction": direction, "type": kind, **more}
        for source in (message, message.get("response"), message.get("item")):
            if isinstance(source, Mapping):
                _add_ids(entry, source, top=source is message)
        error = message.get("error")
        if isinstance(error, Mapping):
            entry["code"] = _identifier(error.get("code"))
            entry["caused_by"] = _identifier(error.get("event_id"))
        last = self._entries[-1] if self._entries else None
        if last is not None and _alike(last, entry):
            last["count"] = last.get("count", 1) + 1
            last["until"] = at
            return
        if len(self._entries) == self._entries.maxlen:
            self._forgotten += 1
        self._entries.append({"at": at, **entry})

    def as_json(self) -> dict[str, Any]:
        """Return the session's journal as `GET /emulator/sessions` shows it; times in seconds."""
        return {
            "id": self.session_id,
            "started_at": self._started_at.isoformat(),
            "open": not self.close_reason,
            "close_code": self.close_code,
            "close_reason": self.close_reason,
            "forgotten": self._forgotten,
            "entries": list(self._entries),
        }


def _add_ids(entry: dict[str, Any], source: Mapping[str, Any], *, top: bool) -> None:
    if not top:
        field = "item_id" if source.get("object") == "realtime.item" else "response_id"
        if source.get("object") == "realtime.response" or field == "item_id":
            entry.setdefault(field, _identifier(source.get("id")))
        if source.get("status") is not None:
            entry["status"] = _identifier(source.get("status"))
        details = source.get("status_details")
        if isinstance(details, Mapping) and details.get("reason") is not None:
            entry["reason"] = _identifier(details["reason"])
    for name in _IDS:
        if source.get(name) is not None:
            entry.setdefault(name, _identifier(source[name]))
    for name in _NUMBERS:
        value = source.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            entry.setdefault(name, value)


def _identifier(value: object) -> str | None:
    """Return an id or code as it is, and "invalid" for anything that may be words."""
    if value is None:
        return None
    return value if isinstance(value, str) and _ID.fullmatch(value) else "invalid"


def _alike(last: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether two events in a row differ in nothing but their own id and time."""
    if not entry["type"].endswith((".append", ".delta")) or last["type"] != entry["type"]:
        return False
    own = {"event_id", "at", "until", "count"}
    first = {k: v for k, v in last.items() if k not in own}
    return first == {k: v for k, v in entry.items() if k not in own}
