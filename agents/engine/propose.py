"""From a thought to stored issues and proposed actions, each gated and with its preview."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from agents.actions.arguments import check_arguments
from agents.actions.catalogue import CATALOGUE, digest_of, money_of, target_of
from agents.connectors.protocols import Effect
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.revisions import read_records
from agents.engine.snapshot import Row, Snapshot
from agents.engine.thought import Matter, Thought, intents_of
from agents.errors import BadArguments, Refused
from agents.playbooks.evaluate import PlannedAction
from agents.policy.gate import Ruling, rule_on
from agents.understanding.kinds import intent_of
from agents.understanding.triage import priority_of
from data.queries.tickets import ISSUE
from data.redaction import redact
from data.store import ACTION, NewEvent, Transaction
from data.tables import Action, Decision, Issue
from data.vocabulary import (
    ActionName,
    ActionState,
    DecisionKind,
    Gate,
    Intent,
    IssueState,
    Priority,
    TicketStatus,
)

REFUNDING = ("B1", "B2", "B3", "B4")


@dataclass(frozen=True)
class Proposal:
    """An action ready to be stored."""

    planned: PlannedAction
    arguments: dict[str, Any]
    digest: str
    ruling: Ruling
    effect: Effect | None
    records: dict[str, Any]
    refused: str | None
    """Why the back office or the arguments' type does not allow it."""


def store_plan(parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought) -> None:
    """Store the ticket's understanding, its issues, and the actions that they propose, at once."""
    withheld = _over_limit(parts, thought)
    proposals: dict[int, list[Proposal]] = {}
    seen: set[tuple[ActionName, str]] = set()
    for position, matter in enumerate(thought.matters):
        if matter.finding is None or matter.follows or matter.settled or thought.take_back:
            continue
        made: list[Proposal] = []
        for planned in matter.finding.plan:
            if (
                planned.action is ActionName.PROCESS_REFUND
                and planned.arguments.get("currency") in withheld
            ):
                continue
            key = (planned.action, target_of(planned.action, planned.arguments))
            if planned.action is ActionName.PROCESS_REFUND and key in seen:
                continue
            seen.add(key)
            made.append(
                _prepare(parts, snapshot, planned, matter.finding.intent, f"{position}.{len(made)}")
            )
        proposals[position] = made
    with journal.write() as tx:
        store_understanding(tx, snapshot, thought)
        kept: set[str] = set()
        action_position = max((a["position"] for a in snapshot.actions), default=0)
        for position, matter in enumerate(thought.matters):
            issue_id = _store_issue(tx, snapshot, thought, matter, position, withheld)
            for proposal in proposals.get(position, []):
                standing = _standing(snapshot, proposal)
                if standing is not None:
                    kept.add(standing["id"])
                    continue
                action_position += 1
                _store_action(
                    tx, parts, journal, snapshot, matter, issue_id, proposal, action_position
                )
        _retire(tx, journal, snapshot, thought, kept)


def _over_limit(parts: Parts, thought: Thought) -> set[str]:
    """Currencies in which the ticket's refunds together are over the policy's limit (B7)."""
    totals: dict[str, int] = {}
    counted: set[str] = set()
    for matter in thought.matters:
        if matter.finding is None or matter.follows or matter.settled:
            continue
        for planned in matter.finding.plan if matter.finding.rule in REFUNDING else []:
            charge = planned.arguments.get("charge")
            if planned.action is ActionName.PROCESS_REFUND and charge not in counted:
                counted.add(str(charge))
                amount, currency = money_of(planned.arguments)
                totals[str(currency)] = totals.get(str(currency), 0) + int(amount or 0)
    return {c for c, total in totals.items() if total > parts.policy.billing.refund_total_limit}


