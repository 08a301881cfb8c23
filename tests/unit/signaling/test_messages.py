"""The browser wire: whatever comes in is a message or a SignalingError that can be sent back."""

from __future__ import annotations

import json
import typing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from kiosk.errors import SignalingError
from kiosk.signaling import messages as m
from kiosk.signaling.device import DeviceError

few = settings(deadline=None, max_examples=60, database=None)
CODES = {"bad_json", "not_an_object", "unknown_type", "bad_message"}
CLIENT: tuple[type[BaseModel], ...] = typing.get_args(typing.get_args(m.ClientMessage)[0])
SERVER: tuple[type[BaseModel], ...] = typing.get_args(m.ServerMessage)
TYPES = [message.model_fields["type"].default for message in CLIENT]
FIELDS = sorted({name for message in CLIENT for name in message.model_fields})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
nearly = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES) | json_values},
    optional={name: json_values for name in FIELDS if name != "type"},
)


def refused(text: str) -> SignalingError:
    with pytest.raises(SignalingError) as caught:
        m.parse(text)
    return caught.value


def outcome(text: str) -> m.ClientMessage | SignalingError:
    try:
        return m.parse(text)
    except SignalingError as error:
        return error


def assert_message_or_error(text: str) -> None:
    got = outcome(text)
    if isinstance(got, SignalingError):
        assert got.code in CODES
        assert not got.fatal
        reply = m.dump(m.Failure(code=got.code, message=str(got)))
        assert len(reply.encode()) < 2_000, "the answer must not be as large as the question"
    else:
        assert isinstance(got, CLIENT)
        assert m.parse(got.model_dump_json()) == got


@few
@given(st.text())
def test_any_text_is_a_message_or_a_signaling_error(text: str) -> None:
    assert_message_or_error(text)


@few
@given(json_values)
def test_any_json_is_a_message_or_a_signaling_error(value: Any) -> None:
    assert_message_or_error(json.dumps(value))


@few
@given(nearly)
def test_nearly_a_message_is_a_message_or_a_signaling_error(value: dict[str, Any]) -> None:
    assert_message_or_error(json.dumps(value))


@few
@given(st.dictionaries(st.text(st.characters()), json_values, min_size=1))
def test_surplus_keys_are_named_without_breaking_the_answer(extra: dict[str, Any]) -> None:
    assert_message_or_error(json.dumps({**extra, "type": "touch"}))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("hello", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ('{"type": "hello", "protocol": ' + "9" * 5_000 + "}", "bad_json"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ('"hello"', "not_an_object"),
        ("{}", "unknown_type"),
        ('{"type": "launch"}', "unknown_type"),
        ('{"type": null}', "unknown_type"),
        ('{"type": ["hello"]}', "unknown_type"),
        ('{"type": "welcome"}', "unknown_type"),
        ('{"type": "hello"}', "bad_message"),
        ('{"type": "hello", "protocol": "one"}', "bad_message"),
        ('{"type": "touch", "extra": 1}', "bad_message"),
        ('{"type": "text", "text": ""}', "bad_message"),
        ('{"type": "text", "text": "' + "x" * 2_001 + '"}', "bad_message"),
        ('{"type": "text", "text": "\\ud800"}', "bad_message"),
        ('{"type": "touch", "\\ud800": 1}', "bad_message"),
        ('{"type": "touch", "' + "k" * 60_000 + '": 1}', "bad_message"),
        ('{"type": "microphone", "state": "loud"}', "bad_message"),
        ('{"type": "offer", "sdp": "' + "v" * (m.MAX_SDP_CHARS + 1) + '"}', "bad_message"),
    ],
    ids=lambda value: ascii(value[:30]),
)
def test_each_mistake_has_its_stable_code(text: str, code: str) -> None:
    assert refused(text).code == code
    assert_message_or_error(text)


