"""hookspec, hookimpl, and the policy that is declared with each spec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

import pluggy

PROJECT: Final = "avatar_kiosk"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

F = TypeVar("F", bound=Callable[..., Any])


class Mode(Enum):
    """How a hook is called; see docs/hooks.md."""

    COLLECT = "collect"
    """At start, plain functions only; the plugin calls `register(...)`."""
    LIFESPAN = "lifespan"
    """An async context manager, open while the server runs."""
    ASK = "ask"
    """The first answer that is not None; last loaded is asked first."""
    GATHER = "gather"
    """All at once; the answers in plugin order."""
    PIPE = "pipe"
    """A value handed through; None leaves it unchanged."""
    NOTIFY = "notify"
    """Told from a bounded queue, off the visitor's path."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the caller treats a hook: mode, deadline, and what a failure means."""

    mode: Mode
    timeout_s: float | None
    on_failure: str


def calls(mode: Mode, *, timeout_s: float | None = None, on_failure: str) -> Callable[[F], F]:
    """Declare a hook spec with its policy; `on_failure` is the sentence the docs print."""

    def mark(function: F) -> F:
        function.policy = Policy(mode, timeout_s, on_failure)  # type: ignore[attr-defined]  # read by the caller
        return hookspec(function)

    return mark
