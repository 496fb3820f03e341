"""Pages, counts and searches of the queue against what a plain look at every ticket finds."""

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data.errors import HandrailError
from data.queries.asking import Order, question
from data.queries.queue import Asked, queue_page, runner
from data.queries.search import Age, Among, Amount, Search, Words, parse_search
from data.queries.views import VIEWS
from data.queries.walk import Walk
from data.store import ACTION, MESSAGE, TICKET
from data.vocabulary import Priority, TicketStatus
from data.workspace import Workspace
from tests.tui.rows import NOW, add_action, add_run, add_ticket, make_store

SAID = ("refund", "refunds", "charged", "twice", "invoice", "dashboard", "error", "ada", "café")
NAMES = ("Ada Okafor", "Bo Adams", "Carla Costa", None)
ORDERS: tuple[Order, ...] = get_args(Order)
STATUSES = [status.value for status in TicketStatus]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made, rng = make_store(tmp_path_factory.mktemp("walk")), random.Random(5)
    with made.write() as tx:
        for number in range(150):
            status = rng.choice(STATUSES)
            proposed = status == "awaiting_approval" or rng.random() < 0.05
            ticket = add_ticket(
                tx,
                f"T-{number}",
                " ".join(rng.choices(SAID, k=2)),
                " ".join(rng.choices(SAID, k=4)),
                minutes=float(rng.randrange(0, 6_000, 20)),
                status=status,
                priority=rng.choice(["low", "normal", "high", "urgent"]),
                customer_name=rng.choice(NAMES),
                tier=rng.choice(["standard", "premium", None]),
                language=rng.choice(["en", "en", "de", "und"]),
                owner=rng.choice(["agents", "agents", "Maya", "Kofi"]),
                channel=rng.choice(["email", "Chat"]),
                flags=rng.choice([[], [], ["instruction_attempt"], ["a", "b_c"]]),
                intents=rng.choice([["billing"], ["billing", "account"], []]),
                money_at_risk=rng.choice([0, 0, 500, 9_900]),
                due_at=None if rng.random() < 0.3 else NOW + timedelta(hours=rng.randrange(-9, 9)),
            )
            if proposed:
                add_run(tx, ticket)
                add_action(tx, ticket, "process_refund",
                           {"charge": f"ch_{number}", "amount": 1, "currency": "usd"},
                           id=f"a_{number}")  # fmt: skip
    yield made
    made.close()


class Rows(list[dict[str, Any]]):
    """Tickets that do not fill a page of every failure."""

    def __repr__(self) -> str:
        return f"<{len(self)} tickets>"


@pytest.fixture(scope="module")
def tickets(store: Workspace) -> Rows:
    """Every ticket with its words and whether something of it waits."""
    with store.read() as connection:
        waiting = set(connection.execute(select(ACTION.c.ticket_id)).scalars())
        bodies = dict(connection.execute(select(MESSAGE.c.ticket_id, MESSAGE.c.body)).all())
        rows = Rows(dict(row._mapping) for row in connection.execute(select(TICKET)))
    for row in rows:
        said = [row["subject"], row["customer_name"], row["requester"], row["ref"],
                bodies[row["id"]]]  # fmt: skip
        row["said"] = [_tokens(text or "") for text in said]
        row["waiting"] = row["id"] in waiting
    return rows


def _tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower().replace("é", "e"))


def _occurs(row: dict[str, Any], words: Words, *, within: int | None = None) -> bool:
    wanted = _tokens(words.text)
    for field, tokens in enumerate(row["said"]):
        for start in range(len(tokens) if within in (None, field) else 0):
            some = tokens[start : start + len(wanted)]
            if some == wanted or (
                words.begins
                and len(some) == len(wanted)
                and some[:-1] == wanted[:-1]
                and some[-1].startswith(wanted[-1])
            ):
                return True
    return False


