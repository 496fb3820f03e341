"""The specialists: each issue examined by its role, several at the same time."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agents.brains.brain import Desk
from agents.engine.evidence import read_evidence, tool_box
from agents.engine.journal import Journal
from agents.engine.model_findings import found_by_model, joined_by_model
from agents.engine.parts import Parts
from agents.engine.snapshot import (
    Snapshot,
    open_refunds,
)
from agents.engine.thought import Matter, Thought
from agents.engine.understand import answers_in
from agents.facts.case import Case
from agents.playbooks.evaluate import Finding, examine
from agents.privacy.nonce import veil_for
from agents.understanding import signs, slots
from agents.understanding.kinds import FAMILY_OF
from agents.understanding.reading import Reading
from data.vocabulary import AgentName, IssueState


def investigate(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought, fresh: list[Reading]
) -> None:
    """Let the specialists find the cause of each open issue, several at the same time."""
    work = [m for m in thought.matters if not m.settled]
    if len(work) > 1:
        journal.note("subtasks", AgentName.COORDINATOR.value, {"issues": [m.kind for m in work]})
    answers = tuple(sorted(answers_in(snapshot, fresh)))
    pending = (
        open_refunds(parts.store, thought.identified.customer["id"], snapshot.ticket["id"])
        if thought.identified.customer
        else frozenset()
    )
    said = " ".join(r.text for r in thought.readings)
    answer = " ".join(r.text for r in fresh) if snapshot.issues else ""

    desk = None
    if journal.asking is not None:
        veil = veil_for(parts.store, snapshot.ticket, thought.identified.customer)
        desk = journal.asking.desk(parts.policy, veil)

    def look(position: int, matter: Matter) -> None:
        _specialist(
            parts, journal, snapshot, thought, matter, position, answers, pending, said, answer,
            desk,
        )  # fmt: skip

    if len(work) > 1:
        with ThreadPoolExecutor(max_workers=4, thread_name_prefix="specialist") as pool:
            list(pool.map(look, range(len(work)), work))
    else:
        for position, matter in enumerate(work):
            look(position, matter)
    _join_all(journal, snapshot, thought.matters, desk)
    for matter in work:
        _tell(journal, matter)


def _specialist(
    parts: Parts,
    journal: Journal,
    snapshot: Snapshot,
    thought: Thought,
    matter: Matter,
    position: int,
    answers: tuple[str, ...],
    pending: frozenset[str],
    said: str,
    answer: str,
    desk: Desk | None,
) -> None:
    """One specialist's look at one issue; a rule may refer it once to another."""
    kind = matter.kind
    for turn in range(2):
        playbook = parts.playbooks.by_kind[kind]
        matter.agent = playbook.agent
        step = f"look.{snapshot.generation}.{position}.{turn}.{playbook.agent}"
        box = tool_box(parts, journal, playbook)
        evidence = read_evidence(box, thought, playbook, step)
        if evidence.failed:
            matter.failed = evidence.failed
            return
        stored = matter.stored or {}
        case = Case(
            kind=kind,
            clause=matter.clause or said,
            text=said,
            wants_money=any(r.wants_money for r in thought.readings),
            at=snapshot.ticket["opened_at"],
            now=parts.store.clock.now(),
            policy=parts.policy,
            identity=thought.identified.identity,
            customer=thought.identified.customer,
            requester=snapshot.ticket["requester"],
            answers=answers,
            asked=stored.get("rule")
            if stored.get("state") == IssueState.AWAITING_CUSTOMER
            else None,
            answer=answer,
            records=evidence.records,
            open_refunds=pending,
            alone=len([m for m in thought.matters if not m.settled]) == 1,
        )
        finding = examine(playbook, case, parts.templates, thought.language)
        if finding is None:
            matter.waits_for_identity = True
            return
        matter.case = case
        if desk is not None and journal.asking is not None:
            others = tuple((m.kind, m.clause) for m in thought.matters if m is not matter)
            finding = found_by_model(
                journal.asking, desk, step, matter, case, playbook, finding, box,
                others=others, language=thought.language, may_refer=turn == 0,
            )  # fmt: skip
        if finding.refer is None:
            matter.finding = finding
            return
        kind = finding.refer


_EMPTY_HANDED = {"T4": 0.8, "P2": 0.85, "A1": 0.9, "I4": 0.9, "B8": 0.8, "B6": 0.8, "B4": 0.8}
"""Rules that fire where the records show nothing, and how sure triage must be of the issue then."""


_REPAIRS = ("T1", "T2", "T5")


_ERRORS = ("B1", "B2", "B3")


def _is_of_error(matter: Matter, error: Matter) -> bool:
    """Whether an issue only asks once more for what an error of ours is put right with: the sum of
    a refund by another name (B9), money for no charge of its own (B4), or tells that it is over."""
    if matter.finding is None or error.finding is None or matter.finding.plan:
        return False
    if matter.kind == "cancel_request":
        # Who has left already says when, and asks for the money alone.
        return error.finding.rule == "B2" and not signs.asks_to_cancel(matter.clause)
    said = slots.amounts(matter.clause)
    if matter.finding.rule == "B4":
        return not said and not slots.dates(matter.clause)
    sums = [p.arguments for p in error.finding.plan if p.arguments.get("currency")]
    return matter.kind == "compensation_request" and any(
        amount.minor(due["currency"]) == due["amount"] for amount in said for due in sums
    )


