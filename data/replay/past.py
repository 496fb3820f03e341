"""One ticket's past, read page by page: its steps, its state after any of them, what changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from data.errors import NotFound
from data.queries.rows import ActionRow, EventRow
from data.queries.tickets import DECISION, actions_where, events_where
from data.replay.fold import Fold
from data.replay.record import State, changes
from data.store import ACTION, CHAIN, EVENT, PAYLOAD, Store

BETWEEN = 250
"""Steps between two states that are kept; at most so many are folded anew to go back."""

PAGE = 200
"""Steps that are read at once for a list."""


@dataclass(frozen=True)
class Decided:
    """What a person had before them when they decided, as it was stored."""

    action: ActionRow
    kind: str
    by: str
    reason: str | None
    digest: str
    """Of the arguments that were decided; of what was proposed, unless they changed."""
    arguments: dict[str, Any]
    role: str | None
    signed_in_by: str | None


@dataclass(frozen=True)
class Moment:
    """A ticket as it was after one step."""

    event: EventRow
    state: State
    changed: State
    """What this step changed, as `data.replay.record.changes` tells it."""
    decided: Decided | None
    """If the step is a person's decision."""
    words: str | None = None
    """What a tool gave back, or what was written to the customer; None once it is erased."""


class Past:
    """A ticket's log and the states along it; for one thread at a time."""

    def __init__(self, store: Store, ticket_id: str) -> None:
        """Read nothing yet."""
        self._store, self.ticket_id = store, ticket_id
        self._kept: dict[int, Fold] = {0: Fold()}

    def length(self) -> int:
        """How many steps the log has now; 0 if there is none."""
        with self._store.read() as connection:
            query = select(CHAIN.c.position).where(CHAIN.c.id == self.ticket_id)
            return int(connection.execute(query).scalar() or 0)

    def page(self, first: int, count: int = PAGE) -> list[EventRow]:
        """Up to `count` steps from the position `first` on."""
        with self._store.read() as connection:
            upto = EVENT.c.position < first + count
            mine = EVENT.c.chain == self.ticket_id
            return list(events_where(connection, mine, EVENT.c.position >= first, upto))

    def at(self, position: int) -> Moment:
        """The ticket after the step at `position`; NotFound where the log has none there."""
        before = self._fold_to(position - 1)
        fold = before.copy()
        found = self.page(position, 1)
        if not found:
            raise NotFound(f"ticket {self.ticket_id} has no step {position}")
        fold.hear(found[0])
        if position % BETWEEN == 0:
            self._kept[position] = fold
        changed = changes(before.state, fold.state)
        return Moment(
            found[0], fold.copy().state, changed, self._decided(found[0]), self._words(found[0])
        )

    def _fold_to(self, position: int) -> Fold:
        """The fold after the step at `position`."""
        nearest = max(kept for kept in self._kept if kept <= position)
        fold = self._kept[nearest]
        if nearest == position:
            return fold
        fold = fold.copy()
        mine = EVENT.c.chain == self.ticket_id
        between = (EVENT.c.position > nearest) & (EVENT.c.position <= position)
        with self._store.read() as connection:
            for event in events_where(connection, mine, between):
                fold.hear(event)
                if event.position % BETWEEN == 0:
                    self._kept[event.position] = fold.copy()
        return fold

    def _decided(self, event: EventRow) -> Decided | None:
        kind = _DECIDED.get(event.kind)
        action_id, by = event.data.get("action"), event.data.get("by")
        if kind is None or not isinstance(action_id, str):
            return None
        with self._store.read() as connection:
            found = actions_where(connection, ACTION.c.id == action_id, [ACTION.c.id])
            query = select(DECISION).where(
                DECISION.c.action_id == action_id,
                DECISION.c.operator == by,
                DECISION.c.kind == kind,
            )
            said = connection.execute(query).first()
        if not found or said is None:
            return None
        arguments = said.arguments if said.arguments is not None else found[0].arguments
        return Decided(
            found[0], kind, said.operator, said.reason, said.digest, arguments, said.role,
            said.signed_in_by,
        )  # fmt: skip

    def _words(self, event: EventRow) -> str | None:
        if event.kind not in ("tool.called", "reply"):
            return None
        query = select(PAYLOAD.c.body).join(EVENT, EVENT.c.payload_id == PAYLOAD.c.id)
        with self._store.read() as connection:
            found = connection.execute(query.where(EVENT.c.id == event.id)).scalar()
        return None if found is None else str(found)

    def landmarks(self, kinds: Iterable[str]) -> list[tuple[int, str]]:
        """Position and kind of the steps that are of one of `kinds`."""
        query = select(EVENT.c.position, EVENT.c.kind).order_by(EVENT.c.position)
        query = query.where(EVENT.c.chain == self.ticket_id, EVENT.c.kind.in_(list(kinds)))
        with self._store.read() as connection:
            return [(row.position, row.kind) for row in connection.execute(query)]


_DECIDED = {"action.approved": "approve", "action.rejected": "reject", "action.edited": "edit"}
