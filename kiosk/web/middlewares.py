"""What every request passes: an id, the guards, the access check, and pages for errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import structlog
from aiohttp import hdrs, web

from kiosk import keys
from kiosk.clock import new_id
from kiosk.errors import StorageError
from kiosk.hooks.values import LoginRequest
from kiosk.security import tokens
from kiosk.security.access import NOBODY, RIGHTS, Access, Identity, Operator, allowed
from kiosk.security.guards import SAFE_METHODS, same_site, security_headers
from kiosk.storage.rows import Grant, Role
from kiosk.web.pacing import PACING, Pacing, pace
from kiosk.web.request import (
    IDENTITY,
    REQUEST_ID,
    HTTPRefused,
    address_of,
    bearer,
    device_cookie,
    foreign_cookies,
    identity,
    is_upgrade,
    operator_cookie,
    over_https,
    refuse,
    wants_page,
)
from kiosk.web.routes import access_of

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorPage = Callable[[web.Request, int], str | None]
"""Gives the public's page for a status, or None to take the plain one."""

LOGIN: Final = "/operator/login"
CLIENT_GONE: Final = 499
"""Not a status of HTTP, and never sent: nobody is there."""
ENROL_FACTOR: Final = "/operator/me/totp"
"""Where somebody whose roles need a second factor sets it up, and may do nothing else before."""
PROVE: Final = "/operator/me/prove"
ENROL: Final = "/enrol"

_CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    429: "too_fast",
    500: "internal",
    503: "unavailable",
}
_SENTENCES: Final[Mapping[int, str]] = {
    400: "The request could not be understood.",
    401: "Log in first.",
    403: "This is not for you; ask an admin of this site.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is too large.",
    429: "Too many requests; try again shortly.",
    500: "Something went wrong here; the log has it under this request's id.",
    503: "The server cannot do this at the moment; try again shortly.",
}


_OF_PEOPLE: Final = RIGHTS | {Access.PERSON}
_BEFORE_FACTOR: Final = frozenset(
    {ENROL_FACTOR, PROVE, "/operator/logout", "/api/me", "/api/me/totp", "/api/me/prove"}
)


