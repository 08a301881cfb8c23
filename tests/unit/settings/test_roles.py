"""Roles as they are written: alone, or at a site."""

from __future__ import annotations

import pytest

from kiosk.settings.roles import EVERY_SITE, role_and_site


def test_roles_are_read_with_their_site() -> None:
    assert role_and_site("operator@north") == ("operator", "north")
    assert role_and_site(" viewer ") == ("viewer", EVERY_SITE)
    with pytest.raises(ValueError, match="no role 'king'"):
        role_and_site("king@north")
