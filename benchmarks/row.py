"""One line of the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """Two medians of one run; smaller is better unless the unit says otherwise."""

    name: str
    ours: float
    other: float
    unit: str

    @property
    def ratio(self) -> float:
        """Above 1 where ours is better."""
        return self.other / self.ours if self.ours else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the row as it is written to a file."""
        return {**asdict(self), "ratio": round(self.ratio, 3)}


def median(values: Sequence[float]) -> float:
    """Return the middle of the values."""
    return statistics.median(values)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
