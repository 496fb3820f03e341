"""The demo company, its tickets, and the headless run."""

import threading
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from agents.demo.feed import feed
from agents.demo.run import demo_at, make_demo, run_headless
from agents.demo.tickets import demo_tickets
from agents.demo.world import CUSTOMERS, PLANTED, make_world
from agents.eval.rows import check_row
from agents.policy.model import load_policy
from agents.service import Service
from agents.wiring import BACKOFFICE
from data.errors import WorkspaceUnusable
from data.vocabulary import TicketStatus
from data.workspace import open_workspace

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SCENARIOS = Path(__file__).resolve().parents[2] / "data" / "scenarios"


@pytest.fixture(scope="module")
def world():
    return make_world(NOW)


def test_the_company_is_the_same_for_a_seed_and_differs_between_seeds(world):
    assert make_world(NOW).rows == world.rows
    assert make_world(NOW, seed=7).rows["customers"] != world.rows["customers"]


def test_every_row_fits_its_table(world):
    problems = [
        (table, row, problem)
        for table, rows in world.rows.items()
        for row in rows
        if (problem := check_row(table, row))
    ]
    assert not problems


def test_nothing_lies_in_the_future(world):
    for table in ("charges", "logs", "activity", "past_tickets"):
        assert all(row["at"] <= NOW for row in world.rows[table])


@pytest.mark.parametrize(
    "now",
    [datetime(2026, 1, 1, 0, 3, tzinfo=UTC), datetime(2028, 2, 29, 23, tzinfo=UTC),
     datetime(2026, 5, 31, 7, tzinfo=UTC)],
)  # fmt: skip
def test_the_company_can_be_made_on_any_day(now):
    found = make_world(now)
    assert len(found.rows["customers"]) == CUSTOMERS
    assert demo_tickets(found)


def test_the_company_has_history_and_every_kind_of_trouble(world):
    charges = world.rows["charges"]
    assert len(charges) > 3000
    assert max((NOW - c["at"]).days for c in charges) > 700
    statuses = {c["status"] for c in charges}
    assert {"succeeded", "failed", "refunded", "disputed"} <= statuses
    reasons = {s.get("cancel_reason") for s in world.rows["subscriptions"]}
    assert {"customer_request", "billing_error", "fraud"} <= reasons
    codes = {row["code"] for row in world.rows["logs"]}
    assert {"SESSION_TOKEN_EXPIRED", "CACHE_STALE", "ENTITLEMENT_MISMATCH", "ACCOUNT_LOCKED",
            "RATE_LIMITED"} <= codes  # fmt: skip
    assert {c["status"] for c in world.rows["customers"]} == {"active", "suspended", "closed"}
    assert [s["name"] for s in world.rows["services"] if s["status"] != "operational"] == ["search"]
    assert {p["currency"] for p in world.rows["plans"]} == {"usd", "eur", "gbp"}


def test_addresses_are_unique_and_kept_for_examples(world):
    addresses = [c["email"] for c in world.rows["customers"]]
    assert len(set(addresses)) == len(addresses)
    assert all(a.isascii() and a.endswith(".example") for a in addresses)


def test_every_planted_case_writes(world):
    written = {t.name for t in demo_tickets(world)}
    assert set(PLANTED) <= written


@pytest.mark.parametrize("seed", range(5))
def test_no_ticket_equals_a_scenario(seed):
    bodies = set()
    for path in SCENARIOS.glob("*.yaml"):
        for ticket in yaml.safe_load(path.read_text(encoding="utf-8"))["tickets"]:
            bodies.add(_words(ticket.get("body", "")))
    assert bodies
    for ticket in demo_tickets(make_world(NOW, seed), seed):
        assert _words(ticket.body) not in bodies, ticket.subject


def _words(text: str) -> str:
    return " ".join(str(text).lower().split())


def test_wordings_are_filled_and_arrivals_spread(world):
    tickets = demo_tickets(world)
    assert all("{" not in t.subject + t.body + "".join(t.answers) for t in tickets)
    gaps = [b.after - a.after for a, b in pairwise(tickets)]
    assert all(1.9 <= gap <= 4.1 for gap in gaps)
    assert 40 <= len(tickets) <= 60


def test_a_demo_is_fresh_and_has_its_back_office_beside_it(tmp_path):
    place = make_demo(tmp_path)
    assert place.exists()
    assert place.with_suffix(BACKOFFICE).exists()
    with pytest.raises(WorkspaceUnusable, match="fresh"):
        make_demo(tmp_path)


def test_a_taken_back_office_leaves_nothing_behind(tmp_path):
    (tmp_path / f"mine{BACKOFFICE}").write_bytes(b"something")
    with pytest.raises(WorkspaceUnusable, match="back office"):
        demo_at(str(tmp_path / "mine.db"))
    assert not (tmp_path / "mine.db").exists()


def test_the_feed_lets_tickets_arrive_until_it_is_stopped(tmp_path):
    demo = demo_at(str(tmp_path / "demo.db"))
    store = open_workspace(demo.place)
    stop = threading.Event()
    service = Service(store, load_policy(None))
    thread = threading.Thread(target=feed, args=(service, demo.tickets[:5], stop, 50.0))
    thread.start()
    try:
        for _ in range(100):
            if _count(store) == 5:
                break
            stop.wait(0.1)
        assert _count(store) == 5
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(5)
        store.close()
    assert not thread.is_alive()


def _count(store) -> int:
    from data.queries.health import health

    return sum(health(store).by_status.values())


@pytest.fixture(scope="module")
def headless(tmp_path_factory):
    """One headless run, and the kinds of what was told meanwhile."""
    heard: list[str] = []
    folder = tmp_path_factory.mktemp("headless")
    return run_headless(
        folder, lambda happened: heard.append(happened.kind), limit_seconds=900
    ), heard


@pytest.mark.slow
def test_the_headless_run_is_instructive(headless):
    summary, heard = headless
    assert summary.finished
    assert summary.waiting == 0
    ended = summary.by_status
    for status in (TicketStatus.RESOLVED, TicketStatus.ESCALATED, TicketStatus.AWAITING_CUSTOMER,
                   TicketStatus.CLOSED):  # fmt: skip
        assert ended[status.value] >= 2
    assert ended[TicketStatus.NEW.value] == ended[TicketStatus.WORKING.value] == 0
    assert summary.merged == 1
    assert {"arrived", "approve", "edit", "reject", "answered"} <= set(heard)
    assert summary.decisions["approve"] >= 15
    assert summary.decisions["edit"] == summary.decisions["reject"] == 1
    assert summary.actions["process_refund", "verified"] >= 10
    assert summary.actions["reset_service", "verified"] >= 4
    assert not any(state in ("failed", "unknown") for _, state in summary.actions)
    assert {"billing", "account", "technical", "privacy"} <= {s for s, _ in summary.escalations}
    assert {"warm_transfer", "callback"} <= {kind for _, kind in summary.escalations}


@pytest.mark.slow
def test_most_tickets_end_as_the_policy_says(headless):
    summary, _ = headless
    wanted = demo_tickets(make_world(datetime.now(UTC)))
    astray = [
        (found.name, ticket.ends, found.status)
        for found, ticket in zip(summary.tickets, wanted, strict=True)
        if found.status != ticket.ends
    ]
    assert len(astray) <= 7, astray
