"""Measures: known answers, how tickets end, sums that follow the log, many processes at once."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data.errors import HandrailError
from data.keeping.erase import erase_person, find_person
from data.measures.buckets import bucket_of, percentile
from data.measures.definitions import BY_NAME, MEASURES, TARGETS
from data.measures.fact import Fact
from data.measures.period import Period, day_of, last_days, last_months, last_weeks
from data.measures.reading import read_facts, stored_facts
from data.measures.report import Value, measures, values_of, whole_period
from data.measures.rollup import SUM, Progress, catch_up
from data.measures.sums import Cell, Sums, add, spread
from data.store import TICKET
from data.workspace import Workspace
from tests.measuring import MONDAY, at, course, opened, the_week, workspace

WEEK = Period(date(2026, 3, 2), date(2026, 3, 9))
MINUTE = 60.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspace]:
    made = workspace(tmp_path)
    yield made
    made.close()


def told(store: Workspace, period: Period = WEEK, **how: Any) -> dict[str, Value]:
    catch_up(store)
    return {v.measure.name: v for v in measures(store, period, **how).total}


def groups(store: Workspace, by: Any, name: str) -> dict[str, float | None]:
    catch_up(store)
    report = measures(store, WEEK, by=by)
    return {g.name: {v.measure.name: v.value for v in g.values}[name] for g in report.groups}


def test_known_answers(store: Workspace) -> None:
    """One week, seven tickets, worked out on paper.

    1: verified, one answer, but a person approved. Agents' time 09:01:00-09:01:30 and
       09:12:00-09:12:12, that is 42 s. Answered after 730 s, resolved after 732 s. Cost 0.30 USD.
    2: verified, one answer, nobody had a part in it. 30 s; answered after 30 s, resolved after
       35 s. Cost 0.10 USD.
    3: explained; nobody said anything in seven days: silence. 30 s; answered after 140 s.
    4: handed over after a rejection; a person had it for 600 s, answered and said that it is
       resolved: unconfirmed. Agents 10 s: what waited between 12:00:10 and 12:00:40, and from the
       rejection to the answer, is no work. 610 s. Answered after 60 s.
    5: the customer said thanks: confirmed, with one answer, nobody had a part in it. Agents 30 s
       and 10 s. Answered after 60 s, resolved after 3670 s. One message, since thanks were not
       asked for. Scores 4, then 5.
    6: noise: no ticket that asks for something.
    7: verified, reopened, verified again with a second answer. Agents 30 s and 30 s. Answered after
       30 s, resolved after 57 690 s. Two messages. Nobody had a part in it.

    Tickets 7; ended (without 6) 6. First contact: 1, 2, 5 of 6. Alone: 2, 5, 7 of 6.
    Handle: 42 + 30 + 30 + 610 + 40 + 60 = 812 s over 6. Response: 730 + 30 + 140 + 60 + 60 + 30 =
    1050 s over 6. Resolution: 732 + 35 + 3670 + 57 690 = 62 127 s over 4. Effort: 1 + 1 + 1 + 1 + 1
    + 2 = 7 over 6. Utilisation: 600 of 600 s were on 4, which was handed over. Cost: 0.40 over 7.
    Escalated: 1 of 6. Re-opened: 1 of 6. Scores: 2 and 5. Decided after 600 s and 30 s.
    Quality: of 1, 2 and 3 two passed; of 6 nothing could be told. Two scores were reviewed, of one
    the newest word agrees.
    """
    the_week(store)
    found = told(store)
    expected = {
        "tickets": (7, 7),
        "first_contact_resolution": (3 / 6, 6),
        "handle_time": (812 / 6, 6),
        "first_response": (1050 / 6, 6),
        "resolution_time": (62_127 / 4, 4),
        "csat": (3.5, 2),
        "customer_effort": (7 / 6, 6),
        "auto_resolution": (3 / 6, 6),
        "utilisation": (1.0, 1),
        "cost_per_ticket": (0.4 / 7, 7),
        "escalation_rate": (1 / 6, 6),
        "reopened": (1 / 6, 6),
        "resolved": (4 / 6, 6),
        "unconfirmed": (1 / 6, 6),
        "silence": (1 / 6, 6),
        "quality": (2 / 3, 3),
        "quality_agreement": (1 / 2, 2),
        "approvals": (2, 2),
        "approved_unchanged": (1 / 2, 2),
        "approved_changed": (0.0, 2),
        "rejected": (1 / 2, 2),
        "expired": (0.0, 2),
        "stale": (0.0, 2),
        "undone": (0.0, 1),
    }
    for name, (value, count) in expected.items():
        assert found[name].value == pytest.approx(value), name
        assert found[name].count == count, name
    assert set(expected) | {"decision_time"} == {m.name for m in MEASURES}
    # The middle of two lies where the first half ends: in the bucket of the 30 seconds.
    assert found["decision_time"].count == 2
    assert found["decision_time"].value == pytest.approx(30, rel=0.1)
    assert found["decision_time"].most == pytest.approx(600, rel=0.1)
    met = {name: value.met for name, value in found.items() if value.met is not None}
    assert met == {
        "first_contact_resolution": False, "handle_time": True, "first_response": True,
        "resolution_time": True, "csat": False, "customer_effort": True, "auto_resolution": False,
        "utilisation": True, "cost_per_ticket": True, "escalation_rate": True, "reopened": False,
        "quality": False, "quality_agreement": False, "decision_time": True,
        "approved_unchanged": False, "expired": True, "undone": True,
    }  # fmt: skip


def test_by_intent_agent_channel_model_and_day(store: Workspace) -> None:
    the_week(store)
    assert groups(store, "intent", "tickets") == {
        "billing": 3, "technical": 2, "product": 1, "escalate": 1,
    }  # fmt: skip
    assert next(iter(groups(store, "intent", "tickets"))) == "billing"
    assert groups(store, "agent", "auto_resolution") == {
        "billing": pytest.approx(1 / 3), "technical": 1.0, "product": 0.0, "none": None,
    }  # fmt: skip
    assert groups(store, "channel", "csat") == {"email": 2.0, "chat": 5.0}
    assert groups(store, "model", "tickets") == {"embedded": 7}
    days = groups(store, "day", "customer_effort")
    assert list(days) == [day.isoformat() for day in WEEK.each_day()]
    # On Monday 1 to 5 ended as they stand, a message each. Ticket 7 ended on Tuesday, by then two.
    assert days["2026-03-02"] == 1.0
    assert days["2026-03-03"] == 2.0
    assert days["2026-03-04"] is None
    assert groups(store, "week", "tickets") == {"2026-03-02": 7, "2026-03-09": None}
    assert groups(store, "month", "tickets") == {"2026-03": 7}
    chat = told(store, within=("channel", "chat"))
    assert (chat["tickets"].value, chat["first_contact_resolution"].value) == (2, 1.0)


def test_no_data_is_not_zero(store: Workspace) -> None:
    assert whole_period(store) is None
    for value in told(store).values():
        assert (value.value, value.count, value.met) == (None, 0, None)
        assert (value.middle, value.most) == (None, None)
    with opened(store, "1", at("09:00")):
        pass
    found = told(store)
    assert found["tickets"].value == 1
    assert found["escalation_rate"].value == 0.0
    for name in ("first_contact_resolution", "handle_time", "csat", "approvals", "undone"):
        assert found[name].value is None
    assert told(store, Period(date(2026, 3, 3), date(2026, 3, 9)))["tickets"].value is None


def ending(store: Workspace, ref: str) -> str | None:
    catch_up(store)
    with store.read() as connection:
        (fact,) = stored_facts(connection, [f"t_{ref}"])
    return fact.ending


def test_what_is_taken_back_bears_nothing_out(store: Workspace) -> None:
    with opened(store, "1", at("09:00")) as t:
        t.began(at("09:01"))
        t.verified(at("09:01:10"), "a1")
        t.answered(at("09:01:20"))
        t.ended(at("09:01:30"), "resolved")
    assert ending(store, "1") == "verified"
    with course(store, "1") as t:
        t.tell(at("10:00"), "operator", "action.undone", action="a1", name="process_refund")
        t.verified(at("10:00"), "u1", "undo")
    assert ending(store, "1") == "unconfirmed"
    with course(store, "1") as t:
        t.tell(at("09:02", 7), "resolution", "ticket.closed", after_days=7)
    assert ending(store, "1") == "silence"
    assert told(store)["resolved"].value == 0.0


def test_an_answer_alone_bears_nothing_out_until_the_customer_confirms(store: Workspace) -> None:
    with opened(store, "1", at("09:00")) as t:
        t.began(at("09:01"))
        t.verified(at("09:01:10"), "a1", "send_reply")
        t.answered(at("09:01:10"))
        t.ended(at("09:01:20"), "resolved", "explained")
    assert ending(store, "1") == "unconfirmed"
    with course(store, "1") as t:
        t.tell(at("11:00"), "system", "message.received")
        t.began(at("11:01"), 2)
        t.tell(at("11:01"), "triage", "triage", noise="thanks")
        t.ended(at("11:01:01"), "resolved", "noise")
    assert ending(store, "1") == "confirmed"
    found = told(store)
    assert found["reopened"].value == 0.0
    assert found["first_contact_resolution"].value == 1.0


def test_an_automatic_answer_confirms_nothing(store: Workspace) -> None:
    with opened(store, "1", at("09:00")) as t:
        t.began(at("09:01"))
        t.answered(at("09:01:10"))
        t.ended(at("09:01:20"), "resolved", "explained")
        t.tell(at("11:00"), "system", "message.received")
        t.began(at("11:01"), 2)
        t.tell(at("11:01"), "triage", "triage", noise="auto_reply")
        t.ended(at("11:01:01"), "resolved", "noise")
    assert ending(store, "1") == "unconfirmed"


def test_awaiting_the_customer_until_it_closes_is_silence(store: Workspace) -> None:
    with opened(store, "1", at("09:00")) as t:
        t.began(at("09:01"))
        t.verified(at("09:01:05"), "a1")
        t.answered(at("09:01:10"))
        t.ended(at("09:01:20"), "awaiting_customer", "evidence_missing")
    assert ending(store, "1") is None
    with course(store, "1") as t:
        t.tell(at("09:02", 7), "resolution", "ticket.closed", after_days=7)
    assert ending(store, "1") == "silence"


def test_a_verified_end_stays_so_when_the_ticket_closes(store: Workspace) -> None:
    with opened(store, "1", at("09:00")) as t:
        t.began(at("09:01"))
        t.verified(at("09:01:05"), "a1")
        t.ended(at("09:01:20"), "resolved")
        t.tell(at("09:02", 7), "resolution", "ticket.closed", after_days=7)
    assert ending(store, "1") == "verified"
    assert groups(store, "day", "resolved")["2026-03-02"] == 1.0


def test_duplicates_and_closing_by_hand(store: Workspace) -> None:
    with opened(store, "1", at("09:00")):
        pass
    with opened(store, "2", at("09:05"), merged_into="t_1") as t:
        t.tell(at("09:06"), "operator", "ticket.merged", **{"from": "2", "into": "1"})
        t.tell(at("09:06"), "operator", "ticket.closed", outcome="merged", by="maya")
    with opened(store, "3", at("09:10")) as t:
        t.tell(at("09:20"), "operator", "ticket.closed", outcome="by_hand", by="maya")
    assert [ending(store, ref) for ref in "123"] == [None, "merged", "closed"]
    found = told(store)
    assert found["tickets"].value == 3
    assert found["escalation_rate"].count == 2
    assert (found["resolved"].value, found["resolved"].count) == (0.0, 1)


def test_what_becomes_of_approvals(store: Workspace) -> None:
    """Seven requests: unchanged and undone, changed, rejected, expired, stale and then asked again
    (waiting), withdrawn. What a person proposed, and what ran alone, is no request of the agents.

    Decided: 3; approved: 2; undone: 1 of 2. The changed one's revision belongs to it.
    """
    decided = {"decided_by": "maya", "decided_at": at("09:10")}
    with opened(store, "1", at("09:00")) as t:
        t.began(at("09:01"))
        t.asked(at("09:05"), "a1", state="undone", **decided)
        t.asked(at("09:05"), "a2", state="withdrawn", superseded_by="a3", **decided)
        t.tell(at("09:10"), "operator", "action.edited", action="a2", successor="a3", by="maya")
        t.asked(at("09:10"), "a3", state="verified", supersedes="a2", **decided)
        t.asked(at("09:05"), "a4", state="rejected", **decided)
        t.asked(at("09:05"), "a5", state="expired")
        t.asked(at("09:05"), "a6", state="stale", superseded_by="a7", **decided)
        t.asked(at("09:15"), "a7", supersedes="a6")
        t.asked(at("09:05"), "a8", state="withdrawn")
        t.asked(at("09:05"), "a9", proposed_by="maya", state="verified", **decided)
        t.asked(
            at("09:05"), "a10", gate="auto", people_needed=0, state="verified", decided_by="policy"
        )
    found = told(store)
    assert found["approvals"].value == 7
    shares = {name: found[name].value for name in BY_NAME if found[name].measure.unit == "share"}
    assert shares["approved_unchanged"] == shares["approved_changed"] == pytest.approx(1 / 3)
    assert shares["rejected"] == pytest.approx(1 / 3)
    assert shares["expired"] == shares["stale"] == pytest.approx(1 / 7)
    assert shares["undone"] == 1 / 2
    assert found["decision_time"].value == pytest.approx(300, rel=0.1)
    assert found["decision_time"].count == 3


def test_erased_tickets_keep_counting(store: Workspace) -> None:
    the_week(store)
    before = told(store)
    with store.read() as connection:
        person = find_person(connection, "ada@example.com")
    with store.write() as tx:
        tx.connection.execute(TICKET.update().values(status="closed", pending=False))
    done = erase_person(store, person, by="maya")
    assert done.rows["survey"] == 3
    assert told(store) == before
    assert told(store) == values_by_name(recounted(store))


def values_by_name(sums: Sums) -> dict[str, Value]:
    return {value.measure.name: value for value in values_of(sums)}


def recounted(store: Workspace) -> Sums:
    """The sums of all tickets, from log and rows alone."""
    whole: Sums = Counter()
    for (dimension, _, span), sums in recount(store).items():
        if dimension == "all" and len(span) == len("2026-03-02"):
            whole.update(sums)
    return whole


def recount(store: Workspace) -> dict[tuple[str, str, str], Sums]:
    """Every row of the sums as it must be, from log and rows alone."""
    cells: dict[Cell, Sums] = {}
    with store.read() as connection:
        ids = list(connection.execute(select(TICKET.c.id)).scalars())
        for fact in read_facts(connection, ids):
            add(cells, fact, +1)
    return spread(cells)


def stored(store: Workspace) -> dict[tuple[str, str, str], Sums]:
    with store.read() as connection:
        rows = connection.execute(select(SUM)).all()
    return {(r.dimension, r.value, r.span): Counter(r.sums) for r in rows if r.sums}


def test_a_fact_is_stored_as_it_was(store: Workspace) -> None:
    the_week(store)
    catch_up(store)
    ids = [f"t_{n}" for n in range(1, 8)]
    with store.read() as connection:
        now = {fact.ticket_id: fact for fact in read_facts(connection, ids)}
        kept = {fact.ticket_id: fact for fact in stored_facts(connection, ids)}
    assert kept == now
    assert all(isinstance(fact, Fact) for fact in kept.values())
    assert len(kept) == 7


STEPS = {
    "parked": lambda t, m: t.tell(m, "resolution", "run.parked"),
    "approved": lambda t, m: t.tell(m, "operator", "action.approved", by="maya"),
    "verified": lambda t, m: t.verified(m, f"{t.ticket}a"),
    "undone": lambda t, m: t.tell(m, "operator", "action.undone", action=f"{t.ticket}a"),
    "reply": lambda t, m: t.answered(m),
    "by hand": lambda t, m: t.answered(m, "operator"),
    "resolved": lambda t, m: t.ended(m, "resolved"),
    "explained": lambda t, m: t.ended(m, "resolved", "explained"),
    "awaiting": lambda t, m: t.ended(m, "awaiting_customer"),
    "noise": lambda t, m: t.ended(m, "closed", "noise"),
    "thanks": lambda t, m: t.tell(m, "triage", "triage", noise="thanks"),
    "settled": lambda t, m: t.ended(m, "resolved", "noise"),
    "handoff": lambda t, m: t.tell(m, "resolution", "handoff"),
    "taken": lambda t, m: t.tell(m, "operator", "ticket.taken", to="maya"),
    "back": lambda t, m: t.tell(m, "operator", "ticket.handed_back"),
    "by person": lambda t, m: t.tell(m, "operator", "ticket.resolved"),
    "closed": lambda t, m: t.tell(m, "operator", "ticket.closed"),
    "in time": lambda t, m: t.tell(m, "resolution", "ticket.closed", after_days=7),
    "message": lambda t, m: t.tell(m, "system", "message.received"),
    "asked": lambda t, m: t.asked(m, t.tx.ids("a")),
    "survey": lambda t, m: t.scored(m, 3),
    "intent": lambda t, m: t.tx.set_ticket(t.ticket, intent="product"),
}
"""What may happen to a ticket, whether or not it makes sense in that order."""

HAPPENS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 4), st.sampled_from(sorted(STEPS)), st.integers(0, 3000)),
        st.tuples(st.just(-1), st.just("catch up"), st.integers(1, 7)),
    ),
    min_size=1,
    max_size=60,
)


@given(happens=HAPPENS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_sums_are_always_those_of_a_full_count(
    happens: list[tuple[int, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = workspace(tmp_path_factory.mktemp("sums"))
    try:
        moment, there = MONDAY, set[int]()
        for ticket, what, number in happens:
            if ticket < 0:
                catch_up(store, at_once=number)
                assert stored(store) == recount(store)
                continue
            moment += timedelta(minutes=number)
            if ticket not in there:
                there.add(ticket)
                with opened(store, str(ticket), moment) as t:
                    t.began(moment)
            with course(store, str(ticket)) as t:
                t.run = f"r_{t.ticket}_1"
                STEPS[what](t, moment)
                if what == "intent":
                    t.tell(moment, "triage", "triage")
        catch_up(store, at_once=5)
        assert stored(store) == recount(store)
        for span, sums in ((key[2], sums) for key, sums in stored(store).items()):
            assert all(isinstance(number, int) for number in sums.values()), span
    finally:
        store.close()


def test_many_count_at_once_and_each_event_counts_once(store: Workspace) -> None:
    def write() -> None:
        for number in range(40):
            moment = MONDAY + timedelta(minutes=number)
            with opened(store, f"w{number}", moment) as t:
                t.began(moment)
                t.verified(moment, f"w{number}")
            with course(store, f"w{number}") as t:
                t.run = f"r_{t.ticket}_1"
                t.ended(moment, "resolved")

    failures: list[BaseException] = []

    def count() -> None:
        try:
            while not written.is_set():
                catch_up(store, at_once=7)
            catch_up(store, at_once=7)
        except BaseException as problem:
            failures.append(problem)

    written = threading.Event()
    counting = [threading.Thread(target=count) for _ in range(4)]
    for thread in counting:
        thread.start()
    try:
        write()
    finally:
        written.set()
        for thread in counting:
            thread.join(60)
    assert failures == []
    catch_up(store)
    assert stored(store) == recount(store)
    assert told(store)["resolved"].count == 40


def test_counting_can_be_stopped_and_goes_on(store: Workspace) -> None:
    the_week(store)
    seen: list[Progress] = []
    first = catch_up(store, at_once=10, on_batch=seen.append, stop=lambda: len(seen) == 2)
    assert [progress.done for progress in seen] == [10, 20]
    assert first.done == 20 < first.newest
    assert 0 < first.share < 1
    last = catch_up(store)
    assert last.share == 1.0
    assert stored(store) == recount(store)
    assert catch_up(store, on_batch=lambda progress: pytest.fail("nothing is new")) == last


def test_percentiles_are_off_by_a_tenth_at_most() -> None:
    times = [37 * number * number + 20 for number in range(1, 400)]
    counts = Counter(bucket_of(time) for time in times)
    for share in (0.1, 0.5, 0.9, 0.99):
        exact = sorted(times)[int(share * len(times))]
        assert percentile(counts, share) == pytest.approx(exact, rel=0.1)
    assert percentile({}, 0.5) is None
    assert percentile({bucket_of(0): 3}, 0.5) <= 1  # type: ignore[operator]


def test_periods() -> None:
    long = Period(date(2025, 12, 30), date(2026, 3, 2))
    assert long.spans() == [
        "2025-12-30", "2025-12-31", "2026-01", "2026-02", "2026-03-01", "2026-03-02",
    ]  # fmt: skip
    assert [m.days for m in long.months()] == [2, 31, 28, 2]
    assert Period(date(2026, 2, 1), date(2026, 2, 28)).spans() == ["2026-02"]
    assert Period(date(2026, 2, 1), date(2026, 2, 27)).days == 27
    with pytest.raises(HandrailError, match="ends before it begins"):
        Period(date(2026, 3, 2), date(2026, 3, 1))
    now = datetime.fromisoformat("2026-03-11T01:00:00+03:00")
    assert last_days(2, now) == Period(date(2026, 3, 9), date(2026, 3, 10))
    assert last_weeks(2, now) == Period(date(2026, 3, 2), date(2026, 3, 10))
    assert last_months(1, now) == Period(date(2026, 3, 1), date(2026, 3, 10))
    assert last_months(4, now).first == date(2025, 12, 1)
    assert [(w.first.day, w.days) for w in last_months(1, now).weeks()] == [(1, 1), (2, 7), (9, 2)]
    assert day_of("today", now) == day_of("1d", now) == date(2026, 3, 10)
    assert day_of("yesterday", now) == day_of("2026-03-09", now) == date(2026, 3, 9)
    assert day_of("1w", now) == date(2026, 3, 4)
    for text in ("", "monday", "0d", "2026-13-01", "2026-03-09T10:00", "-7d"):
        with pytest.raises(HandrailError, match="no day"):
            day_of(text, now)


def test_months_and_days_add_up_alike(store: Workspace) -> None:
    the_week(store)
    catch_up(store)
    month = measures(store, Period(date(2026, 3, 1), date(2026, 3, 31))).total
    assert month == measures(store, WEEK).total
    assert month == measures(store, WEEK, by="day").total


def test_a_target_of_ones_own(store: Workspace) -> None:
    the_week(store)
    found = told(store, targets=TARGETS | {"csat": 3.0, "approvals": 5.0})
    assert found["csat"].met is True
    # A number that nothing is aimed for has no way of being met.
    assert found["approvals"].met is None


def test_every_measure_says_what_it_is() -> None:
    assert len({m.name for m in MEASURES}) == len(MEASURES)
    for measure in MEASURES:
        assert measure.definition.endswith(".")
        assert measure.counted
        assert (measure.target is None) == (measure.aim == "")
