"""Runs the benchmarks and prints a table; `--json FILE` also writes the rows.

A row is {name, ours, other, ratio, unit}: medians of one run on one machine, ratio above 1 where
ours is better. Absolute figures are not stable between machines; ratios are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks.avatar_cost import avatar_cost
from benchmarks.barge_in import barge_in
from benchmarks.barge_in_browser import barge_in_browser
from benchmarks.first_words import first_words
from benchmarks.fleet import fleet
from benchmarks.hook_calls import hook_calls
from benchmarks.microphone import microphone
from benchmarks.plugin_visits import plugin_visits
from benchmarks.row import Row
from kiosk import log

BENCHMARKS: dict[str, Callable[[], Awaitable[Sequence[Row]]]] = {
    "avatar_cost": avatar_cost,
    "fleet": fleet,
    "hook_calls": hook_calls,
    "plugin_visits": plugin_visits,
    "microphone": microphone,
    "barge_in": barge_in,
    "barge_in_browser": barge_in_browser,
    "first_words": first_words,
}


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHMARKS), help="run one of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here")
    chosen = parser.parse_args()
    log.configure(level="error")
    rows: list[Row] = []
    for name, bench in BENCHMARKS.items():
        if chosen.only in {None, name}:
            rows += asyncio.run(_run(bench))
    print(f"{'name':56} {'ours':>10} {'other':>10} {'ratio':>7}  unit")
    for row in rows:
        print(f"{row.name:56} {row.ours:10.2f} {row.other:10.2f} {row.ratio:7.2f}  {row.unit}")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([row.as_dict() for row in rows], indent=1) + "\n")


async def _run(bench: Callable[[], Awaitable[Sequence[Row]]]) -> Sequence[Row]:
    return await bench()


if __name__ == "__main__":
    main()
