"""/api/people and /api/audit."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk import keys
from kiosk.web.api import table
from tests.unit.web.api.test_me import ask
from tests.unit.web.composing import site


async def test_who_asks_and_who_did_what(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        assert (await running.get("/api/me"))[0] == 401
        await running.log_in("bert")
        status, text, _ = await running.get("/api/me")
        told = json.loads(text)
        assert (status, told["name"]) == (200, "bert")
        rights = {item["right"]: item["sites"] for item in told["rights"]}
        assert rights["visit.follow"] is None
        assert "people.manage" not in rights
        assert (await running.get("/api/audit"))[0] == 403
        await running.log_in("anna")
        status, text, _ = await running.get("/api/audit?limit=1")
        page = json.loads(text)
        assert [entry["actor"] for entry in page["entries"]] == ["anna"]
        status, text, _ = await running.get(f"/api/audit?before={page['before']}")
        assert [entry["actor"] for entry in json.loads(text)["entries"]] == ["bert"]
        assert json.loads(text)["before"] is None


async def test_people_are_managed_by_programs_too(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in()
        roles = [{"role": "viewer"}, {"role": "editor", "site": "main"}]
        status, made = await ask(running, "POST", "/people", {"name": "cleo", "roles": roles})
        assert status == 200
        assert len(made["password"]) == 23
        await running.app[keys.OPERATORS].login("cleo", made["password"], "192.0.2.1")
        _, told = await ask(running, "GET", "/people")
        assert [row["name"] for row in told["people"]] == ["anna", "bert", "cleo"]
        status, error = await ask(running, "POST", "/people", {"name": "cleo", "roles": roles})
        assert (status, error["error"]["code"]) == (422, "account")
        _, one = await ask(running, "PUT", "/people/cleo/roles", {"roles": roles[:1]})
        assert one["roles"] == [{"role": "viewer", "site": None}]
        status, error = await ask(running, "PUT", "/people/anna/roles", {"roles": []})
        assert (status, error["error"]["code"]) == (409, "last_administrator")
        wrong = {"roles": [{"role": "viewer", "site": "east"}]}
        assert (await ask(running, "PUT", "/people/cleo/roles", wrong))[0] == 422
        _, logins = await ask(running, "GET", "/people/cleo/logins")
        id = logins["logins"][0]["id"]
        assert (await ask(running, "DELETE", f"/people/cleo/logins/{id}"))[0] == 204
        assert (await ask(running, "DELETE", "/people/cleo/logins?why=lost"))[0] == 204
        assert (await ask(running, "GET", "/people/cleo/tokens")) == (200, {"tokens": []})
        assert (await ask(running, "DELETE", "/people/cleo/tokens/x"))[0] == 404
        assert (await ask(running, "DELETE", "/people/cleo/totp"))[0] == 409
        status, told = await ask(running, "POST", "/people/cleo/password", {"why": "forgot"})
        assert len(told["password"]) == 23
        assert (await ask(running, "DELETE", "/people/cleo?why=left"))[0] == 204
        assert (await ask(running, "GET", "/people/cleo"))[0] == 404
        rows = [(row.action, row.detail) for row in await running.storage.audit.recent()]
        assert rows[0] == ("person.remove", "left")
        assert ("person.password", "forgot") in rows
        running.clock.advance(11 * 60)
        status, error = await ask(running, "DELETE", "/people/bert")
        assert (status, error["error"]["code"]) == (403, "prove_again")
