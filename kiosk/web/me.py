"""One's own account: password, second factor, logins, and tokens for programs."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from multidict import MultiDictProxy

from kiosk import keys
from kiosk.security.access import RIGHTS, Access, Operator
from kiosk.security.operators import AccountError, LoginError
from kiosk.security.second_factor import SecondFactorError
from kiosk.security.tokens import TokenError
from kiosk.settings import Settings
from kiosk.storage.rows import EVERY_SITE, Grant, TokenRow
from kiosk.web.dashboard import render
from kiosk.web.login import is_proved, need_proof
from kiosk.web.middlewares import ENROL_FACTOR, LOGIN
from kiosk.web.noting import note
from kiosk.web.qr import qr_path
from kiosk.web.request import (
    address_of,
    form,
    login_of_browser,
    operator,
    refuse,
    set_operator_cookie,
)
from kiosk.web.routes import Route

ME: Final = "/operator/me"
_DONE: Final = {
    "password": "Your password is changed; your other logins are over.",
    "ended": "That login is over.",
    "others": "Your other logins are over.",
    "revoked": "The token is revoked; it opens nothing any more.",
    "factor-off": "The second factor is removed.",
}


async def me_page(request: web.Request) -> web.Response:
    """Show one's own account."""
    return await _page(request, done=_DONE.get(request.query.get("done", ""), ""))


async def change_password(request: web.Request) -> web.Response:
    """Change the own password; the old one is asked for."""
    login = login_of_browser(request)
    fields = await form(request)
    try:
        if fields.get("new", "") != fields.get("again", ""):
            raise AccountError("The new password was written in two ways; write it twice alike.")
        await request.app[keys.OPERATORS].change_password(
            login, fields.get("old", ""), fields.get("new", ""), address_of(request)
        )
    except (AccountError, LoginError) as error:
        return await _page(request, problem=str(error), status=_status(error))
    await note(request, "me.password", login.operator, site="")
    raise web.HTTPSeeOther(f"{ME}?done=password")


async def end_login(request: web.Request) -> web.Response:
    """End one login of one's own, or all others, or all."""
    login = login_of_browser(request)
    which = (await form(request)).get("which", "")
    logins = request.app[keys.STORAGE].logins
    if which in {"others", "all"}:
        await logins.delete_of(login.operator, but=login.id if which == "others" else "")
    else:
        await logins.end(login.operator, which)
    await note(request, "me.login.end", which[:64], site="")
    if which in {"all", login.id}:
        response = web.HTTPSeeOther(LOGIN)
        set_operator_cookie(request, response, "")
        raise response
    raise web.HTTPSeeOther(f"{ME}?done={'others' if which == 'others' else 'ended'}")


async def factor_page(request: web.Request) -> web.Response:
    """Show the QR code of a new second factor, or that there is one."""
    return await _factor(request)


async def factor(request: web.Request) -> web.Response:
    """Take the first code of a new second factor; its recovery codes are shown this once."""
    login = login_of_browser(request)
    fields = await form(request)
    # Or a session left open would be enough to lock its owner out.
    need_proof(request, ENROL_FACTOR)
    known = request.app[keys.OPERATORS].second_factor
    try:
        codes = await known.confirm(login.operator, fields.get("code", "")[:64])
    except SecondFactorError as error:
        return await _factor(request, message=str(error), status=422)
    await note(request, "me.factor.add", login.operator, site="")
    return await _factor(request, codes=codes)


async def drop_factor(request: web.Request) -> web.Response:
    """Remove the own second factor."""
    login = login_of_browser(request)
    await form(request)
    need_proof(request, ENROL_FACTOR)
    if await request.app[keys.STORAGE].operators.drop_totp(login.operator):
        await note(request, "me.factor.remove", login.operator, site="")
    raise web.HTTPSeeOther(f"{ME}?done=factor-off")


async def new_codes(request: web.Request) -> web.Response:
    """Make new recovery codes and show them once."""
    login = login_of_browser(request)
    await form(request)
    need_proof(request, ENROL_FACTOR)
    if not login.totp:
        raise web.HTTPSeeOther(ENROL_FACTOR)
    codes = await request.app[keys.OPERATORS].second_factor.new_recovery_codes(login.operator)
    await note(request, "me.factor.codes", login.operator, site="")
    return await _factor(request, codes=codes)


async def make_token(request: web.Request) -> web.Response:
    """Make a token and show it once."""
    login_of_browser(request)
    fields = await many(request)
    need_proof(request, ME)
    days = str(fields.get("days", ""))
    chosen = [str(word) for word in fields.getall("site", []) if word]
    try:
        if not (days.isascii() and days.isdecimal() and len(days) < 6):
            raise TokenError("Write the days it lasts as a number.")
        secret, row = await request.app[keys.OPERATORS].tokens.make(
            operator(request),
            str(fields.get("name", "")),
            scopes=[str(word) for word in fields.getall("scope", [])],
            sites=known_sites(request.app[keys.SETTINGS], chosen) or None,
            days=int(days),
        )
    except TokenError as error:
        return await _page(request, problem=str(error), status=422)
    await note(request, "me.token.make", row.name, token_words(row), site="")
    return await _page(request, secret=secret, made=row.name)


