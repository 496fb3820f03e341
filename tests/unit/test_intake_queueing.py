"""Records into the queue of a real workspace: opened, threaded, skipped, refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from agents.intake.batch import Stored
from agents.intake.queueing import Queueing
from agents.intake.records import Incoming, Reject
from agents.service import NewTicket
from console.cli.ingest import opened_by
from data.queries.queue import find_ticket
from data.queries.threads import tickets_of_messages
from data.queries.tickets import ticket_detail
from data.workspace import Workspace, open_workspace
from tests.intake_support import Desk


@pytest.fixture
def workspace(tmp_path: Path):
    opened = open_workspace(str(tmp_path / "w.db"), synchronous="OFF")
    yield opened
    opened.close()


def queueing(workspace: Workspace, told: list[Reject] | None = None) -> Queueing[NewTicket]:
    return Queueing(
        Desk(workspace), workspace, opened_by, (told if told is not None else []).append
    )


def bodies(workspace: Workspace, name: str) -> list[str]:
    return [m.body for m in ticket_detail(workspace, find_ticket(workspace, name)).messages]


def test_tickets_are_opened_once(workspace: Workspace):
    some = [Incoming(line=n, ref=f"r{n % 3}", body=str(n)) for n in range(4)]
    taken = queueing(workspace).take(some)
    assert (len(taken.tickets), taken.duplicates, taken.received) == (3, 1, 0)
    again = queueing(workspace).take(some)
    assert (len(again.tickets), again.duplicates) == (0, 4)


def test_the_same_id_with_another_text_is_told_and_changes_nothing(workspace: Workspace):
    first = [Incoming(line=n, ref=f"r{n}", subject="Hi", body="first \x1b[31m") for n in range(7)]
    queueing(workspace).take(first)
    assert queueing(workspace).take(first).changed == []
    other = [replace(record, body="other" if record.line > 1 else "first") for record in first]
    other[0] = replace(first[0], subject="Hello")
    queue = queueing(workspace)
    assert queue.add(other).changed == [f"r{n}" for n in range(7)]
    assert queue.taken.changed == [f"r{n}" for n in range(7)]
    assert bodies(workspace, "r3") == ["first "]


def test_a_further_message_finds_its_ticket_even_in_the_same_file(workspace: Workspace):
    taken = queueing(workspace).take(
        [
            Incoming(line=1, ref="r1", body="first"),
            Incoming(line=2, ticket="r1", body="second"),
            Incoming(line=3, external_id="<a>", body="mail"),
            Incoming(line=4, external_id="<b>", in_reply_to=("<x>", "<a>"), body="answer"),
            Incoming(line=5, external_id="<c>", in_reply_to=("<b>",), body="answer to it"),
            Incoming(line=6, external_id="<d>", in_reply_to=("<unknown>",), body="new"),
        ]
    )
    assert (len(taken.tickets), taken.received, taken.rejected) == (3, 3, [])
    assert bodies(workspace, "r1") == ["first", "second"]
    assert bodies(workspace, taken.tickets[1]) == ["mail", "answer", "answer to it"]


def test_a_mailbox_taken_in_twice_changes_nothing(workspace: Workspace):
    mails = [
        Incoming(line=1, external_id="<a>", body="mail"),
        Incoming(line=2, external_id="<a>", body="the same mail"),
        Incoming(line=3, external_id="<b>", in_reply_to=("<a>",), body="answer"),
    ]
    first = queueing(workspace).take(mails)
    assert (len(first.tickets), first.received, first.duplicates) == (1, 1, 1)
    second = queueing(workspace).take(mails)
    assert (len(second.tickets), second.received, second.duplicates) == (0, 0, 3)


def test_an_external_id_may_repeat_where_the_source_has_ids(workspace: Workspace):
    some = [Incoming(line=n, ref=f"r{n}", external_id="order-7", body="x") for n in range(2)]
    assert len(queueing(workspace).take(some).tickets) == 2


def test_an_unknown_ticket_is_rejected_with_its_line(workspace: Workspace):
    told: list[Reject] = []
    taken = queueing(workspace, told).take(
        [Reject(1, "no date", "raw"), Incoming(line=2, ticket="nope", body="x")]
    )
    assert taken.rejected == [
        Reject(1, "no date"),
        Reject(2, "no ticket 'nope' to continue; leave the field empty to open one"),
    ]
    assert [reject.line for reject in told] == [1, 2]


def test_adding_says_what_became_of_this_part(workspace: Workspace):
    queue = queueing(workspace)
    assert queue.add([Incoming(line=1, ref="a", body="x")]) == Stored(1, 0, [])
    stored = queue.add(
        [Incoming(line=2, ref="a", body="x"), Incoming(line=3, ticket="a", body="y")]
    )
    assert stored == Stored(1, 1, [])


def test_many_are_stored_in_few_calls(workspace: Workspace):
    desk = Desk(workspace)
    Queueing(desk, workspace, opened_by).take(
        Incoming(line=n, ref=f"r{n}", body="x") for n in range(1000)
    )
    assert len(desk.calls) <= 4


def test_message_ids_are_looked_up_by_hundreds(workspace: Workspace):
    queueing(workspace).take([Incoming(line=1, external_id="<m7>", body="x")])
    found = tickets_of_messages(workspace, [f"<m{n}>" for n in range(1200)])
    assert list(found) == ["<m7>"]
    assert tickets_of_messages(workspace, []) == {}


def test_one_that_the_service_refuses_does_not_hold_the_others_back(workspace: Workspace):
    some = [Incoming(line=n, ref=f"r{n}", body="x" * (n == 2) * 1_000_001) for n in range(1, 4)]
    taken = queueing(workspace).take(some)
    assert len(taken.tickets) == 2
    assert [(reject.line, "too long" in reject.why) for reject in taken.rejected] == [(2, True)]
