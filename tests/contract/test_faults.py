"""Every fault as the real SDK meets it, planned by a scenario or by the control endpoint."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any, get_args

import aiohttp
import pytest
from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.aio import ConnectionClosed
from azure.ai.voicelive.aio import ConnectionError as VoiceLiveConnectionError

from kiosk.clock import SystemClock
from kiosk.emulator.avatar.faults import MEDIA_FAULTS
from kiosk.emulator.scenario.faults import MEDIA, Action
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from tests.contract.limiting import Client, emulating, refused, talking, until
from tests.contract.test_limits import configure_avatar, start_avatar
from tests.unit.emulator.emulating import Browser


def planned(on: str, do: str, **more: Any) -> list[dict[str, Any]]:
    return [{"on": on, "do": do, **more}]


async def answered(client: Client) -> None:
    """Ask, and wait for the whole answer: the session is as good as new."""
    await client.ask()
    done = await client.until("response.done")
    assert done.response.status == "completed"


async def test_the_handshake_is_refused(engines: Engines) -> None:
    faults = planned("connect", "refuse", nth=2, status=503, retry_after=9, code="busy")
    async with emulating(engines, faults=faults) as emulator:
        async with talking(emulator) as client:
            await answered(client)
        error = await refused(emulator)
        assert error.status == 503
        assert error.headers is not None
        assert error.headers["Retry-After"] == "9"
        async with talking(emulator):
            pass


async def test_the_handshake_is_cut_or_late(engines: Engines) -> None:
    # aiohttp's client, which the SDK is made of, tries a cut handshake once more by itself.
    cut = planned("connect", "abort", every=1, times=2)
    faults = cut + planned("connect", "delay", nth=3, delay_ms=300)
    async with emulating(engines, faults=faults) as emulator:
        with pytest.raises(VoiceLiveConnectionError) as caught:
            async with talking(emulator):
                pass
        assert isinstance(caught.value.__cause__, aiohttp.ServerDisconnectedError)
        began = time.monotonic()
        async with talking(emulator):
            assert time.monotonic() - began >= 0.3


async def test_it_is_closed_before_it_has_begun(engines: Engines) -> None:
    async with emulating(engines, faults=planned("connect", "close", close_code=4001)) as emulator:
        with pytest.raises(ConnectionClosed):
            async with talking(emulator):
                pass


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"do": "close", "close_code": 4002, "reason": "gone"}, 4002),
        ({"do": "abort"}, 1006),
    ],
)
@pytest.mark.parametrize(
    ("on", "last"),
    [
        ({"on": "response.create"}, "conversation.item.created"),
        ({"on": "response.created", "when": "after"}, "response.created"),
    ],
)
async def test_the_connection_ends(
    engines: Engines, on: dict[str, str], last: str, fault: dict[str, Any], code: int
) -> None:
    async with emulating(engines, faults=[{**on, **fault}]) as emulator:
        async with talking(emulator) as client:
            await client.ask()
            assert await client.closed() == code
            assert client.kinds()[-1] == last
        entries = emulator.journal()[0]["entries"]
        (struck,) = [entry for entry in entries if entry["direction"] == "fault"]
        assert (struck["type"], struck["event_id"]) == (fault["do"], "scenario_0")


async def test_broken_messages(engines: Engines) -> None:
    """Text that is not JSON, a binary frame, an event from the future: one client survives all."""
    faults = [
        {"on": "response.created", "do": "bad_json", "text": "{oops"},
        {"on": "response.created", "do": "binary", "when": "after", "size_bytes": 5},
        {
            "on": "response.created",
            "do": "unknown_event",
            "when": "after",
            "event_type": "session.avatar.dance",
            "fields": {"style": "tango"},
        },
    ]
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        await client.ask()
        with pytest.raises(VoiceLiveConnectionError, match="parse"):
            await client.until("response.created")
        await client.until("response.created")
        with pytest.raises(VoiceLiveConnectionError):
            await client.next()
        dance = await client.next()
        assert (dance.type, dance["style"]) == ("session.avatar.dance", "tango")
        assert (await client.until("response.done")).response.status == "completed"


async def test_a_message_too_large_for_the_sdk(engines: Engines) -> None:
    faults = planned("response.created", "oversize", when="after")
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        await client.ask()
        # The SDK ends a connection with 1009 by itself beyond 4 MiB.
        assert await client.closed() == 1009
        assert client.kinds()[-1] == "response.created"


@pytest.mark.parametrize(
    ("on", "when", "position"),
    [
        ("response.create", None, "instead"),
        ("response.create", "before", "before"),
        ("response.create", "after", "after"),
        ("response.created", None, "before"),
        ("response.created", "instead", "instead"),
        ("response.created", "after", "after"),
    ],
)
async def test_an_error_at_any_event(
    engines: Engines, on: str, when: str | None, position: str
) -> None:
    more = {"when": when} if when else {}
    faults = planned(on, "error", code="rate_limit_exceeded", message="Retry.", **more)
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        await client.ask()
        error = (await client.until("error")).error
        assert (error.code, error.message) == ("rate_limit_exceeded", "Retry.")
        if position == "instead" and on == "response.create":
            await client.connection.response.create()
        await client.until("response.done")
        kinds = [k for k in client.kinds() if k in ("error", "response.created")]
        wanted = {
            "before": ["error", "response.created"],
            "after": ["response.created", "error"],
            "instead": ["error"] + ["response.created"] * (on == "response.create"),
        }
        assert kinds == wanted[position]


async def test_events_are_dropped_and_doubled(engines: Engines) -> None:
    faults = planned("response.created", "drop") + planned("response.done", "duplicate")
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        await client.ask()
        first = await client.until("response.done")
        second = await client.next()
        assert first.as_dict() == second.as_dict()
        assert "response.created" not in client.kinds()


async def test_an_event_comes_late_and_the_order_stays(engines: Engines) -> None:
    faults = planned("response.created", "delay", delay_ms=250)
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        began = time.monotonic()
        await answered(client)
        assert time.monotonic() - began >= 0.25
        kinds = client.kinds()
        assert kinds.index("response.created") < kinds.index("response.output_item.added")


async def test_jitter_keeps_the_order(engines: Engines) -> None:
    faults = planned("connect", "jitter", min_ms=5, max_ms=15)
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        began = time.monotonic()
        await client.ask()
        await client.until("response.done")
        events = len(client.seen)
        assert time.monotonic() - began >= (events - 1) * 0.005
        kinds = client.kinds()
        assert kinds[-1] == "response.done"
        assert kinds.index("response.audio.done") < kinds.index("response.content_part.done")


async def test_a_thin_line(engines: Engines) -> None:
    faults = planned("response.create", "slow", bytes_per_second=400_000)
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        began = time.monotonic()
        await answered(client)
        sent = sum(len(str(event.as_dict())) for event in client.seen if "audio" in event.type)
        assert time.monotonic() - began >= 0.8 * sent / 400_000


async def test_a_half_open_connection_comes_back(engines: Engines) -> None:
    faults = planned("response.create", "half_open", duration_ms=400)
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        began = time.monotonic()
        await client.ask()
        created = await client.until("response.created")
        assert time.monotonic() - began >= 0.4
        assert created is not None
        assert (await client.until("response.done")).response.status == "completed"


async def test_a_half_open_connection_says_nothing_until_it_is_cut(engines: Engines) -> None:
    faults = planned("response.create", "half_open")
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        await client.ask()
        await client.until("conversation.item.created")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.connection.recv()
    assert emulator.journal()[0]["close_code"] in (1006, None)


async def test_reading_stops_and_goes_on(engines: Engines) -> None:
    faults = planned("input_audio_buffer.clear", "stop_reading", duration_ms=300)
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        await client.connection.send({"type": "input_audio_buffer.clear"})
        await client.until("input_audio_buffer.cleared")
        began = time.monotonic()
        # One message may have been read already when reading stops.
        for _ in range(2):
            await client.connection.send({"type": "input_audio_buffer.clear"})
        for _ in range(2):
            await client.until("input_audio_buffer.cleared")
        assert time.monotonic() - began >= 0.2


async def test_a_fault_at_a_time(engines: Engines) -> None:
    faults = planned("time", "close", at_ms=200, close_code=4003)
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        began = time.monotonic()
        assert await client.closed() == 4003
        assert time.monotonic() - began >= 0.15


async def test_again_and_again_but_not_for_ever(engines: Engines) -> None:
    faults = planned("response.cancel", "error", nth=2, every=2, times=2, code="mine")
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        codes = []
        for _ in range(8):
            await client.connection.response.cancel()
            codes.append((await client.until("error")).error.code)
        benign = "response_cancel_not_active"
        assert codes == [benign, "mine", benign, "mine"] + [benign] * 4


async def test_a_black_and_silent_avatar(engines: Engines) -> None:
    async with emulating(engines) as emulator, talking(emulator) as client:
        browser = await start_avatar(client)
        await control(emulator, "POST", "faults", {"on": "time", "do": "video_black"})
        await control(emulator, "POST", "faults", {"on": "time", "do": "audio_silent"})

        async def brightness() -> float:
            frame: Any = await browser.tracks["video"].recv()
            return float(frame.to_ndarray(format="gray").mean())

        async with asyncio.timeout(20):
            while await brightness() > 20:
                pass
        await control(emulator, "POST", "reset", {})
        async with asyncio.timeout(20):
            while await brightness() < 20:
                pass
        await browser.connection.close()


async def test_an_avatar_that_never_connects(engines: Engines) -> None:
    faults = planned("connect", "ice_never")
    async with emulating(engines, faults=faults) as emulator, talking(emulator) as client:
        await configure_avatar(client)
        browser = Browser()
        await client.connection.send(
            sdk.ClientEventSessionAvatarConnect(client_sdp=await browser.offer())
        )
        answer = await client.until("session.avatar.connecting")
        sdp = json.loads(base64.b64decode(answer.server_sdp))["sdp"]
        # An address of RFC 5737, which is nobody's: checks go out and none comes back.
        assert {line.split()[4] for line in sdp.splitlines() if "a=candidate:" in line} == {
            "192.0.2.1"
        }
        await answered(client)
        await browser.connection.close()


def test_the_media_faults_are_those_of_the_avatar() -> None:
    assert MEDIA == MEDIA_FAULTS
    assert set(get_args(Action)) > MEDIA


# ── the control endpoint ─────────────────────────────────────────────────────────────────────


async def control(
    emulator: EmulatorServer, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    url = f"{emulator.endpoint}/emulator/{path}"
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, url, json=body) as response,
    ):
        answer: dict[str, Any] = await response.json()
        return response.status, answer


async def test_a_fault_is_posted_strikes_and_is_removed(engines: Engines) -> None:
    async with (
        emulating(engines) as emulator,
        talking(emulator) as one,
        talking(emulator) as other,
    ):
        session = one.seen[0]["session"]["id"]
        fault = {"on": "response.create", "do": "error", "code": "mine", "every": 1}
        status, armed = await control(emulator, "POST", "faults", {**fault, "session": session})
        assert (status, armed["fault"], armed["session"]) == (201, fault, session)
        await one.connection.response.create()
        assert (await one.until("error")).error.code == "mine"
        await answered(other)
        _, listed = await control(emulator, "GET", "faults")
        assert [(f["id"], f["struck"]) for f in listed["faults"]] == [(armed["id"], 1)]
        assert (await control(emulator, "DELETE", f"faults/{armed['id']}"))[0] == 200
        await answered(one)


async def test_removing_a_fault_ends_what_it_does(engines: Engines) -> None:
    async with emulating(engines) as emulator, talking(emulator) as client:
        _, armed = await control(emulator, "POST", "faults", {"on": "time", "do": "half_open"})
        await until(lambda: bool(emulator.faults.as_json()[0]["active"]))
        await client.ask()
        assert (await control(emulator, "DELETE", f"faults/{armed['id']}"))[0] == 200
        await client.until("response.done")


async def test_a_session_is_closed_from_outside(engines: Engines) -> None:
    async with emulating(engines) as emulator, talking(emulator) as client:
        session = client.seen[0]["session"]["id"]
        closing = control(emulator, "POST", f"sessions/{session}/close", {"code": 4005})
        (status, _), code = await asyncio.gather(closing, client.closed())
        assert (status, code) == (200, 4005)


async def test_a_reset_makes_a_clean_start(engines: Engines) -> None:
    service = {"connections_per_minute": 1}
    async with emulating(engines, service=service) as emulator:
        async with talking(emulator):
            pass
        await refused(emulator)
        _, limits = await control(emulator, "GET", "limits")
        assert limits["connections"]["remaining"] == 0
        assert 50 < limits["connections"]["retry_after_seconds"] <= 60
        await until(lambda: not emulator.journal()[0]["open"])
        assert (await control(emulator, "POST", "reset", {}))[0] == 200
        assert emulator.journal() == []
        async with talking(emulator):
            await SystemClock().sleep(0)
