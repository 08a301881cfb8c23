"""An operator takes a screen out of service from its page: visitors read why, the audit has who."""

from __future__ import annotations

from pathlib import Path

from kiosk import keys
from kiosk.storage.rows import Grant
from tests.unit.running import Running, running

ADDRESS = "operator/kiosks/lobby"
PASSWORD = "a-good-long-password"
PAGE = {"Accept": "text/html"}


async def logged_in(server: Running, role: str) -> None:
    await server.app[keys.OPERATORS].add(role, PASSWORD, grants=[Grant(role)])  # type: ignore[arg-type]  # a role's name
    async with server.http.post(
        f"{server.url}/operator/login",
        data={"name": role, "password": PASSWORD},
        headers={"Origin": server.url},
    ) as answer:
        assert answer.status == 200


async def posted(server: Running, **fields: str) -> tuple[int, str]:
    async with server.http.post(
        f"{server.url}/{ADDRESS}/service", data=fields, headers={"Origin": server.url, **PAGE}
    ) as answer:
        return answer.status, await answer.text()


async def test_visitors_read_why_until_it_is_back_in_service(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.screen() as screen:
        await screen.hello()
        await logged_in(server, "operator")
        status, page = await posted(server, state="cleaning", why="ice cream")
        assert status == 200
        assert "Visitors read: I am being cleaned. It takes a few minutes." in page
        assert "Put Lobby back into service" in page
        assert (await screen.next("service"))["reason"] == "cleaning"
        await screen.send("start")
        assert (await screen.next("error"))["code"] == "out_of_service"

        async with server.http.get(f"{server.url}/{ADDRESS}", headers=PAGE) as answer:
            assert "Out of service." in await answer.text()
        status, page = await posted(server, state="in_service")
        assert (status, "It is in service." in page) == (200, True)
        assert "Put Lobby back" not in page
        assert "reason" not in await screen.next("service")
        await screen.send("start")
        await screen.next("visit")

        rows = [
            (row.actor, row.target, row.detail, row.before, row.after)
            for row in await server.app[keys.STORAGE].audit.recent()
            if row.action == "kiosk.out_of_service"
        ]
        assert rows == [
            ("operator", "lobby", "", "cleaning", "in_service"),
            ("operator", "lobby", "ice cream", "in_service", "cleaning"),
        ]


async def test_only_a_sentence_of_the_list_and_only_from_who_may(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        assert (await posted(server, state="cleaning"))[0] in {303, 401}
        await logged_in(server, "viewer")
        async with server.http.get(f"{server.url}/{ADDRESS}", headers=PAGE) as answer:
            assert "out of service" not in await answer.text()
        assert (await posted(server, state="cleaning"))[0] == 403
        await logged_in(server, "operator")
        status, page = await posted(server, state="<b>closed</b>")
        assert status == 400
        assert "A screen is one of in_service, maintenance, cleaning, event," in page
