"""The embedded back office: rules, keys, previews and undoing, over generated cases."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.actions.arguments import check_arguments
from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.schema import TABLES
from agents.connectors.embedded.world import alter, fill
from agents.connectors.embedded.writer import EmbeddedWriter
from agents.connectors.protocols import Effect
from agents.engine.verify import what_is_wrong
from agents.errors import Refused
from data.vocabulary import ActionName

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CURRENCIES = ("usd", "eur", "jpy", "kwd")
CONDITIONS = ["SESSION_TOKEN_EXPIRED", "CACHE_STALE", "ENTITLEMENT_MISMATCH", "ACCOUNT_LOCKED"]


@dataclass
class Office:
    """A back office with its two handles."""

    path: Path
    reader: EmbeddedReader
    writer: EmbeddedWriter

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        return {name: self.reader.table(name) for name in TABLES}

    def row(self, table: str, record: str) -> dict[str, Any]:
        found = self.reader.record(table, record)
        assert found is not None
        return found

    def alter(self, table: str, record: str, **fields: Any) -> None:
        alter(self.path, table, record, fields)

    def do(self, name: str, key: str = "k1", now: datetime = NOW, **arguments: Any) -> Effect:
        checked = check_arguments(ActionName(name), arguments)
        return self.writer.execute(name, checked, key, now)


@contextmanager
def opened(**world: list[dict[str, Any]]) -> Iterator[Office]:
    folder = Path(tempfile.mkdtemp(prefix="handrail-test-"))
    path = folder / "b.db"
    fill(path, {**_world(), **world}, synchronous="OFF")
    office = Office(path, EmbeddedReader(path), EmbeddedWriter(path, synchronous="OFF"))
    try:
        yield office
    finally:
        office.reader.close()
        office.writer.close()
        shutil.rmtree(folder)


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as found:
        yield found


def _charge(number: str, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "customer": "cus_1", "subscription": "sub_1", "amount": amount,
        "currency": "eur", "status": "succeeded", "refunded": 0, "at": NOW - timedelta(days=40),
        **more,
    }  # fmt: skip


def _world() -> dict[str, list[dict[str, Any]]]:
    return {
        "customers": [
            {"id": "cus_1", "name": "Ana Ruiz", "email": "ana@example.com",
             "phone": "+34600100200"},
            {"id": "cus_2", "name": "Bo Lind", "email": "Bo@Example.com"},
        ],
        "plans": [
            {"id": "pro", "name": "Pro", "amount": 2499, "currency": "eur",
             "features": ["dashboard", "exports"]},
        ],
        "subscriptions": [
            {"id": "sub_1", "customer": "cus_1", "plan": "pro", "status": "canceled",
             "canceled_at": NOW - timedelta(days=60), "cancel_reason": "billing_error",
             "current_period_end": (NOW - timedelta(days=30)).date(), "features": []},
            {"id": "sub_2", "customer": "cus_1", "plan": "pro", "status": "active",
             "features": ["dashboard"]},
        ],
        "charges": [
            _charge("ch_1", 2499),
            _charge("ch_disputed", 2499, status="disputed"),
            _charge("ch_failed", 2499, status="failed"),
            _charge("ch_part", 2499, status="partially_refunded", refunded=1000),
        ],
        "logs": [
            {"customer": "cus_1", "at": NOW - timedelta(hours=1), "service": "dashboard",
             "level": "error", "code": code} for code in CONDITIONS
        ],
    }  # fmt: skip


REFUND: dict[str, Any] = {"charge": "ch_1", "amount": 2499, "currency": "eur"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"amount": 2500}, "more than the 2499"),
        ({"currency": "usd"}, "in eur"),
        ({"charge": "ch_disputed"}, "disputed"),
        ({"charge": "ch_failed"}, "failed"),
        ({"charge": "ch_part", "amount": 1500}, "more than the 1499"),
        ({"charge": "ch_none"}, "no charges"),
    ],
)
def test_refunds_that_the_rules_forbid(office: Office, arguments: dict[str, Any], why: str) -> None:
    before = office.rows()
    with pytest.raises(Refused, match=why):
        office.do("process_refund", **{**REFUND, **arguments})
    assert office.rows() == before


@given(parts=st.lists(st.integers(1, 1200), min_size=1, max_size=8))
@settings(max_examples=15, deadline=None)
def test_refunds_never_exceed_what_is_left(parts: list[int]) -> None:
    with opened() as office:
        given_back = 0
        for number, amount in enumerate(parts):
            fits = given_back + amount <= 2499
            try:
                office.do(
                    "process_refund", f"k{number}", charge="ch_1", amount=amount, currency="eur"
                )
                assert fits
                given_back += amount
            except Refused:
                assert not fits
        charge = office.row("charges", "ch_1")
        assert charge["refunded"] == given_back <= charge["amount"]
        assert sum(r["amount"] for r in office.reader.table("refunds")) == given_back
        assert charge["status"] == (
            "succeeded" if not given_back else
            "refunded" if given_back == 2499 else "partially_refunded"
        )  # fmt: skip


def test_a_key_seen_before_answers_with_the_first_result(office: Office) -> None:
    first = office.do("process_refund", **REFUND)
    rows = office.rows()
    again = office.do("process_refund", now=NOW + timedelta(days=9), **REFUND)
    assert again == first
    assert office.rows() == rows
    assert office.writer.lookup("k1") == first
    assert office.writer.lookup("k2") is None


def test_another_body_under_the_same_key_is_refused(office: Office) -> None:
    office.do("process_refund", **REFUND)
    rows = office.rows()
    for name, arguments in (
        ("process_refund", {**REFUND, "amount": 1}),
        ("issue_credit", {"customer": "cus_1", "amount": 2499, "currency": "eur"}),
    ):
        with pytest.raises(Refused, match="k1"):
            office.do(name, **arguments)
    assert office.rows() == rows


def test_a_balance_has_one_currency(office: Office) -> None:
    office.do("issue_credit", customer="cus_1", amount=100, currency="eur")
    with pytest.raises(Refused, match="eur"):
        office.do("issue_credit", "k2", customer="cus_1", amount=100, currency="usd")


def test_only_a_canceled_subscription_is_reinstated(office: Office) -> None:
    office.do("reinstate_subscription", subscription="sub_1")
    row = office.row("subscriptions", "sub_1")
    assert (row["status"], row["features"]) == ("active", ["dashboard", "exports"])
    assert row["canceled_at"] is None
    with pytest.raises(Refused, match="active"):
        office.do("reinstate_subscription", "k2", subscription="sub_1")


@pytest.mark.parametrize("address", ["bo@example.com", "ana@example.com"])
def test_an_address_belongs_to_one_customer(office: Office, address: str) -> None:
    """Compared without regard to case; a customer may keep their own."""
    if address.startswith("ana"):
        office.do("update_crm", customer="cus_1", changes={"email": address})
        return
    before = office.rows()
    with pytest.raises(Refused, match="another customer"):
        office.do("update_crm", customer="cus_1", changes={"email": address})
    assert office.rows() == before


def test_a_notification_needs_an_address(office: Office) -> None:
    with pytest.raises(Refused, match="sms"):
        office.do("send_notification", customer="cus_2", channel="sms", subject="Hi", body="Hi")


def test_the_reader_cannot_write(office: Office) -> None:
    import sqlite3

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        office.reader._connection().execute("DELETE FROM charges")


def _money() -> st.SearchStrategy[int]:
    return st.integers(1, 3000)


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
ACTIONS = st.one_of(
    st.tuples(
        st.just("process_refund"),
        st.fixed_dictionaries({
            "charge": st.sampled_from(["ch_1", "ch_part", "ch_disputed", "ch_none"]),
            "amount": _money(), "currency": st.sampled_from(CURRENCIES[:2]),
        }),
    ),
    st.tuples(
        st.just("issue_credit"),
        st.fixed_dictionaries({
            "customer": st.sampled_from(["cus_1", "cus_2"]), "amount": _money(),
            "currency": st.sampled_from(CURRENCIES),
        }),
    ),
    st.tuples(
        st.just("reinstate_subscription"),
        st.fixed_dictionaries({"subscription": st.sampled_from(["sub_1", "sub_2", "sub_9"])}),
    ),
    st.tuples(
        st.just("reset_service"),
        st.fixed_dictionaries({
            "customer": st.sampled_from(["cus_1", "cus_2"]),
            "service": st.sampled_from(["dashboard", "exports"]),
            "operation": st.sampled_from(
                ["revoke_sessions", "clear_cache", "resync_entitlements", "unlock_account"]
            ),
        }),
    ),
    st.tuples(
        st.just("update_crm"),
        st.fixed_dictionaries({
            "customer": st.sampled_from(["cus_1", "cus_2"]),
            "changes": st.dictionaries(
                st.sampled_from(["name", "language", "address", "company"]),
                _WORDS.filter(str.strip), min_size=1,
            ),
        }),
    ),
    st.tuples(
        st.just("send_reply"),
        st.fixed_dictionaries({"ticket": st.just("t_1"), "body": _WORDS}),
    ),
    st.tuples(
        st.just("send_notification"),
        st.fixed_dictionaries({
            "customer": st.sampled_from(["cus_1", "cus_2"]),
            "channel": st.sampled_from(["email", "sms"]), "subject": _WORDS, "body": _WORDS,
        }),
    ),
    st.tuples(
        st.just("create_ticket"),
        st.fixed_dictionaries({
            "queue": st.just("engineering"), "summary": _WORDS,
            "priority": st.sampled_from(["low", "normal", "high", "urgent"]),
        }),
    ),
    st.tuples(
        st.just("schedule_callback"),
        st.fixed_dictionaries({
            "customer": st.sampled_from(["cus_1", "cus_2"]),
            "at": st.just("2026-03-11T09:00:00Z"), "topic": _WORDS,
        }),
    ),
)  # fmt: skip
_MADE = re.compile(r"\b(re|cr|rs|nt|tk|cb)_[0-9a-f]{10}\b")


def _plain(effect: Effect) -> Any:
    """An effect without the ids that it made."""
    changes = [[c.table, c.id, c.before, c.after] for c in effect.changes]
    said = json.dumps([changes, effect.result, effect.undoable], default=str, sort_keys=True)
    return _MADE.sub(r"\1_#", said), effect.undo_until


@given(actions=st.lists(ACTIONS, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_preview_equals_commit_and_what_was_done_can_be_read_back(
    actions: list[tuple[str, dict[str, Any]]],
) -> None:
    with opened() as office:
        for number, (name, arguments) in enumerate(actions):
            checked = check_arguments(ActionName(name), arguments)
            before = office.rows()
            refused = expected = None
            try:
                expected = office.writer.preview(name, checked, "trial", NOW)
            except Refused as problem:
                refused = str(problem)
            assert office.rows() == before
            if expected is None:
                with pytest.raises(Refused) as caught:
                    office.writer.execute(name, checked, f"k{number}", NOW)
                assert str(caught.value) == refused
                assert office.rows() == before
                continue
            done = office.writer.execute(name, checked, f"k{number}", NOW)
            assert _plain(done) == _plain(expected)
            assert what_is_wrong(office.reader, ActionName(name), checked, done) is None
            for change in done.changes:
                assert office.reader.record(change.table, change.id) == change.after
            stored = office.writer.lookup(f"k{number}")
            assert stored is not None
            assert _plain(stored) == _plain(done)


@given(actions=st.lists(ACTIONS, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_undoing_in_reverse_order_brings_the_world_back(
    actions: list[tuple[str, dict[str, Any]]],
) -> None:
    """All but the trail: rows that were added stay, marked as taken back."""
    kept = ("customers", "subscriptions", "charges", "plans")
    with opened() as office:
        before = {t: office.rows()[t] for t in kept}
        done: list[tuple[str, str, Effect]] = []
        for number, (name, arguments) in enumerate(actions):
            checked = check_arguments(ActionName(name), arguments)
            try:
                done.append(
                    (f"k{number}", name, office.writer.execute(name, checked, f"k{number}", NOW))
                )
            except Refused:
                continue
        for key, name, effect in reversed(done):
            if not effect.undoable:
                with pytest.raises(Refused, match="cannot be undone"):
                    office.writer.undo(key, f"{key}:undo", NOW)
                assert name in ("send_reply", "send_notification", "reset_service")
                continue
            first = office.writer.undo(key, f"{key}:undo", NOW)
            assert _plain(office.writer.undo(key, f"{key}:undo", NOW)) == _plain(first)
            with pytest.raises(Refused, match="nothing left"):
                office.writer.undo(key, f"{key}:another", NOW)
        after = {t: office.rows()[t] for t in kept}
        for table in kept:
            assert [_without_balance(r) for r in after[table]] == [
                _without_balance(r) for r in before[table]
            ]
        assert all((c["balance"] or 0) == 0 for c in after["customers"])
        assert all(r["status"] == "canceled" for r in office.reader.table("refunds"))
        assert all(r["status"] == "closed" for r in office.reader.table("created_tickets"))
        assert all(r["status"] == "called_off" for r in office.reader.table("callbacks"))


def _without_balance(row: dict[str, Any]) -> dict[str, Any]:
    """A counter credit leaves a balance of nothing, in a currency."""
    return {k: v for k, v in row.items() if k not in ("balance", "currency")}


def test_a_refund_is_called_off_while_it_is_pending(office: Office) -> None:
    effect = office.do("process_refund", **{**REFUND, "amount": 499})
    assert effect.undo_until == NOW + timedelta(hours=1)
    with pytest.raises(Refused, match="until"):
        office.writer.undo("k1", "u1", NOW + timedelta(hours=1, seconds=1))
    office.writer.undo("k1", "u1", NOW + timedelta(hours=1))
    assert office.row("charges", "ch_1")["refunded"] == 0
    assert office.row("charges", "ch_1")["status"] == "succeeded"


def test_calling_a_refund_off_does_not_hide_a_dispute(office: Office) -> None:
    office.do("process_refund", **{**REFUND, "amount": 499})
    office.alter("charges", "ch_1", status="disputed")
    office.writer.undo("k1", "u1", NOW)
    assert office.row("charges", "ch_1")["status"] == "disputed"
    assert office.row("charges", "ch_1")["refunded"] == 0


def test_a_credit_is_countered_until_it_is_used(office: Office) -> None:
    office.do("issue_credit", customer="cus_1", amount=300, currency="eur")
    office.alter("customers", "cus_1", balance=200)
    with pytest.raises(Refused, match="used"):
        office.writer.undo("k1", "u1", NOW)
    office.alter("customers", "cus_1", balance=300)
    office.writer.undo("k1", "u1", NOW)
    assert [c["amount"] for c in office.reader.table("credits")] == [300, -300]


def test_a_reinstatement_is_undone_until_the_next_charge() -> None:
    later = _charge("ch_next", 2499, at=NOW + timedelta(days=2))
    for charges, refused in (([], False), ([later], True)):
        with opened(charges=[_charge("ch_1", 2499), *charges]) as office:
            office.do("reinstate_subscription", subscription="sub_1")
            when = NOW + timedelta(days=3)
            if refused:
                with pytest.raises(Refused, match="charged since"):
                    office.writer.undo("k1", "u1", when)
            else:
                office.writer.undo("k1", "u1", when)
                row = office.row("subscriptions", "sub_1")
                assert (row["status"], row["cancel_reason"]) == ("canceled", "billing_error")


def test_old_values_come_back_only_if_unchanged_since(office: Office) -> None:
    office.do("update_crm", customer="cus_1", changes={"name": "Ana R.", "language": "es"})
    office.alter("customers", "cus_1", name="Somebody else")
    with pytest.raises(Refused, match="name was changed since"):
        office.writer.undo("k1", "u1", NOW)
    assert office.row("customers", "cus_1")["language"] == "es"
    office.alter("customers", "cus_1", name="Ana R.", phone="+4900000000")
    office.writer.undo("k1", "u1", NOW)
    row = office.row("customers", "cus_1")
    assert (row["name"], row["phone"]) == ("Ana Ruiz", "+4900000000")


def test_an_address_that_somebody_else_took_since_does_not_come_back(office: Office) -> None:
    office.do("update_crm", customer="cus_1", changes={"email": "new@example.com"})
    office.alter("customers", "cus_2", email="ana@example.com")
    with pytest.raises(Refused):
        office.writer.undo("k1", "u1", NOW)


def test_entitlements_are_restored_and_sessions_are_not(office: Office) -> None:
    office.do(
        "reset_service", customer="cus_1", service="dashboard", operation="resync_entitlements"
    )
    assert office.row("entitlements", "cus_1/dashboard")["state"] == "synced"
    assert office.row("subscriptions", "sub_2")["features"] == ["dashboard", "exports"]
    office.writer.undo("k1", "u1", NOW)
    assert office.row("entitlements", "cus_1/dashboard")["state"] == "mismatched"
    assert office.row("subscriptions", "sub_2")["features"] == ["dashboard"]
    for number, operation in enumerate(("revoke_sessions", "clear_cache", "unlock_account"), 2):
        office.do(
            "reset_service",
            f"k{number}",
            customer="cus_1",
            service="dashboard",
            operation=operation,
        )
        with pytest.raises(Refused, match="cannot be undone"):
            office.writer.undo(f"k{number}", f"u{number}", NOW)


def test_an_unknown_action_is_refused(office: Office) -> None:
    with pytest.raises(Refused, match="delete_everything"):
        office.writer.execute("delete_everything", {}, "k1", NOW)
