"""Bad input on the kiosk's socket: one sentence, a stable code, and nothing else disturbed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.emulator.speech.engines import Engines
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, Visit
from kiosk.testing.browser import BrowserPeer
from kiosk.testing.fixtures import MakeHarness


def codes(visit: Visit) -> list[str]:
    """Return the codes of the errors the browser got."""
    return [x["code"] for x in visit.messages if x["type"] == "error"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ("[1, 2]", "not_an_object"),
        ("null", "not_an_object"),
        ('{"type": "launch"}', "unknown_type"),
        ("{}", "unknown_type"),
        ('{"type": "text"}', "bad_message"),
        ('{"type": "text", "text": 5}', "bad_message"),
        ('{"type": "text", "text": "x", "model": "mine"}', "bad_message"),
        ('{"type": "hello", "protocol": 1}', "not_now"),
        ('{"type": "consent", "accepted": true}', "not_now"),
        (b"\x01", "bad_audio"),
        (b"\x00" * 30_000, "too_large"),
    ],
)
async def test_a_bad_frame_is_refused_and_the_visit_goes_on(
    kiosk_harness: MakeHarness, engines: Engines, frame: str | bytes, code: str
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"visit": {"greet": False}})
    visit = await harness.connect(media=False)
    if isinstance(frame, bytes):
        await visit.begin(microphone=False)
    await visit.send_raw(frame)
    await visit.until(lambda v: code in codes(v), code)
    message = next(x for x in visit.messages if x["type"] == "error")["message"]
    assert message.endswith(".")
    if not isinstance(frame, bytes):
        await visit.begin(microphone=False)
    await visit.until(lambda v: v.id != "", "visit all the same")


async def test_another_protocol_is_told_to_reload(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    visit = await harness.connect(hello=False)
    await visit.send_raw('{"type": "hello", "protocol": 99}')
    await visit.until(lambda v: codes(v) == ["wrong_protocol"], "refusal")


@pytest.mark.parametrize(
    ("sdp", "code"),
    [
        ("garbage", "bad_sdp"),
        ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "no_video"),
    ],
)
async def test_a_bad_offer_becomes_a_visit_in_text(
    kiosk_harness: MakeHarness, engines: Engines, sdp: str, code: str
) -> None:
    harness = await kiosk_harness(engines=engines)
    await _offer_and_talk(harness, sdp, code)


async def test_an_offer_without_h264_becomes_a_visit_in_text(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    peer = BrowserPeer(harness.clock)
    try:
        sdp = await peer.offer((), h264=False)
    finally:
        await peer.close()
    await _offer_and_talk(harness, sdp, "no_h264")


async def test_an_offer_without_candidates_becomes_a_visit_in_text(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    peer = BrowserPeer(harness.clock)
    try:
        sdp = await peer.offer(())
    finally:
        await peer.close()
    lines = [line for line in sdp.splitlines() if not line.startswith("a=candidate")]
    await _offer_and_talk(harness, "\r\n".join(lines) + "\r\n", "no_candidates")


async def _offer_and_talk(harness: KioskHarness, sdp: str, code: str) -> None:
    visit = await harness.visit(media=False, microphone=False)
    await visit.until(lambda v: any(x["type"] == "ice" for x in v.messages), "ice")
    await visit.send(m.Offer(sdp=sdp))
    await visit.until(lambda v: codes(v) == [code], code)
    await visit.until(lambda v: v.media == "text", "text rung")
    assert "text_only" in visit.notices
    assert "session.avatar.connect" not in harness.upstream_events()
    assert await visit.heard()
    await visit.type("hello")
    assert await visit.heard()


async def test_a_socket_from_another_site_is_refused(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines)
    async with harness.http.get(harness.url):
        pass
    for origin in ("https://elsewhere.example", "null"):
        async with harness.http.get(
            f"{harness.url}/ws/kiosk",
            headers={
                "Origin": origin,
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            },
        ) as answer:
            assert answer.status == 403


async def test_a_screen_that_is_not_enrolled_gets_no_socket(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"access": {"open": False}})
    async with harness.http.get(f"{harness.url}/", allow_redirects=False) as page:
        assert page.status == 200
        assert 'data-state="pairing"' in await page.text()
    async with harness.http.get(f"{harness.url}/ws/kiosk") as answer:
        assert answer.status == 401


async def test_generated_frames_never_break_the_socket(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(
        engines=engines, settings={"visit": {"greet": False, "max_s": 600}}
    )
    frames = _generated()
    visit = await harness.visit(media=False, microphone=False)
    for number, frame in enumerate(frames):
        await visit.send_raw(frame)
        if number % 20 == 19:
            await visit.drop()
            visit = await harness.visit(media=False, microphone=False)
    await visit.type("still there")
    assert await visit.heard()


def _generated() -> list[str | bytes]:
    kept: list[str | bytes] = []
    json = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
    kinds = st.sampled_from(["text", "offer", "media", "talk", "language", "card_dismiss", "x"])

    @settings(
        max_examples=60,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.one_of(
            st.text(max_size=200),
            st.binary(max_size=200),
            st.builds(
                lambda kind, extra: __import__("json").dumps({**extra, "type": kind}),
                kinds,
                st.dictionaries(st.sampled_from(["text", "sdp", "state", "id"]), json),
            ),
        )
    )
    def collect(frame: str | bytes) -> None:
        if frame:
            kept.append(frame)

    collect()
    return kept
