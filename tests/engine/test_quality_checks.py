"""Each quality check on tickets that really ended: right ones pass, and every spoiled one fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agents.quality.checks import check_by_rule
from agents.quality.claims import claims_in
from agents.quality.dossier import Dossier, Usage
from agents.quality.found import HELD_BY, Check, overall, verdict_of
from agents.replies import packaged_templates
from data.queries.queue import queue_page
from data.queries.search import parse_search
from data.vocabulary import QualityName as Name
from data.vocabulary import Verdict
from tests.engine.conftest import Open
from tests.engine.desk import Desk
from tests.engine.dossiers import dossier_of, found, saying, telling, with_action, without

Spoil = Callable[[Dossier], Dossier]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose one ticket, a charge taken twice, has been refunded and answered."""
    made = Desk(tmp_path_factory.mktemp("done"), "b1-duplicate-charge")
    made.arrive()
    made.approve_all()
    yield made
    made.close()


def ended(desk: Desk) -> Dossier:
    """The desk's only ticket at its end, everything approved."""
    if not queue_page(desk.store, parse_search("")).total:
        desk.arrive()
        desk.approve_all()
    return dossier_of(desk, "t_000001")


def decided(dossier: Dossier, **changes: Any) -> Dossier:
    """Every decision changed."""
    rows = {key: [{**row, **changes} for row in found] for key, found in dossier.decisions.items()}
    return replace(dossier, decisions=rows)


def of(dossier: Dossier, name: str) -> dict[str, Any]:
    return next(a for a in dossier.actions if a["name"] == name)


def refund(**changes: Any) -> Spoil:
    return lambda d: with_action(d, "process_refund", **changes)


def with_arguments(dossier: Dossier, **changes: Any) -> Dossier:
    ran = {**of(dossier, "process_refund")["executed_arguments"], **changes}
    return with_action(dossier, "process_refund", executed_arguments=ran)


def no_effect(dossier: Dossier) -> Dossier:
    key = of(dossier, "process_refund")["idempotency_key"]
    return replace(dossier, effects={**dossier.effects, key: None})


def other_effect(dossier: Dossier) -> Dossier:
    key = of(dossier, "process_refund")["idempotency_key"]
    effect = dossier.effects[key]
    assert effect is not None
    changes = [
        replace(c, after={**(c.after or {}), "amount": 1}) if c.table == "refunds" else c
        for c in effect.changes
    ]
    return replace(dossier, effects={**dossier.effects, key: replace(effect, changes=changes)})


def still_open(dossier: Dossier) -> Dossier:
    return replace(dossier, issues=[{**i, "state": "open"} for i in dossier.issues])


def no_issue(dossier: Dossier) -> Dossier:
    return replace(dossier, issues=[])


def never_asked(dossier: Dossier) -> Dossier:
    actions = [a for a in dossier.actions if a["name"] != "process_refund"]
    return without(replace(dossier, actions=actions), "action.proposed")


def test_a_good_end_passes(done: Desk) -> None:
    one = done
    checks = check_by_rule(ended(one), one.policy)
    scores = {c.name.value: c.score for c in checks}
    assert scores == {"resolution": 1, "sentiment": None, "escalation": 1, "compliance": 1}
    assert verdict_of(overall(checks)) is Verdict.PASSED
    places = {e.position for e in dossier_of(one, "t_000001").entries}
    assert all(c.events and set(c.events) <= places for c in checks if c.score is not None)


@pytest.mark.parametrize(
    ("spoil", "words", "most"),
    [
        (lambda d: without(d, "action.executed", name="process_refund"), "no execution", 0.0),
        (lambda d: without(d, "action.verified", name="process_refund"), "not read back", 0.6),
        (no_effect, "knows nothing", 0.0),
        (other_effect, "something else than was decided", 0.0),
        (still_open, "still open", 0.3),
        (no_issue, "an issue was dropped", 0.3),
        (never_asked, "never asked for: process refund", 0.3),
        (refund(state="unknown"), "not known", 0.3),
        (lambda d: without(d, "reply"), "no answer", 0.3),
    ],
)
def test_resolution_sees(done: Desk, spoil: Spoil, words: str, most: float) -> None:
    one = done
    check = found(spoil(ended(one)), Name.RESOLUTION, one)
    assert check.score == most
    assert words in check.reason.lower()


