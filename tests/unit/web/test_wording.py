"""Every event has words, none has what was said, and trouble is called trouble."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, get_args

import pytest

from kiosk import events as ev
from kiosk.model import EndReason
from kiosk.web import wording
from tests.unit.storage.keeping import NOON

STAMP = {"kiosk_id": "main", "visit_id": "visit_1", "at": NOON}
SECRET = "my number is 555"

AlertState = Literal["firing", "acknowledged", "resolved"]
ALERT_STATES: list[tuple[AlertState, str, str]] = [
    ("firing", "Alert", "trouble"),
    ("acknowledged", "Taken care of", "calm"),
    ("resolved", "Over", "calm"),
]
SAMPLES: list[tuple[ev.DomainEvent, str, str]] = [
    (ev.KioskConnected(kiosk_id="main", at=NOON), "Screen connected", "calm"),
    (ev.KioskDisconnected(kiosk_id="main", at=NOON), "Screen disconnected", "trouble"),
    (
        ev.ScreenRests(kiosk_id="main", at=NOON, dark=True),
        "Dark on purpose, outside its hours",
        "calm",
    ),
    (ev.ScreenRests(kiosk_id="main", at=NOON, dark=False), "Shows itself again", "calm"),
    (ev.VisitStarted(**STAMP, language="pt-BR"), "Visit began in Portuguese (BR)", "busy"),
    (ev.StateChanged(**STAMP, state="thinking"), "Thinking", "calm"),
    (ev.StateChanged(**STAMP, state="error"), "Showing an error", "trouble"),
    (ev.StateChanged(**STAMP, state="dancing"), "Dancing", "calm"),
    (ev.LanguageChanged(**STAMP, language="xx"), "Language changed to xx", "calm"),
    (
        ev.MediaChanged(**STAMP, rung="text", detail="UDP is blocked"),
        "Text only: UDP is blocked",
        "trouble",
    ),
    (ev.MediaChanged(**STAMP, rung="direct"), "Direct picture", "calm"),
    (
        ev.TurnCompleted(
            **STAMP, seq=1, speaker="visitor", text=SECRET, language="en", interrupted=True
        ),
        "Visitor spoke, interrupted",
        "calm",
    ),
    (
        ev.BargedIn(**STAMP, heard_ms=1250),
        "Visitor spoke over the avatar after 1.2 s of its answer",
        "calm",
    ),
    (
        ev.BargedIn(**STAMP, heard_ms=80, by="button"),
        "Visitor stopped the avatar after 80 ms of its answer",
        "calm",
    ),
    (
        ev.ToolCalled(**STAMP, tool="map", outcome="ok", ms=120),
        "Tool map answered in 120 ms",
        "calm",
    ),
    (
        ev.ToolCalled(**STAMP, tool="map", outcome="timed_out", ms=5000),
        "Tool map gave no answer within 5.0 s",
        "trouble",
    ),
    (ev.CardShown(**STAMP, kind="map", title=""), "Card shown: map", "calm"),
    (ev.StaffWanted(**STAMP, reason="lost child"), "A person is wanted: lost child", "trouble"),
    (ev.StaffWanted(**STAMP, state="coming"), "Somebody is coming", "calm"),
    (ev.StaffWanted(**STAMP, state="over"), "Nobody is wanted any more", "calm"),
    (
        ev.AnswerBegan(**STAMP, after_ms=820),
        "Answer began 820 ms after the visitor spoke",
        "calm",
    ),
    (
        ev.OperatorJoined(**STAMP, by="anna", instead_of="bert"),
        "anna has the conversation, instead of bert; the visitor knows",
        "busy",
    ),
    (
        ev.OperatorLeft(**STAMP, by="anna", why="absent"),
        "anna is no longer watching; the assistant has the conversation again",
        "trouble",
    ),
    (
        ev.SaidByOperator(**STAMP, by="anna", sentence="closing"),
        "anna had the avatar say the sentence “closing”",
        "calm",
    ),
    (ev.Whispered(**STAMP, by="anna", text=SECRET), "anna whispered to the model", "calm"),
    (
        ev.PluginEvent(
            kiosk_id="main", at=NOON, plugin="survey", name="form_sent", data={"text": SECRET}
        ),
        "survey: form sent",
        "calm",
    ),
    (
        ev.KioskReported(kiosk_id="main", at=NOON, facts={"browser": SECRET}),
        "Screen reported",
        "calm",
    ),
    (
        ev.KioskCommanded(kiosk_id="main", at=NOON, name="reload", by="anna", ok=True),
        "anna asked for a reload: done",
        "calm",
    ),
    (
        ev.KioskCommanded(kiosk_id="main", at=NOON, name="mute", by="bert", ok=False),
        "bert asked for the sound on or off: failed",
        "trouble",
    ),
    *(
        (
            ev.AlertChanged(
                kiosk_id="main",
                at=NOON,
                alert_id="alert_1",
                rule="offline",
                severity="critical",
                site="main",
                state=state,
                what="Main is not connected",
            ),
            f"{word}: Main is not connected",
            tone,
        )
        for state, word, tone in ALERT_STATES
    ),
    (
        ev.UpstreamLost(**STAMP, code="closed"),
        "Line to Voice Live lost (closed); seeking a new one",
        "trouble",
    ),
    (
        ev.UpstreamRestored(**STAMP, after_ms=900),
        "New line after 900 ms; the visit goes on",
        "calm",
    ),
    (
        ev.VisitEnded(**STAMP, reason=EndReason.IDLE, turns=1, seconds=64.4),
        "Visit ended after 1 min 04 s and 1 turn: nobody answered any more",
        "calm",
    ),
    (
        ev.VisitEnded(**STAMP, reason=EndReason.ERROR, turns=4, seconds=5),
        "Visit ended after 5 s and 4 turns: something went wrong",
        "trouble",
    ),
]


@pytest.mark.parametrize(("event", "text", "tone"), SAMPLES)
def test_events_in_words(event: ev.DomainEvent, text: str, tone: str) -> None:
    assert wording.line(event) == wording.Line(text, tone)  # type: ignore[arg-type]  # a literal
    assert "555" not in wording.line(event).text


def test_no_event_is_left_out_of_the_samples() -> None:
    union = get_args(get_args(ev.DomainEvent)[0])
    assert {type(event) for event, _, _ in SAMPLES} == set(union)


def test_every_end_has_its_words() -> None:
    assert len({wording.reason(why) for why in EndReason}) == len(EndReason)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (7260, "2 h 01 min"),
    ],
)
def test_lengths(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text
    assert wording.duration(timedelta(seconds=seconds)) == text


def test_counts_and_media() -> None:
    assert wording.count(1, "visit") == "1 visit"
    assert wording.count(0, "visit") == "0 visits"
    assert wording.count(2, "entry", "entries") == "2 entries"
    assert wording.media(None) == "no picture yet"
    assert wording.media("hologram") == "hologram"
