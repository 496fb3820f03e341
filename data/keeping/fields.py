"""What of each table is personal data, and what is left of it once it is erased."""

from collections.abc import Callable
from typing import Any

from data.keeping.words import Words

Row = dict[str, Any]
Erase = Callable[[Any, Row, Words], Any]
"""What stays of a column's value (never None where the column must not be), given its row."""

ERASED = "[erased]"
"""What stands where a text was."""

_ID_NAMES = (
    "id table revision action charge customer subscription service operation ticket queue plan "
    "refund credit reset notification callback undoes undone_by"
)
_STATE_NAMES = (
    "status state tier priority channel interval features exact possible rule code end follows "
    "first_read_as"
)
_NUMBER_NAMES = (
    "amount currency refunded balance at since started period_start period_end "
    "current_period_end canceled_at changed_at pending_until until"
)
_PLAIN = frozenset(f"{_ID_NAMES} {_STATE_NAMES} {_NUMBER_NAMES}".split())
"""Names in JSON values under which ids, states, times and amounts stand, which stay."""

_WHOM = frozenset({"customer", "ticket", "email", "sms"})
"""What `to` may say that names nobody."""


def without_texts(value: Any, name: str = "") -> Any:
    """A JSON value whose texts and numbers are erased, but for ids, states, times and amounts."""
    if isinstance(value, dict):
        return {key: without_texts(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [without_texts(item, name) for item in value]
    if value is None or isinstance(value, bool) or name in _PLAIN:
        return value
    if name == "to" and value in _WHOM:
        return value
    return (ERASED if value else value) if isinstance(value, str) else None


def _nothing(value: Any, row: Row, words: Words) -> Any:
    return None


def _text(value: Any, row: Row, words: Words) -> Any:
    return value and ERASED


def _body(value: Any, row: Row, words: Words) -> Any:
    return ERASED


def _own_id(value: Any, row: Row, words: Words) -> Any:
    """A digest of words, which could be guessed, gives way to what is as unique."""
    return row["id"]


def _values(value: Any, row: Row, words: Words) -> Any:
    return without_texts(value)


def _sentence(value: Any, row: Row, words: Words) -> Any:
    """A sentence of ours, unless it quotes or names the person."""
    return words.without(value, ERASED) if value else value


def _author(value: Any, row: Row, words: Words) -> Any:
    """The name of who wrote a message, unless it is the customer's."""
    return value if row["author"] in ("operator", "note") else None


def _outcome(value: Any, row: Row, words: Words) -> Any:
    return value and {**value, "text": _sentence(value.get("text"), row, words)}


def _undo(value: Any, row: Row, words: Words) -> Any:
    return value and {**without_texts(value), "how": _sentence(value.get("how"), row, words)}


def _slots(value: Any, row: Row, words: Words) -> Any:
    kept = without_texts(value)
    if "reply" in kept:
        kept["reply"] = {"name": (value["reply"] or {}).get("name"), "values": {}}
    return kept


def _checks(value: Any, row: Row, words: Words) -> Any:
    return [{**check, "reason": _sentence(check["reason"], row, words)} for check in value]


def _reason_for(value: Any, row: Row, words: Words) -> Any:
    """Why an action is proposed: the agents' sentence, or what a person wrote."""
    return _text(value, row, words) if row["proposed_by"] else _sentence(value, row, words)


def _reason_decided(value: Any, row: Row, words: Words) -> Any:
    return value if row["decided_by"] in (None, "policy") else _text(value, row, words)


def _reason_of_decision(value: Any, row: Row, words: Words) -> Any:
    return value if row["kind"] == "auto" else _text(value, row, words)


ERASES: dict[str, dict[str, Erase]] = {
    "ticket": {
        "subject": _text,
        "requester": _nothing,
        "customer_name": _nothing,
        "outcome": _outcome,
    },
    "message": {"name": _author, "body": _body},
    "issue": {"cause": _sentence, "slots": _slots},
    "run": {"problem": _sentence},
    "action": {
        "arguments": _values,
        "executed_arguments": _values,
        "preview": _values,
        "records": _values,
        "result": _values,
        "undo": _undo,
        "reason": _reason_for,
        "problem": _sentence,
        "decision_reason": _reason_decided,
    },
    "decision": {"arguments": _values, "reason": _reason_of_decision},
    "handoff": {"reason": _sentence, "summary": _values},
    "survey": {"comment": _text},
    "nonce": {"value": _nothing},
    "answer_draft": {"body": _nothing},
    # Words are hidden from a model, but what it says of them is still about the person.
    "model_answer": {"digest": _own_id, "answer": _nothing},
    "model_words": {"text": _body},
    "attachment": {"name": _body},
    "quality_check": {"checks": _checks},
    "quality_review": {"note": _text},
}
"""Table to its personal columns, each with what stays of it. Payloads and attachments lose their
body whole."""

_STAYS = {
    "ticket": (
        "id ref channel customer_id tier identity status owner priority priority_rank intent "
        "intents sentiment sentiment_score anger urgency confidence language flags escalation "
        "merged_into failed_tries money_at_risk opened_at updated_at answered_at ended_at timer_at "
        "due_at due_from seq message_count read_count wake_seq read_seq pending epoch"
    ),
    # The channel's id of a message stays: by it, a mailbox that is read again opens nothing anew.
    "message": "id ticket_id position author at payload_id external_id",
    "issue": "id ticket_id position kind intent rule agent state confidence skill evidence trial",
    "run": "id ticket_id number state brain policy_version started_at ended_at tokens cost_micros",
    "action": (
        "id ticket_id run_id issue_id position name digest target agent state gate rule risk "
        "amount currency people_needed policy_version proposed_at expires_at decided_by "
        "decided_at supersedes superseded_by idempotency_key executed_at undo_until attempts "
        "undoes proposed_by role_needed started_at"
    ),
    "decision": "id action_id kind operator digest role signed_in_by at spent_at",
    "handoff": (
        "id ticket_id skill kind assigned_to wait_minutes queued_at accepted_at accepted_by"
    ),
    "survey": "id ticket_id score at imported_at imported_by",
    "nonce": "id ticket_id",
    "answer_draft": "id ticket_id operator at",
    "model_answer": "id ticket_id at",
    "model_words": "id ticket_id run_id agent at",
    "attachment": "id ticket_id message_id position kind size problem",
    "attachment_body": "id",
    "quality_check": (
        "id ticket_id position version ended_at overall verdict judge judge_problem cost_micros "
        "checked_at settled_at superseded"
    ),
    "quality_review": "id check_id ticket_id name found score agreed operator role signed_in_by at",
    "ticket_fact": "*",
    "measure_sum": "*",
    "adopted_rule": "*",
    "payload": "id salt erased_at",
    "event": "*",
    "chain": "*",
    "state_mark": "*",
    "halt": "*",
    "operator": "*",
    "sign_in": "*",
    "practice_case": "*",
    "reading": "*",
    "setting": "*",
    "worker": "*",
}
STAYS: dict[str, frozenset[str]] = {name: frozenset(s.split()) for name, s in _STAYS.items()}
"""Table to the columns that hold nothing of a customer's but ids; `*` stands for all of them.

Every column of the schema is in `ERASES` or here, so that a new one is not forgotten.
"""
