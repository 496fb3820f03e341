"""From decided actions to an end: carry out what may run, wait for the rest, answer, hand over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, update

from agents.actions.catalogue import digest_of, target_of
from agents.engine import executor
from agents.engine.executor import Halted
from agents.engine.handoff import ANY, hand_over, summarise, waits_until
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.propose import journal_event, preview_of
from agents.engine.snapshot import Row, Snapshot, first_expiry, take_snapshot
from agents.facts.money import money
from agents.replies import compose
from data.queries.tickets import ISSUE, RUN
from data.store import MESSAGE, TICKET, NewEvent, Transaction
from data.tables import Action, Decision, Message
from data.vocabulary import (
    DONE_ACTIONS,
    ActionName,
    ActionState,
    AgentName,
    Author,
    DecisionKind,
    Gate,
    Intent,
    IssueState,
    RunState,
    Sentiment,
    TicketStatus,
)

_STOPS = (
    ActionState.REJECTED, ActionState.EXPIRED, ActionState.FAILED, ActionState.REFUSED, ActionState.UNKNOWN,
)  # fmt: skip
"""States of an action after which the later ones of its issue are dropped."""


@dataclass(frozen=True)
class Why:
    """Why an issue or a ticket ended as it did."""

    code: str
    rule: str | None
    text: str

    def as_json(self) -> dict[str, Any]:
        """As the ticket's outcome shows it."""
        return {"code": self.code, "rule": self.rule, "text": self.text}


def settle(parts: Parts, journal: Journal, ticket_id: str) -> str:
    """Go on with a stored plan: `parked` if people are awaited, `ended`, or `rethink` if it is out of date.

    Raises Unread when the customer wrote meanwhile.
    """
    while True:
        snapshot = take_snapshot(parts.store, ticket_id)
        _expire(parts, journal, snapshot)
        waiting, acted, halted = False, False, False
        for issue in _open_issues(snapshot):
            turn = _next(snapshot, issue)
            if turn is None:
                continue
            if isinstance(turn, str):
                _drop(journal, snapshot, issue, turn)
                acted = True
                break
            if turn["state"] == ActionState.PROPOSED:
                waiting = True
                continue
            try:
                outcome = executor.execute(parts, journal, turn)
            except Halted:
                halted = True
                continue
            acted = True
            if outcome.state is ActionState.STALE:
                return "rethink"
            break
        if acted:
            continue
        if waiting or halted:
            _park(journal, snapshot, halted=halted and not waiting)
            return "parked"
        _finish(parts, journal, snapshot)
        return "ended"


def _open_issues(snapshot: Snapshot) -> list[Row]:
    return [i for i in snapshot.issues if i["state"] == IssueState.OPEN]


def _next(snapshot: Snapshot, issue: Row) -> Row | str | None:
    """The issue's next action; a reason to drop the rest; None if all of it is done."""
    actions = [a for a in snapshot.actions_of(issue["id"]) if a["state"] != ActionState.STALE]
    for position, action in enumerate(actions):
        if action["state"] in _STOPS:
            rest = [a for a in actions[position + 1 :] if a["state"] in ("proposed", "approved")]
            return f"{action['name']} is {action['state']}" if rest else None
        if action["state"] in (ActionState.PROPOSED, ActionState.APPROVED, ActionState.EXECUTING):
            return action
    return None


def _drop(journal: Journal, snapshot: Snapshot, issue: Row, why: str) -> None:
    """Withdraw the later actions of an issue after one that stops it."""
    with journal.write() as tx:
        for action in snapshot.actions_of(issue["id"]):
            if action["state"] in (ActionState.PROPOSED, ActionState.APPROVED):
                tx.set_action(
                    action["id"],
                    ActionState.WITHDRAWN,
                    was=[ActionState(action["state"])],
                    problem=why,
                )
                journal_event(tx, journal, "action.withdrawn", {"action": action["id"], "why": why})


def _expire(parts: Parts, journal: Journal, snapshot: Snapshot) -> None:
    """Requests that nobody decided in time; they never run."""
    now = parts.store.clock.now()
    late = [
        a for a in snapshot.actions
        if a["state"] == ActionState.PROPOSED and a["expires_at"] is not None and a["expires_at"] <= now
    ]  # fmt: skip
    if not late:
        return
    with journal.write() as tx:
        for action in late:
            why = f"nobody decided within {parts.policy.approval.expires_hours} hours"
            tx.set_action(
                action["id"], ActionState.EXPIRED, was=[ActionState.PROPOSED], problem=why
            )
            journal_event(tx, journal, "action.expired", {"action": action["id"], "why": why})
            action["state"] = ActionState.EXPIRED.value


