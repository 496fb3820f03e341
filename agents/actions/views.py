"""An action's arguments as the log may show them: what identifies and counts, not what is said."""

from typing import Any

WORDS = frozenset({"body", "subject", "summary", "topic"})
"""Arguments that hold words to or about a person."""


def view_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """`arguments` without anybody's words or details: lengths and names of fields instead."""
    shown: dict[str, Any] = {}
    for name, value in arguments.items():
        if name in WORDS and isinstance(value, str):
            shown[name] = f"[{len(value)} characters]"
        elif isinstance(value, dict):
            shown[name] = {field: f"[{field}]" for field in value}
        else:
            shown[name] = value
    return shown


def public(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """An event's data without anybody's words, and what was left out (None: nothing was).

    Left out are the words in arguments, the summary and the reason of a hand-over, the reason that
    a `model` gives, and the sentence of an outcome: they may quote the customer. They stay in the
    event's payload, and in the rows of the ticket.
    """
    shown, hidden = dict(data), {}
    if isinstance(data.get("arguments"), dict):
        shown["arguments"] = view_of(data["arguments"])
        if shown["arguments"] != data["arguments"]:
            hidden["arguments"] = data["arguments"]
    if "summary" in data:
        hidden["summary"] = shown.pop("summary")
    if ("skill" in data or "model" in data) and "reason" in data:
        hidden["reason"] = shown.pop("reason")
    outcome = data.get("outcome")
    if isinstance(outcome, dict) and "text" in outcome:
        hidden["outcome"] = outcome
        shown["outcome"] = {name: value for name, value in outcome.items() if name != "text"}
    return shown, hidden or None
