"""Screens' tokens, codes and tickets: kept as hashes, replaced, revoked, single-use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from kiosk.security.devices import OPEN, TICKET_S, Devices, EnrolError, Screen
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


async def test_a_token_names_its_kiosk_until_it_was_not_used_for_long(
    devices: Devices, storage: Storage, clock: ManualClock
) -> None:
    device, token = await devices.enrol("west", by="anna", browser="Chromium", address=HERE)
    assert await devices.whose(token) == Screen("west", device)
    rows = await storage.devices.active()
    assert [(row.id, row.approved_by, row.address) for row in rows] == [(device, "anna", HERE)]
    assert token not in str(rows), "only a hash is kept"
    for _ in range(3):
        clock.advance(20 * 86_400)
        assert await devices.whose(token) is not None, "in use, it does not grow old"
    clock.advance(30 * 86_400 + 1)
    assert await devices.whose(token) is None


async def test_what_is_no_token_is_worth_nothing(devices: Devices) -> None:
    _, token = await devices.enrol("west", by="anna")
    for junk in ("", "west", token[:-1], token + "x", "\udcff", "é", "." * 5000):
        assert await devices.whose(junk) is None
    with pytest.raises(EnrolError, match="no kiosk east"):
        await devices.enrol("east", by="anna")


async def test_a_token_is_replaced_in_use_and_a_lost_answer_locks_nobody_out(
    devices: Devices, clock: ManualClock
) -> None:
    device, first = await devices.enrol("west", by="anna")
    screen = await devices.whose(first)
    assert screen is not None
    assert await devices.rotated(screen, first) is None, "not its turn"
    clock.advance(25 * 3600)
    screen = await devices.whose(first)
    assert screen is not None
    second = await devices.rotated(screen, first)
    assert second is not None
    # The answer is lost: the screen comes again with what it has.
    screen = await devices.whose(first)
    assert screen == Screen("west", device), "and gets no third at once: answers cross"
    clock.advance(61)
    screen = await devices.whose(first)
    assert screen is not None
    third = await devices.rotated(screen, first)
    assert third is not None
    assert await devices.whose(second) is None, "nobody ever had it"
    assert await devices.whose(third) == Screen("west", device)
    assert await devices.whose(first) is None, "the new one was seen: the one before is stolen"


async def test_a_revoked_device_is_nobodys_however_often_its_token_changed(
    devices: Devices, storage: Storage, clock: ManualClock
) -> None:
    device, first = await devices.enrol("west", by="anna")
    clock.advance(25 * 3600)
    screen = await devices.whose(first)
    assert screen is not None
    second = await devices.rotated(screen, first)
    assert second is not None
    assert await storage.devices.revoke(device)
    assert not await storage.devices.revoke(device)
    for token in (first, second):
        assert await devices.whose(token) is None
    assert await devices.reissue(device) is None
    assert await devices.rotated(Screen("west", device, due=True), second) is None


async def test_a_screen_taken_out_of_the_settings_is_no_longer_ours(
    devices: Devices, storage: Storage, clock: ManualClock
) -> None:
    _, token = await devices.enrol("west", by="anna")
    fewer = await Devices.open(storage, clock, KioskAccessSettings(), ["main"])
    assert await fewer.whose(token) is None


async def test_an_open_sites_cookie_opens_the_first_screen_there_and_nothing_elsewhere(
    devices: Devices, storage: Storage, clock: ManualClock
) -> None:
    opened = await Devices.open(storage, clock, KioskAccessSettings(open=True), IDS)
    cookie = opened.open_cookie()
    assert await opened.whose(cookie) == Screen("main", OPEN)
    assert await devices.whose(cookie) is None, "closed again, it proves nothing"
    assert await opened.whose(cookie[:-2]) is None
    own = KioskAccessSettings(open=True, secret=SecretStr("the site's own secret"))
    assert await (await Devices.open(storage, clock, own, IDS)).whose(cookie) is None


async def test_a_ticket_is_its_devices_for_seconds(devices: Devices, clock: ManualClock) -> None:
    ticket = devices.ticket("device_1")
    number = devices.ticket_number(ticket, "device_1")
    assert number
    assert devices.ticket_number(ticket, "device_2") is None
    assert devices.ticket_number(devices.ticket("device_1"), "device_1") != number
    for junk in ("", "a.b.c", ticket[:-1], "\udcff"):
        assert devices.ticket_number(junk, "device_1") is None
    clock.advance(TICKET_S + 1)
    assert devices.ticket_number(ticket, "device_1") is None


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
