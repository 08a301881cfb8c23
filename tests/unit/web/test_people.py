"""The page of people over real HTTP: add, give and take, end, remove; each written down."""

from __future__ import annotations

import re
from pathlib import Path

from kiosk import keys
from kiosk.storage.rows import Grant
from tests.unit.web.composing import PAGE, PASSWORD, Site, site

HOUSES = {"main": "north", "west": "south"}


async def audited(running: Site, action: str) -> list[tuple[str, str, str, str, str]]:
    rows = await running.storage.audit.recent()
    return [
        (row.actor, row.target, row.before, row.after, row.site)
        for row in rows
        if row.action == action
    ]


async def test_somebody_is_added_given_roles_and_removed(tmp_path: Path) -> None:
    async with site(tmp_path, houses=HOUSES) as running:
        await running.log_in()
        fields = {"name": "cleo", "role": "viewer", "site": "north"}
        status, html, _ = await running.post("/operator/people", fields)
        assert status == 200
        password = re.search(r'class="key">([a-z0-9-]{23})<', html)
        assert password is not None
        await running.app[keys.OPERATORS].login("cleo", password[1], "192.0.2.1")
        page = await running.page("/operator/people/cleo")
        assert "Viewer of Museum" in page
        give = {"role": "operator", "site": "south"}
        status, _, headers = await running.post("/operator/people/cleo/roles", give)
        assert headers["Location"] == "/operator/people/cleo?done=roles"
        await running.post(
            "/operator/people/cleo/roles", {"role": "viewer", "site": "north", "take": "1"}
        )
        row = await running.storage.operators.get("cleo")
        assert row is not None
        assert row.grants == (Grant("operator", "south"),)
        assert (await audited(running, "person.roles"))[1] == (
            "anna",
            "cleo",
            "viewer of north",
            "operator of south, viewer of north",
            "south",
        )
        asked = await running.page("/operator/people/cleo/ask/remove")
        assert "Remove cleo? Logins and tokens of cleo end at once." in asked
        status, _, headers = await running.post(
            "/operator/people/cleo/ask/remove", {"why": "left us"}
        )
        assert headers["Location"] == "/operator/people?done=removed"
        assert (await running.get("/operator/people/cleo", **PAGE))[0] == 404
        assert (await running.storage.audit.recent())[0].detail == "left us"


async def test_what_may_not_be_done_is_said(tmp_path: Path) -> None:
    async with site(tmp_path, houses=HOUSES) as running:
        await running.log_in()
        for fields, said in (
            ({"name": "bert", "role": "viewer", "site": "*"}, "already"),
            ({"name": "x y", "role": "viewer", "site": "*"}, "a-z"),
            ({"name": "x", "role": "king", "site": "*"}, "no role"),
            ({"name": "x", "role": "viewer", "site": "east"}, "no site"),
        ):
            status, html, _ = await running.post("/operator/people", fields)
            assert status == 422
            assert said in html
        take = {"role": "administrator", "site": "*", "take": "1"}
        status, html, _ = await running.post("/operator/people/anna/roles", take)
        assert status == 409
        assert "last administrator" in html
        status, html, _ = await running.post("/operator/people/anna/ask/remove", None, **PAGE)
        assert status == 409
        assert (await running.post("/operator/people/bert/ask/dance"))[0] == 404
        assert (await running.get("/operator/people/bert/ask/dance", **PAGE))[0] == 404
        assert (await running.get("/operator/people/nobody", **PAGE))[0] == 404


async def test_logins_tokens_and_passwords_of_others(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        known = running.app[keys.OPERATORS]
        login = await known.login("bert", PASSWORD, "192.0.2.1", device="Edge on Windows")
        _, token = await known.tokens.make(login.operator, "nightly", scopes=["fleet.view"])
        await running.log_in()
        page = await running.page("/operator/people/bert")
        assert "Edge on Windows 192.0.2.1" in page
        assert "nightly fleet.view" in page
        await running.post(f"/operator/people/bert/tokens/{token.id}/revoke")
        assert await known.tokens.of("bert") == ()
        row = (await running.storage.logins.of("bert"))[0]
        await running.post(f"/operator/people/bert/logins/{row.id}/end")
        assert await known.whose(login.token) is None
        assert (await running.post(f"/operator/people/bert/logins/{row.id}/end"))[0] == 404
        again = await known.login("bert", PASSWORD, "192.0.2.1")
        await running.post("/operator/people/bert/ask/logins")
        assert await known.whose(again.token) is None
        _, html, _ = await running.post("/operator/people/bert/ask/password")
        password = re.search(r'class="key">([a-z0-9-]{23})<', html)
        assert password is not None
        await known.login("bert", password[1], "192.0.2.2")
        assert (await running.post("/operator/people/bert/ask/factor", None, **PAGE))[0] == 409


async def test_a_manager_of_one_house_is_offered_no_more(tmp_path: Path) -> None:
    async with site(tmp_path, houses=HOUSES) as running:
        known = running.app[keys.OPERATORS]
        await known.add("nora", PASSWORD, grants=[Grant("administrator", "north")])
        await known.add(
            "sven", PASSWORD, grants=[Grant("viewer", "north"), Grant("operator", "south")]
        )
        await running.log_in("nora")
        page = await running.page("/operator/people")
        assert "sven" in page
        assert "anna" not in page
        assert "Every site" not in page
        one = await running.page("/operator/people/sven")
        assert "may do what you may not" in one
        assert "Remove sven" not in one
        assert (await running.get("/operator/people/anna", **PAGE))[0] == 404
        fields = {"role": "viewer", "site": "*"}
        assert (await running.post("/operator/people/sven/roles", fields))[0] == 409
        take = {"role": "viewer", "site": "north", "take": "1"}
        _, _, headers = await running.post("/operator/people/sven/roles", take)
        assert headers["Location"] == "/operator/people?done=roles"
