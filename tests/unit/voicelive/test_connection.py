"""Tests of the upstream socket: what the SDK hides is told, what it leaks is closed."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError
from typing_extensions import override

from kiosk.emulator.scenario.faults import Fault
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.scenario.service import Service
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import UpstreamError
from kiosk.settings.upstream import UpstreamSettings
from kiosk.voicelive.connection import MAX_BAD_FRAMES, Connection
from tests.unit.voicelive.service import KEY, connected, serving, silent, upstream


class Token(AsyncTokenCredential):
    """A credential as azure-identity makes them, with a fixed token or none."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.scopes: tuple[str, ...] = ()

    @override
    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        del options
        self.scopes = scopes
        if self.token is None:
            raise ClientAuthenticationError("nobody is signed in")
        return AccessToken(self.token, 2_000_000_000)

    @override
    async def close(self) -> None:
        """Nothing to close."""

    @override
    async def __aexit__(self, *_: object) -> None:
        """Nothing to leave."""


async def refused(settings: UpstreamSettings, credential: Any = KEY) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await Connection.open(settings, credential)
    return caught.value


def open_sessions() -> int:
    return sum(type(o) is aiohttp.ClientSession and not o.closed for o in gc.get_objects())


# ── the handshake ────────────────────────────────────────────────────────────────────────────


async def test_it_connects_to_the_emulator_with_the_key_and_receives(engines: Engines) -> None:
    scenario = Scenario(service=Service(api_keys=("right",)))
    async with EmulatorServer(scenario=scenario, engines=engines) as emulator:
        line = await Connection.open(upstream(emulator.endpoint), AzureKeyCredential("right"))
        assert (await line.receive())["type"] == "session.created"
        await line.aclose()


async def test_a_wrong_key_is_unauthorized_and_trying_again_is_no_use(engines: Engines) -> None:
    scenario = Scenario(service=Service(api_keys=("right",)))
    async with EmulatorServer(scenario=scenario, engines=engines) as emulator:
        error = await refused(upstream(emulator.endpoint), AzureKeyCredential("wrong"))
    assert (error.code, error.status, error.retryable) == ("unauthorized", 401, False)
    assert "credential" in str(error)
    assert "wrong" not in str(error)


async def test_a_key_where_keys_are_disabled_is_forbidden(engines: Engines) -> None:
    scenario = Scenario(service=Service(accepts=("bearer",)))
    async with EmulatorServer(scenario=scenario, engines=engines) as emulator:
        error = await refused(upstream(emulator.endpoint), AzureKeyCredential("any"))
    assert (error.code, error.status, error.retryable) == ("forbidden", 403, False)


async def test_an_emulators_refusal_keeps_its_wait(engines: Engines) -> None:
    fault = Fault(on="connect", do="refuse", status=429, retry_after=7)
    scenario = Scenario(faults=(fault,))
    async with EmulatorServer(scenario=scenario, engines=engines) as emulator:
        error = await refused(upstream(emulator.endpoint))
    assert (error.code, error.retryable, error.retry_after) == ("rate_limited", True, 7.0)


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, "refused", False),
        (404, "refused", False),
        (429, "rate_limited", True),
        (500, "refused", True),
        (503, "refused", True),
    ],
)
async def test_each_refusal_says_whether_trying_again_helps(
    status: int, code: str, retryable: bool
) -> None:
    async with serving() as service:
        service.refusals.append(web.Response(status=status))
        error = await refused(upstream(service.endpoint))
    assert (error.code, error.status, error.retryable) == (code, status, retryable)
    assert str(status) in str(error)
    assert error.retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("1.5", 1.5), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("soon", None), ("", None)],
)
async def test_retry_after_is_taken_when_it_is_a_number(header: str, seconds: float | None) -> None:
    async with serving() as service:
        service.refusals.append(web.Response(status=429, headers={"Retry-After": header}))
        error = await refused(upstream(service.endpoint))
    assert error.retry_after == seconds


