"""`kiosk operators`: roles, logins, tokens, second factors and emergency codes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pyotp
import pytest

from kiosk.clock import SystemClock
from kiosk.security.access import Operator
from kiosk.security.operators import Operators
from kiosk.settings import load_settings
from kiosk.storage.database import Storage, open_storage
from kiosk.storage.rows import Grant
from tests.unit.cli.commanding import kiosk, site

T = TypeVar("T")
WORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _site(tmp_path: Path) -> None:
    site(tmp_path, endpoint=None)
    kiosk("operators", "add", "anna", typed=f"{WORD}\n" * 2)


def with_accounts(act: Callable[[Operators, Storage], Awaitable[T]]) -> T:
    """Do something with the database that the command uses."""

    async def opened() -> T:
        clock = SystemClock()
        settings = load_settings(Path("kiosk.toml"))
        async with open_storage(settings.storage, clock) as storage:
            known = Operators(storage, clock, settings.operators)
            try:
                return await act(known, storage)
            finally:
                await known.aclose()

    return asyncio.run(opened())


def audited() -> list[tuple[str, str, str]]:
    async def read(_: Operators, storage: Storage) -> list[tuple[str, str, str]]:
        return [(row.actor, row.action, row.target) for row in await storage.audit.recent()]

    return with_accounts(read)


def test_roles_are_given_written_down_and_never_all_gone() -> None:
    kiosk("operators", "add", "ben", "--generate", "--role", "viewer")
    granted = kiosk("operators", "grant", "ben", "--role", "operator", "--role", "auditor@main")
    assert granted.output == "ben is now operator, auditor of main.\n"
    assert audited()[0] == ("command line", "person.roles", "ben")
    for arguments in (("grant", "anna", "--role", "viewer"), ("remove", "anna")):
        last = kiosk("operators", *arguments)
        assert last.exit_code == 2
        assert "last administrator" in last.output
    assert kiosk("operators", "grant", "ben", "--role", "king").exit_code == 2
    assert "no operator nobody" in kiosk("operators", "grant", "nobody").output


def test_logins_are_listed_and_ended() -> None:
    async def log_in(known: Operators, _: Storage) -> None:
        for device in ("Firefox on Linux", "Edge on Windows"):
            await known.login("anna", WORD, "192.0.2.1", device=device)

    with_accounts(log_in)
    listed = kiosk("operators", "logins", "anna").stdout
    assert "Firefox on Linux\t192.0.2.1\tpassword" in listed
    first = listed.split("\t")[0]
    assert kiosk("operators", "logins", "anna", "--end", first).output == (
        "Ended logins of anna: 1.\n"
    )
    assert kiosk("operators", "logins", "anna", "--end", first).exit_code == 2
    assert kiosk("operators", "logins", "anna", "--end", "all").exit_code == 0
    assert kiosk("operators", "logins", "anna").stdout == ""


def test_tokens_are_listed_and_revoked() -> None:
    async def make(known: Operators, _: Storage) -> str:
        anna = Operator("anna", (Grant("administrator"),))
        secret, _row = await known.tokens.make(anna, "nightly", scopes=["fleet.view"])
        return secret

    secret = with_accounts(make)
    listed = kiosk("operators", "tokens", "anna").stdout
    assert "\tnightly\tfleet.view\tall\t" in listed
    assert secret not in listed
    id = listed.split("\t")[0]
    assert kiosk("operators", "tokens", "anna", "--revoke", id).exit_code == 0
    assert kiosk("operators", "tokens", "anna", "--revoke", id).exit_code == 2


def test_a_lost_device_and_an_emergency() -> None:
    assert kiosk("operators", "totp-remove", "anna").exit_code == 2

    async def enrol(known: Operators, _: Storage) -> None:
        offer = await known.second_factor.offer("anna", "Museum")
        await known.second_factor.confirm("anna", pyotp.TOTP(offer.secret).now())

    with_accounts(enrol)
    assert kiosk("operators", "totp-remove", "anna").exit_code == 0
    made = kiosk("operators", "break-glass", "--why", "the provider is down")
    code = made.stdout.splitlines()[0].rpartition(" ")[2]
    assert ("command line", "operator.break_glass.made", "") in audited()

    async def enter(known: Operators, _: Storage) -> str:
        return (await known.break_glass(code, "192.0.2.1")).operator.name

    assert with_accounts(enter) == "break-glass"
    assert kiosk("operators", "list").stdout == "anna\tadministrator\n"
