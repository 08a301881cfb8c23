"""One's own account: password, logins, second factor and tokens, over real HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pyotp

from kiosk import keys
from kiosk.storage.rows import Grant
from tests.unit.web.composing import PAGE, PASSWORD, Site, site


async def actions(running: Site) -> list[str]:
    return [row.action for row in await running.storage.audit.recent()]


async def test_the_own_password_is_changed_on_the_page(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        new = "another-good-password"
        for fields, said in (
            ({"old": PASSWORD, "new": new, "again": "else"}, "two ways"),
            ({"old": "wrong", "new": new, "again": new}, "This is wrong"),
            ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 12"),
        ):
            status, text, _ = await running.post("/operator/me/password", fields)
            assert status in {401, 422}
            assert said in text
            assert new not in text
        fields = {"old": PASSWORD, "new": new, "again": new}
        status, _, headers = await running.post("/operator/me/password", fields)
        assert (status, headers["Location"]) == (303, "/operator/me?done=password")
        assert "Your password is changed" in await running.page("/operator/me?done=password")
        assert "me.password" in await actions(running)


async def test_logins_are_listed_and_ended(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        known = running.app[keys.OPERATORS]
        await known.login("anna", PASSWORD, "192.0.2.9", device="Safari on iPhone")
        stranger = await known.login("bert", PASSWORD, "192.0.2.9")
        await running.log_in()
        page = await running.page("/operator/me")
        assert "Safari on iPhone 192.0.2.9" in page
        assert "this one" in page
        other = next(r for r in await running.storage.logins.of("anna") if "iPhone" in r.device)
        theirs = (await running.storage.logins.of("bert"))[0]
        await running.post("/operator/me/logins/end", {"which": theirs.id})
        assert await known.whose(stranger.token) is not None
        await running.post("/operator/me/logins/end", {"which": other.id})
        assert len(await running.storage.logins.of("anna")) == 1
        await known.login("anna", PASSWORD, "192.0.2.9")
        await running.post("/operator/me/logins/end", {"which": "others"})
        assert len(await running.storage.logins.of("anna")) == 1
        status, _, headers = await running.post("/operator/me/logins/end", {"which": "all"})
        assert (status, headers["Location"]) == (303, "/operator/login")
        assert (await running.get("/operator/me", **PAGE))[0] == 303


async def test_a_second_factor_is_set_up_needed_and_kept(tmp_path: Path) -> None:
    async with site(tmp_path, operators={"totp_for": ["operator"]}) as running:
        await running.log_in("bert")
        for path in ("/operator/", "/operator/me", "/operator/people"):
            status, _, headers = await running.get(path, **PAGE)
            assert (status, headers["Location"]) == (303, "/operator/me/totp")
        status, text, _ = await running.get("/operator/")
        assert status == 403
        assert "second_factor_needed" in text
        running.clock.advance(11 * 60)
        assert "to set it up" in await running.page("/operator/me/totp")
        status, _, headers = await running.post("/operator/me/totp", {"code": "1"}, **PAGE)
        assert (status, headers["Location"]) == (303, "/operator/me/prove?next=/operator/me/totp")
        await running.post("/operator/me/prove", {"given": PASSWORD})
        _, html, _ = await running.get("/operator/me/totp", **PAGE)
        assert 'aria-label="QR code' in html
        found = re.search(r'class="key">([A-Z2-7]+)<', html)
        assert found is not None
        assert (await running.post("/operator/me/totp", {"code": "000000"}))[0] == 422
        code = pyotp.TOTP(found[1]).at(running.clock.now())
        status, html, _ = await running.post("/operator/me/totp", {"code": code})
        assert status == 200
        assert len(re.findall(r"<li><code>[a-z2-9-]{19}</code>", html)) == 10
        assert "Remove the second factor" not in html
        await running.page("/operator/")
        status, html, _ = await running.post("/operator/me/totp/codes")
        assert "Recovery codes, shown this once" in html
        assert {"me.factor.add", "me.factor.codes"} <= set(await actions(running))


async def test_a_second_factor_nobody_asks_for_may_go_again(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        known = running.app[keys.OPERATORS].second_factor
        offer = await known.offer("anna", "Museum")
        await known.confirm("anna", pyotp.TOTP(offer.secret).at(running.clock.now()))
        assert "Remove the second factor" in await running.page("/operator/me/totp")
        running.clock.advance(11 * 60)
        status, _, headers = await running.post("/operator/me/totp/remove", None, **PAGE)
        assert (status, headers["Location"]) == (303, "/operator/me/prove?next=/operator/me/totp")
        code = pyotp.TOTP(offer.secret).at(running.clock.now())
        await running.post("/operator/me/prove", {"given": code})
        status, _, headers = await running.post("/operator/me/totp/remove", None, **PAGE)
        assert headers["Location"] == "/operator/me?done=factor-off"


async def test_a_token_is_made_used_and_revoked(tmp_path: Path) -> None:
    async with site(tmp_path, houses={"main": "north", "west": "south"}) as running:
        await running.log_in()
        fields = {"name": "report", "scope": "fleet.view", "site": "south", "days": "7"}
        status, html, _ = await running.post("/operator/me/tokens", fields)
        assert status == 200
        found = re.search(r"kiosk_[\w-]{43}", html)
        assert found is not None
        assert found[0] not in (await running.get("/operator/me", **PAGE))[1]
        for wrong, said in (
            ({"days": "many"}, "as a number"),
            ({"site": "east"}, "no site"),
            ({"scope": "fly"}, "no right"),
        ):
            status, html, _ = await running.post(
                "/operator/me/tokens", fields | {"name": "other"} | wrong
            )
            assert status == 422
            assert said in html
        running.client.cookie_jar.clear()
        bearer = {"Authorization": f"Bearer {found[0]}", **PAGE}
        status, html, _ = await running.get("/operator/", **bearer)
        assert status == 200
        assert "Lobby West" in html
        assert "Main entrance" not in html
        # What a person does for themselves no program does.
        for path in ("/operator/me", "/operator/me/totp"):
            assert (await running.get(path, **bearer))[0] == 403
        assert (await running.get("/operator/people", **bearer))[0] == 403
        await running.log_in()
        row = (await running.storage.tokens.of("anna"))[0]
        status, _, headers = await running.post(f"/operator/me/tokens/{row.id}/revoke")
        assert headers["Location"] == "/operator/me?done=revoked"
        assert (await running.post(f"/operator/me/tokens/{row.id}/revoke"))[0] == 404
        running.client.cookie_jar.clear()
        status, text, _ = await running.get("/operator/", Authorization=f"Bearer {found[0]}")
        assert status == 401
        assert "bad_token" in text


async def test_beside_a_token_no_cookie_and_no_origin_counts(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        wrong = {"Authorization": "Bearer kiosk_" + "x" * 43}
        assert (await running.get("/operator/", **wrong))[0] == 401
        assert (await running.get("/operator/", Authorization="Bearer"))[0] == 401
        # Other schemes are a proxy's business.
        assert (await running.get("/operator/", Authorization="Basic YTpi"))[0] == 200
        evil = {"Origin": "https://evil.example"}
        assert (await running.post("/operator/logout", None, **evil))[0] == 403
        assert (await running.post("/operator/login", None, **evil, **wrong))[0] == 403
        assert (await running.post("/operator/logout", None, **evil, **wrong))[0] == 401


async def test_a_token_of_another_house_finds_nothing_there(tmp_path: Path) -> None:
    async with site(tmp_path, houses={"main": "north", "west": "south"}) as running:
        known = running.app[keys.OPERATORS]
        await known.add("cleo", PASSWORD, grants=[Grant("operator")])
        await running.log_in("cleo")
        fields = {"name": "t", "scope": "fleet.view", "site": "north", "days": "7"}
        _, html, _ = await running.post("/operator/me/tokens", fields)
        found = re.search(r"kiosk_[\w-]{43}", html)
        assert found is not None
        running.client.cookie_jar.clear()
        bearer = {"Authorization": f"bearer {found[0]}"}
        assert (await running.get("/operator/kiosks/main", **bearer))[0] == 200
        assert (await running.get("/operator/kiosks/west", **bearer))[0] == 404
