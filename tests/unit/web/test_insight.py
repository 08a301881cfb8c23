"""The page of insight: of the own sites, in a range, with a table and a file for each chart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk import keys
from kiosk.model import EndReason, VisitSummary
from kiosk.storage.rows import Grant, Role
from kiosk.web import insight
from kiosk.web.api import base
from kiosk.web.api import insight as api
from tests.unit.storage.keeping import NOON
from tests.unit.web.composing import PAGE, PASSWORD, Site, site
from tests.unit.web.keeping_site import HOUSES, call

HERE = "/operator/insight"


@asynccontextmanager
async def looking(folder: Path, role: Role = "viewer", house: str = "*") -> AsyncIterator[Site]:
    routes = [*insight.routes(), *base.routes(api.ROUTES)]
    async with site(folder, routes=routes, houses=HOUSES) as running:
        for number, kiosk in enumerate(("main", "west", "west")):
            await running.storage.visits.ended(
                VisitSummary(
                    f"v{number}", kiosk, "pt-BR", NOON, NOON, EndReason.GOODBYE, 1,
                    figures={"tool": {'=cmd|"x" ok': 1}},
                )
            )  # fmt: skip
        grants = [Grant(role, house)]
        await running.app[keys.OPERATORS].add("cleo", PASSWORD, grants=grants)
        await running.log_in("cleo")
        yield running


async def test_the_last_weeks_are_shown_with_chart_and_table(tmp_path: Path) -> None:
    async with looking(tmp_path) as running:
        status, page, _ = await running.get(HERE, **PAGE)
        assert status == 200
        assert "3 visits in 28 days." in page
        assert '<svg class="chart"' in page
        assert "Portuguese (BR)" in page
        assert "2026-02-02 to 2026-03-01" in page
        assert "&lt;svg" not in page


async def test_people_of_one_site_see_its_counts(tmp_path: Path) -> None:
    async with looking(tmp_path, "viewer", "north") as running:
        assert "1 visit in 28 days." in await running.page(HERE)
        assert "0 visits in 28 days." in await running.page(f"{HERE}?site=south")
        assert "Lobby West" not in await running.page(HERE)


async def test_each_table_is_a_file_that_no_spreadsheet_runs(tmp_path: Path) -> None:
    async with looking(tmp_path) as running:
        days = "since=2026-03-01&until=2026-03-01&site="
        status, text, headers = await running.get(f"{HERE}/tools.csv?{days}")
        assert status == 200
        assert headers["Content-Disposition"] == (
            'attachment; filename="insight_tools_2026-03-01_2026-03-01.csv"'
        )
        assert '"\'=cmd|""x""",3,3,0' in text
        assert (await running.get(f"{HERE}/nothing.csv"))[0] == 404


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=soon", "Write days as"),
        ("since=2026-03-02&until=2026-03-01", "exchange them"),
        ("since=2020-01-01", "366 days at most"),
    ],
)
async def test_a_range_that_cannot_be_is_said(tmp_path: Path, query: str, sentence: str) -> None:
    async with looking(tmp_path) as running:
        status, page, _ = await running.get(f"{HERE}?{query}", **PAGE)
        assert status == 422
        assert sentence in page


async def test_what_plugins_and_unkept_visits_add_is_counted(tmp_path: Path) -> None:
    async with looking(tmp_path) as running:
        await insight.count_given(running.app, {"insight": {"satisfaction": "4"}}, "west")
        summary = VisitSummary("v9", "west", "en", NOON, NOON, EndReason.IDLE, 0)
        await insight.count(running.app, summary)
        _, found = await call(running, "GET", "/api/insight?since=2026-03-01&site=south")
        tables = {table["key"]: table for table in found["tables"]}
        assert tables["satisfaction"]["note"].startswith("4.0 of 5 from 1 answer.")
        assert tables["days"]["rows"] == [["2026-03-01", 3, 0.0]]
        with pytest.raises(ValueError, match="insight"):
            await insight.count_given(running.app, {"insight": {"words": "what he said"}}, "west")


async def test_typical_delays_are_on_the_page_in_a_file_and_in_the_interface(
    tmp_path: Path,
) -> None:
    async with looking(tmp_path) as running:
        figures = {"answer_ms": {"1500": 9, "3000": 1}, "answer": {"ms": 14000}}
        await running.storage.visits.ended(
            VisitSummary("v8", "main", "en", NOON, NOON, EndReason.IDLE, 9, figures=figures)
        )
        said = "Median at most 1.5 s, 95th percentile at most 3.0 s, mean 1.4 s."
        assert said in await running.page(HERE)
        _, text, _ = await running.get(f"{HERE}/delays.csv")
        assert text.splitlines()[1:] == [
            "Median,1500,at most 1.5 s",
            "95th percentile,3000,at most 3.0 s",
            "Mean,1400,1.4 s",
        ]
        _, found = await call(running, "GET", "/api/insight")
        table = next(table for table in found["tables"] if table["key"] == "delays")
        assert table["rows"][1] == ["95th percentile", 3000, "at most 3.0 s"]
