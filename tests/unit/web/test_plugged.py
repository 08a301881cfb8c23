"""Addresses of plugins: who gets in, what the plugin sees, what may go out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kiosk import keys
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterRoute
from kiosk.hooks.values import PluginRequest, PluginResponse
from kiosk.security.devices import COOKIE
from kiosk.security.guards import cookie_name
from kiosk.web.plugged import MAX_ANSWER
from tests.unit.web.composing import Site, site


class Desk:
    """A plugin with an address for everybody, and one that answers as it is told."""

    def __init__(self) -> None:
        self.seen: list[PluginRequest] = []
        self.answer: Any = "ok"

    async def handle(self, request: PluginRequest) -> Any:
        self.seen.append(request)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    @hookimpl
    def register_routes(self, register: RegisterRoute) -> None:
        register("GET", "/open/{name}", self.handle, access="public")
        register("POST", "/open", self.handle, access="public")
        register("GET", "/screen", self.handle, access="kiosk")
        register("GET", "/people", self.handle, access="operator")
        register("GET", "/admins", self.handle, access="admin")


async def enrolled(running: Site, kiosk: str = "main") -> str:
    _, token = await running.app[keys.DEVICES].enrol(kiosk, by="test")
    return f"{cookie_name(COOKIE, https=False)}={token}"


async def test_hook_register_routes(tmp_path: Path) -> None:
    desk = Desk()
    async with site(tmp_path, plugins={"desk": desk}) as running:
        for path, nobody in (("open/a", 200), ("screen", 401), ("people", 401), ("admins", 401)):
            assert (await running.get(f"/-/desk/{path}"))[0] == nobody, path
        cookie = await enrolled(running)
        assert (await running.get("/-/desk/screen", Cookie=cookie))[0] == 200
        assert desk.seen[-1].kiosk == "main"
        await running.log_in("bert")
        assert (await running.get("/-/desk/people"))[0] == 200
        assert desk.seen[-1].operator == "bert"
        assert (await running.get("/-/desk/admins"))[0] == 403
        await running.log_in("anna")
        assert (await running.get("/-/desk/admins"))[0] == 200
        assert (await running.get("/-/desk/unheard"))[0] == 404


async def test_a_plugin_sees_the_request_without_cookies_and_credentials(tmp_path: Path) -> None:
    desk = Desk()
    async with site(tmp_path, plugins={"desk": desk}) as running:
        await running.log_in()
        headers = {"Authorization": "Basic eDp5", "X-Mine": "yes"}
        await running.get("/-/desk/open/ann%20b?floor=2", **headers)
        asked = desk.seen[-1]
        assert (asked.method, asked.path) == ("GET", "/-/desk/open/ann b")
        assert asked.match == {"name": "ann b"}
        assert asked.query == {"floor": "2"}
        assert asked.headers["x-mine"] == "yes"
        assert not {"cookie", "authorization"} & set(asked.headers)
        assert asked.operator is None, "a public address does not ask who is logged in"
        await running.post("/-/desk/open", {"stars": "5"})
        assert desk.seen[-1].form == {"stars": "5"}
        await running.post("/-/desk/open", b"{}", **{"Content-Type": "application/json"})
        assert (desk.seen[-1].form, desk.seen[-1].body) == ({}, b"{}")


async def test_head_never_reaches_a_plugin(tmp_path: Path) -> None:
    desk = Desk()
    async with site(tmp_path, plugins={"desk": desk}) as running:
        for path, status in (("open/a", 200), ("screen", 401), ("people", 401), ("unheard", 404)):
            async with running.client.head(f"{running.address}/-/desk/{path}") as answer:
                assert answer.status == status, path
                assert answer.headers["Cache-Control"] == "no-store"
        assert desk.seen == []
        await running.get("/-/desk/open/a")
        assert [request.method for request in desk.seen] == ["GET"]


async def test_forms_of_other_sites_never_reach_a_plugin(tmp_path: Path) -> None:
    desk = Desk()
    async with site(tmp_path, plugins={"desk": desk}) as running:
        status, text, _ = await running.post("/-/desk/open", {"a": "b"}, Origin="https://evil.test")
        assert (status, json.loads(text)["error"]["code"]) == (403, "wrong_origin")
        assert desk.seen == []


@pytest.mark.parametrize(
    ("answer", "status", "kind", "body"),
    [
        ("words", 200, "text/plain", "words"),
        ({"stars": 5}, 200, "application/json", '{"stars": 5}'),
        (PluginResponse({"a": "ä"}, status=201), 201, "application/json", '{"a": "ä"}'),
        (PluginResponse("<p>x", content_type="text/html"), 200, "text/html", "<p>x"),
        (PluginResponse(b"\x89PNG", content_type="image/png"), 200, "image/png", None),
        (None, 204, None, ""),
    ],
)
async def test_answers(
    tmp_path: Path, answer: Any, status: int, kind: str | None, body: str | None
) -> None:
    desk = Desk()
    desk.answer = answer
    async with (
        site(tmp_path, plugins={"desk": desk}) as running,
        running.client.get(f"{running.address}/-/desk/open/x") as got,
    ):
        assert got.status == status
        assert kind is None or got.content_type == kind
        assert body is None or await got.text() == body
        assert "script-src 'self'" in got.headers["Content-Security-Policy"]


async def test_on_to_a_page_of_this_server(tmp_path: Path) -> None:
    desk = Desk()
    desk.answer = PluginResponse(status=303, location="/-/desk/open/thanks")
    async with site(tmp_path, plugins={"desk": desk}) as running:
        status, _, headers = await running.get("/-/desk/open/x")
        assert (status, headers["Location"]) == (303, "/-/desk/open/thanks")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ValueError("what the visitor said"), "ValueError"),
        (SystemExit(3), "SystemExit"),
        (42, "returned int"),
        (PluginResponse(7), "returned PluginResponse with a wrong body"),  # type: ignore[arg-type]  # the mistake
        (PluginResponse({(1, 2): "x"}), "returned PluginResponse with a wrong body"),  # type: ignore[dict-item]  # the mistake
        (PluginResponse({"x": float}, status=7), "answered with a wrong status"),
        (PluginResponse("x", content_type="a/b\r\nX: y"), "answered with a wrong content_type"),
        (PluginResponse(status=303, location="//evil.test"), "answered with a wrong location"),
        (PluginResponse(status=303, location="/\t/evil.test"), "answered with a wrong location"),
        (PluginResponse(status=303, location="/a\r\nX: y"), "answered with a wrong location"),
        (PluginResponse("half a \ud83d"), "answered with a wrong body"),
        (PluginResponse({"x": "\ud83d"}), "answered with a wrong body"),
        (PluginResponse({"x": float("nan")}), "answered with a wrong body"),
        (PluginResponse(b"x" * (MAX_ANSWER + 1)), "answered with a wrong body: it has more"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_a_plugin_gets_wrong_is_a_500_with_its_name(
    tmp_path: Path, answer: Any, kind: str
) -> None:
    desk = Desk()
    desk.answer = answer
    async with site(tmp_path, plugins={"desk": desk}) as running:
        status, text, _ = await running.get("/-/desk/open/x")
        error: Mapping[str, str] = json.loads(text)["error"]
        assert (status, error["code"]) == (500, "plugin_failed")
        assert error["message"] == "The plugin desk failed; see its page."
        (failure,) = running.app[keys.HOOKS].failures
        assert (failure.plugin, failure.hook) == ("desk", "route GET /open/{name}")
        assert failure.kind.startswith(kind)
        assert "visitor" not in text
