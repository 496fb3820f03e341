"""Who a row of a file is from, so that a model does not read it."""

import pytest

from agents.brains.batch_triage import call_for
from agents.intake.people import person_in
from agents.intake.records import Incoming


@pytest.mark.parametrize(
    ("row", "person"),
    [
        ({"From": "Otto Quib <otto@q.example>", "subject": "Help"}, {"name": "Otto Quib"}),
        ({"Customer Name": "Ada Okafor", "body": "Help"}, {"name": "Ada Okafor"}),
        ({"name": "Ada", "phone": "555 0100"}, {"name": "Ada", "phone": "555 0100"}),
        (
            {"requester": {"name": "Bo Li", "email": "b@l.example"}},
            {"name": "Bo Li", "email": "b@l.example"},
        ),
        ({"from": "a@b.example", "body": "my name"}, {}),
        ({"subject": "name", "body": "x", "count": 3}, {}),
    ],
)
def test_the_name_is_found(row: dict[str, object], person: dict[str, object]):
    assert person_in(row) == person


def test_a_sender_is_hidden_in_subject_and_signature():
    record = Incoming(
        1,
        subject="Invoice for Otto Quib",
        body="Nothing arrived. Regards, Otto",
        labels={"From": "Otto Quib <otto@q.example>"},
    )
    told = call_for(record).messages[1]["content"]
    assert "Otto" not in told
    assert "Quib" not in told
