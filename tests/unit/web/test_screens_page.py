"""The page of screens: who waits is let in or refused, devices are revoked, each where one may."""

from __future__ import annotations

from pathlib import Path

from kiosk import keys
from kiosk.storage.rows import Grant
from kiosk.web.pages import PAIRING
from tests.unit.web.composing import PAGE, PASSWORD, Site, site


async def waits(running: Site, address: str = "192.0.2.9") -> tuple[str, str, str]:
    """Let a screen wait; returns its id, its secret and its code."""
    agent = "Mozilla/5.0 (X11; Linux) Chromium/120 <b>"
    found = await running.app[PAIRING].wait(None, browser=agent, address=address)
    return found.row.id, found.secret or "", found.row.code


async def test_one_that_waits_is_let_in_instead_of_what_was_there(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        devices = running.app[keys.DEVICES]
        _, old = await devices.enrol("west", by="before")
        pairing, secret, code = await waits(running)
        text = await running.page(f"/operator/screens?code={code}")
        assert code in text
        assert "Chromium 120 on Linux at 192.0.2.9" in text
        assert "let in by before" in text
        path = f"/operator/screens/waiting/{pairing}/approve"
        status, _, headers = await running.post(path, {"kiosk": "west", "replace": "yes"})
        assert (status, headers["Location"]) == (303, "/operator/screens?done=approved")
        assert await devices.whose(old) is None
        row = await running.app[PAIRING].look(secret)
        assert row is not None
        token = await running.app[PAIRING].token(row)
        assert token is not None
        assert await devices.whose(token) is not None
        actions = [(row.action, row.target) for row in await running.storage.audit.recent(2)]
        assert actions == [("kiosk.revoke", "west"), ("kiosk.approve", "west")]
        status, text, _ = await running.post(path, {"kiosk": "west"}, **PAGE)
        assert (status, "does not wait any more" in text) == (422, True)


async def test_one_is_refused_and_a_device_revoked(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        pairing, secret, _ = await waits(running)
        status, _, _ = await running.post(f"/operator/screens/waiting/{pairing}/refuse")
        row = await running.app[PAIRING].look(secret)
        assert row is not None
        assert (status, row.state, row.decided_by) == (303, "refused", "anna")
        device, token = await running.app[keys.DEVICES].enrol("main", by="before")
        status, _, _ = await running.post(f"/operator/screens/devices/{device}/revoke")
        assert status == 303
        assert await running.app[keys.DEVICES].whose(token) is None
        status, text, _ = await running.get("/operator/screens?code=XXX-XXX", **PAGE)
        assert "No screen shows the code XXX-XXX now" in text


async def test_only_at_ones_own_sites_and_with_the_right(tmp_path: Path) -> None:
    houses = {"main": "north", "west": "south"}
    async with site(tmp_path, houses=houses) as running:
        grants = [Grant("administrator", "south")]
        await running.app[keys.OPERATORS].add("carla", PASSWORD, grants=grants)
        device, token = await running.app[keys.DEVICES].enrol("main", by="before")
        pairing, _, _ = await waits(running)
        await running.log_in("carla")
        text = await running.page("/operator/screens")
        assert "Main entrance" not in text
        status, text, _ = await running.post(
            f"/operator/screens/waiting/{pairing}/approve", {"kiosk": "main"}, **PAGE
        )
        assert (status, "Choose one of your screens" in text) == (422, True)
        status, _, _ = await running.post(f"/operator/screens/devices/{device}/revoke")
        assert status == 404
        assert await running.app[keys.DEVICES].whose(token) is not None
        await running.log_in("bert")
        assert (await running.get("/operator/screens"))[0] == 403
        status, _, _ = await running.post(f"/operator/screens/waiting/{pairing}/refuse")
        assert status == 403
