"""Commands to many screens in the dashboard: asked once, only of whom one may, watched, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk import keys
from kiosk.signaling.device import ARGS
from kiosk.storage.rows import Grant
from kiosk.web.agent import command_target, device_target
from kiosk.web.commander import RULES
from kiosk.web.orders import ORDERS
from kiosk.web.orders_page import SINGLE, WORDS
from tests.unit.web.composing import PAGE, PASSWORD, Site, site


def screens(running: Site, *names: str) -> list[Mapping[str, Any]]:
    """Let screens answer that all is done; returns what they were told."""
    heard: list[Mapping[str, Any]] = []
    bus = running.app[keys.BUS]
    for name in names:

        async def take(payload: Mapping[str, Any], name: str = name) -> Mapping[str, Any]:
            heard.append({"kiosk": name, **payload})
            answer = {"kiosk_id": name, "ok": True}
            await bus.command(command_target(payload["id"]), answer, timeout_s=1)
            return {"ok": True}

        bus.handle(device_target(name), take)
    return heard


async def many(running: Site, path: str, *fields: tuple[str, str]) -> tuple[int, str, str]:
    """Post a form with a field that is there many times."""
    from aiohttp import FormData

    data = FormData(list(fields))
    headers = {"Origin": running.address, **PAGE}
    url = running.address + path
    async with running.client.post(
        url, data=data(), headers=headers | {"Content-Type": data().content_type},
        allow_redirects=False,
    ) as answer:  # fmt: skip
        return answer.status, await answer.text(), answer.headers.get("Location", "")


async def over(running: Site) -> None:
    async with asyncio.timeout(10):
        for order in running.app[ORDERS].recent():
            while order.state == "running":
                await order.after(order.revision, 10)


def test_every_command_is_for_many_or_for_one() -> None:
    assert set(WORDS) | SINGLE == set(RULES) == set(ARGS)


async def test_from_ticks_to_results(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("bert")
        heard = screens(running, "main", "west")
        page = await running.page("/operator/")
        assert "Go on" in page
        assert "hold at their page" not in page, "that takes an editor"
        ticked = [("kiosk", "main"), ("kiosk", "west"), ("name", "volume")]
        status, text, _ = await many(running, "/operator/commands/prepare", *ticked)
        assert status == 200
        assert "Set the volume: 2 screens" in text
        assert "Lobby West" in text
        assert heard == []
        filled = [*ticked, ("level", "35"), ("why", "a concert"), ("wave", "1")]
        status, _, where = await many(running, "/operator/commands", *filled)
        assert (status, where.startswith("/operator/commands/order_")) == (303, True)
        await over(running)
        assert [(item["kiosk"], item["args"]) for item in heard] == [
            ("main", {"level": 35}), ("west", {"level": 35}),
        ]  # fmt: skip
        text = await running.page(where)
        assert "2 done" in text
        assert "The volume is set." in text
        assert "Set the volume: 2 screens" in await running.page("/operator/commands")
        rows = await running.storage.audit.recent()
        given = next(row for row in rows if row.action == "kiosks.volume")
        assert (given.actor, given.detail) == ("bert", "a concert: main west")


async def test_all_that_fit_are_chosen_by_the_server(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit("visit_1", "west")
        wanted = [("all", "yes"), ("show", "visit"), ("name", "reload")]
        _, text, _ = await many(running, "/operator/commands/prepare", *wanted)
        assert "Reload: 1 screen" in text
        assert "A visit is going on at 1 of them" in text
        _, text, _ = await many(running, "/operator/commands/prepare", ("name", "reload"))
        assert "No screen was chosen" in text


async def test_what_does_not_fit_is_said_and_nothing_is_sent(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        heard = screens(running, "main")
        ticked = [("kiosk", "main"), ("name", "volume")]
        for field, problem in (
            (("level", "400"), "does not fit"),
            (("wave", "many"), "is no number"),
            (("wait_s", "1e9"), "out of range"),
        ):
            fields = [*ticked, ("level", "1"), field] if field[0] != "level" else [*ticked, field]
            status, text, _ = await many(running, "/operator/commands", *fields)
            assert (status, problem in text) == (422, True), field
        status, _, _ = await many(running, "/operator/commands", ("name", "format_disk"))
        assert status == 404
        assert heard == []


async def test_only_screens_one_may_tell_and_only_orders_one_may_see(tmp_path: Path) -> None:
    houses = {"main": "north", "west": "south"}
    async with site(tmp_path, houses=houses) as running:
        operators = running.app[keys.OPERATORS]
        grants = [Grant("operator", "south"), Grant("viewer", "north")]
        await operators.add("carla", PASSWORD, grants=grants)
        await operators.add("dora", PASSWORD, grants=[Grant("operator", "east")])
        heard = screens(running, "main", "west")
        await running.log_in("carla")
        both = [("kiosk", "main"), ("kiosk", "west"), ("name", "identify")]
        assert (await many(running, "/operator/commands", *both))[0] == 403
        assert heard == []
        fits = [("all", "yes"), ("name", "identify")]
        status, _, where = await many(running, "/operator/commands", *fits)
        assert status == 303
        await over(running)
        assert [item["kiosk"] for item in heard] == ["west"]
        await running.log_in("dora")
        assert (await running.get(where))[0] == 404
        assert "identify" not in await running.page("/operator/commands")
        await running.log_in("anna")
        status, _, _ = await running.post(f"{where}/stop")
        assert status == 303


async def test_service_is_told_to_the_servers(tmp_path: Path) -> None:
    from kiosk.web.shell import service_target

    async with site(tmp_path) as running:
        await running.log_in("bert")
        heard = []

        async def take(payload: Mapping[str, Any]) -> Mapping[str, Any]:
            heard.append(payload)
            return {"ok": True, "detail": ""}

        running.app[keys.BUS].handle(service_target("main"), take)
        fields = [("kiosk", "main"), ("name", "service"), ("state", "maintenance")]
        _, _, where = await many(running, "/operator/commands", *fields)
        await over(running)
        assert heard == [{"state": "maintenance"}]
        assert "1 done" in await running.page(where)
