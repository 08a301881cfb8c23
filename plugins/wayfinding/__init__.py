"""Wayfinding: "Where are the toilets?" answered in a sentence and with a map.

The building is data: `plan.toml` beside this file, or a site's own in `[plugins.wayfinding]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from kiosk import hookimpl
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterSettings, RegisterTool
from kiosk.model import ToolResult

from .drawing import map_card
from .match import Match, find_places
from .plan import OWN_PLAN, Plan, PlanError, in_language, load_plan
from .route import Graph, Route, build_graph, find_route
from .sentences import capital, describe, join, language_of

__version__ = "1.0"

SUGGESTED: Final = ("entrance", "toilets-ground", "cafe", "lift-ground", "staff-desk")
"""Places offered when somebody asks for one that is not there, if the plan has them."""


class WayfindingSettings(BaseModel):
    """`[plugins.wayfinding]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plan: Path = OWN_PLAN


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Which floor plan to use."""
    register(WayfindingSettings)


@hookimpl
@asynccontextmanager
async def lifespan(site: Site) -> AsyncIterator[None]:
    """Read and check the plan before the first visitor comes: a mistake in it stops the start."""
    path = site.settings(WayfindingSettings).plan
    plan = await asyncio.to_thread(load_plan, path)
    check_reachable(plan, path)
    yield


def check_reachable(plan: Plan, path: Path) -> None:
    """Raise PlanError when a kiosk shows the way to a place no path leads to."""
    graph = build_graph(plan)
    for kiosk in plan.kiosks:
        for place in plan.places:
            # Stairs to another floor are found, never walked: there are others on each floor.
            if find_route(graph, kiosk, place.id) is None:
                raise PlanError(
                    f"{path}: no path leads from the kiosk {kiosk.id!r} to {place.id!r}; "
                    "add one to [[paths]] or a lift to [[lifts]]."
                )


@hookimpl
def register_tools(register: RegisterTool, site: Site) -> None:
    """Two functions for the model; plain ones, so they run in a worker thread."""
    path = site.settings(WayfindingSettings).plan

    def find_place(place: str, session: SessionHandle) -> ToolResult:
        """Find the way to a place in the building, such as the toilets, the café, the lift, the
        cloakroom, the shop, the staff desk or a gallery, and show it on a map.

        Args:
            place: What the visitor is looking for, in the visitor's own words.
        """
        return show_way(load_plan(path), place, session.kiosk.place, session.language)

    def list_places(session: SessionHandle) -> ToolResult:
        """List all galleries, rooms and places of the building and show the floor plan.

        For visitors who ask what there is to see here.
        """
        return show_all(load_plan(path), session.kiosk.place, session.language)

    register(find_place)
    register(list_places)


@hookimpl
def instructions(site: Site) -> str:
    """Tell the model when to use the tools, and what they know."""
    plan = load_plan(site.settings(WayfindingSettings).plan)
    names = sorted({in_language(place.name, "en") for place in plan.places})
    # One sentence that begins with an order: a model follows it, and nobody reads it out.
    return (
        "Use find_place whenever a visitor asks where something is or how to get there, and say "
        f"what it returns without changing directions; it knows {', '.join(names)}, and what is "
        "on display in each gallery."
    )


def show_way(plan: Plan, asked: str, kiosk_place: str, language: str) -> ToolResult:
    """Return the way from a kiosk to what was asked for, in words and as a card."""
    start = plan.standpoint(kiosk_place)
    graph = build_graph(plan)
    code, words = language_of(plan, language)
    matches = find_places(plan, asked)
    if not matches:
        known = [in_language(p.said, code) for p in plan.places if p.id in SUGGESTED]
        return ToolResult({"say": words.unknown.format(places=join(known, words)), "found": False})
    nearest = _nearest(graph, plan, kiosk_place, matches)
    if nearest is None:
        said = in_language(matches[0].place.said, code)
        return ToolResult({"say": words.no_way.format(said=said), "found": False})
    match, route = nearest
    place = match.place
    prefix = in_language(match.exhibit.says, code) if match.exhibit is not None else ""
    directions = describe(plan, route, start, place, code, prefix)
    name = in_language(place.name, code)
    card = map_card(
        plan, graph, start, code, title=name, place=place, route=route, directions=directions
    )
    return ToolResult({"say": directions.say, "found": True, "place": name}, (card,))


def _nearest(
    graph: Graph, plan: Plan, kiosk_place: str, matches: list[Match]
) -> tuple[Match, Route] | None:
    start = plan.standpoint(kiosk_place)
    ways = [(match, find_route(graph, start, match.place.id)) for match in matches]
    walkable = [(match, route) for match, route in ways if route is not None]
    return min(walkable, key=lambda way: way[1].cost, default=None)


def show_all(plan: Plan, kiosk_place: str, language: str) -> ToolResult:
    """Return every place by floor, in words and as the whole floor plan."""
    code, words = language_of(plan, language)
    start = plan.standpoint(kiosk_place)
    lines = []
    for floor in plan.floors:
        here = [in_language(p.said, code) for p in plan.places if p.floor == floor.id]
        on = capital(in_language(floor.on, code))
        lines.append(words.listing.format(floor=on, places=join(here, words)))
    card = map_card(plan, build_graph(plan), start, code, title=words.plan_title)
    return ToolResult({"say": words.space.join(lines)}, (card,))
