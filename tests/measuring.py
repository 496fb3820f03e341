"""Tickets and their logs, written by hand for tests of the measures."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data.clock import CountingIds, VirtualClock
from data.store import NewEvent, Transaction
from data.tables import (
    Action,
    Issue,
    Message,
    QualityCheck,
    QualityReview,
    Run,
    Survey,
    Ticket,
)
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

    def checked(self, moment: datetime, verdict: str, **columns: Any) -> str:
        """The quality of an end at `moment` was checked; the check's id."""
        check_id = self.tx.ids("q")
        self.tx.insert(
            QualityCheck, id=check_id, ticket_id=self.ticket, position=1, version=1,
            ended_at=moment, verdict=verdict, checked_at=moment, **columns,
        )  # fmt: skip
        self.tell(moment, "system", "quality.checked", verdict=verdict)
        return check_id

    def reviewed(self, moment: datetime, check_id: str, name: str, *, agreed: bool) -> None:
        """A person says something of a score."""
        self.tx.insert(
            QualityReview, id=self.tx.ids("v"), check_id=check_id, ticket_id=self.ticket, name=name,
            score=0.5, agreed=agreed, operator="maya", at=moment,
        )  # fmt: skip
        self.tell(moment, "operator", "quality.reviewed", check=name)


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


def the_week(store: Workspace) -> None:
    """Seven tickets of a week; `test_measures` works out what they come to."""
    with opened(store, "1", at("09:00")) as t:
        t.began(at("09:01"), cost=300_000)
        t.tell(at("09:01:20"), "billing", "plan")
        t.asked(
            at("09:01:30"), "a1", state="verified", decided_by="maya", decided_at=at("09:11:30")
        )
        t.tell(at("09:01:30"), "resolution", "run.parked")
        t.tell(at("09:11:30"), "operator", "action.approved", action="a1", by="maya")
        t.tell(at("09:12:00"), "resolution", "action.executing", action="a1")
        t.verified(at("09:12:05"), "a1")
        t.answered(at("09:12:10"))
        t.ended(at("09:12:12"), "resolved")
    with opened(
        store, "2", at("10:00"), intent="technical", agent="technical", channel="chat"
    ) as t:
        t.began(at("10:00:05"), cost=100_000)
        t.verified(at("10:00:25"), "b1", "reset_service")
        t.answered(at("10:00:30"))
        t.ended(at("10:00:35"), "resolved")
    with opened(store, "3", at("11:00"), intent="product", agent="product") as t:
        t.began(at("11:02"))
        t.answered(at("11:02:20"))
        t.ended(at("11:02:30"), "resolved", "explained")
    with opened(store, "4", at("12:00")) as t:
        t.began(at("12:00"))
        t.asked(
            at("12:00:10"), "a4", state="rejected", decided_by="maya", decided_at=at("12:00:40")
        )
        t.tell(at("12:00:10"), "resolution", "run.parked")
        t.tell(at("12:00:40"), "operator", "action.rejected", action="a4", by="maya")
        t.answered(at("12:01"))
        t.tell(at("12:01"), "resolution", "handoff", skill="billing")
        t.ended(at("12:01"), "escalated", "rejected")
        t.tell(at("12:30"), "operator", "ticket.taken", to="maya", by="maya")
        t.answered(at("12:40"), "operator")
        t.tell(at("12:40"), "operator", "ticket.resolved", outcome="answered", by="maya")
        t.scored(at("18:00", 1), 2)
    with opened(
        store, "5", at("13:00"), intent="technical", agent="technical", channel="chat"
    ) as t:
        t.began(at("13:00:30"))
        t.answered(at("13:01"))
        t.ended(at("13:01"), "awaiting_customer", "evidence_missing")
        t.tell(at("14:00"), "system", "message.received")
        t.began(at("14:01"), 2)
        t.tell(at("14:01:05"), "triage", "triage", message=2, noise="thanks")
        t.ended(at("14:01:10"), "resolved", "noise")
        t.scored(at("09:00", 1), 4)
        t.scored(at("10:00", 1), 5)
    with opened(store, "6", at("15:00"), intent="escalate", agent=None) as t:
        t.began(at("15:00:01"))
        t.tell(at("15:00:02"), "triage", "triage", noise="spam")
        t.ended(at("15:00:03"), "closed", "noise")
    with opened(store, "7", at("16:00")) as t:
        t.began(at("16:00:10"))
        t.verified(at("16:00:20"), "g1")
        t.answered(at("16:00:30"))
        t.ended(at("16:00:40"), "resolved")
        t.tell(at("08:00", 1), "system", "message.received")
        t.began(at("08:01", 1), 2)
        t.tell(at("08:01:05", 1), "triage", "triage", message=2, noise=None)
        t.verified(at("08:01:10", 1), "g2")
        t.answered(at("08:01:20", 1))
        t.ended(at("08:01:30", 1), "resolved")
    for ref, verdict in (("1", "passed"), ("2", "passed"), ("3", "review"), ("6", "no_data")):
        with course(store, ref) as t:
            check = t.checked(at("16:00"), verdict)
    with course(store, "1") as t:
        t.reviewed(at("17:00"), check, "compliance", agreed=False)
        t.reviewed(at("17:05"), check, "compliance", agreed=True)
        t.reviewed(at("17:05"), check, "resolution", agreed=False)
    with course(store, "3") as t:
        t.tell(at("11:03", 7), "resolution", "ticket.closed", after_days=7)
