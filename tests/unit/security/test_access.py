"""The access table, every cell of it."""

from __future__ import annotations

import pytest

from kiosk.security.access import NOBODY, Access, Identity, Operator, allowed

SCREEN = Identity(kiosk_id="main")
PERSON = Identity(operator=Operator("anna"))
ADMIN = Identity(operator=Operator("bert", "admin"))
EVERYONE = {"nobody": NOBODY, "screen": SCREEN, "person": PERSON, "admin": ADMIN}

WHO_MAY = {
    Access.PUBLIC: {"nobody", "screen", "person", "admin"},
    Access.KIOSK: {"screen"},
    Access.OPERATOR: {"person", "admin"},
    Access.ADMIN: {"admin"},
}


@pytest.mark.parametrize("access", Access)
def test_who_may(access: Access) -> None:
    assert {name for name, who in EVERYONE.items() if allowed(access, who)} == WHO_MAY[access]
