"""How the workspace does: counts, workers, money that waits."""

from datetime import timedelta

from sqlalchemy import func, select

from data.queries.rows import HaltRow, Health, WorkerRow
from data.queries.tickets import RUN
from data.store import ACTION, EVENT, TICKET, Store, table
from data.tables import Halt, Worker
from data.vocabulary import ENDED_TICKETS, ActionState, TicketStatus

ALIVE = timedelta(seconds=10)
"""A worker whose heartbeat is older is taken for dead."""


def workers(store: Store) -> list[WorkerRow]:
    """Worker processes that have not ended, newest first."""
    worker, now = table(Worker), store.clock.now()
    query = select(worker).where(worker.c.ended_at.is_(None)).order_by(worker.c.started_at.desc())
    with store.read() as connection:
        return [
            WorkerRow(
                w.id, w.pid, w.host, w.started_at, w.heartbeat_at, w.busy,
                now - w.heartbeat_at <= ALIVE, w.problem,
            )
            for w in connection.execute(query)
        ]  # fmt: skip


def halts_in_force(store: Store) -> list[HaltRow]:
    """What the stop button holds now, pressed first first."""
    halt = table(Halt)
    query = select(halt).where(halt.c.lifted_at.is_(None)).order_by(halt.c.at, halt.c.id)
    with store.read() as connection:
        return [HaltRow(h.id, h.action, h.intent, h.by, h.at) for h in connection.execute(query)]


def health(store: Store) -> Health:
    """The state of the whole workspace in a few counts."""
    halt, now = table(Halt), store.clock.now()
    proposed = ACTION.c.state == ActionState.PROPOSED.value
    with store.read() as connection:
        counted = connection.execute(
            select(TICKET.c.status, func.count()).group_by(TICKET.c.status)
        ).all()
        money = connection.execute(
            select(ACTION.c.currency, func.sum(ACTION.c.amount))
            .where(proposed, ACTION.c.amount.is_not(None))
            .group_by(ACTION.c.currency)
        ).all()
        approvals, oldest_approval = connection.execute(
            select(func.count(), func.min(ACTION.c.proposed_at)).where(proposed)
        ).one()
        unknown = connection.execute(
            select(func.count()).where(ACTION.c.state == ActionState.UNKNOWN.value)
        ).scalar_one()
        open_since = connection.execute(
            select(func.min(TICKET.c.opened_at)).where(
                TICKET.c.status.not_in([s.value for s in ENDED_TICKETS])
            )
        ).scalar()
        waiting = connection.execute(
            select(func.count()).select_from(TICKET).where(TICKET.c.pending.is_(True))
        ).scalar_one()
        halts = connection.execute(select(halt).where(halt.c.lifted_at.is_(None))).all()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        spend = connection.execute(
            select(func.sum(RUN.c.cost_micros)).where(RUN.c.started_at >= today)
        ).scalar()
        last = connection.execute(select(func.max(EVENT.c.id))).scalar()
    return Health(
        by_status={TicketStatus(status): int(n) for status, n in counted},
        approvals=int(approvals),
        money_at_risk={currency: int(total) for currency, total in money},
        oldest_approval_at=oldest_approval,
        oldest_open_at=open_since,
        waiting=int(waiting),
        workers=workers(store),
        halts=[
            f"{h.action or 'every action'}{f' of {h.intent}' if h.intent else ''}" for h in halts
        ],
        spend_today_micros=int(spend or 0),
        last_event=int(last or 0),
        unknown=int(unknown),
    )
