"""What the service does on its own side, event by event."""

from __future__ import annotations

from kiosk.emulator.responses.hosted import act_hosted
from kiosk.emulator.scenario.hosted import Hosted
from tests.unit.emulator.responses.responding import Session, output

RESULT = {"filename": "hours.md", "text": "Ten to six."}
EVERYTHING = Hosted.model_validate(
    {
        "invocation": [{"type": "ui.card"}, {"type": "ui.map"}],
        "web_search": True,
        "file_search": {"queries": ["hours"], "results": [RESULT]},
    }
)


def test_nothing_makes_no_event() -> None:
    session = Session()
    act_hosted(session, output(session), Hosted(), file_results=True)
    assert session.sent == []


def test_everything_in_order() -> None:
    session = Session()
    made = output(session, commit=False)
    act_hosted(session, made, EVERYTHING, file_results=False)
    search = ["in_progress", "searching", "completed"]
    assert session.kinds() == [
        "invocation.delta",
        "invocation.delta",
        "output_item.added",
        *(f"web_search_call.{name}" for name in search),
        "output_item.done",
        "output_item.added",
        *(f"file_search_call.{name}" for name in search),
        "output_item.done",
    ]
    assert session.sent[1]["delta"] == {"type": "ui.map"}
    numbers = [e["sequence_number"] for e in session.sent if "sequence_number" in e]
    assert numbers == [0, 1, 2, 0, 1, 2]
    first, last = session.sent[2]["item"], session.sent[-1]["item"]
    assert (first["type"], first["status"]) == ("web_search_call", "in_progress")
    assert (last["type"], last["status"]) == ("file_search_call", "completed")
    assert last["queries"] == ["hours"]
    assert "results" not in last


def test_results_for_who_includes_them() -> None:
    session = Session()
    act_hosted(session, output(session), EVERYTHING, file_results=True)
    assert session.sent[-1]["item"]["results"] == [RESULT]
