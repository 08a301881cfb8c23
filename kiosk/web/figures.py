"""What the counts of some days say: sections with a table each, in operators' words."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any, Final, Literal

from kiosk.model import EndReason
from kiosk.session.tally import ANSWER_MS
from kiosk.storage.insight import NO_END, Count
from kiosk.web import wording

Cell = str | int | float

GIVEN: Final = {
    "satisfaction": r"[1-5]",
    "found": r"yes|partly|no",
    "unanswered": r"[a-z0-9_.-]{1,40}",
}
"""What plugins may have counted: `insight={measure: label}` in an event they publish."""
GOOD_ENDS: Final = ("goodbye", "visitor_left", "idle")
QUANTILES: Final = (("Median", 0.5), ("95th percentile", 0.95))
LEARN_DAYS: Final = 28
NOTICED: Final = "noticed"
"""The step before a visit: somebody came close."""
"""Days that a forecast learns from."""


@dataclass(frozen=True, slots=True)
class Section:
    """One chart with its table. `bars` are label and value; `of` is the whole of rows."""

    key: str
    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    bars: tuple[tuple[str, float], ...] = ()
    kind: Literal["columns", "rows", "none"] = "rows"
    of: float | None = None


class Sums:
    """Counts, added up over days and sites."""

    def __init__(self, counts: Iterable[Count]) -> None:
        self._all: dict[str, Counter[str]] = defaultdict(Counter)
        self._days: dict[str, Counter[date]] = defaultdict(Counter)
        for item in counts:
            self._all[item.measure][item.label] += item.value
            self._days[f"{item.measure} {item.label}"][item.day] += item.value

    def of(self, measure: str) -> Counter[str]:
        """Return a measure by label."""
        return self._all[measure]

    def one(self, measure: str, label: str = "all") -> int:
        """Return one count."""
        return self._all[measure][label]

    def days(self, measure: str, label: str = "all") -> Counter[date]:
        """Return one count by day."""
        return self._days[f"{measure} {label}"]


def given(data: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return what a plugin's event wants counted; raises ValueError for what is none of GIVEN."""
    wanted = data.get("insight")
    if wanted is None:
        return {}
    if not isinstance(wanted, Mapping):
        raise ValueError("insight is a mapping of a measure to its label")
    found: dict[str, dict[str, float]] = {}
    for measure, label in wanted.items():
        pattern = GIVEN.get(str(measure))
        if pattern is None or not isinstance(label, str) or not re.fullmatch(pattern, label):
            raise ValueError(f"insight has one of {', '.join(GIVEN)} with a short label, no words")
        found[str(measure)] = {label: 1}
    return found


def sections(
    counts: Iterable[Count],
    first: date,
    last: date,
    *,
    kiosk_name: Callable[[str], str],
    starts_per_minute: float,
) -> list[Section]:
    """Return everything that is shown of some days."""
    sums = Sums(counts)
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    return [
        _days(sums, days),
        _hours(sums, len(days)),
        _funnel(sums),
        _ends(sums),
        _shares("kiosks", "Screens", "Screen", sums.of("kiosk"), kiosk_name),
        _shares("languages", "Languages", "Language", sums.of("language"), wording.language),
        _tools(sums),
        _unanswered(sums),
        _satisfaction(sums),
        _answers(sums),
        _delays(sums),
        _media(sums),
        _cost(sums, days, starts_per_minute),
    ]


def _days(sums: Sums, days: list[date]) -> Section:
    visits, seconds = sums.days("visits"), sums.days("seconds")
    rows = tuple((f"{day}", visits[day], round(seconds[day] / 60, 1)) for day in days)
    bars = tuple((f"{day:%m-%d}", float(visits[day])) for day in days)
    note = f"{wording.count(sums.one('visits'), 'visit')} in {wording.count(len(days), 'day')}."
    return Section(
        "days", "Visits by day", note, ("Day", "Visits", "Minutes"), rows, bars, "columns"
    )


def _hours(sums: Sums, days: int) -> Section:
    hours = sums.of("hour")
    labels = [f"{hour:02d}" for hour in range(24)]
    rows = tuple((f"{label}:00", hours[label], round(hours[label] / days, 1)) for label in labels)
    bars = tuple((label, float(hours[label])) for label in labels)
    head = ("Hour", "Visits", "A day")
    return Section("hours", "Visits by hour", "By the site's clock.", head, rows, bars, "columns")


