"""Pairing: a code is shown and renewed, somebody decides, a token comes of it; all bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.security.devices import Devices, EnrolError
from kiosk.security.pairing import ATTEMPTS, PAUSE_S, RENEW_S, STARTS, Pairing, TooManyError
from kiosk.settings.sections import KioskAccessSettings
from kiosk.storage.database import Storage
from tests.unit.storage.keeping import ManualClock, kept

HERE = "192.0.2.7"


class House:
    def __init__(self, storage: Storage, clock: ManualClock, devices: Devices, pairing: Pairing):
        self.storage, self.clock, self.devices, self.pairing = storage, clock, devices, pairing

    async def wait(self, secret: str | None = None, address: str = HERE) -> tuple[str, str]:
        """Return secret and code."""
        found = await self.pairing.wait(secret, browser="Chromium", address=address)
        return found.secret or secret or "", found.row.code


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = ManualClock()
    settings = KioskAccessSettings(pairings=5, pairings_per_address=3, pairing_minutes=10)
    async with kept(tmp_path, clock) as storage:
        devices = await Devices.open(storage, clock, settings, ["main", "west"])
        yield House(storage, clock, devices, Pairing(storage, clock, settings, devices))


async def test_from_a_code_to_a_screen(house: House) -> None:
    secret, code = await house.wait()
    assert (await house.wait(secret))[1] == code, "the page opened again shows the same"
    row = await house.pairing.by_code(code.lower().replace("-", " "), "anna")
    assert await house.pairing.token(row) is None
    await house.pairing.approve(row, "west", "anna")
    row = await house.pairing.look(secret)  # type: ignore[assignment]  # it is there
    token = await house.pairing.token(row)
    assert token is not None
    screen = await house.devices.whose(token)
    assert screen is not None
    assert screen.kiosk_id == "west"
    row = await house.pairing.look(secret)  # type: ignore[assignment]  # it is there
    again = await house.pairing.token(row)
    assert again is not None, "the first answer may have been lost"
    found = await house.devices.whose(again)
    assert found is not None
    assert found.device == screen.device
    assert len(await house.storage.devices.active()) == 1
    assert await house.storage.devices.revoke(screen.device)
    anew, other = await house.wait(secret)
    assert (anew, other) != (secret, code), "revoked, it waits like any other"


async def test_a_code_is_renewed_before_it_is_over(house: House) -> None:
    secret, code = await house.wait()
    found = await house.pairing.wait(secret, browser="", address=HERE)
    assert house.pairing.seconds(found.row) == 10 * 60 - RENEW_S + 1
    house.clock.advance(10 * 60 - RENEW_S)
    _, fresh = await house.wait(secret)
    assert fresh != code
    with pytest.raises(EnrolError, match="No screen shows this code"):
        await house.pairing.by_code(code, "anna")
    house.clock.advance(10 * 60)
    other, _ = await house.wait(secret)
    assert other != secret, "what is over begins anew"


async def test_a_refused_screen_stays_so_for_a_while(house: House) -> None:
    secret, code = await house.wait()
    row = await house.pairing.by_code(code, "anna")
    await house.pairing.refuse(row, "anna")
    for decide in (house.pairing.refuse(row, "bert"), house.pairing.approve(row, "main", "bert")):
        with pytest.raises(EnrolError, match="does not wait any more"):
            await decide
    found = await house.pairing.wait(secret, browser="", address=HERE)
    assert found.row.state == "refused"
    assert await house.pairing.token(found.row) is None
    house.clock.advance(10 * 60 + 1)
    assert (await house.pairing.wait(secret, browser="", address=HERE)).row.state == "waiting"


async def test_not_more_than_so_many_wait(house: House) -> None:
    for _ in range(3):
        await house.wait()
    with pytest.raises(TooManyError):
        await house.wait()
    for number in range(2):
        await house.wait(address=f"198.51.100.{number}")
    with pytest.raises(TooManyError):
        await house.wait(address="198.51.100.9")
    house.clock.advance(10 * 60 + 1)
    await house.wait()


async def test_making_codes_and_guessing_them_are_slowed_down(house: House) -> None:
    for _ in range(STARTS):
        try:
            await house.wait()
        except TooManyError:
            continue
    house.clock.advance(1)
    with pytest.raises(TooManyError, match="ten minutes"):
        await house.wait()
    _, code = await house.wait(address="198.51.100.1")
    for _ in range(ATTEMPTS):
        with pytest.raises(EnrolError, match="No screen shows"):
            await house.pairing.by_code("AAA-AAA", "anna")
    with pytest.raises(EnrolError, match="Too many wrong codes"):
        await house.pairing.by_code(code, "anna")
    assert (await house.pairing.by_code(code, "bert")).code == code
    house.clock.advance(PAUSE_S)
    assert (await house.pairing.by_code(code, "anna")).code == code


async def test_only_kiosks_there_are(house: House) -> None:
    _, code = await house.wait()
    row = await house.pairing.by_code(code, "anna")
    with pytest.raises(EnrolError, match="known are main, west"):
        await house.pairing.approve(row, "east", "anna")
