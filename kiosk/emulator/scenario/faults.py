"""Faults that a scenario or the control endpoint plans: what triggers one and what it does."""

from __future__ import annotations

from typing import Any, Final, Literal

from azure.ai.voicelive import models as sdk
from pydantic import BaseModel, ConfigDict, Field, model_validator

Action = Literal[
    "refuse",
    "delay",
    "jitter",
    "slow",
    "close",
    "abort",
    "half_open",
    "stop_reading",
    "bad_json",
    "unknown_event",
    "oversize",
    "binary",
    "error",
    "drop",
    "duplicate",
    "video_stall",
    "video_black",
    "audio_silent",
    "ice_never",
]
When = Literal["before", "after", "instead"]

CONNECT: Final = "connect"
TIME: Final = "time"
ANY_CLIENT: Final = "*"
ANY_SERVER: Final = "server:*"

CLIENT_TYPES: Final = frozenset(kind.value for kind in sdk.ClientEventType)
# `rate_limits.updated` is on the wire and not in the SDK's list.
SERVER_TYPES: Final = frozenset(kind.value for kind in sdk.ServerEventType) | {
    "rate_limits.updated"
}

MEDIA: Final = frozenset({"video_stall", "video_black", "audio_silent", "ice_never"})
LASTING: Final = MEDIA | {"jitter", "slow", "half_open", "stop_reading"}
"""Actions that go on until their time is over, the fault is removed, or the session ends."""
ENDING: Final = frozenset({"close", "abort"})

MAXIMUM_FAULTS: Final = 100

# The keys that belong to an action, beside those of the trigger.
_KEYS: dict[str, frozenset[str]] = {
    "refuse": frozenset({"status", "retry_after", "code", "message"}),
    "delay": frozenset({"delay_ms"}),
    "jitter": frozenset({"min_ms", "max_ms", "duration_ms"}),
    "slow": frozenset({"bytes_per_second", "duration_ms"}),
    "close": frozenset({"close_code", "reason"}),
    "half_open": frozenset({"duration_ms"}),
    "stop_reading": frozenset({"duration_ms"}),
    "bad_json": frozenset({"text"}),
    "unknown_event": frozenset({"event_type", "fields"}),
    "oversize": frozenset({"size_bytes"}),
    "binary": frozenset({"size_bytes"}),
    "error": frozenset({"code", "message", "error_type", "param"}),
    **{name: frozenset({"duration_ms"}) for name in sorted(MEDIA)},
}
_TRIGGER = frozenset({"on", "when", "nth", "every", "times", "count", "at_ms", "do"})


