"""How we prove ourselves to Azure: a key, or DefaultAzureCredential; made once, closed once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from azure.core.credentials import AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential

from kiosk.settings.upstream import UpstreamSettings

Credential = AzureKeyCredential | AsyncTokenCredential


@asynccontextmanager
async def open_credential(settings: UpstreamSettings) -> AsyncIterator[Credential]:
    """Yield the credential of the whole application; it caches and refreshes its tokens."""
    if settings.api_key is not None:
        yield AzureKeyCredential(settings.api_key.get_secret_value())
        return
    # Imported here: it costs half a second, and a server with a key never needs it.
    from azure.identity.aio import DefaultAzureCredential

    credential = DefaultAzureCredential()
    try:
        yield credential
    finally:
        await credential.close()
