"""Tests of the check on a browser's offer, against real offers and against nonsense."""

from __future__ import annotations

import pytest
from aiortc import RTCPeerConnection, RTCRtpReceiver
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import MediaError
from kiosk.media.sdp import checked_offer

OFFER = "\r\n".join(
    (
        "v=0",
        "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=rtpmap:111 opus/48000/2",
        "a=candidate:1 1 udp 2122260223 192.168.1.7 52000 typ host generation 0",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 102",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:102 H264/90000",
        "a=candidate:2 1 udp 2122260223 192.168.1.7 52001 typ host generation 0",
        "",
    )
)
HIDDEN = "a=candidate:3 1 udp 2113937151 0c1d8f0e-5b7a-4a4f-9a57-5a0b.local 52002 typ host\r\n"


def refusal(sdp: str) -> str:
    with pytest.raises(MediaError) as caught:
        checked_offer(sdp)
    assert str(caught.value).endswith(".")
    return caught.value.code


def test_a_good_offer_passes_unchanged() -> None:
    assert checked_offer(OFFER) == OFFER


def test_hidden_addresses_are_left_out_and_the_rest_stays() -> None:
    assert checked_offer(OFFER + HIDDEN) == OFFER
    upper = HIDDEN.replace(".local", ".LOCAL").replace("udp", "UDP")
    assert checked_offer(OFFER + upper) == OFFER


def test_an_offer_of_hidden_addresses_only_passes_without_candidates() -> None:
    """The far side's own candidates and peer-reflexive discovery still make a connection."""
    lines = [line for line in OFFER.splitlines(True) if not line.startswith("a=candidate")]
    bare = "".join(lines)
    assert checked_offer(bare + HIDDEN) == bare


@pytest.mark.parametrize(
    ("sdp", "code"),
    [
        ("", "bad_sdp"),
        ("hello", "bad_sdp"),
        ("v=0\r\ns=-\r\n", "bad_sdp"),
        ("m=audio 9 RTP 0\r\n" + OFFER, "bad_sdp"),
        (OFFER.replace("m=video", "m=application"), "no_video"),
        (OFFER.replace("m=audio", "m=application"), "no_video"),
        (OFFER.replace("H264", "VP9"), "no_h264"),
        # H.264 among the lines of the audio section is no picture.
        (
            OFFER.replace("a=rtpmap:102 H264/90000\r\n", "").replace(
                "a=rtpmap:111 opus/48000/2", "a=rtpmap:111 H264/90000"
            ),
            "no_h264",
        ),
        (OFFER.replace("a=candidate", "a=other"), "no_candidates"),
    ],
)
def test_what_cannot_work_is_refused_with_a_stable_code(sdp: str, code: str) -> None:
    assert refusal(sdp) == code


@given(
    st.text() | st.text().map(lambda tail: OFFER + tail) | st.text().map(lambda t: "v=0\nm=" + t)
)
def test_whatever_comes_there_is_an_offer_or_a_media_error(sdp: str) -> None:
    try:
        checked_offer(sdp)
    except MediaError:
        pass


@given(st.lists(st.sampled_from([*OFFER.splitlines(True), HIDDEN]), max_size=30))
def test_lines_of_offers_in_any_order_never_break_it(lines: list[str]) -> None:
    try:
        assert "0c1d8f0e" not in checked_offer("".join(lines))
    except MediaError:
        pass


@pytest.mark.parametrize("h264", [True, False])
async def test_a_real_peers_offer_is_judged_by_its_codecs(h264: bool) -> None:
    peer = RTCPeerConnection()
    peer.addTransceiver("audio", direction="recvonly")
    video = peer.addTransceiver("video", direction="recvonly")
    able = RTCRtpReceiver.getCapabilities("video")
    assert able is not None
    video.setCodecPreferences([c for c in able.codecs if ("H264" in c.mimeType) == h264])
    await peer.setLocalDescription(await peer.createOffer())
    sdp = peer.localDescription.sdp
    await peer.close()
    if h264:
        assert "m=video" in checked_offer(sdp)
    else:
        assert refusal(sdp) == "no_h264"
