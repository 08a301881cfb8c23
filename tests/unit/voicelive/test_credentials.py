"""Tests of the credential: a key when there is one, else Azure's own chain, closed at the end."""

from __future__ import annotations

from azure.core.credentials import AzureKeyCredential
from azure.identity.aio import DefaultAzureCredential

from kiosk.settings.upstream import UpstreamSettings
from kiosk.voicelive.credentials import open_credential


async def test_a_key_is_used_as_it_is() -> None:
    async with open_credential(UpstreamSettings(api_key="secret")) as credential:
        assert isinstance(credential, AzureKeyCredential)
        assert credential.key == "secret"


async def test_without_a_key_azure_is_asked_who_we_are() -> None:
    async with open_credential(UpstreamSettings()) as credential:
        assert isinstance(credential, DefaultAzureCredential)