def _funnel(sums: Sums) -> Section:
    steps, ends = sums.of("step"), sums.of("ended")
    # Of all who were noticed, where something notices them; a touch comes without it as well.
    noticed, touched = steps[NOTICED], steps["touch"]
    every = max(noticed, touched)
    values = [
        *([("Came close to a waiting screen", noticed)] if noticed else []),
        ("Touched the screen", touched),
        ("Accepted the notice", steps["consent"]),
        ("Were greeted or heard", steps["greeting"]),
        ("Said something", steps["asked"]),
        ("Got a tool's answer", steps["tool"]),
        ("Ended without trouble", sum(ends[reason] for reason in GOOD_ENDS)),
    ]
    rows = tuple((name, value, _share(value, every)) for name, value in values)
    return Section(
        "funnel",
        "How far visits came",
        "Who came close is counted where a camera or a sensor notices visitors."
        if noticed
        else "Nothing notices who only comes close: attract.presence, or a sensor, would.",
        ("Step", "Visits", "Of all"),
        rows,
        tuple((name, float(value)) for name, value in values),
        of=float(every) or None,
    )


def _ends(sums: Sums) -> Section:
    def words(label: str) -> str:
        known = {reason.value: wording.reason(reason) for reason in EndReason}
        text = known.get(label, "no end on record" if label == NO_END else label)
        return text[0].upper() + text[1:]

    return _shares("ended", "How visits ended", "End", sums.of("ended"), words)


def _shares(
    key: str, title: str, column: str, counts: Counter[str], words: Callable[[str], str]
) -> Section:
    total = sum(counts.values())
    found = [(words(label), value) for label, value in counts.most_common() if value]
    rows = tuple((name, value, _share(value, total)) for name, value in found)
    bars = tuple((name, float(value)) for name, value in found)
    note = "" if rows else "Nothing was counted."
    return Section(key, title, note, (column, "Visits", "Of all"), rows, bars, of=total or None)


def _tools(sums: Sums) -> Section:
    outcomes = ("ok", "failed", "timed_out", "refused", "cancelled")
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for label, value in sums.of("tool").items():
        name, _, outcome = label.rpartition(" ")
        table[name or label][outcome] += value
    rows: list[tuple[Cell, ...]] = []
    for name, counts in sorted(table.items(), key=lambda item: -item[1].total()):
        calls = counts.total()
        mean = round(sums.one("tool_ms", name) / calls) if calls else 0
        rows.append((name, calls, *(counts[outcome] for outcome in outcomes), mean))
    head = ("Tool", "Calls", "Answered", "Failed", "Too late", "Refused", "Cancelled", "Mean ms")
    bars = tuple((name, float(table[name].total())) for name in (str(row[0]) for row in rows))
    note = "" if rows else "No tool was called."
    return Section("tools", "Tools", note, head, tuple(rows), bars)


def _unanswered(sums: Sums) -> Section:
    found = sums.of("unanswered").most_common()
    note = (
        "Questions that a plugin had no answer to; the questions themselves are in the transcripts."
    )
    rows = tuple((label, value) for label, value in found)
    bars = tuple((label, float(value)) for label, value in found)
    return Section("unanswered", "Unanswered", note, ("Where", "Questions"), rows, bars)


def _satisfaction(sums: Sums) -> Section:
    stars = sums.of("satisfaction")
    answers = stars.total()
    mean = sum(int(star) * value for star, value in stars.items()) / answers if answers else 0
    found = sums.of("found")
    said = f"{mean:.1f} of 5 from {wording.count(answers, 'answer')}." if answers else "No answers."
    if found.total():
        said += f" Found what they looked for: {found['yes']} yes, {found['partly']} partly, "
        said += f"{found['no']} no."
    values = [(f"{star} of 5", stars[str(star)]) for star in (5, 4, 3, 2, 1)]
    rows = tuple((name, value, _share(value, answers)) for name, value in values)
    bars = tuple((name, float(value)) for name, value in values)
    head = ("Stars", "Answers", "Of all")
    return Section("satisfaction", "Satisfaction", said, head, rows, bars, of=answers or None)


def _answers(sums: Sums) -> Section:
    counts = sums.of("answer_ms")
    total = counts.total()
    labels = [str(border) for border in ANSWER_MS]
    names = [f"to {wording.milliseconds(border)}" for border in ANSWER_MS]
    pairs = [*zip(names, labels, strict=True), ("longer", "more")]
    rows = tuple((name, counts[label], _share(counts[label], total)) for name, label in pairs)
    note = "From the visitor's last word to the answer's first."
    if total:
        median, most = (_bound(within(counts, share)) for _, share in QUANTILES)
        note += f" Median {median}, 95th percentile {most},"
        note += f" mean {wording.milliseconds(round(sums.one('answer', 'ms') / total))}."
    bars = tuple((name, float(counts[label])) for name, label in pairs)
    head = ("Delay", "Answers", "Of all")
    return Section("answers", "Delay of answers", note, head, rows, bars, of=total or None)


