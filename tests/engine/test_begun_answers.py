"""Answers that people begin and do not send: theirs alone, until they go out or are erased."""

import pytest

from agents.errors import NotAllowed
from data.errors import NotFound
from data.keeping.erase import erase_person, find_person
from data.tables import Operator
from tests.engine.conftest import Open
from tests.engine.desk import Desk
from tests.engine.hands import asking


def kept(one: Desk, ticket: str) -> list[str | None]:
    return [one.service.begun(ticket, by=name) for name in ("priya", "sam")]


def test_each_person_has_their_own_until_it_goes_out(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    before = one.events(ticket)
    one.service.keep_begun(ticket, "Half", by="priya")
    one.service.keep_begun(ticket, "Half of\x1b[31m a", by="priya")
    one.service.keep_begun(ticket, "Other", by="sam")
    assert kept(one, ticket) == ["Half of a", "Other"]
    assert one.events(ticket) == before
    one.service.send(ticket, "All of it.", by="priya")
    assert kept(one, ticket) == [None, "Other"]
    one.service.keep_begun(ticket, " \n", by="sam")
    assert kept(one, ticket) == [None, None]


def test_it_goes_when_the_person_is_erased(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    one.service.keep_begun(ticket, "Dear Ada, your card", by="priya")
    with one.store.read() as connection:
        person = find_person(connection, ticket)
    erase_person(one.store, person, by="priya", force=True)
    assert kept(one, ticket) == [None, None]


def test_only_who_may_answer_has_one(desk: Open) -> None:
    one = desk()
    ticket = asking(one)
    with pytest.raises(NotFound):
        one.service.keep_begun("t_none", "Half", by="priya")
    with one.store.write() as tx:
        tx.insert(Operator, name="vera", role="viewer", added_at=tx.now, passphrase_hash="x")
    one.service.signed_in_by = "passphrase"
    with pytest.raises(NotAllowed):
        one.service.keep_begun(ticket, "Half", by="vera")
