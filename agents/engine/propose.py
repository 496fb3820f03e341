"""From a thought to stored issues and proposed actions, each gated and with its preview."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from agents.actions.arguments import check_arguments
from agents.actions.catalogue import CATALOGUE, aim_of, digest_of, money_of, target_of
from agents.connectors.protocols import Effect
from agents.engine.ends import TAKEN_BACK
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.preview import preview_of, undo_of
from agents.engine.recording import hand_on, store_issue, store_understanding
from agents.engine.revisions import read_records
from agents.engine.snapshot import Row, Snapshot
from agents.engine.thought import Matter, Thought
from agents.errors import BadArguments, Refused
from agents.facts.bounds import out_of_bounds
from agents.playbooks.evaluate import PlannedAction
from agents.policy.gate import Ruling, rule_on
from agents.policy.model import Policy
from data.store import ACTION, Transaction
from data.tables import Action, Decision
from data.vocabulary import (
    DONE_ACTIONS,
    ActionName,
    ActionState,
    DecisionKind,
    Gate,
    IssueState,
    TrialMode,
)


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
    withheld = over_limit(parts.policy, thought)
    broken = broken_issues(snapshot, thought)
    kept_as_is = kept_issues(snapshot, broken)
    proposals: dict[int, list[Proposal]] = {}
    seen: set[tuple[ActionName, str]] = set()
    for position, matter in enumerate(thought.matters):
        if matter.finding is None or matter.follows or matter.settled or thought.take_back:
            continue
        if (matter.stored["id"] if matter.stored else None) in kept_as_is:
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
            made.append(_prepare(parts, snapshot, planned, matter, f"{position}.{len(made)}"))
        proposals[position] = made
    with journal.write() as tx:
        store_understanding(tx, snapshot, thought)
        kept: set[str] = set()
        action_position = max((a["position"] for a in snapshot.actions), default=0)
        for issue in broken.values():
            hand_on(tx, issue)
        for position, matter in enumerate(thought.matters):
            if (matter.stored["id"] if matter.stored else None) in kept_as_is:
                continue
            issue_id = store_issue(tx, snapshot, thought, matter, position, withheld, parts.policy)
            for proposal in proposals.get(position, []):
                standing = _standing(snapshot, proposal, issue_id)
                if standing is not None:
                    kept.add(standing["id"])
                    continue
                action_position += 1
                _store_action(
                    tx, parts, journal, snapshot, matter, issue_id, proposal, action_position
                )
        _retire(tx, journal, snapshot, thought, kept, broken)


def kept_issues(snapshot: Snapshot, broken: dict[str, Row]) -> set[str | None]:
    """Issues that are not stored anew, by id; None among them: no new one is stored."""
    if not broken:
        return set()
    kept: set[str | None] = {*broken, *_followers(snapshot)}
    if not snapshot.unread:
        # Nothing new was said; another reading of the same words is no new issue.
        kept.add(None)
    return kept


def _followers(snapshot: Snapshot) -> set[str]:
    """Issues that were found to follow from another of the ticket's."""
    return {i["id"] for i in snapshot.issues if (i["slots"] or {}).get("follows")}


def broken_issues(snapshot: Snapshot, thought: Thought) -> dict[str, Row]:
    """Open issues of which something was done, and that are now another matter or none."""
    now = {m.stored["id"]: m for m in thought.matters if m.stored is not None}
    broken = {}
    for issue in snapshot.issues:
        if issue["state"] != IssueState.OPEN or not any(
            a["state"] in DONE_ACTIONS for a in snapshot.actions_of(issue["id"])
        ):
            continue
        matter = now.get(issue["id"])
        same = matter and matter.finding and matter.finding.rule == issue["rule"]
        if not same and not (matter and matter.settled) and not thought.take_back:
            broken[issue["id"]] = issue
    return broken


def over_limit(policy: Policy, thought: Thought) -> set[str]:
    """Currencies in which the ticket's refunds together are over the policy's limit (B7)."""
    totals: dict[str, int] = {}
    counted: set[str] = set()
    for matter in thought.matters:
        if matter.finding is None or matter.follows or matter.settled:
            continue
        for planned in matter.finding.plan:
            charge = planned.arguments.get("charge")
            if planned.action is ActionName.PROCESS_REFUND and charge not in counted:
                counted.add(str(charge))
                amount, currency = money_of(planned.arguments)
                totals[str(currency)] = totals.get(str(currency), 0) + int(amount or 0)
    return {c for c, total in totals.items() if total > policy.billing.refund_total_limit}


