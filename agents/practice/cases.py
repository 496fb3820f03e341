"""Making practice cases: a scenario is worked on in a folder of its own, then forgotten."""

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import data
from agents.actions.arguments import check_arguments
from agents.actions.catalogue import CATALOGUE, digest_of, money_of, target_of
from agents.engine.preview import preview_of, undo_of
from agents.errors import Refused
from agents.eval.run import Rules, Stage
from agents.eval.scenario import ExpectedTicket, Scenario, load_scenario, scenario_files
from agents.practice.wrongs import World, Wrong, undue_refunds, wrongs
from agents.service import NewTicket
from data.queries.approvals import pending_approvals
from data.queries.queue import pending_tickets
from data.queries.rows import ActionRow, TicketDetail
from data.queries.tickets import ticket_detail
from data.vocabulary import ActionName, ActionState, Author, Gate, Intent, TicketStatus

PACKAGED = Path(data.__file__).parent / "scenarios"
PRACTISED = frozenset(
    {
        ActionName.PROCESS_REFUND, ActionName.ISSUE_CREDIT, ActionName.REINSTATE_SUBSCRIPTION,
        ActionName.RESET_SERVICE, ActionName.UPDATE_CRM,
    }
)  # fmt: skip
"""Actions that people practise."""

RECORDS = ("customers", "subscriptions", "charges", "refunds", "activity", "logs")
"""Tables whose rows of the customer are shown beside a case."""


@dataclass(frozen=True)
class Case:
    """An action to decide about, with what a person would look at."""

    number: int
    of: int
    scenario: str
    detail: TicketDetail
    action: ActionRow
    records: dict[str, list[dict[str, Any]]]
    """The customer's rows, by table."""
    wrong: str | None
    """What is wrong with it, as a word; None: it is right."""
    why: str
    """Why it is right or wrong, in a sentence; for after the answer."""


@dataclass(frozen=True)
class Course:
    """So many cases in an order that the seed alone decides; about half of them are wrong."""

    seed: int
    cases: int

    def case(self, number: int) -> Case:
        """The case of this number, 1 to `cases`; made anew each time, always the same."""
        rules, files = _rules(), scenario_files([PACKAGED])
        order = random.Random(self.seed)
        order.shuffle(files)
        sides = [place % 2 == 0 for place in range(self.cases)]
        order.shuffle(sides)
        chance = random.Random(f"{self.seed}:{number}")
        for step in range(len(files)):
            # Steps over what the other numbers begin with, where a file gives no such case.
            scenario = load_scenario(files[(number - 1 + step * self.cases) % len(files)])
            made = None
            if _is_plain(scenario) and (_has_due(scenario) or _is_due_nothing(scenario)):
                made = _made(scenario, rules, chance, right=sides[number - 1])
            if made is not None:
                return replace(made, number=number, of=self.cases)
        raise AssertionError("no scenario gives such a case")


@cache
def _rules() -> Rules:
    return Rules.load()


def _is_plain(scenario: Scenario) -> bool:
    """Whether it comes to one clear end with nobody but people who approve in between."""
    alone = len(scenario.tickets) == 1 and not scenario.tickets[0].replies
    told = all(rule.decide == "approve" for rule in scenario.operator)
    return alone and told and not scenario.changes and not scenario.trials


def _expected(scenario: Scenario) -> ExpectedTicket:
    return scenario.expect.tickets.get(scenario.tickets[0].ref, ExpectedTicket())


def _has_due(scenario: Scenario) -> bool:
    return any(a["action"] in PRACTISED for a in _expected(scenario).actions or [])


def _is_due_nothing(scenario: Scenario) -> bool:
    """Whether it is about money that is not to be given back."""
    expected = _expected(scenario)
    charges = scenario.world().get("charges", [])
    clear = not expected.escalated or any(c.get("status") == "disputed" for c in charges)
    refunds = ActionName.PROCESS_REFUND in (expected.no_actions or [])
    return clear and refunds and expected.intents == [Intent.BILLING] and not _has_due(scenario)


def _made(scenario: Scenario, rules: Rules, chance: random.Random, *, right: bool) -> Case | None:
    """A case of this scenario, right or wrong; None if it gives none."""
    with tempfile.TemporaryDirectory(prefix="handrail-practice-") as folder:
        stage = Stage(scenario, Path(folder), rules, approve_all=False)
        try:
            detail = _worked(stage, scenario)
            return _case_of(stage, scenario, rules, detail, chance, right=right)
        finally:
            stage.close()


