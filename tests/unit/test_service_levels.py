"""Business hours: pure reckoning of times, whatever the clocks do; and what it makes of tickets."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.policy.model import Policy, load_policy
from agents.service import Service
from data.clock import CountingIds, VirtualClock
from data.errors import BadFile
from data.service_levels import (
    DEFAULT_LEVELS,
    BusinessHours,
    ServiceLevels,
    due_changes,
)
from data.vocabulary import Priority
from data.workspace import Workspace, open_workspace
from tests.tui.rows import add_ticket

MADRID = ZoneInfo("Europe/Madrid")
WORKDAYS = frozenset(range(5))
OFFICE = BusinessHours(MADRID, WORKDAYS, time(9), time(17))
HOUR = timedelta(hours=1)

ZONES = st.sampled_from(
    ["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
     "America/Santiago", "Africa/Casablanca", "Pacific/Apia"]
).map(ZoneInfo)  # fmt: skip
TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))
HOURS = st.builds(BusinessHours, ZONES, st.frozensets(st.integers(0, 6), min_size=1), TIMES, TIMES)
MOMENTS = st.integers(1_322_700_000, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))
SPANS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=200))


def at(text: str, zone: ZoneInfo = MADRID) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-11 10:00", 2, "2026-03-11 12:00"),
        ("2026-03-11 16:00", 2, "2026-03-12 10:00"),
        ("2026-03-13 16:30", 1, "2026-03-16 09:30"),
        ("2026-03-14 03:00", 1, "2026-03-16 10:00"),
        ("2026-03-11 03:00", 8, "2026-03-11 17:00"),
        ("2026-03-11 09:00", 16, "2026-03-12 17:00"),
        ("2026-03-27 16:00", 2, "2026-03-30 10:00"),
        ("2026-10-23 16:00", 2, "2026-10-26 10:00"),
    ],
)
def test_a_working_week_in_madrid(start: str, hours: int, end: str) -> None:
    assert OFFICE.add(at(start), hours * HOUR) == at(end)


def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is() -> None:
    nights = BusinessHours(MADRID, frozenset(range(7)), time(0), time(0))
    spring, autumn = at("2026-03-29 00:00"), at("2026-10-25 00:00")
    assert nights.add(spring, 23 * HOUR) == at("2026-03-30 00:00")
    assert nights.add(autumn, 25 * HOUR) == at("2026-10-26 00:00")
    assert nights.between(spring, at("2026-03-30 00:00")) == 23 * HOUR


def test_hours_over_midnight() -> None:
    late = BusinessHours(MADRID, frozenset({4}), time(22), time(2))
    friday = at("2026-03-13 23:00")
    assert late.add(friday, 2 * HOUR) == at("2026-03-14 01:00")
    assert late.add(friday, 4 * HOUR) == at("2026-03-20 23:00")
    assert late.add(at("2026-03-14 01:30"), HOUR) == at("2026-03-20 22:30")


@given(HOURS, MOMENTS, SPANS)
def test_what_is_added_is_what_lies_between(
    hours: BusinessHours, moment: datetime, span: timedelta
) -> None:
    due = hours.add(moment, span)
    assert due >= moment
    assert due.utcoffset() == timedelta(0)
    assert hours.between(moment, due) == span


@given(HOURS, MOMENTS, SPANS.filter(bool))
def test_a_time_to_be_due_lies_in_open_hours(
    hours: BusinessHours, moment: datetime, span: timedelta
) -> None:
    due = hours.add(moment, span)
    opens, closes = next(hours.spans(due - timedelta(microseconds=1)))
    assert opens < due <= closes


@given(HOURS, MOMENTS, SPANS, SPANS)
def test_one_span_after_another_is_both_at_once(
    hours: BusinessHours, moment: datetime, one: timedelta, two: timedelta
) -> None:
    assert hours.add(hours.add(moment, one), two) == hours.add(moment, one + two)


@given(HOURS, MOMENTS, MOMENTS, SPANS)
def test_who_starts_later_is_not_due_earlier(
    hours: BusinessHours, one: datetime, two: datetime, span: timedelta
) -> None:
    early, late = sorted((one, two))
    assert hours.add(early, span) <= hours.add(late, span)


@given(HOURS, MOMENTS, MOMENTS)
def test_business_time_is_never_longer_than_time(
    hours: BusinessHours, one: datetime, two: datetime
) -> None:
    early, late = sorted((one, two))
    late = min(late, early + timedelta(days=400))
    assert timedelta(0) <= hours.between(early, late) <= late - early


@given(MOMENTS, SPANS)
def test_all_hours_of_all_days_are_plain_time(moment: datetime, span: timedelta) -> None:
    always = BusinessHours(MADRID, frozenset(range(7)), time(9), time(9))
    assert always.add(moment, span) == moment + span


def test_hours_without_a_day_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        BusinessHours(MADRID, frozenset(), time(9), time(17))


# The policy file.


def _policy(tmp_path: Path, part: str) -> Policy:
    place = tmp_path / "policy.yaml"
    place.write_text("policy: 1\napproval: {actions: {}}\nservice_levels:\n" + part)
    return load_policy(place)


def test_the_packaged_policy_says_the_programs_own_times() -> None:
    assert load_policy().service_levels.levels == ServiceLevels()


def test_the_part_may_be_left_out_or_given_in_part(tmp_path: Path) -> None:
    levels = _policy(
        tmp_path,
        "  high: {answer_hours: 0.5, resolve_hours: 8}\n"
        "  business_hours: {timezone: Europe/Madrid, from: '08:30', to: '24:00'}\n",
    ).service_levels.levels
    assert levels.levels[Priority.HIGH].answer == HOUR / 2
    assert levels.levels[Priority.LOW] == DEFAULT_LEVELS[Priority.LOW]
    assert levels.hours == BusinessHours(MADRID, WORKDAYS, time(8, 30), time(0))


def test_what_is_said_survives_being_written_and_read(tmp_path: Path) -> None:
    policy = _policy(tmp_path, "  business_hours: {days: [sat], from: '10:00', to: '14:00'}\n")
    dumped = policy.model_dump(mode="json")
    assert dumped["service_levels"]["business_hours"]["from"] == "10:00"
    assert Policy.model_validate(dumped) == policy


def test_service_levels_bind_no_decision(tmp_path: Path) -> None:
    one = _policy(tmp_path, "  low: {answer_hours: 1, resolve_hours: 2}\n")
    assert one.version == _policy(tmp_path, "  low: {answer_hours: 3, resolve_hours: 4}\n").version


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("  business_hours: {timezone: Europe/Madird}\n", "no time zone 'Europe/Madird'"),
        ("  business_hours: {from: nine}\n", "'nine' is no time of day; write such as 09:00"),
        ("  business_hours: {days: []}\n", "business_hours.days"),
        ("  business_hours: {days: [montag]}\n", "montag"),
        ("  urgent: {answer_hours: 0, resolve_hours: 1}\n", "answer_hours"),
        ("  urgent: {answer_hours: 1}\n", "resolve_hours"),
        ("  critical: {answer_hours: 1, resolve_hours: 1}\n", "critical"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, part: str, said: str) -> None:
    with pytest.raises(BadFile) as caught:
        _policy(tmp_path, part)
    assert said in str(caught.value)
    assert "policy.yaml:4" in str(caught.value)
    assert "\n" not in str(caught.value)


# Tickets.

NOW = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspace]:
    made = open_workspace(
        str(tmp_path / "w.db"), clock=VirtualClock(NOW), ids=CountingIds(), started=NOW,
        synchronous="OFF",
    )  # fmt: skip
    yield made
    made.close()


def _due(store: Workspace) -> timedelta | None:
    with store.write() as tx:
        row = tx.ticket("t_t-1")
    due = row["due_at"]
    return due and round((due - NOW).total_seconds()) * timedelta(seconds=1)


def _set(store: Workspace, **changes: Any) -> timedelta | None:
    with store.write() as tx:
        tx.set_ticket("t_t-1", **changes)
    return _due(store)


def test_a_ticket_is_due_from_triage_until_it_ends(store: Workspace) -> None:
    with store.write() as tx:
        add_ticket(tx, "T-1", "s", "b", minutes=30, status="new")
    half = HOUR / 2
    assert _due(store) is None
    assert _set(store, status="working", priority="high") == 4 * HOUR - half
    assert _set(store, priority="urgent") == HOUR - half
    assert _set(store, status="escalated", priority="normal") == 24 * HOUR - half
    assert _set(store, answered_at=store.clock.now()) == 72 * HOUR - half
    assert _set(store, status="resolved") is None
    assert _set(store, priority="low") is None


def test_reopened_and_answered_tickets_run_anew(store: Workspace) -> None:
    with store.write() as tx:
        add_ticket(tx, "T-1", "s", "b", minutes=60 * 24 * 9, status="working", priority="high")
    store.clock.now()
    assert _set(store, status="awaiting_customer", answered_at=store.clock.now()) is None
    assert _set(store, status="working") == 4 * HOUR
    assert _set(store, status="awaiting_approval") == 4 * HOUR
    assert _set(store, status="resolved", answered_at=store.clock.now()) is None
    assert _set(store, status="escalated") == 4 * HOUR


def test_the_service_brings_the_policys_times(store: Workspace, tmp_path: Path) -> None:
    policy = _policy(
        tmp_path,
        "  normal: {answer_hours: 2, resolve_hours: 4}\n"
        "  business_hours: {timezone: Europe/Madrid, from: '09:00', to: '11:00'}\n",
    )
    Service(store, policy)
    with store.write() as tx:
        add_ticket(tx, "T-1", "s", "b", minutes=0, status="new")
    assert _set(store, status="working") == 24 * HOUR - HOUR + HOUR


def test_what_does_not_touch_the_times_leaves_them(store: Workspace) -> None:
    with store.write() as tx:
        add_ticket(tx, "T-1", "s", "b", status="working", due_at=NOW)
    assert _set(store, subject="other") == timedelta(0)


def test_the_opening_counts_where_nothing_was_reopened() -> None:
    before = {"status": "new", "priority": "low", "opened_at": NOW, "answered_at": None,
              "due_from": None}  # fmt: skip
    changed = due_changes(ServiceLevels(), before, before | {"status": "working"}, NOW)
    assert changed == {"due_at": NOW + 48 * HOUR}
