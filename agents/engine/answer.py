"""The one answer of a run, written from what was really done, and sent like any action."""

from typing import Any

from agents.actions.catalogue import digest_of, target_of
from agents.engine import executor
from agents.engine.ends import Why
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.propose import journal_event, preview_of
from agents.engine.snapshot import Row, Snapshot
from agents.facts.money import money
from agents.replies import compose
from data.tables import Action, Decision
from data.vocabulary import (
    DONE_ACTIONS,
    ActionName,
    ActionState,
    AgentName,
    DecisionKind,
    Gate,
    IssueState,
    Sentiment,
)


def open_issues(snapshot: Snapshot) -> list[Row]:
    return [i for i in snapshot.issues if i["state"] == IssueState.OPEN]


def reply(
    parts: Parts, snapshot: Snapshot, ends: dict[str, tuple[IssueState, str | None, Why | None]]
) -> str:
    """One answer for what this run has handled, from what was really done."""
    ticket, language = snapshot.ticket, snapshot.ticket["language"]
    blocks = []
    for issue in open_issues(snapshot):
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
            blocks.append(parts.templates.render("withdrawn", language))
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


def send(parts: Parts, journal: Journal, snapshot: Snapshot, body: str) -> ActionState:
    """Send the reply: an action like the others, with key, effect and delivery state.

    Raises Unread or Halted before anything is sent.
    """
    ticket, name = snapshot.ticket, ActionName.SEND_REPLY
    run_id = journal.run_id
    arguments = {"ticket": ticket["id"], "body": body}
    digest = digest_of(name, arguments)
    under_way = next(
        (a for a in snapshot.actions if a["run_id"] == run_id and a["digest"] == digest), None
    )
    if under_way is None:
        with journal.write() as tx:
            executor.check_unhindered(tx, ticket["id"], name, None)
            action_id = tx.ids("a")
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
    if under_way["state"] != ActionState.EXECUTING:
        return ActionState(under_way["state"])
    outcome = executor.execute(parts, journal, under_way)
    return outcome.state
