"""Every legal and illegal change of state, and the store that refuses the illegal ones."""

from itertools import product

import pytest

from data.errors import IllegalChange
from data.states import ACTION_CHANGES, TICKET_CHANGES, check_action_change, check_ticket_change
from data.vocabulary import ActionState as A
from data.vocabulary import TicketStatus as T


def test_each_state_is_in_the_tables() -> None:
    assert set(TICKET_CHANGES) == set(T)
    assert set(ACTION_CHANGES) == set(A)


@pytest.mark.parametrize(("old", "new"), product(T, T))
def test_ticket_changes(old: T, new: T) -> None:
    if old == new or new in TICKET_CHANGES[old]:
        check_ticket_change(old, new)
    else:
        with pytest.raises(IllegalChange, match=f"from {old} to {new}"):
            check_ticket_change(old, new)


@pytest.mark.parametrize(("old", "new"), product(A, A))
def test_action_changes(old: A, new: A) -> None:
    if new in ACTION_CHANGES[old]:
        check_action_change(old, new)
    else:
        with pytest.raises(IllegalChange, match=f"from {old} to {new}"):
            check_action_change(old, new)


def test_nothing_becomes_new_again() -> None:
    assert not any(T.NEW in after for after in TICKET_CHANGES.values())


def test_only_an_approved_action_starts_and_only_a_started_one_is_done() -> None:
    assert [s for s, after in ACTION_CHANGES.items() if A.EXECUTING in after] == [A.APPROVED]
    assert [s for s, after in ACTION_CHANGES.items() if A.APPROVED in after] == [A.PROPOSED]
    for done in (A.EXECUTED, A.VERIFIED):
        before = {s for s, after in ACTION_CHANGES.items() if done in after}
        assert before <= {A.EXECUTING, A.EXECUTED, A.UNKNOWN}


def test_what_ended_undone_stays_so() -> None:
    for state in (A.EXPIRED, A.REJECTED, A.WITHDRAWN, A.UNDONE):
        assert ACTION_CHANGES[state] == set()
    assert ACTION_CHANGES[A.REFUSED] == {A.STALE}
