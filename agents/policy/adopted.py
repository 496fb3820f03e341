"""Adopted rules, laid over the policy file."""

from collections.abc import Sequence

from sqlalchemy import Connection

from agents.policy.gate import rule_on
from agents.policy.model import Alone, Policy
from data.queries.adopted import AdoptedRow, in_force
from data.store import Store
from data.vocabulary import ActionName, Gate, Intent


def laid_over(policy: Policy, adopted: Sequence[AdoptedRow]) -> Policy:
    """`policy` with the adopted rules among what may run alone; itself where there are none.

    They cannot go beyond it: what it forbids, asks two people for, puts in shadow or caps is
    decided before any such rule is looked at.
    """
    most = policy.approval.two_people_over
    rules = [
        Alone(
            action=ActionName(row.action),
            up_to=None if row.up_to is None else min(row.up_to, most),
            intents=[Intent(row.intent)],
        )
        for row in adopted
    ]
    added = [rule for rule in rules if rule not in policy.approval.alone]
    if not added:
        return policy
    approval = policy.approval.model_copy(update={"alone": [*policy.approval.alone, *added]})
    return policy.model_copy(update={"approval": approval})


def policy_in(connection: Connection, policy: Policy) -> Policy:
    """`policy` with the rules that are adopted as a transaction sees them."""
    return laid_over(policy, in_force(connection))


def policy_now(store: Store, policy: Policy) -> Policy:
    """`policy` with the rules that are adopted now."""
    with store.read() as connection:
        return policy_in(connection, policy)


def beyond(policy: Policy, rule: Alone, intent: Intent) -> str | None:
    """Why the policy does not let such a rule be adopted; None if it does."""
    ruling = rule_on(policy, rule.action, rule.up_to, intent)
    if ruling.gate is Gate.ASK:
        return None
    return "it runs alone already" if ruling.gate is Gate.AUTO else ruling.why
