"""Messages about the page itself: what happened to it, and whether it is in service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kiosk.signaling.base import Message

PageEventName = Literal[
    "reloaded", "waits", "slept", "clock", "microphone_silent", "microphone_heard", "sound_lost",
    "sound_back", "camera_lost", "camera_back", "noticed",
]  # fmt: skip
ReloadReason = Literal["stale", "refused", "protocol", "crash", "visits", "daily", "memory"]
RestReason = Literal["maintenance", "cleaning", "event", "out_of_order"]


class PageEvent(Message):
    """Something that happened to the page; counted and logged, no words.

    `reloaded` is told by the page that came of it, `waits` by one that would load itself anew for
    the same `reason` again and holds back; `count` is how often in a row. `seconds` is how long a
    device `slept`, how far its `clock` is behind (or ahead, below zero), how long a microphone
    gave nothing. `noticed`: somebody came close to the waiting screen (camera or sensor).
    """

    type: Literal["page"] = "page"
    event: PageEventName
    reason: ReloadReason | None = None
    count: int = Field(default=0, ge=0, le=1_000_000)
    seconds: Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)] | None = None


class Service(Message):
    """The screen is out of service, for `reason`, or in service again when there is none.

    A visit that goes on is not ended by it.
    """

    type: Literal["service"] = "service"
    reason: RestReason | None = None
