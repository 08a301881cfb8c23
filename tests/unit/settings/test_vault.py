"""A key vault's secrets become settings; what cannot be read is one sentence."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from azure.core.credentials import AccessToken
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.clock import SystemClock
from kiosk.errors import SettingsError
from kiosk.settings import load_settings
from kiosk.settings.vault import MOST, vault_settings

TOKEN = "token-of-the-machine"
Read = Callable[[], dict[str, Any]]


class Credential:
    """An identity whose token the stand-in knows."""

    def get_token(self, *_scopes: str, **_more: Any) -> AccessToken:
        return AccessToken(TOKEN, int(SystemClock().now().timestamp()) + 3600)


def certificate(folder: Path) -> Path:
    """Write a certificate of 127.0.0.1 with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "vault.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@dataclass
class Served:
    """Where a vault is, and the file with the certificate it shows."""

    pem: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def read(self) -> dict[str, Any]:
        """Read it as a server does, but with a credential of the test's own."""
        return vault_settings(
            self.url,
            credential=Credential(),
            verify_challenge_resource=False,
            connection_verify=str(self.pem),
        )


@asynccontextmanager
async def vault(
    folder: Path, secrets: Mapping[str, str | None], *, refuses: bool = False
) -> AsyncIterator[Read]:
    """Serve secrets and give the function that reads them."""
    async with serving(folder, secrets, refuses=refuses) as served:
        yield served.read


@asynccontextmanager
async def serving(
    folder: Path, secrets: Mapping[str, str | None], *, refuses: bool = False
) -> AsyncIterator[Served]:
    """Serve secrets as Key Vault's REST interface does, as its SDK expects; None: disabled.

    Beside it, without TLS as in Azure, is what gives this machine's identity a token.
    """
    served = Served(await asyncio.to_thread(certificate, folder))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(served.pem)

    async def answer(request: web.Request) -> web.Response:
        served.asked.append(request.path)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            # The SDK wants the vault to be below the resource's name.
            resource = served.url.replace("127.0.", "")
            challenge = f'Bearer authorization="https://login/tenant", resource="{resource}"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        if refuses:
            error = {"error": {"code": "Forbidden", "message": "no list permission"}}
            return web.json_response(error, status=403)
        name = request.match_info.get("name")
        if name is None:
            items = [
                {"id": f"{served.url}/secrets/{key}", "attributes": {"enabled": value is not None}}
                for key, value in secrets.items()
            ]
            return web.json_response({"value": items, "nextLink": None})
        return web.json_response({"id": f"{served.url}/secrets/{name}/1", "value": secrets[name]})

    app = web.Application()
    app.router.add_get("/secrets", answer)
    app.router.add_get("/secrets/{name}/{version:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        served.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        yield served
    finally:
        await runner.cleanup()


@asynccontextmanager
async def machine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Be a machine in Azure: a service beside it gives its identity a token."""

    async def token(request: web.Request) -> web.Response:
        over = int(SystemClock().now().timestamp()) + 3600
        given = {"access_token": TOKEN, "expires_on": str(over), "token_type": "Bearer"}
        return web.json_response(given | {"resource": request.query["resource"]})

    app = web.Application()
    app.router.add_get("/token", token)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{port}/token")
        monkeypatch.setenv("IDENTITY_HEADER", "of-this-machine")
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
        yield
    finally:
        await runner.cleanup()


async def test_names_become_tables_and_keys(tmp_path: Path) -> None:
    secrets = {
        "kiosk--upstream--api-key": "k" * 40,
        "KIOSK--operators--oidc--client-secret": "s",
        "kiosk--plugins--far--token": None,
        "of-another-program": "x",
    }
    async with vault(tmp_path, secrets) as read:
        assert await asyncio.to_thread(read) == {
            "upstream": {"api_key": "k" * 40},
            "operators": {"oidc": {"client_secret": "s"}},
        }


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"kiosk--": "x"}, "names no setting"),
        ({"kiosk----key": "x"}, "names no setting"),
        ({"kiosk--a": "x", "kiosk--a--b": "y"}, "kiosk--a--b is inside of another"),
        ({"kiosk--a--b": "y", "kiosk--a": "x"}, "kiosk--a is a table of others"),
        ({f"kiosk--a--k{number}": "x" for number in range(MOST + 1)}, "more than 200"),
    ],
)
async def test_names_that_fit_nothing_are_told(
    tmp_path: Path, secrets: dict[str, str | None], said: str
) -> None:
    async with vault(tmp_path, secrets) as read:
        with pytest.raises(SettingsError, match=said):
            await asyncio.to_thread(read)


async def test_a_vault_that_lets_nobody_in_is_one_sentence(tmp_path: Path) -> None:
    async with vault(tmp_path, {}, refuses=True) as read:
        with pytest.raises(SettingsError, match="may list and get secrets"):
            await asyncio.to_thread(read)


def test_an_address_that_is_none_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIOSK_KEY_VAULT", "museum-kiosk")
    with pytest.raises(SettingsError, match="KIOSK_KEY_VAULT is an address"):
        load_settings()


async def test_the_vault_stands_between_the_file_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = '[site]\nname = "of the file"\n[upstream]\nmodel = "of the file"\napi_key = "file"\n'
    (tmp_path / "kiosk.toml").write_text(
        lines + '[access]\nservice_pin = "1111"\n', encoding="utf-8"
    )
    (tmp_path / "pin").write_text("3333\n", encoding="utf-8")
    secrets: dict[str, str | None] = {
        "kiosk--upstream--api-key": "vault",
        "kiosk--upstream--model": "of the vault",
        "kiosk--access--service-pin": "2222",
    }
    async with serving(tmp_path, secrets) as served, machine(monkeypatch):
        monkeypatch.setenv("KIOSK_KEY_VAULT", served.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(served.pem))
        monkeypatch.setenv("KIOSK_UPSTREAM__MODEL", "of the environment")
        monkeypatch.setenv("KIOSK_ACCESS__SERVICE_PIN_FILE", "pin")
        settings = await asyncio.to_thread(load_settings)
    assert settings.site.name == "of the file"
    assert settings.upstream.api_key is not None
    assert settings.upstream.api_key.get_secret_value() == "vault"
    assert settings.upstream.model == "of the environment"
    assert settings.access.service_pin is not None
    assert settings.access.service_pin.get_secret_value() == "3333"


async def test_a_vault_whose_certificate_nobody_vouches_for_gets_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with serving(tmp_path, {"kiosk--site--name": "x"}) as served, machine(monkeypatch):
        monkeypatch.setenv("KIOSK_KEY_VAULT", served.url)
        with pytest.raises(SettingsError, match="was not read"):
            await asyncio.to_thread(load_settings)
        assert served.asked == []
