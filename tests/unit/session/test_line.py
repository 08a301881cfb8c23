"""Tests of one line: set up, offer and answer, one response at a time, interrupting."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from kiosk.errors import MediaError, UpstreamError
from kiosk.session.line import Line
from kiosk.session.turns import FinishedTurn
from kiosk.voicelive.codec import ErrorInfo, error_info
from tests.unit.session.stage import eventually
from tests.unit.voicelive.service import (
    ICE,
    KEY,
    Answer,
    ServedLine,
    Service,
    confirm,
    serving,
    silent,
    upstream,
)

SESSION = {"modalities": ["text", "audio"], "avatar": {"character": "harry"}}
CANCEL, CLEAR = "response.cancel", "output_audio_buffer.clear"
TRUNCATE = "conversation.item.truncate"
ANSWER_SDP = "v=0\r\nthe answer\r\n"


async def opened(service: Service, **values: Any) -> tuple[Line, ServedLine]:
    line = await Line.open(upstream(service.endpoint, **values), KEY, dict(SESSION))
    far = await service.line()
    await far.next("session.update")
    return line, far


def answering(**error: Any) -> Answer:
    """Refuse the settings with this error."""

    def answer(event: dict[str, Any]) -> list[dict[str, Any]]:
        named = {"event_id": event["event_id"]} if error.pop("named", True) else {}
        return [{"type": "error", "error": {**error, **named}}]

    return answer


def connected(line: Line) -> bool:
    return line.avatar_connected


async def pump(line: Line) -> None:
    """Hand the avatar's events on, as the visit's own loop does."""
    while True:
        event = await line.receive()
        if event["type"] == "session.avatar.connecting":
            line.avatar_answered(event)
        elif event["type"] == "error":
            line.avatar_refused(error_info(event))


# ── setting up ───────────────────────────────────────────────────────────────────────────────


async def test_an_open_line_is_configured_and_knows_its_ice_servers() -> None:
    async with serving() as service:
        line, far = await opened(service)
        assert far.received[0]["session"] == SESSION
        assert [entry.urls for entry in line.ice] == [tuple(ICE[0]["urls"])]
        await line.aclose()


async def test_refused_settings_are_one_sentence_naming_the_field() -> None:
    answer = answering(code="invalid_argument", param="session.voice", message="private words")
    async with serving(answer) as service:
        with pytest.raises(UpstreamError) as caught:
            await opened(service)
        far = await service.line()
        await asyncio.wait_for(far.closed.wait(), 5)
    assert (caught.value.code, caught.value.retryable) == ("refused", False)
    assert "session.voice" in str(caught.value)
    assert "invalid_argument" in str(caught.value)
    assert "private words" not in str(caught.value)


async def test_a_rate_limit_says_when_to_come_back() -> None:
    answer = answering(code="rate_limit_exceeded", message="Slow down. Retry after 7.0s.")
    async with serving(answer) as service:
        with pytest.raises(UpstreamError) as caught:
            await opened(service)
    assert (caught.value.retryable, caught.value.retry_after) == (True, 7.0)


async def test_an_error_about_another_event_does_not_refuse_the_settings() -> None:
    def answer(event: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"type": "error", "error": {"code": "x", "event_id": "other"}}, *confirm(event)]

    async with serving(answer) as service:
        line, _ = await opened(service)
        await line.aclose()


async def test_settings_that_are_never_confirmed_have_an_end() -> None:
    async with serving(silent) as service:
        with pytest.raises(UpstreamError) as caught:
            await opened(service, update_timeout_s=0.05)
        far = await service.line()
        await asyncio.wait_for(far.closed.wait(), 5)
    assert (caught.value.code, caught.value.retryable) == ("timeout", True)


# ── the avatar ───────────────────────────────────────────────────────────────────────────────


def packed(sdp: str) -> str:
    return base64.b64encode(json.dumps({"type": "answer", "sdp": sdp}).encode()).decode()


async def test_the_offer_goes_out_and_the_answer_comes_back() -> None:
    async with serving() as service, asyncio.TaskGroup() as group:
        line, far = await opened(service)
        reader = group.create_task(pump(line), name="pump")
        asked = group.create_task(line.connect_avatar("v=0\r\noffer\r\n"), name="connect")
        event = await far.next("session.avatar.connect")
        sent = json.loads(base64.b64decode(event["client_sdp"]))
        assert sent == {"type": "offer", "sdp": "v=0\r\noffer\r\n"}
        assert not connected(line)
        await far.send("session.avatar.connecting", server_sdp=packed(ANSWER_SDP))
        # A second answer must not disturb anything.
        await far.send("session.avatar.connecting", server_sdp=packed("v=0\r\nanother\r\n"))
        assert await asked == ANSWER_SDP
        assert connected(line)
        reader.cancel()
        await line.aclose()


async def connecting(answer: dict[str, Any] | None, **values: Any) -> MediaError:
    """Connect the avatar and return how it failed; `ID` stands for the offer's event id."""
    async with serving() as service, asyncio.TaskGroup() as group:
        line, far = await opened(service, **values)
        reader = group.create_task(pump(line), name="pump")
        asked = group.create_task(failing(line), name="connect")
        offer = await far.next("session.avatar.connect")
        if answer is not None:
            text = json.dumps(answer).replace("ID", offer["event_id"])
            await far.send_text(text)
        error = await asked
        assert not line.avatar_connected
        reader.cancel()
        await line.aclose()
    return error


