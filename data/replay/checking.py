"""Whether replaying a ticket's log comes to the states that its rows were in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from data.queries.tickets import events_where
from data.replay.fold import Fold
from data.replay.record import FLAT, State, changes, digest_of, only_recorded, recorded
from data.store import EVENT, TICKET, Store, table
from data.tables import StateMark

STATE_MARK = table(StateMark)

AT_ONCE = 200
"""Tickets that are read in one view."""


@dataclass(frozen=True)
class Difference:
    """Where a replay first comes to another state than was recorded."""

    ticket_id: str
    step: int
    """The position of the event after which they differ."""
    what: str


@dataclass(frozen=True)
class Checked:
    """What became of checking some tickets."""

    tickets: int
    steps: int
    marks: int
    """Steps with a recorded state to compare with."""
    differences: list[Difference]


def check_ticket(store: Store, ticket_id: str) -> Checked:
    """Replay one ticket and compare it with what was recorded."""
    with store.read() as connection:
        return _together([_check(connection, ticket_id)])


def check_all(
    store: Store, progress: Callable[[int, int], None] = lambda done, total: None
) -> Checked:
    """Replay every ticket; `progress` is told how many are done, and how many there are."""
    with store.read() as connection:
        total = connection.execute(select(func.count()).select_from(TICKET)).scalar_one()
    found: list[Checked] = []
    last = ""
    while True:
        with store.read() as connection:
            query = select(TICKET.c.id).where(TICKET.c.id > last).order_by(TICKET.c.id)
            ids = list(connection.execute(query.limit(AT_ONCE)).scalars())
            found.extend(_check(connection, ticket_id) for ticket_id in ids)
        if not ids:
            return _together(found)
        last = ids[-1]
        found = [_together(found)]
        progress(found[0].tickets, int(total))


def _together(found: list[Checked]) -> Checked:
    return Checked(
        sum(c.tickets for c in found),
        sum(c.steps for c in found),
        sum(c.marks for c in found),
        [d for c in found for d in c.differences],
    )


def _check(connection: Connection, ticket_id: str) -> Checked:
    """Its first difference, at a step or between the last step and the rows as they are."""
    marks = {
        row.position: row.digest
        for row in connection.execute(
            select(STATE_MARK.c.position, STATE_MARK.c.digest).where(
                STATE_MARK.c.ticket_id == ticket_id
            )
        )
    }
    fold, steps, left = Fold(), 0, dict(marks)
    for event in events_where(connection, EVENT.c.chain == ticket_id):
        fold.hear(event)
        steps += 1
        digest = left.pop(event.position, None)
        if digest is not None and digest != digest_of(only_recorded(fold.state)):
            what = "the state recorded with this step is another than its events tell"
            return Checked(1, steps, len(marks), [Difference(ticket_id, event.position, what)])
    if left:
        what = "a state was recorded here, and the log has no such step"
        return Checked(1, steps, len(marks), [Difference(ticket_id, min(left), what)])
    if fold.known is None:
        return Checked(1, steps, 0, [])
    other = changes(fold.known, recorded(connection, ticket_id))
    if other:
        what = f"its rows say otherwise now: {', '.join(_named(other))}"
        return Checked(1, steps, len(marks), [Difference(ticket_id, fold.position, what)])
    return Checked(1, steps, len(marks), [])


def _named(changed: State) -> Iterator[str]:
    """The fields that a change is about, in words."""
    for section, entries in changed.items():
        if section in FLAT:
            yield from (f"{section} {name}" for name in entries)
            continue
        for key, fields in entries.items():
            yield from (f"{section.removesuffix('s')} {key} {name}" for name in fields)
