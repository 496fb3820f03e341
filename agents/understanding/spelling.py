"""Mistyped key words put right, so that a slip of the finger does not hide what a ticket is about."""

import re
from functools import lru_cache

KEY_WORDS = [
    "refund",
    "refunded",
    "invoice",
    "charge",
    "charged",
    "cancel",
    "cancelled",
    "subscription",
    "payment",
    "password",
    "account",
    "login",
    "dashboard",
    "export",
    "change",
    "address",
    "email",
    "phone",
    "twice",
    "double",
    "receipt",
    "locked",
    "update",
    "upgrade",
    "downgrade",
    "money",
    "error",
    "broken",
    "missing",
    "customer",
    "billing",
    "month",
    "wrong",
    "reset",
    "restore",
    "delete",
    "access",
    "credit",
    "rechnung",
    "abgebucht",
    "kündigen",
    "passwort",
    "konto",
    "zweimal",
    "reembolso",
    "factura",
    "cobrado",
    "cancelar",
    "contraseña",
    "cuenta",
    "remboursement",
    "facture",
    "prélevé",
    "résilier",
]
"""Words that much hangs on; only these are restored."""

_WORD = re.compile(r"[^\W\d_]{4,}")


def respell(text: str, known: frozenset[str]) -> str:
    """`text` with unknown words replaced by the key word that they are one slip away from."""

    def restore(match: re.Match[str]) -> str:
        word = match[0].lower()
        return match[0] if word in known else _key_word(word) or match[0]

    return _WORD.sub(restore, text)


@lru_cache(65_536)
def _key_word(word: str) -> str | None:
    """The first key word that `word` is one slip away from."""
    return next((key for key in KEY_WORDS if one_slip(word, key)), None)


def one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter missing, added, changed, or two swapped."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        wrong = [i for i in range(len(one)) if one[i] != other[i]]
        if len(wrong) == 2:
            first, second = wrong
            return (
                second == first + 1 and one[first] == other[second] and one[second] == other[first]
            )
        return len(wrong) == 1
    short, long = sorted((one, other), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