async def failing(line: Line) -> MediaError:
    with pytest.raises(MediaError) as caught:
        await line.connect_avatar("v=0\r\n")
    return caught.value


async def test_an_answer_that_is_none_is_told_as_such() -> None:
    error = await connecting({"type": "session.avatar.connecting", "server_sdp": "nonsense"})
    assert error.code == "avatar_answer"


@pytest.mark.parametrize("event_id", ["ID", None])
async def test_a_refusal_ends_the_wait_with_the_services_code(event_id: str | None) -> None:
    details = {
        "code": "avatar_service_resource_exhausted",
        "message": "Busy. Retry after 7.0s.",
        "event_id": event_id,
    }
    error = await connecting({"type": "error", "error": details})
    assert error.code == "avatar_service_resource_exhausted"
    assert "Retry after 7 s" in str(error)


async def test_no_answer_at_all_has_an_end() -> None:
    assert (await connecting(None, avatar_timeout_s=0.05)).code == "avatar_timeout"


async def test_closing_the_line_tells_who_waits_for_the_avatar() -> None:
    async with serving() as service, asyncio.TaskGroup() as group:
        line, far = await opened(service)
        asked = group.create_task(failing(line), name="connect")
        await far.next("session.avatar.connect")
        await line.aclose()
        assert (await asked).code == "line_closed"


async def test_an_error_while_nobody_waits_for_the_avatar_is_not_the_avatars() -> None:
    async with serving() as service:
        line, _ = await opened(service)
        info = ErrorInfo("avatar_service_internal_error", "", "", "", None)
        assert not line.avatar_refused(info)
        await line.aclose()


# ── speaking and hearing ─────────────────────────────────────────────────────────────────────


async def test_what_is_sent_has_the_fields_of_the_wire() -> None:
    async with serving() as service:
        line, far = await opened(service)
        await line.append(b"\x01\x02\x03\x04")
        await line.commit()
        await line.clear_input()
        await line.add_text("Where is the lift?")
        await line.add_text("Over there.", "assistant")
        await line.add_tool_output("call_1", '{"ok": true}')
        await far.next("input_audio_buffer.append")
        await far.next("input_audio_buffer.commit")
        await far.next("input_audio_buffer.clear")
        items = [(await far.next("conversation.item.create"))["item"] for _ in range(3)]
        appended = next(e for e in far.received if e["type"] == "input_audio_buffer.append")
        await line.aclose()
    assert base64.b64decode(appended["audio"]) == b"\x01\x02\x03\x04"
    assert items == [
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Where is the lift?"}],
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": "Over there."}],
        },
        {"type": "function_call_output", "call_id": "call_1", "output": '{"ok": true}'},
    ]


async def test_a_new_line_is_told_what_was_said_on_the_old_one() -> None:
    async with serving() as service:
        line, far = await opened(service)
        await line.prime(
            [FinishedTurn("a", "avatar", "Hello."), FinishedTurn("b", "visitor", "Hi!")]
        )
        roles = [(await far.next("conversation.item.create"))["item"]["role"] for _ in range(2)]
        await line.aclose()
    assert roles == ["assistant", "user"]


async def test_a_second_response_is_asked_for_when_the_first_is_done() -> None:
    async with serving() as service:
        line, far = await opened(service)
        await line.respond()
        await line.respond({"tool_choice": "none"})
        first = await far.next("response.create")
        assert "response" not in first
        line.gate.created("r1")
        await line.response_done("r1")
        second = await far.next("response.create")
        assert second["response"] == {"tool_choice": "none"}
        await line.aclose()
    assert far.kinds.count("response.create") == 2