async def test_a_redirect_is_refused_before_the_key_travels_on() -> None:
    async with serving() as elsewhere, serving() as service:
        address = f"{elsewhere.endpoint}/voice-live/realtime"
        service.refusals.append(web.Response(status=302, headers={"Location": address}))
        error = await refused(upstream(service.endpoint))
        assert elsewhere.handshakes == 0
    assert error.code in {"refused", "unreachable"}


async def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    error = await refused(upstream(f"http://127.0.0.1:{port}"))
    assert (error.code, error.retryable, error.status) == ("unreachable", True, None)


async def test_a_handshake_without_an_answer_has_an_end_and_leaves_no_session_open() -> None:
    before = open_sessions()
    async with serving() as service:
        service.hang = True
        error = await refused(upstream(service.endpoint, handshake_timeout_s=0.1))
        assert open_sessions() == before
    assert (error.code, error.retryable) == ("timeout", True)
    assert "0.1 s" in str(error)


async def test_a_cancelled_handshake_leaves_no_session_open() -> None:
    before = open_sessions()
    async with serving() as service:
        service.hang = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await Connection.open(upstream(service.endpoint), KEY)
        assert open_sessions() == before


async def test_no_credential_at_all_is_one_sentence_with_the_fix() -> None:
    async with serving() as service:
        settings = UpstreamSettings(endpoint=service.endpoint)
        error = await refused(settings, Token(None))
        assert service.handshakes == 0
    assert (error.code, error.retryable) == ("unauthorized", False)
    assert "AZURE_VOICELIVE_API_KEY" in str(error)


async def test_model_key_and_version_travel_where_the_service_reads_them() -> None:
    async with (
        serving() as service,
        connected(service, model="gpt-4o", api_version="2026-01-01-preview") as (_, line),
    ):
        query = line.request.query
        assert (query["model"], query["api-version"]) == ("gpt-4o", "2026-01-01-preview")
        assert line.request.headers["api-key"] == "a key"


async def test_an_agent_is_named_instead_of_a_model_and_the_scope_is_ours() -> None:
    async with serving() as service:
        settings = UpstreamSettings(
            endpoint=service.endpoint,
            credential_scope="https://scope.example/.default",
            agent={"name": "host", "project": "museum", "version": "3"},
        )
        credential = Token("a token")
        connection = await Connection.open(settings, credential)
        query = (await service.line()).request.query
        await connection.aclose()
    assert "model" not in query
    assert (query["agent-name"], query["agent-project-name"]) == ("host", "museum")
    assert query["agent-version"] == "3"
    assert credential.scopes == ("https://scope.example/.default",)


# ── sending ──────────────────────────────────────────────────────────────────────────────────


async def test_every_event_is_stamped_with_an_id_of_its_own() -> None:
    async with serving(silent) as service, connected(service) as (connection, line):
        ids = [await connection.send({"type": "response.cancel"}) for _ in range(3)]
        got = [(await line.next("response.cancel"))["event_id"] for _ in range(3)]
    assert ids == got
    assert len(set(ids)) == 3


async def test_sending_on_a_lost_line_is_an_upstream_error() -> None:
    async with serving(silent) as service, connected(service) as (connection, line):
        line.reset()
        with pytest.raises(UpstreamError):
            await connection.receive()
        with pytest.raises(UpstreamError) as caught:
            await connection.send({"type": "response.cancel"})
    assert (caught.value.code, caught.value.retryable) == ("closed", True)


# ── receiving ────────────────────────────────────────────────────────────────────────────────


async def test_unknown_events_come_through_with_their_fields() -> None:
    async with serving(silent) as service, connected(service) as (connection, line):
        await line.send("rate_limits.updated", rate_limits=[{"name": "tokens"}])
        event = await connection.receive()
    assert event["type"] == "rate_limits.updated"
    assert event.get("rate_limits") == [{"name": "tokens"}]