def mark_read(tx: Transaction, snapshot: Snapshot, **changes: Any) -> None:
    """Note that this advance has seen all wake-ups of the snapshot; later ones stay pending."""
    seen = snapshot.ticket["wake_seq"]
    tx.set_ticket(snapshot.ticket["id"], read_seq=seen, pending=TICKET.c.wake_seq > seen, **changes)


def _park(journal: Journal, snapshot: Snapshot, *, halted: bool) -> None:
    proposed = [a for a in snapshot.actions if a["state"] == ActionState.PROPOSED]
    at_risk = sum(a["amount"] or 0 for a in proposed)
    with journal.write() as tx:
        if snapshot.run and snapshot.run["state"] != RunState.PARKED:
            awaiting = "the stop button" if halted else "approval"
            journal_event(
                tx, journal, "run.parked", {"awaiting": awaiting, "requests": len(proposed)}
            )
            tx.connection.execute(
                update(RUN)
                .where(RUN.c.id == snapshot.run["id"])
                .values(state=RunState.PARKED.value)
            )
        mark_read(
            tx,
            snapshot,
            status=TicketStatus.AWAITING_APPROVAL.value,
            money_at_risk=at_risk,
            timer_at=first_expiry(snapshot),
        )


def end_of(snapshot: Snapshot, issue: Row) -> tuple[IssueState, str | None, Why | None]:
    """How an issue ends, given what became of its actions: its state, skill and why."""
    slots = issue["slots"] or {}
    if issue["state"] != IssueState.OPEN:
        return IssueState(issue["state"]), issue["skill"], None
    actions = [a for a in snapshot.actions_of(issue["id"]) if a["state"] != ActionState.STALE]
    for action in actions:
        if action["state"] not in _STOPS:
            continue
        skill = (
            issue["skill"]
            if slots.get("end") == "escalated" and issue["skill"]
            else issue["intent"]
        )
        return IssueState.ESCALATED, skill, _stopped(action)
    state = IssueState(slots.get("end", IssueState.RESOLVED))
    if any(a["state"] == ActionState.WITHDRAWN for a in actions) and not any(
        a["state"] in DONE_ACTIONS for a in actions
    ):
        return (
            IssueState.RESOLVED,
            None,
            Why("withdrawn", issue["rule"], "The customer took the request back."),
        )
    why = Why(**slots["why"]) if slots.get("why") else None
    if state is IssueState.ESCALATED and why is None:
        why = Why("policy_refused", issue["rule"], issue["cause"] or "")
    return state, issue["skill"] or issue["intent"], why


def _stopped(action: Row) -> Why:
    name = action["name"].replace("_", " ")
    match action["state"]:
        case ActionState.REJECTED:
            by, why = action["decided_by"], action["decision_reason"] or "no reason given"
            return Why("rejected", action["rule"], f"{by} rejected the {name}: {why}")
        case ActionState.EXPIRED:
            return Why("expired", action["rule"], f"The {name} was not decided in time.")
        case ActionState.REFUSED:
            return Why(
                "policy_refused", action["rule"], f"The {name} was refused: {action['problem']}"
            )
        case ActionState.UNKNOWN:
            return Why(
                "unknown", action["rule"], f"Whether the {name} happened is not known; look it up."
            )
    return Why("tool_failed", action["rule"], f"The {name} failed: {action['problem']}")


def _finish(parts: Parts, journal: Journal, snapshot: Snapshot) -> None:
    """Answer the customer, hand over if a person must have it, and end the run."""
    ends = {i["id"]: end_of(snapshot, i) for i in snapshot.issues}
    body = _reply(parts, snapshot, ends)
    sent = _send(parts, journal, snapshot, body) if body else None
    states = [state for state, _, _ in ends.values()]
    escalated = [i for i in snapshot.issues if ends[i["id"]][0] is IssueState.ESCALATED]
    status = TicketStatus.RESOLVED
    if escalated or (sent is not None and sent != ActionState.VERIFIED):
        status = TicketStatus.ESCALATED
    elif IssueState.AWAITING_CUSTOMER in states:
        status = TicketStatus.AWAITING_CUSTOMER
    outcome = _outcome(snapshot, ends, status)
    with journal.write() as tx:
        if sent is ActionState.VERIFIED:
            add_message(tx, snapshot.ticket["id"], Author.AGENT, body, None)
            data = {"characters": len(body), "language": snapshot.ticket["language"]}
            agent = AgentName.COORDINATOR.value
            tx.append(NewEvent("reply", agent, data, journal.ticket_id, journal.run_id, None, body))
        for issue in snapshot.issues:
            state, skill, _ = ends[issue["id"]]
            tx.connection.execute(
                update(ISSUE)
                .where(ISSUE.c.id == issue["id"])
                .values(state=state.value, skill=skill)
            )
        changes: dict[str, Any] = {"escalation": None, "money_at_risk": 0}
        days = parts.policy.tickets.close_after_days
        timer: datetime | None = tx.now + timedelta(days=days)
        if status is TicketStatus.ESCALATED:
            first = escalated[0] if escalated else snapshot.issues[0]
            skill = ends[first["id"]][1] or first["intent"]
            summary = summarise(snapshot, snapshot.issues, snapshot.actions, outcome.text)
            escalation = hand_over(parts, tx, snapshot, skill, outcome.text, summary)
            journal_event(tx, journal, "handoff", {**escalation, "summary": summary})
            timer = waits_until(parts, tx, escalation)
            changes["escalation"] = {k: escalation[k] for k in ("skill", "to", "kind")}
        if body:
            changes["answered_at"] = tx.now
        journal_event(
            tx, journal, "run.ended", {"status": status.value, "outcome": outcome.as_json()}
        )
        end_run(tx, snapshot, RunState.ENDED)
        mark_read(
            tx,
            snapshot,
            status=status.value,
            outcome=outcome.as_json(),
            timer_at=timer,
            ended_at=tx.now if status is TicketStatus.RESOLVED else None,
            **changes,
        )