def _in_view(row: dict[str, Any], view: str, operator: str) -> bool:
    ended = row["status"] in ("resolved", "closed")
    running = row["status"] in ("working", "awaiting_approval", "escalated")
    soon = NOW + timedelta(hours=1)
    found: dict[str, bool] = {
        "all": True,
        "open": not ended,
        "ended": ended,
        "escalated": row["status"] == "escalated",
        "customer": row["status"] == "awaiting_customer",
        "mine": row["owner"] == operator,
        "unassigned": row["owner"] == "agents" and row["status"] in ("new", "escalated"),
        "needs approval": row["waiting"],
        "breaching": running and row["due_at"] is not None and row["due_at"] <= soon,
    }
    return found[view]


def _fits(row: dict[str, Any], part: Any, operator: str) -> bool:
    match part:
        case Words(negated=negated):
            return _occurs(row, part) is not negated
        case Age(older, span):
            return bool(row["opened_at"] <= NOW - span if older else row["opened_at"] >= NOW - span)
        case Amount(sign, value, negated):
            money = row["money_at_risk"]
            held = {">": money > value, ">=": money >= value, "<": money < value,
                    "<=": money <= value, "=": money == value}[sign]  # fmt: skip
            return held is not negated
        case Among(name, values, negated):
            return any(_has(row, name, value, operator) for value in values) is not negated
    raise AssertionError(part)


def _has(row: dict[str, Any], name: str, value: str, operator: str) -> bool:
    if name == "is":
        return _in_view(row, {"waiting": "needs approval"}.get(value, value), operator)
    if name in ("customer", "requester"):
        return _occurs(row, Words(value, True), within=1 if name == "customer" else 2)
    if name in ("intent", "flag"):
        return value in row[f"{name}s"]
    if name == "ref":
        return bool(
            row["ref"].startswith(value[:-1]) if value[-1] == "*" else row["ref"] == value.upper()
        )
    if name == "owner" and value == "me":
        value = operator
    return bool((row[name] or "").lower() == value if name == "channel" else row[name] == value)


_LAST = datetime.max.replace(tzinfo=NOW.tzinfo)


def _rank(row: dict[str, Any], order: Order) -> Any:
    opened, at = row["opened_at"].timestamp(), row["id"]
    match order:
        case "newest" | "oldest":
            return (opened, at)
        case "updated":
            return (row["updated_at"].timestamp(), at)
        case "priority":
            return (Priority(row["priority"]).rank, opened, at)
        case "due":
            due = row["due_at"]
            return (0, due.timestamp(), at) if due else (1, opened, at)
        case "money":
            money = row["money_at_risk"]
            return (1, money, at) if money > 0 else (0, opened, at)


def plainly(tickets: Rows, asked: Asked, operator: str) -> list[str]:
    """The ids that fit, in order, by looking at each ticket."""
    parts = [*asked.search.words, *asked.search.conditions]
    found = [
        row
        for row in tickets
        if _in_view(row, asked.view, operator) and all(_fits(row, part, operator) for part in parts)
    ]
    down = asked.order in ("newest", "updated", "money")
    return [r["id"] for r in sorted(found, key=lambda r: _rank(r, asked.order), reverse=down)]


def _among(name: str, *values: str) -> st.SearchStrategy[Among]:
    some = st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)
    return st.builds(Among, st.just(name), some, st.booleans())


WORDS = st.builds(
    Words,
    st.sampled_from([*SAID, "ref", "cha", "charged twice", "twice refund", "nowhere", "example"]),
    st.booleans(),
    st.booleans(),
)
CONDITIONS = st.one_of(
    _among("status", *STATUSES),
    _among("priority", "low", "normal", "high", "urgent"),
    _among("is", "mine", "breaching", "waiting", "open", "ended", "unassigned", "escalated"),
    _among("tier", "standard", "premium", "none"),
    _among("owner", "agents", "Maya", "me", "Nobody"),
    _among("language", "en", "de", "und"),
    _among("channel", "email", "chat"),
    _among("flag", "instruction_attempt", "b_c", "b%c"),
    _among("intent", "billing", "account"),
    _among("customer", "Ada", "ada oka", "Costa"),
    _among("requester", "ada@example.com", "nobody"),
    _among("ref", "T-1", "t-7", "T-1*", "T-*"),
    st.builds(Age, st.booleans(), st.integers(0, 6_000).map(lambda m: timedelta(minutes=m))),
    st.builds(Amount, st.sampled_from([">", ">=", "<", "<=", "="]),
              st.sampled_from([0, 1, 500, 501]), st.booleans()),
)  # fmt: skip
SEARCHES = st.builds(
    Search,
    st.lists(WORDS, max_size=2).map(tuple),
    st.lists(CONDITIONS, max_size=3).map(tuple),
)
ASKED = st.builds(Asked, SEARCHES, st.sampled_from(sorted(VIEWS)), st.sampled_from(ORDERS))
FEW = st.sampled_from([None, 0, 20])


