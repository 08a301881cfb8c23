"""What went wrong with each plugin: every failure counted, the last ones kept for operators."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from operator import itemgetter
from typing import Final

KEPT_FAILURES: Final = 50
"""Failures of each plugin that are kept; its oldest goes, the count stays."""


def kind_of(error: BaseException) -> str:
    """Return what an error is called; with its module where the name alone says nothing."""
    kind = type(error)
    if kind.__name__.lower() != "error":
        return kind.__name__
    return f"{kind.__module__}.{kind.__name__}"


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """One contained failure. `frames` are the plugin's own, `file:line function`, no text."""

    plugin: str
    hook: str
    kind: str
    at: datetime
    frames: tuple[str, ...] = ()


class Failures:
    """The failures of one application's plugins, and what they missed. One keeps no other's out."""

    def __init__(self) -> None:
        self._kept: dict[str, deque[tuple[int, PluginFailure]]] = {}
        self._number = count()
        self._failed: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()

    def add(self, failure: PluginFailure) -> None:
        """Count a failure and keep it as the plugin's last."""
        self._failed[failure.plugin] += 1
        kept = self._kept.setdefault(failure.plugin, deque(maxlen=KEPT_FAILURES))
        kept.append((next(self._number), failure))

    def drop(self, plugin: str) -> None:
        """Count an event that a plugin was too slow for."""
        self._dropped[plugin] += 1

    def skip(self, plugin: str) -> None:
        """Count a call that was not made because its hook is left out."""
        self._skipped[plugin] += 1

    @property
    def all(self) -> Sequence[PluginFailure]:
        """What is kept of every plugin, oldest first."""
        merged = heapq.merge(*self._kept.values(), key=itemgetter(0))
        return tuple(failure for _, failure in merged)

    def of(self, plugin: str) -> Sequence[PluginFailure]:
        """Return what is kept of one plugin, oldest first."""
        return tuple(failure for _, failure in self._kept.get(plugin, ()))

    def failed(self, plugin: str) -> int:
        """Return how often a plugin failed."""
        return self._failed[plugin]

    def dropped(self, plugin: str) -> int:
        """Return how many events a plugin lost because it was too slow for them."""
        return self._dropped[plugin]

    def skipped(self, plugin: str) -> int:
        """Return how many calls a plugin missed while a hook of it was left out."""
        return self._skipped[plugin]
