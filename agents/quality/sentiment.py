"""Whether the customer's mood improved from their first message to their last."""

from agents.quality.dossier import Dossier
from agents.quality.found import Check, no_data
from agents.quality.reading import heard
from data.vocabulary import QualityName

NAME = QualityName.SENTIMENT
CONTENT = 0.2
"""From this sentiment score on a customer is content, whatever they were before."""


def check_sentiment(dossier: Dossier) -> Check:
    """0.5 is unchanged, 1 content at the end; no data with a single message."""
    moods = [mood for mood in heard(dossier) if mood.sentiment is not None]
    if len(moods) < 2:
        return no_data(NAME, "The customer wrote one message; a change of mood needs two.")
    first, last = moods[0], moods[-1]
    before, after = float(first.sentiment or 0), float(last.sentiment or 0)
    score = 1.0 if after >= CONTENT else min(max(0.5 + (after - before) / 2, 0.0), 1.0)
    way = "improved" if after > before else "worsened" if after < before else "stayed"
    reason = f"The customer's mood {way} from {before:+.2f} to {after:+.2f}."
    places = [m.position for m in (first, last) if m.position is not None]
    return Check(NAME, round(score, 3), reason, tuple(places))
