"""Whether a reply claims nothing beyond what was done before it went out."""

import re

from agents.facts.money import money
from agents.quality.claims import BY, Claim, claims_in
from agents.quality.dossier import Dossier, Entry, Row
from agents.quality.found import GRAVE, Fault
from agents.understanding.slots import Amount, amounts
from agents.understanding.text import sentences
from data.vocabulary import ActionName

_PAIR = re.compile(r"(?P<money>\d[\d.,]* [A-Z]{3}) \((?P<charge>[A-Za-z][\w-]*)\)")
"""An amount with its charge in brackets: so replies name refunds, in every language."""


def promise_faults(dossier: Dossier) -> list[Fault]:
    """Claims in the agents' replies that no action bears out."""
    return [fault for entry, text in dossier.replies for fault in _of_reply(dossier, entry, text)]


def _of_reply(dossier: Dossier, entry: Entry | None, text: str) -> list[Fault]:
    place = (entry.position,) if entry else ()
    done = [a for a in dossier.actions if _done_before(dossier, a, entry)]
    faults = _pairs(text, done, place)
    for sentence in _sentences(_without(text, dossier)):
        for claim in claims_in(sentence):
            faults += _unfounded(dossier, claim, sentence, done, place)
    return faults


def _done_before(dossier: Dossier, action: Row, entry: Entry | None) -> bool:
    """Whether an action had been carried out when the reply went out."""
    told = dossier.about(action, "action.executed", "action.reconciled")
    return any(entry is None or e.position < entry.position for e in told)


def _sentences(text: str) -> list[str]:
    return [sentence for block in text.split("\n\n") for sentence in sentences(block)]


def _without(text: str, dossier: Dossier) -> str:
    """The reply without the articles that it quotes, which claim nothing."""
    for row in dossier.records.get("articles", {}).values():
        text = text.replace(str(row.get("body") or "").strip() or "\0", "")
    return text.replace("’", "'")


def _pairs(text: str, done: list[Row], place: tuple[int, ...]) -> list[Fault]:
    """Amounts with a charge in brackets that were not refunded."""
    refunded = {
        (money(ran["amount"], ran["currency"]), ran["charge"])
        for ran in (_ran(a) for a in done if a["name"] == ActionName.PROCESS_REFUND)
    }  # fmt: skip
    return [
        Fault(f"the reply says that {match['money']} went back for {match['charge']}, which did "
              "not happen", GRAVE, place)
        for match in _PAIR.finditer(text)
        if (match["money"], match["charge"]) not in refunded
    ]  # fmt: skip


def _unfounded(
    dossier: Dossier, claim: Claim, sentence: str, done: list[Row], place: tuple[int, ...]
) -> list[Fault]:
    name = BY[claim]
    acted = [a for a in done if a["name"] == name]
    if claim is Claim.REFUND and not acted and _given_back(dossier):
        # The records showed it before the agents did anything.
        return []
    if not acted:
        return [Fault(f"the reply claims a {claim} that was not done", GRAVE, place)]
    if claim not in (Claim.REFUND, Claim.CREDIT):
        return []
    moved = [(_ran(a)["amount"], a["currency"]) for a in done if a["amount"] is not None]
    for currency in {a["currency"] for a in acted}:
        together = sum(_ran(a)["amount"] for a in acted if a["currency"] == currency)
        moved.append((together, currency))
    for amount in amounts(sentence):
        if not any(_is(amount, minor, currency) for minor, currency in moved):
            text = f"the reply claims a {claim} of {amount.number}, and another amount was moved"
            return [Fault(text, GRAVE, place)]
    return []


def _ran(action: Row) -> Row:
    """The arguments that an action ran with."""
    arguments: Row = action["executed_arguments"] or action["arguments"]
    return arguments


def _is(amount: Amount, minor: int, currency: str) -> bool:
    return amount.currency in (None, currency) and amount.minor(currency) == minor


def _given_back(dossier: Dossier) -> bool:
    """Whether the records hold money that went back by other ways."""
    charges = dossier.records.get("charges", {}).values()
    return any(row.get("refunded") for row in charges) or bool(dossier.records.get("refunds"))
