"""What handlers ask of a request: who, from where, over what, and the form in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

from aiohttp import hdrs, web

from kiosk import keys
from kiosk.security import devices, operators, pairing
from kiosk.security.access import NOBODY, Identity, Operator
from kiosk.security.guards import client_address, cookie_name, is_https
from kiosk.storage.rows import LoginRow

REQUEST_ID = web.RequestKey("request_id", str)
IDENTITY = web.RequestKey("identity", Identity)

FORM: Final = "application/x-www-form-urlencoded"
MAX_FIELDS: Final = 32
PAIRING_AGE_S: Final = 86_400
OUR_COOKIES: Final = (devices.COOKIE, pairing.COOKIE, operators.COOKIE, operators.OIDC_COOKIE)


# The first that is found: every browser also claims to be those of before it.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("X11; Cr", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


class HTTPRefused(web.HTTPException):
    """An answer of an error, with our own code and sentence in it."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status_code = status
        super().__init__(headers=headers, text=message, content_type="text/plain")
        self.code = code
        self.message = message


def refuse(status: int, code: str, message: str, *, retry_after: float = 0) -> NoReturn:
    """Answer with an error; `code` is stable, `message` one sentence with the fix in it."""
    headers = {str(hdrs.RETRY_AFTER): str(max(1, round(retry_after)))} if retry_after > 0 else None
    raise HTTPRefused(status, code, message, headers=headers)


def identity(request: web.Request) -> Identity:
    """Return what the request has proved so far."""
    found: Identity = request.get(IDENTITY, NOBODY)
    return found


def operator(request: web.Request) -> Operator:
    """Return who is logged in; for routes that nobody else reaches."""
    found = identity(request).operator
    if found is None:
        refuse(401, "unauthorized", "Log in first.")
    return found


def address_of(request: web.Request) -> str:
    """Return the client's address, behind the trusted proxies of the settings."""
    trusted = request.app[keys.SETTINGS].server.trusted_proxies
    return client_address(request.remote, request.headers.getall("X-Forwarded-For", []), trusted)


def browser_of(request: web.Request) -> str:
    """Return what the browser calls itself, short and printable; it may say anything."""
    said = request.headers.get(hdrs.USER_AGENT, "")[:200]
    return "".join(char for char in said if char.isprintable())


def forwarded(request: web.Request) -> bool:
    """Whether somebody in between says so: then `remote` alone proves nothing about the client."""
    return any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via"))


def over_https(request: web.Request) -> bool:
    """Whether the client speaks HTTPS."""
    trusted = request.app[keys.SETTINGS].server.trusted_proxies
    return is_https(request.scheme, request.headers.get("X-Forwarded-Proto"), trusted)


def is_upgrade(request: web.Request) -> bool:
    """Whether the client asks for a WebSocket."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def wants_page(request: web.Request) -> bool:
    """Whether a person in front of a browser waits for the answer."""
    accept = request.headers.get(hdrs.ACCEPT, "")
    return (
        "text/html" in accept and not is_upgrade(request) and not request.path.startswith("/api/")
    )


def bearer(request: web.Request) -> str | None:
    """Return what follows `Authorization: Bearer`, unchecked; None when there is no such header."""
    scheme, _, value = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def device_cookie(request: web.Request) -> str | None:
    """Return the cookie of an enrolled screen, unchecked."""
    return request.cookies.get(cookie_name(devices.COOKIE, https=over_https(request)))


def operator_cookie(request: web.Request) -> str | None:
    """Return the cookie of a login, unchecked."""
    return request.cookies.get(cookie_name(operators.COOKIE, https=over_https(request)))


def login_of_browser(request: web.Request) -> LoginRow:
    """Return the session of a browser; for what no token and no plugin's person may do."""
    found = identity(request).login
    if found is None:
        refuse(403, "no_session", "Only somebody who logged in here, with a browser, may do this.")
    return found


def device_words(request: web.Request) -> str:
    """Return in a few words what a person logs in with, for them to know it again."""
    agent = request.headers.get(hdrs.USER_AGENT, "")
    browser = next((words for sign, words in _BROWSERS if sign in agent), "")
    system = next((words for sign, words in _SYSTEMS if sign in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    plain = "".join(char for char in agent.partition(" ")[0] if char.isprintable())
    return browser or system or plain[:40] or "Unknown device"


def foreign_cookies(request: web.Request) -> Mapping[str, str]:
    """Return the cookies that are not ours: whoever has one of ours is who it says."""
    https = over_https(request)
    ours = {cookie_name(name, https=https) for name in OUR_COOKIES}
    return {name: value for name, value in request.cookies.items() if name not in ours}


def pairing_cookie(request: web.Request) -> str | None:
    """Return the cookie of a browser that waits to be let in, unchecked."""
    return request.cookies.get(cookie_name(pairing.COOKIE, https=over_https(request)))


def set_pairing_cookie(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    """Let the browser wait to be let in; an empty secret ends that."""
    https = over_https(request)
    response.set_cookie(
        cookie_name(pairing.COOKIE, https=https),
        secret,
        max_age=PAIRING_AGE_S if secret else 0,
        path="/",
        secure=https,
        httponly=True,
        samesite="Strict",
    )


def set_device_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Give the browser that asked the token of a screen."""
    known = request.app[keys.DEVICES]
    https = over_https(request)
    response.set_cookie(
        cookie_name(devices.COOKIE, https=https),
        token,
        max_age=known.max_age_s,
        path="/",
        secure=https,
        httponly=True,
        samesite="Strict",
    )


def set_operator_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Log the browser in; an empty token logs it out."""
    https = over_https(request)
    hours = request.app[keys.SETTINGS].operators.session_hours
    response.set_cookie(
        cookie_name(operators.COOKIE, https=https),
        token,
        max_age=int(hours * 3600) if token else 0,
        path="/",
        secure=https,
        httponly=True,
        # Not Strict: a link in an alert mail must open while logged in. Whatever changes
        # something is a POST, and those are refused from elsewhere by Origin.
        samesite="Lax",
    )


async def form(request: web.Request, *, most: int = MAX_FIELDS) -> Mapping[str, str]:
    """Return the fields of a posted form; refuses anything else with one sentence.

    `most` is for forms with a field that is there many times; `chosen` returns all of its values.
    """
    if request.content_type != FORM:
        refuse(415, "not_a_form", f"Send this as a form, with Content-Type {FORM}.")
    try:
        fields = await request.post()
    except (ValueError, LookupError):
        refuse(400, "bad_form", "The form could not be read; send it as UTF-8.")
    if len(fields) > most:
        refuse(400, "bad_form", f"The form has more than {most} fields.")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


async def chosen(request: web.Request, name: str) -> list[str]:
    """Return every value of a field that a posted form has many times; `form` was asked before."""
    values = (await request.post()).getall(name, [])
    return list(dict.fromkeys(value for value in values if isinstance(value, str)))
