"""The server's side of things: handshakes, journal, health, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.scenario.service import Service
from kiosk.emulator.server.server import EmulatorServer
from kiosk.errors import StartupError
from tests.unit.emulator.emulating import QUICK, avatars, connected, emulating, light_engines

GOOD = {"api-version": "2026-07-15", "model": "gpt-realtime"}
KEY = {"api-key": "any"}


async def refused(
    emulator: EmulatorServer, query: dict[str, str], headers: dict[str, str]
) -> tuple[int, str]:
    """Try a handshake and return the status and the refusal's code."""
    url = f"{emulator.endpoint}/voice-live/realtime"
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with (
        aiohttp.ClientSession() as http,
        http.get(url, params=query, headers={**upgrade, **headers}) as response,
    ):
        body: dict[str, Any] = await response.json()
        assert set(body) == {"error"}
        return response.status, body["error"]["code"]


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        (GOOD, {}, (401, "Unauthorized")),
        (GOOD, {"Authorization": "Bearer "}, (401, "Unauthorized")),
        (GOOD, {"Authorization": "Basic abc"}, (401, "Unauthorized")),
        ({"model": "m"}, KEY, (400, "missing_api_version")),
        ({"api-version": "1"}, KEY, (400, "missing_model")),
        ({"api-version": "1", "agent-name": "a"}, KEY, (400, "missing_agent")),
        ({**GOOD, "agent-project-name": "p"}, KEY, (400, "missing_agent")),
    ],
)
async def test_handshakes_that_are_refused(
    query: dict[str, str], headers: dict[str, str], expected: tuple[int, str]
) -> None:
    async with emulating() as emulator:
        assert await refused(emulator, query, headers) == expected


async def test_a_plain_request_is_told_to_upgrade() -> None:
    async with emulating() as emulator, aiohttp.ClientSession() as http:
        url = f"{emulator.endpoint}/voice-live/realtime"
        async with http.get(url, params=GOOD, headers=KEY) as response:
            assert response.status == 426


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({}, {"api-key": "right"}),
        ({"api-key": "right"}, {}),
    ],
)
async def test_the_demanded_key_opens(query: dict[str, str], headers: dict[str, str]) -> None:
    scenario = Scenario(service=Service(api_keys=("right",)))
    async with emulating(scenario) as emulator, aiohttp.ClientSession() as http:
        url = f"{emulator.endpoint}/voice-live/realtime"
        async with http.ws_connect(url, params={**GOOD, **query}, headers=headers) as socket:
            assert (await socket.receive_json())["type"] == "session.created"


async def test_another_key_or_a_token_does_not() -> None:
    async with emulating(Scenario(service=Service(api_keys=("right",)))) as emulator:
        assert await refused(emulator, GOOD, {"api-key": "wrong"}) == (401, "401")
        # A token is another matter: nothing was said of those.
        token = {"Authorization": "Bearer not-a-token,"}
        assert await refused(emulator, GOOD, token) == (401, "Unauthorized")


async def test_a_bearer_token_is_as_good_as_a_key() -> None:
    async with emulating() as emulator, aiohttp.ClientSession() as http:
        url = f"{emulator.endpoint}/voice-live/realtime"
        headers = {"Authorization": "Bearer token"}
        async with http.ws_connect(url, params=GOOD, headers=headers) as socket:
            assert (await socket.receive_json())["type"] == "session.created"


async def test_a_fault_refuses_the_handshake_once() -> None:
    scenario = Scenario.model_validate(
        {"faults": [{"on": "connect", "do": "refuse", "status": 429, "retry_after": 7}]}
    )
    async with emulating(scenario) as emulator:
        url = f"{emulator.endpoint}/voice-live/realtime"
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await http.ws_connect(url, params=GOOD, headers=KEY)
        assert caught.value.status == 429
        assert caught.value.headers is not None
        assert caught.value.headers["Retry-After"] == "7"
        async with connected(emulator):
            pass


async def test_there_is_room_for_so_many() -> None:
    async with emulating(QUICK, Limits(sessions=1)) as emulator, connected(emulator):
        assert await refused(emulator, GOOD, KEY) == (429, "too_many_sessions")


async def test_journal_and_health_over_http() -> None:
    async with (
        emulating() as emulator,
        aiohttp.ClientSession() as http,
        connected(emulator) as wire,
    ):
        await wire.ask("Where did I leave my umbrella?")
        async with http.get(f"{emulator.endpoint}/emulator/health") as response:
            health = await response.json()
        async with http.get(f"{emulator.endpoint}/emulator/sessions") as response:
            text = await response.text()
            (session,) = (await response.json())["sessions"]
    assert (health["status"], health["sessions"]) == ("ok", 1)
    assert session["open"]
    kinds = [entry["type"] for entry in session["entries"]]
    assert kinds[0] == "session.created"
    assert "response.done" in kinds
    assert "umbrella" not in text


async def test_old_journals_are_forgotten() -> None:
    async with emulating(QUICK, Limits(journal_sessions=2)) as emulator:
        ids: list[str] = []
        for _ in range(4):
            async with connected(emulator) as wire:
                ids.append(wire.seen[0]["session"]["id"])
        assert len(emulator.journal()) <= 3
        assert emulator.journal()[-1]["id"] == ids[-1]


async def test_going_away_is_announced() -> None:
    async with contextlib.AsyncExitStack() as stack:
        emulator = EmulatorServer(engines=light_engines(), new_avatar=avatars())
        await emulator.start()
        wire = await stack.enter_async_context(connected(emulator))
        closing = asyncio.gather(emulator.aclose(), wire.socket.receive(timeout=10))
        _, message = await closing
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert emulator.journal()[0]["close_code"] == 1001


async def test_a_killed_server_is_gone_without_a_word() -> None:
    async with contextlib.AsyncExitStack() as stack:
        emulator = EmulatorServer(engines=light_engines(), new_avatar=avatars())
        await emulator.start()
        wire = await stack.enter_async_context(connected(emulator))
        await emulator.kill()
        message = await wire.socket.receive(timeout=10)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert wire.socket.close_code == 1006
        # The port is free: a new one can take its place, as after a crash.
        again = EmulatorServer(engines=light_engines(), new_avatar=avatars(), port=emulator.port)
        async with again, connected(again):
            pass


async def test_a_port_in_use_is_one_sentence() -> None:
    async with emulating() as emulator:
        second = EmulatorServer(engines=light_engines(), new_avatar=avatars(), port=emulator.port)
        with pytest.raises(StartupError, match=f"port {emulator.port}.*choose another port"):
            await second.start()


async def test_sessions_do_not_see_each_other() -> None:
    async with emulating() as emulator:
        async with connected(emulator) as one, connected(emulator) as other:
            await one.update(instructions="The museum is open from nine.")
            first, second = await asyncio.gather(
                one.ask("When do you open?"), other.ask("When do you open?")
            )
        assert "nine" in first["output"][0]["content"][0]["transcript"]
        assert "do not know" in second["output"][0]["content"][0]["transcript"]
