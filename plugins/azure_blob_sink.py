"""Appends finished turns to dated blobs in Azure Storage; off until a container is set.

Needs the extra `avatar-kiosk[azure-sinks]`; the SDK is imported only when a container is set. Each
kiosk has an append blob a day, JSON Lines, `PREFIX/2026-03-04/lobby.jsonl`. Limits are those of
https://learn.microsoft.com/rest/api/storageservices/append-block
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from typing_extensions import override

from kiosk import hookimpl
from kiosk.errors import StartupError
from kiosk.hooks.site import Site
from kiosk.hooks.specs import RegisterSettings, RegisterSink
from kiosk.model import SinkBusy, TranscriptEntry, TranscriptSink

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

MOST_BLOCKS: Final = 50_000
"""Blocks of an append blob; a further one is answered 409 BlockCountExceedsLimit."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Largest block of every version of the service; newer ones take 100 MiB."""
MOST_PARTS: Final = 1000
"""Blobs of one kiosk and day."""
ANSWER_S: Final = 20
"""Longest wait for an answer; shorter than the 30 s that a sink's write may take."""


class StorageRefusedError(Exception):
    """The service refused: no right to write, or no such container. Mended by the operator."""


class StorageUnreachableError(Exception):
    """The service did not answer, or with an error of its own."""


class BlobSettings(BaseModel):
    """`[plugins.azure_blob_sink]`: a container's address, or a connection string and a container.

    With `container_url` we prove ourselves by DefaultAzureCredential: a managed identity with the
    role Storage Blob Data Contributor. A connection string is a secret: keep it in a file, or in
    `KIOSK_PLUGINS__AZURE_BLOB_SINK__CONNECTION_STRING`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    container_url: str = Field("", description="https://ACCOUNT.blob.core.windows.net/CONTAINER")
    connection_string: SecretStr | None = None
    connection_string_file: Path | None = None
    container: str = Field("", pattern=r"^([a-z0-9](-?[a-z0-9]){2,62})?$")
    prefix: str = Field("transcripts", pattern=r"^[A-Za-z0-9_-]{1,80}$")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        keyed = self.connection_string is not None or self.connection_string_file is not None
        if keyed and (self.container_url or not self.container):
            raise ValueError("with a connection string set `container`, and no container_url")
        if self.connection_string is not None and self.connection_string_file is not None:
            raise ValueError("set either connection_string or connection_string_file")
        if self.container and not keyed:
            raise ValueError("container goes with a connection string; otherwise set container_url")
        parts = urlsplit(self.container_url)
        if self.container_url and (
            parts.scheme != "https" or len(parts.path.strip("/")) < 3 or parts.query
        ):
            raise ValueError("container_url is https://ACCOUNT…/CONTAINER, without a signature")
        return self

    @property
    def wanted(self) -> bool:
        """Whether there is anything to write to."""
        return bool(self.container_url or self.container)


class AzureBlobSink(TranscriptSink):
    """Appends each batch, in order, to one blob a kiosk and day, and goes on to `-2` when full.

    A batch whose answer was lost is appended twice; `id` tells the copies.
    """

    name = "azure_blob"

    def __init__(
        self, settings: BlobSettings, secret: str, site: Site, most_blocks: int = MOST_BLOCKS
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._site = site
        self._most_blocks = most_blocks
        self._parts: dict[str, int] = {}
        self._client: ContainerClient | None = None
        self._stack = AsyncExitStack()

    def limited(self, *, most_blocks: int) -> AzureBlobSink:
        """Return a sink that goes on to the next blob sooner."""
        return AzureBlobSink(self._settings, self._secret, self._site, most_blocks)

    @override
    async def aclose(self) -> None:
        """Close the SDK's client and what it proved itself with."""
        await self._stack.aclose()
        self._client = None

    async def _opened(self) -> ContainerClient:
        if self._client is None:
            self._client = await self._stack.enter_async_context(self._made())
        return self._client

    @asynccontextmanager
    async def _made(self) -> AsyncIterator[ContainerClient]:
        from azure.storage.blob.aio import ContainerClient

        # The outbox tries again, with its own pauses; a second layer would only hide failures.
        options: dict[str, Any] = {
            "retry_total": 0,
            "connection_timeout": ANSWER_S,
            "read_timeout": ANSWER_S,
        }
        if self._settings.container:
            async with ContainerClient.from_connection_string(
                self._secret, self._settings.container, **options
            ) as client:
                yield client
            return
        from azure.identity.aio import DefaultAzureCredential

        async with (
            DefaultAzureCredential() as credential,
            ContainerClient.from_container_url(
                self._settings.container_url, credential, **options
            ) as client,
        ):
            yield client

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        """Append a batch; returns when the service has it."""
        stems = [self._stem(entry) for entry in batch]
        for stem in dict.fromkeys(stems):
            lines = [
                json.dumps(entry.as_json(), ensure_ascii=False).encode() + b"\n"
                for entry, its_stem in zip(batch, stems, strict=True)
                if its_stem == stem
            ]
            for block in blocks(lines, MOST_BYTES):
                await self._append(stem, block)

    def _stem(self, entry: TranscriptEntry) -> str:
        day = entry.at.astimezone(self._site.zone)
        return f"{self._settings.prefix}/{day:%Y-%m-%d}/{entry.kiosk_id}"

    async def _append(self, stem: str, block: bytes) -> None:
        from azure.core.exceptions import AzureError, HttpResponseError

        for part in range(self._parts.get(stem, 1), MOST_PARTS):
            name = f"{stem}-{part}.jsonl" if part > 1 else f"{stem}.jsonl"
            try:
                count = await self._append_to(name, block)
            except HttpResponseError as error:
                raise _meaning(error) from None
            except AzureError as error:
                raise StorageUnreachableError(type(error).__name__) from None
            if count is not None:
                self._remember(stem, part if count < self._most_blocks else part + 1)
                return
        raise StorageRefusedError("too many blobs for one kiosk and day")

    def _remember(self, stem: str, part: int) -> None:
        # Of yesterday nothing needs to be known: a full blob says so itself.
        day = stem.rpartition("/")[0]
        self._parts = {key: value for key, value in self._parts.items() if key.startswith(day)}
        self._parts[stem] = part

    async def _append_to(self, name: str, block: bytes) -> int | None:
        """Append to one blob, made when it is not there; return its blocks, None when full."""
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError, ResourceExistsError

        blob = (await self._opened()).get_blob_client(name)
        for _ in range(2):
            try:
                answer = await blob.append_block(block)
                return int(str(answer["blob_committed_block_count"]))
            except HttpResponseError as error:
                if _code(error) == "BlockCountExceedsLimit":
                    return None
                if _code(error) != "BlobNotFound":
                    raise
            try:
                await blob.create_append_blob(match_condition=MatchConditions.IfMissing)
            except ResourceExistsError:
                pass  # another server of this site made it just now
        raise StorageRefusedError("the blob went away while it was written")


