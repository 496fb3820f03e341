"""Whether policy, identity, personal data, promises and approvals were kept to."""

from agents.policy.model import Policy
from agents.quality.approvals import approval_faults
from agents.quality.disclosure import disclosure_faults
from agents.quality.dossier import Dossier
from agents.quality.found import Check, scored
from agents.quality.grounds import ground_faults
from agents.quality.promises import promise_faults
from data.vocabulary import QualityName

NAME = QualityName.COMPLIANCE


def check_compliance(dossier: Dossier, policy: Policy) -> Check:
    """Everything that must never happen, looked for in the log, the rows and the replies."""
    faults = disclosure_faults(dossier)
    if dossier.imported:
        good = "No secret stands in what was written; what these agents might do is not on record."
        return scored(NAME, faults, good, [])
    faults += approval_faults(dossier, policy) + ground_faults(dossier, policy)
    faults += promise_faults(dossier)
    kinds = ("identity", "action.approved", "action.edited", "action.executing", "reply")
    ran = [a for a in dossier.actions if a["started_at"] is not None]
    said = f"{len(dossier.replies)} repl{'y' if len(dossier.replies) == 1 else 'ies'}"
    good = (
        f"Each of {len(ran)} action(s) was decided first, and {said} kept to the records."
        if ran
        else "Nothing was carried out, and nothing was disclosed."
    )
    return scored(NAME, faults, good, [e.position for e in dossier.of_kind(*kinds)])
