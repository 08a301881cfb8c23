"""/api/me: one's own rights, logins, password, second factor and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NoReturn

from aiohttp import web
from pydantic import AwareDatetime, Field, SecretStr

from kiosk import keys
from kiosk.errors import KioskError
from kiosk.security.access import RIGHTS, Access
from kiosk.security.operators import AccountError, LoginError
from kiosk.security.second_factor import SecondFactorError
from kiosk.security.tokens import TokenError
from kiosk.storage.rows import LoginRow, TokenRow
from kiosk.web.api.base import ApiRoute, Given, Model, Nothing, example
from kiosk.web.login import need_proof
from kiosk.web.me import known_sites, token_words
from kiosk.web.noting import note
from kiosk.web.request import (
    address_of,
    identity,
    login_of_browser,
    operator,
    operator_cookie,
    refuse,
)

MAX_SECRET = 1024
_BACK = "/operator/me"


class Right(Model):
    """A right and where it holds."""

    right: str
    sites: list[str] | None = Field(description="Short names of sites; null: every site.")


class Me(Model):
    """The person or token that asks."""

    name: str
    token: str = Field(description="The token's name; empty for a person.")
    must_enrol: bool = Field(description="Nothing can be done before a second factor is set up.")
    rights: list[Right]


class LoginInfo(Model):
    """Where somebody is logged in."""

    id: str
    device: str
    address: str
    method: str
    since: AwareDatetime | datetime
    used: AwareDatetime | datetime
    until: AwareDatetime | datetime
    this: bool = Field(description="Whether it is the login that asks.")


class LoginList(Model):
    """Logins, the last used first."""

    logins: list[LoginInfo]


class TokenInfo(Model):
    """A token; what it is itself is told only once."""

    id: str
    name: str
    scopes: list[str]
    sites: list[str] | None = Field(description="Null: wherever its owner may.")
    created: AwareDatetime | datetime
    until: AwareDatetime | datetime
    used: AwareDatetime | datetime | None
    used_from: str


class TokenList(Model):
    """Tokens by name."""

    tokens: list[TokenInfo]


Scope = Annotated[str, Field(json_schema_extra={"enum": sorted(right.value for right in RIGHTS)})]


class NewToken(Model):
    """A token to be made."""

    model_config = example(name="reports", scopes=["insight.view"], days=30)
    name: str = Field(min_length=1, max_length=32)
    scopes: list[Scope] = Field(
        min_length=1, max_length=64, description="Rights, as /api/me names."
    )
    sites: list[str] | None = Field(None, max_length=200, description="Null: wherever one may.")
    days: int = Field(ge=1, le=3650)


class MadeToken(TokenInfo):
    """A new token with what it is."""

    secret: str = Field(description="To be sent as `Authorization: Bearer`; never shown again.")


class NewPassword(Model):
    """Another password."""

    old: SecretStr = Field(max_length=MAX_SECRET)
    new: SecretStr = Field(max_length=MAX_SECRET)


class Proof(Model):
    """What proves who this is."""

    given: SecretStr = Field(max_length=MAX_SECRET, description="The password, or a code.")


class FactorOffer(Model):
    """A second factor that waits for its first code."""

    secret: str
    uri: str = Field(description="What the QR code says.")


class FactorCode(Model):
    """A code of the device."""

    code: str = Field(min_length=6, max_length=16)


class RecoveryCodes(Model):
    """Codes for a lost device, told this once."""

    codes: list[str]


async def me(request: web.Request, given: Given[Any, Any]) -> Me:
    """Say who asks and what they may."""
    del given
    who = operator(request)
    rights = []
    for right in sorted(RIGHTS, key=lambda item: item.value):
        sites = who.sites(right)
        if sites is None or sites:
            rights.append(Right(right=right.value, sites=None if sites is None else sorted(sites)))
    must = identity(request).must_enrol
    return Me(name=who.name, token=who.token, must_enrol=must, rights=rights)


async def prove(request: web.Request, given: Given[Any, Proof]) -> Nothing:
    """Prove anew who this is."""
    login_of_browser(request)
    try:
        await request.app[keys.OPERATORS].prove(
            operator_cookie(request) or "",
            given.body.given.get_secret_value(),
            address_of(request),
        )
    except LoginError as error:
        _refuse(error)
    return Nothing()


async def password(request: web.Request, given: Given[Any, NewPassword]) -> Nothing:
    """Change the own password."""
    login = login_of_browser(request)
    try:
        await request.app[keys.OPERATORS].change_password(
            login,
            given.body.old.get_secret_value(),
            given.body.new.get_secret_value(),
            address_of(request),
        )
    except (AccountError, LoginError) as error:
        _refuse(error)
    await note(request, "me.password", login.operator, site="")
    return Nothing()


async def logins(request: web.Request, given: Given[Any, Any]) -> LoginList:
    """List where one is logged in."""
    del given
    login = login_of_browser(request)
    rows = await request.app[keys.STORAGE].logins.of(login.operator)
    return LoginList(logins=[login_info(row, this=login.id) for row in rows])


async def end_login(request: web.Request, given: Given[Any, Any]) -> Nothing:
    """End one login of one's own."""
    login = login_of_browser(request)
    id = given.path["login"]
    if not await request.app[keys.STORAGE].logins.end(login.operator, id):
        refuse(404, "unknown", "This login is over already.")
    await note(request, "me.login.end", id, site="")
    return Nothing()


