"""A specialist's finding by a model: it reads with its own tools, and code checks what it says."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from agents.actions.arguments import CRM_FIELDS, check_arguments
from agents.brains.brain import Desk, Diagnosed, Matters
from agents.brains.conversation import (
    SHARE,
    TEXT,
    Schema,
    Wrong,
    chosen,
    decide,
    list_of,
    marked,
    object_in,
    object_of,
    objects,
    one_of,
    share,
    texts,
)
from agents.brains.conversation import field as field_of
from agents.brains.procedure import ends_of, rules_for, skills_of
from agents.brains.protocol import Answer, ToolCall
from agents.brains.quoting import holds
from agents.brains.tools import Reading, specs_of
from agents.connectors.protocols import Row
from agents.errors import BadArguments
from agents.facts.account import as_stored
from agents.facts.bounds import out_of_bounds
from agents.playbooks.evaluate import Finding, PlannedAction, intent_of_rule
from agents.understanding.secrets import MASK
from data.columns import canonical
from data.vocabulary import ActionName, Identity, IssueState, Priority

NOT_BORNE_OUT = "not borne out by the evidence"
"""What is said of an action that the procedure does not come to on the same evidence."""

_LONGEST = 600
_GIVEN_BACK = frozenset({"email", "phone", "name", "person", "address", "company"})
"""Kinds of personal data that an action's arguments may hold."""
_NAMES = ("charge", "subscription", "service", "channel", "subject", "body", "queue", "summary",
          "at", "topic", "currency")  # fmt: skip
_ARGUMENTS: dict[str, Schema] = {
    **{name: {"type": ["string", "null"]} for name in _NAMES},
    "amount": {"type": ["integer", "null"]},
    "operation": one_of(
        ["revoke_sessions", "clear_cache", "resync_entitlements", "unlock_account"], or_none=True
    ),
    "priority": one_of([p.value for p in Priority], or_none=True),
    "changes": {
        **object_of(**{name: {"type": ["string", "null"]} for name in CRM_FIELDS}),
        "type": ["object", "null"],
    },
}
_TAKEN: dict[ActionName, tuple[str, ...]] = {
    ActionName.PROCESS_REFUND: ("charge", "amount", "currency"),
    ActionName.ISSUE_CREDIT: ("amount", "currency"),
    ActionName.REINSTATE_SUBSCRIPTION: ("subscription",),
    ActionName.RESET_SERVICE: ("service", "operation"),
    ActionName.UPDATE_CRM: ("changes",),
    ActionName.SEND_NOTIFICATION: ("channel", "subject", "body"),
    ActionName.CREATE_TICKET: ("queue", "summary", "priority"),
    ActionName.SCHEDULE_CALLBACK: ("at", "topic"),
}
"""Arguments that a model gives; the customer is filled in by code."""
_TELLING: dict[ActionName, frozenset[str]] = {
    ActionName.PROCESS_REFUND: frozenset({"charge"}),
    ActionName.ISSUE_CREDIT: frozenset({"amount"}),
    ActionName.REINSTATE_SUBSCRIPTION: frozenset({"subscription"}),
    ActionName.RESET_SERVICE: frozenset({"service", "operation"}),
    ActionName.UPDATE_CRM: frozenset({"changes"}),
    ActionName.SEND_NOTIFICATION: frozenset(),
    ActionName.CREATE_TICKET: frozenset(),
    ActionName.SCHEDULE_CALLBACK: frozenset(),
}
"""Arguments that a model must give itself; the procedure may fill in the rest, as its words."""


@dataclass
class _Look:
    """One issue under way: the matter, its rules, and what was read for it."""

    desk: Desk
    matter: Matters
    reading: Reading
    rules: list[str] = field(default_factory=list)


def schema_of(matter: Matters) -> Schema:
    """The form of the finding for one issue, with only what its role may say."""
    playbook, case = matter.playbook, matter.case
    rules = rules_for(playbook, case.kind, known=case.identity is not Identity.UNKNOWN)
    refers = sorted({rule.refer for rule in rules if rule.refer}) if matter.may_refer else []
    taken = [n for name in playbook.proposes for n in _TAKEN.get(name, ())]
    action = object_of(
        action=one_of([a.value for a in playbook.proposes]),
        arguments=object_of(**{name: _ARGUMENTS[name] for name in dict.fromkeys(taken)}),
        reason=TEXT,
    )
    return object_of(
        rule=one_of(sorted({rule.rule for rule in rules})),
        cause=TEXT,
        confidence=SHARE,
        evidence=list_of(TEXT),
        **({"plan": list_of(action)} if playbook.proposes else {}),
        end=one_of([s.value for s in IssueState if s is not IssueState.OPEN]),
        skill=one_of(skills_of(playbook), or_none=True),
        **({"refer": one_of(refers, or_none=True)} if refers else {}),
    )