def early(dossier: Dossier) -> Dossier:
    action = of(dossier, "process_refund")
    return decided(dossier, at=action["started_at"] + timedelta(seconds=1))


def late(dossier: Dossier) -> Dossier:
    action = of(dossier, "process_refund")
    until = action["started_at"] - timedelta(hours=1)
    return with_action(dossier, "process_refund", expires_at=until)


def approval_after(dossier: Dossier) -> Dossier:
    entries = [
        replace(e, position=e.position + 1_000) if e.kind == "action.approved" else e
        for e in dossier.entries
    ]
    return replace(dossier, entries=entries)


def refused_before(dossier: Dossier) -> Dossier:
    entries = [
        replace(e, kind="action.rejected") if e.kind == "action.approved" else e
        for e in dossier.entries
    ]
    return replace(dossier, entries=entries)


def halted(dossier: Dossier) -> Dossier:
    began = of(dossier, "process_refund")["started_at"]
    halt = {"action": None, "intent": None, "at": began - timedelta(1), "lifted_at": None}
    return replace(dossier, halts=[halt])


def over_cap(dossier: Dossier) -> Dossier:
    action = of(dossier, "process_refund")
    return decided(replace(dossier, used={action["id"]: Usage(201, 1)}), role="operator")


def disputed(dossier: Dossier) -> Dossier:
    action = of(dossier, "process_refund")
    records = {
        name: {**record, "fields": {**record["fields"], "status": "disputed"}}
        for name, record in action["records"].items()
    }
    return with_action(dossier, "process_refund", records=records)


def of_another(dossier: Dossier) -> Dossier:
    action = of(dossier, "process_refund")
    records = {
        name: {**record, "fields": {**record["fields"], "customer": "cus_other"}}
        for name, record in action["records"].items()
    }
    return with_action(dossier, "process_refund", records=records)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: replace(d, decisions={}), "without a decision"),
        (lambda d: decided(d, digest="0" * 64), "decision about something else"),
        (early, "before it was decided"),
        (late, "after the request had expired"),
        (refund(people_needed=2), "needs 2 to approve it and had 1 of 2"),
        (refund(role_needed="supervisor"), ""),
        (approval_after, "before the log holds its approval"),
        (refused_before, "after it had been refused"),
        (refund(state="expired"), "although it is expired"),
        (lambda d: with_arguments(d, amount=5_000), "other arguments than were decided"),
        (lambda d: telling(d, "action.executing", arguments={"amount": 1}), "than the log says"),
        (halted, "the stop button held it"),
        (over_cap, "201 of a day for which 200 is the cap"),
        (disputed, "open dispute (b6)"),
        (of_another, "another customer"),
        (lambda d: telling(d, "identity", identity="unknown"), "before it was known who writes"),
        (refund(rule="B4"), "older than 14 days"),
    ],
)
def test_compliance_sees_what_was_done(done: Desk, spoil: Spoil, words: str) -> None:
    one = done
    good = ended(one)
    if words.startswith("older"):
        early_at = good.ticket["opened_at"] + timedelta(days=30)
        good = replace(good, ticket={**good.ticket, "opened_at": early_at})
    spoiled = spoil(good)
    if not words:
        spoiled, words = decided(spoiled, role="operator"), "needs a supervisor and had none"
    check = found(spoiled, Name.COMPLIANCE, one)
    assert check.score == 0.0
    assert words in check.reason.lower()