async def end_others(request: web.Request, given: Given[Any, Any]) -> Nothing:
    """End every login of one's own but this."""
    del given
    login = login_of_browser(request)
    await request.app[keys.STORAGE].logins.delete_of(login.operator, but=login.id)
    await note(request, "me.login.end", "others", site="")
    return Nothing()


async def offer_factor(request: web.Request, given: Given[Any, Any]) -> FactorOffer:
    """Offer a second factor; it counts once its first code was sent."""
    del given
    login = login_of_browser(request)
    name = request.app[keys.SETTINGS].site.name
    try:
        offer = await request.app[keys.OPERATORS].second_factor.offer(login.operator, name)
    except SecondFactorError as error:
        refuse(409, error.code, str(error))
    return FactorOffer(secret=offer.secret, uri=offer.uri)


async def confirm_factor(request: web.Request, given: Given[Any, FactorCode]) -> RecoveryCodes:
    """Begin to use the second factor that was offered."""
    login = login_of_browser(request)
    need_proof(request, _BACK)
    try:
        codes = await request.app[keys.OPERATORS].second_factor.confirm(
            login.operator, given.body.code
        )
    except SecondFactorError as error:
        _refuse(error)
    await note(request, "me.factor.add", login.operator, site="")
    return RecoveryCodes(codes=list(codes))


async def drop_factor(request: web.Request, given: Given[Any, Any]) -> Nothing:
    """Remove the own second factor."""
    del given
    login = login_of_browser(request)
    need_proof(request, _BACK)
    if not await request.app[keys.STORAGE].operators.drop_totp(login.operator):
        refuse(404, "unknown", "There is no second factor.")
    await note(request, "me.factor.remove", login.operator, site="")
    return Nothing()


async def new_codes(request: web.Request, given: Given[Any, Any]) -> RecoveryCodes:
    """Make new recovery codes; those of before are good no more."""
    del given
    login = login_of_browser(request)
    need_proof(request, _BACK)
    if not login.totp:
        refuse(404, "unknown", "There is no second factor.")
    codes = await request.app[keys.OPERATORS].second_factor.new_recovery_codes(login.operator)
    await note(request, "me.factor.codes", login.operator, site="")
    return RecoveryCodes(codes=list(codes))


async def tokens(request: web.Request, given: Given[Any, Any]) -> TokenList:
    """List one's own tokens."""
    del given
    login = login_of_browser(request)
    rows = await request.app[keys.OPERATORS].tokens.of(login.operator)
    return TokenList(tokens=[token_info(row) for row in rows])


