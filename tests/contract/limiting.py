"""What the contract tests of limits, faults and replay share: the SDK on an emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp
import pytest
from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.aio import ConnectionClosed, VoiceLiveConnection, connect
from azure.ai.voicelive.aio import ConnectionError as VoiceLiveConnectionError
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from typing_extensions import override

from kiosk.clock import SystemClock
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.wire.record import Recorder
from tests.unit.emulator.emulating import avatars, share_engines

PATIENCE_SECONDS = 20.0


class Listening(Protocol):
    """An emulator here or in a process of its own."""

    @property
    def endpoint(self) -> str: ...


class Token(AsyncTokenCredential):
    """A credential that has its token already."""

    def __init__(self, token: str) -> None:
        self.token = token

    @override
    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken(self.token, 2_000_000_000)

    @override
    async def close(self) -> None:
        return None

    @override
    async def __aexit__(self, *args: object) -> None:
        return None


class Client:
    """The SDK's connection with what arrived on it."""

    def __init__(self, connection: VoiceLiveConnection) -> None:
        self.connection = connection
        self.seen: list[sdk.ServerEvent] = []

    async def next(self) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            event = await self.connection.recv()
        self.seen.append(event)
        return event

    async def until(self, kind: str) -> Any:
        while True:
            event = await self.next()
            if event.type == kind:
                return event

    async def closed(self) -> int:
        """Read until the connection is closed and return the true code.

        The SDK reports some ends as 1000; the code is the socket's.
        """
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            pass
        code = self.connection._connection.close_code
        return code if code is not None else 1006

    async def ask(self, text: str = "Hello") -> None:
        item = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text=text)])
        await self.connection.conversation.item.create(item=item)
        await self.connection.response.create()

    def kinds(self) -> list[str]:
        return [str(getattr(event.type, "value", event.type)) for event in self.seen]


@asynccontextmanager
async def emulating(
    engines: Engines, recorder: Recorder | None = None, **scenario: Any
) -> AsyncIterator[EmulatorServer]:
    """Run an emulator with a scenario as its file would have it."""
    share_engines(engines)
    chosen = Scenario.model_validate({"generation_speed": 1000, **scenario})
    async with EmulatorServer(
        engines=engines, new_avatar=avatars(), scenario=chosen, recorder=recorder
    ) as emulator:
        yield emulator


@asynccontextmanager
async def talking(
    emulator: Listening, credential: Any = None, **query: Any
) -> AsyncIterator[Client]:
    """Connect the SDK and take `session.created`."""
    names = query or {"model": "gpt-realtime"}
    key = credential or AzureKeyCredential("any")
    async with connect(endpoint=emulator.endpoint, credential=key, **names) as connection:
        client = Client(connection)
        await client.until("session.created")
        yield client


async def refused(
    emulator: Listening, credential: Any = None, **query: Any
) -> aiohttp.WSServerHandshakeError:
    """Return the refused handshake of the SDK."""
    with pytest.raises(VoiceLiveConnectionError) as caught:
        async with talking(emulator, credential, **query):
            pass
    cause = caught.value.__cause__
    assert isinstance(cause, aiohttp.WSServerHandshakeError)
    return cause


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that no event of ours tells of."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await SystemClock().sleep(0.01)
