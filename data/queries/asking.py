"""From a question about the queue to conditions in SQL, and the selective ways to its answers."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from data.errors import HandrailError
from data.plain import to_micros
from data.queries.search import Age, Among, Amount, Search, Words
from data.service_levels import STOPPED
from data.vocabulary import AGENTS_OWN, ENDED_TICKETS, ActionState, Priority, TicketStatus
from data.words import spaced

Order = Literal["newest", "oldest", "priority", "updated", "due", "money"]

Run = Callable[[str, dict[str, Any]], Sequence[Sequence[Any]]]
"""Runs SQL with named parameters and returns all rows."""

Beginning = Callable[[str], list[str]]
"""Names the words in the index that begin with a text; none if it cannot say."""

VIEWS: dict[str, str] = {
    "mine": "taken by you",
    "open": "not ended",
    "needs approval": "waits for a decision",
    "escalated": "waits for a person",
    "breaching": "due within the hour, or past",
    "unassigned": "new or escalated, and nobody has it",
    "customer": "waits for the customer",
    "ended": "resolved or closed",
    "all": "every ticket",
}
"""Saved views and what each holds."""

_TOKENS = re.compile(r"[a-z0-9]+")
"""How the index parts words of plain letters."""

SOON = timedelta(hours=1)
"""A ticket that is due within this time counts as breaching."""

EVERY = tuple(status.value for status in TicketStatus)
_ENDED = tuple(status.value for status in TicketStatus if status in ENDED_TICKETS)
_OPEN = tuple(status.value for status in TicketStatus if status not in ENDED_TICKETS)
_STATUSES: dict[str, tuple[str, ...]] = {
    "open": _OPEN,
    "ended": _ENDED,
    "escalated": (TicketStatus.ESCALATED.value,),
    "customer": (TicketStatus.AWAITING_CUSTOMER.value,),
    "unassigned": (TicketStatus.NEW.value, TicketStatus.ESCALATED.value),
    "breaching": tuple(s.value for s in TicketStatus if s not in STOPPED),
}
_PROPOSED = f"SELECT ticket_id FROM action WHERE state = '{ActionState.PROPOSED.value}'"
_TAKEN = f"ticket.owner <> '{AGENTS_OWN}'"
_TESTS: dict[str, str] = {
    "unassigned": f"ticket.owner = '{AGENTS_OWN}'",
    "mine": f"ticket.owner = :operator AND {_TAKEN}",
    "needs approval": f"ticket.id IN ({_PROPOSED})",
    "breaching": "ticket.due_at <= :soon",
}
_OF_VIEWS = {"waiting": "needs approval"}
"""What `is:` calls a view otherwise."""


@dataclass(frozen=True)
class Way:
    """A way to some tickets by an index: what stands after FROM, and the condition to go by."""

    source: str
    where: str
    index: str = ""
    """The index that must be used."""
    arms: tuple[str, ...] = ()
    """Conditions, one a range of the index, in each of which it is in the order of opening."""
    among: tuple[str, ...] = ()
    """The states in which its tickets are, where it is only some."""


@dataclass
class Held:
    """What must hold for a ticket to be an answer."""

    statuses: tuple[str, ...] = EVERY
    ranks: tuple[int, ...] | None = None
    """Priority ranks; None: any."""
    tests: list[str] = field(default_factory=list)
    """Conditions on columns, besides the two above."""
    params: dict[str, Any] = field(default_factory=dict)
    match: str | None = None
    """What the index of words must match."""
    without: str | None = None
    """What it must not match, where nothing has to."""
    ways: list[Way] = field(default_factory=list)
    """Selective ways, each to all of the answers and more."""

    def bind(self, value: Any) -> str:
        """A parameter with this value, as it is written in SQL."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def among(self, values: Iterable[Any]) -> str:
        """A list of parameters."""
        return "(" + ", ".join(self.bind(value) for value in values) + ")"

    def narrow(self, statuses: Iterable[str]) -> None:
        """Only tickets in one of these states."""
        kept = set(statuses)
        self.statuses = tuple(status for status in self.statuses if status in kept)


