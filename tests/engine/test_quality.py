"""Quality checks as they are stored: when tickets end, once, again, with a judge, with people."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select

from agents.brains.protocol import Answer, BadAnswer, Call, ModelUnavailable
from agents.errors import NotAllowed, NotDecidable, Retryable
from agents.operators import Operators
from agents.quality.checking import CHECKED, Checker, check_past
from agents.quality.dossier import Dossier
from agents.quality.found import Check
from agents.quality.judge import ModelJudge, Opinion, packaged_prompt
from agents.quality.sweep import sweep
from agents.runtime.beside import Beside
from agents.service.reviewing import REVIEWED
from data.errors import HandrailError
from data.queries.quality import QUALITY, agreements, quality_of, quality_page, wilson
from data.store import EVENT, PAYLOAD, NewEvent
from data.vocabulary import QualityName, Role, Verdict
from tests.engine.conftest import Open
from tests.engine.desk import Desk


def checker(desk: Desk, judge: Any = None) -> Checker:
    return Checker(desk.store, desk.policy, desk.writer.lookup, judge)


def ended(desk: Desk) -> str:
    ticket = desk.arrive()
    desk.approve_all()
    return ticket


def kinds(desk: Desk, ticket: str, kind: str) -> list[dict[str, Any]]:
    return [e.data for e in desk.events(ticket, kind)]


def rows(desk: Desk) -> int:
    with desk.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(QUALITY)).scalar_one())


def test_a_ticket_is_checked_once_when_it_has_ended(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    assert not checker(one).check(ticket)
    one.approve_all()
    assert checker(one).check(ticket)
    assert not checker(one).check(ticket)
    row = quality_of(one.store, ticket)
    assert (row.overall, row.verdict, row.waits) == (1.0, Verdict.PASSED, False)
    assert [s.name for s in row.scores] == [name.value for name in QualityName]
    (told,) = kinds(one, ticket, CHECKED)
    assert told["scores"] == {"resolution": 1.0, "sentiment": None, "escalation": 1.0,
                              "compliance": 1.0}  # fmt: skip
    assert told["end"] == row.position


def test_it_is_checked_again_when_it_ends_again(desk: Open) -> None:
    one = desk()
    ticket = ended(one)
    checker(one).check(ticket)
    one.service.receive(ticket, "Thank you, that was quick!", at=one.clock.now())
    one.run()
    assert checker(one).check(ticket)
    row = quality_of(one.store, ticket)
    assert {s.name: s.score for s in row.scores}["sentiment"] == 1.0
    assert (rows(one), quality_page(one.store).total) == (2, 1)


def test_the_sweep_follows_the_log(desk: Open) -> None:
    one = desk()
    assert not sweep(checker(one))
    ticket = ended(one)
    sweep(checker(one), at_once=1)
    while sweep(checker(one), at_once=1):
        pass
    assert rows(one) == 1
    sweep(checker(one))
    assert (rows(one), len(kinds(one, ticket, CHECKED))) == (1, 1)


def test_a_ticket_that_cannot_be_checked_holds_nobody_up(desk: Open) -> None:
    one = desk()
    ended(one)
    second = one.write("I was charged twice, please refund it.", email="somebody@example.org")
    one.approve_all()

    @dataclass(frozen=True)
    class Fragile(Checker):
        def check(self, ticket_id: str, *, again: bool = False) -> bool:
            if ticket_id != second:
                raise HandrailError("no")
            return super().check(ticket_id, again=again)

    fragile = Fragile(one.store, one.policy, one.writer.lookup)
    assert not sweep(fragile)
    assert quality_of(one.store, second).verdict == Verdict.PASSED
    done = check_past(fragile)
    assert [problem for _, problem in done.failed or []] == ["no"]
    assert check_past(checker(one)).checked == 1


def test_a_thread_checks_beside_the_work(desk: Open) -> None:
    one = desk()
    ticket = ended(one)
    seen = threading.Event()

    @dataclass(frozen=True)
    class Telling(Checker):
        def check(self, ticket_id: str, *, again: bool = False) -> bool:
            checked = super().check(ticket_id, again=again)
            seen.set()
            return checked

    telling = Telling(one.store, one.policy, one.writer.lookup)
    thread = Beside("quality", lambda rest: sweep(telling, rest), pause=0.001)
    thread.start()
    try:
        assert seen.wait(30)
    finally:
        thread.stop()
    assert quality_of(one.store, ticket).verdict == Verdict.PASSED


def test_what_the_back_office_cannot_tell_now_is_no_fault(desk: Open) -> None:
    one = desk()
    ticket = ended(one)

    def unreachable(key: str) -> None:
        raise Retryable("out of reach")

    assert Checker(one.store, one.policy, unreachable).check(ticket)
    assert quality_of(one.store, ticket).overall == 1.0


# A judge.


@dataclass
class Scripted:
    """A judge that says what it is told."""

    checks: Sequence[Check] = ()
    problem: Exception | None = None

    def look(self, dossier: Dossier, found: Sequence[Check]) -> Opinion:
        if self.problem is not None:
            raise self.problem
        return Opinion(tuple(self.checks), "gpt-test", 1_500)


def test_a_judge_lowers_a_score_or_fills_a_gap_and_washes_nothing_away(desk: Open) -> None:
    one = desk()
    ticket = ended(one)
    opinions = [
        Check(QualityName.RESOLUTION, 0.4, "Half of it was overlooked.", (), "gpt-test"),
        Check(QualityName.SENTIMENT, 0.5, "It stayed.", (), "gpt-test"),
        Check(QualityName.COMPLIANCE, 1.0, "Fine.", (), "gpt-test"),
    ]
    checker(one, Scripted(opinions)).check(ticket)
    row = quality_of(one.store, ticket)
    by = {s.name: (s.score, s.by) for s in row.scores}
    assert by["resolution"] == (0.4, "gpt-test")
    assert by["sentiment"] == (0.5, "gpt-test")
    assert by["compliance"] == (1.0, "rule")
    assert (row.overall, row.verdict, row.judge) == (0.6, Verdict.REVIEW, "gpt-test")
    (told,) = kinds(one, ticket, CHECKED)
    assert told["cost_micros"] == 1_500


@pytest.mark.parametrize("problem", [ModelUnavailable("down"), BadAnswer("no JSON")])
def test_a_judge_that_fails_leaves_the_rules(desk: Open, problem: Exception) -> None:
    one = desk()
    ticket = ended(one)
    checker(one, Scripted(problem=problem)).check(ticket)
    row = quality_of(one.store, ticket)
    assert (row.overall, row.judge, row.judge_problem) == (1.0, None, str(problem))


@dataclass
class Recording:
    """A model that keeps what it was asked."""

    value: dict[str, Any]
    calls: list[Call] = field(default_factory=list)

    def ask(self, call: Call, told: Callable[[str], None] | None = None) -> Answer:
        self.calls.append(call)
        return Answer("", self.value, model="gpt-test", cost_micros=7)

    def close(self) -> None:
        pass


def test_a_model_judges_redacted_text_only(desk: Open) -> None:
    one = desk("h2-full-card-number")
    ticket = ended(one)
    model = Recording({"resolution": {"score": 0.9, "reason": "Done.\n"},
                       "sentiment": {"score": None, "reason": "One message."},
                       "compliance": {"score": 7, "reason": ""}, "escalation": "what"})  # fmt: skip
    checker(one, ModelJudge(model)).check(ticket)
    (call,) = model.calls
    sent = json.dumps(call.messages)
    assert call.messages[0]["content"] == packaged_prompt()
    detail = one.detail(ticket)
    for word in (detail.ticket.customer_name or "").split():
        assert word not in sent
    assert str(detail.ticket.requester) not in sent
    assert "4111" not in sent
    assert "process_refund" in sent
    row = quality_of(one.store, ticket)
    assert {s.name: s.score for s in row.scores} == {
        "resolution": 0.9, "sentiment": None, "escalation": 1.0, "compliance": 1.0,
    }  # fmt: skip


# People.


def low(desk: Desk) -> str:
    """A ticket that waits for a person, since a judge found its compliance low."""
    ticket = ended(desk)
    found = [Check(QualityName.COMPLIANCE, 0.2, "It promised too much.", (), "gpt-test")]
    checker(desk, Scripted(found)).check(ticket)
    return ticket


def test_who_agrees_takes_it_off_the_queue(desk: Open) -> None:
    one = desk()
    ticket = low(one)
    assert quality_page(one.store, needs_review=True).waiting == 1
    one.service.agree_on_quality(ticket, by="maya", name=QualityName.RESOLUTION)
    assert quality_page(one.store, needs_review=True).waiting == 1
    one.service.agree_on_quality(ticket, by="maya", name=QualityName.COMPLIANCE, note="Indeed.")
    assert quality_page(one.store, needs_review=True).waiting == 0
    assert quality_of(one.store, ticket).verdict == Verdict.REVIEW


def test_who_corrects_is_counted_and_recorded_without_words(desk: Open) -> None:
    one = desk()
    ticket = low(one)
    note = "Delphine was told the truth"
    stands = one.service.correct_quality(ticket, QualityName.COMPLIANCE, 0.95, by="maya", note=note)
    row = quality_of(one.store, ticket)
    assert (stands, row.overall, row.waits) == (0.981, 0.981, False)
    said = next(s.review for s in row.scores if s.name == "compliance")
    assert said is not None
    assert (said.operator, said.score, said.agreed, said.note) == ("maya", 0.95, False, note)
    (told,) = kinds(one, ticket, REVIEWED)
    assert told == {"check": "compliance", "found": 0.2, "score": 0.95, "agreed": False,
                    "by": "maya"}  # fmt: skip
    with one.store.read() as connection:
        kept = connection.execute(
            select(PAYLOAD.c.body)
            .join(EVENT, EVENT.c.payload_id == PAYLOAD.c.id)
            .where(EVENT.c.kind == REVIEWED)
        ).scalar_one()
    assert kept == note
    counts = {a.name: (a.agreed, a.reviewed) for a in agreements(one.store)}
    assert counts["compliance"] == (0, 1)
    one.service.agree_on_quality(ticket, by="sam", name=QualityName.COMPLIANCE)
    counts = {a.name: (a.agreed, a.reviewed) for a in agreements(one.store)}
    assert counts["compliance"] == (1, 1)


def test_a_correction_outlives_another_check_of_the_same_end(desk: Open) -> None:
    one = desk()
    ticket = ended(one)
    checker(one).check(ticket)
    one.service.correct_quality(ticket, QualityName.RESOLUTION, 0.1, by="maya", note="no")
    assert checker(one).check(ticket, again=True)
    assert quality_of(one.store, ticket).overall == 0.3


def test_what_cannot_be_reviewed(desk: Open) -> None:
    one = desk()
    ticket = ended(one)
    name = QualityName.RESOLUTION
    with pytest.raises(NotDecidable, match="not checked yet"):
        one.service.agree_on_quality(ticket, by="maya")
    checker(one).check(ticket)
    with pytest.raises(NotDecidable, match="between 0 and 1"):
        one.service.correct_quality(ticket, name, 1.5, by="maya", note="x")
    with pytest.raises(NotDecidable, match="needs a note"):
        one.service.correct_quality(ticket, name, 0.5, by="maya", note=" ")
    with pytest.raises(NotDecidable, match="no score of sentiment"):
        one.service.agree_on_quality(ticket, by="maya", name=QualityName.SENTIMENT)
    with pytest.raises(NotDecidable, match="checked again meanwhile"):
        one.service.agree_on_quality(ticket, by="maya", check_id="q_old")


def test_a_viewer_may_not_review(desk: Open) -> None:
    one = desk()
    ticket = ended(one)
    checker(one).check(ticket)
    operators = Operators(one.store)
    operators.found("ada")
    operators.add("vera", Role.VIEWER, "ada")
    one.service.signed_in_by = "token"
    with pytest.raises(NotAllowed, match="viewer"):
        one.service.agree_on_quality(ticket, by="vera")


def test_wilson() -> None:
    """8 of 10: the middle (0.8 + 0.1921) / 1.3842, the reach worked out by hand."""
    assert wilson(0, 0) is None
    low_end, high_end = wilson(8, 10) or (0, 0)
    assert low_end == pytest.approx(0.4902, abs=1e-4)
    assert high_end == pytest.approx(0.9433, abs=1e-4)


def test_a_ticket_that_was_erased_keeps_its_check(desk: Open) -> None:
    one = desk()
    ticket = ended(one)
    checker(one).check(ticket)
    with one.store.write() as tx:
        tx.append(NewEvent("ticket.erased", "operator", {}, ticket))
    assert not checker(one).check(ticket, again=True)
    assert quality_of(one.store, ticket).overall == 1.0