def install(app: web.Application, *, error_page: ErrorPage | None = None) -> None:
    """Put the guards around an application; `error_page` draws errors of the public's pages."""

    @web.middleware
    async def answers(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[REQUEST_ID] = new_id("req")
        with structlog.contextvars.bound_contextvars(request=request[REQUEST_ID]):
            return await _answered(request, handler, error_page)

    app[PACING] = Pacing(app[keys.SETTINGS], app[keys.CLOCK], app[keys.METRICS])
    app.middlewares.extend((answers, _guarded, _checked))
    app.on_response_prepare.append(_prepare)


async def _prepare(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    for name, value in security_headers(
        https=over_https(request), camera=request.app[keys.SETTINGS].uses_camera
    ).items():
        headers.setdefault(name, value)
    headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    headers[hdrs.SERVER] = "avatar-kiosk"
    if REQUEST_ID in request:
        headers["X-Request-Id"] = request[REQUEST_ID]


async def _answered(
    request: web.Request, handler: Handler, error_page: ErrorPage | None
) -> web.StreamResponse:
    try:
        return await handler(request)
    except HTTPRefused as refusal:
        return _error(
            request, refusal.status, refusal.code, refusal.message, refusal.headers, error_page
        )
    except web.HTTPException as answer:
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise
        kept = {
            str(name): answer.headers[name]
            for name in (hdrs.ALLOW, hdrs.RETRY_AFTER, hdrs.CONTENT_RANGE)
            if name in answer.headers
        }
        return _error(request, answer.status, None, None, kept, error_page)
    except StorageError as error:
        log.error("storage failed in a request")
        return _error(request, 503, "storage", str(error), {}, error_page)
    except Exception as error:  # noqa: BLE001 - the last place that can answer without a traceback
        if _gone(request, error):
            # A closed tab, a screen switched off: nothing is wrong here and nobody reads an answer.
            request.app[keys.METRICS].requests_left.inc()
            log.debug("browser went away", method=request.method, error=type(error).__name__)
            return web.Response(status=CLIENT_GONE, reason="Client went away")
        # Only the type and the place are written down: the text of an error may hold anything.
        log.error(
            "request failed", method=request.method, error=type(error).__name__, at=_at(error)
        )
        return _error(request, 500, None, None, {}, error_page)


def _gone(request: web.Request, error: BaseException) -> bool:
    """Whether a request failed because there is no longer anybody at the other end."""
    ended = request.transport is None or request.transport.is_closing()
    return ended and isinstance(error, ConnectionError | web.RequestPayloadError)


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    settings = request.app[keys.SETTINGS].server
    # A token is in no browser that another site could make use of, and beside one no cookie counts.
    by_token = bearer(request) is not None and access_of(request) in _OF_PEOPLE
    if (request.method not in SAFE_METHODS or is_upgrade(request)) and not by_token:
        ours = same_site(
            origin=request.headers.get(hdrs.ORIGIN),
            fetch_site=request.headers.get("Sec-Fetch-Site"),
            host=request.headers.get(hdrs.HOST),
            public_url=settings.public_url,
        )
        if not ours:
            log.warning("request from another origin refused")
            refuse(
                403,
                "wrong_origin",
                "This came from another site's page; open this server's own address"
                + (f", {settings.public_url}." if settings.public_url else "."),
            )
    length = request.content_length
    if length is not None and length > settings.max_body_bytes:
        refuse(413, "too_large", f"A request has at most {settings.max_body_bytes} bytes.")
    if request.can_read_body and not is_upgrade(request):
        # Read here, and kept by the request: a body that trickles in must hold up nothing else.
        try:
            async with asyncio.timeout(settings.body_s):
                await request.read()
        except TimeoutError:
            log.info("a slow body was cut off")
            raise HTTPRefused(
                408,
                "too_slow",
                f"The body took longer than {settings.body_s:g} s; send it again.",
                headers={hdrs.CONNECTION: "close"},
            ) from None
    return await handler(request)


@web.middleware
async def _checked(request: web.Request, handler: Handler) -> web.StreamResponse:
    access = access_of(request)
    if access is None:
        if request.match_info.http_exception is None:
            log.error("route without access refused")
            refuse(403, "forbidden", _SENTENCES[403])
        await pace(request, NOBODY)
        return await handler(request)
    who = await _identify(request, access)
    request[IDENTITY] = who
    await pace(request, who)
    if who.must_enrol and access in _OF_PEOPLE and request.path not in _BEFORE_FACTOR:
        return _to_factor(request)
    if not allowed(access, who):
        return _stopped(request, access, who)
    if access in RIGHTS:
        site = await site_of(request)
        if site is not None and not allowed(access, who, site):
            # As if it were not there: a name that is refused would tell that it exists.
            refuse(404, "not_found", _SENTENCES[404])
    return await handler(request)


async def site_of(request: web.Request) -> str | None:
    """Return the house of the screen or visit in the address; None when it names none we know."""
    found = request.match_info
    settings = request.app[keys.SETTINGS]
    if "kiosk" in found:
        return settings.site_of(found["kiosk"])
    if "visit" not in found:
        return None
    live = request.app[keys.LIVE].visit(found["visit"])
    site = settings.site_of(live.kiosk_id) if live is not None else None
    if site is None:
        row = await request.app[keys.STORAGE].visits.get(found["visit"])
        site = row.site if row is not None else None
    return site


async def _identify(request: web.Request, access: Access) -> Identity:
    match access:
        case Access.PUBLIC:
            return NOBODY
        case Access.KIOSK:
            cookie = device_cookie(request)
            screen = await request.app[keys.DEVICES].whose(cookie) if cookie else None
            if screen is None:
                return NOBODY
            return Identity(kiosk_id=screen.kiosk_id, device=screen.device)
        case _:
            return await login_of(request)


async def login_of(request: web.Request) -> Identity:
    """Find out who is logged in, and note the use; for public addresses that want to know."""
    key = bearer(request)
    if key is not None and (key.startswith(tokens.PREFIX) or not _plugin_knows(request)):
        return await _by_token(request, key)
    claimed = await _claimed(request)
    if claimed is not None:
        return Identity(operator=claimed)
    token = operator_cookie(request)
    if not token or key is not None:
        return NOBODY
    operators = request.app[keys.OPERATORS]
    found = await operators.session(token)
    if found is None:
        return NOBODY
    if not is_upgrade(request):
        await operators.touch(token)
    return Identity(operator=found.operator, login=found.row, must_enrol=found.must_enrol)


async def _by_token(request: web.Request, key: str) -> Identity:
    known = request.app[keys.OPERATORS].tokens
    try:
        found = await known.whose(key, address_of(request), again=IDENTITY in request)
    except tokens.TooFastError as error:
        refuse(429, "too_fast", str(error), retry_after=error.retry_after)
    return Identity(operator=found)


def _plugin_knows(request: web.Request) -> bool:
    return request.app[keys.HOOKS].knows_operators


async def _claimed(request: web.Request) -> Operator | None:
    """Ask the plugins who this is; nobody but them knows, so the cookie comes after."""
    hooks = request.app[keys.HOOKS]
    if not hooks.knows_operators:
        return None
    claim = await hooks.operator_from_request(
        LoginRequest(
            method=request.method,
            path=request.path,
            address=address_of(request),
            peer=request.remote or "",
            headers={
                name.lower(): value
                for name, value in request.headers.items()
                if name != hdrs.COOKIE
            },
            cookies=foreign_cookies(request),
        )
    )
    if claim is None or not claim.name.strip():
        return None
    role: Role = "administrator" if claim.admin else "operator"
    return Operator(claim.name.strip()[:64], (Grant(role),))


def _stopped(request: web.Request, access: Access, who: Identity) -> web.StreamResponse:
    page = wants_page(request) and request.method in SAFE_METHODS
    if access is Access.KIOSK:
        if page:
            raise web.HTTPSeeOther(ENROL)
        refuse(401, "not_enrolled", f"This screen is not enrolled; open {ENROL} on it.")
    if who.operator is not None:
        refuse(403, "forbidden", _SENTENCES[403])
    if bearer(request) is not None:
        refuse(401, "bad_token", "This token is wrong, over or revoked; make another.")
    if page:
        raise web.HTTPSeeOther(f"{LOGIN}?next={quote(request.path_qs, safe='/')}")
    refuse(401, "unauthorized", f"Log in first, at {LOGIN}.")


def _to_factor(request: web.Request) -> web.StreamResponse:
    if wants_page(request) and request.method in SAFE_METHODS:
        raise web.HTTPSeeOther(ENROL_FACTOR)
    refuse(
        403,
        "second_factor_needed",
        f"Your roles need a second factor; set it up at {ENROL_FACTOR} first.",
    )


def _at(error: BaseException) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return "nowhere"
    return f"{place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno}"


def _error(
    request: web.Request,
    status: int,
    code: str | None,
    message: str | None,
    headers: Mapping[str, str],
    error_page: ErrorPage | None,
) -> web.Response:
    kept = {
        name: value
        for name, value in headers.items()
        if name not in {hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH}
    }
    code = code or _CODES.get(status, "error")
    message = message or _SENTENCES.get(status, HTTPStatus(status).phrase + ".")
    if wants_page(request):
        html = None
        if error_page is not None and not request.path.startswith(("/operator", ENROL)):
            html = error_page(request, status)
        if html is None:
            who = identity(request).operator
            context = {
                "status": status,
                "message": message,
                "request_id": request[REQUEST_ID],
                "operator": who,
            }
            html = request.app[keys.TEMPLATES].render("operator/error.html", context)
        return web.Response(status=status, text=html, content_type="text/html", headers=kept)
    body = {"error": {"code": code, "message": message, "request": request[REQUEST_ID]}}
    return web.Response(
        status=status, text=json.dumps(body), content_type="application/json", headers=kept
    )
