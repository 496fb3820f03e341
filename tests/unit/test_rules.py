"""The gate, the files of rules with typos in them, and the arguments of actions."""

import hashlib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from agents.actions.arguments import TYPES, check_arguments
from agents.actions.catalogue import CATALOGUE, digest_of, target_of
from agents.errors import BadArguments
from agents.playbooks.model import PACKAGED as PLAYBOOKS
from agents.playbooks.model import load_playbooks
from agents.policy.gate import rule_on
from agents.policy.model import PACKAGED as POLICY
from agents.policy.model import Policy, load_policy
from data.errors import BadFile
from data.plain import canonical
from data.vocabulary import ActionName, Gate, Intent, TrialMode

ASK = ("process_refund", "issue_credit", "reinstate_subscription", "reset_service", "update_crm")
ALONE = ("send_reply", "send_notification", "create_ticket", "schedule_callback")


def _policy(**approval: Any) -> Policy:
    plain = load_policy().model_dump(mode="json")
    plain["approval"] |= approval
    return Policy.model_validate(plain)


def _on_trial(approval: dict[str, Any] | None = None, **modes: str) -> Policy:
    plain = _policy(**(approval or {})).model_dump(mode="json")
    return Policy.model_validate({**plain, "trials": modes})


@pytest.mark.parametrize("name", ASK + ALONE)
def test_the_packaged_gates(name: str) -> None:
    ruling = rule_on(load_policy(), ActionName(name), None, "billing")
    assert (ruling.gate, ruling.people) == ((Gate.ASK, 1) if name in ASK else (Gate.AUTO, 0))


@pytest.mark.parametrize(
    ("amount", "people"), [(1, 1), (19_999, 1), (20_000, 1), (20_001, 2), (10**9, 2)]
)
def test_two_people_over_the_limit(amount: int, people: int) -> None:
    for name in (ActionName.PROCESS_REFUND, ActionName.ISSUE_CREDIT):
        assert rule_on(load_policy(), name, amount, "billing").people == people


ALONE_UP_TO = [{"action": "process_refund", "up_to": 500, "intents": ["billing"]}]


@pytest.mark.parametrize(
    ("approval", "amount", "intent", "gate"),
    [
        ({"alone": ALONE_UP_TO}, 500, "billing", Gate.AUTO),
        ({"alone": ALONE_UP_TO}, 501, "billing", Gate.ASK),
        ({"alone": ALONE_UP_TO}, 500, "account", Gate.ASK),
        ({"alone": ALONE_UP_TO}, 500, None, Gate.ASK),
        ({"alone": [{"action": "issue_credit"}]}, 500, "billing", Gate.ASK),
        ({"alone": [{"action": "process_refund"}]}, 20_001, "billing", Gate.ASK_TWO),
        ({"shadow": ["billing"], "alone": ALONE_UP_TO}, 1, "billing", Gate.FORBIDDEN),
        ({"shadow": ["billing"]}, 1, "technical", Gate.ASK),
        ({"actions": {"process_refund": "forbidden"}}, 1, "billing", Gate.FORBIDDEN),
        ({"actions": {"process_refund": "ask_two"}}, 1, "billing", Gate.ASK_TWO),
        ({"actions": {"process_refund": "auto"}}, 1, "billing", Gate.AUTO),
        ({"actions": {"process_refund": "auto"}}, 20_001, "billing", Gate.ASK_TWO),
        ({"actions": {}}, 1, "billing", Gate.ASK),
    ],
)
def test_the_gate(approval: dict[str, Any], amount: int, intent: str | None, gate: Gate) -> None:
    ruling = rule_on(_policy(**approval), ActionName.PROCESS_REFUND, amount, intent)
    assert ruling.gate is gate
    assert ruling.why


def test_a_models_words_ask_before_they_go_out() -> None:
    reply = ActionName.SEND_REPLY
    assert rule_on(load_policy(), reply, None, None, by_template=False).gate is Gate.ASK


@pytest.mark.parametrize(
    ("mode", "name", "gate"),
    [
        ("shadow", "process_refund", Gate.FORBIDDEN),
        ("shadow", "send_notification", Gate.FORBIDDEN),
        ("shadow", "send_reply", Gate.FORBIDDEN),
        ("assist", "process_refund", Gate.ASK),
        ("assist", "send_notification", Gate.ASK),
        ("assist", "send_reply", Gate.ASK),
        ("auto", "process_refund", Gate.ASK),
        ("auto", "send_notification", Gate.AUTO),
        ("auto", "send_reply", Gate.AUTO),
    ],
)
def test_what_an_intent_on_trial_may(mode: str, name: str, gate: Gate) -> None:
    policy = _on_trial(billing=mode)
    assert rule_on(policy, ActionName(name), 100, "billing").gate is gate
    elsewhere = rule_on(load_policy(), ActionName(name), 100, "technical")
    assert rule_on(policy, ActionName(name), 100, "technical") == elsewhere
    assert (
        rule_on(policy.with_mode(Intent.BILLING, TrialMode.AUTO), ActionName(name), 100, "billing")
        == elsewhere
    )