def end_run(
    tx: Transaction, snapshot: Snapshot, state: RunState, problem: str | None = None
) -> None:
    """Close the ticket's newest run."""
    if snapshot.run is not None:
        tx.connection.execute(
            update(RUN)
            .where(RUN.c.id == snapshot.run["id"])
            .values(state=state.value, ended_at=tx.now, problem=problem)
        )


def _outcome(
    snapshot: Snapshot,
    ends: dict[str, tuple[IssueState, str | None, Why | None]],
    status: TicketStatus,
) -> Why:
    """Why the ticket ends so, in one sentence; the reason that weighs most."""
    whys = [why for _, _, why in ends.values() if why is not None]
    if status is TicketStatus.ESCALATED and whys:
        return whys[0]
    if any(a["state"] in DONE_ACTIONS and a["name"] != "send_reply" for a in snapshot.actions):
        rules = [i["rule"] for i in snapshot.issues if i["rule"]]
        return Why("done", rules[0] if rules else None, "What was planned was done and read back.")
    open_issue = next(
        (i for i in snapshot.issues if ends[i["id"]][0] is IssueState.AWAITING_CUSTOMER), None
    )
    if open_issue is not None:
        return Why(
            "evidence_missing",
            open_issue["rule"],
            open_issue["cause"] or "The customer must answer.",
        )
    if whys:
        return whys[0]
    issue = snapshot.issues[0] if snapshot.issues else None
    return Why(
        "explained", issue["rule"] if issue else None, (issue or {}).get("cause") or "Explained."
    )


def _reply(
    parts: Parts, snapshot: Snapshot, ends: dict[str, tuple[IssueState, str | None, Why | None]]
) -> str:
    """One answer for what this run has handled, from what was really done."""
    ticket, language = snapshot.ticket, snapshot.ticket["language"]
    blocks = []
    for issue in _open_issues(snapshot):
        slots = issue["slots"] or {}
        if slots.get("follows"):
            continue
        reply, done = slots.get("reply") or {}, _done(snapshot, issue)
        name, stopped = reply.get("name"), ends[issue["id"]][2]
        if stopped is not None and stopped.code in (
            "rejected",
            "expired",
            "tool_failed",
            "unknown",
        ):
            if done["done"] and name:
                blocks.append(parts.templates.render(name, language, **reply["values"], **done))
            blocks.append(parts.templates.render("held_back", language))
        elif stopped is not None and stopped.code == "withdrawn":
            blocks.append(parts.templates.render("cancel_kept", language))
        elif name:
            blocks.append(parts.templates.render(name, language, **reply["values"], **done))
    if not blocks:
        return ""
    known = ticket["identity"] != "unknown"
    first_name = (ticket["customer_name"] or "").split(" ")[0] if known else None
    return compose(
        parts.templates,
        language,
        blocks,
        name=first_name,
        company=parts.policy.name,
        angry=ticket["sentiment"] == Sentiment.ANGRY,
        secrets=any("[removed]" in m["body"] for m in snapshot.messages),
    )


def _done(snapshot: Snapshot, issue: Row) -> dict[str, Any]:
    """What was really done about an issue, as the reply's texts use it."""
    done = [a for a in snapshot.actions_of(issue["id"]) if a["state"] in DONE_ACTIONS]
    refunds = [
        f"{money(a['amount'], a['currency'])} ({a['arguments']['charge']})"
        for a in done
        if a["name"] == ActionName.PROCESS_REFUND
    ]
    credit = next((a for a in done if a["name"] == ActionName.ISSUE_CREDIT), None)
    callback = next((a for a in done if a["name"] == ActionName.SCHEDULE_CALLBACK), None)
    return {
        "done": [a["name"] for a in done],
        "refunds": " and ".join(refunds),
        "credit": money(credit["amount"], credit["currency"]) if credit else "",
        "callback": callback["arguments"]["at"].replace("T", " ")[:16] + " UTC" if callback else "",
    }


