"""Every kind of credential against every demand."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kiosk.emulator.scenario.service import Service
from kiosk.emulator.server.credentials import check_credentials

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def part(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def jwt(header: Any = None, signature: str = "sig", **claims: Any) -> str:
    return f"{part(header or {'alg': 'RS256'})}.{part(claims)}.{signature}"


VALID = jwt(exp=NOW.timestamp() + 1)


def checked(
    service: dict[str, Any],
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    *,
    agent: bool = False,
) -> tuple[int, str] | None:
    refusal = check_credentials(
        Service.model_validate(service), headers or {}, query or {}, agent=agent, now=NOW
    )
    return (refusal.status, refusal.code) if refusal is not None else None


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("service", "headers", "expected"),
    [
        ({}, {"api-key": "any"}, None),
        ({}, bearer("abc"), None),
        ({}, bearer("abc def"), (401, "Unauthorized")),
        ({}, {}, (401, "Unauthorized")),
        ({}, {"Authorization": "Bearer "}, (401, "Unauthorized")),
        ({}, {"Authorization": "Basic abc"}, (401, "Unauthorized")),
        ({"api_keys": ["a", "b"]}, {"api-key": "b"}, None),
        ({"api_keys": ["a"]}, {"api-key": "\u00e4"}, (401, "401")),
        ({"api_keys": ["a"]}, bearer("abc"), None),
        ({"accepts": ["bearer"]}, {"api-key": "a"}, (403, "AuthenticationTypeDisabled")),
        ({"accepts": ["api_key"]}, bearer("abc"), (401, "Unauthorized")),
        ({"bearer_tokens": ["abc"]}, bearer("abc"), None),
        ({"bearer_tokens": ["abc"]}, {"authorization": "bearer abc"}, (401, "Unauthorized")),
        ({"bearer_tokens": ["abc"]}, bearer("abcd"), (401, "Unauthorized")),
        ({"bearer_form": "jwt"}, bearer(VALID), None),
        ({"bearer_form": "jwt"}, bearer(jwt(exp=NOW.timestamp())), (401, "Unauthorized")),
        ({"bearer_form": "jwt"}, bearer(jwt()), (401, "Unauthorized")),
        (
            {"bearer_form": "jwt"},
            bearer(jwt(exp=NOW.timestamp() + 9, nbf=NOW.timestamp() + 5)),
            (401, "Unauthorized"),
        ),
        ({"bearer_form": "jwt"}, bearer(jwt(header={"x": 1}, exp=9e9)), (401, "Unauthorized")),
        ({"bearer_form": "jwt"}, bearer(f"{part('nonsense')}.a.b"), (401, "Unauthorized")),
        ({"bearer_form": "jwt"}, bearer(jwt(exp=9e9, signature="")), (401, "Unauthorized")),
        ({"bearer_form": "jwt"}, bearer("a.b"), (401, "Unauthorized")),
    ],
)
def test_what_opens(
    service: dict[str, Any], headers: dict[str, str], expected: tuple[int, str] | None
) -> None:
    assert checked(service, headers) == expected


def test_the_query_is_as_good_as_a_header() -> None:
    service = {"api_keys": ["right"]}
    assert checked(service, query={"api-key": "right"}) is None
    assert checked(service, query={"Authorization": "Bearer abc"}) is None
    assert checked(service, query={"api-key": "wrong"}) == (401, "401")


@pytest.mark.parametrize(("status", "code"), [(401, "401"), (403, "AuthenticationTypeDisabled")])
def test_an_agent_wants_a_token(status: int, code: str) -> None:
    service = {"agents_demand_bearer": True, "agents_key_status": status}
    assert checked(service, {"api-key": "any"}, agent=True) == (status, code)
    assert checked(service, {"api-key": "any"}) is None
    assert checked(service, bearer("abc"), agent=True) is None