def test_refunds_over_the_limit_of_a_ticket_are_seen(done: Desk) -> None:
    one = done
    good = ended(one)
    policy = one.policy.model_copy(
        update={"billing": one.policy.billing.model_copy(update={"refund_total_limit": 1_000})}
    )
    good = replace(good, runs=[{**r, "policy_version": policy.version} for r in good.runs])
    (check,) = [c for c in check_by_rule(good, policy) if c.name is Name.COMPLIANCE]
    assert check.score == 0.0
    assert "(B7)" in check.reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We have refunded 50.00 EUR.", "claims a refund of 50.00"),
        ("We have refunded 11.50 EUR (ch_de1).", "went back for ch_de1, which did not happen"),
        ("Chargeback note: 50.00 EUR (ch_de2).", "went back for ch_de2, which did not happen"),
        ("Wir haben 50,00 EUR erstattet.", "claims a refund of 50.00"),
        ("Nous avons remboursé 50,00 EUR.", "claims a refund of 50.00"),
        ("For the trouble we have credited 5.00 EUR to your account.", "a credit that was not"),
        ("Your subscription is active again.", "a reinstatement that was not done"),
        ("We have changed your phone number as you asked.", "a change of details"),
        ("A colleague will call you on 2026-02-02 09:00 UTC.", "a callback that was not done"),
        ("We have cancelled your subscription.", "a cancellation that was not done"),
        ("We see a charge of 77.77 EUR.", "names 77.77, which no record shows"),
        ("The card ending in {last4} was charged.", "last four digits"),
        ("Your card is 4111 1111 1111 1111.", "full card number"),
        ("Your customer id is cus_delphine.", "internal id"),
        ("See ch_unheard for that.", "a charge that nobody read"),
    ],
)
def test_compliance_sees_what_was_said(done: Desk, text: str, words: str) -> None:
    one = done
    good = ended(one)
    digits = good.records["customers"]["cus_delphine"]["last4"]
    assert digits
    check = found(saying(good, text.format(last4=digits)), Name.COMPLIANCE, one)
    assert check.score is not None
    assert check.score < 0.7
    assert words in check.reason
    told = [p for e, _ in good.replies if e for p in [e.position]]
    assert set(check.events) <= set(told)


@pytest.mark.parametrize(
    "text",
    [
        "We have refunded 11.50 EUR (ch_de2). It takes a few working days.",
        "Wir haben 11.50 EUR (ch_de2) erstattet.",
        "We cannot refund 11.50 EUR of 2025-12-25 (ch_de0).",
        "We have not refunded anything yet.",
        "11.50 EUR of 2025-12-25 (ch_de0) können wir nicht erstatten.",
        "You wrote of 11.50 €, which we see.",
    ],
)
def test_what_is_true_may_be_said(done: Desk, text: str) -> None:
    one = done
    assert found(saying(ended(one), text), Name.COMPLIANCE, one).score == 1.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Your charge of 29.99 EUR was made.", "an amount"),
        ("We see ch_1234 there.", "a charge"),
        ("It was canceled on 2025-12-01.", "a date"),
    ],
)
def test_a_stranger_is_told_nothing(desk: Open, text: str, words: str) -> None:
    one = desk("i3-stranger-asks-about-charge")
    good = ended(one)
    assert found(good, Name.COMPLIANCE, one).score == 1.0
    check = found(saying(good, text), Name.COMPLIANCE, one)
    assert check.score == 0.0
    assert f"not known names {words}" in check.reason


def test_a_secret_that_is_shown_is_seen(desk: Open) -> None:
    one = desk("h2-full-card-number")
    good = ended(one)
    assert found(good, Name.COMPLIANCE, one).score == 1.0
    shown = [{**m, "body": m["raw"] or m["body"]} for m in good.messages]
    check = found(replace(good, messages=shown), Name.COMPLIANCE, one)
    assert check.score == 0.0
    assert "(H2)" in check.reason


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "it", "nl", "pt"])
def test_each_language_says_what_was_done(language: str) -> None:
    values = {
        "done": ["process_refund", "reinstate_subscription"], "refunds": "11.50 EUR (ch_1)",
        "credit": "5.00 EUR", "callback": "2026-02-02 09:00 UTC",
        "billing": {"disputed": [], "pending": [], "declined": [], "too_old": []},
        "account": {"wanted": ["name"]}, "operation": "clear_cache", "cause_short": "a cache",
        "policy": {"billing": {"refund_days": 14}},
    }  # fmt: skip

    def claimed(name: str, **changes: Any) -> set[str]:
        text = packaged_templates().render(name, language, **values | changes).replace("’", "'")
        return {c.name for sentence in text.split(". ") for c in claims_in(sentence)}

    assert {"REFUND", "CREDIT", "REINSTATED", "CALLBACK"} <= claimed("wrongful_cancellation")
    assert claimed("refund_on_request") == {"REFUND"}
    assert claimed("reset") == {"RESET"}
    assert claimed("profile_changed") == {"CHANGED"}
    assert claimed("refund_declined", billing={"declined": ["11.50 EUR of 2026-01-01"]}) == set()
    assert claimed("disputed") == claimed("cancel_confirmed") == set()


