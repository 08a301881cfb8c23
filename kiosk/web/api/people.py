"""/api/people and /api/audit: who may do what, and who did what."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from pydantic import AwareDatetime, Field, SecretStr

from kiosk import keys
from kiosk.security.access import ROLES, Access
from kiosk.security.operators import AccountError
from kiosk.security.passwords import make_password
from kiosk.security.people import MAX_GRANTS, PeopleError, Person
from kiosk.storage.people import LastAdministratorError
from kiosk.storage.rows import EVERY_SITE, Grant
from kiosk.web.api.base import ApiRoute, Given, Model, Nothing, example
from kiosk.web.api.me import LoginList, TokenList, login_info, token_info
from kiosk.web.login import need_proof
from kiosk.web.noting import note
from kiosk.web.people import PEOPLE, grant, note_roles, people, refuse_for
from kiosk.web.request import operator

T = TypeVar("T")


class AuditQuery(Model):
    """Which page of the audit."""

    before: int | None = Field(None, ge=0, le=2**53, description="The `id` of the last row seen.")
    limit: int = Field(100, ge=1, le=500)


class AuditEntry(Model):
    """One row: who did what to whom, and why."""

    id: int
    at: AwareDatetime | datetime
    actor: str
    action: str
    target: str
    detail: str
    before: str
    after: str
    site: str
    request: str


class AuditPage(Model):
    """Rows, newest first."""

    entries: list[AuditEntry]
    before: int | None = Field(description="Ask with this for the next page; null: no more.")


class RoleAt(Model):
    """A role, at one site or every one."""

    role: str = Field(max_length=32, json_schema_extra={"enum": [*ROLES]})
    site: str | None = Field(None, max_length=64, description="Short name; null: every site.")


class PersonInfo(Model):
    """An account as whoever asks may see it."""

    name: str
    roles: list[RoleAt]
    origin: str = Field(description="`local`, or `oidc`: the site's provider.")
    second_factor: bool
    created: AwareDatetime | datetime
    whole: bool = Field(description="Whether password, logins and tokens are yours to change.")


class PersonList(Model):
    """Accounts by name."""

    people: list[PersonInfo]


class NewPerson(Model):
    """An account to be added."""

    model_config = example(name="vera.lopes", roles=[{"role": "viewer"}])
    name: str = Field(min_length=1, max_length=48)
    roles: list[RoleAt] = Field(min_length=1, max_length=MAX_GRANTS)
    password: SecretStr | None = Field(
        None, max_length=1024, description="Null: one is made and told once."
    )


class AddedPerson(PersonInfo):
    """A new account."""

    password: str | None = Field(description="The one that was made; null when it was given.")


class Roles(Model):
    """All roles of a person."""

    roles: list[RoleAt] = Field(max_length=MAX_GRANTS)


class Why(Model):
    """A reason for the audit."""

    why: str = Field("", max_length=200)


class MadePassword(Model):
    """A password that was made, told this once."""

    password: str


async def audit(request: web.Request, given: Given[AuditQuery, Any]) -> AuditPage:
    """List who did what; of a person's sites, and what concerns none."""
    asked = given.query
    rows = await request.app[keys.STORAGE].audit.recent(
        asked.limit + 1,
        before=asked.before,
        sites=operator(request).sites(Access.AUDIT_READ),
    )
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    entries = [
        AuditEntry(**{name: getattr(row, name) for name in AuditEntry.model_fields}) for row in rows
    ]
    return AuditPage(entries=entries, before=rows[-1].id if more else None)


async def list_people(request: web.Request, given: Given[Any, Any]) -> PersonList:
    """List everybody that the asker manages."""
    del given
    found = await people(request).list(operator(request))
    return PersonList(people=[_info(person) for person in found])


async def person(request: web.Request, given: Given[Any, Any]) -> PersonInfo:
    """Tell of one person."""
    return _info(await _do(people(request).get(operator(request), given.path["person"])))


async def add(request: web.Request, given: Given[Any, NewPerson]) -> AddedPerson:
    """Add an account."""
    need_proof(request, PEOPLE)
    wanted = given.body
    made = make_password() if wanted.password is None else None
    secret = made if wanted.password is None else wanted.password.get_secret_value()
    known, who = people(request), operator(request)
    grants = _grants(request, wanted.roles)
    row = await _do(known.add(who, wanted.name, secret or "", grants))
    await note(request, "person.add", row.name, site="")
    await note_roles(request, row.name, (), row.grants)
    info = _info(await known.get(who, row.name))
    return AddedPerson(**info.model_dump(exclude={"roles"}), roles=info.roles, password=made)


async def set_roles(request: web.Request, given: Given[Any, Roles]) -> PersonInfo:
    """Give a person exactly these roles."""
    need_proof(request, PEOPLE)
    name, who = given.path["person"], operator(request)
    known = people(request)
    grants = _grants(request, given.body.roles)
    told = await _do(known.get(who, name))
    before, after = await _do(known.set_roles(who, name, grants))
    await note_roles(request, name, before, after)
    return _info(Person(replace(told.row, grants=after), all(map(who.covers, after))))


