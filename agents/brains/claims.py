"""What a model's words claim: figures, references, links and deeds that must be facts. Pure."""

import re
from collections.abc import Collection

from agents.understanding import slots
from data.vocabulary import ActionName

_LINK = re.compile(r"(?i)\b(?:https?://|www\.)[^\s<>()\"'\]]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)+/\S+")
_REFERENCE = re.compile(r"\b[a-z]{1,12}_\w*\w\b|\b[A-Z]{2,6}-?\d{2,}\b")
_NUMBER = re.compile(r"\d(?:[ ()/-]{0,2}\d){6,}|\d{5,}")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d)?")
_DONE: dict[ActionName, re.Pattern[str]] = {
    ActionName.PROCESS_REFUND: re.compile(
        r"(?i)\brefund|\bmoney back|\breimburs|erstatt|\brembours|\breembols|\breintegr|\brimbors|"
        r"terugbeta|terugbetaald|\bdevolu|\bdevolv"
    ),
    ActionName.ISSUE_CREDIT: re.compile(
        r"(?i)\bcredited\b|\bcredit of\b|gutgeschrieben|gutschrift|\babonad|\bcrédit|\baccredit|"
        r"tegoed|\bcrédito"
    ),
    ActionName.REINSTATE_SUBSCRIPTION: re.compile(
        r"(?i)\breinstat|\breactivat|active again|wieder aktiv|reaktivier|\bréactiv|\breactiv|"
        r"\briattiv|\bheractiv|weer actief|activa de nuevo|de nouveau acti|di nuovo attiv"
    ),
}
"""Words of an action that nobody may use who has not done it, unless the facts' own words do."""


def unfounded(text: str, facts: str, done: Collection[str], hidden: Collection[str]) -> str | None:
    """What `text` says that is not among the `facts` (their texts, joined); None if nothing.

    `done` are the names of what was carried out; `hidden` are references that nobody is told.
    """
    for amount in slots.amounts(text):
        if not _has_amount(amount, facts):
            return "it names an amount that is not among the facts"
    known = facts.casefold()
    for address in slots.emails(text):
        if address.casefold() not in known:
            return "it names an address that is not among the facts"
    for link in _LINK.findall(text):
        if link.rstrip(".,;:!?").casefold() not in known:
            return "it holds a link that is not among the facts"
    for reference in _REFERENCE.findall(text):
        if reference.casefold() not in known or reference in hidden:
            return "it names a reference that is not to be told"
    if not _numbers(text) <= _numbers(facts):
        return "it names a number that is not among the facts"
    for when in slots.dates(text):
        if when.day is not None and when not in slots.dates(facts):
            days = [(d.month, d.day) for d in slots.dates(facts)]
            if (when.month, when.day) not in days:
                return "it names a day that is not among the facts"
    for action, words in _DONE.items():
        if action not in done and words.search(text) and not words.search(facts):
            return f"it speaks of a {action} that was not carried out"
    return None


def _numbers(text: str) -> set[str]:
    """Phone numbers and other long runs of digits, without what stands between them."""
    return {re.sub(r"\D", "", found) for found in _NUMBER.findall(_DATE.sub(" ", text))}


def _has_amount(amount: slots.Amount, facts: str) -> bool:
    for known in slots.amounts(facts):
        same_currency = amount.currency is None or known.currency in (None, amount.currency)
        if same_currency and _value(known.number) == _value(amount.number):
            return True
    return False


def _value(number: str) -> float:
    return round(float(number), 3)
