"""Addresses of the interface: models in and out, and one sentence for what does not fit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import Field

from kiosk.security.access import Access
from kiosk.web.api.base import ApiRoute, Day, Given, Model, Nothing, routes
from tests.unit.web.composing import Site, site


class Ask(Model):
    tag: list[str] = Field(default_factory=list)
    limit: int = Field(10, ge=1, le=50)
    since: Day | None = None


class Thing(Model):
    name: str = Field(max_length=5)
    seen: date | None = None
    dry: bool = False
    marks: dict[str, list[str]] = Field(default_factory=dict)


class Told(Model):
    name: str
    tags: list[str]
    which: str


async def take(request: web.Request, given: Given[Ask, Thing]) -> Told:
    return Told(name=given.body.name, tags=given.query.tag, which=given.path["which"])


async def forget(request: web.Request, given: Given[Any, Any]) -> Nothing:
    return Nothing()


TABLE = (
    ApiRoute(
        "POST",
        "/api/things/{which}",
        take,
        Access.FLEET_VIEW,
        "Keep a thing.",
        query=Ask,
        body=Thing,
        answer=Told,
        status=201,
    ),
    ApiRoute("DELETE", "/api/things", forget, Access.PUBLIC, "Forget all.", status=204),
)


async def send(running: Site, path: str, body: str, kind: str = "application/json") -> Any:
    async with running.client.post(
        running.address + path,
        data=body.encode(),
        headers={"Content-Type": kind, "Origin": running.address},
    ) as answer:
        return answer.status, await answer.json()


async def test_models_go_in_and_out(tmp_path: Path) -> None:
    async with site(tmp_path, routes=routes(TABLE)) as running:
        await running.log_in()
        status, told = await send(running, "/api/things/a?tag=x&tag=y", '{"name": "boat"}')
        assert (status, told) == (201, {"name": "boat", "tags": ["x", "y"], "which": "a"})
        async with running.client.delete(f"{running.address}/api/things") as answer:
            assert (answer.status, await answer.read()) == (204, b"")


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("a", "{", 400, "no JSON"),
        ("a", "[" * 60_000, 400, "no JSON"),
        ("a", "[]", 422, "must be a JSON object"),
        ("a", '{"name": "much too long"}', 422, "name: String should have at most 5"),
        ("a", "{}", 422, "name: Field required."),
        ("a", '{"name": "a", "price": 3}', 422, "price: is not known here; known are: name, seen"),
        ("a?limit=0", '{"name": "a"}', 422, "limit: Input should be greater than"),
        ("a?limit=1&limit=2", '{"name": "a"}', 422, "limit: give it once."),
        ("a?colour=red", '{"name": "a"}', 422, "colour: is not known here"),
        ("a", '{"name": "\\ud800"}', 400, "no JSON"),
        ("a", '{"name": NaN}', 400, "no JSON"),
        ("a", '{"name": "a", "seen": 0}', 422, "seen: Input should be a valid date"),
        ("a", '{"name": "a", "dry": 0}', 422, "dry: Input should be a valid boolean"),
        ("a", '{"name": "a\\u0000"}', 422, "name: has a NUL character; leave it out."),
        ("a", '{"name": "a", "marks": {"b": ["\\u0000"]}}', 422, "marks.b: has a NUL"),
        ("a", '{"\\u0000": 1}', 422, "A name has a NUL"),
        ("a?since=0", '{"name": "a"}', 422, "since: write days as 2026-11-30."),
        ("a?tag=%00", '{"name": "a"}', 422, "tag: has a NUL"),
        ("%00", '{"name": "a"}', 404, "nothing at this address"),
        ("x" * 201, '{"name": "a"}', 404, "nothing at this address"),
    ],
)
async def test_what_does_not_fit_is_told(
    tmp_path: Path, path: str, body: str, status: int, said: str
) -> None:
    async with site(tmp_path, routes=routes(TABLE)) as running:
        await running.log_in()
        found, told = await send(running, f"/api/things/{path}", body)
        assert found == status
        assert said in told["error"]["message"]


async def test_a_body_that_is_no_json_by_its_type_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path, routes=routes(TABLE)) as running:
        await running.log_in()
        status, told = await send(running, "/api/things/a", "name=a", "text/plain")
        assert (status, told["error"]["code"]) == (415, "not_json")