def test_assist_lets_nothing_run_alone_and_loosens_nothing() -> None:
    policy = _on_trial(billing="assist")
    assert rule_on(policy, ActionName.PROCESS_REFUND, 20_001, "billing").gate is Gate.ASK_TWO
    alone = _on_trial({"alone": ALONE_UP_TO}, billing="assist")
    assert rule_on(alone, ActionName.PROCESS_REFUND, 500, "billing").gate is Gate.ASK
    forbidden = _on_trial({"actions": {"process_refund": "forbidden"}}, billing="assist")
    assert rule_on(forbidden, ActionName.PROCESS_REFUND, 1, "billing").gate is Gate.FORBIDDEN


def test_shadow_may_be_said_in_the_older_way_but_not_in_two_ways() -> None:
    older = _policy(shadow=["billing"])
    assert older.mode_of("billing") is TrialMode.SHADOW
    assert older.with_mode(Intent.BILLING, TrialMode.AUTO).mode_of("billing") is TrialMode.AUTO
    assert _on_trial({"shadow": ["billing"]}, billing="shadow").mode_of("billing") == "shadow"
    with pytest.raises(ValueError, match=r"approval\.shadow names billing and trials says assist"):
        _on_trial({"shadow": ["billing"]}, billing="assist")


def test_a_policy_without_trials_has_the_version_it_had_before_there_were_any() -> None:
    plain = load_policy()
    values = plain.model_dump(
        mode="json",
        exclude={"trials": True, "service_levels": True, "tickets": {"keep_days", "survey"}},
    )
    assert plain.version == hashlib.sha256(canonical(values).encode()).hexdigest()[:12]
    assert _on_trial(billing="auto").version != plain.version


def test_the_version_follows_the_values_not_the_text(tmp_path: Path) -> None:
    copy = tmp_path / "policy.yaml"
    copy.write_text("# ours\n" + POLICY.read_text())
    assert load_policy(copy).version == load_policy().version
    copy.write_text(POLICY.read_text().replace("20000", "30000"))
    assert load_policy(copy).version != load_policy().version


def _edited(path: Path, source: Path, old: str, new: str) -> int:
    """Write `source` with a typo; the line of the typo."""
    text = source.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return (
        text[: text.index(old)].count("\n")
        + 1
        + old[: len(old) - len(old.lstrip("\n"))].count("\n")
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("two_people_over: 20000", "two_people_ovr: 20000", "approval.two_people_ovr"),
        ("two_people_over: 20000", "two_people_over: many", "approval.two_people_over"),
        ("two_people_over: 20000", "two_people_over: -1", "approval.two_people_over"),
        ("anger_over: 0.6", "anger_over: 6", "escalate.anger_over"),
        ("process_refund: ask", "process_refund: maybe", "approval.actions.process_refund"),
        ("issue_credit: ask", "issue_credt: ask", "approval.actions.issue_credt"),
        ("close_after_days: 7", "close_after_days: 0", "tickets.close_after_days"),
        ("policy: 1", "policy: 2", "policy"),
        ("refund_days: 14", "refund_days: 14\n  refund_days: 15", "twice"),
        ("trials: {}", "trials: {weather: shadow}", "trials.weather"),
        ("trials: {}", "trials: {billing: shade}", "trials.billing"),
        ("trials: {}", "trials: {", ""),
    ],
)
def test_a_typo_in_the_policy_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "policy.yaml"
    line = _edited(path, POLICY, old, new)
    with pytest.raises(BadFile) as caught:
        load_policy(path)
    text = str(caught.value)
    assert "\n" not in text
    assert said in text
    assert caught.value.line is not None
    if said and said != "twice":
        assert text.startswith(f"{path}:{line}: ")


