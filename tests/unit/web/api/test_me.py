"""/api/me: rights, logins, password, second factor and tokens, as a program sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyotp

from kiosk.web.api import table
from tests.unit.web.composing import PASSWORD, Site, site


async def ask(
    running: Site, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    headers.setdefault("Origin", running.address)
    async with running.client.request(
        method, f"{running.address}/api{path}", json=body, headers=headers
    ) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if text else None


async def test_a_token_is_made_told_once_and_used(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in()
        wanted = {"name": "ci", "scopes": ["fleet.view"], "days": 5}
        status, made = await ask(running, "POST", "/me/tokens", wanted)
        assert (status, made["name"], made["sites"]) == (200, "ci", None)
        status, told = await ask(running, "GET", "/me/tokens")
        assert [row["id"] for row in told["tokens"]] == [made["id"]]
        assert made["secret"] not in json.dumps(told)
        status, error = await ask(running, "POST", "/me/tokens", wanted | {"scopes": ["fly"]})
        assert (status, error["error"]["code"]) == (422, "token")
        bearer = {"Authorization": f"Bearer {made['secret']}", "Origin": "https://elsewhere"}
        running.client.cookie_jar.clear()
        status, me = await ask(running, "GET", "/me", **bearer)
        assert (me["name"], me["token"], me["rights"]) == (
            "anna",
            "ci",
            [{"right": "fleet.view", "sites": None}],
        )
        for method, path in (("GET", "/me/tokens"), ("POST", "/me/tokens"), ("GET", "/me/logins")):
            status, error = await ask(running, method, path, wanted, **bearer)
            assert (status, error["error"]["code"]) == (403, "no_session")
        assert (await ask(running, "GET", "/audit", **bearer))[0] == 403
        await running.log_in()
        assert (await ask(running, "DELETE", f"/me/tokens/{made['id']}"))[0] == 204
        assert (await ask(running, "DELETE", f"/me/tokens/{made['id']}"))[0] == 404


async def test_a_token_is_paced(tmp_path: Path) -> None:
    routes = table.routes("1")
    async with site(tmp_path, routes=routes, operators={"token_per_minute": 1}) as running:
        await running.log_in()
        wanted = {"name": "ci", "scopes": ["fleet.view"], "days": 5}
        _, made = await ask(running, "POST", "/me/tokens", wanted)
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        assert (await ask(running, "GET", "/me", **bearer))[0] == 200
        status, text, headers = await running.get("/api/me", **bearer)
        assert (status, headers["Retry-After"]) == (429, "60")
        assert "too_fast" in text


async def test_proof_password_and_logins(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in()
        running.clock.advance(11 * 60)
        wanted = {"name": "ci", "scopes": ["fleet.view"], "days": 5}
        status, error = await ask(running, "POST", "/me/tokens", wanted)
        assert (status, error["error"]["code"]) == (403, "prove_again")
        status, error = await ask(running, "POST", "/me/prove", {"given": "no"})
        assert (status, error["error"]["code"]) == (403, "wrong")
        assert (await ask(running, "POST", "/me/prove", {"given": PASSWORD}))[0] == 204
        assert (await ask(running, "POST", "/me/tokens", wanted))[0] == 200
        new = {"old": PASSWORD, "new": "another-good-password"}
        assert (await ask(running, "POST", "/me/password", new))[0] == 204
        status, error = await ask(running, "POST", "/me/password", new)
        assert (status, error["error"]["code"]) == (403, "wrong")
        assert PASSWORD not in json.dumps(error)
        _, told = await ask(running, "GET", "/me/logins")
        assert [row["this"] for row in told["logins"]] == [True]
        assert (await ask(running, "DELETE", "/me/logins"))[0] == 204
        assert (await ask(running, "DELETE", "/me/logins/none"))[0] == 404
        assert (await ask(running, "DELETE", f"/me/logins/{told['logins'][0]['id']}"))[0] == 204
        assert (await ask(running, "GET", "/me"))[0] == 401


async def test_the_second_factor_is_set_up_first_when_it_must_be(tmp_path: Path) -> None:
    routes = table.routes("1")
    async with site(tmp_path, routes=routes, operators={"totp_for": ["operator"]}) as running:
        await running.log_in("bert")
        status, me = await ask(running, "GET", "/me")
        assert (status, me["must_enrol"], me["rights"]) == (200, True, [])
        status, error = await ask(running, "GET", "/me/tokens")
        assert (status, error["error"]["code"]) == (403, "second_factor_needed")
        _, offer = await ask(running, "POST", "/me/totp")
        assert (await ask(running, "PUT", "/me/totp", {"code": "000000"}))[0] == 422
        code = pyotp.TOTP(offer["secret"]).at(running.clock.now())
        status, told = await ask(running, "PUT", "/me/totp", {"code": code})
        assert (status, len(told["codes"])) == (200, 10)
        assert (await ask(running, "POST", "/me/totp"))[0] == 409
        assert (await ask(running, "POST", "/me/recovery-codes"))[0] == 200
        assert (await ask(running, "DELETE", "/me/totp"))[0] == 204
        assert (await ask(running, "GET", "/me"))[1]["must_enrol"]