def blocks(lines: Sequence[bytes], limit: int) -> list[bytes]:
    """Return the lines joined to as few blocks of at most `limit` bytes as keep lines whole."""
    made: list[bytearray] = []
    for line in lines:
        if not made or len(made[-1]) + len(line) > limit:
            made.append(bytearray())
        made[-1] += line
    return [bytes(block) for block in made]


def _meaning(error: Exception) -> Exception:
    status = getattr(error, "status_code", None) or 0
    if status in {429, 503}:
        response = getattr(error, "response", None)
        seconds = response.headers.get("Retry-After", "") if response is not None else ""
        return SinkBusy(float(seconds)) if seconds.isdecimal() else SinkBusy(1)
    kind = StorageRefusedError if 400 <= status < 500 else StorageUnreachableError
    # Only the code: the text of the error has the account's address in it.
    return kind(f"HTTP {status} {_code(error)}".strip())


def _code(error: Exception) -> str:
    return str(getattr(error, "error_code", None) or "")


def _connection_string(settings: BlobSettings) -> str:
    if settings.connection_string is not None:
        return settings.connection_string.get_secret_value()
    path = settings.connection_string_file
    assert path is not None  # the settings have checked it
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(
            f"plugin azure_blob_sink: connection_string_file {path} cannot be read "
            f"({type(error).__name__})."
        ) from None


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Say which container, and how to prove ourselves."""
    register(BlobSettings)


@hookimpl
def register_transcript_sinks(register: RegisterSink, site: Site) -> None:
    """Offer the sink when a container is set."""
    settings = site.settings(BlobSettings)
    if not settings.wanted:
        return
    secret = _connection_string(settings) if settings.container else ""
    try:
        from azure.storage.blob import ContainerClient
    except ImportError:
        raise StartupError(
            "plugin azure_blob_sink: the SDK is missing; install avatar-kiosk[azure-sinks]."
        ) from None
    if secret:
        try:
            ContainerClient.from_connection_string(secret, settings.container).close()
        except ValueError:
            # Its message may quote the string.
            raise StartupError(
                "plugin azure_blob_sink: the connection string is not one of a storage account."
            ) from None
    register(AzureBlobSink(settings, secret, site))
