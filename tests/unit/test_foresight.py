"""What is told of a decision beforehand is what the service then says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agents.actions.arguments import check_arguments
from agents.actions.forms import arguments_of
from agents.authority import PASSPHRASE, Person
from agents.errors import BadArguments
from agents.foresight import not_to_approve, not_to_undo, still_needed
from agents.policy.model import load_policy
from data.queries.rows import DecisionRow
from data.vocabulary import ActionName, ActionState, Role
from tests.unit.test_stakes import FREELY, NEVER, NOW, action

POLICY = load_policy()
OPERATOR = Person("olga", Role.OPERATOR, PASSPHRASE)
SUPERVISOR = Person("sue", Role.SUPERVISOR, PASSPHRASE)


def said(kind: str, by: str, role: str = "operator") -> DecisionRow:
    return DecisionRow(kind, by, None, NOW, role)


@pytest.mark.parametrize(
    ("columns", "person", "why"),
    [
        ({}, OPERATOR, None),
        ({"amount": 50_001}, OPERATOR, "an operator may approve up to 500.00 USD"),
        ({"amount": 50_001}, SUPERVISOR, None),
        ({"amount": 50_001}, None, None),
        ({"preview": {"pending": True}}, OPERATOR, "not worked out yet"),
        ({"preview": {"pending": True}, "decisions": [said("edit", "ada")]}, OPERATOR, None),
        ({"decisions": [said("approve", "olga")]}, OPERATOR, "another person must"),
        ({"decisions": [said("approve", "ada")]}, OPERATOR, None),
        ({"expires_at": NOW}, OPERATOR, "time to decide it is over"),
    ],
)
def test_why_it_cannot_be_approved(
    columns: dict[str, Any], person: Person | None, why: str | None
) -> None:
    told = not_to_approve(action(**columns), person, POLICY, NOW)
    assert told is None if why is None else why in (told or "")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, None),
        ({"people_needed": 2}, "2 different people must approve it"),
        (
            {"people_needed": 2, "decisions": [said("approve", "ada")]},
            "2 different people must approve it; 1 more is needed; approved by ada",
        ),
        ({"role_needed": "supervisor"}, "a supervisor must approve it"),
        (
            {"role_needed": "supervisor", "decisions": [said("approve", "ada")]},
            "a supervisor must approve it; approved by ada",
        ),
        (
            {"role_needed": "supervisor", "decisions": [said("approve", "sue", "supervisor")]},
            "approved by sue",
        ),
    ],
)
def test_who_must_approve_it(columns: dict[str, Any], words: str | None) -> None:
    assert still_needed(action(**columns)) == words


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({}, None),
        ({"state": ActionState.EXECUTED}, None),
        ({"state": ActionState.FAILED, "executed_at": NOW}, None),
        ({"state": ActionState.FAILED}, "it is failed"),
        ({"state": ActionState.PROPOSED}, "it is proposed"),
        ({"state": ActionState.UNDONE}, "undone already"),
        ({"undo": NEVER}, "cannot be undone"),
        ({"undo": None}, "cannot be undone"),
        ({"undo_until": NOW}, "time to undo it is over"),
        ({"undo_until": NOW + timedelta(minutes=1)}, None),
        ({"amount": 50_001}, "up to 500.00 USD"),
        ({"undoes": "a_0"}, "an undoing cannot be undone"),
    ],
)
def test_why_it_cannot_be_undone(columns: dict[str, Any], why: str | None) -> None:
    done = action(**{"state": ActionState.VERIFIED, "undo": FREELY} | columns)
    told = not_to_undo(done, (done,), OPERATOR, POLICY, NOW)
    assert told is None if why is None else why in (told or "")


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (ActionState.PROPOSED, False),
        (ActionState.APPROVED, False),
        (ActionState.UNKNOWN, False),
        (ActionState.REJECTED, True),
        (ActionState.FAILED, True),
    ],
)
def test_what_is_being_undone_is_not_undone_twice(state: ActionState, again: bool) -> None:
    done = action(state=ActionState.VERIFIED)
    undoing = replace(done, id="a_2", undoes="a_1", state=state, proposed_by="ada")
    told = not_to_undo(done, (done, undoing), OPERATOR, POLICY, NOW)
    assert (told is None) == again
    assert again or "ada has asked" in (told or "")


REFUND = {"charge": "ch_1", "amount": 100, "currency": "usd"}


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("process_refund", {**REFUND, "amount": 0}, "amount: must be more than 0"),
        ("process_refund", {**REFUND, "amount": "much"}, "amount: must be a whole number"),
        ("process_refund", {**REFUND, "amount": 1.5}, "amount: must be a whole number"),
        ("process_refund", {**REFUND, "currency": "USD"}, "currency: must be three small letters"),
        ("process_refund", {**REFUND, "amuont": 3}, "did you mean 'amount'?"),
        ("process_refund", {**REFUND, "zzz": 3}, "it has amount, charge and currency"),
        ("process_refund", {"charge": "ch_1", "amount": 1}, "currency: is missing"),
        ("process_refund", {**REFUND, "charge": ""}, "charge: must not be empty"),
        (
            "reset_service",
            {"customer": "c", "service": "s", "operation": "clear_cash"},
            "did you mean 'clear_cache'?",
        ),
        ("schedule_callback", {"customer": "c", "at": "soon", "topic": "x"}, "at: must be a UTC"),
        ("update_crm", {"customer": "c", "changes": {}}, "must name a field to change"),
        ("update_crm", {"customer": "c", "changes": {"emial": "x"}}, "did you mean 'email'?"),
        ("create_ticket", {"queue": "q", "summary": "x", "priority": "hihg"}, "mean 'high'?"),
    ],
)
def test_arguments_that_do_not_fit_are_told_in_plain_words(
    name: str, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadArguments) as told:
        check_arguments(ActionName(name), arguments)
    assert words in str(told.value)
    assert not {"Input", "input", "pydantic", "String", "regex", "integer"} & set(
        str(told.value).replace(":", " ").split()
    )


@pytest.mark.parametrize(
    ("name", "fixed"),
    [
        ("process_refund", {"charge", "currency"}),
        ("issue_credit", {"customer"}),
        ("send_reply", {"ticket"}),
        ("create_ticket", {"queue"}),
        ("reinstate_subscription", {"subscription"}),
        ("undo", {"action"}),
    ],
)
def test_which_record_is_meant_is_not_to_be_edited(name: str, fixed: set[str]) -> None:
    assert {a.name for a in arguments_of(ActionName(name)) if a.fixed} == fixed


def test_every_argument_has_a_kind_and_closed_sets_their_values() -> None:
    found = {(name, a.name): a for name in ActionName for a in arguments_of(name)}
    assert found[ActionName.ISSUE_CREDIT, "amount"].kind == "money"
    assert found[ActionName.SEND_REPLY, "body"].kind == "passage"
    assert found[ActionName.SEND_NOTIFICATION, "channel"].choices == ("email", "sms")
    assert "unlock_account" in found[ActionName.RESET_SERVICE, "operation"].choices
    assert all((a.kind == "choice") == bool(a.choices) for a in found.values())
