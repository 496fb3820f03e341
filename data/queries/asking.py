"""From a question about the queue to conditions in SQL."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from data.errors import HandrailError
from data.plain import to_micros
from data.queries.held import EVERY, Held, Way
from data.queries.search import Age, Among, Amount, Search, Words
from data.queries.views import OPEN, SOON, TAKEN, VIEWS, in_view, view_of, view_test
from data.vocabulary import AGENTS_OWN, Priority
from data.words import spaced

Order = Literal["newest", "oldest", "priority", "updated", "due", "money"]

Beginning = Callable[[str], list[str]]
"""Names the words in the index that begin with a text; none if it cannot say."""

_TOKENS = re.compile(r"[a-z0-9]+")
"""How the index parts words of plain letters."""


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
            in_view(held, self.view)
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
                        held.ways.append(Way("ticket", some, "ix_ticket_money", among=OPEN))
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
                in_view(held, view_of(values[0]))
            else:
                some = " OR ".join(view_test(value) for value in values)
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
    more = {"tier": "", "owner": f" AND {TAKEN}", "language": " AND ticket.language <> 'und'"}
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
