"""Forgetting a person and pruning by age: what goes, what stays, and what the file still holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from data.audit.verify import verify
from data.clock import CountingIds
from data.errors import HandrailError, IllegalChange, NotFound
from data.keeping.erase import MeansSeveral, StillOpen, erase_person, find_person
from data.keeping.fields import ERASED, ERASES, STAYS
from data.keeping.prune import old_tickets, prune
from data.keeping.removal import clear_file, forgetting
from data.queries.queue import queue_page
from data.queries.search import parse_search
from data.store import ACTION, EVENT, TICKET, NewEvent
from data.workspace import Workspace, open_workspace
from tests.keeping_support import (
    ADDRESS,
    CUSTOMER,
    SECRETS,
    TABLES,
    age,
    dump,
    plant,
    words_in_files,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspace]:
    workspace = open_workspace(str(tmp_path / "desk.db"), ids=CountingIds(), synchronous="OFF")
    yield workspace
    workspace.close()


def erase(store: Workspace, name: str = CUSTOMER, **options: Any):
    with store.read() as connection:
        person = find_person(connection, name, options.pop("look_up", lambda name: None))
    with forgetting(store) as forgetful:
        done = erase_person(forgetful, person, by="eve", **options)
        assert clear_file(forgetful)
    return done


def kinds(store: Workspace, chain: str) -> list[str]:
    with store.read() as connection:
        query = select(EVENT.c.kind).where(EVENT.c.chain == chain).order_by(EVENT.c.position)
        return list(connection.execute(query).scalars())


def test_every_column_is_known_to_go_or_to_stay(store: Workspace) -> None:
    for name, table in TABLES.items():
        if STAYS[name] == {"*"}:
            continue
        goes = set(ERASES.get(name, {})) | (
            {"body"} if name in ("payload", "attachment_body") else set()
        )
        unknown = {c.name for c in table.columns} ^ (goes | STAYS[name])
        assert not unknown, f"data/keeping/fields.py: does {name}.{unknown} go, or stay?"
        assert not goes & STAYS[name]
    with store.read() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        others = set(names.scalars()) - set(TABLES) - {"alembic_version"}
    # The index of words follows the texts by triggers.
    assert {n for n in others if not n.startswith("ticket_words")} == {"words_due", "ticket_tally"}


def test_all_that_is_personal_goes_and_nothing_else(store: Workspace, tmp_path: Path) -> None:
    ticket_id = plant(store)
    plant(store, "T2", customer_id="cus_other", requester="b@example.org", customer_name="B B")
    assert words_in_files(tmp_path / "desk.db") == set(SECRETS)
    before = dump(store)
    done = erase(store)
    after = dump(store)
    theirs = {ticket_id} | {a["id"] for a in before["action"] if a["ticket_id"] == ticket_id}
    for name, columns in ERASES.items():
        for was, now in zip(before[name], after[name], strict=True):
            mine = theirs & {was["id"], was.get("ticket_id"), was.get("action_id")}
            for column in now.keys() - {"epoch"}:
                if was[column] == "eve" or was[column] is None:
                    assert now[column] == was[column]
                else:
                    goes = bool(mine) and column in columns
                    assert (now[column] != was[column]) == goes, (name, column, now[column])
    assert [m["name"] for m in after["message"]][:3] == [None, None, "eve"]
    assert done.rows == {
        "ticket": 1, "message": 3, "issue": 1, "run": 1, "action": 1, "decision": 1, "handoff": 1,
        "payload": 2, "quality_check": 1, "quality_review": 1, "answer_draft": 1,
    }  # fmt: skip
    assert done.still_logged == 0
    gone = [p for p in after["payload"] if p["erased_at"]]
    assert [(p["body"], bool(p["salt"])) for p in gone] == [(None, True)] * 2
    assert after["event"][: len(before["event"])] == before["event"]
    assert kinds(store, ticket_id)[-1] == "ticket.erased"
    assert kinds(store, "") == ["customer.erased"]


def test_states_amounts_ids_and_rules_stay_within_values(store: Workspace) -> None:
    plant(store)
    erase(store)
    after = dump(store)
    (action,), (issue,), (ticket,) = after["action"], after["issue"], after["ticket"]
    assert action["arguments"] == {
        "customer": CUSTOMER, "changes": {"phone": ERASED, "name": ERASED}
    }  # fmt: skip
    assert action["preview"]["money"] == [{"amount": 1250, "currency": "eur", "to": "customer"}]
    assert action["preview"]["changes"][0]["fields"] == {"phone": [None, ERASED]}
    assert action["records"][f"customers:{CUSTOMER}"] == {
        "revision": "abc",
        "fields": {"id": CUSTOMER, "status": "active", "name": ERASED, "phone": None},
    }
    assert action["result"] == {"state": "accepted", "note": ERASED}
    assert issue["slots"]["end"] == "resolved"
    assert issue["slots"]["reply"] == {"name": "refunded", "values": {}}
    assert issue["slots"]["why"] == {"code": "done", "rule": "B4", "text": ERASED}
    assert ticket["outcome"] == {"code": "policy_refused", "rule": "E2", "text": ERASED}
    assert after["handoff"][0]["summary"]["needs"] == [ERASED]


def test_sentences_of_ours_stay_unless_they_name_or_quote(store: Workspace) -> None:
    ticket_id = plant(store)
    kept = "ch_1: the same amount will be charged again for the same period."
    with store.write() as tx:
        tx.connection.execute(update(TABLES["issue"]).values(cause=kept))
        tx.set_ticket(ticket_id, customer_name="Will Same-Amount")
        tx.set_ticket(ticket_id, outcome={"code": "done", "rule": "B1", "text": "It was done."})
    erase(store)
    after = dump(store)
    assert after["issue"][0]["cause"] == kept
    assert after["ticket"][0]["outcome"]["text"] == "It was done."


def test_the_words_are_in_no_file_any_more(store: Workspace, tmp_path: Path) -> None:
    plant(store)
    erase(store)
    assert words_in_files(tmp_path / "desk.db") == set()


def test_the_file_is_clean_also_of_what_was_freed_before(store: Workspace, tmp_path: Path) -> None:
    ticket_id = plant(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        for subject in ("zugzwang " * 300, "short"):
            connection.execution_options(writes=True)
            connection.execute(
                update(TICKET).where(TICKET.c.id == ticket_id).values(subject=subject)
            )
            connection.commit()
    person_gone = erase(store)
    assert person_gone.rows
    assert "zugzwang" in words_in_files(tmp_path / "desk.db")
    with forgetting(store) as forgetful:
        assert clear_file(forgetful, compact=True)
    assert words_in_files(tmp_path / "desk.db") == set()


def test_the_search_finds_them_no_more(store: Workspace) -> None:
    plant(store)
    for word in ("brouhaha", "quagmire", "vandermolen", "ragamuffin"):
        assert queue_page(store, parse_search(word)).total == 1, word
    erase(store)
    for word in ("brouhaha", "quagmire", "vandermolen", "ragamuffin"):
        assert queue_page(store, parse_search(word)).total == 0, word
    assert queue_page(store, parse_search("T1")).total == 1


def test_the_chain_holds_and_the_digests_are_kept(store: Workspace) -> None:
    plant(store)
    erase(store)
    found = verify(store)
    assert found.breaks == []
    assert found.erased > 0


def test_twice_is_no_error_and_leaves_no_trace(store: Workspace) -> None:
    plant(store)
    first = erase(store)
    events = len(dump(store)["event"])
    again = erase(store)
    assert first.rows
    assert again.rows == {}
    assert len(dump(store)["event"]) == events


def test_a_word_that_the_log_holds_is_counted(store: Workspace) -> None:
    ticket_id = plant(store)
    with store.write() as tx:
        said = {"needs": ["she wrote: xenolithic brouhaha of a charge please"]}
        tx.append(NewEvent("handoff", "resolution", said, ticket_id))
        tx.append(NewEvent("tool.called", "account", {}, ticket_id, "r_1", f"identify.{ADDRESS}"))
        tx.append(NewEvent("note", "system", {"why": "a charge was refunded"}, ticket_id))
    assert erase(store).still_logged == 2


class TestWhoIsMeant:
    def test_by_id_address_or_ticket(self, store: Workspace) -> None:
        first = plant(store)
        second = plant(store, "T2", requester="private@example.org")
        plant(store, "T3", customer_id="cus_other", requester="c@example.org")
        new = plant(store, "T4", customer_id=None, customer_name=None)
        with store.read() as connection:
            for name in (CUSTOMER, ADDRESS, ADDRESS.upper(), "T1", "T2", first):
                person = find_person(connection, name)
                assert person.tickets == [first, second, new], name
                assert person.digest == find_person(connection, CUSTOMER).digest

    def test_an_unknown_writer_is_their_address(self, store: Workspace) -> None:
        ticket_id = plant(store, customer_id=None, customer_name=None)
        assert erase(store, "T1").rows
        assert erase(store, "T1").rows == {}
        assert dump(store)["ticket"][0]["id"] == ticket_id
        assert erase(store, ADDRESS).person.tickets == []

    def test_nobody(self, store: Workspace) -> None:
        plant(store)
        with store.read() as connection:
            with pytest.raises(NotFound, match="cus_nobody"):
                find_person(connection, "cus_nobody")
            assert find_person(connection, "nobody@example.org").tickets == []

    def test_an_address_of_two_customers(self, store: Workspace) -> None:
        plant(store)
        unknown = plant(store, "T2", customer_id=None, customer_name=None)
        plant(store, "T3", customer_id="cus_other")
        with store.read() as connection:
            with pytest.raises(MeansSeveral, match=f"{CUSTOMER}, cus_other"):
                find_person(connection, ADDRESS)
            assert unknown not in find_person(connection, CUSTOMER).tickets

    def test_by_the_records_outside(self, store: Workspace) -> None:
        ticket_id = plant(store, customer_id=None, customer_name=None)
        record = {"id": CUSTOMER, "email": ADDRESS}
        assert erase(store, CUSTOMER, look_up=lambda name: record).person.tickets == [ticket_id]

    def test_words_that_were_merged_into_the_ticket_of_another(self, store: Workspace) -> None:
        other = plant(store, "T2", customer_id="cus_other", requester="b@example.org")
        plant(store, merged_into=other, status="closed")
        with store.write() as tx:
            tx.connection.execute(
                update(TABLES["message"])
                .where(TABLES["message"].c.ticket_id == other)
                .where(TABLES["message"].c.author == "note")
                .values(name="merged from T1")
            )
        erase(store)
        bodies = [m["body"] for m in dump(store)["message"] if m["ticket_id"] == other]
        assert [body == ERASED for body in bodies] == [False, False, True]


class TestOpenTickets:
    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"status": "new"}, "new"),
            ({"status": "awaiting_approval"}, "awaiting approval"),
            ({"pending": True}, "yet to look"),
        ],
    )
    def test_refused_in_one_line(self, store: Workspace, changes: dict, why: str) -> None:
        plant(store, **changes)
        before = dump(store)
        with pytest.raises(StillOpen, match=why) as caught:
            erase(store)
        assert "\n" not in str(caught.value)
        assert "T1" in str(caught.value)
        assert dump(store) == before

    def test_a_pending_request_alone_keeps_it(self, store: Workspace) -> None:
        plant(store)
        with store.write() as tx:
            tx.connection.execute(update(ACTION).values(state="proposed"))
        with pytest.raises(StillOpen, match="an action is open"):
            erase(store)

    def test_escalated_or_waiting_for_the_customer_is_not_open(self, store: Workspace) -> None:
        plant(store, status="escalated")
        plant(store, "T2", status="awaiting_customer")
        assert erase(store).rows["ticket"] == 2
        assert [t["status"] for t in dump(store)["ticket"]] == ["escalated", "awaiting_customer"]

    def test_by_force_it_is_withdrawn_and_closed_first(self, store: Workspace) -> None:
        ticket_id = plant(store, status="awaiting_approval", pending=True, wake_seq=5)
        with store.write() as tx:
            tx.connection.execute(update(ACTION).values(state="proposed"))
            tx.connection.execute(update(TABLES["run"]).values(state="parked"))
        done = erase(store, force=True)
        after = dump(store)
        assert done.closed == ["T1"]
        assert after["action"][0]["state"] == "withdrawn"
        assert after["run"][0]["state"] == "ended"
        (ticket,) = after["ticket"]
        assert (ticket["status"], ticket["pending"], ticket["read_seq"]) == ("closed", False, 5)
        assert kinds(store, ticket_id)[-4:] == [
            "action.withdrawn", "run.ended", "ticket.closed", "ticket.erased",
        ]  # fmt: skip
        assert verify(store).breaks == []

    def test_what_is_being_carried_out_is_waited_for(self, store: Workspace) -> None:
        plant(store, status="working")
        with store.write() as tx:
            tx.connection.execute(update(ACTION).values(state="executing"))
        before = dump(store)
        with pytest.raises(IllegalChange, match="carried out"):
            erase(store, force=True)
        assert dump(store) == before


class TestPrune:
    def test_old_ended_tickets_in_batches(self, store: Workspace) -> None:
        old = [plant(store, f"T{n}") for n in range(1, 6)]
        for ticket_id in old:
            age(store, ticket_id, days=40)
        young = plant(store, "T6")
        still = plant(store, "T7", status="escalated")
        age(store, still, days=400)
        heard: list[int] = []
        assert old_tickets(store, 30) == 5
        done = prune(store, 30, by="eve", at_once=2, on_batch=heard.append, sleep=lambda _: None)
        assert heard == [2, 4, 5]
        assert (done.tickets, done.rows["message"], done.rows["payload"]) == (5, 15, 10)
        assert old_tickets(store, 30) == 0
        bodies = {m["ticket_id"]: m["body"] for m in dump(store)["message"]}
        assert {t for t, body in bodies.items() if body != ERASED} == {young, still}
        assert kinds(store, "") == ["tickets.pruned"] * 3
        assert kinds(store, old[0])[-1] == "ticket.erased"
        assert verify(store).breaks == []
        assert prune(store, 30, by="eve", sleep=lambda _: None).tickets == 0

    def test_goes_on_after_it_was_stopped(self, store: Workspace) -> None:
        for number in range(1, 6):
            age(store, plant(store, f"T{number}"), days=40)

        def stop(done: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prune(store, 30, by="eve", at_once=2, on_batch=stop)
        assert old_tickets(store, 30) == 3
        assert prune(store, 30, by="eve", sleep=lambda _: None).tickets == 3
        assert verify(store).breaks == []

    def test_a_request_that_waits_keeps_its_ticket(self, store: Workspace) -> None:
        age(store, plant(store), days=40)
        with store.write() as tx:
            tx.connection.execute(update(ACTION).values(state="proposed"))
        assert old_tickets(store, 30) == 0

    def test_not_what_is_of_today(self, store: Workspace) -> None:
        with pytest.raises(HandrailError, match="a day"):
            prune(store, 0, by="eve")