async def test_openai_voices_are_told_to_say_it_because_they_cannot_speak_given_words() -> None:
    async with serving() as service:
        line, far = await opened(service)
        await line.update({**SESSION, "voice": {"type": "openai", "name": "alloy"}})
        await line.say("Good morning!")
        ask = (await far.next("response.create"))["response"]
        await line.aclose()
    assert "Good morning!" in ask["instructions"]
    assert ask["tool_choice"] == "none"


# ── another voice ────────────────────────────────────────────────────────────────────────────

FIRST = {**SESSION, "instructions": "English", "voice": {"name": "en-US-AndrewMultilingualNeural"}}
OTHER = {**SESSION, "instructions": "Arabic", "voice": {"name": "ar-SA-ZariyahNeural"}}


async def test_another_voice_goes_at_once_while_nothing_is_said() -> None:
    async with serving() as service:
        line, far = await opened(service)
        await line.update(FIRST)
        event_id = await line.update(OTHER)
        assert (await far.next("session.update"))["session"] == FIRST
        assert (await far.next("session.update"))["session"] == OTHER
        refusal = {"code": "cannot_update_voice", "event_id": event_id}
        assert line.voice_refused(error_info({"type": "error", "error": refusal}))
        assert not line.voice_refused(error_info({"type": "error", "error": {"code": "x"}}))
        await line.aclose()


async def test_while_the_avatar_speaks_everything_but_its_voice_goes_at_once() -> None:
    async with serving() as service:
        line, far = await opened(service)
        await line.update(FIRST)
        await far.next("session.update")
        line.gate.created("r1")
        at_once = await line.update(OTHER)
        session = (await far.next("session.update"))["session"]
        assert (session["instructions"], session["voice"]) == ("Arabic", FIRST["voice"])
        about = error_info({"type": "error", "error": {"code": "x", "event_id": at_once}})
        assert not line.voice_refused(about)
        await line.response_done("r1")
        assert (await far.next("session.update"))["session"] == OTHER
        await line.aclose()


async def test_of_two_changes_while_it_speaks_only_the_last_counts() -> None:
    async with serving() as service:
        line, far = await opened(service)
        await line.update(FIRST)
        line.gate.created("r1")
        await line.update(OTHER)
        await line.update(FIRST)
        await line.response_done("r1")
        await line.respond()
        await far.next("response.create")
        voices = [event["session"].get("voice") for event in far.received if "session" in event]
        assert voices == [None, FIRST["voice"], FIRST["voice"], FIRST["voice"]]
        await line.aclose()


# ── interrupting ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("active", "avatar", "item", "sent"),
    [
        (True, True, "item_1", [CANCEL, CLEAR, TRUNCATE]),
        (False, True, "item_1", [CLEAR, TRUNCATE]),
        (True, False, None, [CANCEL]),
        (False, False, None, []),
    ],
)
async def test_an_interruption_sends_what_there_is_to_stop_and_no_more(
    active: bool, avatar: bool, item: str | None, sent: list[str]
) -> None:
    async with serving() as service:
        line, far = await opened(service)
        if active:
            line.gate.created("r1")
        line.avatar_connected = avatar
        await line.interrupt(item, 730)
        await line.commit()
        await far.next("input_audio_buffer.commit")
        kinds = far.kinds[1:-1]
        if item is not None:
            assert far.received[-2]["item_id"] == "item_1"
            assert far.received[-2]["audio_end_ms"] == 730
            assert far.received[-2]["content_index"] == 0
        await line.aclose()
    assert kinds == sent


async def test_a_truncation_that_came_too_late_does_no_harm() -> None:
    async with serving() as service:
        line, far = await opened(service)
        await line.interrupt("item_1", 99)
        event_id = (await far.next("conversation.item.truncate"))["event_id"]
        assert line.harmless(ErrorInfo("invalid_value", "", "", event_id, None))
        assert line.harmless(ErrorInfo("response_cancel_not_active", "", "", "", None))
        assert not line.harmless(ErrorInfo("invalid_value", "", "", "other", None))
        assert not line.harmless(ErrorInfo("invalid_value", "", "", "", None))
        await line.aclose()


async def test_a_lost_line_is_an_upstream_error_for_reader_and_writer() -> None:
    async with serving() as service:
        line, far = await opened(service)
        far.reset()
        with pytest.raises(UpstreamError):
            await line.receive()
        with pytest.raises(UpstreamError):
            await line.append(b"\0\0")
        await line.aclose()
        await eventually(far.closed.is_set, "the far end's close")
