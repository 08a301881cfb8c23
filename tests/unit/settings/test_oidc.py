"""Settings of a provider: whole or off, and groups that give roles there are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kiosk.settings import Settings
from kiosk.settings.oidc import OidcSettings

ENTRA = "https://login.microsoftonline.com/tenant/v2.0"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"issuer": "http://login.example/", "client_id": "x"}, "https"),
        ({"issuer": f"{ENTRA}?a=b", "client_id": "x"}, "without a query"),
        ({"issuer": ENTRA}, "client_id"),
        ({"client_secret": "a", "client_secret_file": "b"}, "not both"),
        ({"scopes": ["email"]}, "openid"),
        ({"roles": {"staff": ["king"]}}, "no role"),
    ],
)
def test_a_provider_that_cannot_be_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        OidcSettings.model_validate(values)


def test_a_provider_may_be_on_this_machine_for_trying() -> None:
    made = OidcSettings(issuer="http://127.0.0.1:9000", client_id="x", client_secret="s3cret")
    assert "s3cret" not in repr(made)


def test_groups_give_roles_at_sites_that_are_there() -> None:
    oidc = {"issuer": ENTRA, "client_id": "x", "roles": {"staff": ["operator@north"]}}
    values = {"operators": {"oidc": oidc}}
    with pytest.raises(ValidationError, match="no site north"):
        Settings.model_validate(values)
    kiosks = [{"id": "main", "name": "Main", "site": "north"}]
    Settings.model_validate(values | {"sites": {"north": {}}, "kiosks": kiosks})
