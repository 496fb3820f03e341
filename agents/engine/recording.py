"""Storing what the agents understood: the ticket's own columns, and its issues."""

from typing import Any

from sqlalchemy import select, update

from agents.engine.ends import Why
from agents.engine.snapshot import Row, Snapshot
from agents.engine.thought import Matter, Thought, intents_of
from agents.policy.model import Policy
from agents.understanding.kinds import intent_of
from agents.understanding.triage import priority_of
from agents.understanding.visible import visible
from data.corrections import corrected
from data.queries.tickets import ISSUE
from data.store import EVENT, Transaction
from data.tables import Issue
from data.vocabulary import ActionName, IssueState, Priority, TicketStatus, TrialMode


def store_understanding(tx: Transaction, snapshot: Snapshot, thought: Thought) -> None:
    """Store what triage and identity found in the ticket's own columns."""
    ticket, customer = snapshot.ticket, thought.identified.customer
    reading = thought.readings[0]
    last = thought.readings[-1]
    intents = intents_of(thought.matters)
    flags = thought.flags
    tier = customer["tier"] if customer else None
    priority = min(
        (priority_of(r, tier) for r in thought.readings[ticket["read_count"] :] or [last]),
        key=lambda p: p.rank,
        default=Priority.NORMAL,
    )
    if _set_by_a_person(tx, ticket["id"]):
        priority = Priority(ticket["priority"])
    kept = corrected(tx.connection, ticket["id"])
    first = kept.get("intent", intents[0].value)
    tx.set_ticket(
        ticket["id"],
        customer_id=customer["id"] if customer else None,
        customer_name=visible(customer["name"]) if customer else None,
        tier=tier,
        identity=thought.identified.identity.value,
        failed_tries=thought.identified.tries,
        intent=first,
        intents=list(dict.fromkeys([first, *(i.value for i in intents)])),
        sentiment=kept.get("sentiment", last.sentiment.value),
        sentiment_score=last.sentiment_score,
        anger=last.anger,
        urgency=kept.get("urgency", max(r.urgency for r in thought.readings)),
        confidence=max((m.confidence for m in thought.matters), default=reading.confidence),
        language=thought.language,
        flags=flags,
        priority=priority.value,
        read_count=len(snapshot.messages),
        **(
            {"status": TicketStatus.WORKING.value}
            if ticket["status"] != TicketStatus.WORKING
            else {}
        ),
    )


def _set_by_a_person(tx: Transaction, ticket_id: str) -> bool:
    """Whether a person has said how urgent the ticket is; then the agents leave it so."""
    told = (EVENT.c.chain == ticket_id) & (EVENT.c.kind == "ticket.priority_set")
    return tx.connection.execute(select(EVENT.c.id).where(told).limit(1)).first() is not None


def store_issue(
    tx: Transaction,
    snapshot: Snapshot,
    thought: Thought,
    matter: Matter,
    position: int,
    withheld: set[str],
    policy: Policy,
) -> str:
    """Store what was found about one thing asked for; its id.

    `withheld` names currencies in which its refunds are not asked for (B7). What the policy has in
    shadow ends with a person, and the answer says nothing of it.
    """
    finding = matter.finding
    if matter.stored is not None and matter.settled:
        return str(matter.stored["id"])
    slots: dict[str, Any] = {"clause": matter.clause}
    if matter.first_read_as:
        slots["first_read_as"] = matter.first_read_as
    values: dict[str, Any] = {
        "kind": matter.kind,
        "confidence": matter.confidence,
        "agent": matter.agent,
    }
    if matter.waits_for_identity:
        again = thought.identified.tries > 0
        slots["reply"] = {"name": "verify_again" if again else "verify", "values": {}}
        slots["end"] = IssueState.AWAITING_CUSTOMER.value
        values |= {
            "intent": intent_of(matter.kind).value,
            "rule": "I3",
            "cause": "The writer is not known.",
        }
    elif matter.failed:
        slots["reply"] = {"name": "held_back", "values": {}}
        slots["end"] = IssueState.ESCALATED.value
        slots["why"] = {
            "code": "tool_failed",
            "rule": None,
            "text": f"A tool failed: {matter.failed}",
        }
        values |= {
            "intent": intent_of(matter.kind).value,
            "cause": f"A tool failed: {matter.failed}",
        }
    elif finding is not None:
        slots["reply"] = {"name": finding.reply, "values": finding.values}
        slots["end"] = finding.end.value
        over = [p for p in finding.plan if p.arguments.get("currency") in withheld]
        over = [p for p in over if p.action is ActionName.PROCESS_REFUND]
        skill = finding.skill
        if over:
            slots["end"], skill = IssueState.ESCALATED.value, "billing"
            slots["reply"] = {"name": "passed_on_billing", "values": {}}
            slots["withheld"] = [f"{p.action} {p.arguments}" for p in over]
            slots["why"] = {
                "code": "policy_refused",
                "rule": "B7",
                "text": "The refunds together are over the policy's limit.",
            }
        if matter.follows:
            slots["follows"] = matter.follows.kind
            slots["end"] = IssueState.RESOLVED.value
        values |= {
            "intent": finding.intent.value,
            "rule": finding.rule,
            "cause": finding.cause,
            "skill": skill,
            "evidence": finding.evidence,
        }
    mode = policy.mode_of(values["intent"])
    values["trial"] = None if mode is TrialMode.AUTO else mode.value
    if mode is TrialMode.SHADOW and not matter.follows:
        slots["planned"] = {"end": slots["end"]}
        slots["reply"], slots["end"] = {}, IssueState.ESCALATED.value
    values |= {"slots": slots, "state": IssueState.OPEN.value}
    if matter.stored is not None:
        tx.connection.execute(
            update(ISSUE).where(ISSUE.c.id == matter.stored["id"]).values(**values)
        )
        return str(matter.stored["id"])
    issue_id = tx.ids("i")
    place = position + sum(1 for i in snapshot.issues if i["slots"].get("follows"))
    taken = {i["position"] for i in snapshot.issues}
    while place in taken:
        place += 1
    tx.insert(Issue, id=issue_id, ticket_id=snapshot.ticket["id"], position=place, **values)
    return issue_id


def hand_on(tx: Transaction, issue: Row) -> None:
    """An issue that was partly done, and whose rest the records no longer bear out: to a person."""
    text = "The records changed after a part was done; the rest is no longer founded."
    slots = dict(issue["slots"] or {})
    slots["end"] = IssueState.ESCALATED.value
    slots["why"] = Why("stale", issue["rule"], text).as_json()
    tx.connection.execute(update(ISSUE).where(ISSUE.c.id == issue["id"]).values(slots=slots))
