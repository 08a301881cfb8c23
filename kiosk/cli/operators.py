"""`kiosk operators`: accounts, roles, logins, tokens and emergency codes, from the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import click

from kiosk.cli import running
from kiosk.cli.options import CONFIG, ROLE, grants_of, settings_of
from kiosk.clock import SystemClock
from kiosk.errors import KioskError
from kiosk.security.operators import Operators
from kiosk.security.passwords import make_password
from kiosk.settings import Settings
from kiosk.storage.database import Storage, open_storage
from kiosk.storage.rows import EVERY_SITE, Grant, OperatorRow

ACTOR: Final = "command line"
"""Whom the audit names: whoever may run this may do everything anyway."""


@click.group()
def operators() -> None:
    """Manage who may log in to the dashboard."""


@operators.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="An administrator of every site.")
@ROLE
@click.option("--generate", is_flag=True, help="Make a password and print it once.")
@CONFIG
def add(name: str, admin: bool, role: tuple[str, ...], generate: bool, config: Path | None) -> None:
    """Add an operator; the password is asked for.

    Without a role the first one is an administrator and everybody else an operator.
    """
    password = (
        None if generate else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    settings = settings_of(config)
    words = [*(["administrator"] if admin else []), *role]
    running.run(_add(settings, name, password, grants_of(words, settings) if words else None))


@operators.command("grant")
@click.argument("name")
@ROLE
@CONFIG
def grant(name: str, role: tuple[str, ...], config: Path | None) -> None:
    """Give an operator exactly the roles named; without any, none is left."""
    settings = settings_of(config)
    running.run(_grant(settings, name, grants_of(role, settings)))


@operators.command("password")
@click.argument("name")
@CONFIG
def password(name: str, config: Path | None) -> None:
    """Set an operator's password; their logins end."""
    chosen = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    running.run(_set_password(settings_of(config), name, chosen))


@operators.command("remove")
@click.argument("name")
@CONFIG
def remove(name: str, config: Path | None) -> None:
    """Remove an operator; their logins and tokens end."""
    running.run(_remove(settings_of(config), name))


@operators.command("list")
@CONFIG
def listing(config: Path | None) -> None:
    """List the operators."""
    running.run(_list(settings_of(config)))


@operators.command("logins")
@click.argument("name")
@click.option("--end", metavar="ID", help="End this login; `all` ends every one.")
@CONFIG
def logins(name: str, end: str | None, config: Path | None) -> None:
    """List where an operator is logged in, or end a login."""
    running.run(_logins(settings_of(config), name, end))


@operators.command("tokens")
@click.argument("name")
@click.option("--revoke", metavar="ID", help="Revoke this token.")
@CONFIG
def tokens(name: str, revoke: str | None, config: Path | None) -> None:
    """List an operator's API tokens, or revoke one; tokens are made in the dashboard."""
    running.run(_tokens(settings_of(config), name, revoke))


@operators.command("totp-remove")
@click.argument("name")
@CONFIG
def totp_remove(name: str, config: Path | None) -> None:
    """Remove an operator's second factor, for a lost device; their logins end."""
    running.run(_totp_remove(settings_of(config), name))


@operators.command("break-glass")
@click.option("--why", default="", help="The reason, for the audit.")
@CONFIG
def break_glass(why: str, config: Path | None) -> None:
    """Make an emergency code: it lets one person in as an administrator, once, for minutes."""
    running.run(_break_glass(settings_of(config), why))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Operators, Storage]]:
    clock = SystemClock()
    async with open_storage(settings.storage, clock) as storage:
        known = Operators(storage, clock, settings.operators)
        try:
            yield known, storage
        finally:
            await known.aclose()


async def _add(
    settings: Settings, name: str, password: str | None, grants: Sequence[Grant] | None
) -> None:
    async with _opened(settings) as (known, storage):
        chosen = password or make_password()
        row = await known.add(name, chosen, grants=grants)
        await storage.audit.add(ACTOR, "person.add", row.name, after=_roles(row.grants))
        click.echo(f"Added {row.name} ({_roles(row.grants)}).")
        if password is None:
            click.echo(f"Password (shown once): {chosen}")