@dataclass(frozen=True)
class Question:
    """Which tickets, and in what order."""

    search: Search
    view: str
    order: Order
    operator: str
    now: int
    """Microseconds since 1970."""
    indexed: bool = True
    """Whether there is an index of words (SQLite)."""

    def held(self, beginning: Beginning) -> Held:
        """What must hold; HandrailError for a view that there is not.

        `beginning` names the words that begin with a text.
        """
        held = Held()
        held.params["operator"] = self.operator
        held.params["soon"] = self.now + SOON // timedelta(microseconds=1)
        if self.view not in VIEWS:
            raise HandrailError(f"no view {self.view!r}; there are {', '.join(VIEWS)}")
        if self.view != "all":
            _in_view(held, self.view)
        matches: list[str] = []
        unmatched: list[str] = []
        for condition in self.search.conditions:
            match condition:
                case Among(name, values, negated) if name in ("customer", "requester"):
                    texts = tuple(Words(value, begins=True) for value in values)
                    if self.indexed:
                        some = " OR ".join(_phrase(text, beginning) for text in texts)
                        (unmatched if negated else matches).append(f"({{{name}}} : ({some}))")
                    else:
                        column = "customer_name" if name == "customer" else name
                        some = " OR ".join(_like(held, column, text.text) for text in texts)
                        held.tests.append(_negated(some, negated))
                case Among():
                    _among(held, condition, self.operator, indexed=self.indexed)
                case Age(older, span):
                    edge = self.now - span // timedelta(microseconds=1)
                    sign = "<=" if older else ">="
                    test = f"ticket.opened_at {sign} {held.bind(edge)}"
                    held.tests.append(test)
                    if not older:
                        held.ways.append(Way("ticket", test, "ix_ticket_opened"))
                case Amount(sign, value, negated):
                    test = f"ticket.money_at_risk {sign} {held.bind(value)}"
                    held.tests.append(_negated(test, negated))
                    if not negated and (sign == ">" or (sign in (">=", "=") and value > 0)):
                        some = f"{test} AND ticket.money_at_risk > 0"
                        held.ways.append(Way("ticket", some, "ix_ticket_money", among=_OPEN))
        for word in self.search.words:
            if not self.indexed:
                held.tests.append(_negated(_anywhere(held, word.text), word.negated))
            else:
                (unmatched if word.negated else matches).append(_phrase(word, beginning))
        if matches:
            held.match = " AND ".join(matches)
            held.match += f" NOT ({' OR '.join(unmatched)})" if unmatched else ""
        elif unmatched:
            held.without = " OR ".join(unmatched)
        return held


def question(
    search: Search | None, view: str, order: Order, operator: str, now: Any, *, indexed: bool = True
) -> Question:
    """A question at the time `now`."""
    return Question(search or Search(), view, order, operator, to_micros(now), indexed)


def _in_view(held: Held, view: str) -> None:
    if view in _STATUSES:
        held.narrow(_STATUSES[view])
    if view not in _TESTS:
        return
    test = _TESTS[view]
    held.tests.append(test)
    match view:
        case "mine":
            held.ways.append(Way("ticket", test, "ix_ticket_owner", arms=(test,)))
        case "breaching":
            held.ways.append(Way("ticket", test, "ix_ticket_due", among=_STATUSES[view]))
        case "needs approval":
            source = f"(SELECT DISTINCT ticket_id FROM ({_PROPOSED}) a) d CROSS JOIN ticket"
            held.ways.append(Way(source, "ticket.id = d.ticket_id", among=_OPEN))


def _view_test(name: str) -> str:
    view = _OF_VIEWS.get(name, name)
    tests = [_TESTS[view]] if view in _TESTS else []
    if view in _STATUSES:
        listed = ", ".join(f"'{status}'" for status in _STATUSES[view])
        tests.append(f"ticket.status IN ({listed})")
    return "(" + " AND ".join(tests) + ")"


