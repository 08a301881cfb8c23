"""A provider of OpenID Connect, served by Authlib over real HTTP; it can be told to lie."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from aiohttp import web
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from kiosk.clock import Clock

CLIENT = "kiosk-at-museum"
SECRET = "the-client's-secret"


class Client(ClientMixin):  # type: ignore[misc] # Authlib has no types
    """The one client: this product."""

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/operator/oidc/callback")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Asked(OAuth2Request):  # type: ignore[misc] # Authlib has no types
    """A request as Authlib reads it."""

    def __init__(self, request: web.Request, values: dict[str, str]) -> None:
        super().__init__(request.method, str(request.url), headers=dict(request.headers))
        self.payload = BasicOAuth2Payload(values)

    @property
    def args(self) -> Any:
        return self.payload.data

    @property
    def form(self) -> Any:
        return self.payload.data


@dataclass
class Code:
    """A code and what it stands for."""

    code: str
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str
    nonce: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Person:
    """Who is logged in at the provider in this browser."""

    sub: str = "s-1"
    claims: dict[str, Any] = field(
        default_factory=lambda: {"preferred_username": "Dora@museum.example", "groups": ["staff"]}
    )

    def get_user_id(self) -> str:
        return self.sub


class Provider(AuthorizationServer):  # type: ignore[misc] # Authlib has no types
    """`lies` are claims put into the next ID tokens, `alg` how they are signed."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.issuer = ""
        self.person = Person()
        self.codes: dict[str, Code] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "first"})
        self.signs_with: RSAKey | OctKey = self.key
        self.alg = "RS256"
        self.lies: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.asked: list[str] = []
        self.userinfo: dict[str, Any] = {}
        self.up = True
        self.register_token_generator(
            "default", BearerTokenGenerator(lambda **_: "access", None, lambda *_: 60)
        )
        provider = self

        class Grant(AuthorizationCodeGrant):  # type: ignore[misc] # Authlib has no types
            TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic"]

            def save_authorization_code(self, code: str, request: OAuth2Request) -> Code:
                asked = request.payload.data
                provider.codes[code] = made = Code(
                    code,
                    asked["redirect_uri"],
                    asked["scope"],
                    asked["code_challenge"],
                    asked["code_challenge_method"],
                    asked["nonce"],
                )
                return made

            def query_authorization_code(self, code: str, client: Client) -> Code | None:
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code: Code) -> None:
                del provider.codes[authorization_code.code]

            def authenticate_user(self, authorization_code: Code) -> Person:
                provider.nonce = authorization_code.nonce
                return provider.person

        self.nonce = ""
        self.register_grant(Grant, [CodeChallenge(required=True)])

    # What Authlib asks of a framework.
    def query_client(self, client_id: str) -> Client | None:
        return Client() if client_id == CLIENT else None

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        pass

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        pass

    def create_oauth2_request(self, request: Any) -> Any:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> web.Response:
        text = json.dumps(body) if isinstance(body, dict) else str(body or "")
        return web.Response(status=status, text=text, headers=dict(headers))

    # Its addresses.
    async def discovery(self, request: web.Request) -> web.Response:
        self.asked.append("discovery")
        if not self.up:
            return web.Response(status=503)
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout",
        }
        return web.json_response(found | self.metadata)

    async def keys(self, request: web.Request) -> web.Response:
        self.asked.append("keys")
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request, dict(request.query))
        grant = self.get_consent_grant(asked, self.person)
        answer: web.Response = self.create_authorization_response(asked, self.person, grant)
        return answer

    async def token(self, request: web.Request) -> web.Response:
        asked = Asked(request, dict(parse_qsl(await request.text())))
        answer: web.Response = self.create_token_response(asked)
        if answer.status != 200:
            return answer
        told = json.loads(answer.text or "")
        return web.json_response(told | {"id_token": self.id_token()})

    async def user(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer access"
        return web.json_response(self.userinfo)

    def id_token(self, **more: Any) -> str:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.person.sub,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": self.nonce,
            **self.person.claims,
            **self.lies,
            **more,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.alg, "kid": self.signs_with.kid or "first"}
        if self.alg == "none":
            return _unsigned(header, claims)
        return jwt.encode(header, claims, self.signs_with, [self.alg])


def _unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    from base64 import urlsafe_b64encode

    parts = (urlsafe_b64encode(json.dumps(part).encode()) for part in (header, claims))
    return ".".join(part.decode().rstrip("=") for part in parts) + "."


@asynccontextmanager
async def provider(clock: Clock) -> AsyncIterator[Provider]:
    """Serve a provider on a free port."""
    made = Provider(clock)
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.discovery)
    app.router.add_get("/keys", made.keys)
    app.router.add_get("/authorize", made.authorize)
    app.router.add_post("/token", made.token)
    app.router.add_get("/userinfo", made.user)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()
