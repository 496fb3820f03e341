"""Who writes, and how surely that is known (POLICY I1 to I4); pure but for the look-up passed
in."""

from collections.abc import Callable
from dataclasses import dataclass

from agents.connectors.protocols import Row
from agents.understanding import signs, slots
from agents.understanding.secrets import card_tails
from data.vocabulary import Identity

CLAIMS = 0.3
"""From this probability on, a message counts as one that gives details to verify its writer."""


@dataclass(frozen=True)
class Said:
    """One message of the customer, as identity looks at it."""

    text: str
    """Plain."""
    raw: str
    """Untouched; full card numbers are only here."""
    claims: float
    """How likely it gives details to verify its writer."""
    cannot: float
    """How likely it says that they cannot verify."""


@dataclass(frozen=True)
class Identified:
    """What the messages and the records say about who writes."""

    identity: Identity
    customer: Row | None
    tries: int
    """Messages that gave an address or last4 that does not fit."""
    cannot: bool
    """The writer says that they cannot verify."""
    why: str


def identify(
    requester: str | None,
    messages: list[Said],
    by_email: Callable[[str], Row | None],
    *,
    asked: bool,
) -> Identified:
    """Go through the messages in order; `asked` says that we asked for details before the last
    ones."""
    sender = by_email(requester) if requester else None
    claimed: list[Row] = []
    tries, strong, cannot = 0, False, False
    for position, said in enumerate(messages):
        answering = asked and position > 0
        digits = slots.last4s(said.text, asked=answering)
        tails = card_tails(said.raw)
        if sender is not None:
            if sender["last4"] and sender["last4"] in (*digits, *tails):
                strong = True
            elif digits:
                tries += 1
        else:
            claiming = answering or bool(digits) or said.claims >= CLAIMS
            misses, named = False, list[Row]()
            for address in slots.emails(said.text):
                if address == requester:
                    continue
                found = by_email(address)
                if found is not None:
                    named.append(found)
                elif claiming:
                    misses = True
            claimed += named
            # Digits prove the address beside them; one named before, where they stand alone.
            match = next(
                (c for c in named or claimed if c["last4"] and c["last4"] in (*digits, *tails)),
                None,
            )
            if match is not None:
                sender, strong = match, True
            elif misses or (digits and (claimed or answering)):
                tries += 1
        if signs.says_cannot_verify(said.text) or (answering and said.cannot >= 0.5):
            cannot = True
    if sender is None:
        why = "the address is not known" if requester else "no address was given"
        return Identified(Identity.UNKNOWN, None, tries, cannot, why)
    if strong:
        return Identified(Identity.STRONG, sender, tries, False, "address and card digits fit")
    return Identified(
        Identity.KNOWN, sender, tries, cannot, "the sender's address is the customer's"
    )
