"""Tickets and their logs, written by hand for tests of the measures."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data.clock import CountingIds, VirtualClock
from data.store import NewEvent, Transaction
from data.tables import Action, Issue, Message, Run, Survey, Ticket
from data.workspace import Workspace, open_workspace

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def at(clock: str, day: int = 0) -> datetime:
    """A time of day, such as 09:01:30, so many days after Monday, 2 March 2026."""
    hours, minutes, seconds = (*clock.split(":"), "0")[:3]
    return MONDAY + timedelta(
        days=day, hours=int(hours), minutes=int(minutes), seconds=int(seconds)
    )


def workspace(folder: Path) -> Workspace:
    """An empty workspace whose clock stands at Monday evening of the week after."""
    return open_workspace(
        str(folder / "measures.db"),
        clock=VirtualClock(MONDAY + timedelta(days=7, hours=20)),
        ids=CountingIds(),
        synchronous="OFF",
    )


class Pen:
    """Writes the course of one ticket."""

    def __init__(self, tx: Transaction, ref: str, run: str | None = None) -> None:
        """Go on with ticket `ref`, in this run of the agents."""
        self.tx, self.ticket, self.run = tx, f"t_{ref}", run

    def tell(self, moment: datetime, agent: str, kind: str, **data: Any) -> None:
        """An event; those of agents belong to the run."""
        run = None if agent in ("operator", "system") else self.run
        self.tx.append(NewEvent(kind, agent, data, self.ticket, run, at=moment))

    def began(self, moment: datetime, number: int = 1, *, cost: int = 0, brain: str = "embedded"):
        """A run of the agents begins."""
        self.run = f"r_{self.ticket}_{number}"
        self.tx.insert(
            Run, id=self.run, ticket_id=self.ticket, number=number, started_at=moment,
            cost_micros=cost, brain=brain,
        )  # fmt: skip
        self.tell(moment, "resolution", "run.started", brain=brain)

    def ended(self, moment: datetime, status: str, code: str = "done") -> None:
        """The run ends."""
        self.tell(moment, "resolution", "run.ended", status=status, outcome={"code": code})

    def verified(self, moment: datetime, action: str, name: str = "process_refund") -> None:
        """An action was carried out and read back."""
        self.tell(moment, "resolution", "action.verified", action=action, name=name)

    def answered(self, moment: datetime, by: str = "coordinator") -> None:
        """An answer went out."""
        self.tell(moment, by, "reply", characters=120)

    def asked(self, moment: datetime, action: str, **columns: Any) -> None:
        """The agents ask people for an action; `columns` say what became of it."""
        values: dict[str, Any] = {
            "id": action, "ticket_id": self.ticket, "run_id": self.run or f"r_{self.ticket}_1",
            "position": 1, "name": "process_refund", "arguments": {}, "digest": "d",
            "target": f"charges:{action}", "agent": "billing", "gate": "ask", "reason": "Twice.",
            "people_needed": 1, "proposed_at": moment, "idempotency_key": action,
        }  # fmt: skip
        self.tx.insert(Action, **values | columns)
        self.tell(moment, "billing", "action.proposed", action=action)

    def scored(self, moment: datetime, score: int) -> None:
        """The customer answers a survey."""
        self.tx.insert(
            Survey, id=self.tx.ids("s"), ticket_id=self.ticket, score=score, at=moment,
            imported_at=moment, imported_by="maya", comment="so it is",
        )  # fmt: skip
        self.tell(moment, "system", "survey.answered", score=score)


@contextmanager
def course(store: Workspace, ref: str) -> Iterator[Pen]:
    """Go on with a ticket that is there."""
    with store.write() as tx:
        yield Pen(tx, ref)


@contextmanager
def opened(
    store: Workspace, ref: str, moment: datetime, *, intent: str | None = "billing",
    agent: str | None = "billing", channel: str = "email", **columns: Any,
) -> Iterator[Pen]:  # fmt: skip
    """A new ticket with one issue."""
    with store.write() as tx:
        pen = Pen(tx, ref)
        tx.insert(
            Ticket, id=pen.ticket, ref=ref, channel=channel, intent=intent, opened_at=moment,
            updated_at=moment, requester="ada@example.com", customer_name="Ada Okafor",
            message_count=1, subject="Charged twice", **columns,
        )  # fmt: skip
        tx.insert(
            Message, id=f"m_{ref}", ticket_id=pen.ticket, position=1, author="customer",
            at=moment, body="I was charged twice.",
        )  # fmt: skip
        if intent is not None:
            tx.insert(
                Issue, id=f"i_{ref}", ticket_id=pen.ticket, position=0, kind="duplicate_charge",
                intent=intent, agent=agent,
            )  # fmt: skip
        pen.tell(moment, "system", "ticket.opened", ref=ref)
        yield pen