def _delays(sums: Sums) -> Section:
    """The same counts as single figures; they are kept by steps, so a quantile is a bound."""
    counts = sums.of("answer_ms")
    total = counts.total()
    rows: list[tuple[Cell, ...]] = []
    if total:
        for name, share in QUANTILES:
            border = within(counts, share)
            rows.append((name, border if border is not None else "", _bound(border)))
        mean = round(sums.one("answer", "ms") / total)
        rows.append(("Mean", mean, wording.milliseconds(mean)))
    note = "Delays are counted in steps, so median and 95th percentile are no more than the end of "
    note += "theirs." if total else "theirs. Nothing was counted."
    head = ("Delay of answers", "ms", "Which means")
    return Section("delays", "Typical delays", note, head, tuple(rows), kind="none")


def within(counts: Mapping[str, int], share: float) -> int | None:
    """Return the step's end in ms by which a share of answers had begun; None: after the last."""
    wanted = ceil(share * sum(counts.values()))
    so_far = 0
    for border in ANSWER_MS:
        so_far += counts.get(str(border), 0)
        if so_far >= wanted:
            return border
    return None


def _bound(border: int | None) -> str:
    if border is None:
        return f"more than {wording.milliseconds(ANSWER_MS[-1])}"
    return f"at most {wording.milliseconds(border)}"


def _media(sums: Sums) -> Section:
    found = _shares("media", "Media paths", "Path", sums.of("media"), wording.media)
    lost = sums.of("upstream_lost").total()
    note = f"{found.note} A visit may have had several; lines lost: {lost}.".strip()
    return Section(found.key, found.title, note, found.head, found.rows, found.bars, of=found.of)


def _cost(sums: Sums, days: list[date], starts_per_minute: float) -> Section:
    tokens = {name: sums.days("tokens", name) for name in ("input", "output")}
    seconds, starts = sums.days("seconds"), sums.days("avatar", "starts")
    parts: list[tuple[str, Counter[date], float]] = [
        ("Minutes of visits", seconds, 60),
        ("Tokens in", tokens["input"], 1),
        ("Tokens out", tokens["output"], 1),
        ("Avatar starts", starts, 1),
    ]
    rows = []
    for name, counts, unit in parts:
        so_far, whole = forecast(counts, days[-1])
        total = sum(counts[day] for day in days)
        rows.append((name, round(total / unit), round(so_far / unit), round(whole / unit)))
    note = "As the service counts tokens; prices are in your contract."
    day, hour, most = _busiest(sums, days)
    if most:
        a_minute = most / 60
        note += f" Most avatars in one hour: {most}, on {day} from {hour}:00; "
        note += f"{a_minute:.2f} a minute on average"
        if starts_per_minute:
            note += f", of {starts_per_minute:g} ({a_minute / starts_per_minute:.0%})"
        note += ". Single minutes are watched by the alert `quota`."
    month = f"{days[-1]:%Y-%m}"
    head = ("", "In these days", f"{month} so far", f"{month} forecast")
    return Section("cost", "Cost", note, head, tuple(rows), kind="none")


def _busiest(sums: Sums, days: list[date]) -> tuple[date, str, int]:
    """Return day, hour and number of the hour with the most avatar starts; 0 for none."""
    found = [
        (day, hour, sums.days("avatar_hour", hour)[day])
        for day in days
        for hour in sorted(sums.of("avatar_hour"))
    ]
    return max(found, key=lambda item: item[2], default=(days[0], "", 0))


def forecast(counts: Counter[date], today: date) -> tuple[float, float]:
    """Return what was counted in the month of `today`, and what the whole month comes to.

    Each day to come is as the same days of the week were, of those that were counted at all.
    """
    begin = today.replace(day=1)
    so_far = float(sum(value for day, value in counts.items() if begin <= day <= today))
    known = [day for day in counts if today - timedelta(days=LEARN_DAYS) < day <= today]
    if not known:
        return so_far, so_far
    since = min(known)
    past = [since + timedelta(days=at) for at in range((today - since).days + 1)]
    whole = so_far
    for number in range(today.day + 1, monthrange(today.year, today.month)[1] + 1):
        weekday = today.replace(day=number).weekday()
        alike = [day for day in past if day.weekday() == weekday] or past
        whole += sum(counts[day] for day in alike) / len(alike)
    return so_far, whole


def _share(value: float, total: float) -> str:
    return f"{value / total:.0%}" if total else "0%"
