"""Logging in over a real provider: who is let in, with what, and every answer that is a lie."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc.jwk import OctKey, RSAKey

from kiosk import keys
from kiosk.errors import StartupError
from kiosk.security.access import Access
from kiosk.security.oidc import LOGOUT_EVENT
from kiosk.settings.oidc import OidcSettings
from kiosk.storage.rows import Grant
from kiosk.web.oidc import OIDC, secret_of
from tests.unit.storage.keeping import ManualClock
from tests.unit.web.composing import PAGE, PASSWORD, Site, site
from tests.unit.web.providing import CLIENT, SECRET, Provider, provider

NAME = "dora@museum.example"


@asynccontextmanager
async def both(folder: Path, **oidc: Any) -> AsyncIterator[tuple[Site, Provider]]:
    async with provider(ManualClock()) as made:
        settings = {
            "issuer": made.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "roles": {"staff": ["operator@main"], "it": ["administrator"]},
            **oidc,
        }
        async with site(folder, operators={"oidc": settings}) as running:
            made.clock = running.clock
            yield running, made


async def answered(running: Site, path: str = "/operator/oidc/start") -> str:
    """Go to the provider and return the address it sends the browser back to."""
    status, text, headers = await running.get(path, **PAGE)
    assert status == 303, text
    async with running.client.get(headers["Location"], allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"].removeprefix(running.address)


async def log_in(running: Site, path: str = "/operator/oidc/start") -> tuple[int, str, Any]:
    return await running.get(await answered(running, path), **PAGE)


async def test_a_member_of_a_group_is_let_in_with_its_roles(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, made):
        assert "Log in with your work account" in await running.page("/operator/login")
        status, _, headers = await log_in(running, "/operator/oidc/start?next=/operator/visits")
        assert (status, headers["Location"]) == (303, "/operator/visits")
        assert NAME in await running.page("/operator/me")
        row = await running.storage.operators.get(NAME)
        assert row is not None
        assert (row.grants, row.groups) == ((Grant("operator", "main"),), ("staff",))
        # Roles follow the provider, and a new name there changes nothing here.
        made.person.claims = {"preferred_username": "renamed", "groups": ["it", "x"]}
        await log_in(running)
        row = await running.storage.operators.get(NAME)
        assert row is not None
        assert row.grants == (Grant("administrator"),)
        assert len(await running.storage.operators.list()) == 3
        assert made.asked == ["discovery", "keys"]


async def test_who_left_the_groups_is_out_everywhere(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, made):
        await log_in(running)
        known = running.app[keys.OPERATORS]
        row = await running.storage.operators.get(NAME)
        assert row is not None
        elsewhere = await known.open(row, "oidc", "192.0.2.1", "Firefox on Linux")
        secret, _ = await known.tokens.make(elsewhere.operator, "t", scopes=["fleet.view"])
        made.person.claims["groups"] = ["guests"]
        status, text, _ = await log_in(running)
        assert status == 403
        assert "none of the groups" in text
        assert await known.whose(elsewhere.token) is None
        token = await known.tokens.whose(secret, "192.0.2.1")
        assert token is not None
        assert not token.may(Access.FLEET_VIEW)
        audit = (await running.storage.audit.recent())[0]
        assert (audit.actor, audit.action) == (NAME, "operator.oidc.refused")


async def test_an_account_of_the_provider_has_no_password_and_no_other_name(
    tmp_path: Path,
) -> None:
    async with both(tmp_path) as (running, made):
        await log_in(running)
        fields = {"name": NAME, "password": ""}
        assert (await running.post("/operator/login", fields))[0] == 401
        made.person.sub, made.person.claims["preferred_username"] = "s-2", "anna"
        status, text, _ = await log_in(running)
        assert status == 403
        assert "Another account here is named anna" in text
        await running.log_in()
        page = await running.page(f"/operator/people/{NAME}")
        assert "through the site's provider" in page.replace("&#39;", "'")
        give = {"role": "viewer", "site": "*"}
        path = f"/operator/people/{NAME}"
        assert (await running.post(f"{path}/roles", give))[0] == 409
        assert (await running.post(f"{path}/ask/password"))[0] == 422
        assert (await running.post(f"{path}/ask/remove"))[0] == 303


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "somebody-else"},
    "two audiences and no azp": {"aud": [CLIENT, "somebody-else"]},
    "over": {"exp": 1_772_366_000},
    "no end": {"exp": None},
    "from the future": {"iat": 1_772_366_400 + 3600},
    "not yet": {"nbf": 1_772_366_400 + 3600},
    "nobody": {"sub": None},
    "groups that are none": {"groups": {"staff": 1}},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_says_something_else_is_not_believed(tmp_path: Path, lie: str) -> None:
    async with both(tmp_path) as (running, made):
        made.lies = LIES[lie]
        status, text, _ = await log_in(running)
        assert status == 401, text
        assert "could not be believed" in text
        assert await running.storage.operators.get(NAME) is None


@pytest.mark.parametrize("how", ["none", "HS256 with the secret", "another's key"])
async def test_a_token_that_the_provider_did_not_sign_is_not_believed(
    tmp_path: Path, how: str
) -> None:
    async with both(tmp_path) as (running, made):
        if how == "none":
            made.alg = "none"
        elif how.startswith("HS256"):
            made.alg, made.signs_with = "HS256", OctKey.import_key(SECRET * 2)
        else:
            made.signs_with = RSAKey.generate_key(2048, {"kid": "first"})
        status, text, _ = await log_in(running)
        assert status == 401
        assert "could not be believed" in text


async def test_clocks_may_differ_a_little(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, made):
        now = int(running.clock.now().timestamp())
        made.lies = {"iat": now + 30, "exp": now - 30}
        assert (await log_in(running))[0] == 303


async def test_new_keys_are_fetched_when_a_token_names_one_and_not_at_every_lie(
    tmp_path: Path,
) -> None:
    async with both(tmp_path) as (running, made):
        assert (await log_in(running))[0] == 303
        made.key = made.signs_with = RSAKey.generate_key(2048, {"kid": "second"})
        assert (await log_in(running))[0] == 401
        assert made.asked.count("keys") == 1
        running.clock.advance(61)
        assert (await log_in(running))[0] == 303
        assert made.asked.count("keys") == 2


async def test_an_answer_is_taken_once_from_the_browser_that_asked(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, _):
        back = await answered(running)
        async with aiohttp.ClientSession() as stranger:
            answer = await stranger.get(running.address + back, allow_redirects=False)
            assert answer.status == 401
        assert (await running.get(back, **PAGE))[0] == 303
        status, text, _ = await running.get(back, **PAGE)
        assert status == 401
        assert "too long" in text
        wrong = (await answered(running)).replace("state=", "state=x")
        assert (await running.get(wrong, **PAGE))[0] == 401
        await answered(running)
        assert (await running.get("/operator/oidc/callback?error=access_denied"))[0] == 401
        slow = await answered(running)
        running.clock.advance(601)
        assert (await running.get(slow, **PAGE))[0] == 401


async def test_a_provider_that_is_down_leaves_the_other_ways(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, made):
        made.up = False
        status, text, _ = await running.get("/operator/oidc/start", **PAGE)
        assert status == 503
        assert "does not answer as it should" in text
        await running.log_in()
        made.up = True
        made.metadata = {"issuer": "https://evil.example"}
        assert (await running.get("/operator/oidc/start", **PAGE))[0] == 503
        made.metadata = {"token_endpoint": "http://evil.example/token"}
        assert (await running.get("/operator/oidc/start", **PAGE))[0] == 503


async def test_it_is_proved_again_at_the_provider(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, made):
        made.person.claims["groups"] = ["it"]
        await log_in(running)
        running.clock.advance(11 * 60)
        page = await running.page("/operator/me/prove?next=/operator/people")
        assert "Prove it with your work account" in page
        assert "Password" not in page
        start = "/operator/oidc/start?prove=1&next=/operator/people"
        made.lies = {"auth_time": int(running.clock.now().timestamp()) - 700}
        assert (await log_in(running, start))[0] == 401
        made.lies, made.person.sub = {}, "s-9"
        assert (await log_in(running, start))[0] == 401
        made.person.sub = "s-1"
        status, _, headers = await log_in(running, start)
        assert (status, headers["Location"]) == (303, "/operator/people")
        fields = {"name": "cleo", "role": "viewer", "site": "*"}
        assert (await running.post("/operator/people", fields))[0] == 200


async def test_groups_come_from_userinfo_when_the_token_has_none(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, made):
        made.person.claims = {}
        made.userinfo = {"sub": "s-1", "preferred_username": "dora", "groups": "staff"}
        assert (await log_in(running))[0] == 303
        made.userinfo["sub"] = "s-2"
        assert (await log_in(running))[0] == 403
        made.person.claims = {"_claim_names": {"groups": "src1"}}
        status, text, _ = await log_in(running)
        assert status == 401
        assert "more groups than" in text


async def test_out_here_is_out_there(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, made):
        await log_in(running)
        status, _, headers = await running.post("/operator/logout")
        assert (status, headers["Location"]) == (303, "/operator/login/out")
        status, text, headers = await running.get("/operator/login/out", **PAGE)
        assert "the provider logs you out, too" in text
        assert headers["Refresh"].startswith(f"2;url={made.issuer}/logout?client_id={CLIENT}&post")
        assert (await running.get("/operator/me", **PAGE))[0] == 303


async def test_out_there_is_out_here(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, made):
        await log_in(running)
        path = "/operator/oidc/back-channel"
        lies: list[dict[str, Any]] = [
            {},
            {"events": {LOGOUT_EVENT: {}}, "nonce": "n"},
            {"events": {}},
        ]
        for wrong in lies:
            token = made.id_token(**{"nonce": None, **wrong})
            assert (await running.post(path, {"logout_token": token}))[0] == 400
        token = made.id_token(nonce=None, events={LOGOUT_EVENT: {}})
        async with aiohttp.ClientSession() as there:
            answer = await there.post(running.address + path, data={"logout_token": token})
            assert answer.status == 200
        assert (await running.get("/operator/me", **PAGE))[0] == 303


async def test_tokens_of_who_stays_away_rest(tmp_path: Path) -> None:
    async with both(tmp_path, token_stale_days=30) as (running, _):
        await log_in(running)
        known = running.app[keys.OPERATORS]
        row = (await running.storage.logins.of(NAME))[0]
        login = await running.storage.operators.get(row.operator)
        assert login is not None
        entered = await known.open(login, "oidc", "192.0.2.1", "")
        secret, _ = await known.tokens.make(entered.operator, "t", scopes=["fleet.view"])
        running.clock.advance(30 * 86_400 - 1)
        assert await known.tokens.whose(secret, "192.0.2.1") is not None
        running.clock.advance(1)
        assert await known.tokens.whose(secret, "192.0.2.1") is None
        await log_in(running)
        assert await known.tokens.whose(secret, "192.0.2.1") is not None


async def test_the_cookie_of_the_way_is_for_the_server_alone(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, _):
        _, _, headers = await running.get("/operator/oidc/start", **PAGE)
        morsel = SimpleCookie(headers["Set-Cookie"])["kiosk_oidc"]
        assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
        for secret in (SECRET, "code_verifier"):
            assert secret not in headers["Location"]
        assert "code_challenge_method=S256" in headers["Location"]


async def test_without_a_provider_there_is_no_such_way(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        assert "Log in with" not in (await running.page("/operator/login"))
        for path in ("start", "callback"):
            assert (await running.get(f"/operator/oidc/{path}"))[0] == 404
        assert (await running.post("/operator/oidc/back-channel"))[0] == 404
        assert running.app[OIDC].provider is None


async def test_the_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    by_file: dict[str, Any] = {"client_secret": None, "client_secret_file": str(file)}
    async with both(tmp_path, **by_file) as (running, _):
        assert (await log_in(running))[0] == 303


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff"])
def test_a_file_without_a_secret_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StartupError, match=r"client_secret_file.*holds the secret alone"):
        secret_of(OidcSettings(client_secret_file=file))


async def test_who_is_logged_in_with_a_password_stays_so(tmp_path: Path) -> None:
    async with both(tmp_path) as (running, _):
        await running.log_in()
        running.clock.advance(11 * 60)
        assert "Prove it with" not in await running.page("/operator/me/prove")
        given = {"given": PASSWORD}
        assert (await running.post("/operator/me/prove", given))[0] == 303
