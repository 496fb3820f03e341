"""The answer that the agents would send, for a person to begin from."""

from dataclasses import dataclass, replace

from agents.engine.answer import written
from agents.engine.ends import end_of
from agents.engine.snapshot import Row, Snapshot, take_snapshot
from agents.facts.money import money
from agents.replies import Templates, compose
from data.store import Store
from data.vocabulary import (
    DONE_ACTIONS,
    OPEN_ACTIONS,
    ActionName,
    ActionState,
    Identity,
    IssueState,
)


@dataclass(frozen=True)
class Draft:
    """Words for an answer."""

    body: str
    assumes: tuple[str, ...] = ()
    """What they tell as done and is not done yet, each in a few words."""
    frame: frozenset[str] = frozenset()
    """The lines of greeting and close, which say nothing by themselves."""

    def says_nothing(self, body: str) -> bool:
        """Whether these words are no more than greeting and close."""
        return {row.strip() for row in body.splitlines()} - {""} <= self.frame


def draft_of(store: Store, templates: Templates, company: str, ticket_id: str) -> Draft:
    """The agents' answer to a ticket: written and unsent, or as they would write it once their
    plan is carried out; greeting and close where they have nothing to tell."""
    snapshot = take_snapshot(store, ticket_id)
    around = _frame(snapshot, templates, company)
    frame = frozenset(row.strip() for row in around.splitlines()) - {""}
    newest = _newest_answer(snapshot)
    if newest is not None and newest["state"] not in DONE_ACTIONS:
        return Draft(str(newest["arguments"]["body"]), frame=frame)
    answered_by_hand = newest is not None and newest["proposed_by"] is not None
    if any(i["state"] == IssueState.OPEN for i in snapshot.issues) and not answered_by_hand:
        carried_out, assumed = _carried_out(snapshot)
        ends = {i["id"]: end_of(carried_out, i) for i in carried_out.issues}
        body = written(templates, company, carried_out, ends)
        if body:
            return Draft(body, assumed, frame)
    return Draft(around, frame=frame)


def _newest_answer(snapshot: Snapshot) -> Row | None:
    """The newest answer that was sent, or that the agents wrote and did not send."""
    for action in reversed(snapshot.actions):
        if action["name"] != ActionName.SEND_REPLY or action["superseded_by"]:
            continue
        sent = action["state"] in DONE_ACTIONS
        if sent or (action["proposed_by"] is None and action["state"] != ActionState.STALE):
            return action
    return None


def _carried_out(snapshot: Snapshot) -> tuple[Snapshot, tuple[str, ...]]:
    """The ticket as if what is planned were done, and what that is."""
    actions, assumed = [], []
    for action in snapshot.actions:
        planned = action["state"] in OPEN_ACTIONS and action["name"] != ActionName.SEND_REPLY
        if planned:
            sum_of_it = money(action["amount"], action["currency"]) if action["amount"] else ""
            assumed.append(f"{action['name'].replace('_', ' ')} {sum_of_it}".strip())
        done = {"state": ActionState.VERIFIED.value} if planned else {}
        actions.append({**action, **done})
    return replace(snapshot, actions=actions), tuple(assumed)


def _frame(snapshot: Snapshot, templates: Templates, company: str) -> str:
    """Greeting and close, in the customer's language."""
    ticket = snapshot.ticket
    known = ticket["identity"] != Identity.UNKNOWN and ticket["customer_name"]
    return compose(
        templates, ticket["language"], ["\n"],
        name=ticket["customer_name"].split(" ")[0] if known else None,
        company=company, angry=False, secrets=False,
    )  # fmt: skip
