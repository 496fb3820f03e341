"""How stored values are written on the screen: safe text, money, ages, glyphs beside words."""

import re
from collections import Counter
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from agents.actions.catalogue import CATALOGUE
from data.errors import HandrailError
from data.vocabulary import ActionState, Priority, TicketStatus

_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]")
"""Colours and cursor moves go whole; of titles and links the words stay, so that none is hidden."""

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # unseen, or turn the text
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"  # annotations, tags, halves of pairs
)
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")

LONGEST = 20_000
"""Characters of one text that a pane shows; the rest is counted."""


def clean(text: str) -> str:
    """Text of others made safe to show: no escape codes, control or direction characters."""
    plain = _BREAKS.sub("\n", _ESCAPES.sub("", text))
    return _UNSAFE.sub("", plain).expandtabs(4)


def line(text: str | None, longest: int = 400) -> str:
    """The same on a single line, cut where it is longer than any screen."""
    return " ".join(clean((text or "")[: longest * 4]).split())[:longest]


def passage(text: str) -> str:
    """The same with its lines, cut at `LONGEST` characters with a note of how much is missing."""
    if len(text) <= LONGEST:
        return clean(text).strip("\n")
    return f"{clean(text[:LONGEST])}\n… {len(text) - LONGEST:,} more characters"


_NONE = "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf"
_THREE = "bhd iqd jod kwd lyd omr tnd"
_EXPONENTS = dict.fromkeys(_NONE.split(), 0) | dict.fromkeys(_THREE.split(), 3)
_EXPONENTS |= {"clf": 4, "uyw": 4}


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217)."""
    return _EXPONENTS.get(currency.lower(), 2)


def major(amount: int, currency: str) -> str:
    """Minor units as a plain decimal number in major units, such as 18.50."""
    digits = exponent(currency)
    return f"{Decimal(amount).scaleb(-digits):.{digits}f}"


_AMOUNT = re.compile(r"([+-]?[0-9]{1,15})(?:\.([0-9]*))?")
"""No exponents, and no more digits than money has: a number that is rounded is none."""


def minor(text: str, currency: str) -> int:
    """A number in major units as minor units; HandrailError if it is none, or too fine."""
    digits = exponent(currency)
    written = _AMOUNT.fullmatch(text.strip().replace(" ", ""))
    if written is None:
        shown = text if len(text) <= 30 else f"{text[:30]}…"
        raise HandrailError(f"{shown!r} is no amount; write such as {major(1850, currency)}")
    part = (written[2] or "").rstrip("0")
    if len(part) > digits:
        raise HandrailError(f"{text[:30]!r}: {currency.upper()} has {digits} decimals")
    return int(written[1] + part.ljust(digits, "0"))


def money(amount: int | None, currency: str | None) -> str:
    """An amount with its currency, such as 1,018.50 USD; empty where there is none."""
    if amount is None:
        return ""
    if not currency:
        return f"{amount:,} (minor units)"
    digits = exponent(currency)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f} {line(currency, 3).upper()}"


def sums(amounts: Iterable[tuple[int | None, str | None]]) -> str:
    """What amounts come to, each currency by itself, such as 45.00 EUR, 1,018.50 USD."""
    found: Counter[str] = Counter()
    for amount, currency in amounts:
        if amount is not None:
            found[currency or ""] += amount
    return ", ".join(money(amount, currency) for currency, amount in sorted(found.items()))


def cost(micros: int) -> str:
    """Millionths of a US dollar, with the digits that matter."""
    return f"${micros / 1e6:.4f}" if 0 < micros < 10_000 else f"${micros / 1e6:,.2f}"


def counted(number: int, thing: str) -> str:
    """A number of things with its word, such as 1 row and 2,000 rows."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def span(length: timedelta) -> str:
    """A length of time in its largest unit, such as 12m."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size * (2 if unit == "d" else 1):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, such as 12m; `now` for less than five seconds."""
    if since is None:
        return ""
    return "now" if now - since < timedelta(seconds=5) else span(now - since)


def ago(since: datetime, now: datetime) -> str:
    """How long ago, in words."""
    found = age(since, now)
    return found if found == "now" else f"{found} ago"


def left(until: datetime | None, now: datetime) -> str:
    """How long until then, in words."""
    if until is None:
        return "no time limit"
    return f"{span(until - now)} left" if until > now else "time is over"


_ZONE: ContextVar[tzinfo | None] = ContextVar("zone", default=UTC)


def show_times_in(zone: tzinfo | None) -> None:
    """Show times in this zone from now on; None is the computer's own."""
    _ZONE.set(zone)


def moment(at: datetime) -> str:
    """A time of day with its date, in UTC; in another zone, if one is set, with its name."""
    zone = _ZONE.get()
    if zone is UTC:
        return at.strftime("%Y-%m-%d %H:%M")
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


STATUS: dict[TicketStatus, tuple[str, str, str]] = {
    TicketStatus.NEW: ("○", "new", "secondary"),
    TicketStatus.WORKING: ("◐", "working", "accent"),
    TicketStatus.AWAITING_APPROVAL: ("◆", "needs approval", "warning"),
    TicketStatus.AWAITING_CUSTOMER: ("◇", "with customer", "secondary"),
    TicketStatus.ESCALATED: ("▲", "escalated", "error"),
    TicketStatus.RESOLVED: ("✓", "resolved", "success"),
    TicketStatus.CLOSED: ("×", "closed", "muted"),
}
"""Glyph, words and tone of each ticket state."""

ACTION: dict[ActionState, tuple[str, str, str]] = {
    ActionState.PROPOSED: ("◆", "needs approval", "warning"),
    ActionState.APPROVED: ("✓", "approved", "accent"),
    ActionState.REJECTED: ("✗", "rejected", "muted"),
    ActionState.REFUSED: ("⊘", "refused by policy", "muted"),
    ActionState.WITHDRAWN: ("×", "withdrawn", "muted"),
    ActionState.EXPIRED: ("×", "expired", "muted"),
    ActionState.STALE: ("≠", "stale: records changed", "warning"),
    ActionState.EXECUTING: ("◐", "executing", "accent"),
    ActionState.EXECUTED: ("●", "executed", "accent"),
    ActionState.VERIFIED: ("✓", "verified", "success"),
    ActionState.FAILED: ("!", "failed", "error"),
    ActionState.UNKNOWN: ("?", "outcome unknown", "error"),
    ActionState.UNDONE: ("↶", "undone", "muted"),
}
"""Glyph, words and tone of each action state."""

PRIORITY: dict[Priority, str] = {
    Priority.URGENT: "!!",
    Priority.HIGH: "! ",
    Priority.NORMAL: "  ",
    Priority.LOW: "↓ ",
}
"""Two cells for each priority, beside which the word stands where there is room."""


def label(name: str) -> str:
    """What an action is called on the screen."""
    kind = CATALOGUE.get(name)  # type: ignore[call-overload]
    return kind.label if kind else line(name.replace("_", " ")).capitalize()
