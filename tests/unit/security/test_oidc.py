"""The provider's side of a login, without HTTP: what is asked for, and how often."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey

from kiosk.security.oidc import Provider
from kiosk.security.provided import Asked, ProviderError
from kiosk.settings.oidc import OidcSettings
from tests.unit.storage.keeping import ManualClock

ISSUER = "https://login.example/v2.0"
KEY = RSAKey.generate_key(2048, {"kid": "k"})


class Published:
    """What a provider publishes, and how often it was asked for."""

    def __init__(self, **changed: Any) -> None:
        self.metadata: Any = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        } | changed
        self.keys: Any = {"keys": [KEY.as_dict(private=False)]}
        self.asked: list[str] = []

    async def __call__(
        self, url: str, fields: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> Asked:
        self.asked.append(url.removeprefix(ISSUER))
        found = self.keys if url.endswith("/keys") else self.metadata
        return Asked(200, json.dumps(found).encode())


def provider(published: Published, clock: ManualClock | None = None) -> Provider:
    settings = OidcSettings(issuer=ISSUER, client_id="us", keys_s=600)
    return Provider(settings, clock or ManualClock(), published, None)


async def test_a_login_begins_with_everything_that_binds_it() -> None:
    begun = await provider(Published()).begin("https://kiosk.example/back")
    query = parse_qs(urlsplit(begun.url).query)
    assert query["response_type"] == ["code"]
    assert query["client_id"] == ["us"]
    assert query["scope"] == ["openid profile email"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["state"] == [begun.remembered["state"]]
    assert query["nonce"] == [begun.remembered["nonce"]]
    assert begun.remembered["verifier"] not in begun.url
    assert "prompt" not in query
    again = await provider(Published()).begin("https://kiosk.example/back", prove=True)
    query = parse_qs(urlsplit(again.url).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])


async def test_what_is_published_is_asked_for_once_by_many_and_again_when_old() -> None:
    clock, published = ManualClock(), Published()
    known = provider(published, clock)
    await asyncio.gather(*(known.begin("https://kiosk.example/back") for _ in range(5)))
    assert published.asked == ["/.well-known/openid-configuration", "/keys"]
    clock.advance(599)
    await known.begin("https://kiosk.example/back")
    assert len(published.asked) == 2
    clock.advance(1)
    await known.begin("https://kiosk.example/back")
    assert len(published.asked) == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://login.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": ["x"]},
    ],
)
async def test_a_provider_that_publishes_nonsense_is_not_used(changed: dict[str, Any]) -> None:
    with pytest.raises(ProviderError):
        await provider(Published(**changed)).begin("https://kiosk.example/back")


@pytest.mark.parametrize("keys", [[], {"keys": 3}, {"keys": [{"kty": "?"}]}, {}])
async def test_keys_that_are_none_are_refused(keys: Any) -> None:
    published = Published()
    published.keys = keys
    with pytest.raises(ProviderError):
        await provider(published).begin("https://kiosk.example/back")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a" * 70_000, "e30.e30.", "....", "é.é.é"])
async def test_a_token_that_is_none_is_refused(token: str) -> None:
    with pytest.raises(ProviderError, match="could not be believed"):
        await provider(Published()).logged_out(token)


async def test_logging_out_there_needs_an_address_for_it() -> None:
    assert await provider(Published()).end_session_url("https://kiosk.example/") is None
    known = provider(Published(end_session_endpoint=f"{ISSUER}/out?a=b"))
    url = await known.end_session_url("https://kiosk.example/x")
    assert url is not None
    assert url.startswith(f"{ISSUER}/out?a=b&client_id=us&post_logout_redirect_uri=https%3A")
