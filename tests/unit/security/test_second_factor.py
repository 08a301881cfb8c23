"""Codes of a device: right ones fit once, and recovery codes stand in for a lost one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from kiosk.security.operators import LoginError
from kiosk.security.second_factor import RECOVERY_CODES, STEP_S, SecondFactorError
from tests.unit.security.accounts import GOOD, HERE, accounts
from tests.unit.storage.keeping import ManualClock


def code(secret: str, clock: ManualClock, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=STEP_S * steps))


async def test_a_factor_is_confirmed_asked_for_and_good_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with accounts(tmp_path, clock, attempts=50) as (operators, _):
        factor = operators.second_factor
        offer = await factor.offer("anna", "Museum")
        assert offer.uri.startswith("otpauth://totp/Museum:anna?secret=")
        assert await factor.offer("anna", "Museum", anew=False) == offer
        assert not (await operators.login("anna", GOOD, HERE)).pending
        with pytest.raises(SecondFactorError, match="does not fit"):
            await factor.confirm("anna", "000000")
        codes = await factor.confirm("anna", code(offer.secret, clock))
        assert len(set(codes)) == RECOVERY_CODES
        with pytest.raises(SecondFactorError, match="in use"):
            await factor.offer("anna", "Museum")
        half = await operators.login("anna", GOOD, HERE)
        assert half.pending
        assert await operators.whose(half.token) is None
        # The code that confirmed it was used by that.
        with pytest.raises(LoginError, match="used already"):
            await operators.second_step(half.token, code(offer.secret, clock), HERE)
        clock.advance(STEP_S)
        now = code(offer.secret, clock)
        whole = await operators.second_step(half.token, f" {now[:3]} {now[3:]}", HERE)
        assert not whole.pending
        assert whole.token != half.token
        assert await operators.whose(whole.token) is not None
        assert await operators.whose(half.token) is None
        with pytest.raises(LoginError, match="log in again"):
            await operators.second_step(half.token, now, HERE)
        assert not await factor.check("anna", now)


async def test_one_code_lets_one_of_two_at_once_in(tmp_path: Path) -> None:
    clock = ManualClock()
    async with accounts(tmp_path, clock) as (operators, _):
        factor = operators.second_factor
        offer = await factor.offer("anna", "Museum")
        await factor.confirm("anna", code(offer.secret, clock, -1))
        now = code(offer.secret, clock)
        fits = await asyncio.gather(*(factor.check("anna", now) for _ in range(4)))
        assert sorted(fits) == [False, False, False, True]
        # Not even an older one that nobody used.
        assert not await factor.check("anna", code(offer.secret, clock, -1))


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_a_clock_may_be_a_step_wrong(tmp_path: Path, steps: int, fits: bool) -> None:
    clock = ManualClock()
    async with accounts(tmp_path, clock) as (operators, _):
        factor = operators.second_factor
        offer = await factor.offer("anna", "Museum")
        await factor.confirm("anna", code(offer.secret, clock))
        clock.advance(STEP_S * 10)
        assert await factor.check("anna", code(offer.secret, clock, steps)) is fits


async def test_a_recovery_code_is_good_once_and_new_ones_replace_old(tmp_path: Path) -> None:
    clock = ManualClock()
    async with accounts(tmp_path, clock, attempts=50) as (operators, storage):
        factor = operators.second_factor
        offer = await factor.offer("anna", "Museum")
        codes = await factor.confirm("anna", code(offer.secret, clock))
        half = await operators.login("anna", GOOD, HERE)
        await operators.second_step(half.token, codes[0].upper().replace("-", " "), HERE)
        assert await storage.recovery_codes.left("anna") == RECOVERY_CODES - 1
        assert not await factor.check("anna", codes[0])
        await factor.new_recovery_codes("anna")
        assert not await factor.check("anna", codes[1])
        assert await storage.operators.drop_totp("anna")
        assert not await storage.operators.drop_totp("anna")
        assert not (await operators.login("anna", GOOD, HERE)).pending


async def test_guessing_codes_is_paused_and_a_right_password_takes_too_long(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with accounts(tmp_path, clock, attempts=3) as (operators, _):
        factor = operators.second_factor
        offer = await factor.offer("anna", "Museum")
        await factor.confirm("anna", code(offer.secret, clock))
        half = await operators.login("anna", GOOD, HERE)
        for expected in ("wrong", "wrong", "paused"):
            with pytest.raises(LoginError) as caught:
                await operators.second_step(half.token, "123456", HERE)
            assert caught.value.code == expected
        clock.advance(301)
        with pytest.raises(LoginError, match="too long"):
            await operators.second_step(half.token, code(offer.secret, clock), HERE)
