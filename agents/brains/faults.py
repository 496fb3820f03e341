"""What a fault of a model's service means: to wait, to give up, or to mend something."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from agents.brains.protocol import BadAnswer, ModelRefused, ModelUnavailable

FIRST_DELAY, LONGEST_DELAY = 0.5, 20.0
"""Seconds between attempts; each failure doubles the delay."""

LONGEST_ASKED = 60.0
"""Seconds; a service that asks to wait longer is not waited for."""

CUT = "cut"
"""The kind of fault that an answer is which ends before its end."""

_NO_CREDIT = "insufficient_quota"
"""A 429 that waiting does not mend."""

_NO_KEY = "api_key client option must be set"
"""How a missing key is told of where no request was sent."""

_PASSES = frozenset({408, 409, 425, 429})
_LONGEST_TEXT = 200


@dataclass(frozen=True)
class Asked:
    """Who was asked, for texts about it."""

    model: str
    variable: str
    """Where its key stands."""
    has_key: bool
    where: str = ""
    """Its address, if it is not its provider's."""


def passes(fault: Mapping[str, Any]) -> bool:
    """Whether trying the same again may help."""
    status: int | None = fault.get("status")
    if status is None:
        return bool(fault["kind"] == CUT)
    if status == 429:
        return bool(fault.get("code") != _NO_CREDIT)
    return status in _PASSES or (status >= 500 and _NO_KEY not in fault["text"])


def delay(attempt: int, fault: Mapping[str, Any], now: datetime, chance: float) -> float:
    """Seconds before the next attempt after the `attempt`th (from 0); infinity: do not wait.

    `chance`, 0 to 1, spreads those who failed together. What the service asks for is kept to.
    """
    doubled: float = min(FIRST_DELAY * 2**attempt, LONGEST_DELAY)
    wanted = doubled * (0.5 + chance / 2)
    asked = seconds_of(fault.get("retry_after"), now)
    if asked is None:
        return wanted
    return math.inf if asked > LONGEST_ASKED else max(asked, wanted)


def seconds_of(header: str | None, now: datetime) -> float | None:
    """What a Retry-After header asks for, in seconds; None if it says nothing that can be read."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            when = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def error_of(fault: Mapping[str, Any], asked: Asked) -> ModelUnavailable | ModelRefused | BadAnswer:
    """The error for a fault that is not tried again, in one line."""
    status, text = fault.get("status"), _short(fault["text"])
    model, where = asked.model, f" at {asked.where}" if asked.where else ""
    if fault["kind"] == "ContentPolicyViolationError":
        return BadAnswer(f"{model}: the model's service refused the text")
    if status in (401, 403) or ("api_key" in fault["text"] and not asked.has_key):
        if not asked.has_key:
            return ModelRefused(
                f"{model}: there is no key; set {asked.variable}, or keep it in the keyring "
                f"(service handrail, name {asked.variable})"
            )
        told = "was not accepted" if status == 401 else "does not allow this"
        return ModelRefused(
            f"{model}: the key in {asked.variable} {told} ({status}); "
            "set another, or choose another model with --model"
        )
    if status == 404:
        return ModelRefused(
            f"{model}: there is no such model{where} (404); name another with --model"
        )
    if status == 429 and not passes(fault):
        return ModelRefused(
            f"{model}: the account of the key in {asked.variable} has no credit left (429); "
            "add some, or choose another model with --model"
        )
    if passes(fault):
        told = {408: "did not answer in time", 429: "is overloaded (429)"}.get(
            status or 0, f"cannot be reached ({status or fault['kind']}): {text}"
        )
        return ModelUnavailable(f"{model}{where} {told}")
    return ModelRefused(
        f"{model}: the request was refused ({status or fault['kind']}): {text}; "
        "choose another model with --model, or set `answers` or `tools` in [model] of the settings"
    )


def _short(text: str) -> str:
    said = text.removeprefix("litellm.").partition(": ")[2] or text
    return said if len(said) <= _LONGEST_TEXT else f"{said[:_LONGEST_TEXT]}…"
