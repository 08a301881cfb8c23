"""Notes which tools were called in a visit, for tests: a plugin of the harness's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.model import ToolCall, ToolResult

NOTES: Final = "kiosk_testing"
"""The name of the harness's own plugin."""


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A tool call that was answered."""

    name: str
    arguments: Mapping[str, Any]
    result: ToolResult


def no_calls(_visit_id: str) -> Sequence[MadeCall]:
    """Answer for a visit that no harness looks at."""
    return ()


class ToolNotes:
    """The plugin. It hears of a call a moment after its answer went back."""

    def __init__(self) -> None:
        self._calls: dict[str, list[MadeCall]] = {}

    @hookimpl
    def after_tool_call(self, session: SessionHandle, call: ToolCall, result: ToolResult) -> None:
        """Note a call."""
        made = MadeCall(call.name, dict(call.arguments), result)
        self._calls.setdefault(session.id, []).append(made)

    def of(self, visit_id: str) -> Sequence[MadeCall]:
        """Return the calls of one visit."""
        return tuple(self._calls.get(visit_id, ()))
