"""What a fault of a model's service means: to wait, to give up, or to mend something."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from agents.brains.model_client import LOOPBACK_ONLY
from agents.brains.protocol import BadAnswer, Declined, ModelRefused, ModelUnavailable

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


LATE = "the model did not answer in time"

FILTERED = "filtered by the provider"

_ANSWERED = frozenset({"HTTPStatusError", "APIStatusError"})
_TIMED_OUT = frozenset({"ReadTimeout", "WriteTimeout", "ConnectTimeout", "SocketTimeoutError"})
_CUT_OFF = frozenset(
    {"ServerDisconnectedError", "ClientPayloadError", "ConnectionResetError", "BrokenPipeError",
     "RemoteProtocolError", "ReadError", "WriteError", "ConnectionAbortedError"}
)  # fmt: skip
_NOT_REACHED = frozenset({"ConnectError", "ClientConnectorError", "gaierror", "SSLError"})
_NOT_HTTP = frozenset({"Page", "BadStatusLine", "JSONDecodeError"})
_NOT_OURS = re.compile(
    r"invalid response from LLM endpoint|provider returned 'choices'|Expecting value: line 1"
    r"|Unable to get json response"
)
_PAGE = re.compile(r"<(?:!doctype|html)", re.IGNORECASE)
_CLASSES = re.compile(r"^(?:litellm\.)?(?:\w+(?:Error|Exception)(?:: | - ))+")
"""The names of classes before the words of an error."""


class Trouble(Enum):
    """What is wrong between us and a service, before it said anything that is to be believed."""

    FORBIDDEN = "forbidden"
    NO_API = "no api"
    UNREACHED = "unreached"
    CLOSED = "closed"
    LATE = "late"


@dataclass(frozen=True)
class Asked:
    """Who was asked, for texts about it."""

    model: str
    variable: str
    """Where its key stands."""
    has_key: bool
    where: str = ""
    """Its address, if it is not its provider's."""


def trouble_of(fault: Mapping[str, Any]) -> Trouble | None:
    """What is wrong with the connection; None if the service answered, or nothing tells.

    The library's own status says nothing of it: it calls 500 whatever it has no other number for.
    """
    causes, text = set(fault.get("causes", ())), fault["text"]
    if "PermissionError" in causes and LOOPBACK_ONLY in f"{text} {fault.get('cause')}":
        return Trouble.FORBIDDEN
    if fault.get("status") in (404, 405) and _PAGE.search(text):
        return Trouble.NO_API
    if any(name in _ANSWERED or name.endswith("StatusError") for name in causes):
        return None
    for trouble, names in (
        (Trouble.LATE, _TIMED_OUT), (Trouble.NO_API, _NOT_HTTP), (Trouble.CLOSED, _CUT_OFF),
        (Trouble.UNREACHED, _NOT_REACHED),
    ):  # fmt: skip
        if causes & names:
            return trouble
    return Trouble.NO_API if _NOT_OURS.search(text) else None


def passes(fault: Mapping[str, Any]) -> bool:
    """Whether trying the same again may help."""
    if (trouble := trouble_of(fault)) is not None:
        return trouble in (Trouble.UNREACHED, Trouble.CLOSED, Trouble.LATE)
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
    model, status, text = asked.model, fault.get("status"), _short(fault["text"])
    if fault["kind"] == "ContentPolicyViolationError":
        return Declined(f"{model}: the text was {FILTERED}", why=f"the text was {FILTERED}")
    known = _of_connection(fault, asked) or _of_key(fault, asked)
    if known is not None:
        return known
    at = f" at {asked.where}" if asked.where else ""
    if status == 404:
        return _refused(
            f"{model}: there is no such model{at} (404); name another with --model",
            "there is no such model",
        )
    if passes(fault):
        told = {408: "did not answer in time", 429: "is overloaded (429)"}.get(
            status or 0, f"cannot be reached ({status or fault['kind']}): {text}"
        )
        why = {408: LATE, 429: "the model is overloaded"}.get(status or 0, "")
        return _unavailable(f"{model}{at} {told}", why)
    return _refused(
        f"{model}: the request was refused ({status or fault['kind']}): {text}; "
        "choose another model with --model, or set `answers` or `tools` in [model] of the settings"
    )


def _of_connection(
    fault: Mapping[str, Any], asked: Asked
) -> ModelUnavailable | ModelRefused | None:
    """The error for what is between us and the service; None if it is not that."""
    model, at = asked.model, f" at {asked.where}" if asked.where else ""
    match trouble_of(fault):
        case Trouble.FORBIDDEN:
            return _refused(
                f"{model}: {LOOPBACK_ONLY} is set: only models of this computer are asked; unset "
                "it, or say with --api-base where one is served here",
                f"{LOOPBACK_ONLY} forbids to ask it",
            )
        case Trouble.NO_API:
            address = f"the address {asked.where}" if asked.where else "its address"
            return _refused(
                f"{model}: {address} answers, but is no model's API; check --api-base",
                "the model's address is no model's API",
            )
        case Trouble.UNREACHED:
            return _unavailable(f"{model}{at} cannot be reached: {_reason(fault)}", "")
        case Trouble.CLOSED:
            return _unavailable(
                f"{model}{at} closed the connection before it had answered",
                "the model closed the connection",
            )
        case Trouble.LATE:
            return _unavailable(f"{model}{at} did not answer in time", LATE)
        case None:
            return None


def _of_key(fault: Mapping[str, Any], asked: Asked) -> ModelRefused | None:
    """The error for a key that does not do; None if it is not that."""
    model, variable, status = asked.model, asked.variable, fault.get("status")
    if status in (401, 403) or ("api_key" in fault["text"] and not asked.has_key):
        if not asked.has_key:
            return _refused(
                f"{model}: there is no key; set {variable}, or keep it in the keyring "
                f"(service handrail, name {variable})",
                f"there is no key in {variable}",
            )
        told = "was not accepted" if status == 401 else "does not allow this"
        return _refused(
            f"{model}: the key in {variable} {told} ({status}); "
            "set another, or choose another model with --model",
            f"the key in {variable} {'was refused' if status == 401 else told} ({status})",
        )
    if status == 429 and not passes(fault):
        return _refused(
            f"{model}: the account of the key in {variable} has no credit left (429); "
            "add some, or choose another model with --model",
            f"the account of the key in {variable} has no credit left",
        )
    return None


def _refused(text: str, why: str = "") -> ModelRefused:
    error = ModelRefused(text)
    error.why = why
    return error


def _unavailable(text: str, why: str) -> ModelUnavailable:
    error = ModelUnavailable(text)
    error.why = why
    return error


def _reason(fault: Mapping[str, Any]) -> str:
    causes = set(fault["causes"])
    if "ConnectionRefusedError" in causes:
        return "the connection is refused; is it running there?"
    if "gaierror" in causes:
        return "no computer of that name is known"
    return _short(fault.get("cause") or fault["text"])


def _short(text: str) -> str:
    said = _CLASSES.sub("", text) or text
    return said if len(said) <= _LONGEST_TEXT else f"{said[:_LONGEST_TEXT]}…"
