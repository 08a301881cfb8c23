"""The control endpoint: what an emulator did and is doing, faults on command, a clean start."""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from pydantic import ValidationError

from kiosk.emulator.scenario.faultbook import FaultBook
from kiosk.emulator.scenario.faults import CONNECT, Fault
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.quotas import Quotas
from kiosk.emulator.server.refusals import Refusal
from kiosk.emulator.server.sessions import Sessions
from kiosk.emulator.wire.codec import JSON

log = structlog.get_logger(__name__)

KEY_HEADER = "X-Emulator-Key"
_LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}

Handler = Callable[[web.Request], Awaitable[web.Response]]


class ControlHost(Protocol):
    """What the control endpoint needs of the emulator."""

    faults: FaultBook
    quotas: Quotas
    sessions: Sessions

    def health(self) -> dict[str, Any]:
        """Return what `GET /emulator/health` shows."""
        ...


class Control:
    """Serves `/emulator/...`.

    Without a key only this machine may ask, under one of its own names (so that no other site's
    name can be made to point here); with one, whoever sends it in the header X-Emulator-Key.
    Never a web page: a request that a browser made for another origin is refused, and a change
    must be JSON, which no form can send. `GET /emulator/health` is open to everybody.
    """

    def __init__(self, host: ControlHost, limits: Limits, key: str | None) -> None:
        self._host = host
        self._limits = limits
        self._key = key

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/emulator/health", self._health)
        for method, path, handler in (
            ("GET", "/emulator/sessions", self._show_sessions),
            ("POST", "/emulator/sessions/{id}/close", self._close_session),
            ("GET", "/emulator/faults", self._show_faults),
            ("POST", "/emulator/faults", self._add_fault),
            ("DELETE", "/emulator/faults/{id}", self._remove_fault),
            ("GET", "/emulator/limits", self._show_limits),
            ("POST", "/emulator/reset", self._reset),
        ):
            app.router.add_route(method, path, self._guarded(handler))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            refused = self._refuse(request)
            return refused.response() if refused is not None else await handler(request)

        return guarded

    def _refuse(self, request: web.Request) -> Refusal | None:
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site", "none")
        if site not in ("none", "same-origin") or (origin and _host_of(origin) != request.host):
            return Refusal(403, "cross_origin", "The control endpoint is not for web pages.")
        if self._key is not None:
            given = request.headers.get(KEY_HEADER, "")
            if not hmac.compare_digest(given.encode(), self._key.encode()):
                return Refusal(401, "wrong_key", f"Send the control key in {KEY_HEADER}.")
        elif not _is_local(request):
            return Refusal(
                403,
                "not_local",
                "Without a control key only this machine may ask, as localhost or by its "
                "address; start the emulator with --control-key-file.",
            )
        if request.method == "POST" and request.content_type != "application/json":
            return Refusal(415, "not_json", "Send Content-Type: application/json.")
        return None

    # What can be seen.

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response(self._host.health())

    async def _show_sessions(self, request: web.Request) -> web.Response:
        return web.json_response({"sessions": self._host.sessions.journal()})

    async def _show_faults(self, request: web.Request) -> web.Response:
        return web.json_response({"faults": self._host.faults.as_json()})

    async def _show_limits(self, request: web.Request) -> web.Response:
        return web.json_response(self._host.quotas.as_json())

    # What can be done.

    async def _add_fault(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if isinstance(body, Refusal):
            return body.response()
        session_id = body.pop("session", None)
        if session_id is not None and not isinstance(session_id, str):
            return Refusal(400, "invalid_fault", "session: give a session's id.").response()
        try:
            fault = Fault.model_validate(body)
        except ValidationError as error:
            return Refusal(400, "invalid_fault", _sentence(error)).response()
        if session_id is not None and self._host.sessions.find(session_id) is None:
            return Refusal(404, "no_session", "There is no such open session.").response()
        if session_id is not None and fault.on == CONNECT:
            return Refusal(
                400, "invalid_fault", f'session: on = "{CONNECT}" is before any session.'
            ).response()
        if self._host.faults.full:
            return Refusal(
                409, "too_many_faults", "No more faults are taken; remove one, or reset."
            ).response()
        armed = self._host.faults.add(fault, session_id)
        return web.json_response(armed.as_json(), status=201)

    async def _remove_fault(self, request: web.Request) -> web.Response:
        if not self._host.faults.remove(request.match_info["id"]):
            return Refusal(404, "no_fault", "There is no such fault.").response()
        return web.json_response({"removed": True})

    async def _close_session(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if isinstance(body, Refusal):
            return body.response()
        code, reason = body.get("code", 1000), body.get("reason", "closed by control")
        fits = isinstance(code, int) and (code in _CLOSE_CODES or 3000 <= code <= 4999)
        if not fits or not isinstance(reason, str) or len(reason.encode()) > 123:
            return Refusal(
                400,
                "invalid_close",
                "Give a code that a close frame can carry (1000 ... 1014, 3000 ... 4999) and a "
                "reason of at most 123 bytes.",
            ).response()
        session = self._host.sessions.find(request.match_info["id"])
        if session is None:
            return Refusal(404, "no_session", "There is no such open session.").response()
        log.info("session closed by control", code=code)
        await session.close(code, reason)
        return web.json_response({"closed": True})

    async def _reset(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if isinstance(body, Refusal):
            return body.response()
        self._host.faults.reset()
        self._host.quotas.clear()
        self._host.sessions.forget_ended()
        log.info("emulator reset")
        return web.json_response({"reset": True})

    async def _body(self, request: web.Request) -> JSON | Refusal:
        """Return the JSON object of a request; an empty body is an empty object."""
        data = bytearray()
        async for chunk in request.content.iter_any():
            data += chunk
            if len(data) > self._limits.control_bytes:
                return Refusal(
                    413, "too_large", f"Send at most {self._limits.control_bytes} bytes."
                )
        try:
            body = json.loads(data) if data else {}
        except (ValueError, RecursionError):
            return Refusal(400, "invalid_json", "The body is not valid JSON.")
        if not isinstance(body, dict):
            return Refusal(400, "invalid_json", "Send a JSON object.")
        return body


_CLOSE_CODES = frozenset({*range(1000, 1015)} - {1004, 1005, 1006})


def _is_local(request: web.Request) -> bool:
    """Whether a request comes from this machine and was sent to a name that can only be it."""
    try:
        peer = ipaddress.ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(peer, "ipv4_mapped", None) or peer
    return mapped.is_loopback and _name_of(request.host) in _LOCAL_NAMES


def _name_of(host: str) -> str:
    """Return a Host header's name without its port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        reason = "there is no such key"
    return f"{place}: {reason}" if place else reason
