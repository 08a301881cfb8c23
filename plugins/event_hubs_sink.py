"""Sends finished turns to Azure Event Hubs; off until a hub is set.

Needs the extra `avatar-kiosk[azure-sinks]`; the SDK is imported only when a hub is set. Each turn
is one JSON event with `id` as its message id; a visit's turns share a partition key, so they stay
in order. The SDK retries nothing here: the outbox does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from typing_extensions import override

from kiosk import hookimpl
from kiosk.errors import StartupError
from kiosk.hooks.site import Site
from kiosk.hooks.specs import RegisterSettings, RegisterSink
from kiosk.model import EntriesRefused, TranscriptEntry, TranscriptSink

if TYPE_CHECKING:
    from azure.eventhub import EventData
    from azure.eventhub.aio import EventHubProducerClient

SEND_S: Final = 20
"""Longest wait for the hub to take a batch; shorter than the 30 s a sink's write may take."""


class HubRefusedError(Exception):
    """The hub does not let us in, or is not there. Mended by the operator."""


class HubUnreachableError(Exception):
    """No connection, or no answer in time."""


class HubSettings(BaseModel):
    """`[plugins.event_hubs_sink]`: a namespace and a hub, or a connection string.

    With `namespace` we prove ourselves by DefaultAzureCredential: a managed identity with the role
    Azure Event Hubs Data Sender. A connection string is a secret: keep it in a file, or in
    `KIOSK_PLUGINS__EVENT_HUBS_SINK__CONNECTION_STRING`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespace: str = Field(
        "", pattern=r"^([A-Za-z0-9.-]{1,200})?$", description="NAME.servicebus.windows.net"
    )
    hub: str = Field("", pattern=r"^[A-Za-z0-9._-]{0,256}$")
    connection_string: SecretStr | None = None
    connection_string_file: Path | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        keyed = self.connection_string is not None or self.connection_string_file is not None
        if self.connection_string is not None and self.connection_string_file is not None:
            raise ValueError("set either connection_string or connection_string_file")
        if keyed and self.namespace:
            raise ValueError("a connection string names its namespace: leave `namespace` out")
        if bool(self.hub) != (keyed or bool(self.namespace)):
            raise ValueError("set `hub`, and either namespace or a connection string")
        return self


class EventHubsSink(TranscriptSink):
    """Sends each visit's part of a batch, in order. An entry may be sent twice: `id` tells."""

    name = "event_hubs"

    def __init__(self, settings: HubSettings, secret: str) -> None:
        self._settings = settings
        self._secret = secret
        self._client: EventHubProducerClient | None = None
        self._stack = AsyncExitStack()

    @override
    async def aclose(self) -> None:
        """Close the connection and what it proved itself with."""
        self._client = None
        await self._stack.aclose()

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        """Send a batch; returns when the hub has it."""
        from azure.eventhub.exceptions import AuthenticationError, EventHubError

        try:
            client = await self._opened()
            for visit in dict.fromkeys(entry.visit_id for entry in batch):
                turns = [_event(entry) for entry in batch if entry.visit_id == visit]
                await self._send(client, visit, turns)
        except AuthenticationError as error:
            await self.aclose()
            raise HubRefusedError(type(error).__name__) from None
        except EventHubError as error:
            # A link that failed once is not trusted again: the next attempt has a new one.
            await self.aclose()
            raise HubUnreachableError(type(error).__name__) from None

    async def _send(
        self, client: EventHubProducerClient, visit: str, turns: Sequence[EventData]
    ) -> None:
        made = await client.create_batch(partition_key=visit)
        for turn in turns:
            try:
                made.add(turn)
            except ValueError:
                if not len(made):
                    raise EntriesRefused("larger than the hub takes") from None
                await client.send_batch(made, timeout=SEND_S)
                made = await client.create_batch(partition_key=visit)
                try:
                    made.add(turn)
                except ValueError:
                    raise EntriesRefused("larger than the hub takes") from None
        await client.send_batch(made, timeout=SEND_S)

    async def _opened(self) -> EventHubProducerClient:
        if self._client is None:
            self._client = await self._stack.enter_async_context(self._made())
        return self._client

    @asynccontextmanager
    async def _made(self) -> AsyncIterator[EventHubProducerClient]:
        from azure.eventhub.aio import EventHubProducerClient

        options: dict[str, Any] = {"retry_total": 0, "auth_timeout": SEND_S}
        if self._secret:
            async with EventHubProducerClient.from_connection_string(
                self._secret, eventhub_name=self._settings.hub, **options
            ) as client:
                yield client
            return
        from azure.identity.aio import DefaultAzureCredential

        async with (
            DefaultAzureCredential() as credential,
            EventHubProducerClient(
                self._settings.namespace, self._settings.hub, credential, **options
            ) as client,
        ):
            yield client


def _event(entry: TranscriptEntry) -> EventData:
    from azure.eventhub import EventData

    event = EventData(json.dumps(entry.as_json(), ensure_ascii=False))
    event.message_id = entry.id
    event.content_type = "application/json"
    return event


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Say which hub, and how to prove ourselves."""
    register(HubSettings)


@hookimpl
def register_transcript_sinks(register: RegisterSink, site: Site) -> None:
    """Offer the sink when a hub is set."""
    settings = site.settings(HubSettings)
    if not settings.hub:
        return
    try:
        from azure.eventhub import EventHubProducerClient
    except ImportError:
        raise StartupError(
            "plugin event_hubs_sink: the SDK is missing; install avatar-kiosk[azure-sinks]."
        ) from None
    secret = "" if settings.namespace else _connection_string(settings)
    if secret:
        try:
            EventHubProducerClient.from_connection_string(secret, eventhub_name=settings.hub)
        except ValueError:
            # Its message may quote the string.
            raise StartupError(
                "plugin event_hubs_sink: the connection string is not one of Event Hubs."
            ) from None
    register(EventHubsSink(settings, secret))


def _connection_string(settings: HubSettings) -> str:
    if settings.connection_string is not None:
        return settings.connection_string.get_secret_value()
    path = settings.connection_string_file
    assert path is not None  # the settings have checked it
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(
            f"plugin event_hubs_sink: connection_string_file {path} cannot be read "
            f"({type(error).__name__})."
        ) from None
