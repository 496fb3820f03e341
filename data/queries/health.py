"""How the workspace does: counts, workers, money that waits."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from data.plain import from_micros, to_micros
from data.queries.held import Run
from data.queries.queue import runner
from data.queries.rows import HaltRow, Health, WorkerRow
from data.queries.views import OPEN
from data.vocabulary import ActionState, TicketStatus

if TYPE_CHECKING:
    from data.store import Store

ALIVE = timedelta(seconds=10)
"""A worker whose heartbeat is older is taken for dead."""

_PROPOSED = f"state = '{ActionState.PROPOSED.value}'"
_WORKERS = (
    "SELECT id, pid, host, started_at, heartbeat_at, busy, problem, brain FROM worker "
    "WHERE ended_at IS NULL ORDER BY started_at DESC"
)
_HALTS = 'SELECT id, action, intent, "by", at FROM halt WHERE lifted_at IS NULL ORDER BY at, id'


def workers(store: "Store") -> list[WorkerRow]:
    """Worker processes that have not ended, newest first."""
    with store.read() as connection:
        return _workers(runner(connection), store.clock.now())


def _workers(run: Run, now: datetime) -> list[WorkerRow]:
    return [
        WorkerRow(
            name, pid, host, from_micros(started), from_micros(beat), busy,
            now - from_micros(beat) <= ALIVE, problem, brain,
        )
        for name, pid, host, started, beat, busy, problem, brain in run(_WORKERS, {})
    ]  # fmt: skip


def halts_in_force(store: "Store") -> list[HaltRow]:
    """What the stop button holds now, pressed first first."""
    with store.read() as connection:
        return _halts(runner(connection))


def _halts(run: Run) -> list[HaltRow]:
    return [
        HaltRow(name, action, intent, by, from_micros(at))
        for name, action, intent, by, at in run(_HALTS, {})
    ]


def health(store: "Store", *, most_waiting: int | None = None) -> Health:
    """The state of the whole workspace in a few counts that cost the same at any size.

    `waiting` is counted up to `most_waiting`, if that is given.
    """
    now = store.clock.now()
    with store.read() as connection:
        run, indexed = runner(connection), connection.dialect.name == "sqlite"
        found = run(f"SELECT count(*), min(proposed_at) FROM action WHERE {_PROPOSED}", {})[0]
        today = to_micros(now.replace(hour=0, minute=0, second=0, microsecond=0))
        limit = "" if most_waiting is None else f" LIMIT {most_waiting}"
        return Health(
            by_status=_by_status(run, indexed=indexed),
            approvals=int(found[0]),
            money_at_risk=_money(run),
            oldest_approval_at=_moment(found[1]),
            oldest_open_at=_oldest_open(run),
            waiting=_number(
                run, f"SELECT count(*) FROM (SELECT 1 FROM ticket WHERE pending = true{limit}) w"
            ),
            workers=_workers(run, now),
            halts=[_held(halt) for halt in _halts(run)],
            spend_today_micros=_number(
                run, "SELECT sum(cost_micros) FROM run WHERE started_at >= :today", today=today
            ),
            last_event=_number(run, "SELECT max(id) FROM event"),
            unknown=_number(
                run,
                f"SELECT count(*) FROM action WHERE state = '{ActionState.UNKNOWN.value}'",
            ),
        )


def _number(run: Run, query: str, **params: Any) -> int:
    return int(run(query, params)[0][0] or 0)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _by_status(run: Run, *, indexed: bool) -> dict[TicketStatus, int]:
    """Tickets in each state: from the counts that are kept, where they are."""
    query = "SELECT status, count(*) FROM ticket GROUP BY status"
    if indexed:
        query = "SELECT status, tickets FROM ticket_tally WHERE tickets > 0"
    return {TicketStatus(status): int(count) for status, count in run(query, {})}


def _money(run: Run) -> dict[str, int]:
    query = (
        f"SELECT currency, sum(amount) FROM action WHERE {_PROPOSED} AND amount IS NOT NULL "
        "GROUP BY currency"
    )
    return {currency: int(total) for currency, total in run(query, {})}


def _oldest_open(run: Run) -> datetime | None:
    """When the oldest ticket was opened that has not ended: the first of each state's index."""
    firsts = " UNION ALL ".join(
        f"SELECT min(opened_at) AS at FROM ticket WHERE status = '{status}'" for status in OPEN
    )
    return _moment(run(f"SELECT min(at) FROM ({firsts}) f", {})[0][0])


def _held(halt: HaltRow) -> str:
    return f"{halt.action or 'every action'}{f' of {halt.intent}' if halt.intent else ''}"