async def new_password(request: web.Request, given: Given[Any, Why]) -> MadePassword:
    """Make a person a new password."""
    need_proof(request, PEOPLE)
    name, made = given.path["person"], make_password()
    await _do(people(request).set_password(operator(request), name, made))
    await note(request, "person.password", name, given.body.why, site="")
    return MadePassword(password=made)


async def drop_factor(request: web.Request, given: Given[Why, Any]) -> Nothing:
    """Remove a person's second factor."""
    need_proof(request, PEOPLE)
    name = given.path["person"]
    await _do(people(request).drop_second_factor(operator(request), name))
    await note(request, "person.factor", name, given.query.why, site="")
    return Nothing()


async def remove(request: web.Request, given: Given[Why, Any]) -> Nothing:
    """Remove a person."""
    need_proof(request, PEOPLE)
    name = given.path["person"]
    await _do(people(request).remove(operator(request), name))
    await note(request, "person.remove", name, given.query.why, site="")
    return Nothing()


async def logins(request: web.Request, given: Given[Any, Any]) -> LoginList:
    """Tell where a person is logged in."""
    rows = await _do(people(request).logins(operator(request), given.path["person"]))
    return LoginList(logins=[login_info(row) for row in rows])


async def end_logins(request: web.Request, given: Given[Why, Any]) -> Nothing:
    """End one login of a person, or all."""
    need_proof(request, PEOPLE)
    name, id = given.path["person"], given.path.get("login")
    await _do(people(request).end_logins(operator(request), name, id))
    await note(request, "person.logins", name, id or given.query.why, site="")
    return Nothing()


async def tokens(request: web.Request, given: Given[Any, Any]) -> TokenList:
    """Tell of a person's tokens."""
    rows = await _do(people(request).tokens(operator(request), given.path["person"]))
    return TokenList(tokens=[token_info(row) for row in rows])


async def revoke(request: web.Request, given: Given[Any, Any]) -> Nothing:
    """Revoke a person's token."""
    need_proof(request, PEOPLE)
    name, id = given.path["person"], given.path["token"]
    await _do(people(request).revoke(operator(request), name, id))
    await note(request, "person.token.revoke", name, id, site="")
    return Nothing()


async def _do(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except (AccountError, PeopleError, LastAdministratorError) as error:
        refuse_for(error)


def _grants(request: web.Request, roles: Iterable[RoleAt]) -> list[Grant]:
    try:
        return [grant(request, item.role, item.site or EVERY_SITE) for item in roles]
    except AccountError as error:
        refuse_for(error)


def _info(found: Person) -> PersonInfo:
    row = found.row
    return PersonInfo(
        name=row.name,
        roles=[
            RoleAt(role=item.role, site=None if item.site == EVERY_SITE else item.site)
            for item in row.grants
        ],
        origin=row.origin,
        second_factor=row.totp_at is not None,
        created=row.created_at,
        whole=found.whole,
    )


def _route(
    method: str,
    path: str,
    handler: Any,
    summary: str,
    *,
    answer: type[Model] = Nothing,
    **more: Any,
) -> ApiRoute:
    return ApiRoute(
        method,
        f"/api/people{path}",
        handler,
        Access.PEOPLE_MANAGE,
        summary,
        answer=answer,
        status=204 if answer is Nothing else 200,
        refusals=(409,) if method != "GET" else (),
        **more,
    )


ROUTES = [
    _route("GET", "", list_people, "Everybody whom I manage.", answer=PersonList),
    _route("POST", "", add, "Add an account.", body=NewPerson, answer=AddedPerson),
    _route("GET", "/{person}", person, "One person.", answer=PersonInfo),
    _route("DELETE", "/{person}", remove, "Remove a person.", query=Why),
    _route(
        "PUT",
        "/{person}/roles",
        set_roles,
        "Give exactly these roles.",
        body=Roles,
        answer=PersonInfo,
    ),
    _route(
        "POST",
        "/{person}/password",
        new_password,
        "Make a new password; logins end.",
        body=Why,
        answer=MadePassword,
    ),
    _route(
        "DELETE", "/{person}/totp", drop_factor, "Remove the second factor; logins end.", query=Why
    ),
    _route("GET", "/{person}/logins", logins, "Where a person is logged in.", answer=LoginList),
    _route("DELETE", "/{person}/logins", end_logins, "End every login.", query=Why),
    _route("DELETE", "/{person}/logins/{login}", end_logins, "End one login.", query=Why),
    _route("GET", "/{person}/tokens", tokens, "A person's tokens.", answer=TokenList),
    _route("DELETE", "/{person}/tokens/{token}", revoke, "Revoke a token."),
    ApiRoute(
        "GET",
        "/api/audit",
        audit,
        Access.AUDIT_READ,
        "Who did what, newest first.",
        query=AuditQuery,
        answer=AuditPage,
    ),
]
