"""Handing a ticket to a person: to whom, how soon, and with which summary."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from agents.authority import OPERATOR, has_role
from agents.connectors.protocols import Row
from agents.engine.parts import Parts
from agents.engine.snapshot import Snapshot
from agents.errors import Retryable
from agents.facts.money import money
from data.queries.tickets import HANDOFF
from data.store import TICKET, Transaction
from data.tables import Handoff
from data.vocabulary import (
    DONE_ACTIONS,
    ENDED_TICKETS,
    ActionState,
    HandoffKind,
    Role,
    TrialMode,
)

MINUTES_PER_CASE = 15
"""What a person takes for a handed-over ticket, for the estimated wait."""

ANY = "any"
"""The skill where no issue was recognised: anyone available."""


def hand_over(
    parts: Parts,
    tx: Transaction,
    snapshot: Snapshot,
    skill: str,
    reason: str,
    summary: dict[str, Any],
) -> dict[str, Any]:
    """Store the hand-over; what the ticket shows of it: {skill, to, kind, reason, wait_minutes}.

    A warm transfer to the person with the skill who is free and has the fewest open cases; else a
    callback in that skill's queue, with an estimated wait; with nobody for it at all, the queue.
    """
    try:
        staff = parts.reader.staff()
    except Retryable:
        staff = []
    staff = staff_with(staff, skilled_operators(tx))
    able = [s for s in staff if skill == ANY or skill in (s["skills"] or [])]
    free = [s for s in able if s["available"]]
    busy = {name: _open_cases(tx, name) for name in (s["name"] for s in free)}
    to = min(busy, key=lambda name: busy[name]) if busy else None
    kind, wait = HandoffKind.WARM_TRANSFER, None
    if to is None:
        kind = HandoffKind.CALLBACK if able else HandoffKind.QUEUE
        queued = tx.connection.execute(
            select(func.count())
            .select_from(HANDOFF)
            .where(HANDOFF.c.skill == skill, HANDOFF.c.accepted_at.is_(None))
        ).scalar_one()
        wait = MINUTES_PER_CASE * (int(queued) + 1) // max(len(able), 1)
    tx.insert(
        Handoff,
        id=tx.ids("h"),
        ticket_id=snapshot.ticket["id"],
        skill=skill,
        kind=kind.value,
        assigned_to=to,
        reason=reason,
        summary=summary,
        wait_minutes=wait,
        queued_at=tx.now,
    )
    return {"skill": skill, "to": to, "kind": kind.value, "reason": reason, "wait_minutes": wait}


def staff_with(staff: list[Row], operators: list[Row]) -> list[Row]:
    """The desk system's people and this workspace's operators, each {name, skills, available}.

    Who is both has the skills of both, and is there if they say so here.
    """
    people = {person["name"]: person for person in staff}
    for operator in operators:
        known = people.get(operator["name"], {})
        skills = dict.fromkeys([*(known.get("skills") or []), *operator["skills"]])
        people[operator["name"]] = {**operator, "skills": list(skills)}
    return list(people.values())


def skilled_operators(tx: Transaction) -> list[Row]:
    """The operators who may act and have said what they take on."""
    query = select(OPERATOR).where(OPERATOR.c.removed_at.is_(None)).order_by(OPERATOR.c.name)
    return [
        {"name": row.name, "skills": list(row.skills), "available": row.available}
        for row in tx.connection.execute(query)
        if row.skills and has_role(row.role, Role.OPERATOR)
    ]


def pass_on(parts: Parts, tx: Transaction, snapshot: Snapshot) -> dict[str, Any] | None:
    """After the policy's hours in a skill's queue: to anyone available; None if nobody is."""
    escalation = snapshot.ticket["escalation"] or {}
    if escalation.get("to"):
        return None
    staff = staff_with(parts.reader.staff(), skilled_operators(tx))
    free = [s["name"] for s in staff if s["available"]]
    if not free:
        return None
    to = min(free, key=lambda name: _open_cases(tx, name))
    newest = tx.connection.execute(
        select(HANDOFF.c.id)
        .where(HANDOFF.c.ticket_id == snapshot.ticket["id"], HANDOFF.c.accepted_at.is_(None))
        .order_by(HANDOFF.c.queued_at.desc())
    ).scalar()
    if newest:
        tx.connection.execute(
            HANDOFF.update()
            .where(HANDOFF.c.id == newest)
            .values(assigned_to=to, kind=HandoffKind.WARM_TRANSFER.value)
        )
    return {**escalation, "to": to, "kind": HandoffKind.WARM_TRANSFER.value}


def waits_until(parts: Parts, tx: Transaction, escalation: dict[str, Any]) -> Any:
    """When a hand-over that found nobody free goes to anyone; None if somebody has it."""
    if escalation["to"] is not None:
        return None
    return tx.now + timedelta(hours=parts.policy.escalate.skill_wait_hours)


def looks_again(tx: Transaction, escalation: dict[str, Any]) -> Any:
    """When to look again for somebody free, after nobody was; None if somebody has it."""
    if escalation.get("to"):
        return None
    return tx.now + timedelta(minutes=MINUTES_PER_CASE)


def _open_cases(tx: Transaction, name: str) -> int:
    """How many tickets a person has, or is to have."""
    asked = select(func.count()).select_from(HANDOFF)
    asked = asked.where(HANDOFF.c.assigned_to == name, HANDOFF.c.accepted_at.is_(None))
    ended = [status.value for status in ENDED_TICKETS]
    has = select(func.count()).select_from(TICKET)
    has = has.where(TICKET.c.owner == name, TICKET.c.status.not_in(ended))
    return sum(int(tx.connection.execute(query).scalar_one()) for query in (asked, has))


def summarise(
    snapshot: Snapshot, issues: list[Row], actions: list[Row], reason: str
) -> dict[str, Any]:
    """What the person must know: what the customer needs, what was tried, what is missing, what
    next."""
    needs = [
        f"{i['kind'].replace('_', ' ')}: {(i['slots'] or {}).get('clause', '')[:200]}"
        for i in issues
    ]
    tried = [i["cause"] for i in issues if i["cause"]]
    tried += [f"{_describe(a)}: {a['state']}" for a in actions if a["state"] in DONE_ACTIONS]
    shadowed = {i["id"] for i in issues if i["trial"] == TrialMode.SHADOW}
    planned = {
        a["id"]: _describe(a)
        for a in actions
        if a["issue_id"] in shadowed and a["state"] == ActionState.REFUSED
    }
    missing = [
        f"{_describe(a)}: {a['state']}{_why(a)}"
        for a in actions
        if not a["superseded_by"]
        and a["id"] not in planned
        and a["state"]
        in (
            ActionState.REJECTED,
            ActionState.EXPIRED,
            ActionState.FAILED,
            ActionState.UNKNOWN,
            ActionState.REFUSED,
            ActionState.WITHDRAWN,
        )
    ]
    withheld = [w for i in issues for w in (i["slots"] or {}).get("withheld", [])]
    missing += [f"planned, not asked for: {w}" for w in withheld]
    if snapshot.ticket["identity"] == "unknown":
        missing.append("who writes is not known")
    return {
        "needs": needs or ["no request was recognised; read the message"],
        "tried": tried,
        "missing": missing,
        "next": [
            *(f"Planned in shadow, not done: {words}" for words in planned.values()),
            f"{_sentence(reason)} Decide what to do and answer the customer.",
        ],
    }


def _sentence(text: str) -> str:
    end = "" if text.endswith((".", "!", "?")) else "."
    return f"{text[:1].upper()}{text[1:]}{end}"


def _why(action: Row) -> str:
    reason = action["decision_reason"] or action["problem"]
    return f" ({reason})" if reason else ""


def _describe(action: Row) -> str:
    amount = money(action["amount"], action["currency"]) if action["amount"] is not None else ""
    return f"{action['name']} {action['target'].partition(':')[2]} {amount}".strip()
