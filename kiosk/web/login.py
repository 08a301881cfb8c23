"""The ways in and out: password, second factor, emergency code; and proving it again later."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from aiohttp import hdrs, web

from kiosk import keys
from kiosk.security.access import Access
from kiosk.security.operators import Login, LoginError
from kiosk.web.dashboard import HOME, render
from kiosk.web.middlewares import LOGIN, PROVE, login_of
from kiosk.web.noting import note
from kiosk.web.request import (
    REQUEST_ID,
    address_of,
    device_words,
    form,
    identity,
    login_of_browser,
    operator_cookie,
    refuse,
    set_operator_cookie,
    wants_page,
)
from kiosk.web.routes import Route


async def login_page(request: web.Request) -> web.Response:
    """Show the form, or go on when the browser is logged in already."""
    target = local_path(request.query.get("next", ""))
    if (await login_of(request)).operator is not None:
        raise web.HTTPSeeOther(target)
    return await login_form(request, target)


async def login(request: web.Request) -> web.Response:
    """Take the form; a wrong one comes back with the name filled in and a sentence."""
    fields = await form(request)
    target = local_path(fields.get("next", ""))
    name = fields.get("name", "")
    try:
        entered = await request.app[keys.OPERATORS].login(
            name, fields.get("password", ""), address_of(request), device=device_words(request)
        )
    except LoginError as error:
        return refused(error, await login_form(request, target, message=str(error), name=name[:64]))
    if entered.pending:
        response = web.HTTPSeeOther(f"/operator/login/code?next={quote(target, safe='/')}")
        set_operator_cookie(request, response, entered.token)
        raise response
    return await enter(request, entered, target)


async def code_page(request: web.Request) -> web.Response:
    """Ask for the code of the second factor."""
    target = local_path(request.query.get("next", ""))
    return await render(request, "login_code.html", next=target, message="")


async def code(request: web.Request) -> web.Response:
    """Take the code; a wrong one is asked for again."""
    fields = await form(request)
    target = local_path(fields.get("next", ""))
    try:
        entered = await request.app[keys.OPERATORS].second_step(
            operator_cookie(request) or "",
            fields.get("code", "")[:64],
            address_of(request),
            device=device_words(request),
        )
    except LoginError as error:
        if error.code == "over":
            return refused(error, await login_form(request, target, message=str(error)))
        page = await render(request, "login_code.html", next=target, message=str(error))
        return refused(error, page)
    return await enter(request, entered, target)


async def emergency_page(request: web.Request) -> web.Response:
    """Ask for an emergency code."""
    return await render(request, "break_glass.html", message="")


async def emergency(request: web.Request) -> web.Response:
    """Let somebody in with an emergency code."""
    fields = await form(request)
    try:
        entered = await request.app[keys.OPERATORS].break_glass(
            fields.get("code", "")[:64], address_of(request), device=device_words(request)
        )
    except LoginError as error:
        page = await render(request, "break_glass.html", message=str(error))
        return refused(error, page)
    return await enter(request, entered, HOME, action="operator.break_glass")


async def logout(request: web.Request) -> web.Response:
    """End the session here and in the browser."""
    login = identity(request).login
    await request.app[keys.OPERATORS].logout(operator_cookie(request) or "")
    await note(request, "operator.logout")
    at_provider = login is not None and login.method == "oidc"
    response = web.HTTPSeeOther("/operator/login/out" if at_provider else LOGIN)
    set_operator_cookie(request, response, "")
    raise response


async def prove_page(request: web.Request) -> web.Response:
    """Ask once more for what proves who this is."""
    login = login_of_browser(request)
    target = local_path(request.query.get("next", ""))
    if request.app[keys.OPERATORS].is_proved(login):
        raise web.HTTPSeeOther(target)
    return await render(request, "prove.html", next=target, message="", **_provable(request))


async def prove(request: web.Request) -> web.Response:
    """Take the password or a code."""
    login_of_browser(request)
    fields = await form(request)
    target = local_path(fields.get("next", ""))
    try:
        await request.app[keys.OPERATORS].prove(
            operator_cookie(request) or "", fields.get("given", ""), address_of(request)
        )
    except LoginError as error:
        page = await render(
            request, "prove.html", next=target, message=str(error), **_provable(request)
        )
        return refused(error, page)
    raise web.HTTPSeeOther(target)


def is_proved(request: web.Request) -> bool:
    """Whether people and tokens may be changed now; for a token that is up to its rights."""
    login = identity(request).login
    return login is None or request.app[keys.OPERATORS].is_proved(login)


def need_proof(request: web.Request, back: str) -> None:
    """Send a person who has not proved it lately to do so first; `back` is where they go on."""
    if is_proved(request):
        return
    if wants_page(request):
        raise web.HTTPSeeOther(f"{PROVE}?next={quote(back, safe='/')}")
    refuse(403, "prove_again", "Your login is old; give the password or a code to /api/me/prove.")


async def enter(
    request: web.Request, entered: Login, target: str, *, action: str = "operator.login"
) -> web.Response:
    """Log the browser in with a new session; the one it had is over."""
    await request.app[keys.OPERATORS].logout(operator_cookie(request) or "")
    await request.app[keys.STORAGE].audit.add(
        entered.operator.name,
        action,
        detail=f"{device_words(request)}, {address_of(request)}",
        request=request.get(REQUEST_ID, ""),
    )
    response = web.HTTPSeeOther(target)
    set_operator_cookie(request, response, entered.token)
    raise response


def refused(error: LoginError, page: web.Response) -> web.Response:
    """Give a page that says why the status and the time to wait."""
    page.set_status(401 if error.code in {"wrong", "over"} else 429)
    if error.retry_after > 0:
        page.headers[hdrs.RETRY_AFTER] = str(max(1, round(error.retry_after)))
    return page


def local_path(text: str) -> str:
    """Return `text` when it is a page of ours: a form must not send people anywhere else."""
    ours = text.startswith(HOME) and not text.startswith("/operator/log") and "\\" not in text
    return text if ours and text.isprintable() and "//" not in text else HOME


def routes() -> list[Route]:
    """Return the addresses of the ways in and out."""
    return [
        Route("GET", "/operator/login", login_page, Access.PUBLIC),
        Route("POST", "/operator/login", login, Access.PUBLIC),
        Route("GET", "/operator/login/code", code_page, Access.PUBLIC),
        Route("POST", "/operator/login/code", code, Access.PUBLIC),
        Route("GET", "/operator/login/emergency", emergency_page, Access.PUBLIC),
        Route("POST", "/operator/login/emergency", emergency, Access.PUBLIC),
        Route("POST", "/operator/logout", logout, Access.PERSON),
        Route("GET", PROVE, prove_page, Access.PERSON),
        Route("POST", PROVE, prove, Access.PERSON),
    ]


async def login_form(
    request: web.Request, target: str, *, message: str = "", name: str = "", status: int = 200
) -> web.Response:
    """Show the form, with what went wrong."""
    oidc = request.app[keys.SETTINGS].operators.oidc
    return await render(
        request,
        "login.html",
        status=status,
        next=target,
        message=message,
        name=name,
        provider=oidc.label if oidc.issuer else "",
    )


def _provable(request: web.Request) -> dict[str, Any]:
    login = login_of_browser(request)
    oidc = request.app[keys.SETTINGS].operators.oidc
    return {"login": login, "provider": oidc.label if login.method == "oidc" else ""}
