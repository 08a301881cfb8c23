"""The document says what the table says."""

from __future__ import annotations

import json

from kiosk.security.access import Access
from kiosk.web.api.base import ApiRoute, example
from kiosk.web.api.openapi import document
from tests.unit.web.api.test_base import TABLE, Told, forget


def test_the_document_tells_what_the_table_says() -> None:
    made = json.loads(json.dumps(document(TABLE, version="1.2")))
    assert made["info"]["version"] == "1.2"
    post = made["paths"]["/api/things/{which}"]["post"]
    assert {p["name"]: p["in"] for p in post["parameters"]} == {
        "which": "path",
        "tag": "query",
        "limit": "query",
        "since": "query",
    }
    assert "Needs the right `fleet.view`." in post["description"]
    assert set(post["responses"]) >= {"201", "400", "401", "403", "404", "415", "422"}
    body = post["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert made["components"]["schemas"][body.rpartition("/")[2]]["required"] == ["name"]
    delete = made["paths"]["/api/things"]["delete"]
    assert delete["security"] == []
    assert "content" not in delete["responses"]["204"]


class Shown(Told):
    model_config = example(name="boat")


def test_an_address_has_no_patterns_and_a_model_its_example() -> None:
    path = "/api/things/{which:thing_[^/]+}"
    table = [ApiRoute("GET", path, forget, Access.PUBLIC, "One thing.", answer=Shown)]
    made = document(table, version="1")
    assert list(made["paths"]) == ["/api/things/{which}"]
    get = made["paths"]["/api/things/{which}"]["get"]
    assert (get["operationId"], get["tags"]) == ("get_api_things_which", ["things"])
    assert made["components"]["schemas"]["Shown"]["examples"] == [{"name": "boat"}]