def diagnose(desk: Desk, step: str, matter: Matters, instructions: str) -> Diagnosed:
    """What the model finds, once every part of it has passed its check."""
    role, case = matter.playbook.agent.value, matter.case
    known = case.identity is not Identity.UNKNOWN
    look = _Look(
        desk,
        matter,
        Reading(desk, matter),
        sorted({r.rule for r in rules_for(matter.playbook, case.kind, known=known)}),
    )

    def use(call: ToolCall) -> str:
        return look.reading.answer(call)

    return decide(
        desk,
        role,
        step,
        instructions=instructions,
        data=marked(desk, "case", _data(matter)),
        schema=schema_of(matter),
        schema_name="finding",
        tools=specs_of(matter.playbook),
        use=use,
        check=lambda answer: _check(look, answer),
        max_tokens=2_000,
    )


def _data(matter: Matters) -> Row:
    case = matter.case
    return {
        "issue": {"kind": case.kind, "clause": case.clause},
        "the_only_issue": case.alone,
        "other_issues": [{"kind": kind, "clause": clause} for kind, clause in matter.others],
        "words_of_the_customer": case.text,
        "asks_for_money": case.wants_money,
        "written_from": case.requester,
        "identity": case.identity.value,
        "opened_at": case.at,
        "now": case.now,
        "asked_before_under_rule": case.asked,
        "answered": {"kinds": list(case.answers), "words": case.answer},
        "charges_in_other_open_refund_requests": sorted(case.open_refunds),
        "language": matter.language,
    }


def _check(look: _Look, answer: Answer) -> Diagnosed:
    value, matter, embedded = object_in(answer), look.matter, look.matter.embedded
    case, playbook = matter.case, matter.playbook
    if value.get("refer") is not None:
        if value["refer"] != embedded.refer:
            raise Wrong("the records do not show what it would be referred for", "refer: null")
        return Diagnosed(embedded, True, answer.model)
    if embedded.refer is not None and value.get("rule") == embedded.rule and matter.may_refer:
        raise Wrong("its rule refers the issue", f"refer: {embedded.refer}")
    rule = chosen(value, "rule", look.rules)
    evidence = texts(value, "evidence")
    unread = [e for e in evidence if e not in look.reading.references]
    if unread:
        raise Wrong("its evidence names a row that was not read", ", ".join(unread)[:_LONGEST])
    plan = []
    if playbook.proposes:
        plan = [_planned(look, rule, each) for each in objects(value, "plan")]
    if plan and not evidence:
        raise Wrong("its actions rest on no evidence", "name the rows as table:id")
    end = IssueState(
        chosen(value, "end", [s.value for s in IssueState if s is not IssueState.OPEN])
    )
    due = [(p.action, canonical(p.arguments)) for p in embedded.plan]
    ours = [(p.action, canonical(p.arguments)) for p in plan]
    same = rule == embedded.rule
    lacking = [p for p, key in zip(embedded.plan, due, strict=True) if key not in ours]
    if same and lacking and not (end is IssueState.ESCALATED and not plan):
        names = ", ".join(p.action.value for p in lacking)
        raise Wrong("its plan lacks actions that the rule asks for", names)
    cause = field_of(value, "cause", str).strip()[:_LONGEST]
    if not cause:
        raise Wrong("its cause is empty")
    agrees = same and not lacking and len(set(ours)) == len(set(due)) and end is embedded.end
    finding = replace(
        embedded,
        cause=cause,
        confidence=share(value, "confidence"),
        evidence=list(dict.fromkeys(evidence)),
        plan=_in_order(plan, embedded.plan),
        by_model=answer.model or "a model",
    )
    if not agrees:
        known = case.identity is not Identity.UNKNOWN
        allowed = ends_of(rules_for(playbook, case.kind, known=known), rule)
        if end.value not in allowed:
            raise Wrong("the issue cannot end so under its rule", f"there are {', '.join(allowed)}")
        finding = _by_itself(look, finding, rule, end, value.get("skill"))
    return Diagnosed(finding, agrees, answer.model)


def _by_itself(
    look: _Look, finding: Finding, rule: str, end: IssueState, skill: str | None
) -> Finding:
    """A finding to which the procedure does not come: the templates have no true words for it but
    for an article."""
    intent = intent_of_rule(look.matter.playbook, rule, look.matter.case.kind)
    known = skills_of(look.matter.playbook)
    skill = (skill if skill in known else intent.value) if end is IssueState.ESCALATED else None
    values, reply = dict(finding.values), "held_back"
    if end is IssueState.ESCALATED and f"passed_on_{skill}" in _PASSED_ON:
        reply = f"passed_on_{skill}"
    article = next((look.reading.articles[e] for e in finding.evidence
                    if e in look.reading.articles), None)  # fmt: skip
    if article is not None:
        values["article"] = {"title": article["title"], "body": article["body"]}
        answers = any(r.rule == rule and r.reply == "article" for r in look.matter.playbook.rules)
        if answers and end is IssueState.RESOLVED:
            reply = "article"
    return replace(
        finding, rule=rule, intent=intent, end=end, skill=skill, reply=reply, values=values,
        refer=None,
    )  # fmt: skip