def _worked(stage: Stage, scenario: Scenario) -> TicketDetail:
    """The ticket, as the agents have planned it."""
    ticket = scenario.tickets[0]
    stage.clock.advance_to(max(ticket.at, scenario.now))
    new = NewTicket(
        ticket.ref, ticket.subject, ticket.body, ticket.email, ticket.channel, ticket.at
    )
    ticket_id = stage.service.ingest(new)
    while pending := pending_tickets(stage.store, 1):
        stage.engine.advance(pending[0])
    return ticket_detail(stage.store, ticket_id)


def _case_of(
    stage: Stage,
    scenario: Scenario,
    rules: Rules,
    detail: TicketDetail,
    chance: random.Random,
    *,
    right: bool,
) -> Case | None:
    asked = [a for a in pending_approvals(stage.store) if a.name in PRACTISED]
    customer = detail.customer_id
    if customer is None or (right and not asked):
        return None
    tables = {name: stage.reader.table(name) for name in (*RECORDS, "services")}
    records = {name: _of(customer, tables[name]) for name in RECORDS}
    base = chance.choice(asked) if asked else None
    if right and base is not None:
        why = f"Rule {base.rule} asks for it: {base.reason}"
        return Case(0, 0, scenario.name, detail, base, records, None, why)
    due = tuple((ActionName(a.name), a.arguments) for a in asked)
    world = World(customer, scenario.tickets[0].at, rules.policy, tables, due)
    if base is not None:
        found = wrongs(ActionName(base.name), base.arguments, world)
    else:
        found = undue_refunds(world)
        detail = _as_if_due(detail, found)
    kinds = sorted({one.kind for one in found})
    if not kinds:
        return None
    kind = chance.choice(kinds)
    wrong = chance.choice([one for one in found if one.kind == kind])
    action = _proposed(stage, detail, base, wrong)
    others = [a for a in detail.actions if a is not base and (base is None or a.id != base.id)]
    detail = replace(detail, actions=sorted([*others, action], key=lambda a: a.position))
    return Case(0, 0, scenario.name, detail, action, records, wrong.kind, wrong.why)


def _of(customer: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if customer in (row.get("customer"), row.get("id"))]


def _as_if_due(detail: TicketDetail, found: list[Wrong]) -> TicketDetail:
    """A ticket that is due nothing as agents show it who think that a charge is to be returned."""
    cause = f"{found[0].arguments['charge']} is asked back." if found else None
    issues = [
        replace(issue, state="open", rule="B4", cause=cause, skill=None)
        for issue in detail.issues[:1]
    ]
    said = [message for message in detail.messages if message.author == Author.CUSTOMER]
    ticket = replace(detail.ticket, status=TicketStatus.AWAITING_APPROVAL)
    return replace(
        detail, ticket=ticket, issues=issues, messages=said, actions=[], outcome=None,
        escalation=None, handoffs=[],
    )  # fmt: skip


def _proposed(
    stage: Stage, detail: TicketDetail, base: ActionRow | None, wrong: Wrong
) -> ActionRow:
    """The wrong action as it would stand in the queue: tried out where the system allows that."""
    name, affects = wrong.name, detail.ticket.customer_name
    arguments = check_arguments(name, wrong.arguments)
    amount, currency = money_of(arguments)
    now = stage.clock.now()
    try:
        effect = stage.writer.preview(name.value, arguments, "practice", now)
        preview = preview_of(name, arguments, effect, affects)
    except Refused:
        effect, preview = None, {**preview_of(name, arguments, None, affects), "declared": True}
    reason = base.reason if base else "The customer asks for the money back."
    for argument, value in (base.arguments if base else {}).items():
        reason = reason.replace(str(value), str(arguments.get(argument, value)))
    changed: dict[str, Any] = {
        "arguments": arguments,
        "digest": digest_of(name, arguments),
        "target": target_of(name, arguments),
        "amount": amount,
        "currency": currency,
        "preview": preview,
        "undo": undo_of(name, effect),
        "reason": reason,
    }
    if base is not None:
        return replace(base, **changed)
    ticket = detail.ticket
    return ActionRow(
        id="a_practice", ticket_id=ticket.id, ticket_ref=ticket.ref, subject=ticket.subject,
        requester=ticket.requester, customer_name=ticket.customer_name, issue_id=None, position=1,
        name=name.value, agent="billing", state=ActionState.PROPOSED, gate=Gate.ASK, rule="B4",
        risk=CATALOGUE[name].risk, people_needed=1, proposed_at=now, expires_at=None,
        decided_by=None, decided_at=None, decision_reason=None, supersedes=None,
        superseded_by=None, executed_at=None, undo_until=None, problem=None, **changed,
    )  # fmt: skip
