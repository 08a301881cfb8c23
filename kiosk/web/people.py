"""The page of people: who may do what, and what a manager may change about it."""

from __future__ import annotations

from typing import Any, Final, NoReturn
from urllib.parse import quote

from aiohttp import web

from kiosk import keys
from kiosk.errors import KioskError
from kiosk.security.access import ROLES, Access
from kiosk.security.operators import AccountError
from kiosk.security.passwords import make_password
from kiosk.security.people import People, PeopleError, Person
from kiosk.storage.people import LastAdministratorError
from kiosk.storage.rows import EVERY_SITE, Grant, Role
from kiosk.web.dashboard import MAX_WHY, render
from kiosk.web.login import is_proved, need_proof
from kiosk.web.me import grant_word, grant_words
from kiosk.web.noting import note
from kiosk.web.request import form, identity, operator, refuse
from kiosk.web.routes import Route

PEOPLE: Final = "/operator/people"

_ASKED: Final = {
    "password": (
        "Give {name} a new password?",
        "The old one opens nothing any more and every login of {name} ends. The new password is "
        "shown once, to you.",
        "Make a new password",
    ),
    "logins": (
        "End every login of {name}?",
        "{name} must log in again on every device. Tokens go on working.",
        "End the logins",
    ),
    "factor": (
        "Remove the second factor of {name}?",
        "For a lost device: until {name} sets up another, the password alone opens the account. "
        "Every login of {name} ends.",
        "Remove the second factor",
    ),
    "remove": (
        "Remove {name}?",
        "Logins and tokens of {name} end at once. What {name} did stays in the audit.",
        "Remove {name}",
    ),
}
_DONE: Final = {
    "roles": "The roles are changed; they hold at once.",
    "logins": "The logins are over.",
    "factor": "The second factor is removed.",
    "revoked": "The token is revoked; it opens nothing any more.",
    "removed": "The person is removed.",
}


def people(request: web.Request) -> People:
    """Return what a manager may do."""
    return People(request.app[keys.OPERATORS], request.app[keys.STORAGE])


def refuse_for(error: KioskError) -> NoReturn:
    """Answer with what stood in the way."""
    if isinstance(error, PeopleError):
        status = {"unknown": 404, "forbidden": 403, "conflict": 409}[error.code]
        refuse(status, error.code, str(error))
    if isinstance(error, LastAdministratorError):
        refuse(409, error.code, str(error))
    refuse(422, error.code, str(error))


def grant(request: web.Request, role: str, site: str) -> Grant:
    """Read a role and a site; raises AccountError for one that is not there."""
    known: Role | None = next((name for name in ROLES if name == role), None)
    if known is None:
        raise AccountError(f"There is no role {role[:40]!r}; there are {', '.join(ROLES)}.")
    sites = request.app[keys.SETTINGS].site_names()
    if site not in {EVERY_SITE, *sites}:
        raise AccountError(f"There is no site {site[:48]!r}; there are {', '.join(sites)}.")
    return Grant(known, site)


async def note_roles(
    request: web.Request, name: str, before: tuple[Grant, ...], after: tuple[Grant, ...]
) -> None:
    """Write a change of roles down, at the house it concerns when it is one."""
    sites = {item.site for item in set(before) ^ set(after)}
    site = sites.pop() if len(sites) == 1 else EVERY_SITE
    await note(
        request,
        "person.roles",
        name,
        before=grant_words(before, {}),
        after=grant_words(after, {}),
        site="" if site == EVERY_SITE else site,
    )


async def people_page(request: web.Request) -> web.Response:
    """List everybody whom this person manages."""
    return await _list(request, done=_DONE.get(request.query.get("done", ""), ""))


async def add(request: web.Request) -> web.Response:
    """Add an account with a password that is shown once."""
    fields = await form(request)
    need_proof(request, PEOPLE)
    name, password = fields.get("name", ""), make_password()
    try:
        wanted = grant(request, fields.get("role", ""), fields.get("site", ""))
        row = await people(request).add(operator(request), name, password, [wanted])
    except (AccountError, PeopleError) as error:
        return await _list(request, problem=str(error), name=name[:64], status=422)
    await note(request, "person.add", row.name, site="")
    await note_roles(request, row.name, (), row.grants)
    return await _list(request, password=password, added=row.name)


async def person_page(request: web.Request) -> web.Response:
    """Show one person."""
    return await _one(request, done=_DONE.get(request.query.get("done", ""), ""))


async def give(request: web.Request) -> web.Response:
    """Give a person a role, or take one away."""
    fields = await form(request)
    name = request.match_info["person"]
    need_proof(request, _address(name))
    who = operator(request)
    known = people(request)
    try:
        wanted = grant(request, fields.get("role", ""), fields.get("site", ""))
        held = set((await known.get(who, name)).row.grants)
        changed = held - {wanted} if fields.get("take") else held | {wanted}
        before, after = await known.set_roles(who, name, changed)
    except (AccountError, PeopleError, LastAdministratorError) as error:
        return await _one(request, problem=str(error), status=409)
    await note_roles(request, name, before, after)
    target = _address(name)
    if not _still_seen(request, after):
        target = PEOPLE
    raise web.HTTPSeeOther(f"{target}?done=roles")


async def ask_page(request: web.Request) -> web.Response:
    """Ask once, naming what will happen to whom."""
    name, what = request.match_info["person"], request.match_info["what"]
    person = await _whole(request)
    if what not in _ASKED:
        refuse(404, "not_found", "There is nothing at this address.")
    need_proof(request, _address(name))
    title, text, button = (part.format(name=person.row.name) for part in _ASKED[what])
    return await render(
        request,
        "person_ask.html",
        nav="people",
        person=person.row.name,
        what=what,
        title=title,
        text=text,
        button=button,
    )