def _send(parts: Parts, journal: Journal, snapshot: Snapshot, body: str) -> ActionState:
    """Send the reply: an action like the others, with key, effect and delivery state."""
    ticket, name = snapshot.ticket, ActionName.SEND_REPLY
    run_id = journal.run_id
    under_way = next(
        (a for a in snapshot.actions if a["name"] == name and a["run_id"] == run_id), None
    )
    if under_way is None:
        arguments = {"ticket": ticket["id"], "body": body}
        with journal.write() as tx:
            action_id = tx.ids("a")
            digest = digest_of(name, arguments)
            tx.insert(
                Action,
                id=action_id,
                ticket_id=ticket["id"],
                run_id=run_id,
                position=max((a["position"] for a in snapshot.actions), default=0) + 1,
                name=name.value,
                arguments=arguments,
                digest=digest,
                target=target_of(name, arguments),
                agent=AgentName.COORDINATOR.value,
                state=ActionState.EXECUTING.value,
                gate=Gate.AUTO.value,
                reason="The customer gets one answer for the whole ticket.",
                preview=preview_of(parts, snapshot, name, arguments, None),
                undo={
                    "possible": False,
                    "until": None,
                    "how": "cannot be undone; a correction can be sent",
                },
                policy_version=parts.policy.version,
                proposed_at=tx.now,
                decided_by="policy",
                decided_at=tx.now,
                idempotency_key=f"{ticket['id']}:{action_id}",
                attempts=1,
            )
            tx.insert(
                Decision, id=tx.ids("d"), action_id=action_id, kind=DecisionKind.AUTO.value,
                operator="policy", digest=digest, at=tx.now, spent_at=tx.now,
            )  # fmt: skip
            journal_event(
                tx, journal, "action.executing", {"action": action_id, "name": name.value}
            )
            under_way = tx.action(action_id)
    if under_way["state"] in DONE_ACTIONS:
        return ActionState.VERIFIED
    outcome = executor.execute(parts, journal, under_way)
    return outcome.state


def add_message(
    tx: Transaction, ticket_id: str, author: Author, body: str, name: str | None
) -> None:
    """Add a message of ours to the conversation."""
    last = tx.connection.execute(
        MESSAGE.select()
        .with_only_columns(func.max(MESSAGE.c.position))
        .where(MESSAGE.c.ticket_id == ticket_id)
    ).scalar()
    tx.insert(
        Message, id=tx.ids("m"), ticket_id=ticket_id, position=int(last or 0) + 1, author=author.value,
        name=name, at=tx.now, body=body,
    )  # fmt: skip
    tx.set_ticket(ticket_id, message_count=TICKET.c.message_count + 1)


def escalate_at_once(
    parts: Parts, journal: Journal, snapshot: Snapshot, rule: str, reason: str, skill: str | None
) -> None:
    """Hand the whole ticket over; what still waits for approval is withdrawn, nothing is answered."""
    with journal.write() as tx:
        for action in snapshot.actions:
            if action["state"] in (ActionState.PROPOSED, ActionState.APPROVED):
                tx.set_action(
                    action["id"], ActionState.WITHDRAWN, was=[ActionState(action["state"])],
                    problem="the ticket went to a person",
                )  # fmt: skip
                journal_event(
                    tx,
                    journal,
                    "action.withdrawn",
                    {"action": action["id"], "why": "the ticket went to a person"},
                )
        for issue in snapshot.issues:
            if issue["state"] in (IssueState.OPEN, IssueState.AWAITING_CUSTOMER):
                tx.connection.execute(
                    update(ISSUE)
                    .where(ISSUE.c.id == issue["id"])
                    .values(state=IssueState.ESCALATED.value)
                )
        summary = summarise(snapshot, snapshot.issues, snapshot.actions, reason)
        chosen = skill if skill and skill != Intent.ESCALATE else ANY
        escalation = hand_over(parts, tx, snapshot, chosen, reason, summary)
        why = Why("policy_refused", rule, reason)
        journal_event(tx, journal, "handoff", {**escalation, "rule": rule, "summary": summary})
        journal_event(tx, journal, "run.ended", {"status": "escalated", "outcome": why.as_json()})
        end_run(tx, snapshot, RunState.ENDED)
        mark_read(
            tx,
            snapshot,
            status=TicketStatus.ESCALATED.value,
            outcome=why.as_json(),
            escalation={k: escalation[k] for k in ("skill", "to", "kind")},
            timer_at=waits_until(parts, tx, escalation),
            money_at_risk=0,
        )
