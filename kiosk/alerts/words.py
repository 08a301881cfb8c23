"""Lengths of time and counts as people say them, for sentences of alerts."""

from __future__ import annotations

from datetime import timedelta


def span(length: timedelta | float) -> str:
    """Return a length of time in its largest unit that says enough: `4 min`, `3 days`."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{hours // 24} days"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def clipped(text: str, most: int) -> str:
    """Return a text of at most `most` characters, cut with an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
