"""Renders the emulator's catalogue of events: the tables of docs/emulator_events.md."""

from __future__ import annotations

from collections.abc import Sequence

from azure.ai.voicelive import models as sdk

from docs.settings_reference import table
from kiosk.emulator.wire.catalogue import BEYOND_THE_SDK, CLIENT, SERVER, Fact


def _in_order(facts: Sequence[Fact], order: Sequence[str]) -> list[Fact]:
    """Return the facts in the order of the SDK's list."""
    return sorted(facts, key=lambda fact: order.index(fact.type))


def _rows(facts: Sequence[Fact], what: str) -> str:
    rows = []
    for fact in facts:
        text = f"**not emulated**: {fact.left_out}" if fact.left_out else fact.when
        text += f"; needs {fact.scenario}" if fact.scenario else ""
        rows.append((f"`{fact.type}`", text, fact.source, fact.certainty))
    return table(("event", what, "source", "certainty"), rows)


def render_client_events() -> str:
    """What the emulator does with each event of a client."""
    order = [kind.value for kind in sdk.ClientEventType]
    return _rows(_in_order(CLIENT, order), "what it does")


def render_server_events() -> str:
    """When the emulator sends each event of the service."""
    order = [kind.value for kind in sdk.ServerEventType]
    return _rows(_in_order(SERVER, order), "when it is sent")


def render_further_events() -> str:
    """Events that the SDK's lists do not have."""
    return _rows(BEYOND_THE_SDK, "when it is sent")
