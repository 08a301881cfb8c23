"""Logging in with the site's own accounts: to the provider and back, and out again."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import aiohttp
import structlog
from aiohttp import web

from kiosk import keys
from kiosk.clock import Clock
from kiosk.errors import StartupError
from kiosk.security.access import Access
from kiosk.security.guards import cookie_name
from kiosk.security.operators import OIDC_COOKIE
from kiosk.security.provided import Asked, NotLetInError, ProvidedAccounts, ProviderError
from kiosk.settings.oidc import OidcSettings
from kiosk.web.dashboard import render
from kiosk.web.login import enter, local_path, login_form
from kiosk.web.middlewares import login_of
from kiosk.web.request import (
    REQUEST_ID,
    address_of,
    device_words,
    form,
    operator_cookie,
    over_https,
    refuse,
)
from kiosk.web.routes import Route

if TYPE_CHECKING:
    from kiosk.security.oidc import Provider

log = structlog.get_logger(__name__)

START: Final = "/operator/oidc/start"
CALLBACK: Final = "/operator/oidc/callback"
BACK_CHANNEL: Final = "/operator/oidc/back-channel"
OUT: Final = "/operator/login/out"
KIND: Final = "oidc"
AT_PROVIDER: Final = timedelta(minutes=10)
"""How long somebody may be at the provider."""
MAX_BODY: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Oidc:
    """What a server with a provider has; `accounts` is there without one, to close old doors."""

    provider: Provider | None
    accounts: ProvidedAccounts


OIDC: web.AppKey[Oidc] = web.AppKey("oidc", Oidc)


@asynccontextmanager
async def opened(app: web.Application) -> AsyncIterator[None]:
    """Open the way to the provider, if the settings name one; needs storage and operators."""
    settings = app[keys.SETTINGS].operators.oidc
    accounts = ProvidedAccounts(app[keys.OPERATORS], app[keys.STORAGE], settings)
    await accounts.follow()
    if not settings.issuer:
        app[OIDC] = Oidc(None, accounts)
        yield
        return
    async with provider_of(settings, app[keys.CLOCK]) as provider:
        app[OIDC] = Oidc(provider, accounts)
        yield


@asynccontextmanager
async def provider_of(settings: OidcSettings, clock: Clock) -> AsyncIterator[Provider]:
    """Open the way to the provider that the settings name; raises StartupError."""
    # Only here: most servers have no provider, and its libraries take a while to load.
    from kiosk.security.oidc import Provider

    secret = await asyncio.to_thread(secret_of, settings)
    timeout = aiohttp.ClientTimeout(total=settings.timeout_s)
    async with aiohttp.ClientSession(
        timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def fetch(
            url: str, fields: Mapping[str, str] | None, headers: Mapping[str, str]
        ) -> Asked:
            return await _fetched(session, url, fields, headers)

        yield Provider(settings, clock, fetch, secret)


async def start(request: web.Request) -> web.Response:
    """Send the browser to the provider; what must be remembered stays here."""
    provider = _provider(request)
    target = local_path(request.query.get("next", ""))
    session = (await login_of(request)).login if request.query.get("prove") else None
    prove = session is not None and session.method == "oidc"
    try:
        begun = await provider.begin(_base(request) + CALLBACK, prove=prove)
    except ProviderError as error:
        return await login_form(request, target, message=str(error), status=503)
    token = secrets.token_urlsafe(32)
    data = {**begun.remembered, "next": target, "login": session.id if session and prove else ""}
    until = request.app[keys.CLOCK].now() + AT_PROVIDER
    if not await request.app[keys.STORAGE].one_time.add(KIND, _digest(token), until, data):
        return await login_form(
            request, target, message="Too many logins at once; try again in a minute.", status=503
        )
    response = web.HTTPSeeOther(begun.url)
    _set_cookie(request, response, token)
    raise response


async def callback(request: web.Request) -> web.Response:
    """Take the provider's answer: once, from the browser that was sent there."""
    provider = _provider(request)
    token = request.cookies.get(_cookie(request), "")
    remembered = await request.app[keys.STORAGE].one_time.take(KIND, _digest(token))
    if not token or remembered is None:
        return await login_form(
            request, local_path(""), message="This took too long; log in again.", status=401
        )
    target = local_path(str(remembered["next"]))
    try:
        person = await provider.finish(dict(request.query), remembered)
        if remembered["login"]:
            return await _proved(request, person.subject, str(remembered["login"]), target)
        entered = await request.app[OIDC].accounts.enter(
            person, address_of(request), device_words(request)
        )
    except ProviderError as error:
        return await login_form(request, target, message=str(error), status=401)
    except NotLetInError as error:
        await request.app[keys.STORAGE].audit.add(
            error.name or "unknown", "operator.oidc.refused", request=request.get(REQUEST_ID, "")
        )
        return await login_form(request, target, message=str(error), status=403)
    return await enter(request, entered, target)