_PASSED_ON = frozenset(f"passed_on_{s}" for s in ("billing", "account", "technical", "product",
                                                  "privacy"))  # fmt: skip


def _in_order(plan: list[PlannedAction], procedure: list[PlannedAction]) -> list[PlannedAction]:
    """The plan in the procedure's order, what is not of it at the end."""
    keys = [(p.action, canonical(p.arguments)) for p in procedure]
    place = {key: position for position, key in enumerate(keys)}
    last = len(keys)
    return sorted(plan, key=lambda p: place.get((p.action, canonical(p.arguments)), last))


def _planned(look: _Look, rule: str, value: Row) -> PlannedAction:
    """One action of the plan, its arguments restored, completed and checked."""
    matter = look.matter
    name = ActionName(chosen(value, "action", [a.value for a in matter.playbook.proposes]))
    given = value.get("arguments")
    if not isinstance(given, dict):
        raise Wrong("the arguments of an action are no object", name.value)
    customer = matter.case.customer or {}
    if given.get("customer") not in (None, customer.get("id")):
        raise Wrong("an action is for another customer than the ticket's", name.value)
    taken = _TAKEN.get(name, ())
    arguments = {n: _restored(look.desk, given[n]) for n in taken if given.get(n) is not None}
    if name is ActionName.UPDATE_CRM and isinstance(arguments.get("changes"), dict):
        arguments["changes"] = as_stored(arguments["changes"], customer)
    if name not in _WITHOUT_CUSTOMER:
        arguments["customer"] = customer.get("id", "")
    fits = None
    if arguments.keys() >= _TELLING[name]:
        ours = [p for p in matter.embedded.plan if p.action is name]
        fits = next((p for p in ours if _fits(arguments, p.arguments)), None)
    if fits is not None:
        arguments = fits.arguments
    try:
        arguments = check_arguments(name, arguments) if fits is None else arguments
    except BadArguments as problem:
        raise Wrong("the arguments of an action are not of its type", str(problem)) from None
    why = out_of_bounds(matter.case, name, arguments, rule)
    if why is not None:
        raise Wrong(why, name.value)
    _check_read(look, name, arguments)
    reason = field_of(value, "reason", str).strip()[:_LONGEST]
    return PlannedAction(
        name,
        arguments,
        reason or NOT_BORNE_OUT,
        fits.rests_on if fits else [],
        doubt=None if fits else NOT_BORNE_OUT,
        by_model=True,
    )


_WITHOUT_CUSTOMER = frozenset(
    {ActionName.PROCESS_REFUND, ActionName.REINSTATE_SUBSCRIPTION, ActionName.CREATE_TICKET}
)


def _check_read(look: _Look, name: ActionName, arguments: Row) -> None:
    """What an action names must have been read, and what it writes must have been said."""
    for argument, table in (("charge", "charges"), ("subscription", "subscriptions")):
        named = arguments.get(argument)
        if named is not None and f"{table}:{named}" not in look.reading.references:
            raise Wrong(f"an action names a {argument} that was not read", f"{named}")
    if name is not ActionName.UPDATE_CRM:
        return
    for field_name, said in arguments["changes"].items():
        words = look.matter.case.text
        digits = "".join(c for c in said if c.isdigit())
        there = digits[-7:] in "".join(c for c in words if c.isdigit())
        spoken = there if field_name == "phone" else holds(words, said)
        if not spoken and field_name != "language":
            raise Wrong("a changed value does not stand in the customer's words", field_name)


def _fits(given: Row, planned: Row) -> bool:
    """Whether what is given of the arguments is as the procedure plans them."""
    ours, theirs = json.loads(canonical(planned)), json.loads(canonical(given))
    return all(name in ours and _same(name, v, ours[name]) for name, v in theirs.items())


def _same(name: str, given: Any, planned: Any) -> bool:
    if name == "at" and isinstance(given, str) and isinstance(planned, str):
        return given.replace("+00:00", "Z") == planned.replace("+00:00", "Z")
    return bool(given == planned)


def _restored(desk: Desk, value: Any) -> Any:
    if isinstance(value, dict):
        return {n: _restored(desk, v) for n, v in value.items() if v is not None}
    if not isinstance(value, str):
        return value
    found: str = desk.veil.restore(value, _GIVEN_BACK)
    if MASK in found:
        raise Wrong("an action holds what nobody may give back, or a placeholder that is none")
    return found