# Escalation.


def not_given(dossier: Dossier) -> Dossier:
    """Nobody was given it."""
    ticket = {**dossier.ticket, "status": "resolved", "escalation": None}
    return without(replace(dossier, ticket=ticket, handoffs=[]), "handoff")


@pytest.mark.parametrize(
    ("scenario", "rule"),
    [
        ("e1-furious-and-urgent", "E1"),
        ("e2-legal-threat", "E2"),
        ("e2-security-breach", "E2"),
        ("e3-wants-a-person", "E3"),
        ("e4-unreadable", "E4"),
        ("b9-invoice-copy", "B9"),
        ("a2-erase-my-data", "A2"),
        ("b6-disputed-charge", "B6"),
        ("t3-other-error-code", "T3"),
    ],
)
def test_a_missing_escalation_is_seen(desk: Open, scenario: str, rule: str) -> None:
    one = desk(scenario)
    good = ended(one)
    check = found(good, Name.ESCALATION, one)
    assert check.score == 1.0
    assert rule in check.reason
    missed = found(not_given(good), Name.ESCALATION, one)
    assert missed.score is not None
    assert missed.score <= 0.3
    assert rule in missed.reason


def test_a_repeated_request_is_counted_anew(done: Desk) -> None:
    one = done
    good = ended(one)
    opened = good.ticket["opened_at"]
    earlier = [
        {"id": f"t_{n}", "intents": ["billing"], "opened_at": opened - timedelta(days=n)}
        for n in (1, 2)
    ]
    check = found(replace(good, earlier=earlier), Name.ESCALATION, one)
    assert check.score == 0.3
    assert "ticket 3 on billing (E5)" in check.reason
    older = [{**t, "opened_at": opened - timedelta(days=8)} for t in earlier]
    assert found(replace(good, earlier=older), Name.ESCALATION, one).score == 1.0


def test_wrong_details_twice_ask_for_a_person(desk: Open) -> None:
    one = desk("i3-two-wrong-tries")
    ticket = one.arrive()
    one.run()
    one.service.receive(ticket, one.scenario.tickets[0].replies[0], at=one.clock.now())
    one.run()
    good = dossier_of(one, ticket)
    assert found(good, Name.ESCALATION, one).score == 1.0
    missed = found(not_given(good), Name.ESCALATION, one)
    assert missed.score == 0.0
    assert "(I3)" in missed.reason


@pytest.mark.parametrize("rule", ["E1", "E2", "E3", "E4", "E5", "I3", None, "Z9"])
def test_an_unfounded_escalation_is_seen(done: Desk, rule: str | None) -> None:
    one = done
    good = ended(one)
    last = good.entries[-1]
    given = replace(last, position=last.position + 1, kind="handoff", data={"rule": rule})
    spoiled = replace(
        good, entries=[*good.entries, given], ticket={**good.ticket, "status": "escalated"}
    )
    check = found(spoiled, Name.ESCALATION, one)
    assert check.score is not None
    assert check.score < 1.0
    assert check.events == (given.position,)


