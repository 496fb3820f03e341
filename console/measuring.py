"""Measures in words and numbers for people: values, targets, and whether they are met."""

from console.format import cost
from data.measures.definitions import Measure, Unit
from data.measures.report import Group, Value

NO_DATA = "no data"

DIMENSION = {
    "intent": "Intent",
    "agent": "Agent",
    "channel": "Channel",
    "model": "Model",
    "day": "Day",
    "week": "Week from",
    "month": "Month",
}
"""What the measures may be looked at by, as headings name it."""


def length(seconds: float) -> str:
    """A length of time with the digits that matter, such as 0.2 s, 42 s, 3m 20s, 17h 15m, 2d 4h."""
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds else "0 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    for unit, size, lesser, part in (("d", 86_400, "h", 3600), ("h", 3600, "m", 60)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size}{unit} {rest}{lesser}" if rest else f"{whole // size}{unit}"
    return f"{whole // 60}m {whole % 60}s" if whole % 60 else f"{whole // 60}m"


def _percent(value: float) -> str:
    """With a decimal where it would else be taken for nothing, all, or a target that is near."""
    whole = abs(value - round(value)) < 0.05
    return f"{value:.0f} %" if whole or 10 <= value <= 99 else f"{value:.1f} %"


def number(measure: Measure, value: float | None) -> str:
    """A value in the unit of its measure."""
    if value is None:
        return NO_DATA
    match measure.unit:
        case Unit.SHARE:
            return _percent(100 * value)
        case Unit.SECONDS:
            return length(value)
        case Unit.POINTS:
            return f"{value:.1f} of 5"
        case Unit.MESSAGES:
            return f"{value:.1f}"
        case Unit.USD:
            return cost(round(value * 1e6))
    return f"{value:,.0f}"


def aim(value: Value) -> str:
    """What is aimed for, such as over 80 %; empty where nothing is."""
    if value.target is None or not value.measure.aim:
        return ""
    return f"{value.measure.aim} {number(value.measure, value.target)}"


def verdict(value: Value) -> tuple[str, str, str]:
    """Glyph, word and tone that tell whether the target is met; empty without a target."""
    if value.met is None:
        return ("", "", "muted")
    return ("✓", "met", "success") if value.met else ("✗", "missed", "error")


def spread(value: Value) -> str:
    """Of a time: what half and nine of ten do not exceed; empty for others."""
    if value.middle is None or value.most is None:
        return ""
    return f"half within {length(value.middle)}, nine of ten within {length(value.most)}"


def by_name(group: Group) -> dict[str, Value]:
    """The values of a group under the names of their measures."""
    return {value.measure.name: value for value in group.values}
