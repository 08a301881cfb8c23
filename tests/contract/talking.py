"""The SDK's connection to an emulator, and what arrived on it: for the contract tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.aio import VoiceLiveConnection, connect
from azure.core.credentials import AzureKeyCredential

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from tests.unit.emulator.emulating import QUICK, avatars, share_engines

PATIENCE_SECONDS = 20.0
Kind = sdk.ServerEventType


class Client:
    """The SDK's connection with what arrived on it."""

    def __init__(self, connection: VoiceLiveConnection) -> None:
        self.connection = connection
        # Of any model: what a test looks at is what the model has, or it fails.
        self.seen: list[Any] = []

    async def next(self) -> Any:
        """Return the next event."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            event = await self.connection.recv()
        self.seen.append(event)
        return event

    async def until(self, kind: str) -> Any:
        """Return the next event of a type."""
        while True:
            event = await self.next()
            if event.type == kind:
                return event

    async def item(self, kind: str) -> Any:
        """Return the next conversation item of a kind that is made."""
        while True:
            item = (await self.until(Kind.CONVERSATION_ITEM_CREATED)).item
            if item.type == kind:
                return item

    async def update(self, **session: Any) -> Any:
        """Configure the session and return what it is now."""
        await self.connection.session.update(session=sdk.RequestSession(**session))
        return (await self.until(Kind.SESSION_UPDATED)).session

    async def type(self, text: str) -> None:
        """Type something without asking for an answer."""
        item = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text=text)])
        await self.connection.conversation.item.create(item=item)

    async def ask(self, text: str, **params: Any) -> Any:
        """Type a question and return the finished response."""
        await self.type(text)
        return await self.respond(**params)

    async def respond(self, **params: Any) -> Any:
        """Ask for a response and return it finished."""
        response = sdk.ResponseCreateParams(**params) if params else None
        await self.connection.response.create(response=response)
        return (await self.until(Kind.RESPONSE_DONE)).response

    def kinds(self, since: int = 0) -> list[str]:
        """Return the types of what arrived, in order."""
        return [str(getattr(e.type, "value", e.type)) for e in self.seen[since:]]


@asynccontextmanager
async def talking(
    engines: Engines,
    scenario: Scenario = QUICK,
    *,
    limits: Limits | None = None,
    **target: Any,
) -> AsyncIterator[Client]:
    """Run an emulator and connect the SDK to it: a model, or `agent_name` and `project_name`."""
    share_engines(engines)
    async with (
        EmulatorServer(
            engines=engines, new_avatar=avatars(), scenario=scenario, limits=limits
        ) as emulator,
        connect(
            endpoint=emulator.endpoint,
            **{"credential": AzureKeyCredential("any"), "model": "gpt-realtime", **target},
        ) as connection,
    ):
        client = Client(connection)
        await client.until(Kind.SESSION_CREATED)
        yield client


def said(response: Any) -> list[str]:
    """Return what a finished response says, message by message."""
    return [
        " ".join(part.get("transcript") or part.get("text") or "" for part in item["content"])
        for item in response.output
        if item["type"] == "message"
    ]