def test_an_error_names_the_field_and_repeats_no_value() -> None:
    error = refused('{"type": "media", "state": "what I said"}')
    assert "`media` is malformed at `state`" in str(error)
    assert "what I said" not in str(error)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"hello","protocol":1}', m.Hello(protocol=1)),
        (
            '{"type":"hello","protocol":1,"page":"0.1","h264":false,"resume":"token"}',
            m.Hello(protocol=1, page="0.1", h264=False, resume="token"),
        ),
        ('{"type":"start","language":"pt-BR"}', m.Start(language="pt-BR")),
        ('{"type":"consent","accepted":true}', m.Consent(accepted=True)),
        ('{"type":"microphone","state":"denied"}', m.Microphone(state="denied")),
        ('{"type":"offer","sdp":"v=0"}', m.Offer(sdp="v=0")),
        ('{"type":"media","state":"playing"}', m.Media(state="playing")),
        ('{"type":"text","text":"Grüße"}', m.Say(text="Grüße")),
        ('{"type":"talk","active":false}', m.Talk(active=False)),
        ('{"type":"interrupt"}', m.Interrupt()),
        ('{"type":"start","by":"presence"}', m.Start(by="presence")),
        ('{"type":"rest","dark":true}', m.Rest(dark=True)),
        ('{"type":"touch"}', m.Touch()),
        ('{"type":"language","language":"de"}', m.Language(language="de")),
        (
            '{"type":"comfort","text_size":"large","contrast":"dark","volume":60,'
            '"captions":false,"reach":"seated","motion":"reduced","sign":true}',
            m.Comfort(
                text_size="large",
                contrast="dark",
                volume=60,
                captions=False,
                reach="seated",
                motion="reduced",
                sign=True,
            ),
        ),
        ('{"type":"pace","pace":"slow"}', m.AskPace(pace="slow")),
        ('{"type":"repeat"}', m.Repeat()),
        ('{"type":"person"}', m.Person()),
        ('{"type":"more_time"}', m.MoreTime()),
        ('{"type":"card_dismiss","id":"map"}', m.CardDismiss(id="map")),
        (
            '{"type":"card_form","id":"survey","values":{"how":"well","again":true}}',
            m.CardForm(id="survey", values={"how": "well", "again": True}),
        ),
        ('{"type":"card_take","id":"map"}', m.CardTake(id="map")),
        ('{"type":"end"}', m.End()),
        (
            '{"type":"device","every_s":30,"page":"1.0","browser":"Chromium","width":1080,'
            '"height":1920,"language":"en","state":"listening","media":"direct",'
            '"frame_age_s":0.04,"volume":80,"microphone":"on","silent_s":null,"levels":[3,12],'
            '"up_s":60,"at":1790000000000,"errors":[{"kind":"media: stalled","age_s":2}]}',
            m.Report(
                every_s=30,
                page="1.0",
                browser="Chromium",
                width=1080,
                height=1920,
                language="en",
                state="listening",
                media="direct",
                frame_age_s=0.04,
                volume=80,
                microphone="on",
                levels=(3, 12),
                up_s=60,
                at=1_790_000_000_000,
                errors=(DeviceError(kind="media: stalled", age_s=2),),
            ),
        ),
        (
            '{"type":"command_done","id":"command_1","ok":false,"detail":"nobody visits now"}',
            m.CommandDone(id="command_1", ok=False, detail="nobody visits now"),
        ),
        (
            '{"type":"page","event":"reloaded","reason":"stale","count":1}',
            m.PageEvent(event="reloaded", reason="stale", count=1),
        ),
    ],
)
def test_golden_messages_from_the_browser(text: str, message: m.ClientMessage) -> None:
    assert m.parse(text) == message


def test_every_message_of_the_browser_has_a_golden_one() -> None:
    (mark,) = test_golden_messages_from_the_browser.pytestmark  # type: ignore[attr-defined]  # set by pytest
    assert {type(message) for _, message in mark.args[1]} == set(CLIENT)


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (
            m.Welcome(
                kiosk_id="lobby",
                kiosk_name="Lobby",
                language="en",
                languages=(m.LanguageChoice(code="en", name="English"),),
                consent=True,
                talk="open",
                page="1.0-abc",
                now=1_700_000_000_000,
            ),
            '{"type":"welcome","protocol":1,"kiosk_id":"lobby","kiosk_name":"Lobby",'
            '"language":"en","languages":[{"code":"en","name":"English"}],"consent":true,'
            '"talk":"open","resumed":false,"report_s":30.0,"page":"1.0-abc","now":1700000000000}',
        ),
        (m.Wake(), '{"type":"wake"}'),
        (
            m.Attract(closed=True, opens="2026-11-28T10:00:00+00:00", dim=0.5),
            '{"type":"attract","closed":true,"opens":"2026-11-28T10:00:00+00:00","dim":0.5}',
        ),
        (m.State(state="listening"), '{"type":"state","state":"listening"}'),
        (
            m.Ice(servers=(m.IceServer(urls=("turn:a",), username="u", credential="c"),)),
            '{"type":"ice","servers":[{"urls":["turn:a"],"username":"u","credential":"c"}]}',
        ),
        (
            m.Caption(turn="t1", speaker="avatar", text="Hello"),
            '{"type":"caption","turn":"t1","speaker":"avatar","text":"Hello","final":false}',
        ),
        (m.Hush(), '{"type":"hush"}'),
        (m.Service(reason="maintenance"), '{"type":"service","reason":"maintenance"}'),
        (
            m.Notice(code="idle", text="Are you there?", seconds=15),
            '{"type":"notice","code":"idle","text":"Are you there?","seconds":15,"more":false}',
        ),
        (m.Working(active=True), '{"type":"working","active":true}'),
        (m.Set(text_size="large", sign=False), '{"type":"set","text_size":"large","sign":false}'),
        (
            m.ShowCard(id="c", kind="text", title="Hours", html="<p>9-5</p>", offers=("take",)),
            '{"type":"card","id":"c","kind":"text","title":"Hours","html":"<p>9-5</p>",'
            '"offers":["take"]}',
        ),
        (
            m.Command(id="command_1", name="volume", args={"level": 40}),
            '{"type":"command","id":"command_1","name":"volume","args":{"level":40}}',
        ),
        (
            m.Failure(code="not_now", message="Wait."),
            '{"type":"error","code":"not_now","message":"Wait.","fatal":false}',
        ),
    ],
)
def test_golden_messages_to_the_browser(message: m.ServerMessage, wire: str) -> None:
    assert json.loads(m.dump(message)) == json.loads(wire)


def test_types_are_unique_in_each_direction() -> None:
    for messages in (CLIENT, SERVER):
        types = [message.model_fields["type"].default for message in messages]
        assert len(types) == len(set(types))


def test_the_browser_can_choose_nothing_that_costs_money() -> None:
    dear = {"endpoint", "model", "voice", "avatar", "tools", "instructions", "agent", "api_key"}
    assert not dear & set(FIELDS)


def test_half_a_surrogate_pair_reaches_the_page_escaped() -> None:
    caption = m.Caption(turn="t", speaker="avatar", text="Hello \ud83d")
    assert json.loads(m.dump(caption))["text"] == "Hello \ud83d"
