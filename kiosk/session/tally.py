"""Counts what happened in one visit: figures without words, for insight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kiosk import events
from kiosk.session.turns import FinishedTurn

MOST_LABELS: Final = 40
"""Labels of one measure in one visit; beyond them they are counted as `other`."""
MAX_LABEL: Final = 80
ANSWER_MS: Final = (500, 1000, 1500, 2000, 3000, 5000, 10_000)
"""Borders between the classes of how long a visitor waits for the first sound of an answer."""
STEPS: Final = {"connecting": "consent", "greeting": "greeting", "listening": "greeting"}
"""States that say how far a visit came."""


def answer_class(ms: float) -> str:
    """Return the class of an answer's delay, such as `1000` for up to 1000 ms, `more` at last."""
    return next((str(border) for border in ANSWER_MS if ms <= border), "more")


class Tally:
    """The figures of one visit, by measure and label."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, float]] = {}

    def add(self, measure: str, label: str, value: float = 1) -> None:
        """Count something."""
        counts = self._counts.setdefault(measure, {})
        if label not in counts and len(counts) >= MOST_LABELS:
            label = "other"
        label = label[:MAX_LABEL]
        counts[label] = counts.get(label, 0) + value

    def once(self, measure: str, label: str) -> None:
        """Note something that is or is not in a visit, however often it happens."""
        if not self._counts.get(measure, {}).get(label):
            self.add(measure, label)

    def see(self, event: events.DomainEvent | FinishedTurn) -> None:
        """Take what a visit tells of itself."""
        match event:
            case FinishedTurn(speaker="visitor"):
                self.once("step", "asked")
            case events.StateChanged(state=state):
                step = STEPS.get(state)
                if step is not None:
                    self.once("step", step)
            case events.AnswerBegan(after_ms=ms):
                self.add("answer_ms", answer_class(ms))
                self.add("answer", "count")
                self.add("answer", "ms", ms)
            case events.MediaChanged(rung=rung):
                self.once("media", rung)
            case events.ToolCalled(tool=tool, outcome=outcome, ms=ms):
                self.once("step", "tool")
                self.add("tool", f"{tool} {outcome}")
                self.add("tool_ms", tool, ms)
            case events.StaffWanted(state="wanted"):
                self.once("staff", "wanted")
            case events.OperatorJoined():
                self.once("staff", "joined")
            case events.BargedIn(by=by):
                self.add("barge_in", by)
            case events.UpstreamLost(code=code):
                self.add("upstream_lost", code)
            case _:
                pass

    def usage(self, response: Any) -> None:
        """Take the tokens of one answer, as the service counts them."""
        used: Any = response.get("usage") if hasattr(response, "get") else None
        if not hasattr(used, "get"):
            return
        for name in ("input_tokens", "output_tokens"):
            value = used.get(name)
            if isinstance(value, int) and value > 0:
                self.add("tokens", name.partition("_")[0], value)

    def figures(self) -> Mapping[str, Mapping[str, float]]:
        """Return all that was counted."""
        return {measure: dict(counts) for measure, counts in self._counts.items()}