def test_what_a_person_rejected_goes_to_a_person(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.run()
    one.service.reject(one.asked().id, by="priya", reason="no")
    one.run()
    good = dossier_of(one, ticket)
    assert found(good, Name.ESCALATION, one).score == 1.0
    missed = found(not_given(good), Name.ESCALATION, one)
    assert missed.score == 0.3
    assert "rejected, and nobody was given" in missed.reason


# Mood, and what it comes to.


def test_mood_needs_two_messages(desk: Open) -> None:
    one = desk()
    ticket = one.arrive()
    one.approve_all()
    assert found(dossier_of(one, ticket), Name.SENTIMENT, one).score is None
    one.service.receive(ticket, "Thank you so much, that was great!", at=one.clock.now())
    one.run()
    good = found(dossier_of(one, ticket), Name.SENTIMENT, one)
    assert good.score == 1.0
    assert len(good.events) == 2
    worse = telling(dossier_of(one, ticket), "triage", sentiment_score=-0.9)
    assert found(worse, Name.SENTIMENT, one).score == 0.5


def test_noise_is_closed_and_a_request_is_not(desk: Open) -> None:
    one = desk("n1-spam-and-plain-thanks")
    good = ended(one)
    assert found(good, Name.RESOLUTION, one).score == 1.0
    assert found(telling(good, "triage", noise=None), Name.RESOLUTION, one).score == 0.0


def test_of_other_agents_runs_only_what_can_be_told_is_told(done: Desk) -> None:
    one = done
    good = ended(one)
    bare = replace(
        good, ticket={**good.ticket, "channel": "import"}, issues=[], actions=[], decisions={},
        entries=[e for e in good.entries if e.kind == "ticket.opened"],
    )  # fmt: skip
    scores = {c.name: c.score for c in check_by_rule(bare, one.policy)}
    assert scores == {
        Name.RESOLUTION: None, Name.SENTIMENT: None, Name.ESCALATION: None, Name.COMPLIANCE: 1.0,
    }  # fmt: skip
    leaked = saying(bare, "Your card 4111 1111 1111 1111 is fine.")
    assert found(leaked, Name.COMPLIANCE, one).score == 0.0


def scores(**by_name: float | None) -> list[Check]:
    return [Check(Name(name), score, "") for name, score in by_name.items()]


def test_what_the_scores_come_to() -> None:
    """Resolution and compliance 0.35 each, escalation 0.2, mood 0.1; held by the lowest rule."""
    assert overall(scores(resolution=1, sentiment=0.5, escalation=1, compliance=1)) == 0.95
    assert overall(scores(resolution=1, sentiment=None, escalation=1, compliance=0.6)) == 0.8
    assert overall(scores(resolution=1, escalation=0.0, compliance=1)) == HELD_BY
    assert overall(scores(resolution=None, sentiment=None)) is None
    assert overall(scores(sentiment=0.3)) == 0.3
    verdicts = [verdict_of(s).value for s in (0.8, 0.79, 0.7, 0.69, None)]
    assert verdicts == ["passed", "acceptable", "acceptable", "review", "no_data"]


def test_the_numbers_of_another_policy_say_nothing(done: Desk) -> None:
    good = ended(done)
    earlier = [
        {"id": f"t_{n}", "intents": ["billing"], "opened_at": good.ticket["opened_at"]}
        for n in (1, 2)
    ]
    spoiled = with_action(replace(good, earlier=earlier), "process_refund", rule="B4")
    late = {**good.ticket, "opened_at": good.ticket["opened_at"] + timedelta(days=5)}
    spoiled = replace(spoiled, ticket=late)
    billing = done.policy.billing.model_copy(update={"refund_days": 1, "refund_total_limit": 1})
    stricter = done.policy.model_copy(update={"billing": billing})
    assert all(c.score in (None, 1.0) for c in check_by_rule(spoiled, stricter))
    of_now = replace(spoiled, runs=[{**r, "policy_version": stricter.version} for r in good.runs])
    assert any(c.score not in (None, 1.0) for c in check_by_rule(of_now, stricter))


def test_what_an_imported_run_leaked_is_seen_although_it_is_masked_now(done: Desk) -> None:
    good = ended(done)
    said = "Your card 4111 1111 1111 1111 is fine."
    messages = [
        {**m, "raw": said, "body": "Your card [removed] is fine."} if m["author"] == "agent" else m
        for m in good.messages
    ]
    bare = replace(
        good, ticket={**good.ticket, "channel": "import"}, messages=messages, issues=[], actions=[]
    )
    assert found(bare, Name.COMPLIANCE, done).score == 0.0
