"""The one answer of a run, written from what was really done, and sent like any action."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agents.actions.catalogue import digest_of, target_of
from agents.engine import executor
from agents.engine.ends import Why
from agents.engine.executor import Outcome
from agents.engine.journal import Journal
from agents.engine.model_words import Ends, reply_by_model
from agents.engine.parts import Parts
from agents.engine.preview import preview_of
from agents.engine.snapshot import Row, Snapshot
from agents.engine.starting import (
    check_rules_stand,
    check_still,
    check_unhindered,
    reached_cap,
)
from agents.facts.money import money
from agents.policy.gate import Ruling, rule_on
from agents.replies import Templates, compose, first_name
from data.tables import Action, Decision
from data.vocabulary import (
    DONE_ACTIONS,
    ActionName,
    ActionState,
    AgentName,
    DecisionKind,
    Gate,
    IssueState,
    Role,
    Sentiment,
    TrialMode,
)

_REASON = "The customer gets one answer for the whole ticket."


def open_issues(snapshot: Snapshot) -> list[Row]:
    return [i for i in snapshot.issues if i["state"] == IssueState.OPEN]


@dataclass(frozen=True)
class Reply:
    """Words for the customer."""

    body: str
    by: str | None = None
    """The model that wrote them; None: the templates."""


def reply(parts: Parts, journal: Journal, snapshot: Snapshot, ends: Ends) -> Reply:
    """One answer for what this run has handled, from what was really done; empty if there is
    nothing to tell."""
    survey = asks_survey(parts, snapshot, ends)
    draft = written(parts.templates, parts.policy.name, snapshot, ends, survey=survey)
    if _is_said(journal, snapshot, draft):
        return Reply("")
    issues = [i for i in open_issues(snapshot) if not (i["slots"] or {}).get("follows")]
    if not draft or journal.asking is None:
        return Reply(draft)
    body = reply_by_model(parts, journal, snapshot, issues, ends, draft)
    return Reply(draft) if body is None else Reply(body, journal.asking.brain.name)


def _is_said(journal: Journal, snapshot: Snapshot, draft: str) -> bool:
    """Whether an earlier run told the customer just this, and they have written nothing since."""
    told = [
        a for a in snapshot.actions
        if a["name"] == ActionName.SEND_REPLY and a["state"] in DONE_ACTIONS
        and a["run_id"] != journal.run_id
    ]  # fmt: skip
    return (
        bool(told)
        and told[-1]["arguments"]["body"] == draft
        and all(m["at"] <= told[-1]["proposed_at"] for m in snapshot.messages)
    )


def without_words(snapshot: Snapshot, ends: Ends) -> Ends:
    """The ends where the templates answer: what they promise a person for, a person gets.

    A model may have found what no template has words for; then its own words were to say it.
    """
    found = dict(ends)
    for issue in open_issues(snapshot):
        state, _, why = ends[issue["id"]]
        name = ((issue["slots"] or {}).get("reply") or {}).get("name")
        if name == "held_back" and why is None and state is not IssueState.ESCALATED:
            text = "The procedure has no words for what was found; a person answers."
            told = Why("evidence_missing", issue["rule"], text)
            found[issue["id"]] = (IssueState.ESCALATED, issue["intent"], told)
    return found


def asks_survey(parts: Parts, snapshot: Snapshot, ends: Ends) -> bool:
    """Whether the answer asks how satisfied the customer is: the policy wants it, and the ticket
    is resolved by it."""
    resolved = all(state is IssueState.RESOLVED for state, _, _ in ends.values())
    has_text = parts.templates.has("survey", snapshot.ticket["language"])
    return parts.policy.tickets.survey and resolved and has_text


def written(
    templates: Templates,
    company: str,
    snapshot: Snapshot,
    ends: Ends,
    *,
    survey: bool = False,
) -> str:
    """The same, by the texts and in the name of a company; empty if there is nothing to tell."""
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
            "undone",
            "stale",
        ):
            if done["done"] and name:
                blocks.append(templates.render(name, language, **reply["values"], **done))
            blocks.append(templates.render("held_back", language))
        elif stopped is not None and stopped.code == "withdrawn":
            blocks.append(templates.render("withdrawn", language))
        elif name:
            blocks.append(templates.render(name, language, **reply["values"], **done))
    if not blocks:
        return ""
    known = ticket["identity"] != "unknown"
    return compose(
        templates,
        language,
        blocks,
        name=first_name(ticket["customer_name"]) if known else None,
        company=company,
        angry=ticket["sentiment"] == Sentiment.ANGRY,
        secrets=any("[removed]" in m["body"] for m in snapshot.messages),
        survey=survey,
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


def send(parts: Parts, journal: Journal, snapshot: Snapshot, answer: Reply) -> Outcome:
    """Bring the reply on its way: an action like the others, with gate, key, effect and delivery.

    `proposed` if a person must look at it first. Raises Unread or Halted before anything is sent.
    """
    arguments = {"ticket": snapshot.ticket["id"], "body": answer.body}
    digest = digest_of(ActionName.SEND_REPLY, arguments)
    standing = next(
        (
            a for a in reversed(snapshot.actions)
            if a["run_id"] == journal.run_id and a["name"] == ActionName.SEND_REPLY
            and a["proposed_by"] is None and a["superseded_by"] is None
            and a["state"] not in (ActionState.STALE, ActionState.WITHDRAWN)
        ),
        None,
    )  # fmt: skip
    if standing is not None and _is_outdated(standing, digest):
        why = "what it tells has changed since"
        with journal.write() as tx:
            was = [ActionState(standing["state"])]
            tx.set_action(standing["id"], ActionState.STALE, was=was, problem=why)
            journal.tell(tx, "action.stale", {"action": standing["id"], "why": why})
        standing = None
    if standing is not None and _says_less(standing, digest):
        standing = None
    if standing is None:
        standing = _write(parts, journal, snapshot, arguments, digest, answer.by)
        if standing["state"] == ActionState.EXECUTING:
            return executor.execute(parts, journal, standing, begun=True)
    if standing["state"] in (ActionState.APPROVED, ActionState.EXECUTING):
        return executor.execute(parts, journal, standing)
    return Outcome(ActionState(standing["state"]), standing["problem"])


def _is_outdated(standing: Row, digest: str) -> bool:
    """Whether a reply that waits says something else than is true now; an edited one is kept."""
    waits = standing["state"] in (ActionState.PROPOSED, ActionState.APPROVED)
    return waits and standing["digest"] != digest and standing["supersedes"] is None


def _says_less(standing: Row, digest: str) -> bool:
    """Whether a reply went out in this run, and a person changed what is to tell since."""
    went_out = standing["state"] == ActionState.VERIFIED and standing["supersedes"] is None
    return bool(went_out and standing["digest"] != digest)


def _ruling(parts: Parts, snapshot: Snapshot, *, by_template: bool) -> Ruling:
    """What the policy says of the answer: the strictest of what it says for each issue told of."""
    told = [i["intent"] for i in open_issues(snapshot) if i["trial"] != TrialMode.SHADOW]
    rulings = [
        rule_on(parts.policy, ActionName.SEND_REPLY, None, intent, by_template=by_template)
        for intent in told or [snapshot.ticket["intent"]]
    ]
    return max(rulings, key=lambda ruling: tuple(Gate).index(ruling.gate))


def _write(
    parts: Parts,
    journal: Journal,
    snapshot: Snapshot,
    arguments: Row,
    digest: str,
    by: str | None,
) -> Row:
    """Store the reply as an action: being carried out where it may go alone, else to be decided."""
    ticket, name = snapshot.ticket, ActionName.SEND_REPLY
    ruling = _ruling(parts, snapshot, by_template=by is None)
    with journal.write() as tx:
        check_still(tx, ticket)
        capped = reached_cap(parts, tx, name, None, None)
        alone = ruling.gate is Gate.AUTO and capped is None
        if alone:
            check_rules_stand(parts, tx)
            check_unhindered(tx, ticket["id"], name, ticket["intents"])
        state = ActionState.EXECUTING if alone else ActionState.PROPOSED
        action_id = tx.ids("a")
        affects = ticket["customer_name"] or ticket["requester"]
        hours = timedelta(hours=parts.policy.approval.expires_hours)
        tx.insert(
            Action,
            id=action_id,
            ticket_id=ticket["id"],
            run_id=journal.run_id,
            position=max((a["position"] for a in snapshot.actions), default=0) + 1,
            name=name.value,
            arguments=arguments,
            digest=digest,
            target=target_of(name, arguments),
            agent=AgentName.COORDINATOR.value,
            state=state.value,
            gate=(Gate.ASK if capped else ruling.gate).value,
            people_needed=0 if alone else max(ruling.people, 1),
            role_needed=Role.SUPERVISOR.value if capped else None,
            reason=_REASON + (f" {by} wrote it." if by else ""),
            preview={
                **preview_of(name, arguments, None, affects),
                "pending": not alone,
                **({"by": by} if by else {}),
            },
            undo={
                "possible": False,
                "until": None,
                "how": "cannot be undone; a correction can be sent",
            },
            policy_version=parts.policy.version,
            proposed_at=tx.now,
            expires_at=None if alone else tx.now + hours,
            decided_by="policy" if alone else None,
            decided_at=tx.now if alone else None,
            started_at=tx.now if alone else None,
            executed_arguments=arguments if alone else None,
            idempotency_key=f"{ticket['id']}:{action_id}",
            attempts=1 if alone else 0,
            problem=capped,
        )
        if alone:
            tx.insert(
                Decision, id=tx.ids("d"), action_id=action_id, kind=DecisionKind.AUTO.value,
                operator="policy", digest=digest, at=tx.now, spent_at=tx.now,
            )  # fmt: skip
        kind = "action.executing" if alone else "action.proposed"
        data = {"action": action_id, "name": name.value, **({"model": by} if by else {})}
        journal.tell(tx, kind, data)
        return tx.action(action_id)
