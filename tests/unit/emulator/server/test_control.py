"""The control endpoint does what it is told by whom it may, and says why not to others."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.server.server import EmulatorServer
from tests.unit.emulator.emulating import QUICK, avatars, connected, emulating, light_engines

FAULT = {"on": "response.create", "do": "error"}
JSON_TYPE = {"Content-Type": "application/json"}


async def ask(
    emulator: EmulatorServer,
    method: str,
    path: str,
    body: object = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    kind = JSON_TYPE if body is not None else {}
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            method,
            f"{emulator.endpoint}/emulator/{path}",
            data=data,
            headers={**kind, **(headers or {})},
        ) as response,
    ):
        return response.status, await response.json()


async def code(*arguments: Any, **more: Any) -> tuple[int, str]:
    status, answer = await ask(*arguments, **more)
    return status, answer["error"]["code"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Origin": "https://evil.example"}, (403, "cross_origin")),
        ({"Origin": "null"}, (403, "cross_origin")),
        ({"Sec-Fetch-Site": "cross-site"}, (403, "cross_origin")),
        ({"Sec-Fetch-Site": "same-site"}, (403, "cross_origin")),
        ({"Host": "evil.example"}, (403, "not_local")),
        ({"Host": "evil.example:80"}, (403, "not_local")),
        ({"Content-Type": "text/plain"}, (415, "not_json")),
        ({"Content-Type": "application/x-www-form-urlencoded"}, (415, "not_json")),
    ],
)
async def test_a_web_page_cannot_drive_it(
    headers: dict[str, str], expected: tuple[int, str]
) -> None:
    async with emulating() as emulator:
        assert await code(emulator, "POST", "faults", FAULT, headers=headers) == expected
        assert emulator.faults.as_json() == []
        if "Content-Type" not in headers:
            assert await code(emulator, "GET", "sessions", headers=headers) == expected
        status, _ = await ask(emulator, "GET", "health")
        assert status == 200


async def test_its_own_origin_and_names_are_fine() -> None:
    async with emulating() as emulator:
        for headers in (
            {"Origin": emulator.endpoint, "Sec-Fetch-Site": "same-origin"},
            {"Host": f"localhost:{emulator.port}"},
            {"Host": f"[::1]:{emulator.port}"},
        ):
            status, _ = await ask(emulator, "GET", "faults", headers=headers)
            assert status == 200


async def test_with_a_key_the_key_is_demanded_and_enough() -> None:
    async with EmulatorServer(
        engines=light_engines(), new_avatar=avatars(), control_key="0123456789abcdef"
    ) as emulator:
        assert await code(emulator, "GET", "sessions") == (401, "wrong_key")
        wrong = {"X-Emulator-Key": "0123456789abcdeg"}
        assert await code(emulator, "GET", "sessions", headers=wrong) == (401, "wrong_key")
        right = {"X-Emulator-Key": "0123456789abcdef", "Host": "emulator.example"}
        status, _ = await ask(emulator, "GET", "sessions", headers=right)
        assert status == 200
        # A page that knew the key would still be a page.
        page = {**right, "Sec-Fetch-Site": "cross-site"}
        assert await code(emulator, "GET", "sessions", headers=page) == (403, "cross_origin")


@pytest.mark.parametrize(
    ("body", "expected", "words"),
    [
        (b"{", (400, "invalid_json"), "not valid JSON"),
        (b"[" * 30_000, (400, "invalid_json"), "not valid JSON"),
        ([1], (400, "invalid_json"), "JSON object"),
        ({}, (400, "invalid_fault"), "on: Field required"),
        ({**FAULT, "what": 1}, (400, "invalid_fault"), "what: there is no such key"),
        ({"on": "x", "do": "error"}, (400, "invalid_fault"), "there is no event 'x'"),
        ({**FAULT, "session": 5}, (400, "invalid_fault"), "session: give"),
        ({**FAULT, "session": "sess_none"}, (404, "no_session"), "no such open session"),
        ({**FAULT, "message": "x" * 70_000}, (413, "too_large"), "at most 65536 bytes"),
    ],
)
async def test_faults_that_are_not_taken(
    body: object, expected: tuple[int, str], words: str
) -> None:
    async with emulating() as emulator:
        status, answer = await ask(emulator, "POST", "faults", body)
        assert (status, answer["error"]["code"]) == expected
        assert words in answer["error"]["message"]
        assert emulator.faults.as_json() == []


async def test_a_connect_is_before_any_session() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        session = wire.seen[0]["session"]["id"]
        fault = {"on": "connect", "do": "close", "session": session}
        assert await code(emulator, "POST", "faults", fault) == (400, "invalid_fault")


async def test_there_is_an_end_to_the_faults() -> None:
    async with emulating() as emulator, aiohttp.ClientSession() as http:
        url = f"{emulator.endpoint}/emulator/faults"
        for _ in range(100):
            async with http.post(url, json=FAULT) as response:
                assert response.status == 201
        async with http.post(url, json=FAULT) as response:
            assert response.status == 409
            assert (await response.json())["error"]["code"] == "too_many_faults"


async def test_what_is_not_there_cannot_be_removed_or_closed() -> None:
    async with emulating(QUICK, Limits(control_bytes=100)) as emulator:
        assert await code(emulator, "DELETE", "faults/none") == (404, "no_fault")
        assert await code(emulator, "POST", "sessions/none/close", {}) == (404, "no_session")
        long = {"reason": "x" * 200}
        assert await code(emulator, "POST", "sessions/none/close", long) == (413, "too_large")
        for body in ({"code": 1005}, {"code": 999}, {"code": "1000"}, {"reason": 5}):
            assert await code(emulator, "POST", "sessions/none/close", body) == (
                400,
                "invalid_close",
            )


async def test_limits_and_reset_without_a_body() -> None:
    async with emulating() as emulator:
        _, limits = await ask(emulator, "GET", "limits")
        assert limits["avatars"] == {"limit": None, "used": 0}
        status, answer = await ask(emulator, "POST", "reset", b"")
        assert (status, answer) == (200, {"reset": True})
