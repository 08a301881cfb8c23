"""The catalogue says something about each event, once, in words that stand in a table."""

from __future__ import annotations

from typing import get_args

import pytest
from azure.ai.voicelive import models as sdk

from kiosk.emulator.wire.catalogue import BEYOND_THE_SDK, CLIENT, SERVER, Certainty, Fact
from kiosk.emulator.wire.codec import WireError
from kiosk.emulator.wire.schema import check_event

EVERY = (*CLIENT, *SERVER, *BEYOND_THE_SDK)


@pytest.mark.parametrize("fact", EVERY, ids=[fact.type for fact in EVERY])
def test_a_fact_is_whole(fact: Fact) -> None:
    assert bool(fact.when) != bool(fact.left_out)
    assert fact.certainty in get_args(Certainty)
    assert fact.source
    for text in (fact.when, fact.left_out, fact.source, fact.scenario):
        assert "|" not in text
        assert "\n" not in text


def test_no_event_is_there_twice() -> None:
    types = [fact.type for fact in EVERY]
    assert len(types) == len(set(types))


@pytest.mark.parametrize("fact", CLIENT, ids=[fact.type for fact in CLIENT])
def test_what_is_taken_is_a_known_type(fact: Fact) -> None:
    refused_for = None
    try:
        check_event({"type": fact.type})
    except WireError as error:
        refused_for = error.param
    assert (refused_for == "type") == bool(fact.left_out)


def test_what_is_beyond_the_sdk_is() -> None:
    kinds = {kind.value for kind in (*sdk.ClientEventType, *sdk.ServerEventType)}
    assert not kinds & {fact.type for fact in BEYOND_THE_SDK}
