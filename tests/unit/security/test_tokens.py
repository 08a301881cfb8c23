"""Tokens: narrower than their owner, over in time, paced, and gone with their owner's rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.security.access import Access, Operator
from kiosk.security.tokens import PREFIX, TokenError, TooFastError
from kiosk.storage.rows import EMERGENCY, Grant
from tests.unit.security.accounts import GOOD, HERE, accounts
from tests.unit.storage.keeping import ManualClock

ANNA = Operator("anna", (Grant("administrator"),))


async def test_a_token_speaks_for_its_owner_and_may_less(tmp_path: Path) -> None:
    clock = ManualClock()
    async with accounts(tmp_path, clock) as (operators, storage):
        secret, row = await operators.tokens.make(
            ANNA, "report", scopes=["fleet.view", "insight.view"], sites=["north"], days=3
        )
        assert secret.startswith(PREFIX)
        found = await operators.tokens.whose(secret, HERE)
        assert found is not None
        assert (found.name, found.actor) == ("anna", "anna/report")
        assert found.sites(Access.FLEET_VIEW) == frozenset({"north"})
        assert not found.may(Access.FLEET_VIEW, "south")
        assert not found.may(Access.PEOPLE_MANAGE)
        for file in tmp_path.iterdir():
            assert secret.encode() not in file.read_bytes()
        kept = await storage.tokens.of("anna")
        assert (kept[0].used_from, kept[0].used_at) == (HERE, clock.now())
        assert secret not in repr(row)
        clock.advance(3 * 86_400)
        assert await operators.tokens.whose(secret, HERE) is None
        assert await operators.tokens.of("anna") == ()


async def test_a_token_has_no_right_that_its_owner_lost(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, _):
        await operators.add("bert", GOOD, grants=[Grant("editor", "north")])
        bert = Operator("bert", (Grant("editor", "north"),))
        secret, _row = await operators.tokens.make(bert, "ci", scopes=["content.edit"])
        await operators.set_grants("bert", [Grant("viewer", "north")])
        found = await operators.tokens.whose(secret, HERE)
        assert found is not None
        assert not found.may(Access.CONTENT_EDIT)
        await operators.remove("bert")
        assert await operators.tokens.whose(secret, HERE) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "No Spaces"}, "a-z"),
        ({"name": "taken"}, "already"),
        ({"scopes": []}, "at least"),
        ({"scopes": ["operator"]}, "is a role"),
        ({"scopes": ["fly"]}, "no right 'fly'"),
        ({"scopes": ["people.manage"]}, "no right people.manage yourself"),
        ({"sites": ["south"]}, "at south"),
        ({"sites": []}, "a site at least"),
        ({"days": 0}, "1 to 90 days"),
        ({"days": 91}, "1 to 90 days"),
    ],
)
async def test_tokens_that_cannot_be_made_say_why(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    async with accounts(tmp_path, ManualClock()) as (operators, _):
        await operators.add("bert", GOOD, grants=[Grant("viewer", "north")])
        bert = Operator("bert", (Grant("viewer", "north"),))
        await operators.tokens.make(bert, "taken", scopes=["fleet.view"])
        wanted: dict[str, object] = {"name": "new", "scopes": ["fleet.view"], **changed}
        with pytest.raises(TokenError, match=said):
            await operators.tokens.make(bert, **wanted)  # type: ignore[arg-type] # cases as data


async def test_tokens_are_so_many_and_none_is_an_emergencys(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock(), tokens_each=1) as (operators, _):
        await operators.tokens.make(ANNA, "one", scopes=["fleet.view"])
        with pytest.raises(TokenError, match="1 tokens already"):
            await operators.tokens.make(ANNA, "two", scopes=["fleet.view"])
        with pytest.raises(TokenError, match="emergency"):
            await operators.tokens.make(
                Operator(EMERGENCY, ANNA.grants), "x", scopes=["fleet.view"]
            )


async def test_a_token_is_paced_and_so_is_guessing(tmp_path: Path) -> None:
    clock = ManualClock()
    async with accounts(tmp_path, clock, token_per_minute=2) as (operators, _):
        secret, _row = await operators.tokens.make(ANNA, "fast", scopes=["fleet.view"])
        for _ in range(2):
            assert await operators.tokens.whose(secret, HERE) is not None
        with pytest.raises(TooFastError, match="60 seconds"):
            await operators.tokens.whose(secret, HERE)
        assert await operators.tokens.whose(secret, HERE, again=True) is not None
        for guess in ("kiosk_" + "x" * 43, "junk"):
            assert await operators.tokens.whose(guess, "192.0.2.9") is None
        with pytest.raises(TooFastError):
            await operators.tokens.whose(secret, "192.0.2.9")
        clock.advance(60)
        assert await operators.tokens.whose(secret, "192.0.2.9") is not None


async def test_a_token_rests_until_the_second_factor_its_owner_needs(tmp_path: Path) -> None:
    async with accounts(tmp_path, ManualClock(), totp_for=["administrator"]) as (operators, _):
        secret, _row = await operators.tokens.make(ANNA, "x", scopes=["fleet.view"])
        assert await operators.tokens.whose(secret, HERE) is None
