"""Sentences by which a reply says that something was done, in the languages of the templates."""

import re
from enum import StrEnum

from data.vocabulary import ActionName


class Claim(StrEnum):
    """What a sentence may claim."""

    REFUND = "refund"
    CREDIT = "credit"
    REINSTATED = "reinstatement"
    RESET = "reset"
    CHANGED = "change of details"
    CALLBACK = "callback"
    CANCELED = "cancellation"


BY: dict[Claim, ActionName | None] = {
    Claim.REFUND: ActionName.PROCESS_REFUND,
    Claim.CREDIT: ActionName.ISSUE_CREDIT,
    Claim.REINSTATED: ActionName.REINSTATE_SUBSCRIPTION,
    Claim.RESET: ActionName.RESET_SERVICE,
    Claim.CHANGED: ActionName.UPDATE_CRM,
    Claim.CALLBACK: ActionName.SCHEDULE_CALLBACK,
    Claim.CANCELED: None,
}
"""The action that bears a claim out; None: no action does."""

_DONE: dict[Claim, tuple[str, ...]] = {
    Claim.REFUND: (
        r"\b(?:have|has|had|was|were|been|'ve|is|are)\b(?: \w+){0,3} (?:refunded|reimbursed)\b",
        r"\b(?:we|i) (?:just |now |also )?refunded\b",
        r"\brefund\w* (?:has|have|was|were) (?:been )?(?:issued|made|processed|sent)\b",
        r"\b(?:haben|habe|wurden?|ist|sind)\b.{0,120}\b(?:erstattet|zurückgezahlt)\b",
        r"\b(?:hemos|he|ha sido|han sido|se ha|se han)\b.{0,20}\b(?:reembolsad[oa]s?|devuelto)\b",
        r"\b(?:avons|ai|a été|ont été)\b.{0,20}\bremboursée?s?\b",
        r"\b(?:abbiamo|ho|è stat[ao]|sono stat[ie])\b.{0,20}\brimborsat[oaie]\b",
        r"\b(?:hebben|heb|is|zijn|werd|werden)\b.{0,120}\bterugbetaald\b",
        r"\breembolsamos\b", r"\b(?:foi|foram) (?:reembolsad|devolvid)[oa]s?\b",
    ),
    Claim.CREDIT: (
        r"\b(?:have|has|was|were|'ve)\b(?: \w+){0,3} credited\b", r"\b(?:we|i) credited\b",
        r"\bgutgeschrieben\b", r"\b(?:hemos|he) abonado\b", r"\bavons crédité\b",
        r"\babbiamo accreditato\b", r"\bbijgeschreven\b", r"\bcreditamos\b",
    ),
    Claim.REINSTATED: (
        r"\bis active again\b", r"\bha(?:ve|s) (?:been )?(?:reinstated|reactivated)\b",
        r"\bist wieder aktiv\b", r"\bvuelve a estar activa\b", r"\best de nouveau acti[fv]e?\b",
        r"\bè di nuovo attiv[oa]\b", r"\bis weer actief\b", r"\bestá ativa novamente\b",
    ),
    Claim.RESET: (
        r"\b(?:have|has) (?:put it right|fixed (?:it|this|the)|reset your|unlocked your)\b",
        r"\b(?:haben|habe)\b.{0,120}\bbehoben\b", r"\bla hemos corregido\b",
        r"\by avons remédié\b",
        r"\bl'abbiamo risolta\b", r"\bverholpen\b", r"\ba corrigimos\b",
    ),
    Claim.CHANGED: (
        r"\bha(?:ve|s) (?:changed|updated) your\b", r"\bwie gewünscht geändert\b",
        r"\bhemos (?:cambiado|modificado|actualizado) su\b", r"\bavons modifié\b",
        r"\babbiamo modificato\b", r"\bgewijzigd zoals u hebt gevraagd\b",
        r"\balteramos (?:o )?seu\b",
    ),
    Claim.CALLBACK: (
        r"\bwill call you on \d", r"\bruft Sie am \d", r"\ble llamará el \d",
        r"\bvous appellera le \d", r"\bLa chiamerà il \d", r"\bbelt u op \d",
        r"\bligará para você em \d",
    ),
    Claim.CANCELED: (
        r"\bha(?:ve|s) (?:been )?cancell?ed your subscription\b",
        r"\byour subscription (?:is now|has been) cancell?ed\b",
    ),
}  # fmt: skip
_PATTERNS = {
    claim: re.compile("|".join(patterns), re.IGNORECASE) for claim, patterns in _DONE.items()
}

_NOT = re.compile(
    r"\b(?:not|cannot|can't|never|unable|nicht|kein\w*|no|nunca|ne|pas|non|niet|geen|não)\b",
    re.IGNORECASE,
)
"""What makes a sentence say that something was not done."""

_ASIDE = re.compile(r"\([^)]*\)")
_REACH = 40
"""Characters before a claim in which a negation is about it."""


def claims_in(sentence: str) -> list[Claim]:
    """What one sentence of a reply says was done."""
    found = []
    for claim, pattern in _PATTERNS.items():
        match = pattern.search(sentence)
        if match is None:
            continue
        before = _ASIDE.sub("", sentence[: match.start()])[-_REACH:]
        if not _NOT.search(before) and not _NOT.search(match[0]):
            found.append(claim)
    return found
