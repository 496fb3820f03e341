"""Surveys by reply: asked where the policy wants it, and a score alone is no new request."""

import pytest
from sqlalchemy import select

from agents.policy.model import Policy, load_policy
from agents.surveys import SURVEY, SURVEY_ASKED
from agents.understanding.scores import score_in
from tests.engine.conftest import Open
from tests.engine.desk import Desk

QUESTION = "Just answer with a number from 1"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("5", (5, "")),
        ("4/5", (4, "")),
        ("4 out of 5", (4, "")),
        ("4 von 5 Sternen", (4, "")),
        ("3 von 5", (3, "")),
        ("★★★★☆", (4, "")),
        ("⭐⭐⭐⭐⭐", (5, "")),
        ("⭐️⭐️", (2, "")),
        ("5 - great, thanks", (5, "great, thanks")),
        ("2: it took too long", (2, "it took too long")),
        ("5 stars!", (5, "")),
        ("5 🎉", (5, "🎉")),
        ("1\nNobody called me back.", (1, "Nobody called me back.")),
        ("5\n\nOn Monday Lumen Cloud wrote:\n> How satisfied are you?", (5, "")),
        ("6", None),
        ("0", None),
        ("10/10", None),
        ("5 charges are wrong", None),
        ("4.50 is missing", None),
        ("5%", None),
        ("4242", None),
        ("★★★★★★★", None),
        ("I give it a 5", None),
        ("", None),
        ("5. " + "Please look at this again. " * 20, None),
    ],
)
def test_which_message_is_a_score(body: str, expected: tuple[int, str] | None) -> None:
    assert score_in(body) == expected


def asking() -> Policy:
    policy = load_policy()
    return policy.model_copy(update={"tickets": policy.tickets.model_copy(update={"survey": True})})


def answers(desk: Desk) -> list[tuple[int, str | None, str]]:
    with desk.store.read() as connection:
        rows = connection.execute(select(SURVEY).order_by(SURVEY.c.at)).all()
    return [(row.score, row.comment, row.imported_by) for row in rows]


def ended(desk: Desk) -> str:
    ticket = desk.arrive()
    desk.approve_all()
    return ticket


def test_nobody_is_asked_unless_the_policy_wants_it(desk: Open) -> None:
    one = desk()
    ticket = ended(one)
    assert QUESTION not in one.replies(ticket)[-1]
    one.service.receive(ticket, "5", at=one.clock.now())
    assert answers(one) == []
    assert one.column(ticket, "pending")


def test_wanting_it_or_not_makes_no_decision_stale() -> None:
    assert asking().version == load_policy().version


def test_a_score_is_stored_and_asks_for_nothing(desk: Open) -> None:
    one = desk(policy=asking())
    ticket = ended(one)
    assert QUESTION in one.replies(ticket)[-1]
    assert len(one.events(ticket, SURVEY_ASKED)) == 1
    runs = len(one.events(ticket, "run.started"))
    one.service.receive(ticket, "5 - great, thanks", at=one.clock.now())
    assert answers(one) == [(5, "great, thanks", "reply")]
    assert not one.column(ticket, "pending")
    one.run()
    assert one.status(ticket) == "resolved"
    assert len(one.events(ticket, "run.started")) == runs
    assert one.events(ticket, "message.received") == []
    (told,) = one.events(ticket, "survey.answered")
    assert told.data["score"] == 5
    assert "great" not in str(told.data)
    assert [m.body for m in one.detail(ticket).messages][-1] == "5 - great, thanks"


def test_after_a_score_the_next_message_is_read_as_ever(desk: Open) -> None:
    one = desk(policy=asking())
    ticket = ended(one)
    one.service.receive(ticket, "4/5", at=one.clock.now())
    one.service.receive(ticket, "I want to speak to a real person.", at=one.clock.now())
    one.run()
    assert one.status(ticket) == "escalated"
    assert answers(one) == [(4, None, "reply")]


def test_a_score_with_a_request_is_both(desk: Open) -> None:
    one = desk(policy=asking())
    ticket = ended(one)
    text = "1 - I was charged twice again, please refund it."
    one.service.receive(ticket, text, at=one.clock.now())
    assert [score for score, _, _ in answers(one)] == [1]
    assert one.column(ticket, "pending")


def test_a_ticket_that_waits_or_goes_to_a_person_asks_nobody(desk: Open) -> None:
    for scenario in ("i3-stranger-asks-about-charge", "b9-invoice-copy"):
        one = desk(scenario, policy=asking())
        ticket = ended(one)
        assert all(QUESTION not in reply for reply in one.replies(ticket))
        assert one.events(ticket, SURVEY_ASKED) == []


def test_a_closed_ticket_may_still_be_scored(desk: Open) -> None:
    one = desk(policy=asking())
    ticket = ended(one)
    one.pass_time(days=8)
    one.run()
    assert one.status(ticket) == "closed"
    one.service.receive(ticket, "★★★", at=one.clock.now())
    assert [score for score, _, _ in answers(one)] == [3]
    assert one.status(ticket) == "closed"
