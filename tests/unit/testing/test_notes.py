"""Tests of noting which tools a visit called."""

from __future__ import annotations

from kiosk.model import ToolCall, ToolResult
from kiosk.testing import fake_session
from kiosk.testing.notes import ToolNotes, no_calls


def test_calls_are_kept_by_visit_in_order() -> None:
    notes, session = ToolNotes(), fake_session()
    for name in ("find", "open"):
        call = ToolCall(id=f"call_{name}", name=name, arguments={"place": "hall"})
        notes.after_tool_call(session, call, ToolResult("ok"))
    assert [(call.name, call.arguments, call.result.output) for call in notes.of(session.id)] == [
        ("find", {"place": "hall"}, "ok"),
        ("open", {"place": "hall"}, "ok"),
    ]
    assert notes.of("visit_2") == no_calls("visit_1") == ()
