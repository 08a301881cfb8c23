"""Who may what: every role, every right, at the own house and at another."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from kiosk.security.access import (
    NOBODY,
    RIGHTS,
    ROLES,
    Access,
    Identity,
    Operator,
    allowed,
)
from kiosk.storage.rows import Grant, Role

SCREEN = Identity(kiosk_id="main")


def person(*grants: Grant, only: frozenset[Access] | None = None) -> Identity:
    return Identity(operator=Operator("anna", grants, only))


@pytest.mark.parametrize("access", Access)
def test_nobody_and_screens_have_no_right(access: Access) -> None:
    assert allowed(access, NOBODY) == (access is Access.PUBLIC)
    assert allowed(access, SCREEN) == (access in {Access.PUBLIC, Access.KIOSK})


@pytest.mark.parametrize("role", ROLES)
def test_a_role_holds_at_its_house_only(role: Role) -> None:
    who = person(Grant(role, "north"))
    for access in RIGHTS:
        has = access in ROLES[role]
        assert allowed(access, who) == has
        assert allowed(access, who, "north") == has
        assert not allowed(access, who, "south")
    assert allowed(Access.PERSON, who)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_of_every_house_holds_at_each(role: Role) -> None:
    who = person(Grant(role))
    for access, site in itertools.product(RIGHTS, ("north", "south")):
        assert allowed(access, who, site) == (access in ROLES[role])


def test_somebody_without_a_role_is_a_person_and_no_more() -> None:
    assert allowed(Access.PERSON, person())
    assert not any(allowed(access, person()) for access in RIGHTS)


def test_roles_add_up_and_scopes_take_away() -> None:
    who = Operator("anna", (Grant("operator", "north"), Grant("editor", "south"), Grant("viewer")))
    assert who.sites(Access.FLEET_VIEW) is None
    assert who.sites(Access.VISIT_FOLLOW) == frozenset({"north", "south"})
    assert who.sites(Access.VISIT_SPEAK) == frozenset({"south"})
    narrow = Operator("anna", who.grants, frozenset({Access.VISIT_FOLLOW}))
    assert narrow.sites(Access.FLEET_VIEW) == frozenset()
    assert not narrow.may(Access.FLEET_VIEW)
    assert narrow.may(Access.VISIT_FOLLOW, "north")


def test_only_an_administrator_has_every_right() -> None:
    assert [role for role in ROLES if ROLES[role] == RIGHTS] == ["administrator"]
    viewer = ROLES["viewer"]
    assert all(viewer <= rights for rights in ROLES.values())
    assert Access.VISIT_FOLLOW not in viewer


def test_a_role_that_is_none_gives_nothing() -> None:
    # A database may hold a role of a newer version.
    newer: Any = "chief"
    who = Operator("anna", (Grant(newer),))
    assert not any(who.may(access) for access in RIGHTS)
