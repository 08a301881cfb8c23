"""Whatever the dashboard does, a program can do: every form's address has its twin below /api."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kiosk.security.access import Access
from kiosk.security.guards import SAFE_METHODS
from kiosk.web.api.table import TABLE
from tests.attacks.trying import museum, table

_STEERING: Final = ("end", "whisper", "say", "speak", "take-over", "type", "hand-back")
TWINS: Final[Mapping[str, tuple[str, ...]]] = {
    "/operator/me/prove": ("POST /api/me/prove",),
    "/operator/me/password": ("POST /api/me/password",),
    "/operator/me/logins/end": ("DELETE /api/me/logins", "DELETE /api/me/logins/{login}"),
    "/operator/me/totp": ("POST /api/me/totp", "PUT /api/me/totp"),
    "/operator/me/totp/remove": ("DELETE /api/me/totp",),
    "/operator/me/totp/codes": ("POST /api/me/recovery-codes",),
    "/operator/me/tokens": ("POST /api/me/tokens",),
    "/operator/me/tokens/{token}/revoke": ("DELETE /api/me/tokens/{token}",),
    "/operator/people": ("POST /api/people",),
    "/operator/people/{person}/roles": ("PUT /api/people/{person}/roles",),
    "/operator/people/{person}/ask/{what}": (
        "DELETE /api/people/{person}",
        "POST /api/people/{person}/password",
        "DELETE /api/people/{person}/totp",
        "DELETE /api/people/{person}/logins",
    ),
    "/operator/people/{person}/logins/{login}/end": ("DELETE /api/people/{person}/logins/{login}",),
    "/operator/people/{person}/tokens/{token}/revoke": (
        "DELETE /api/people/{person}/tokens/{token}",
    ),
    "/operator/kiosks/{kiosk}/commands/{name}": ("POST /api/commands",),
    "/operator/kiosks/{kiosk}/service": ("POST /api/commands",),  # the command `service`
    "/operator/commands": ("POST /api/commands",),
    "/operator/commands/{order}/stop": ("POST /api/commands/{order}/stop",),
    "/operator/screens/{kiosk}/code": ("POST /api/kiosks/{kiosk}/code",),
    "/operator/screens/waiting/{pairing}/approve": ("POST /api/pairings/{pairing}/approve",),
    "/operator/screens/waiting/{pairing}/refuse": ("POST /api/pairings/{pairing}/refuse",),
    "/operator/screens/devices/{device}/revoke": ("POST /api/devices/{device}/revoke",),
    **{
        f"/operator/visits/{{visit}}/{name}": (f"POST /api/visits/{{visit}}/{name}",)
        for name in _STEERING
    },
    **{
        f"/operator/visits/{{visit}}/{name}": (f"POST /api/transcripts/{{visit}}/{name}",)
        for name in ("erase", "hold", "release")
    },
    "/operator/transcripts": ("POST /api/transcripts/search",),
    "/operator/transcripts/export": (
        "POST /api/transcripts/export.csv",
        "POST /api/transcripts/export.jsonl",
    ),
    "/operator/retention/run": ("POST /api/retention/run",),
    "/operator/retention/code": ("POST /api/transcripts/code",),
    "/operator/alerts/{alert}/acknowledge": ("POST /api/alerts/{alert}/acknowledge",),
    "/operator/alerts/silences": ("POST /api/alert-silences",),
    "/operator/alerts/silences/{silence}/end": ("DELETE /api/alert-silences/{silence}",),
    "/operator/alerts/channels/{channel}/test": ("POST /api/alert-channels/{channel}/test",),
    "/operator/plugins/{plugin}/again": ("POST /api/plugins/{plugin}/again",),
    "/operator/sinks/{sink}/replay": ("POST /api/sinks/{sink}/replay",),
    "/operator/sinks/{sink}/forget": ("POST /api/sinks/{sink}/forget",),
}
"""Which addresses of the interface do what a form of the dashboard does."""
ALONE: Final[Mapping[str, str]] = {
    "/operator/login": "a program has a token and does not log in",
    "/operator/login/code": "a program has a token and does not log in",
    "/operator/login/emergency": "for a person in an emergency, in a browser",
    "/operator/logout": "DELETE /api/me/logins/{login} ends a login; this forgets the cookie, too",
    "/operator/commands/prepare": "asks once more, and changes nothing",
    "/operator/oidc/back-channel": "for the provider, not for people",
}
"""Forms that have no twin, and why."""


async def test_every_form_of_the_dashboard_has_its_twin(tmp_path: Path) -> None:
    async with museum(tmp_path) as server:
        forms = {
            item.path: item.access
            for item in table(server)
            if item.method not in SAFE_METHODS and item.path.startswith("/operator")
        }
    assert set(forms) == set(TWINS) | set(ALONE)
    rights = {f"{item.method} {item.address}": item.access for item in TABLE}
    wrong = [
        f"{form} needs {forms[form]}, {twin} {rights.get(twin)}"
        for form, twins in TWINS.items()
        for twin in twins
        # A command's own right is looked at when its name is known.
        if twin != "POST /api/commands" and rights.get(twin) is not forms[form]
    ]
    assert wrong == []
    assert rights["POST /api/commands"] is Access.FLEET_VIEW