def _prepare(
    parts: Parts, snapshot: Snapshot, planned: PlannedAction, intent: Intent, trial: str
) -> Proposal:
    refused, effect, arguments = None, None, planned.arguments
    amount, _ = money_of(planned.arguments)
    ruling = rule_on(parts.policy, planned.action, amount, intent.value)
    records: dict[str, Any] = {}
    try:
        arguments = check_arguments(planned.action, planned.arguments)
        records = read_records(parts.reader, planned.action, arguments, planned.rests_on)
        if ruling.gate is Gate.FORBIDDEN:
            refused = ruling.why
        else:
            key = f"trial:{snapshot.ticket['id']}:{trial}"
            effect = parts.writer.preview(
                planned.action.value, arguments, key, parts.store.clock.now()
            )
    except (BadArguments, Refused) as problem:
        refused = str(problem)
    digest = digest_of(planned.action, arguments)
    return Proposal(planned, arguments, digest, ruling, effect, records, refused)


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
    tx.set_ticket(
        ticket["id"],
        customer_id=customer["id"] if customer else None,
        customer_name=customer["name"] if customer else None,
        tier=tier,
        identity=thought.identified.identity.value,
        failed_tries=thought.identified.tries,
        intent=intents[0].value,
        intents=[i.value for i in intents],
        sentiment=last.sentiment.value,
        sentiment_score=last.sentiment_score,
        anger=last.anger,
        urgency=max(r.urgency for r in thought.readings),
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


def _store_issue(
    tx: Transaction,
    snapshot: Snapshot,
    thought: Thought,
    matter: Matter,
    position: int,
    withheld: set[str],
) -> str:
    finding = matter.finding
    if matter.stored is not None and matter.settled:
        return str(matter.stored["id"])
    slots: dict[str, Any] = {"clause": matter.clause}
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


def _standing(snapshot: Snapshot, proposal: Proposal) -> Row | None:
    """The same action proposed before: open, or ended in a way that forbids to propose it again."""
    for action in snapshot.actions:
        if action["name"] != proposal.planned.action or action["superseded_by"]:
            continue
        same = action["digest"] == proposal.digest
        target = action["target"] == target_of(proposal.planned.action, proposal.arguments)
        if same and action["state"] in (
            ActionState.PROPOSED,
            ActionState.APPROVED,
            ActionState.EXECUTING,
        ):
            return action
        if target and action["state"] in (
            ActionState.REJECTED,
            ActionState.EXPIRED,
            ActionState.UNKNOWN,
        ):
            return action
        edited = action["supersedes"] is not None and target
        if edited and action["state"] in (ActionState.APPROVED, ActionState.VERIFIED):
            return action
    return None


def _store_action(
    tx: Transaction,
    parts: Parts,
    journal: Journal,
    snapshot: Snapshot,
    matter: Matter,
    issue_id: str,
    proposal: Proposal,
    position: int,
) -> None:
    planned, ruling = proposal.planned, proposal.ruling
    name, arguments = planned.action, proposal.arguments
    action_id = tx.ids("a")
    amount, currency = money_of(arguments)
    target = target_of(name, arguments)
    expires = None
    if ruling.gate in (Gate.ASK, Gate.ASK_TWO):
        expires = tx.now + timedelta(hours=parts.policy.approval.expires_hours)
    state = ActionState.APPROVED if ruling.gate is Gate.AUTO else ActionState.PROPOSED
    if proposal.refused:
        state = ActionState.REFUSED
    replaced = next(
        (
            a["id"] for a in snapshot.actions
            if a["name"] == name and a["target"] == target and a["state"] == ActionState.STALE
            and a["superseded_by"] is None
        ),
        None,
    )  # fmt: skip
    tx.insert(
        Action,
        id=action_id,
        ticket_id=snapshot.ticket["id"],
        run_id=journal.run_id,
        issue_id=issue_id,
        position=position,
        name=name.value,
        arguments=arguments,
        digest=proposal.digest,
        target=target,
        agent=(matter.agent or "resolution"),
        state=state.value,
        gate=ruling.gate.value,
        rule=matter.finding.rule if matter.finding else None,
        reason=planned.reason,
        risk=CATALOGUE[name].risk,
        amount=amount,
        currency=currency,
        people_needed=ruling.people,
        preview=preview_of(parts, snapshot, name, arguments, proposal.effect),
        undo=undo_of(name, proposal.effect),
        records=proposal.records,
        policy_version=parts.policy.version,
        proposed_at=tx.now,
        expires_at=expires,
        supersedes=replaced,
        idempotency_key=f"{snapshot.ticket['id']}:{action_id}",
        problem=proposal.refused,
        decided_by="policy" if state is ActionState.APPROVED else None,
        decided_at=tx.now if state is ActionState.APPROVED else None,
    )
    if replaced:
        tx.connection.execute(
            update(ACTION).where(ACTION.c.id == replaced).values(superseded_by=action_id)
        )
    data = {
        "action": action_id,
        "name": name.value,
        "arguments": arguments,
        "amount": amount,
        "currency": currency,
        "reason": planned.reason,
        "gate": ruling.gate.value,
        "people_needed": ruling.people,
        "rule": matter.finding.rule if matter.finding else None,
    }
    if proposal.refused:
        journal_event(tx, journal, "action.refused", {**data, "why": proposal.refused})
        return
    journal_event(tx, journal, "action.proposed", data)
    if state is ActionState.APPROVED:
        tx.insert(
            Decision,
            id=tx.ids("d"),
            action_id=action_id,
            kind=DecisionKind.AUTO.value,
            operator="policy",
            reason=ruling.why,
            digest=proposal.digest,
            at=tx.now,
        )


def journal_event(tx: Transaction, journal: Journal, kind: str, data: dict[str, Any]) -> None:
    """Append an event about an action within a transaction that is under way."""
    tx.append(
        NewEvent(kind, "resolution", redact(data, journal.names), journal.ticket_id, journal.run_id)
    )


def preview_of(
    parts: Parts,
    snapshot: Snapshot,
    name: ActionName,
    arguments: dict[str, Any],
    effect: Effect | None,
) -> dict[str, Any]:
    """The effect as people are shown it."""
    money = []
    amount, currency = money_of(arguments)
    if amount is not None:
        money.append({"amount": amount, "currency": currency, "to": "customer"})
    message = None
    if CATALOGUE[name].writes_to_customer:
        recipient = arguments.get("channel", "ticket")
        message = {
            "to": recipient,
            "subject": arguments.get("subject", ""),
            "body": arguments["body"],
        }
    changes = [
        {
            "table": change.table,
            "id": change.id,
            "fields": {field: list(pair) for field, pair in change.fields().items()},
        }
        for change in (effect.changes if effect else [])
    ]
    return {
        "exact": effect is not None,
        "changes": changes,
        "money": money,
        "message": message,
        "affects": snapshot.ticket["customer_name"] or snapshot.ticket["requester"],
    }


def undo_of(name: ActionName, effect: Effect | None) -> dict[str, Any]:
    """Whether, until when and how the action can be undone."""
    possible = bool(effect and effect.undoable)
    until = effect.undo_until.isoformat() if effect and effect.undo_until else None
    how = CATALOGUE[name].undo if possible else "cannot be undone"
    return {"possible": possible, "until": until, "how": how}


def _retire(
    tx: Transaction, journal: Journal, snapshot: Snapshot, thought: Thought, kept: set[str]
) -> None:
    """Pending requests that the new plan no longer holds: taken back, or out of date."""
    open_issues = {m.stored["id"] for m in thought.matters if m.stored and not m.settled}
    for action in snapshot.actions:
        pending = action["state"] in (ActionState.PROPOSED, ActionState.APPROVED)
        if not pending or action["id"] in kept or action["issue_id"] not in open_issues:
            continue
        state, why = ActionState.STALE, "what the customer or the records say has changed"
        if thought.take_back:
            state, why = ActionState.WITHDRAWN, "the customer took the request back"
        tx.set_action(action["id"], state, was=[ActionState(action["state"])], problem=why)
        journal_event(tx, journal, f"action.{state}", {"action": action["id"], "why": why})
