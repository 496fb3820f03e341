"""Going through the whole log once: every link, every head, every text that is still there."""

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, select

from data.audit.anchor import Anchor
from data.audit.findings import Break, Findings
from data.audit.guards import missing_guards
from data.audit.links import CHANGED, Heads, link_hash, misplaced
from data.audit.rows import Row, snapshot, stored_events
from data.audit.texts import check_messages, digest_of, text_problem
from data.store import CHAIN, GENESIS, TICKET, Store

PROGRESS_EVERY = 16_384
"""Events between two calls of `progress`."""


def verify(
    store: Store,
    anchor: Anchor | None = None,
    progress: Callable[[int], None] = lambda done: None,
    *,
    bare: bool | None = None,
) -> Findings:
    """Check the whole record, against `anchor` too if one is given; tells `progress` how far it is.

    Holds the head of each chain in memory, however many events there are. The view is consistent:
    what is appended meanwhile is not looked at. `bare` is for `stored_events`.
    """
    found = Findings()
    with snapshot(store.engine) as connection:
        scan = _Scan(found, anchor, progress)
        scan.run(stored_events(connection, bare=bare))
        found.chains = len(scan.heads)
        _check_heads(connection, found, scan.heads)
        _check_tickets(connection, found)
        check_messages(connection, found)
        for problem in missing_guards(connection):
            found.add(Break(problem))
        # SQLite gives each event the next id; a server's sequence skips what was rolled back.
        if scan.gap and not found.breaks and connection.dialect.name == "sqlite":
            found.add(Break(scan.gap))
        found.name_tickets(_refs(connection, [b.chain for b in found.breaks if b.chain]))
    return found


class _Scan:
    """One pass over the events in the order of ids."""

    def __init__(
        self, found: Findings, anchor: Anchor | None, progress: Callable[[int], None]
    ) -> None:
        self.found, self.anchor, self.progress = found, anchor, progress
        self.heads: Heads = {}
        self.gap: str | None = None
        """The first gap between ids, in words."""

    def run(self, chunks: Iterable[list[Row]]) -> None:
        """Check each link and text; behind the anchor's last event, the heads as they are then."""
        found, heads, head_of = self.found, self.heads, self.heads.get
        begin, after, told = (0, GENESIS), 1, 0
        stop = self.anchor.last_event if self.anchor else None
        for rows in chunks:
            for (
                event, chain, position, run_id, step, at, agent, kind, data,
                payload_id, digest, stored, salt, body,
            ) in rows:  # fmt: skip
                if event != after and self.gap is None:
                    self.gap = _gap(after, event)
                after = event + 1
                if stop is not None and event > stop:
                    self._compare()
                    stop = None
                last, before = head_of(chain, begin)
                if position == last + 1:
                    try:
                        fits = stored == link_hash(
                            before, chain, position, run_id, step, at, agent, kind, data, digest
                        )
                    except (TypeError, UnicodeError):
                        fits = False
                    if not fits:
                        found.add(Break(CHANGED, chain, position, event))
                else:
                    found.add(Break(misplaced(position, last), chain, None, event))
                # What follows is compared with what stands here: one break is told once.
                heads[chain] = (position if type(position) is int else last + 1, stored)
                if payload_id is not None or digest is not None:
                    found.texts += 1
                    if digest is None or digest != digest_of(salt, body):
                        problem = text_problem(payload_id, digest, salt, body)
                        if problem is None:
                            found.erased += 1
                        else:
                            found.add(Break(problem, chain, position, event))
            found.events += len(rows)
            if found.events - told >= PROGRESS_EVERY:
                told = found.events
                self.progress(told)
        if stop is not None:
            self._compare()

    def _compare(self) -> None:
        assert self.anchor is not None
        for found in self.anchor.differences(self.heads):
            self.found.add(found)


def _gap(after: int, event: int) -> str:
    if event < after:
        return f"event {event} has an id that the log does not give: it was put in or moved"
    ids = f"event {after} is" if event == after + 1 else f"events {after} to {event - 1} are"
    return f"{ids} missing: the end of a chain, or a whole one, was removed"


def _check_heads(connection: Connection, found: Findings, heads: Heads) -> None:
    """Each stored head must be the last event of its chain; empties `heads`."""
    for chain, position, stored in connection.execute(
        select(CHAIN.c.id, CHAIN.c.position, CHAIN.c.hash)
    ):
        if chain not in heads:
            found.add(Break("has a head but no events: they were removed", chain))
            continue
        last, computed = heads.pop(chain)
        if position > last:
            what = f"its head stands at {position}, its last event at {last}: the end was removed"
            found.add(Break(what, chain))
        elif position < last:
            what = f"goes on after its head at position {position}: events were put in"
            found.add(Break(what, chain, position + 1))
        elif stored != computed:
            found.add(Break("its head does not fit its last event: one was changed", chain, last))
    for chain, (position, _) in heads.items():
        found.add(
            Break("has events but no head: it was put in, or its head removed", chain, position)
        )


def _check_tickets(connection: Connection, found: Findings) -> None:
    """Each ticket has a log."""
    without = select(TICKET.c.id).outerjoin(CHAIN, CHAIN.c.id == TICKET.c.id)
    for (chain,) in connection.execute(without.where(CHAIN.c.id.is_(None)).order_by(TICKET.c.id)):
        found.add(Break("has no log: it was removed", chain))


def _refs(connection: Connection, chains: list[str]) -> dict[str, str]:
    query = select(TICKET.c.id, TICKET.c.ref).where(TICKET.c.id.in_(chains))
    return {row.id: row.ref for row in connection.execute(query)}
