"""Faults on command: refuse, close, cut, answer with an error, delay or drop, when it is due."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

CONNECT = "connect"
"""`on` of a fault that strikes the handshake."""
ANY_EVENT = "*"
"""`on` of a fault that counts every client event."""


class Fault(BaseModel):
    """One thing that goes wrong, once in each session (a refusal: once for each count it names).

    `on` is a client event's type, "*" for any of them, or "connect" for the handshake; `nth`
    says which one it strikes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: str = Field(min_length=1)
    nth: int = Field(default=1, ge=1)
    do: Literal["refuse", "close", "abort", "error", "delay", "drop"]
    status: int = Field(default=503, ge=400, le=599, description="refuse: the HTTP status.")
    retry_after: int | None = Field(
        default=None, ge=0, description="refuse: seconds, in the Retry-After header."
    )
    close_code: int = Field(default=1011, ge=1000, le=4999, description="close: the close code.")
    code: str = Field(default="server_error", description="error: its code.")
    message: str = Field(default="The service had an error.", description="error: its message.")
    delay_ms: int = Field(default=1000, ge=0, le=60_000, description="delay: how long.")

    @model_validator(mode="after")
    def _fits(self) -> Fault:
        if (self.do == "refuse") != (self.on == CONNECT):
            raise ValueError("'refuse' goes with on = \"connect\", everything else with an event")
        return self


class FaultPlan:
    """Counts what happens and says which fault strikes now. One for each session."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self._faults = [fault for fault in faults if fault.on != CONNECT]
        self._seen: dict[str, int] = {}

    def strike(self, event_type: str) -> Fault | None:
        """Count one client event and return the fault that is due for it, if any."""
        for name in (event_type, ANY_EVENT):
            self._seen[name] = self._seen.get(name, 0) + 1
        for fault in self._faults:
            if fault.on in (event_type, ANY_EVENT) and self._seen[fault.on] == fault.nth:
                return fault
        return None


def refusal(faults: tuple[Fault, ...], handshake: int) -> Fault | None:
    """Return the fault that refuses the `handshake`-th connection (counted from 1), if any."""
    return next((f for f in faults if f.on == CONNECT and f.nth == handshake), None)
