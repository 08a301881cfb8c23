"""Accounts and logins: let in, kept out, slowed down, and over in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher

from kiosk.security.access import Access, Operator
from kiosk.security.operators import AccountError, LoginError, Operators
from kiosk.security.passwords import Passwords
from kiosk.settings.people import OperatorSettings
from kiosk.storage.database import Storage
from kiosk.storage.people import LastAdministratorError
from kiosk.storage.rows import Grant
from tests.unit.storage.keeping import ManualClock, kept

GOOD = "a-good-long-password"
HERE = "192.0.2.7"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def storage(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Storage]:
    async with kept(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def operators(storage: Storage, clock: ManualClock) -> AsyncIterator[Operators]:
    settings = OperatorSettings(attempts=3, pause_s=60, session_hours=10, idle_minutes=30)
    # Real argon2, as cheap as it goes: what it costs is not this file's subject.
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    made = Operators(storage, clock, settings, cheap)
    await made.add("anna", GOOD)
    yield made
    await made.aclose()


async def refused(operators: Operators, name: str, password: str, address: str = HERE) -> str:
    with pytest.raises(LoginError) as caught:
        await operators.login(name, password, address)
    return caught.value.code


async def test_the_first_operator_is_an_admin_and_the_next_is_not(operators: Operators) -> None:
    await operators.add("bert", GOOD)
    await operators.add("cleo", GOOD, grants=[Grant("viewer", "north")])
    roles = {row.name: row.grants for row in await operators.list()}
    assert roles == {
        "anna": (Grant("administrator"),),
        "bert": (Grant("operator"),),
        "cleo": (Grant("viewer", "north"),),
    }


async def test_another_role_holds_at_once(operators: Operators) -> None:
    login = await operators.login("anna", GOOD, HERE)
    await operators.add("ada", GOOD, grants=[Grant("administrator")])
    await operators.set_grants("anna", [Grant("viewer", "north")])
    assert await operators.whose(login.token) == Operator("anna", (Grant("viewer", "north"),))
    with pytest.raises(AccountError, match="no operator bert"):
        await operators.set_grants("bert", [])


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("", GOOD, "a-z"),
        ("anna berg", GOOD, "a-z"),
        ("x" * 49, GOOD, "a-z"),
        ("ANNA", GOOD, "already"),
        ("bert", "short", "at least 12"),
        ("bert", "x" * 1025, "at most"),
        ("bertbertbert", "bertbertbert!", "name"),
    ],
)
async def test_accounts_that_cannot_be_are_refused_with_the_fix(
    operators: Operators, name: str, password: str, said: str
) -> None:
    with pytest.raises(AccountError, match=said):
        await operators.add(name, password)


async def test_a_login_is_good_until_it_is_ended(operators: Operators) -> None:
    login = await operators.login(" Anna ", GOOD, HERE)
    assert login.operator == Operator("anna", (Grant("administrator"),))
    assert await operators.whose(login.token) == login.operator
    assert await operators.whose(login.token + "x") is None
    for junk in ("", "\udcff", "é" * 5000):
        assert await operators.whose(junk) is None
    await operators.logout(login.token)
    assert await operators.whose(login.token) is None


async def test_the_token_is_nowhere_in_the_database(
    operators: Operators, storage: Storage, tmp_path: Path
) -> None:
    login = await operators.login("anna", GOOD, HERE)
    assert await storage.logins.get(login.token) is None
    for file in tmp_path.iterdir():
        assert login.token.encode() not in file.read_bytes()


async def test_an_unused_login_is_over_sooner(operators: Operators, clock: ManualClock) -> None:
    login = await operators.login("anna", GOOD, HERE)
    clock.advance(29 * 60)
    await operators.touch(login.token)
    clock.advance(29 * 60)
    assert await operators.whose(login.token) is not None
    clock.advance(60)
    assert await operators.whose(login.token) is None


async def test_a_used_login_is_over_in_the_end(operators: Operators, clock: ManualClock) -> None:
    login = await operators.login("anna", GOOD, HERE)
    for _ in range(10 * 3):
        assert await operators.whose(login.token) is not None
        clock.advance(20 * 60)
        await operators.touch(login.token)
    assert await operators.whose(login.token) is None


async def test_wrong_names_and_wrong_passwords_sound_alike(operators: Operators) -> None:
    said = []
    for name in ("anna", "nobody"):
        with pytest.raises(LoginError) as caught:
            await operators.login(name, "wrong", HERE)
        said.append((caught.value.code, str(caught.value)))
    assert said[0] == said[1]
    assert await refused(operators, "anna", GOOD + "x" * 2000, "192.0.2.8") == "wrong"


async def test_guessing_one_name_from_many_addresses_is_paused(
    operators: Operators, clock: ManualClock
) -> None:
    for number in range(3):
        assert await refused(operators, "anna", "wrong", f"192.0.2.{number}") == "wrong"
    assert await refused(operators, "anna", GOOD, "192.0.2.99") == "paused"
    clock.advance(60)
    assert (await operators.login("anna", GOOD, "192.0.2.99")).operator.name == "anna"


async def test_guessing_many_names_from_one_address_is_paused(operators: Operators) -> None:
    for name in ("x", "y", "z"):
        assert await refused(operators, name, "wrong") == "wrong"
    assert await refused(operators, "anna", GOOD) == "paused"
    assert (await operators.login("anna", GOOD, "198.51.100.1")).operator.name == "anna"


async def test_guesses_at_once_do_not_slip_through(operators: Operators) -> None:
    tries = (refused(operators, "anna", f"wrong {number}") for number in range(8))
    codes = await asyncio.gather(*tries)
    assert codes.count("wrong") == 3
    assert codes.count("paused") == 5


async def test_a_right_password_forgives_the_wrong_ones(operators: Operators) -> None:
    for _ in range(2):
        for _ in range(2):
            assert await refused(operators, "anna", "wrong") == "wrong"
        await operators.login("anna", GOOD, HERE)


async def test_another_password_ends_every_login(operators: Operators) -> None:
    login = await operators.login("anna", GOOD, HERE)
    await operators.set_password("anna", "another-good-password")
    assert await operators.whose(login.token) is None
    assert await refused(operators, "anna", GOOD) == "wrong"
    await operators.login("anna", "another-good-password", HERE)
    with pytest.raises(AccountError, match="no operator bert"):
        await operators.set_password("bert", GOOD)


async def test_removing_an_operator_ends_their_logins(operators: Operators) -> None:
    login = await operators.login("anna", GOOD, HERE)
    with pytest.raises(LastAdministratorError, match="anna is the last"):
        await operators.remove("anna")
    with pytest.raises(LastAdministratorError):
        await operators.set_grants("anna", [Grant("administrator", "north")])
    assert await operators.whose(login.token) is not None
    await operators.add("ada", GOOD, grants=[Grant("administrator")])
    await operators.remove("anna")
    assert await operators.whose(login.token) is None
    with pytest.raises(AccountError, match="no operator anna"):
        await operators.remove("anna")


async def test_a_weak_hash_is_made_strong_at_the_next_login(
    operators: Operators, storage: Storage
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    await storage.operators.set_password_hash("anna", weak, changed=False)
    await operators.login("anna", GOOD, HERE)
    row = await storage.operators.get("anna")
    assert row is not None
    assert row.password_hash != weak
    await operators.login("anna", GOOD, HERE)


async def test_an_emergency_code_lets_one_person_in_once_for_minutes(
    operators: Operators, clock: ManualClock, storage: Storage
) -> None:
    code = await operators.make_emergency_code()
    with pytest.raises(LoginError, match="wrong, used or over"):
        await operators.break_glass("nonsense", HERE)
    login = await operators.break_glass(f" {code.upper()} ", HERE)
    session = await operators.session(login.token)
    assert session is not None
    assert session.operator.may(Access.PEOPLE_MANAGE)
    clock.advance(14 * 60)
    assert operators.is_proved(session.row)
    assert await operators.whose(login.token) is not None
    clock.advance(60)
    assert await operators.whose(login.token) is None
    with pytest.raises(LoginError, match="used"):
        await operators.break_glass(code, HERE)
    old = await operators.make_emergency_code()
    clock.advance(15 * 60)
    with pytest.raises(LoginError, match="over"):
        await operators.break_glass(old, "192.0.2.8")
    # The account behind it has no password, and is no administrator that could be counted on.
    assert await refused(operators, "break-glass", GOOD, "192.0.2.9") == "wrong"
    with pytest.raises(LastAdministratorError):
        await operators.remove("anna")


async def test_proof_grows_old_and_is_given_again(operators: Operators, clock: ManualClock) -> None:
    login = await operators.login("anna", GOOD, HERE)
    session = await operators.session(login.token)
    assert session is not None
    assert operators.is_proved(session.row)
    clock.advance(11 * 60)
    session = await operators.session(login.token)
    assert session is not None
    assert not operators.is_proved(session.row)
    with pytest.raises(LoginError, match="wrong"):
        await operators.prove(login.token, "not-it", HERE)
    await operators.prove(login.token, GOOD, HERE)
    session = await operators.session(login.token)
    assert session is not None
    assert operators.is_proved(session.row)


async def test_the_own_password_is_changed_with_the_old_one(operators: Operators) -> None:
    other = await operators.login("anna", GOOD, HERE)
    login = await operators.login("anna", GOOD, HERE)
    session = await operators.session(login.token)
    assert session is not None
    with pytest.raises(LoginError):
        await operators.change_password(session.row, "not-it", "another-good-password", HERE)
    await operators.change_password(session.row, GOOD, "another-good-password", HERE)
    assert await operators.whose(login.token) is not None
    assert await operators.whose(other.token) is None


async def test_who_needs_a_second_factor_may_nothing_before(
    storage: Storage, clock: ManualClock, operators: Operators
) -> None:
    strict = OperatorSettings(totp_for=["administrator"])
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    made = Operators(storage, clock, strict, cheap)
    try:
        login = await made.login("anna", GOOD, HERE)
        session = await made.session(login.token)
        assert session is not None
        assert session.must_enrol
        assert not any(session.operator.may(right) for right in Access)
        offer = await made.second_factor.offer("anna", "Museum")
        await made.second_factor.confirm("anna", pyotp.TOTP(offer.secret).at(clock.now()))
        session = await made.session(login.token)
        assert session is not None
        assert not session.must_enrol
        assert session.operator.may(Access.PEOPLE_MANAGE)
    finally:
        await made.aclose()


async def test_one_customers_ipv6_addresses_are_one_place(operators: Operators) -> None:
    for number in range(3):
        assert await refused(operators, f"x{number}", "wrong", f"2001:db8::{number}") == "wrong"
    assert await refused(operators, "anna", GOOD, "2001:db8::ffff:1") == "paused"
    assert (await operators.login("anna", GOOD, "2001:db8:0:1::1")).operator.name == "anna"
