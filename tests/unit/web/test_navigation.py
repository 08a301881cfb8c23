"""The bar of the operator's pages: nobody sees a word that leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk import paths
from kiosk.security.access import ROLES, Access
from kiosk.settings.roles import Role
from kiosk.web import (
    alerts_page,
    dashboard,
    fleet,
    insight,
    keeping,
    orders_page,
    people,
    plugin_page,
    screens_page,
    sinks_page,
    theme_preview,
    transcripts,
)
from kiosk.web.navigation import GROUPS, groups
from tests.unit.web.composing import PAGE, site

PAGES = [page for group in GROUPS for page in group.pages]
ROUTES = [
    *alerts_page.routes(), *dashboard.routes(), *fleet.routes(), *insight.routes(),
    *keeping.routes(), *orders_page.routes(), *people.routes(), *plugin_page.routes(),
    *screens_page.routes(), *sinks_page.routes(), *theme_preview.routes(), *transcripts.routes(),
]  # fmt: skip


def test_each_word_leads_to_a_page_with_the_same_right() -> None:
    rights = {route.path: route.access for route in ROUTES if route.method == "GET"}
    assert {page.href: page.right for page in PAGES}.items() <= rights.items()


def test_each_page_says_where_in_the_bar_it_is() -> None:
    said = {
        word
        for path in paths.STATIC.with_name("web").rglob("*.py")
        for word in re.findall(r'\bnav="([a-z]+)"', path.read_text(encoding="utf-8"))
    }
    assert said - {"me"} == {page.key for page in PAGES}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_finds_every_page_it_may_open_and_no_other(role: Role) -> None:
    found = [page for group in groups(ROLES[role].__contains__, "") for page in group.pages]
    assert found == [page for page in PAGES if page.right in ROLES[role]]


def test_a_group_of_one_page_goes_by_its_name() -> None:
    rights = {Access.FLEET_VIEW, Access.INSIGHT_VIEW, Access.AUDIT_READ}
    shown = groups(rights.__contains__, "audit")
    assert [(group.words, group.alone, group.here) for group in shown] == [
        ("Now", True, False), ("Alerts", True, False), ("Insight", True, False),
        ("Commands", True, False), ("Audit", True, True),
    ]  # fmt: skip


async def test_the_second_row_has_the_pages_of_the_group_one_is_in(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        _, text, _ = await running.get("/operator/audit", **PAGE)
        bar = text[text.index("<nav") : text.index("</nav>")]
        assert re.findall(r'aria-current="([a-z]+)">([^<]+)<', bar) == [
            ("true", "People"), ("page", "Audit"),
        ]  # fmt: skip
        assert 'aria-label="People"' in bar
        assert "Transcripts" not in bar
        _, text, _ = await running.get("/operator/", **PAGE)
        bar = text[text.index("<nav") : text.index("</nav>")]
        assert 'aria-current="page">Now<' in bar
        assert "within" not in bar
