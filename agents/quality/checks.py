"""All checks of one ticket, by rule."""

from agents.policy.model import Policy
from agents.quality.compliance import check_compliance
from agents.quality.dossier import Dossier
from agents.quality.escalation import check_escalation
from agents.quality.found import Check
from agents.quality.resolution import check_resolution
from agents.quality.sentiment import check_sentiment

VERSION = 1
"""Of what the checks find; raised whenever they would find something else."""


def check_by_rule(dossier: Dossier, policy: Policy) -> list[Check]:
    """Resolution, sentiment, escalation and compliance, as far as rules can tell."""
    return [
        check_resolution(dossier),
        check_sentiment(dossier),
        check_escalation(dossier, policy),
        check_compliance(dossier, policy),
    ]
