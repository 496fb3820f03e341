"""The stop button: halting what is carried out, for every worker, and letting it go on."""

from typing import Any

from sqlalchemy import or_, select, update

from agents.authority import check_may_act
from agents.errors import NotDecidable
from agents.service.acts import Acts
from data.store import ACTION, TICKET, NewEvent, table
from data.tables import Halt
from data.vocabulary import ActionName, ActionState, AgentName, Intent, Role, TicketStatus

HALT = table(Halt)


class Halting(Acts):
    """Pressing and lifting the stop button."""

    def stop(
        self, *, by: str, action: ActionName | None = None, intent: Intent | None = None
    ) -> str:
        """Halt all execution, or that of one action or intent, from now on; the halt's id.

        What has started goes on to its end. NotDecidable if the same is halted already.
        """
        with self.store.write() as tx:
            check_may_act(self._person(tx, by), Role.OPERATOR, "stop the agents")
            same = select(HALT.c.by).where(
                HALT.c.lifted_at.is_(None), _equals(HALT.c.action, action),
                _equals(HALT.c.intent, intent),
            )  # fmt: skip
            pressed = tx.connection.execute(same).scalar()
            if pressed is not None:
                raise NotDecidable(
                    f"{what_is_held(action, intent)} is stopped already, by {pressed}"
                )
            halt_id = tx.ids("h")
            tx.insert(Halt, id=halt_id, action=action, intent=intent, by=by, at=tx.now)
            data = {"halt": halt_id, "action": action, "intent": intent, "by": by}
            tx.append(NewEvent("halt.pressed", AgentName.OPERATOR.value, data))
            return halt_id

    def go(
        self,
        *,
        by: str,
        action: ActionName | None = None,
        intent: Intent | None = None,
        halt: str | None = None,
    ) -> int:
        """Lift every halt, those of one action or intent, or the one with the id `halt`; how many.
        What was held is looked at again.

        NotDecidable if none is in force; NotAllowed below a supervisor.
        """
        with self.store.write() as tx:
            check_may_act(self._person(tx, by), Role.SUPERVISOR, "let the agents go on")
            query = select(HALT.c.id).where(HALT.c.lifted_at.is_(None))
            if action is not None:
                query = query.where(HALT.c.action == action)
            if intent is not None:
                query = query.where(HALT.c.intent == intent)
            if halt is not None:
                query = query.where(HALT.c.id == halt)
            lifted = list(tx.connection.execute(query).scalars())
            if not lifted:
                what = "that" if halt else what_is_held(action, intent)
                named = action or intent or halt
                raise NotDecidable(f"{what} is not stopped" if named else "nothing is stopped")
            tx.connection.execute(
                update(HALT).where(HALT.c.id.in_(lifted)).values(lifted_by=by, lifted_at=tx.now)
            )
            tx.append(
                NewEvent("halt.lifted", AgentName.OPERATOR.value, {"halts": lifted, "by": by})
            )
            held = select(ACTION.c.ticket_id).where(ACTION.c.state == ActionState.APPROVED.value)
            waiting = or_(
                TICKET.c.id.in_(held), TICKET.c.status == TicketStatus.AWAITING_APPROVAL.value
            )
            tx.connection.execute(
                update(TICKET)
                .where(waiting, TICKET.c.pending.is_(False))
                .values(wake_seq=TICKET.c.wake_seq + 1, pending=True)
            )
            return len(lifted)


def _equals(column: Any, value: str | None) -> Any:
    return column.is_(None) if value is None else column == value


def what_is_held(action: str | None, intent: str | None) -> str:
    """What a halt holds, in words."""
    if action and intent:
        return f"{action} in {intent}"
    return action or (f"everything in {intent}" if intent else "everything")
