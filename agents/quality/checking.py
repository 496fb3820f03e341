"""Checking a ticket that has ended, and storing what was found with its event in the log."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from agents.policy.model import Policy
from agents.quality.checks import VERSION, check_by_rule
from agents.quality.dossier import AT_REST, ENDS, Dossier, LookUp, read_dossier
from agents.quality.found import Check
from agents.quality.judge import Judge, Opinion, joined
from agents.quality.standing import standing_of
from data.errors import HandrailError
from data.queries.quality import QUALITY, newest_reviews
from data.store import EVENT, TICKET, NewEvent, Store, Transaction
from data.tables import QualityCheck
from data.vocabulary import AgentName

CHECKED = "quality.checked"
"""The kind of event by which the log knows of a check: its scores."""

_AT_ONCE = 200
_RESTING = [status.value for status in AT_REST]


@dataclass(frozen=True)
class Checker:
    """What checks need."""

    store: Store
    policy: Policy
    look_up: LookUp | None = None
    """Asks the outside system for the effect of a key; None: it is not asked."""
    judge: Judge | None = None

    def check(self, ticket_id: str, *, again: bool = False) -> bool:
        """Check the ticket's last end; False if it has none, or it was checked already.

        `again` checks it all the same, but for one that was erased, whose check stays as it is.
        """
        if not again and not self.is_due(ticket_id):
            return False
        dossier = read_dossier(self.store, ticket_id, self.look_up)
        if dossier.ticket["status"] not in AT_REST or dossier.end is None:
            return False
        if dossier.of_kind("ticket.erased"):
            return False
        found = check_by_rule(dossier, self.policy)
        opinion, problem = self._opinion(dossier, found)
        if opinion is not None:
            found = joined(found, opinion.checks)
        with self.store.write() as tx:
            _store(tx, dossier, found, opinion, problem)
        return True

    def is_due(self, ticket_id: str) -> bool:
        """Whether the ticket has come to an end that these checks have not seen."""
        with self.store.read() as connection:
            ended = _end(connection, ticket_id)
            if ended is None:
                return False
            seen = (QUALITY.c.ticket_id == ticket_id) & (QUALITY.c.version == VERSION)
            query = select(QUALITY.c.id).where(seen, QUALITY.c.position == ended).limit(1)
            return connection.execute(query).first() is None

    def _opinion(self, dossier: Dossier, found: list[Check]) -> tuple[Opinion | None, str | None]:
        if self.judge is None:
            return None, None
        try:
            return self.judge.look(dossier, found), None
        except HandrailError as failure:
            return None, " ".join(str(failure).split())[:300]


def _end(connection: Connection, ticket_id: str) -> int | None:
    """Where in the log a ticket at rest ended; None for one that has not."""
    query = (
        select(func.max(EVENT.c.position))
        .join(TICKET, TICKET.c.id == EVENT.c.chain)
        .where(EVENT.c.chain == ticket_id, EVENT.c.kind.in_(ENDS), TICKET.c.status.in_(_RESTING))
    )
    found: int | None = connection.execute(query).scalar()
    return found


def _store(
    tx: Transaction,
    dossier: Dossier,
    found: list[Check],
    opinion: Opinion | None,
    problem: str | None,
) -> None:
    """Store a check in place of the one of the same end, and above those of earlier ends."""
    end, ticket_id = dossier.end, dossier.ticket["id"]
    assert end is not None
    of_ticket = QUALITY.c.ticket_id == ticket_id
    same = of_ticket & (QUALITY.c.position == end.position) & (QUALITY.c.version == VERSION)
    standing = tx.connection.execute(select(QUALITY.c.id).where(same)).scalar()
    said = newest_reviews(tx.connection, [standing] if standing else [])
    checks = [check.as_json() for check in found]
    stands = standing_of(checks, {name: review for (_, name), review in said.items()})
    values: dict[str, Any] = {
        "overall": stands.overall, "verdict": stands.verdict, "checks": checks,
        "judge": opinion.judge if opinion else None, "judge_problem": problem,
        "cost_micros": opinion.cost_micros if opinion else 0,
        "checked_at": tx.now, "settled_at": tx.now if stands.settled else None,
        "superseded": False,
    }  # fmt: skip
    others = of_ticket if standing is None else of_ticket & (QUALITY.c.id != standing)
    tx.connection.execute(update(QUALITY).where(others).values(superseded=True))
    if standing is None:
        tx.insert(
            QualityCheck, id=tx.ids("q"), ticket_id=ticket_id, position=end.position,
            version=VERSION, ended_at=end.at, **values,
        )  # fmt: skip
    else:
        tx.connection.execute(update(QUALITY).where(same).values(**values))
    data = {
        "overall": stands.overall, "verdict": stands.verdict,
        "version": VERSION, "end": end.position,
        "scores": {check.name.value: check.score for check in found},
        **({"judge": opinion.judge, "cost_micros": opinion.cost_micros} if opinion else {}),
    }  # fmt: skip
    tx.append(NewEvent(CHECKED, AgentName.SYSTEM.value, data, ticket_id))


@dataclass
class Past:
    """What became of checking tickets that had ended before."""

    checked: int = 0
    seen: int = 0
    failed: list[tuple[str, str]] | None = None
    """Ref and problem of each ticket that could not be checked."""


def check_past(
    checker: Checker,
    *,
    since: datetime | None = None,
    again: bool = False,
    only: str | None = None,
    done: Past | None = None,
    on_ticket: Callable[[int], None] = lambda seen: None,
) -> Past:
    """Check every ticket at rest that was not yet (all of them `again`), or one alone.

    `since` leaves out what nobody touched from then on. `done` is added to as they are checked.
    """
    done = done or Past()
    done.failed = done.failed if done.failed is not None else []
    for ticket_id, ref in _resting(checker.store, since, only):
        try:
            done.checked += checker.check(ticket_id, again=again)
        except HandrailError as problem:
            done.failed.append((ref, str(problem)))
        done.seen += 1
        on_ticket(done.seen)
    return done


def _resting(store: Store, since: datetime | None, only: str | None) -> Iterator[tuple[str, str]]:
    """Tickets at rest with their refs, by pages, the oldest id first."""
    after = ""
    while True:
        query = (
            select(TICKET.c.id, TICKET.c.ref)
            .where(TICKET.c.status.in_(_RESTING), TICKET.c.id > after)
            .order_by(TICKET.c.id)
            .limit(_AT_ONCE)
        )
        if since is not None:
            query = query.where(TICKET.c.updated_at >= since)
        if only is not None:
            query = query.where(TICKET.c.id == only)
        with store.read() as connection:
            page = connection.execute(query).all()
        if not page:
            return
        after = page[-1].id
        yield from ((row.id, row.ref) for row in page)
