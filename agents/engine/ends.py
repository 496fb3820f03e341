"""How issues and tickets end, and why."""

from dataclasses import dataclass
from typing import Any

from agents.engine.snapshot import Row, Snapshot
from data.vocabulary import (
    DONE_ACTIONS,
    ActionState,
    IssueState,
    TicketStatus,
    TrialMode,
)

STOPS = (
    ActionState.REJECTED, ActionState.EXPIRED, ActionState.FAILED, ActionState.REFUSED,
    ActionState.UNKNOWN, ActionState.UNDONE,
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


def end_of(snapshot: Snapshot, issue: Row) -> tuple[IssueState, str | None, Why | None]:
    """How an issue ends, given what became of its actions: its state, skill and why."""
    slots = issue["slots"] or {}
    if issue["state"] != IssueState.OPEN:
        return IssueState(issue["state"]), issue["skill"], None
    if issue["trial"] == TrialMode.SHADOW and not slots.get("follows"):
        text = f"The agents try {issue['intent']} in shadow: they planned, a person acts."
        skill = issue["skill"] or issue["intent"]
        return IssueState.ESCALATED, skill, Why("policy_refused", issue["rule"], text)
    actions = [a for a in snapshot.actions_of(issue["id"]) if a["state"] != ActionState.STALE]
    for action in actions:
        if action["state"] not in STOPS:
            continue
        skill = (
            issue["skill"]
            if slots.get("end") == "escalated" and issue["skill"]
            else issue["intent"]
        )
        return IssueState.ESCALATED, skill, _stopped(action)
    state = IssueState(slots.get("end", IssueState.RESOLVED))
    if any(_was_taken_back(a) for a in actions) and not any(
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


TAKEN_BACK = "the customer took the request back"
"""Why an action was withdrawn that the customer no longer wants."""


def _was_taken_back(action: Row) -> bool:
    return bool(action["state"] == ActionState.WITHDRAWN and action["problem"] == TAKEN_BACK)


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
        case ActionState.UNDONE:
            return Why("undone", action["rule"], f"The {name} was undone: {action['problem']}.")
        case ActionState.UNKNOWN:
            return Why(
                "unknown", action["rule"], f"Whether the {name} happened is not known; look it up."
            )
    return Why("tool_failed", action["rule"], f"The {name} failed: {action['problem']}")


def outcome_of(
    snapshot: Snapshot,
    ends: dict[str, tuple[IssueState, str | None, Why | None]],
    status: TicketStatus,
) -> Why:
    """Why the ticket ends so, in one sentence; the reason that weighs most."""
    # What only came back with another issue is no reason of its own.
    own = [i for i in snapshot.issues if not i["slots"].get("follows")] or snapshot.issues
    whys = [why for issue in own if (why := ends[issue["id"]][2]) is not None]
    if status is TicketStatus.ESCALATED and whys:
        return whys[0]
    if any(a["state"] in DONE_ACTIONS and a["name"] != "send_reply" for a in snapshot.actions):
        rules = [i["rule"] for i in own if i["rule"]]
        return Why("done", rules[0] if rules else None, "What was planned was done and read back.")
    open_issue = next((i for i in own if ends[i["id"]][0] is IssueState.AWAITING_CUSTOMER), None)
    if open_issue is not None:
        return Why(
            "evidence_missing",
            open_issue["rule"],
            open_issue["cause"] or "The customer must answer.",
        )
    if whys:
        return whys[0]
    issue = own[0] if own else None
    return Why(
        "explained", issue["rule"] if issue else None, (issue or {}).get("cause") or "Explained."
    )