def _prepare(
    parts: Parts, snapshot: Snapshot, planned: PlannedAction, matter: Matter, trial: str
) -> Proposal:
    refused, effect, arguments = None, None, planned.arguments
    amount, _ = money_of(planned.arguments)
    finding, case = matter.finding, matter.case
    assert finding is not None
    assert case is not None
    ruling = rule_on(parts.policy, planned.action, amount, finding.intent.value)
    if planned.doubt and ruling.gate is Gate.AUTO:
        ruling = Ruling(Gate.ASK, 1, planned.doubt)
    records: dict[str, Any] = {}
    try:
        arguments = check_arguments(planned.action, planned.arguments)
        records = read_records(parts.reader, planned.action, arguments, planned.rests_on)
        refused = out_of_bounds(case, planned.action, arguments, finding.rule)
        shadowed = parts.policy.mode_of(finding.intent.value) is TrialMode.SHADOW
        if ruling.gate is Gate.FORBIDDEN:
            refused = refused or ruling.why
        if refused is None or (shadowed and refused == ruling.why):
            key = f"trial:{snapshot.ticket['id']}:{trial}"
            effect = parts.writer.preview(
                planned.action.value, arguments, key, parts.store.clock.now()
            )
    except (BadArguments, Refused) as problem:
        refused = str(problem)
    digest = digest_of(planned.action, arguments)
    return Proposal(planned, arguments, digest, ruling, effect, records, refused)


def _standing(snapshot: Snapshot, proposal: Proposal, issue_id: str) -> Row | None:
    """The same action proposed before: open, or ended in a way that forbids to propose it again."""
    name, arguments = proposal.planned.action, proposal.arguments
    for action in snapshot.actions:
        if action["name"] != name or action["superseded_by"]:
            continue
        same = action["digest"] == proposal.digest
        if same and action["state"] in (
            ActionState.PROPOSED,
            ActionState.APPROVED,
            ActionState.EXECUTING,
        ):
            return action
        refused_again = same and proposal.ruling.gate is Gate.FORBIDDEN
        if refused_again and action["state"] == ActionState.REFUSED:
            return action
        aims = aim_of(name, action["arguments"]) == aim_of(name, arguments)
        if action["issue_id"] == issue_id:
            aims = aims or action["target"] == target_of(name, arguments)
        if aims and action["state"] in (
            ActionState.REJECTED,
            ActionState.EXPIRED,
            ActionState.UNKNOWN,
            ActionState.UNDONE,
        ):
            return action
        edited = action["supersedes"] is not None and aims
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
            a for a in snapshot.actions
            if a["name"] == name and a["target"] == target and a["state"] == ActionState.STALE
            and a["superseded_by"] is None
        ),
        None,
    )  # fmt: skip
    ticket = snapshot.ticket
    affects = ticket["customer_name"] or ticket["requester"]
    preview = preview_of(name, arguments, proposal.effect, affects)
    if planned.doubt:
        preview["doubt"] = planned.doubt
    if replaced and (replaced["preview"] or {}).get("changed"):
        preview["changed"] = replaced["preview"]["changed"]
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
        risk="high" if planned.doubt else CATALOGUE[name].risk,
        amount=amount,
        currency=currency,
        people_needed=ruling.people,
        preview=preview,
        undo=undo_of(name, proposal.effect),
        records=proposal.records,
        policy_version=parts.policy.version,
        proposed_at=tx.now,
        expires_at=expires,
        supersedes=replaced["id"] if replaced else None,
        idempotency_key=f"{snapshot.ticket['id']}:{action_id}",
        problem=proposal.refused,
        decided_by="policy" if state is ActionState.APPROVED else None,
        decided_at=tx.now if state is ActionState.APPROVED else None,
    )
    if replaced:
        tx.connection.execute(
            update(ACTION).where(ACTION.c.id == replaced["id"]).values(superseded_by=action_id)
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
        **({"again": replaced["id"]} if replaced else {}),
        **({"doubt": planned.doubt} if planned.doubt else {}),
        **({"model": matter.finding.by_model} if planned.by_model and matter.finding else {}),
    }
    if proposal.refused:
        journal.tell(tx, "action.refused", {**data, "why": proposal.refused})
        return
    journal.tell(tx, "action.proposed", data)
    if state is ActionState.APPROVED:
        tx.insert(
            Decision,
            id=tx.ids("d"),
            action_id=action_id,
            kind=DecisionKind.AUTO.value,
            operator="policy",
            reason=ruling.why,
            digest=proposal.digest,
            arguments=arguments,
            at=tx.now,
        )


def _retire(
    tx: Transaction,
    journal: Journal,
    snapshot: Snapshot,
    thought: Thought,
    kept: set[str],
    broken: dict[str, Row],
) -> None:
    """Pending requests that the new plan no longer holds: taken back, or out of date."""
    open_issues = {m.stored["id"] for m in thought.matters if m.stored and not m.settled} | {
        *broken
    }
    shadowed = {i["id"] for i in snapshot.issues if i["trial"] == TrialMode.SHADOW}
    for action in snapshot.actions:
        pending = action["state"] in (ActionState.PROPOSED, ActionState.APPROVED)
        # What was planned in shadow gives way to a newer plan, whatever that may do.
        if action["state"] == ActionState.REFUSED and action["issue_id"] in shadowed:
            pending = True
        if not pending or action["id"] in kept or action["issue_id"] not in open_issues:
            continue
        state, why = ActionState.STALE, "what the customer or the records say has changed"
        if thought.take_back:
            state, why = ActionState.WITHDRAWN, TAKEN_BACK
        tx.set_action(action["id"], state, was=[ActionState(action["state"])], problem=why)
        journal.tell(tx, f"action.{state}", {"action": action["id"], "why": why})