async def do(request: web.Request) -> web.Response:
    """Do what was asked for."""
    fields = await form(request)
    name, what = request.match_info["person"], request.match_info["what"]
    need_proof(request, _address(name))
    if what not in _ASKED:
        refuse(404, "not_found", "There is nothing at this address.")
    why = fields.get("why", "").strip()[:MAX_WHY]
    who, known, password = operator(request), people(request), ""
    try:
        if what == "password":
            password = make_password()
            await known.set_password(who, name, password)
        elif what == "logins":
            await known.end_logins(who, name)
        elif what == "factor":
            await known.drop_second_factor(who, name)
        else:
            await known.remove(who, name)
    except (AccountError, PeopleError, LastAdministratorError) as error:
        refuse_for(error)
    await note(request, f"person.{what}", name, why, site="")
    if password:
        return await _one(request, password=password)
    if what == "remove":
        raise web.HTTPSeeOther(f"{PEOPLE}?done=removed")
    raise web.HTTPSeeOther(f"{_address(name)}?done={what}")


async def end_login(request: web.Request) -> web.Response:
    """End one login of a person."""
    await form(request)
    name, id = request.match_info["person"], request.match_info["login"]
    need_proof(request, _address(name))
    try:
        await people(request).end_logins(operator(request), name, id)
    except PeopleError as error:
        refuse_for(error)
    await note(request, "person.logins", name, id, site="")
    raise web.HTTPSeeOther(f"{_address(name)}?done=logins")


async def revoke(request: web.Request) -> web.Response:
    """Revoke a person's token."""
    await form(request)
    name, id = request.match_info["person"], request.match_info["token"]
    need_proof(request, _address(name))
    try:
        await people(request).revoke(operator(request), name, id)
    except PeopleError as error:
        refuse_for(error)
    await note(request, "person.token.revoke", name, id, site="")
    raise web.HTTPSeeOther(f"{_address(name)}?done=revoked")


async def _whole(request: web.Request) -> Person:
    try:
        return await people(request).get(operator(request), request.match_info["person"])
    except PeopleError as error:
        refuse_for(error)


async def _list(
    request: web.Request,
    *,
    done: str = "",
    problem: str = "",
    name: str = "",
    password: str = "",
    added: str = "",
    status: int = 200,
) -> web.Response:
    names = request.app[keys.SETTINGS].site_names()
    found = await people(request).list(operator(request))
    return await render(
        request,
        "people.html",
        status=status,
        nav="people",
        people=[_row(item, names) for item in found],
        proved=is_proved(request),
        done=done,
        problem=problem,
        name=name,
        password=password,
        added=added,
        **_offered(request),
    )


async def _one(
    request: web.Request,
    *,
    done: str = "",
    problem: str = "",
    password: str = "",
    status: int = 200,
) -> web.Response:
    person, who = await _whole(request), operator(request)
    name = person.row.name
    names = request.app[keys.SETTINGS].site_names()
    known = people(request)
    return await render(
        request,
        "person.html",
        status=status,
        nav="people",
        person=_row(person, names),
        grants=[
            {
                "role": item.role,
                "site": item.site,
                "words": grant_word(item, names),
                "mine": who.covers(item) and person.row.origin == "local",
            }
            for item in person.row.grants
        ],
        logins=await known.logins(who, name) if person.whole else (),
        tokens=await known.tokens(who, name) if person.whole else (),
        whole=person.whole,
        proved=is_proved(request),
        done=done,
        problem=problem,
        password=password,
        **_offered(request),
    )


def _row(person: Person, names: dict[str, str]) -> dict[str, Any]:
    row = person.row
    return {
        "name": row.name,
        "address": _address(row.name),
        "roles": grant_words(row.grants, names),
        "origin": row.origin,
        "factor": row.totp_at is not None,
        "created_at": row.created_at,
        "password_at": row.password_at,
        "groups": row.groups,
    }


def _offered(request: web.Request) -> dict[str, Any]:
    """Return the roles and sites that this person may give."""
    who = operator(request)
    names = request.app[keys.SETTINGS].site_names()
    managed = who.sites(Access.PEOPLE_MANAGE)
    sites = {site: name for site, name in names.items() if managed is None or site in managed}
    places = [EVERY_SITE, *sites] if managed is None else list(sites)
    roles = [role for role in ROLES if any(who.covers(Grant(role, site)) for site in places)]
    return {"roles_offered": roles, "sites_offered": sites, "every_site": managed is None}


def _still_seen(request: web.Request, grants: tuple[Grant, ...]) -> bool:
    who = identity(request).operator
    sites = who.sites(Access.PEOPLE_MANAGE) if who is not None else frozenset()
    return sites is None or any(item.site in sites for item in grants)


def _address(name: str) -> str:
    return f"{PEOPLE}/{quote(name, safe='@')}"


def routes() -> list[Route]:
    """Return the addresses of the page of people."""
    one = f"{PEOPLE}/{{person}}"
    return [
        Route("GET", PEOPLE, people_page, Access.PEOPLE_MANAGE),
        Route("POST", PEOPLE, add, Access.PEOPLE_MANAGE),
        Route("GET", one, person_page, Access.PEOPLE_MANAGE),
        Route("POST", f"{one}/roles", give, Access.PEOPLE_MANAGE),
        Route("GET", f"{one}/ask/{{what}}", ask_page, Access.PEOPLE_MANAGE),
        Route("POST", f"{one}/ask/{{what}}", do, Access.PEOPLE_MANAGE),
        Route("POST", f"{one}/logins/{{login}}/end", end_login, Access.PEOPLE_MANAGE),
        Route("POST", f"{one}/tokens/{{token}}/revoke", revoke, Access.PEOPLE_MANAGE),
    ]
