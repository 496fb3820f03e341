"""A role's playbook in words that a model can follow."""

import re

import yaml

from agents.actions.arguments import TYPES
from agents.playbooks.model import Playbook, Rule
from agents.policy.model import Policy
from data.vocabulary import ActionName, IssueState

_JUDGED_BY = {"escalate", "identity", "billing", "technical", "product"}
_LITERAL = re.compile(r"'([a-z_0-9]+)'")


def numbers_of(policy: Policy) -> str:
    """The policy's numbers that findings rest on, as YAML."""
    values = policy.model_dump(mode="json", include=_JUDGED_BY)
    return yaml.safe_dump(values, sort_keys=False).strip()


def procedure_of(playbook: Playbook) -> str:
    """The playbook's rules in their order: for which kinds, when, what is done, and how it ends."""
    return "\n".join(_rule(number, rule) for number, rule in enumerate(playbook.rules, 1))


def _rule(number: int, rule: Rule) -> str:
    lines = [f"{number}. Rule {rule.rule}, for {', '.join(rule.kinds) or 'every kind'}"]
    if rule.anyone:
        lines.append("   identity: not needed")
    lines.append(f"   when: {_plain(rule.when)}")
    lines.append(f"   cause: {_plain(rule.cause)}")
    if rule.refer:
        lines.append(f"   refer it as {rule.refer}")
    for planned in rule.plan:
        each = f" for each of {_plain(planned.each)}" if planned.each else ""
        when = f" if {_plain(planned.when)}" if planned.when != "true" else ""
        lines.append(f"   action: {planned.action}{each}{when}: {_plain(planned.reason)}")
    lines.append(f"   end: {_plain(rule.end)}")
    if rule.skill != "none":
        lines.append(f"   skill, if it is escalated: {_plain(rule.skill)}")
    return "\n".join(lines)


def _plain(expression: str) -> str:
    return " ".join(expression.split())


def actions_of(playbook: Playbook) -> str:
    """The actions that the role may propose, each with its arguments and what it does."""
    lines = []
    for name in playbook.proposes:
        kind = TYPES[name]
        arguments = ", ".join(n for n in kind.model_fields if n != "customer")
        lines.append(f"- {name}: {(kind.__doc__ or '').strip()} Arguments: {arguments}")
    return "\n".join(lines) or "- none: this role proposes nothing"


def rules_for(playbook: Playbook, kind: str, *, known: bool) -> list[Rule]:
    """The rules that may be found for a kind of issue, for a writer who is known or not."""
    return [r for r in playbook.rules if (not r.kinds or kind in r.kinds) and (known or r.anyone)]


def ends_of(rules: list[Rule], code: str) -> list[str]:
    """How an issue may end under a rule; a person may always have it."""
    said = " ".join(rule.end for rule in rules if rule.rule == code)
    states = {s.value for s in IssueState if s is not IssueState.OPEN}
    found = [s for s in _LITERAL.findall(said) if s in states]
    return list(dict.fromkeys([*found, IssueState.ESCALATED.value]))


def skills_of(playbook: Playbook) -> list[str]:
    """The skills that the role's rules hand over to."""
    return sorted({s for rule in playbook.rules for s in _LITERAL.findall(rule.skill)})


def needs_words(name: ActionName) -> bool:
    """Whether the action's arguments hold words that the procedure has texts for."""
    return bool({"body", "summary", "topic"} & TYPES[name].model_fields.keys())
