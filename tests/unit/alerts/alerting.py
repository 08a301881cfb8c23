"""Facts, rows and policies for tests of alerts, each with one thing said and the rest usual."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kiosk.alerts.facts import Facts, Finding, ScreenFacts
from kiosk.alerts.machine import Policy
from kiosk.alerts.notice import Item, Notice
from kiosk.alerts.rules import active
from kiosk.settings.alerts import AlertSettings, RuleChange
from kiosk.storage.rows import AlertRow
from tests.unit.storage.keeping import NOON


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def screen(name: str = "west", **values: Any) -> ScreenFacts:
    """A screen that is well, but for `values`."""
    usual = ScreenFacts(
        id=name,
        name=f"Lobby {name.capitalize()}",
        site="main",
        connected=True,
        changed_at=NOON - minutes(60),
        reported_at=NOON - timedelta(seconds=5),
    )
    return replace(usual, **values)


def facts(*screens: ScreenFacts, **values: Any) -> Facts:
    return replace(Facts(now=NOON, screens=screens, site_names={"main": "Museum"}), **values)


def finding(subject: str = "west", **values: Any) -> Finding:
    usual = Finding(subject, f"{subject} is not well", site="main", kiosk=subject)
    return replace(usual, **values)


def row(subject: str = "west", rule: str = "silence", **values: Any) -> AlertRow:
    usual = AlertRow(
        id=f"alert_{rule}_{subject}",
        key=f"{rule}:{subject}",
        rule=rule,
        severity="warning",
        site="main",
        kiosk_id=subject,
        what=f"{subject} is not well",
        fix="Mend it.",
        since=NOON,
        wait_from=NOON,
    )
    return replace(usual, **values)


def notice(**values: Any) -> Notice:
    item = Item(
        alert="alert_1",
        rule="offline",
        severity="critical",
        site="main",
        kiosk="west",
        what="Lobby West is not connected",
        since=NOON,
        fix="Look whether it has power.",
    )
    usual = Notice(
        id="notice_1",
        kind="firing",
        severity="critical",
        site="main",
        site_name="Museum",
        at=NOON,
        title="A screen is not connected in its opening hours",
        items=(item,),
        link="https://kiosk.example/operator/alerts",
    )
    return usual.model_copy(update=values)


def numbered() -> Callable[[str], str]:
    numbers = itertools.count(1)
    return lambda prefix: f"{prefix}_{next(numbers)}"


def policy(
    *, quiet: Callable[[str], bool] = lambda site: False, after_s: float = 60, **values: Any
) -> Policy:
    """Usual limits; every rule waits `after_s`."""
    changes = {name: RuleChange(after_s=after_s) for name in ("silence", "offline", "disk")}
    usual = Policy(
        rules=active(AlertSettings(rules=changes)),
        clear=minutes(2),
        group=timedelta(seconds=30),
        remind=timedelta(hours=4),
        stale=timedelta(days=7),
        most=100,
        quiet=quiet,
        site_name=lambda site: {"main": "Museum"}.get(site, site),
        new_id=numbered(),
    )
    return replace(usual, **values)
