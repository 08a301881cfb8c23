"""Who reaches what: every address x every role x the own house and another, from the table itself.

Nothing here lists addresses: a new one is tried the moment it is in the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import keys
from kiosk.security.access import RIGHTS, ROLES, Access, Operator
from kiosk.storage.rows import Grant, Role
from kiosk.web.commander import RULES
from tests.attacks.trying import (
    ENDS_A_LOGIN,
    OTHER,
    OWN,
    REFUSED,
    Address,
    cookie_of,
    museum,
    table,
    tried,
)


@pytest.mark.parametrize("role", ROLES)
async def test_every_address_for_a_role(tmp_path: Path, role: Role) -> None:
    wrong = []
    async with museum(tmp_path) as server:
        cookies = await cookie_of(server, "anna", Grant(role, OWN))
        for address in table(server):
            if address.path in ENDS_A_LOGIN or address.access is Access.PUBLIC:
                continue
            may = address.access is Access.PERSON or address.access in ROLES[role]
            status, code = await tried(server, address, OWN, cookies)
            if may == (code in REFUSED):
                wrong.append(f"{role} {address.method} {address.path}: {status} {code}")
            if may and address.of_a_house:
                own = code
                status, code = await tried(server, address, OTHER, cookies)
                if (status, code) != (404, "not_found") or own == "not_found":
                    wrong.append(f"{role} elsewhere {address.method} {address.path}: {status}")
    assert wrong == []


async def test_nobody_and_a_screen_reach_what_is_for_everybody(tmp_path: Path) -> None:
    wrong = []
    async with museum(tmp_path) as server:
        _, token = await server.app[keys.DEVICES].enrol("main", by="test")
        device = {"kiosk_device": token}
        for address in table(server):
            for who, cookies in (("nobody", {}), ("screen", device)):
                status, code = await tried(server, address, OWN, cookies)
                open_to = {Access.PUBLIC} | ({Access.KIOSK} if who == "screen" else set())
                if (address.access in open_to) == (code in REFUSED and status in {401, 403}):
                    wrong.append(f"{who} {address.method} {address.path}: {status} {code}")
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
async def test_every_command_for_a_role(tmp_path: Path, role: Role) -> None:
    wrong = []
    async with museum(tmp_path) as server:
        cookies = await cookie_of(server, "anna", Grant(role, OWN))
        for name, rule in RULES.items():
            address = Address("POST", f"/operator/kiosks/{{kiosk}}/commands/{name}", rule.access)
            status, code = await tried(server, address, OWN, cookies)
            if (rule.access in ROLES[role]) == (code in REFUSED):
                wrong.append(f"{role} {name}: {status} {code}")
            if (await tried(server, address, OTHER, cookies)) != (404, "not_found"):
                wrong.append(f"{role} {name} elsewhere")
    assert wrong == []


async def test_somebody_without_a_role_reaches_their_own_pages_only(tmp_path: Path) -> None:
    async with museum(tmp_path) as server:
        cookies = await cookie_of(server, "anna")
        for address in table(server):
            if address.access in RIGHTS:
                status, code = await tried(server, address, OWN, cookies)
                assert (status, code) == (403, "forbidden"), address


def test_a_right_that_no_role_has_would_be_a_locked_door() -> None:
    for right in RIGHTS:
        assert [role for role in ROLES if role != "administrator" and right in ROLES[role]] or (
            right in {Access.KIOSK_ENROL, Access.SYSTEM_MANAGE, Access.PEOPLE_MANAGE}
        )
        assert Operator("anna", (Grant("administrator", OWN),)).may(right, OWN)
