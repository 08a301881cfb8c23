"""The ways in: second factor, emergency code, a new session each time, and proving it again."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path

import pyotp
import pytest

from kiosk import keys
from kiosk.web.login import local_path
from tests.unit.web.composing import PAGE, PASSWORD, Site, site

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def factor(running: Site, name: str = "anna") -> str:
    known = running.app[keys.OPERATORS].second_factor
    offer = await known.offer(name, "Museum")
    await known.confirm(name, pyotp.TOTP(offer.secret).at(running.clock.now()))
    running.clock.advance(30)
    return offer.secret


def cookie(headers: object) -> str:
    jar = SimpleCookie(headers["Set-Cookie"])  # type: ignore[index] # aiohttp's own mapping
    return jar["kiosk_operator"].value


async def test_a_code_is_asked_for_after_the_password(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        secret = await factor(running)
        fields = {"name": "anna", "password": PASSWORD, "next": "/operator/audit"}
        status, _, headers = await running.post("/operator/login", fields)
        assert (status, headers["Location"]) == (303, "/operator/login/code?next=/operator/audit")
        half = cookie(headers)
        # Half a login is none.
        assert (await running.get("/operator/", **PAGE))[0] == 303
        assert "recovery codes" in await running.page(headers["Location"])
        status, text, _ = await running.post("/operator/login/code", {"code": "123456"})
        assert status == 401
        assert "wrong or was used" in text
        code = pyotp.TOTP(secret).at(running.clock.now())
        fields = {"code": code, "next": "/operator/audit"}
        status, _, headers = await running.post("/operator/login/code", fields)
        assert (status, headers["Location"]) == (303, "/operator/audit")
        assert cookie(headers) != half
        await running.page("/operator/audit")


async def test_a_login_replaces_the_session_the_browser_had(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        first = (await running.storage.logins.of("anna"))[0]
        fields = {"name": "anna", "password": PASSWORD}
        await running.post("/operator/login", fields, **{"User-Agent": FIREFOX})
        rows = await running.storage.logins.of("anna")
        assert [(row.device, row.address) for row in rows] == [("Firefox on Linux", "127.0.0.1")]
        assert rows[0].id != first.id
        audit = (await running.storage.audit.recent())[0]
        assert (audit.action, audit.detail) == ("operator.login", "Firefox on Linux, 127.0.0.1")


async def test_an_emergency_code_is_typed_once_and_noted(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        code = await running.app[keys.OPERATORS].make_emergency_code()
        assert "break-glass" in await running.page("/operator/login/emergency")
        status, text, _ = await running.post("/operator/login/emergency", {"code": "nonsense"})
        assert status == 401
        assert code not in text
        status, _, headers = await running.post("/operator/login/emergency", {"code": code})
        assert (status, headers["Location"]) == (303, "/operator/")
        assert "anna" in await running.page("/operator/people")
        assert "break-glass" not in (await running.page("/operator/people")).split("Name")[1]
        actions = [row.action for row in await running.storage.audit.recent()]
        assert "operator.break_glass" in actions
        assert (await running.post("/operator/login/emergency", {"code": code}))[0] == 401


async def test_proof_is_asked_for_again_before_people_are_changed(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        fields = {"name": "cleo", "role": "viewer", "site": "*"}
        running.clock.advance(11 * 60)
        assert "prove that it is still you" in await running.page("/operator/people")
        status, _, headers = await running.post("/operator/people", fields, **PAGE)
        assert (status, headers["Location"]) == (
            303,
            "/operator/me/prove?next=/operator/people",
        )
        assert "still you" in await running.page(headers["Location"])
        wrong = {"given": "no", "next": "/operator/people"}
        assert (await running.post("/operator/me/prove", wrong))[0] == 401
        right = {"given": PASSWORD, "next": "/operator/people"}
        status, _, headers = await running.post("/operator/me/prove", right)
        assert (status, headers["Location"]) == (303, "/operator/people")
        status, text, _ = await running.post("/operator/people", fields)
        assert status == 200
        assert "cleo may log in" in text
        assert (await running.get("/operator/me/prove", **PAGE))[0] == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//x", "/operator/\\x", "/operator/logout", "/kiosk", ""]
)
def test_a_form_sends_nobody_anywhere_else(target: str) -> None:
    assert local_path(target) == "/operator/"
    assert local_path("/operator/people") == "/operator/people"