async def back_channel(request: web.Request) -> web.Response:
    """Let the provider say that somebody logged out there; their logins here end."""
    provider = _provider(request)
    token = (await form(request)).get("logout_token", "")
    try:
        subject = await provider.logged_out(token)
    except ProviderError:
        refuse(400, "invalid_request", "This logout token is not believed.")
    name = await request.app[OIDC].accounts.end(subject)
    if name is not None:
        await request.app[keys.STORAGE].audit.add(
            "provider", "person.logins", name, request=request.get(REQUEST_ID, "")
        )
    return web.Response()


async def _proved(request: web.Request, subject: str, login_id: str, target: str) -> web.Response:
    row = (await login_of(request)).login
    known = await request.app[keys.STORAGE].operators.find_subject(subject)
    if row is None or known is None or row.id != login_id or known.name != row.operator:
        raise ProviderError("You proved to be somebody else; log in again.")
    await request.app[keys.OPERATORS].proved_now(operator_cookie(request) or "")
    raise web.HTTPSeeOther(target)


async def _fetched(
    session: aiohttp.ClientSession,
    url: str,
    fields: Mapping[str, str] | None,
    headers: Mapping[str, str],
) -> Asked:
    method = "GET" if fields is None else "POST"
    try:
        async with session.request(
            method, url, data=fields, headers=headers, allow_redirects=False
        ) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_chunked(65_536):
                body += chunk
                if len(body) > MAX_BODY:
                    raise ProviderError("The provider's answer is too long to be one.")
            return Asked(answer.status, bytes(body))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        log.warning("the provider does not answer", error=type(error).__name__)
        raise ProviderError(
            "The provider does not answer; try again, or use an emergency code."
        ) from None


def _provider(request: web.Request) -> Provider:
    provider = request.app[OIDC].provider
    if provider is None:
        refuse(404, "no_provider", "No provider is set up here (operators.oidc).")
    return provider


def _base(request: web.Request) -> str:
    settings = request.app[keys.SETTINGS].server
    scheme = "https" if over_https(request) else "http"
    return (settings.public_url or f"{scheme}://{request.host}").rstrip("/")


def secret_of(settings: OidcSettings) -> str | None:
    """Return the client's secret, from the settings or its file; raises StartupError."""
    if settings.client_secret_file is None:
        return settings.client_secret.get_secret_value() if settings.client_secret else None
    try:
        text = settings.client_secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        raise StartupError(
            f"operators.oidc.client_secret_file: {settings.client_secret_file} cannot be read or "
            "is empty; it holds the secret alone."
        )
    return text


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="backslashreplace")).hexdigest()


def _cookie(request: web.Request) -> str:
    return cookie_name(OIDC_COOKIE, https=over_https(request))


def _set_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    response.set_cookie(
        _cookie(request),
        token,
        max_age=int(AT_PROVIDER.total_seconds()),
        path="/",
        secure=over_https(request),
        httponly=True,
        # The way back is a link from the provider's page, which Strict would not bring along.
        samesite="Lax",
    )


async def end_session_url(request: web.Request) -> str | None:
    """Return where the browser logs out at the provider; None without one that answers."""
    provider = request.app[OIDC].provider
    if provider is None:
        return None
    try:
        return await provider.end_session_url(f"{_base(request)}/operator/login")
    except ProviderError:
        return None


async def out_page(request: web.Request) -> web.Response:
    """Say that one is logged out here, and go on to do so at the provider.

    A page in between, because a form's answer may lead to no other site (`form-action`).
    """
    url = await end_session_url(request)
    page = await render(request, "logged_out.html", url=url or "")
    if url is not None:
        page.headers["Refresh"] = f"2;url={quote(url, safe=':/?&=%#+@,;~')}"
    return page


def routes() -> list[Route]:
    """Return the addresses of the way over the provider."""
    return [
        Route("GET", START, start, Access.PUBLIC),
        Route("GET", CALLBACK, callback, Access.PUBLIC),
        Route("POST", BACK_CHANNEL, back_channel, Access.PUBLIC),
        Route("GET", OUT, out_page, Access.PUBLIC),
    ]
