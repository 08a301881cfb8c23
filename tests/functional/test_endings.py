"""How visits end, and what may cut in on them: timers, reloads, other tabs, operators, stops."""

from __future__ import annotations

import pytest

from kiosk import keys
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.scenario.service import Service
from kiosk.emulator.speech.engines import Engines
from kiosk.signaling import messages as m
from kiosk.storage.rows import VisitRow
from kiosk.testing import KioskHarness, Visit
from kiosk.testing.fixtures import MakeHarness

QUICK = {"visit": {"greet": False, "idle_s": 0.6, "idle_warning_s": 0.6, "media_s": 0.3}}


async def test_silence_is_warned_of_and_then_ends_the_visit(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings=QUICK)
    visit = await harness.visit(microphone=False, media=False)
    await visit.until(lambda v: "idle" in v.notices, "idle warning")
    await visit.until(lambda v: v.ended == "idle", "end for idleness")


async def test_a_touch_calls_the_idle_warning_off(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    settings = {"visit": {**QUICK["visit"], "idle_warning_s": 30}}
    harness = await kiosk_harness(engines=engines, settings=settings)
    visit = await harness.visit(microphone=False, media=False)
    await visit.until(lambda v: "idle" in v.notices, "idle warning")
    await visit.send(m.Touch())
    await visit.until(lambda v: "idle" not in v.notices, "warning taken back")
    assert visit.ended is None


async def test_the_longest_visit_ends(kiosk_harness: MakeHarness, engines: Engines) -> None:
    settings = {"visit": {"greet": False, "idle_s": 0.5, "idle_warning_s": 0.5, "max_s": 1.2}}
    harness = await kiosk_harness(engines=engines, settings=settings)
    visit = await harness.visit(microphone=False, media=False)
    for _ in range(3):
        await visit.send(m.Touch())
    await visit.until(lambda v: v.ended in {"too_long", "idle"}, "end")


async def test_a_declined_notice_ends_the_visit_and_starts_no_avatar(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    visit = await harness.connect()
    await visit.send(m.Start())
    await visit.until(lambda v: any(x["type"] == "ice" for x in v.messages), "ice")
    await visit.send(m.Consent(accepted=False))
    await visit.until(lambda v: v.ended == "declined", "end")
    assert "session.avatar.connect" not in harness.upstream_events()


async def test_a_reloaded_page_takes_its_visit_up_again(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    first = await harness.visit(microphone=False)
    said = await first.heard()
    await first.drop()

    again = await harness.connect(resume=first.resume)
    await again.until(lambda v: v.id == first.id, "the same visit")
    await again.until(lambda v: v.lines("avatar") == [said], "what was said before")
    await again.until(lambda v: v.state == "listening", "listening")
    await again.until(lambda v: v.peer.frames > 0 or v.media == "direct", "picture")
    await again.type("hello")
    assert await again.heard()


async def test_a_wrong_resume_token_resumes_nothing(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    first = await harness.visit(microphone=False, media=False)
    other = await harness.connect(resume="resume_" + "0" * 24)
    await other.until(lambda v: any(x["type"] == "welcome" for x in v.messages), "welcome")
    welcome = next(x for x in other.messages if x["type"] == "welcome")
    assert welcome["resumed"] is False
    assert other.id == ""
    assert first.ended is None


async def test_a_page_that_stays_away_loses_its_visit(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"visit": {"resume_s": 0.2}})
    visit = await harness.visit(microphone=False, media=False)
    running = harness.app[keys.REGISTRY].on_kiosk("lobby")
    assert running is not None
    await visit.drop()
    await running.ended.wait()
    row = await _row(harness, visit.id)
    assert row.reason == "visitor_left"


async def test_a_second_tab_takes_the_kiosk_over(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    first = await harness.visit(microphone=False, media=False)
    second = await harness.visit(microphone=False, media=False)
    await first.until(lambda v: v.ended == "kiosk_replaced", "end of the first")
    await second.until(lambda v: v.state not in {"attract", "consent"}, "the second")
    assert second.ended is None
    assert second.id != first.id


async def test_an_operator_ends_a_visit(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await kiosk_harness(engines=engines)
    visit = await harness.visit(microphone=False, media=False)
    answer = await harness.app[keys.BUS].command(
        f"visit:{visit.id}", {"command": "end"}, timeout_s=2
    )
    assert answer["ok"] is True
    await visit.until(lambda v: v.ended == "operator", "end")


async def test_a_goodbye_is_answered_before_the_visit_ends(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    visit = await harness.visit(microphone=False)
    await visit.heard()
    await visit.type("Thank you, goodbye")
    assert "oodbye" in await visit.heard()
    await visit.until(lambda v: v.ended == "goodbye", "end")


async def test_a_stopping_server_says_goodbye(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await kiosk_harness(engines=engines)
    visit = await harness.visit(microphone=False, media=False)
    await harness.app[keys.REGISTRY].drain(0)
    await visit.until(lambda v: v.ended == "shutdown", "goodbye")
    refused = await harness.connect(media=False)
    await refused.send(m.Start())
    await refused.until(lambda v: _codes(v) == ["draining"], "refusal")


async def test_no_place_is_left(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await kiosk_harness(
        engines=engines,
        settings={
            "visit": {"max_visits": 1},
            "kiosks": [{"id": "one", "name": "One"}, {"id": "two", "name": "Two"}],
        },
    )
    await harness.visit(microphone=False, media=False)
    await harness.enrol("two")
    other = await harness.connect(media=False)
    await other.send(m.Start())
    await other.until(lambda v: _codes(v) == ["busy"], "refusal")


@pytest.mark.parametrize("key", ["wrong", None])
async def test_a_refusing_upstream_is_said_in_words(
    kiosk_harness: MakeHarness, engines: Engines, key: str | None
) -> None:
    scenario = Scenario(service=Service(api_keys=("right-key-of-this-test",))) if key else None
    upstream = {"api_key": key} if key else {"endpoint": "http://127.0.0.1:9"}
    harness = await kiosk_harness(
        engines=engines,
        scenario=scenario,
        settings={"upstream": {**upstream, "reconnect_for_s": 0.3}},
    )
    visit = await harness.visit(microphone=False, media=False)
    await visit.until(lambda v: v.ended == "error", "end with words")
    ended = next(x for x in visit.messages if x["type"] == "ended")
    assert len(ended["text"]) > 20


async def _row(harness: KioskHarness, visit_id: str) -> VisitRow:
    await harness.transcript(visit_id)
    row = await harness.storage.visits.get(visit_id)
    assert row is not None
    return row


def _codes(visit: Visit) -> list[str]:
    return [x["code"] for x in visit.messages if x["type"] == "error"]