@pytest.mark.parametrize("content", ["", "- 1\n", "just words", "policy: 1\n", "\x00\x01"])
def test_what_is_no_policy_at_all(tmp_path: Path, content: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(content)
    with pytest.raises(BadFile, match=r"policy\.yaml"):
        load_policy(path)


def test_a_policy_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")
    (tmp_path / "policy.yaml").write_bytes(b"policy: 1 # \xff")
    with pytest.raises(BadFile, match="UTF-8"):
        load_policy(tmp_path / "policy.yaml")


PLAYBOOK = """\
playbook: 1
agent: product
handles: [{kinds}]
reads: [articles]
proposes: [create_ticket]
rules:
  - rule: P1
    when: "true"
    cause: none
    plan:
      - action: create_ticket
        arguments: {{queue: "'x'", summary: "'y'"}}
        reason: because
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("reads: [articles]", "reads: [articels]", 4, "reads[0]"),
        ("agent: product", "agent: produkt", 2, "agent"),
        ("rule: P1", "rule: first", 7, "rules[0].rule"),
        ('when: "true"', 'when: "true and"', 8, "rules[0].when"),
        ("cause: none", "cause: '{{ x'", 9, "rules[0].cause"),
        ("cause: none", "cuase: none", 9, "cuase"),
        ("action: create_ticket", "action: creat_ticket", 11, "rules[0].plan[0].action"),
        ("queue: ", "que: ", 11, "no argument 'que'"),
        ("proposes: [create_ticket]", "proposes: []", 1, "may not propose create_ticket"),
    ],
)
def test_a_typo_in_a_playbook_is_named(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    kinds = next(p for p in load_playbooks().all if p.agent == "product").handles
    text = PLAYBOOK.format(kinds=", ".join(kinds))
    assert old in text
    path = tmp_path / "product.yaml"
    path.write_text(text)
    load_playbooks(tmp_path)
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadFile) as caught:
        load_playbooks(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == path
    assert caught.value.line is not None
    assert abs(caught.value.line - line) <= 1


def test_every_kind_of_issue_has_one_role(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        (PLAYBOOKS / "product.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    with pytest.raises(BadFile, match="handled by"):
        load_playbooks(tmp_path)
    with pytest.raises(BadFile, match="no folder"):
        load_playbooks(tmp_path / "none")


VALID: dict[str, dict[str, Any]] = {
    "process_refund": {"charge": "ch_1", "amount": 100, "currency": "eur"},
    "issue_credit": {"customer": "cus_1", "amount": 100, "currency": "eur"},
    "reinstate_subscription": {"subscription": "sub_1"},
    "reset_service": {"customer": "c", "service": "s", "operation": "clear_cache"},
    "update_crm": {"customer": "c", "changes": {"email": "a@b.example"}},
    "send_reply": {"ticket": "t_1", "body": "Hello"},
    "send_notification": {"customer": "c", "channel": "email", "subject": "s", "body": "b"},
    "create_ticket": {"queue": "engineering", "summary": "s", "priority": "high"},
    "schedule_callback": {"customer": "c", "at": "2026-03-11T09:00:00Z", "topic": "t"},
    "undo": {"action": "a_1"},
}


@pytest.mark.parametrize("name", ActionName)
def test_arguments_that_fit_stay_what_they_are(name: ActionName) -> None:
    checked = check_arguments(name, VALID[name])
    assert checked == VALID[name]
    assert check_arguments(name, checked) == checked
    assert digest_of(name, checked) == digest_of(name, VALID[name])
    assert ":" in target_of(name, checked)
    assert set(CATALOGUE) == set(TYPES) == set(ActionName)


@pytest.mark.parametrize(
    ("name", "how"), product(ActionName, ["missing", "extra", "empty", "null"])
)
def test_arguments_that_lack_or_add_something(name: ActionName, how: str) -> None:
    field = next(iter(VALID[name]))
    changed: dict[str, Any] = dict(VALID[name])
    match how:
        case "missing":
            del changed[field]
        case "extra":
            changed[field := "force"] = True
        case "empty":
            changed[field] = ""
        case "null":
            changed[field] = None
    with pytest.raises(BadArguments, match=rf"^{name}: {field}"):
        check_arguments(name, changed)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("process_refund", "amount", 0),
        ("process_refund", "amount", -1),
        ("process_refund", "amount", 1.5),
        ("process_refund", "amount", True),
        ("process_refund", "currency", "EUR"),
        ("process_refund", "currency", "euro"),
        ("reset_service", "operation", "delete_account"),
        ("update_crm", "changes", {}),
        ("update_crm", "changes", {"status": "active"}),
        ("update_crm", "changes", {"balance": "1000"}),
        ("update_crm", "changes", {"email": "nobody"}),
        ("update_crm", "changes", {"email": "A@b.example"}),
        ("update_crm", "changes", {"phone": "0171 123"}),
        ("update_crm", "changes", {"phone": "+49 171 1234567"}),
        ("update_crm", "changes", {"name": "  "}),
        ("schedule_callback", "at", "2026-03-11T09:00:00"),
        ("schedule_callback", "at", "tomorrow"),
        ("create_ticket", "priority", "soon"),
        ("send_notification", "channel", "pigeon"),
    ],
)
def test_values_that_do_not_fit(name: str, field: str, value: Any) -> None:
    with pytest.raises(BadArguments, match=rf"^{name}: {field}"):
        check_arguments(ActionName(name), {**VALID[name], field: value})
