"""/api/alerts and its neighbours: the same as the pages do, as data, by house."""

from __future__ import annotations

from pathlib import Path

from kiosk.alerts.rules import RULES
from tests.unit.alerts.receiving import far
from tests.unit.web.alerted import house, ill


async def test_alerts_are_listed_acknowledged_and_remembered(tmp_path: Path) -> None:
    async with house(tmp_path) as one:
        west, harbour = ill(), ill("far", site="harbour")
        await one.put(west, harbour)
        assert (await one.api("GET", "/api/alerts"))[0] == 401
        await one.log_in("olga")
        status, told = await one.api("GET", "/api/alerts")
        assert status == 200
        assert [row["id"] for row in told["alerts"]] == [west.id]
        assert told["alerts"][0]["state"] == "firing"
        assert (await one.api("GET", f"/api/alerts/{harbour.id}"))[0] == 404
        address = f"/api/alerts/{west.id}/acknowledge"
        status, row = await one.api("POST", address, {"why": "I walk over"})
        assert (status, row["state"], row["acknowledged_by"]) == (200, "acknowledged", "olga")
        status, error = await one.api("POST", address, {})
        assert (status, error["error"]["code"]) == (409, "not_firing")
        status, page = await one.api("GET", "/api/alert-history?limit=1")
        assert [row["id"] for row in page["alerts"]] == [west.id]
        assert page["before"] is None
        await one.log_in("anna")
        _, page = await one.api("GET", "/api/alert-history?limit=1")
        _, rest = await one.api("GET", f"/api/alert-history?before={page['before']}")
        assert len(page["alerts"]) == len(rest["alerts"]) == 1
        assert (await one.api("GET", "/api/alert-history?before=alert_none"))[0] == 404
        await one.log_in("vera")
        assert (await one.api("GET", f"/api/alerts/{west.id}"))[0] == 200
        assert (await one.api("POST", address, {}))[0] == 403


async def test_silences(tmp_path: Path) -> None:
    async with house(tmp_path) as one:
        await one.log_in("olga")
        asked = {"kiosk": "west", "hours": 2, "why": "new floor"}
        status, row = await one.api("POST", "/api/alert-silences", asked)
        assert (status, row["site"], row["by"]) == (201, "museum", "olga")
        everywhere = {"hours": 2, "why": "quiet, please"}
        assert (await one.api("POST", "/api/alert-silences", everywhere))[0] == 403
        assert (await one.api("POST", "/api/alert-silences", asked | {"rule": "rain"}))[0] == 422
        assert (await one.api("POST", "/api/alert-silences", asked | {"why": ""}))[0] == 422
        await one.log_in("anna")
        status, all_of_it = await one.api("POST", "/api/alert-silences", everywhere)
        assert status == 201
        await one.log_in("olga")
        _, told = await one.api("GET", "/api/alert-silences")
        assert {one["id"] for one in told["silences"]} == {row["id"], all_of_it["id"]}
        assert (await one.api("DELETE", f"/api/alert-silences/{all_of_it['id']}"))[0] == 403
        assert await one.api("DELETE", f"/api/alert-silences/{row['id']}") == (204, None)
        assert (await one.api("DELETE", f"/api/alert-silences/{row['id']}"))[0] == 404


async def test_rules_and_channels(tmp_path: Path) -> None:
    async with far(200, 500, 500, 500) as receiver:
        settings = {
            "channels": {"chat": {"type": "teams", "url": f"{receiver.url}/secret"}},
            "rules": {"disk": {"limit": 3, "severity": "critical"}, "clock": {"on": False}},
        }
        async with house(tmp_path, **settings) as one:
            await one.log_in("anna")
            _, told = await one.api("GET", "/api/alert-rules")
            rules = {rule["name"]: rule for rule in told["rules"]}
            assert rules.keys() == RULES.keys()
            assert (rules["disk"]["limit"], rules["disk"]["severity"]) == (3, "critical")
            assert rules["disk"]["on"]
            assert not rules["clock"]["on"]
            _, told = await one.api("GET", "/api/alert-channels")
            assert [row["name"] for row in told["channels"]] == ["chat"]
            assert "secret" not in str(told)
            address = "/api/alert-channels/chat/test"
            assert await one.api("POST", address) == (200, {"taken": True, "error": ""})
            _, tried = await one.api("POST", address)
            assert tried == {"taken": False, "error": "It answered HTTP 500."}
            await one.log_in("vera")
            assert (await one.api("GET", "/api/alert-channels"))[0] == 403
            assert (await one.api("GET", "/api/alert-rules"))[0] == 200
