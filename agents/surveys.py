"""What customers answered to surveys, put beside their tickets for the measures."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import or_, select

from agents.intake.answers import Answer
from agents.intake.records import Reject, shown
from agents.understanding.scores import score_in
from agents.understanding.secrets import mask_secrets
from agents.understanding.visible import visible
from data.store import EVENT, TICKET, NewEvent, Store, Transaction, table
from data.tables import Survey
from data.vocabulary import ENDED_TICKETS, AgentName

SURVEY = table(Survey)
ANSWERED = "survey.answered"
"""The kind of event by which the log knows of it: the score, never the words."""

SURVEY_ASKED = "survey.asked"
"""The kind of event by which the log knows that an answer asked for a score."""

_AT_ONCE = 500


@dataclass
class Recorded:
    """What became of answers."""

    stored: int = 0
    there_already: int = 0
    """Of the same ticket and moment as one that was taken in before."""
    rejected: list[Reject] = field(default_factory=list)


def record_answers(
    store: Store, answers: Iterable[Answer | Reject], *, by: str, done: Recorded | None = None
) -> Recorded:
    """Store each answer with its ticket, and an event in the ticket's log.

    Some hundred in a transaction; `done` is added to as they are stored. Answers of tickets that
    are not here are rejected; those taken in before are counted and left as they are.
    """
    done = done or Recorded()
    for some in _in_lots(answers):
        readable = [answer for answer in some if isinstance(answer, Answer)]
        unreadable = [answer for answer in some if isinstance(answer, Reject)]
        lot = Recorded(rejected=unreadable)
        with store.write() as tx:
            _store(tx, readable, by, lot)
        done.stored += lot.stored
        done.there_already += lot.there_already
        done.rejected += sorted(lot.rejected, key=lambda reject: reject.line)
    return done


def _in_lots(answers: Iterable[Answer | Reject]) -> Iterator[list[Answer | Reject]]:
    rest = iter(answers)
    while lot := list(islice(rest, _AT_ONCE)):
        yield lot


def _store(tx: Transaction, answers: Sequence[Answer], by: str, lot: Recorded, **told: Any) -> None:
    """Store answers, each with its event; `told` stands in the events as well."""
    tickets = _tickets(tx, {answer.ticket for answer in answers})
    held = select(SURVEY.c.ticket_id, SURVEY.c.at).where(
        SURVEY.c.ticket_id.in_(set(tickets.values()))
    )
    there = {(row.ticket_id, row.at) for row in tx.connection.execute(held)}
    for answer in answers:
        ticket_id = tickets.get(answer.ticket)
        if ticket_id is None:
            lot.rejected.append(Reject(answer.line, f"no ticket {shown(answer.ticket)} here"))
            continue
        if (ticket_id, answer.at) in there:
            lot.there_already += 1
            continue
        there.add((ticket_id, answer.at))
        lot.stored += 1
        tx.insert(
            Survey, id=tx.ids("s"), ticket_id=ticket_id, score=answer.score, at=answer.at,
            comment=mask_secrets(visible(answer.comment)) or None, imported_at=tx.now,
            imported_by=by,
        )  # fmt: skip
        data = {"score": answer.score, "answered_at": answer.at.isoformat(), **told}
        tx.append(NewEvent(ANSWERED, AgentName.SYSTEM.value, data, ticket_id))


def answered_by(
    tx: Transaction, ticket: dict[str, Any], body: str, at: datetime, digest: str
) -> bool:
    """Take a reply that is a score in, where the ticket's survey was asked; whether it asks for
    nothing else, so that the agents need not read it. `digest` is of the message's payload."""
    if ticket["status"] not in ENDED_TICKETS:
        return False
    asked = (EVENT.c.chain == ticket["id"]) & (EVENT.c.kind == SURVEY_ASKED)
    said = score_in(body)
    if said is None or not tx.connection.execute(select(EVENT.c.id).where(asked).limit(1)).first():
        return False
    score, comment = said
    answer = Answer(0, ticket["id"], score, at, comment)
    _store(tx, [answer], BY_REPLY, Recorded(), message=digest, characters=len(body))
    return not comment or not _asks(comment)


BY_REPLY = "reply"
"""Who took an answer in that came as a reply."""


def _asks(comment: str) -> bool:
    """Whether the words behind a score ask for something."""
    # Loading the model takes a moment, and few messages are such words.
    from agents.understanding.triage import read_messages

    (reading,) = read_messages([("", comment)])
    return bool(reading.triggers) or (reading.noise is None and bool(reading.issues))


def _tickets(tx: Transaction, names: set[str]) -> dict[str, str]:
    """The ids of tickets by what answers call them; an id goes before a ref."""
    query = select(TICKET.c.id, TICKET.c.ref).where(
        or_(TICKET.c.ref.in_(names), TICKET.c.id.in_(names))
    )
    rows = tx.connection.execute(query).all()
    return {row.ref: row.id for row in rows} | {row.id: row.id for row in rows}