@pytest.mark.parametrize("bad", ["{", "no JSON", "[1, 2]", '"text"', "null", "7", "true"])
async def test_an_unreadable_frame_is_skipped_and_the_next_event_arrives(bad: str) -> None:
    async with serving(silent) as service, connected(service) as (connection, line):
        await line.send_text(bad)
        await line.send("session.created", session={})
        assert (await connection.receive())["type"] == "session.created"


async def test_ice_urls_as_a_string_stay_readable() -> None:
    """The SDK's typed attribute makes a generator object of them."""
    session = {"avatar": {"ice_servers": [{"urls": "turn:relay.example"}]}}
    async with serving(silent) as service, connected(service) as (connection, line):
        await line.send("session.updated", session=session)
        event = await connection.receive()
    assert event["session"]["avatar"]["ice_servers"][0]["urls"] == "turn:relay.example"


async def test_nothing_but_unreadable_frames_counts_as_a_lost_line() -> None:
    async with serving(silent) as service, connected(service) as (connection, line):
        for _ in range(MAX_BAD_FRAMES):
            await line.send_text("[]")
        with pytest.raises(UpstreamError) as caught:
            await connection.receive()
    assert caught.value.code == "closed"


async def test_bad_frames_are_counted_anew_after_a_good_one() -> None:
    async with serving(silent) as service, connected(service) as (connection, line):
        for _ in range(2):
            for _ in range(MAX_BAD_FRAMES - 1):
                await line.send_text("[]")
            await line.send("session.created", session={})
        for _ in range(2):
            assert (await connection.receive())["type"] == "session.created"


@pytest.mark.parametrize("code", [1000, 1011, 4001])
async def test_the_true_close_code_is_told(code: int) -> None:
    async with serving(silent) as service, connected(service) as (connection, line):
        await line.close(code)
        for _ in range(2):
            with pytest.raises(UpstreamError) as caught:
                await connection.receive()
            assert caught.value.code == "closed"
            assert str(code) in str(caught.value)


async def test_a_reset_is_not_taken_for_a_clean_close() -> None:
    async with serving(silent) as service, connected(service) as (connection, line):
        line.reset()
        with pytest.raises(UpstreamError) as caught:
            await connection.receive()
    assert "1006" in str(caught.value)
    assert "1000" not in str(caught.value)


async def test_an_event_that_is_too_large_ends_the_line() -> None:
    async with (
        serving(silent) as service,
        connected(service, max_message_bytes=65_536) as (connection, line),
    ):
        await line.send("response.audio.delta", delta="A" * 100_000)
        with pytest.raises(UpstreamError) as caught:
            await connection.receive()
    assert "1009" in str(caught.value)


async def test_closing_wakes_the_reader_and_may_be_repeated() -> None:
    async with serving(silent) as service, connected(service) as (connection, line):

        async def read() -> UpstreamError:
            with pytest.raises(UpstreamError) as caught:
                await connection.receive()
            return caught.value

        async with asyncio.TaskGroup() as group, asyncio.timeout(20):
            reader = group.create_task(read(), name="reader")
            await line.send("session.created", session={})
            group.create_task(connection.aclose(), name="close")
        await connection.aclose()
        await asyncio.wait_for(line.closed.wait(), 5)
    assert reader.result().code == "closed"


async def test_no_words_and_no_credentials_are_logged_by_default(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from kiosk import log

    with caplog.at_level(logging.DEBUG):
        log.quiet_libraries()
        async with serving(silent) as service, connected(service) as (connection, line):
            ice = [{"urls": ["turn:x"], "username": "u", "credential": "hidden-credential"}]
            await line.send("session.updated", session={"avatar": {"ice_servers": ice}})
            await line.send_text('{"spoken words')
            await line.send("response.text.done", text="spoken words")
            await connection.receive()
            await connection.receive()
    assert "hidden-credential" not in caplog.text
    assert "spoken words" not in caplog.text
    assert "a key" not in caplog.text
