"""One socket's state machine, as scripts of messages and as a machine hypothesis plays with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kiosk.errors import SignalingError
from kiosk.signaling import messages as m
from kiosk.signaling.protocol import KioskProtocol, Phase

few = settings(deadline=None, max_examples=60, database=None)
IN_A_VISIT: list[m.ClientMessage] = [
    m.Consent(accepted=True),
    m.Microphone(state="on"),
    m.Offer(sdp="v=0"),
    m.Media(state="playing"),
    m.Say(text="hello"),
    m.Talk(active=True),
    m.Interrupt(),
    m.Language(language="de"),
    m.CardDismiss(id="map"),
    m.End(),
]
HELLO = m.Hello(protocol=m.PROTOCOL)
EVERY: list[m.ClientMessage] = [HELLO, m.Start(), m.Touch(), m.Rest(dark=True), *IN_A_VISIT]


def send(protocol: KioskProtocol, message: m.ClientMessage) -> str:
    """Send a message; return "ok" or the code it was refused with."""
    try:
        assert protocol.receive_text(message.model_dump_json()) == message
    except SignalingError as error:
        return error.code
    return "ok"


def ready() -> KioskProtocol:
    protocol = KioskProtocol()
    assert send(protocol, HELLO) == "ok"
    return protocol


def visiting() -> KioskProtocol:
    protocol = ready()
    protocol.visit_began()
    return protocol


def test_a_visit_from_hello_to_end() -> None:
    protocol = KioskProtocol()
    assert send(protocol, HELLO) == "ok"
    assert send(protocol, m.Touch()) == "ok"
    assert send(protocol, m.Start()) == "ok"
    protocol.visit_began()
    assert [send(protocol, message) for message in IN_A_VISIT] == ["ok"] * len(IN_A_VISIT)
    assert protocol.receive_microphone(b"\0" * 1920) == b"\0" * 1920
    protocol.visit_ended()
    assert protocol.phase is Phase.READY
    assert send(protocol, m.Start()) == "ok"
    assert protocol.refused == 0


@pytest.mark.parametrize("message", EVERY[1:], ids=lambda message: message.type)
def test_nothing_comes_before_hello(message: m.ClientMessage) -> None:
    assert send(KioskProtocol(), message) == "hello_first"


def test_another_version_is_told_to_reload() -> None:
    protocol = KioskProtocol()
    with pytest.raises(SignalingError, match="reload the page") as caught:
        protocol.receive_text(m.Hello(protocol=m.PROTOCOL + 1).model_dump_json())
    assert caught.value.code == "wrong_protocol"
    assert caught.value.fatal
    assert protocol.phase is Phase.NEW


def test_hello_is_said_once() -> None:
    assert send(ready(), HELLO) == "not_now"
    assert send(visiting(), HELLO) == "not_now"


@pytest.mark.parametrize("message", IN_A_VISIT, ids=lambda message: message.type)
def test_what_belongs_to_a_visit_needs_one(message: m.ClientMessage) -> None:
    assert send(ready(), message) == "not_now"


def test_a_second_visit_needs_the_first_to_end() -> None:
    assert send(visiting(), m.Start()) == "not_now"


@pytest.mark.parametrize("message", EVERY, ids=lambda message: message.type)
def test_a_closed_socket_takes_nothing(message: m.ClientMessage) -> None:
    protocol = visiting()
    protocol.closed()
    with pytest.raises(SignalingError) as caught:
        protocol.receive_text(message.model_dump_json())
    assert (caught.value.code, caught.value.fatal) == ("closed", True)
    protocol.visit_ended()
    assert protocol.phase is Phase.CLOSED, "the end of its visit does not open a socket again"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bad_audio"),
        (b"\0", "bad_audio"),
        (b"\0" * 1921, "bad_audio"),
        (b"\0" * (m.MAX_MICROPHONE_BYTES + 2), "too_large"),
    ],
)
def test_a_microphone_frame_holds_whole_samples(data: bytes, code: str) -> None:
    protocol = visiting()
    with pytest.raises(SignalingError) as caught:
        protocol.receive_microphone(data)
    assert caught.value.code == code
    assert protocol.refused == 1
    largest = b"\0" * m.MAX_MICROPHONE_BYTES
    assert protocol.receive_microphone(largest) is largest


def test_audio_outside_a_visit_is_refused() -> None:
    for protocol in (KioskProtocol(), ready()):
        with pytest.raises(SignalingError) as caught:
            protocol.receive_microphone(b"\0\0")
        assert caught.value.code == "not_now"
        assert protocol.refused == 0, "the last frames of a visit come after its end"


@few
@given(st.text())
def test_refusals_are_counted_and_change_nothing(text: str) -> None:
    protocol = ready()
    try:
        protocol.receive_text(text)
    except SignalingError:
        assert protocol.refused == 1
    assert protocol.phase is Phase.READY


class Socket(RuleBasedStateMachine):
    """Any order of messages and reports: only what the phase allows gets through."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol = KioskProtocol()
        self.phase = Phase.NEW
        self.refused = 0

    @rule(message=st.sampled_from(EVERY))
    def text(self, message: m.ClientMessage) -> None:
        allowed = {
            Phase.NEW: isinstance(message, m.Hello),
            Phase.READY: isinstance(message, m.Start | m.Touch | m.Rest),
            Phase.VISITING: not isinstance(message, m.Hello | m.Start),
            Phase.CLOSED: False,
        }[self.phase]
        assert (send(self.protocol, message) == "ok") is allowed
        if allowed and self.phase is Phase.NEW:
            self.phase = Phase.READY
        self.refused += not allowed

    @rule(data=st.binary(max_size=64))
    def microphone(self, data: bytes) -> None:
        allowed = self.phase is Phase.VISITING and len(data) > 0 and len(data) % 2 == 0
        try:
            self.protocol.receive_microphone(data)
        except SignalingError:
            assert not allowed
            self.refused += self.phase is Phase.VISITING
        else:
            assert allowed

    @rule()
    def visit_began(self) -> None:
        # The server attaches a visit to a socket that has said hello, never to another.
        if self.phase is Phase.READY:
            self.protocol.visit_began()
            self.phase = Phase.VISITING

    @rule()
    def visit_ended(self) -> None:
        self.protocol.visit_ended()
        if self.phase is Phase.VISITING:
            self.phase = Phase.READY

    @rule()
    def closed(self) -> None:
        self.protocol.closed()
        self.phase = Phase.CLOSED

    @invariant()
    def agrees(self) -> None:
        assert self.protocol.phase is self.phase
        assert self.protocol.refused == self.refused


TestSocket = Socket.TestCase
TestSocket.settings = settings(deadline=None, max_examples=30, database=None)