def _has_changed_plan(matter: Matter, repaired: Matter) -> bool:
    """Whether a plan is spoken of whose features are missing (T5): it was changed before."""
    rule = repaired.finding.rule if repaired.finding else None
    return matter.kind == "plan_change" and rule == "T5"


def _same_thing(one: Matter, other: Matter) -> bool:
    """Whether two clauses speak of the same thing: they share a telling word."""
    words = [set(re.findall(r"[^\W\d_]{5,}", m.clause.lower())) for m in (one, other)]
    return one.kind == "product_question" and bool(words[0] & words[1])


def _doubtful(matter: Matter) -> bool:
    finding = matter.finding
    if finding is None or finding.plan or matter.stored is not None:
        return False
    if finding.rule in ("A1", "I4") and finding.values.get("account", {}).get("given"):
        return False
    if finding.rule == "T4" and not signs.reports_fault(matter.clause):
        return matter.confidence < 0.96
    return matter.confidence < _EMPTY_HANDED.get(finding.rule, 0.0)


def _join_all(
    journal: Journal, snapshot: Snapshot, matters: list[Matter], desk: Desk | None
) -> None:
    """Settle which issues are none of their own, by a model's word where one thinks."""
    join_issues(matters)
    found = [m for m in matters if m.finding is not None]
    if desk is None or journal.asking is None or len(found) < 2:
        return
    embedded = {
        position: next(p for p, m in enumerate(found) if m is matter.follows)
        for position, matter in enumerate(found)
        if matter.follows is not None
    }
    step = f"join.{snapshot.generation}"
    joined = joined_by_model(journal.asking, desk, step, found, embedded)
    for position, matter in enumerate(found):
        matter.follows = found[joined[position]] if position in joined else None
    _join_same(matters)


def join_issues(matters: list[Matter]) -> None:
    """An issue that another one's rule has settled with is none of its own.

    Nor is one that triage was not sure of and for which the records show nothing, beside a surer
    one.
    """
    sure = [m for m in matters if m.finding is not None and not _doubtful(m)]
    for matter in matters:
        later = bool(sure) and sure[0].stored is not None and matter.stored is None
        asks = later and signs.asks_how(matter.clause)
        if sure and matter.finding is not None and _doubtful(matter) and not asks:
            matter.follows = sure[0]
        repaired = next((m for m in matters if m.finding and m.finding.rule in _REPAIRS), None)
        if (
            repaired
            and matter.finding
            and matter.finding.rule == "P2"
            and (_same_thing(matter, repaired) or _has_changed_plan(matter, repaired))
        ):
            matter.follows = repaired
        put_right = next((m for m in matters if m.finding and m.finding.rule in _ERRORS), None)
        if put_right and put_right is not matter and _is_of_error(matter, put_right):
            matter.follows = put_right
        claims = any(FAMILY_OF.get(m.kind) == "compensation" for m in matters)
        if (
            claims
            and matter.kind == "service_down"
            and matter.finding
            and matter.finding.rule == "T4"
        ):
            matter.follows = next(m for m in matters if FAMILY_OF.get(m.kind) == "compensation")
    _join_same(matters)


def _join_same(matters: list[Matter]) -> None:
    """Issues under one rule with the same plan, or without one on the same evidence, are one."""
    for position, matter in enumerate(matters):
        if matter.finding is None or matter.follows is not None:
            continue
        for other in matters[:position]:
            if other.finding is None or other.follows is not None:
                continue
            mine = [(p.action, p.arguments) for p in matter.finding.plan]
            theirs = [(p.action, p.arguments) for p in other.finding.plan]
            same_rule = matter.finding.rule == other.finding.rule
            if (
                same_rule
                and mine == theirs
                and (mine or matter.finding.evidence == other.finding.evidence)
            ):
                if (
                    FAMILY_OF.get(matter.kind) == "question"
                    and matter.clause != other.clause
                    and not mine
                ):
                    continue
                matter.follows = other
                break


def _tell(journal: Journal, matter: Matter) -> None:
    agent = (matter.agent or AgentName.COORDINATOR).value
    if matter.waits_for_identity:
        journal.note(
            "diagnosis",
            agent,
            {
                "issue": matter.kind,
                "rule": "I3",
                "cause": "The writer is not known.",
                "confidence": 1.0,
                "evidence": [],
            },
        )
        return
    if matter.failed:
        journal.note(
            "diagnosis", agent, {"issue": matter.kind, "error": matter.failed, "evidence": []}
        )
        return
    finding = matter.finding
    assert finding is not None
    # A model's words may be the customer's: they stand in the issue and beside the event.
    cause = {"by": finding.by_model} if finding.by_model else {"cause": finding.cause}
    procedure = matter.procedure
    journal.note(
        "diagnosis",
        agent,
        {
            "issue": matter.kind,
            "rule": finding.rule,
            **cause,
            "confidence": finding.confidence,
            "evidence": finding.evidence,
            **({"follows": matter.follows.kind} if matter.follows else {}),
            **({"procedure_finds": _in_short(procedure)} if procedure else {}),
        },
        payload=finding.cause if finding.by_model else None,
    )
    doubted = [p.action.value for p in finding.plan if p.doubt]
    if matter.follows is None:
        journal.note(
            "plan",
            AgentName.RESOLUTION.value,
            {
                "issue": matter.kind,
                "actions": [p.action.value for p in finding.plan],
                "reply": finding.reply,
                "end": finding.end.value,
                **({"not_borne_out": doubted} if doubted else {}),
            },
        )


def _in_short(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "actions": [p.action.value for p in finding.plan],
        "end": finding.end.value,
    }
