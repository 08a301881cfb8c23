"""Who may change whom: never more than one may oneself, and somebody always may everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import KioskError
from kiosk.security.access import ROLES, Access, Operator
from kiosk.security.people import People, PeopleError
from kiosk.storage.people import LastAdministratorError
from kiosk.storage.rows import Grant, Role
from tests.unit.security.accounts import GOOD, HERE, accounts
from tests.unit.storage.keeping import ManualClock

ANNA = Operator("anna", (Grant("administrator"),))
NORA = Operator("nora", (Grant("administrator", "north"),))
NORTH: tuple[Role, ...] = tuple(ROLES)


async def test_a_manager_of_one_house_sees_and_gives_there_only(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        people = People(operators, storage)
        for grant in NORA.grants:
            await people.add(ANNA, "nora", GOOD, [grant])
        for role in NORTH:
            await people.add(NORA, f"{role}-n".replace("_", "-"), GOOD, [Grant(role, "north")])
        await people.add(ANNA, "sven", GOOD, [Grant("viewer", "south")])
        seen = {person.row.name for person in await people.list(NORA)}
        assert "nora" in seen
        assert not seen & {"anna", "sven"}
        for refused in (Grant("viewer"), Grant("viewer", "south"), Grant("administrator")):
            with pytest.raises(PeopleError) as caught:
                await people.add(NORA, "x", GOOD, [refused])
            assert caught.value.code == "forbidden"
            with pytest.raises(PeopleError):
                await people.set_roles(NORA, "viewer-n", [Grant("viewer", "north"), refused])
        for name in ("anna", "sven", "nobody"):
            with pytest.raises(PeopleError, match="no person") as caught:
                await people.get(NORA, name)
            assert caught.value.code == "unknown"


async def test_what_a_person_holds_elsewhere_stays_and_keeps_the_account_out_of_hand(
    tmp_path: Path,
) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        people = People(operators, storage)
        both = [Grant("viewer", "north"), Grant("operator", "south")]
        await people.add(ANNA, "bert", GOOD, both)
        before, after = await people.set_roles(NORA, "bert", [*both, Grant("editor", "north")])
        assert set(after) - set(before) == {Grant("editor", "north")}
        with pytest.raises(PeopleError, match="do not manage people of the site south"):
            await people.set_roles(NORA, "bert", [Grant("viewer", "north")])
        for act in (
            people.set_password(NORA, "bert", GOOD),
            people.logins(NORA, "bert"),
            people.end_logins(NORA, "bert"),
            people.tokens(NORA, "bert"),
            people.revoke(NORA, "bert", "x"),
            people.drop_second_factor(NORA, "bert"),
            people.remove(NORA, "bert"),
        ):
            with pytest.raises(PeopleError) as caught:
                await act
            assert caught.value.code == "forbidden"
        await people.remove(ANNA, "bert")


async def test_a_token_that_manages_people_gives_no_more_than_it_may(tmp_path: Path) -> None:
    token = Operator("anna", ANNA.grants, frozenset({Access.PEOPLE_MANAGE}), None, "t")
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        people = People(operators, storage)
        with pytest.raises(PeopleError, match="more than you"):
            await people.add(token, "x", GOOD, [Grant("viewer")])
        with pytest.raises(PeopleError, match="may do what you may not"):
            await people.set_password(token, "anna", GOOD)


async def test_the_last_administrator_stays(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        people = People(operators, storage)
        with pytest.raises(LastAdministratorError):
            await people.remove(ANNA, "anna")
        with pytest.raises(LastAdministratorError):
            await people.set_roles(ANNA, "anna", [Grant("viewer")])
        await people.add(ANNA, "ada", GOOD, [Grant("administrator")])
        await people.remove(ANNA, "anna")


async def test_logins_tokens_passwords_and_factors_of_others(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, storage):
        people = People(operators, storage)
        await people.add(ANNA, "bert", GOOD, [Grant("operator")])
        first = await operators.login("bert", GOOD, HERE, device="Firefox on Linux")
        await operators.login("bert", GOOD, HERE)
        rows = await people.logins(ANNA, "bert")
        assert "Firefox on Linux" in {row.device for row in rows}
        assert await people.end_logins(ANNA, "bert", rows[0].id) == 1
        with pytest.raises(PeopleError, match="over already"):
            await people.end_logins(ANNA, "bert", rows[0].id)
        await people.set_password(ANNA, "bert", "another-good-password")
        assert await operators.whose(first.token) is None
        bert = Operator("bert", (Grant("operator"),))
        _, token = await operators.tokens.make(bert, "t", scopes=["fleet.view"])
        assert [row.id for row in await people.tokens(ANNA, "bert")] == [token.id]
        await people.revoke(ANNA, "bert", token.id)
        with pytest.raises(PeopleError, match="gone"):
            await people.revoke(ANNA, "bert", token.id)
        with pytest.raises(PeopleError, match="no second factor"):
            await people.drop_second_factor(ANNA, "bert")
        with pytest.raises(PeopleError, match="a role at least"):
            await people.add(ANNA, "x", GOOD, [])
        with pytest.raises(KioskError, match="kept for emergencies"):
            await people.add(ANNA, "break-glass", GOOD, [Grant("viewer")])