def _among(held: Held, condition: Among, operator: str, *, indexed: bool) -> None:
    name, values, negated = condition.field, condition.values, condition.negated
    match name:
        case "status":
            held.narrow(set(EVERY) - set(values) if negated else values)
        case "priority":
            ranks = {Priority(value).rank for value in values}
            ranks = set(range(len(Priority))) - ranks if negated else ranks
            held.ranks = tuple(sorted(ranks if held.ranks is None else ranks & set(held.ranks)))
        case "is":
            if len(values) == 1 and not negated:
                _in_view(held, _OF_VIEWS.get(values[0], values[0]))
            else:
                some = " OR ".join(_view_test(value) for value in values)
                held.tests.append(_negated(some, negated))
        case "intent" | "flag":
            column = "intents" if name == "intent" else "flags"
            some = " OR ".join(
                f"ticket.{column} LIKE {held.bind(_pattern(value, quoted=True))} ESCAPE '!'"
                for value in values
            )
            held.tests.append(_negated(some, negated))
            if name == "flag" and not negated:
                flagged = "ticket.flags <> '[]'"
                held.ways.append(Way("ticket", flagged, "ix_ticket_flags", arms=(flagged,)))
        case "ref":
            some = " OR ".join(_ref(held, value, indexed) for value in values)
            held.tests.append(_negated(some, negated))
            if not negated:
                source = f"(SELECT id AS found FROM ticket WHERE {some}) d CROSS JOIN ticket"
                held.ways.append(Way(source, "ticket.id = d.found"))
        case "channel":
            some = f"lower(ticket.channel) IN {held.among(values)}"
            held.tests.append(_negated(some, negated))
        case _:
            if name == "owner":
                values = tuple(operator if value == "me" else value for value in values)
            some = f"ticket.{name} IN {held.among(values)}"
            held.tests.append(f"NOT coalesce({some}, false)" if negated else some)
            if not negated:
                _way_by(held, name, values)


def _way_by(held: Held, name: str, values: tuple[str, ...]) -> None:
    """The index on this column, where it holds all of the values."""
    more = {"tier": "", "owner": f" AND {_TAKEN}", "language": " AND ticket.language <> 'und'"}
    if name not in more or AGENTS_OWN in values or "und" in values:
        return
    arms = tuple(
        f"ticket.{name} = {held.bind(value)}{more[name]}" for value in dict.fromkeys(values)
    )
    where = f"ticket.{name} IN {held.among(values)}{more[name]}"
    held.ways.append(Way("ticket", where, f"ix_ticket_{name}", arms=arms))


def _negated(test: str, negated: bool) -> str:
    return f"NOT coalesce({test}, false)" if negated else f"({test})"


def _ref(held: Held, value: str, indexed: bool) -> str:
    if not value.endswith("*"):
        return f"ref IN {held.among(dict.fromkeys((value, value.upper())))}"
    begun = value.rstrip("*")
    if not indexed:  # a server's order of letters may be another
        return f"ref LIKE {held.bind(_pattern(begun)[1:])} ESCAPE '!'"
    return f"(ref >= {held.bind(begun)} AND ref < {held.bind(begun + chr(0x10FFFF))})"


def _pattern(text: str, *, quoted: bool = False) -> str:
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f'%"{escaped}"%' if quoted else f"%{escaped}%"


def _like(held: Held, column: str, text: str) -> str:
    return f"ticket.{column} ILIKE {held.bind(_pattern(text))} ESCAPE '!'"


def _anywhere(held: Held, text: str) -> str:
    """Where there is no index of words: the texts themselves are looked through."""
    pattern = held.bind(_pattern(text))
    named = [
        f"ticket.{column} ILIKE {pattern} ESCAPE '!'"
        for column in ("subject", "requester", "ref", "customer_name")
    ]
    body = f"SELECT 1 FROM message WHERE ticket_id = ticket.id AND body ILIKE {pattern} ESCAPE '!'"
    return " OR ".join([*named, f"EXISTS ({body})"])


def _phrase(word: Words, beginning: Beginning) -> str:
    """What FTS5 is asked for: never anything but phrases, whatever was written."""
    if word.begins and word.text.isascii():
        *before, last = _TOKENS.findall(word.text.lower()) or [""]
        named = beginning(last) if last else []
        if named:
            phrases = (" ".join([*before, name]) for name in named)
            return "(" + " OR ".join(f'"{phrase}"' for phrase in phrases) + ")"
    plain = "".join(c if c.isprintable() else " " for c in spaced(word.text))
    quoted = plain.replace('"', '""')
    return f'"{quoted}" *' if word.begins else f'"{quoted}"'
