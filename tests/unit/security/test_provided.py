"""Accounts of a provider follow its groups, and the settings of now."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.security.provided import NotLetInError, Provided, ProvidedAccounts, plain_name
from kiosk.settings.oidc import OidcSettings
from kiosk.storage.rows import Grant
from tests.unit.security.accounts import HERE, accounts
from tests.unit.storage.keeping import ManualClock

ISSUER = "https://login.example/v2.0"
DORA = Provided(f"{ISSUER} s-1", "Dora", ("staff",), None)


def settings(**changed: object) -> OidcSettings:
    values = {"issuer": ISSUER, "client_id": "x", "roles": {"staff": ["operator@north", "viewer"]}}
    return OidcSettings.model_validate(values | changed)


async def test_roles_are_those_of_the_groups(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        known = ProvidedAccounts(operators, storage, settings())
        login = await known.enter(DORA, HERE, "Firefox")
        assert login.operator.name == "dora"
        assert login.operator.grants == (Grant("operator", "north"), Grant("viewer"))
        assert await known.end(DORA.subject) == "dora"
        assert await known.end("somebody else") is None
        assert await operators.whose(login.token) is None


@pytest.mark.parametrize(
    "now",
    [settings(roles={}), OidcSettings(), settings(issuer="https://other.example")],
    ids=["no mapping", "no provider", "another provider"],
)
async def test_what_the_settings_no_longer_give_ends_at_the_start(
    tmp_path: Path, now: OidcSettings
) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        login = await ProvidedAccounts(operators, storage, settings()).enter(DORA, HERE, "")
        await ProvidedAccounts(operators, storage, settings()).follow()
        assert await operators.whose(login.token) is not None
        await ProvidedAccounts(operators, storage, now).follow()
        assert await operators.whose(login.token) is None
        row = await storage.operators.get("dora")
        assert row is not None
        assert row.grants == ()
        # Those of this server stay as they are.
        anna = await storage.operators.get("anna")
        assert anna is not None
        assert anna.grants == (Grant("administrator"),)


async def test_a_changed_mapping_holds_for_logins_that_are_open(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        login = await ProvidedAccounts(operators, storage, settings()).enter(DORA, HERE, "")
        less = settings(roles={"staff": ["viewer"]})
        await ProvidedAccounts(operators, storage, less).follow()
        who = await operators.whose(login.token)
        assert who is not None
        assert who.grants == (Grant("viewer"),)


async def test_who_has_no_place_is_told_so(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        known = ProvidedAccounts(operators, storage, settings())
        for person, said in (
            (Provided("x 1", "eve", (), None), "none of the groups"),
            (Provided("x 2", " ?! ", ("staff",), None), "no name"),
            (Provided("x 3", "Anna", ("staff",), None), "named anna"),
        ):
            with pytest.raises(NotLetInError, match=said):
                await known.enter(person, HERE, "")


@pytest.mark.parametrize(
    ("claimed", "plain"),
    [
        ("Anna.Berg@museum.example", "anna.berg@museum.example"),
        (" Anna Berg/../x ", "anna-berg-..-x"),
        ("Ünal", "nal"),
        ("💥", ""),
        ("x" * 99, "x" * 64),
    ],
)
def test_a_name_fits_into_an_address(claimed: str, plain: str) -> None:
    assert plain_name(claimed) == plain