async def revoke_token(request: web.Request) -> web.Response:
    """End a token of one's own."""
    login = login_of_browser(request)
    await form(request)
    id = request.match_info["token"]
    if not await request.app[keys.OPERATORS].tokens.revoke(login.operator, id):
        refuse(404, "no_token", "This token is gone already.")
    await note(request, "me.token.revoke", id, site="")
    raise web.HTTPSeeOther(f"{ME}?done=revoked")


async def many(request: web.Request) -> MultiDictProxy[Any]:
    """Return a form whose fields may come several times; guarded as every form."""
    await form(request)
    return await request.post()


def known_sites(settings: Settings, chosen: list[str]) -> list[str]:
    """Return sites that were named; raises TokenError for one that is not there."""
    known = settings.site_names()
    for site in chosen:
        if site not in known:
            raise TokenError(f"There is no site {site[:48]!r}; there are {', '.join(known)}.")
    return chosen


def grant_words(grants: tuple[Grant, ...], names: dict[str, str]) -> str:
    """Return roles in words."""
    return ", ".join(grant_word(grant, names) for grant in grants) or "no role"


def grant_word(grant: Grant, names: dict[str, str]) -> str:
    """Return a role in words, its site by its name."""
    role = grant.role.replace("_", " ")
    if grant.site == EVERY_SITE:
        return f"{role} of every site"
    return f"{role} of {names.get(grant.site, grant.site)}"


def token_words(row: TokenRow) -> str:
    """Return what a token may and where, for the audit."""
    where = "every site of its owner" if row.sites is None else ", ".join(row.sites)
    return f"{', '.join(row.scopes)} at {where} until {row.expires_at:%Y-%m-%d}"


def own_rights(who: Operator) -> list[str]:
    """Return the rights that a person has anywhere, for the form of a token."""
    return sorted(right.value for right in RIGHTS if who.may(right))


async def _page(
    request: web.Request,
    *,
    done: str = "",
    problem: str = "",
    secret: str = "",
    made: str = "",
    status: int = 200,
) -> web.Response:
    login = login_of_browser(request)
    who = operator(request)
    storage, settings = request.app[keys.STORAGE], request.app[keys.SETTINGS]
    names = settings.site_names()
    row = await storage.operators.get(login.operator)
    return await render(
        request,
        "me.html",
        status=status,
        nav="me",
        login=login,
        origin=row.origin if row is not None else "local",
        roles=grant_words(who.grants, names),
        proved=is_proved(request),
        logins=await storage.logins.of(login.operator),
        recovery_left=await storage.recovery_codes.left(login.operator),
        tokens=await request.app[keys.OPERATORS].tokens.of(login.operator),
        rights=[] if login.method == "break-glass" else own_rights(who),
        sites=names,
        token_days=settings.operators.token_days,
        done=done,
        problem=problem,
        secret=secret,
        made=made,
    )


async def _factor(
    request: web.Request, *, message: str = "", codes: tuple[str, ...] = (), status: int = 200
) -> web.Response:
    login = login_of_browser(request)
    settings = request.app[keys.SETTINGS]
    row = await request.app[keys.STORAGE].operators.get(login.operator)
    used = row is not None and row.totp_at is not None
    offer = None
    if not used:
        try:
            offer = await request.app[keys.OPERATORS].second_factor.offer(
                login.operator, settings.site.name, anew=False
            )
        except SecondFactorError as error:
            refuse(409, "no_factor", str(error))
    left = await request.app[keys.STORAGE].recovery_codes.left(login.operator)
    held = {grant.role for grant in login.grants}
    return await render(
        request,
        "totp.html",
        status=status,
        nav="me",
        used=used,
        offer=offer,
        qr=qr_path(offer.uri) if offer is not None else "",
        codes=codes,
        left=left,
        must=bool(held & set(settings.operators.totp_for)),
        proved=is_proved(request),
        message=message,
    )


def _status(error: AccountError | LoginError) -> int:
    if isinstance(error, LoginError):
        return 401 if error.code in {"wrong", "over"} else 429
    return 422


def routes() -> list[Route]:
    """Return the addresses of one's own account."""
    return [
        Route("GET", ME, me_page, Access.PERSON),
        Route("POST", f"{ME}/password", change_password, Access.PERSON),
        Route("POST", f"{ME}/logins/end", end_login, Access.PERSON),
        Route("GET", ENROL_FACTOR, factor_page, Access.PERSON),
        Route("POST", ENROL_FACTOR, factor, Access.PERSON),
        Route("POST", f"{ENROL_FACTOR}/remove", drop_factor, Access.PERSON),
        Route("POST", f"{ENROL_FACTOR}/codes", new_codes, Access.PERSON),
        Route("POST", f"{ME}/tokens", make_token, Access.PERSON),
        Route("POST", f"{ME}/tokens/{{token}}/revoke", revoke_token, Access.PERSON),
    ]
