"""OpenID Connect as a relying party: code flow with PKCE, and ID tokens checked to the letter.

No HTTP in here: whoever makes a Provider gives it a way to fetch. Loaded only where there is one.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kiosk.clock import Clock
from kiosk.security.provided import Begun, Fetch, Provided, ProviderError
from kiosk.settings.oidc import OidcSettings

log = structlog.get_logger(__name__)

# Only keys that the provider alone has: with HS256 our own secret would sign, with none nobody.
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
)
REFETCH_S: Final = 60.0
"""How soon keys are asked for again because a token names one that is not known."""
MAX_TOKEN: Final = 65_536
"""Longest ID token, characters."""
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class _Known:
    metadata: Mapping[str, Any]
    keys: KeySet
    at: float


class Provider:
    """The site's provider. What it publishes is kept for `keys_s` and fetched once at a time."""

    def __init__(
        self, settings: OidcSettings, clock: Clock, fetch: Fetch, secret: str | None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._fetch = fetch
        self._secret = secret
        self._known: _Known | None = None
        self._one_at_a_time = asyncio.Lock()

    async def ask(self) -> int:
        """Return how many keys the provider publishes, after checking all a login needs of it."""
        return len((await self._current()).keys.keys)

    async def begin(self, redirect_uri: str, *, prove: bool = False) -> Begun:
        """Return where a login begins; with `prove` the provider must ask for a proof again."""
        metadata = (await self._current()).metadata
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        more = {"prompt": "login", "max_age": "0"} if prove else {}
        url = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self._settings.client_id,
            "code",
            redirect_uri,
            " ".join(self._settings.scopes),
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **more,
        )
        return Begun(
            url,
            {
                "state": state,
                "nonce": nonce,
                "verifier": verifier,
                "redirect_uri": redirect_uri,
                "at": self._clock.now().timestamp(),
                "prove": prove,
            },
        )

    async def finish(self, answer: Mapping[str, str], remembered: Mapping[str, Any]) -> Provided:
        """Take the provider's answer; raises ProviderError when it is not to be believed."""
        if not hmac.compare_digest(
            answer.get("state", "").encode(), str(remembered["state"]).encode()
        ):
            raise self._refused("state")
        if answer.get("iss", self._settings.issuer) != self._settings.issuer:
            raise self._refused("iss of the answer")
        if "error" in answer:
            log.warning("the provider let nobody in")
            raise ProviderError("The provider did not let you in; log in there and try again.")
        code = answer.get("code", "")
        if not code:
            raise self._refused("no code")
        tokens = await self._redeem(code, remembered)
        claims = await self._id_token(str(tokens.get("id_token", "")), remembered["nonce"])
        if remembered["prove"]:
            asked_at = claims.get("auth_time")
            fresh = float(remembered["at"]) - self._settings.leeway_s
            if not isinstance(asked_at, (int, float)) or asked_at < fresh:
                raise self._refused("auth_time")
        return await self._person(claims, str(tokens.get("access_token", "")))

    async def logged_out(self, token: str) -> str:
        """Return whom a back-channel logout token names; raises ProviderError."""
        claims = await self._claims(token)
        events = claims.get("events")
        if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims:
            raise self._refused("logout token")
        self._check(claims, essential=("iss", "aud", "iat", "exp", "sub"))
        return self.subject(str(claims["sub"]))

    async def end_session_url(self, back: str) -> str | None:
        """Return where a browser logs out at the provider, too; None when there is no such way."""
        endpoint = (await self._current()).metadata.get("end_session_endpoint")
        if not _usable(endpoint):
            return None
        query = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back}
        glue = "&" if urlsplit(str(endpoint)).query else "?"
        return f"{endpoint}{glue}{urlencode(query)}"

    def subject(self, sub: str) -> str:
        """Return how a person of this provider is known here."""
        return f"{self._settings.issuer} {sub}"

    async def _redeem(self, code: str, remembered: Mapping[str, Any]) -> Mapping[str, Any]:
        metadata = (await self._current()).metadata
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": str(remembered["redirect_uri"]),
            "code_verifier": str(remembered["verifier"]),
            "client_id": self._settings.client_id,
        }
        headers: dict[str, str] = {}
        if self._secret is not None:
            methods = metadata.get("token_endpoint_auth_methods_supported")
            if isinstance(methods, list) and "client_secret_post" in methods:
                form["client_secret"] = self._secret
            else:
                headers["Authorization"] = _basic(self._settings.client_id, self._secret)
        asked = await self._fetch(metadata["token_endpoint"], form, headers)
        if asked.status != 200:
            log.warning("the provider refused a code", status=asked.status)
            raise ProviderError("The provider refused this login; begin again.")
        return _object(asked.body)

    async def _id_token(self, token: str, nonce: str) -> Mapping[str, Any]:
        claims = await self._claims(token)
        self._check(claims, essential=("iss", "aud", "iat", "exp", "sub", "nonce"), nonce=nonce)
        return claims

    async def _claims(self, token: str) -> dict[str, Any]:
        """Return what a signed token says; its key is one of the provider's, nobody else's."""
        if not token or len(token) > MAX_TOKEN:
            raise self._refused("no token")
        known = await self._current()
        for again in (True, False):
            try:
                return dict(jwt.decode(token, known.keys, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError):
                # Perhaps of a key that is not known: the provider may have changed it just now.
                if not again:
                    break
                known = await self._current(newer_than=known)
            except Exception:  # noqa: BLE001 - a library that meets nonsense may raise anything
                break
        raise self._refused("signature")

    def _check(
        self, claims: Mapping[str, Any], *, essential: tuple[str, ...], nonce: str | None = None
    ) -> None:
        settings = self._settings
        options = {name: {"essential": True} for name in essential}
        options["iss"] = {"essential": True, "value": settings.issuer}  # type: ignore[dict-item] # as Authlib has it
        options["aud"] = {"essential": True, "value": settings.client_id}  # type: ignore[dict-item] # as Authlib has it
        params = {"client_id": settings.client_id, "nonce": nonce}
        token = CodeIDToken(dict(claims), {}, options, params)
        try:
            token.validate(int(self._clock.now().timestamp()), settings.leeway_s)
        except JoseError as error:
            raise self._refused(type(error).__name__) from None

    async def _person(self, claims: Mapping[str, Any], access_token: str) -> Provided:
        settings = self._settings
        if settings.groups_claim in (claims.get("_claim_names") or {}):
            raise ProviderError(
                "Your account is in more groups than the provider puts into a login; have it send "
                "only those that are assigned to this application."
            )
        wanted = (settings.name_claim, settings.groups_claim)
        if any(name not in claims for name in wanted) and access_token:
            claims = {**await self._userinfo(access_token, str(claims["sub"])), **claims}
        groups = claims.get(settings.groups_claim) or ()
        if isinstance(groups, str):
            groups = (groups,)
        if not isinstance(groups, (list, tuple)):
            raise self._refused("groups")
        asked_at = claims.get("auth_time")
        return Provided(
            self.subject(str(claims["sub"])),
            str(claims.get(settings.name_claim) or ""),
            # Only those that mean something here: the rest is not ours to keep.
            tuple(sorted({str(group) for group in groups} & set(settings.roles))),
            float(asked_at) if isinstance(asked_at, (int, float)) else None,
        )

    async def _userinfo(self, access_token: str, sub: str) -> Mapping[str, Any]:
        endpoint = (await self._current()).metadata.get("userinfo_endpoint")
        if not _usable(endpoint):
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        asked = await self._fetch(str(endpoint), None, headers)
        if asked.status != 200:
            return {}
        found = _object(asked.body)
        return found if found.get("sub") == sub else {}

    async def _current(self, *, newer_than: _Known | None = None) -> _Known:
        """Return what the provider publishes; anew when it is old, or keys have changed."""
        async with self._one_at_a_time:
            known, now = self._known, self._clock.monotonic()
            if known is not None:
                fresh = now - known.at < self._settings.keys_s
                unknown_key = newer_than is known and now - known.at >= REFETCH_S
                if fresh and not unknown_key:
                    return known
            self._known = found = await self._published()
            return found

    async def _published(self) -> _Known:
        issuer = self._settings.issuer
        metadata = await self._json(get_well_known_url(issuer, external=True))
        if metadata.get("issuer") != issuer:
            log.error("the provider calls itself otherwise than operators.oidc.issuer")
            raise self._refused("issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _usable(metadata.get(name)):
                raise self._refused(name)
        published: Any = await self._json(metadata["jwks_uri"])
        try:
            keys = KeySet.import_key_set(published)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise self._refused("keys") from None
        return _Known(metadata, keys, self._clock.monotonic())

    async def _json(self, url: str) -> Mapping[str, Any]:
        asked = await self._fetch(url, None, {})
        if asked.status != 200:
            log.warning("the provider does not say what it is", status=asked.status)
            raise ProviderError("The provider does not answer as it should; try again later.")
        return _object(asked.body)

    def _refused(self, why: str) -> ProviderError:
        # What was wrong is for the log: who forges a token need not be told.
        log.warning("an answer of the provider was refused", why=why)
        return ProviderError("The provider's answer could not be believed; log in again.")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderError("The provider does not answer as it should; try again later.")
    return found


def _usable(url: object) -> bool:
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or parts.hostname in _LOOPBACK)


def _basic(name: str, secret: str) -> str:
    pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"
    return f"Basic {b64encode(pair.encode()).decode()}"
