"""Credentials, rates and caps as the real SDK meets them, with the clock running faster."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from azure.ai.voicelive import models as sdk
from azure.core.credentials import AzureKeyCredential

from kiosk.clock import SystemClock
from kiosk.emulator.speech.engines import Engines
from tests.contract.limiting import Client, Token, emulating, refused, talking, until
from tests.unit.emulator.emulating import Browser

AGENT = {"agent_name": "guide", "project_name": "museum"}
SMALL = sdk.VideoParams(resolution=sdk.VideoResolution(width=320, height=180))


def jwt(**claims: Any) -> str:
    """Return a JSON Web Token with a signature nobody checks."""

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.c2ln"


SOON = SystemClock().now().timestamp() + 600


@pytest.mark.parametrize(
    ("service", "credential", "query", "status"),
    [
        ({"api_keys": ["right"]}, AzureKeyCredential("wrong"), {}, 401),
        ({"accepts": ["bearer"]}, AzureKeyCredential("any"), {}, 403),
        ({"accepts": ["api_key"]}, Token("abc"), {}, 401),
        ({"bearer_tokens": ["right"]}, Token("wrong"), {}, 401),
        ({"bearer_form": "jwt"}, Token("abc"), {}, 401),
        ({"bearer_form": "jwt"}, Token(jwt(exp=1)), {}, 401),
        ({"agents_demand_bearer": True}, AzureKeyCredential("any"), AGENT, 401),
        (
            {"agents_demand_bearer": True, "agents_key_status": 403},
            AzureKeyCredential("any"),
            AGENT,
            403,
        ),
    ],
)
async def test_credentials_that_do_not_open(
    engines: Engines, service: dict[str, Any], credential: Any, query: dict[str, str], status: int
) -> None:
    async with emulating(engines, service=service) as emulator:
        assert (await refused(emulator, credential, **query)).status == status
        assert emulator.journal() == []


@pytest.mark.parametrize(
    ("service", "credential", "query"),
    [
        ({"api_keys": ["right", "other"]}, AzureKeyCredential("other"), {}),
        ({"api_keys": ["right"]}, Token("any.token"), {}),
        ({"accepts": ["bearer"], "bearer_tokens": ["right"]}, Token("right"), {}),
        ({"bearer_form": "jwt"}, Token(jwt(exp=SOON, aud="https://ai.azure.com")), {}),
        ({"agents_demand_bearer": True}, Token("abc"), AGENT),
        ({"agents_demand_bearer": True}, AzureKeyCredential("any"), {}),
    ],
)
async def test_credentials_that_open(
    engines: Engines, service: dict[str, Any], credential: Any, query: dict[str, str]
) -> None:
    async with (
        emulating(engines, service=service) as emulator,
        talking(emulator, credential, **query) as client,
    ):
        assert client.kinds() == ["session.created"]


async def test_an_agent_keeps_its_instructions(engines: Engines) -> None:
    async with emulating(engines) as emulator, talking(emulator, Token("abc"), **AGENT) as client:
        await client.connection.session.update(session={"instructions": "Mine."})
        error = (await client.until("error")).error
        assert error.code == "instructions_configuration_not_supported"


async def test_new_connections_have_a_rate(engines: Engines) -> None:
    service = {"connections_per_minute": 2, "time_scale": 60}
    async with emulating(engines, service=service) as emulator:
        for _ in range(2):
            async with talking(emulator):
                pass
        error = await refused(emulator)
        assert error.status == 429
        assert error.headers is not None
        wait = int(error.headers["Retry-After"])
        assert wait == 1
        await SystemClock().sleep(wait)
        async with talking(emulator):
            pass


async def configure_avatar(client: Client, **avatar: Any) -> None:
    await client.connection.session.update(
        session=sdk.RequestSession(
            avatar=sdk.AvatarConfig(character="max", customized=False, video=SMALL, **avatar)
        )
    )
    await client.until("session.updated")


async def start_avatar(client: Client) -> Browser:
    """Configure and connect an avatar; fails on an error."""
    await configure_avatar(client)
    browser = Browser()
    await client.connection.send(
        sdk.ClientEventSessionAvatarConnect(client_sdp=await browser.offer())
    )
    connecting = await client.until("session.avatar.connecting")
    await browser.take(connecting.server_sdp)
    return browser


async def avatar_refused(client: Client) -> Any:
    """Return the error that an avatar is refused with."""
    await configure_avatar(client)
    browser = Browser()
    offer = await browser.offer()
    await client.connection.send(
        sdk.ClientEventSessionAvatarConnect(client_sdp=offer, event_id="mine")
    )
    error = (await client.until("error")).error
    await browser.connection.close()
    assert error.event_id == "mine"
    return error


async def test_avatar_starts_have_a_rate_that_closing_does_not_refund(engines: Engines) -> None:
    service = {"avatar_starts_per_minute": 1, "time_scale": 30}
    async with emulating(engines, service=service) as emulator:
        async with talking(emulator) as client:
            began = time.monotonic()
            browser = await start_avatar(client)
            await browser.connection.close()
        async with talking(emulator) as client:
            error = await avatar_refused(client)
            left = 2.0 - (time.monotonic() - began)
            assert error.code == "rate_limit_exceeded"
            said = error.message.removeprefix("Avatar request was rate-limited. Retry after ")
            assert said.endswith("s.")
            wait = float(said.removesuffix("s."))
            assert left - 0.2 <= wait <= 2.0
            # What it says is true: after that time there is room.
            await SystemClock().sleep(wait)
            browser = await start_avatar(client)
            await browser.connection.close()
            assert emulator.quotas.as_json()["avatar_starts"]["used"] == 1


async def test_so_many_avatars_at_once(engines: Engines) -> None:
    async with (
        emulating(engines, service={"concurrent_avatars": 1}) as emulator,
        talking(emulator) as one,
        talking(emulator) as other,
    ):
        browser = await start_avatar(one)
        assert (await avatar_refused(other)).code == "avatar_service_resource_exhausted"
        # A browser that goes away makes room, without a word of its session's.
        await browser.connection.close()
        await until(lambda: emulator.quotas.as_json()["avatars"]["used"] == 0)
        second = await start_avatar(other)
        await second.connection.close()


async def test_an_avatar_over_the_websocket_counts_too(engines: Engines) -> None:
    service = {"avatar_starts_per_minute": 1}
    async with emulating(engines, service=service) as emulator:
        async with talking(emulator) as client:
            await configure_avatar(client, output_protocol="websocket")
            await client.until("response.video.delta")
        async with talking(emulator) as client:
            await configure_avatar(client, output_protocol="websocket")
            assert (await client.until("error")).error.code == "rate_limit_exceeded"


@pytest.mark.parametrize("how", ["close_peer", "close_socket", "error"])
async def test_an_idle_avatar_is_cut(engines: Engines, how: str) -> None:
    service = {"avatar_idle_seconds": 300, "time_scale": 600, "on_avatar_idle": how}
    async with emulating(engines, service=service) as emulator, talking(emulator) as client:
        browser = await start_avatar(client)
        if how == "close_socket":
            assert await client.closed() == 1000
        else:
            if how == "error":
                error = (await client.until("error")).error
                assert error.code == "avatar_timeout"
                assert "idle for 300 seconds" in error.message
            await until(lambda: browser.connection.connectionState in ("closed", "failed"))
            await client.ask()
            await client.until("response.done")
            assert ("error" in client.kinds()) == (how == "error")
        await browser.connection.close()


async def test_a_speaking_avatar_is_cut_later(engines: Engines) -> None:
    service = {
        "avatar_idle_seconds": 300,
        "avatar_speaking_seconds": 900,
        "time_scale": 600,
        "on_avatar_speaking": "error",
    }
    async with emulating(engines, service=service) as emulator, talking(emulator) as client:
        browser = await start_avatar(client)
        began = time.monotonic()
        item = sdk.AssistantMessageItem(
            content=[sdk.OutputTextContentPart(text="One two three four five six seven. " * 4)]
        )
        await client.connection.response.create(
            response=sdk.ResponseCreateParams(pre_generated_assistant_message=item)
        )
        error = (await client.until("error")).error
        assert error.message == "The avatar was connected for 900 seconds."
        assert time.monotonic() - began > 1.0
        await browser.connection.close()


async def test_a_session_has_an_end_that_it_tells(engines: Engines) -> None:
    service = {"session_seconds": 3_600, "time_scale": 3_600}
    async with emulating(engines, service=service) as emulator, talking(emulator) as client:
        expires = client.seen[0]["session"]["expires_at"]
        assert 0 <= expires - (SystemClock().now().timestamp() - 1) <= 3
        error = (await client.until("error")).error
        assert (error.code, error.message) == (
            "session_expired",
            "Your session hit the maximum duration of 60 minutes.",
        )
        assert await client.closed() == 1000


async def test_tokens_have_a_rate_of_their_own(engines: Engines) -> None:
    service = {"tokens_per_minute": 20, "time_scale": 60, "rate_limits_event": True}
    async with emulating(engines, service=service) as emulator, talking(emulator) as client:
        await client.ask()
        limits = await client.until("rate_limits.updated")
        assert limits["rate_limits"][0]["limit"] == 20
        assert (await client.until("response.done")).response.status == "completed"
        await client.ask()
        second = (await client.until("response.done")).response
        assert second.status == "failed"
        assert second.status_details["error"]["code"] == "rate_limit_exceeded"
        assert "Please try again in" in second.status_details["error"]["message"]
        await SystemClock().sleep(1.05)
        await client.ask()
        assert (await client.until("response.done")).response.status == "completed"