async def make_token(request: web.Request, given: Given[Any, NewToken]) -> MadeToken:
    """Make a token; it is told this once."""
    login_of_browser(request)
    need_proof(request, _BACK)
    wanted = given.body
    sites = wanted.sites
    try:
        secret, row = await request.app[keys.OPERATORS].tokens.make(
            operator(request),
            wanted.name,
            scopes=wanted.scopes,
            sites=known_sites(request.app[keys.SETTINGS], sites) if sites is not None else None,
            days=wanted.days,
        )
    except TokenError as error:
        _refuse(error)
    await note(request, "me.token.make", row.name, token_words(row), site="")
    return MadeToken(**token_info(row).model_dump(), secret=secret)


async def revoke_token(request: web.Request, given: Given[Any, Any]) -> Nothing:
    """End a token of one's own."""
    login = login_of_browser(request)
    id = given.path["token"]
    if not await request.app[keys.OPERATORS].tokens.revoke(login.operator, id):
        refuse(404, "unknown", "This token is gone already.")
    await note(request, "me.token.revoke", id, site="")
    return Nothing()


def login_info(row: LoginRow, *, this: str = "") -> LoginInfo:
    """Return a login as it is told."""
    return LoginInfo(
        id=row.id,
        device=row.device,
        address=row.address,
        method=row.method,
        since=row.created_at,
        used=row.seen_at,
        until=row.expires_at,
        this=row.id == this,
    )


def token_info(row: TokenRow) -> TokenInfo:
    """Return a token as it is told."""
    return TokenInfo(
        id=row.id,
        name=row.name,
        scopes=list(row.scopes),
        sites=list(row.sites) if row.sites is not None else None,
        created=row.created_at,
        until=row.expires_at,
        used=row.used_at,
        used_from=row.used_from,
    )


def _refuse(error: KioskError) -> NoReturn:
    if isinstance(error, LoginError):
        status = 429 if error.code in {"paused", "busy"} else 403
        refuse(status, error.code, str(error), retry_after=error.retry_after)
    refuse(422, error.code, str(error))


def _route(
    method: str,
    path: str,
    handler: Any,
    summary: str,
    *,
    answer: type[Model] = Nothing,
    **more: Any,
) -> ApiRoute:
    status = 204 if answer is Nothing else 200
    return ApiRoute(
        method, path, handler, Access.PERSON, summary, answer=answer, status=status, **more
    )


ROUTES = [
    _route("GET", "/api/me", me, "Who am I, and what may I?", answer=Me),
    _route("POST", "/api/me/prove", prove, "Prove anew who this is.", body=Proof, refusals=(429,)),
    _route(
        "POST",
        "/api/me/password",
        password,
        "Change the own password; other logins end.",
        body=NewPassword,
        refusals=(429,),
    ),
    _route("GET", "/api/me/logins", logins, "Where am I logged in?", answer=LoginList),
    _route("DELETE", "/api/me/logins", end_others, "End every other login."),
    _route("DELETE", "/api/me/logins/{login}", end_login, "End one login."),
    _route(
        "POST",
        "/api/me/totp",
        offer_factor,
        "Offer a second factor.",
        answer=FactorOffer,
        refusals=(409,),
    ),
    _route(
        "PUT",
        "/api/me/totp",
        confirm_factor,
        "Begin to use the second factor that was offered.",
        body=FactorCode,
        answer=RecoveryCodes,
    ),
    _route("DELETE", "/api/me/totp", drop_factor, "Remove the second factor."),
    _route(
        "POST", "/api/me/recovery-codes", new_codes, "New recovery codes.", answer=RecoveryCodes
    ),
    _route("GET", "/api/me/tokens", tokens, "My tokens.", answer=TokenList),
    _route(
        "POST",
        "/api/me/tokens",
        make_token,
        "Make a token, narrower than oneself.",
        body=NewToken,
        answer=MadeToken,
    ),
    _route("DELETE", "/api/me/tokens/{token}", revoke_token, "Revoke a token."),
]
