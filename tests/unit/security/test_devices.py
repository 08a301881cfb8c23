"""Screens' cookies and codes: signed, aged, single-use, slowed down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from kiosk.security.devices import Devices, EnrolError
from kiosk.settings.sections import KioskAccessSettings
from kiosk.storage.database import Storage
from tests.unit.storage.keeping import ManualClock, kept

IDS = ["main", "west"]
HERE = "192.0.2.7"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def storage(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Storage]:
    async with kept(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def devices(storage: Storage, clock: ManualClock) -> Devices:
    settings = KioskAccessSettings(code_minutes=15, cookie_days=30)
    return await Devices.open(storage, clock, settings, IDS)


async def test_a_cookie_names_its_kiosk_until_it_is_too_old(
    devices: Devices, clock: ManualClock
) -> None:
    cookie = devices.issue("west")
    assert devices.kiosk_of(cookie) == "west"
    clock.advance(30 * 86_400)
    assert devices.kiosk_of(cookie) == "west"
    clock.advance(1)
    assert devices.kiosk_of(cookie) is None


async def test_a_cookie_changed_in_any_place_is_worth_nothing(devices: Devices) -> None:
    cookie = devices.issue("west")
    for at in range(len(cookie) - 1):
        changed = cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :]
        assert devices.kiosk_of(changed) is None, f"changed at {at}"
    for junk in ("", "main", "main.x.y", "\udcff", "é.1.2", "." * 5000):
        assert devices.kiosk_of(junk) is None


async def test_cookies_outlive_a_restart_and_die_with_another_secret(
    devices: Devices, storage: Storage, clock: ManualClock
) -> None:
    cookie = devices.issue("main")
    again = await Devices.open(storage, clock, KioskAccessSettings(), IDS)
    assert again.kiosk_of(cookie) == "main"
    own = KioskAccessSettings(secret=SecretStr("the site's own secret"))
    assert (await Devices.open(storage, clock, own, IDS)).kiosk_of(cookie) is None


async def test_a_screen_taken_out_of_the_settings_is_no_longer_ours(
    devices: Devices, storage: Storage, clock: ManualClock
) -> None:
    cookie = devices.issue("west")
    fewer = await Devices.open(storage, clock, KioskAccessSettings(), ["main"])
    assert fewer.kiosk_of(cookie) is None
    with pytest.raises(EnrolError, match="no kiosk west"):
        fewer.issue("west")


async def test_only_an_open_site_has_an_open_screen(storage: Storage, clock: ManualClock) -> None:
    for is_open, expected in ((True, "main"), (False, None)):
        settings = KioskAccessSettings(open=is_open)
        assert (await Devices.open(storage, clock, settings, IDS)).open_kiosk == expected


async def test_a_code_works_once_however_it_is_typed(devices: Devices) -> None:
    code = await devices.make_code("west")
    assert await devices.redeem(f" {code.lower().replace('-', ' ')} ", HERE) == "west"
    with pytest.raises(EnrolError, match="used"):
        await devices.redeem(code, HERE)


async def test_a_code_grows_old(devices: Devices, clock: ManualClock) -> None:
    code = await devices.make_code("west")
    clock.advance(15 * 60)
    with pytest.raises(EnrolError, match="too old"):
        await devices.redeem(code, HERE)


async def test_no_code_for_a_screen_that_does_not_exist(devices: Devices) -> None:
    with pytest.raises(EnrolError, match="known are main, west"):
        await devices.make_code("east")


async def test_guessing_codes_is_paused(devices: Devices, clock: ManualClock) -> None:
    code = await devices.make_code("west")
    for number in range(10):
        with pytest.raises(EnrolError, match="wrong"):
            await devices.redeem(f"AAAA-AAA{'ABCDEFGHJK'[number]}", HERE)
    with pytest.raises(EnrolError, match="Too many"):
        await devices.redeem(code, HERE)
    assert await devices.redeem(code, "198.51.100.1") == "west"
    clock.advance(300)
    assert await devices.redeem(await devices.make_code("main"), HERE) == "main"
