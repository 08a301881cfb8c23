"""Where an operator can go: a handful of groups, each with the pages its person may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kiosk.security.access import Access


@dataclass(frozen=True, slots=True)
class Page:
    """A page that the bar leads to; `key` is what its handler says as `nav`."""

    key: str
    href: str
    words: str
    right: Access


@dataclass(frozen=True, slots=True)
class Group:
    """A word of the bar, and the pages behind it that somebody may open."""

    words: str
    pages: tuple[Page, ...]
    here: bool = False

    @property
    def href(self) -> str:
        """Where the word leads: to the first page."""
        return self.pages[0].href

    @property
    def alone(self) -> bool:
        """Whether the word is the page, so that no second row is needed."""
        return len(self.pages) == 1


GROUPS: Final = (
    Group("Now", (Page("now", "/operator/", "Now", Access.FLEET_VIEW),)),
    Group("Alerts", (Page("alerts", "/operator/alerts", "Alerts", Access.FLEET_VIEW),)),
    Group(
        "Visits",
        (
            Page("visits", "/operator/visits", "All visits", Access.TRANSCRIPT_READ),
            Page("transcripts", "/operator/transcripts", "Transcripts", Access.TRANSCRIPT_READ),
            Page("insight", "/operator/insight", "Insight", Access.INSIGHT_VIEW),
            Page("retention", "/operator/retention", "Retention", Access.TRANSCRIPT_ERASE),
        ),
    ),
    Group(
        "Screens",
        (
            Page("screens", "/operator/screens", "Devices", Access.KIOSK_ENROL),
            Page("commands", "/operator/commands", "Commands", Access.FLEET_VIEW),
            Page("themes", "/operator/themes", "Themes", Access.CONTENT_EDIT),
        ),
    ),
    Group(
        "System",
        (
            Page("plugins", "/operator/plugins", "Plugins", Access.SYSTEM_VIEW),
            Page("sinks", "/operator/sinks", "Sinks", Access.SYSTEM_VIEW),
        ),
    ),
    Group(
        "People",
        (
            Page("people", "/operator/people", "Accounts", Access.PEOPLE_MANAGE),
            Page("audit", "/operator/audit", "Audit", Access.AUDIT_READ),
        ),
    ),
)


def groups(may: Callable[[Access], bool], here: str) -> list[Group]:
    """Return the bar for somebody: a group of one page goes by that page's name."""
    shown = []
    for group in GROUPS:
        pages = tuple(page for page in group.pages if may(page.right))
        if pages:
            words = pages[0].words if len(pages) == 1 else group.words
            shown.append(Group(words, pages, any(page.key == here for page in pages)))
    return shown