@settings(max_examples=120, deadline=None)
@given(ASKED, FEW, st.integers(1, 40), st.sampled_from(["Maya", "Kofi"]))
def test_pages_and_counts_are_those_of_a_plain_look(
    store: Workspace, tickets: Rows, asked: Asked, few: int | None, size: int,
    operator: str,
) -> None:  # fmt: skip
    wanted = plainly(tickets, asked, operator)
    with store.read() as connection:
        put = question(asked.search, asked.view, asked.order, operator, NOW)
        walk = Walk(put, runner(connection), few=few)
        assert walk.count() == (len(wanted), True)
        most = len(wanted) // 2
        found, exact = walk.count(most)
        assert found == len(wanted) if exact else most == found <= len(wanted)

        keys: list[Any] = []
        while page := walk.page(size, after=keys[-1] if keys else None):
            keys += page
        assert [key[-1] for key in keys] == wanted

        back: list[Any] = []
        while page := walk.page(size, after=back[0] if back else None, backward=True):
            back = page + back
        assert back == keys

        at = len(wanted) // 3
        assert walk.page(size, offset=at) == keys[at : at + size]
        if keys:
            assert walk.key_of(wanted[at]) == keys[at]
            assert walk.count_before(keys[at], len(wanted)) == at
            assert at == 0 or walk.count_before(keys[at], at - 1) is None


@given(ASKED, st.sampled_from(["Maya", "Kofi"]))
def test_what_is_no_answer_has_no_place(
    store: Workspace, tickets: Rows, asked: Asked, operator: str
) -> None:
    inside = set(plainly(tickets, asked, operator))
    with store.read() as connection:
        put = question(asked.search, asked.view, asked.order, operator, NOW)
        walk = Walk(put, runner(connection))
        for row in tickets[::17]:
            assert (walk.key_of(row["id"]) is not None) is (row["id"] in inside)


def test_a_page_goes_on_where_a_ticket_was_that_is_gone(store: Workspace) -> None:
    with store.read() as connection:
        walk = Walk(question(None, "all", "priority", "Maya", NOW), runner(connection))
        keys = walk.page(200)
        for before, after in pairwise(keys):
            gone = (*before[:-1], before[-1] + "x")
            assert walk.page(1, after=gone) == [after]


def test_the_rows_are_whole(store: Workspace) -> None:
    page = queue_page(store, parse_search("ref:T-3"))
    row = page.rows[0]
    assert (row.ref, row.subject.split()[0] in SAID, row.message_count) == ("T-3", True, 1)
    assert row.opened_at.tzinfo is not None
    assert page.exact


def test_counting_stops_where_it_is_told(store: Workspace) -> None:
    page = queue_page(store, parse_search("-nowhere"), limit=10, most=10)
    assert (len(page.rows), page.total, page.exact) == (10, 10, False)
    assert queue_page(store, parse_search("-nowhere"), limit=10).total == 150


def test_a_view_that_there_is_not(store: Workspace) -> None:
    with pytest.raises(HandrailError, match="no view 'theirs'; there are mine, open"):
        queue_page(store, view="theirs")


@pytest.mark.parametrize(
    "word", ['"', "'", "a AND", "NEAR(x y)", "subject:x", "*", "^x", "a-b", ")"]
)
def test_words_are_never_taken_for_a_language(store: Workspace, word: str) -> None:
    for begins in (True, False):
        queue_page(store, Search((Words(word + "q", begins),)))
        queue_page(store, Search((Words("x" + word, begins, True),), (Among("customer", (word,)),)))