class Fault(BaseModel):
    """One thing that goes wrong: `on` what, the `nth` time, `do` what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: str = Field(
        description='What triggers it: the type of a client event or of a server event, "*" (any '
        'client event), "server:*" (any server event), "connect" (a handshake) or "time".'
    )
    do: Action = Field(
        description="What happens; the table of the actions says what each one does."
    )
    when: When | None = Field(
        default=None,
        description="Relative to the event: `before` it is handled or sent, `after`, or "
        "`instead`. Default: `instead` for close, abort, error and drop at a client event, "
        "`before` for everything else.",
    )
    nth: int = Field(default=1, ge=1, le=1_000_000, description="Which one it first strikes at.")
    every: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Strikes again at every n-th one after that (1: at each); without it, once.",
    )
    times: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Strikes at most so often; needs `every`."
    )
    count: Literal["session", "emulator"] = Field(
        default="session",
        description="Whether `nth` and `times` are counted in each session for itself or in all "
        "together. Handshakes are always counted together.",
    )
    at_ms: int = Field(
        default=0,
        ge=0,
        le=86_400_000,
        description='With on = "time": milliseconds after the session began, or after the fault '
        "was posted if that is later.",
    )
    status: int = Field(default=503, ge=400, le=599, description="refuse: the HTTP status.")
    retry_after: int | None = Field(
        default=None, ge=0, description="refuse: seconds, in the Retry-After header."
    )
    close_code: int = Field(
        default=1011, ge=1000, le=4999, description="close: the code (1000, 1001 ... 4999)."
    )
    reason: str = Field(
        default="fault", max_length=123, description="close: the reason; at most 123 bytes."
    )
    code: str = Field(default="server_error", description="error, refuse: its code.")
    message: str = Field(
        default="The service had an error.", description="error, refuse: its message."
    )
    error_type: str = Field(default="server_error", description="error: its type.")
    param: str | None = Field(default=None, description="error: its param.")
    delay_ms: int = Field(default=1000, ge=0, le=600_000, description="delay: how long.")
    min_ms: int = Field(default=0, ge=0, le=60_000, description="jitter: shortest wait.")
    max_ms: int = Field(default=200, ge=0, le=60_000, description="jitter: longest wait.")
    bytes_per_second: int = Field(
        default=16_384, ge=1, le=100_000_000, description="slow: how fast events go out."
    )
    text: str = Field(
        default='{"type": "response.done", "response": {',
        max_length=65_536,
        description="bad_json: what is sent.",
    )
    event_type: str = Field(
        default="future.event", min_length=1, max_length=200, description="unknown_event: its type."
    )
    fields: dict[str, Any] = Field(
        default_factory=dict, description="unknown_event: its other fields."
    )
    size_bytes: int | None = Field(
        default=None,
        ge=1,
        le=32 * 1024 * 1024,
        description="oversize: length of the event's text, 4.5 MiB unless given (the Python SDK "
        "takes 4 MiB); binary: bytes of the frame, 16 unless given.",
    )
    duration_ms: int | None = Field(
        default=None,
        ge=1,
        le=86_400_000,
        description="jitter, slow, half_open, stop_reading and the media faults: how long; "
        "without it, until the session ends or the fault is removed.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Fault:
        _check_trigger(self)
        _check_action(self)
        foreign = self.model_fields_set - _TRIGGER - _KEYS.get(self.do, frozenset())
        if foreign:
            raise ValueError(f"{sorted(foreign)[0]!r} does not go with do = {self.do!r}")
        return self

    @property
    def at_client_event(self) -> bool:
        """Whether a client's event triggers it."""
        return self.on == ANY_CLIENT or self.on in CLIENT_TYPES

    @property
    def at_server_event(self) -> bool:
        """Whether an event of the service triggers it."""
        return self.on == ANY_SERVER or self.on in SERVER_TYPES

    @property
    def moment(self) -> When:
        """When it strikes relative to its event."""
        if self.when is not None:
            return self.when
        if self.do == "drop":
            return "instead"
        replaces = self.at_client_event and self.do in ("close", "abort", "error")
        return "instead" if replaces else "before"

    def takes(self, event_type: str) -> bool:
        """Whether an event of this type is one of those it counts."""
        if self.on == event_type:
            return True
        return (self.on == ANY_CLIENT and event_type in CLIENT_TYPES) or (
            self.on == ANY_SERVER and event_type not in CLIENT_TYPES
        )

    def due(self, seen: int, struck: int) -> bool:
        """Whether it strikes at the `seen`-th event, having struck `struck` times before."""
        if self.times is not None and struck >= self.times:
            return False
        if self.every is None:
            return seen == self.nth
        return seen >= self.nth and (seen - self.nth) % self.every == 0


def _check_trigger(fault: Fault) -> None:
    """Refuse a trigger that does not exist, or whose keys contradict each other."""
    at_event = fault.at_client_event or fault.at_server_event
    if not at_event and fault.on not in (CONNECT, TIME):
        raise ValueError(
            f"there is no event {fault.on!r}; give the type of a client or server event, "
            f'"{ANY_CLIENT}", "{ANY_SERVER}", "{CONNECT}" or "{TIME}"'
        )
    if fault.when is not None and (not at_event or fault.do in ("drop", "duplicate")):
        raise ValueError("'when' goes with an event, and not with drop or duplicate")
    if fault.times is not None and fault.every is None:
        raise ValueError("'times' needs 'every'; without it a fault strikes once")
    if "at_ms" in fault.model_fields_set and fault.on != TIME:
        raise ValueError(f"'at_ms' goes with on = \"{TIME}\"")
    if fault.on == TIME and fault.model_fields_set & {"nth", "every", "times"}:
        raise ValueError(f"on = \"{TIME}\" strikes once; 'nth', 'every' and 'times' do not apply")


def _check_action(fault: Fault) -> None:
    """Refuse an action that cannot happen at its trigger, or whose values contradict each other."""
    if fault.do == "refuse" and fault.on != CONNECT:
        raise ValueError(f"'refuse' goes with on = \"{CONNECT}\"; later there is nothing to refuse")
    if fault.do == "drop" and not (fault.at_client_event or fault.at_server_event):
        raise ValueError("'drop' goes with the type of an event")
    if fault.do == "duplicate" and not fault.at_server_event:
        raise ValueError("'duplicate' goes with the type of a server event")
    if fault.do == "delay" and fault.moment == "instead":
        raise ValueError("'delay' goes before or after an event, not instead of it")
    if fault.do == "jitter" and fault.min_ms > fault.max_ms:
        raise ValueError("'min_ms' is more than 'max_ms'")
    if fault.do == "close" and fault.close_code in (1004, 1005, 1006, 1015):
        raise ValueError(f"{fault.close_code} cannot be sent in a close frame; use abort for 1006")
    if len(fault.reason.encode()) > 123:
        raise ValueError("'reason' is longer than the 123 bytes of a close frame")


def describe(fault: Fault) -> dict[str, Any]:
    """Return a fault as it was given, without what was left to the defaults."""
    return fault.model_dump(mode="json", include=fault.model_fields_set | {"on", "do"})