async def _grant(settings: Settings, name: str, grants: Sequence[Grant]) -> None:
    async with _opened(settings) as (known, storage):
        row = await _row(storage, name)
        if row.origin == "oidc":
            raise KioskError(
                f"The roles of {name} follow the provider; change operators.oidc.roles or groups."
            )
        await known.set_grants(name, grants)
        await storage.audit.add(
            ACTOR, "person.roles", name, before=_roles(row.grants), after=_roles(grants)
        )
        click.echo(f"{name} is now {_roles(grants)}.")


async def _set_password(settings: Settings, name: str, password: str) -> None:
    async with _opened(settings) as (known, storage):
        await known.set_password(name, password)
        await storage.audit.add(ACTOR, "person.password", name)
        click.echo(f"The password of {name} is changed; their logins are over.")


async def _remove(settings: Settings, name: str) -> None:
    async with _opened(settings) as (known, storage):
        await known.remove(name)
        await storage.audit.add(ACTOR, "person.remove", name)
        click.echo(f"Removed {name}.")


async def _list(settings: Settings) -> None:
    async with _opened(settings) as (known, _):
        for row in await known.list():
            if row.origin == "emergency":
                continue
            click.echo(f"{row.name}\t{_roles(row.grants)}")


async def _logins(settings: Settings, name: str, end: str | None) -> None:
    async with _opened(settings) as (_, storage):
        await _row(storage, name)
        if end is None:
            for row in await storage.logins.of(name):
                click.echo(
                    f"{row.id}\t{row.device}\t{row.address}\t{row.method}\t"
                    f"since {row.created_at:%Y-%m-%d %H:%M}\tused {row.seen_at:%Y-%m-%d %H:%M}"
                )
            return
        if end == "all":
            count = await storage.logins.delete_of(name)
        else:
            count = int(await storage.logins.end(name, end))
        if not count:
            raise KioskError(f"No such login of {name}; see `kiosk operators logins {name}`.")
        await storage.audit.add(ACTOR, "person.logins", name, end)
        click.echo(f"Ended logins of {name}: {count}.")


async def _tokens(settings: Settings, name: str, revoke: str | None) -> None:
    async with _opened(settings) as (known, storage):
        await _row(storage, name)
        if revoke is None:
            for row in await known.tokens.of(name):
                used = f"{row.used_at:%Y-%m-%d %H:%M}" if row.used_at is not None else "never"
                where = "all" if row.sites is None else ",".join(row.sites)
                click.echo(
                    f"{row.id}\t{row.name}\t{','.join(row.scopes)}\t{where}\t"
                    f"until {row.expires_at:%Y-%m-%d}\tused {used}"
                )
            return
        if not await known.tokens.revoke(name, revoke):
            raise KioskError(f"No such token of {name}; see `kiosk operators tokens {name}`.")
        await storage.audit.add(ACTOR, "person.token.revoke", name, revoke)
        click.echo(f"Revoked {revoke}.")


async def _totp_remove(settings: Settings, name: str) -> None:
    async with _opened(settings) as (_, storage):
        if not await storage.operators.drop_totp(name):
            raise KioskError(f"There is no second factor of {name}.")
        await storage.logins.delete_of(name)
        await storage.audit.add(ACTOR, "person.factor", name)
        click.echo(f"The second factor of {name} is removed; their logins are over.")


async def _break_glass(settings: Settings, why: str) -> None:
    async with _opened(settings) as (known, storage):
        # The audit first: a code that nobody could know of must not be.
        await storage.audit.add(ACTOR, "operator.break_glass.made", detail=why)
        code = await known.make_emergency_code()
    minutes = settings.operators.break_glass_minutes
    click.echo(f"Emergency code (shown once, good once within {minutes:g} minutes): {code}")
    click.echo("Open /operator/login/emergency and type it there; the audit has it.")


async def _row(storage: Storage, name: str) -> OperatorRow:
    row = await storage.operators.get(name)
    if row is None:
        raise KioskError(f"There is no operator {name}; see `kiosk operators list`.")
    return row


def _roles(grants: Sequence[Grant]) -> str:
    words = (
        item.role if item.site == EVERY_SITE else f"{item.role} of {item.site}" for item in grants
    )
    return ", ".join(words) or "no role"
