"""Addresses of plugins, below /-/<plugin>/: a narrow request in, a narrow answer out."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import hdrs, web

from kiosk import keys
from kiosk.hooks.facade import Hooks
from kiosk.hooks.values import AccessName, PluginRequest, PluginResponse, PluginRoute
from kiosk.security.access import Access
from kiosk.web.request import FORM, device_cookie, form, identity, refuse
from kiosk.web.routes import Route

PREFIX: Final = "/-/"
MAX_ANSWER: Final = 4 * 1024 * 1024
"""Bytes a plugin may answer with."""

_ACCESS: Final[Mapping[AccessName, Access]] = {
    "public": Access.PUBLIC,
    "kiosk": Access.KIOSK,
    "operator": Access.FLEET_VIEW,
    "admin": Access.SYSTEM_MANAGE,
}
_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_LOCATION: Final = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*")
"""An address on this server. Browsers drop tabs and line ends: the rest may be another's."""
_STATUSES: Final = range(200, 600)
_NOT_HANDED_ON: Final = frozenset({"cookie", "authorization", "proxy-authorization"})


class _UnfitError(Exception):
    """An answer that cannot be sent; the text names the part of it."""


def routes(hooks: Hooks) -> list[Route]:
    """Return the addresses that plugins registered."""
    return [
        Route(
            item.method,
            f"{PREFIX}{item.plugin}{item.path}",
            _handler(item),
            _ACCESS[item.access],
            head=_headed,
        )
        for item in hooks.registered.routes
    ]


async def _headed(request: web.Request) -> web.Response:
    """Answer HEAD without the plugin: whoever checks a link must not set off what a GET does."""
    return web.Response()


def _handler(route: PluginRoute) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        hooks = request.app[keys.HOOKS]
        answer = await hooks.serve(route, await _narrowed(request))
        try:
            if answer is not None:
                return _answer(answer)
        except _UnfitError as error:
            hooks.route_failed(route, f"answered with a wrong {error}")
        return refuse(500, "plugin_failed", f"The plugin {route.plugin} failed; see its page.")

    return handle


async def _narrowed(request: web.Request) -> PluginRequest:
    fields: Mapping[str, str] = {}
    body = b""
    if request.content_type == FORM:
        fields = await form(request)
    else:
        body = await request.read()
    who = identity(request)
    cookie = device_cookie(request)
    screen = await request.app[keys.DEVICES].whose(cookie) if cookie else None
    return PluginRequest(
        method=request.method,
        path=request.path,
        match=dict(request.match_info),
        query=dict(request.query),
        headers={
            name.lower(): value
            for name, value in request.headers.items()
            if name.lower() not in _NOT_HANDED_ON
        },
        body=body,
        form=fields,
        kiosk=screen.kiosk_id if screen is not None else None,
        operator=who.operator.name if who.operator is not None else None,
    )


def _answer(answer: PluginResponse) -> web.Response:
    body = answer.body
    kind = answer.content_type
    if isinstance(body, Mapping):
        try:
            body = json.dumps(body, ensure_ascii=False, allow_nan=False, default=str)
            kind = "application/json"
        except (TypeError, ValueError, RecursionError):
            raise _UnfitError("body") from None  # the text may quote what is in it
    try:
        data = body.encode() if isinstance(body, str) else body
    except UnicodeEncodeError:
        raise _UnfitError("body") from None
    if len(data) > MAX_ANSWER:
        raise _UnfitError("body: it has more than 4 MiB")
    if _TYPE.fullmatch(kind) is None:
        raise _UnfitError("content_type")
    if answer.status not in _STATUSES:
        raise _UnfitError("status")
    headers = {}
    if answer.location:
        if _LOCATION.fullmatch(answer.location) is None:
            raise _UnfitError("location")
        headers[hdrs.LOCATION] = answer.location
    return web.Response(
        body=data,
        status=answer.status,
        content_type=kind,
        charset="utf-8" if kind.startswith("text/") or kind == "application/json" else None,
        headers=headers,
    )
