"""What each message of the customer says by triage: as it was recorded, or read now."""

from dataclasses import dataclass
from typing import Any

from agents.quality.dossier import Dossier
from data.vocabulary import Sentiment


@dataclass(frozen=True)
class Heard:
    """One message of the customer."""

    number: int
    """1, 2, 3 … among the customer's messages."""
    position: int | None
    """Of the event that holds the reading; None: it was read now."""
    run_id: str | None
    sentiment: float | None
    anger: float
    urgency: float
    confidence: float
    triggers: tuple[str, ...]
    noise: str | None
    angry: bool


def heard(dossier: Dossier) -> list[Heard]:
    """A reading of each message, by what the log holds; what it lacks of imported runs is read."""
    found = {h.number: h for h in (_recorded(e) for e in dossier.of_kind("triage")) if h.number}
    if not found and dossier.imported and dossier.said:
        return _read(dossier)
    return [found[number] for number in sorted(found)]


def _recorded(entry: Any) -> Heard:
    data = entry.data
    return Heard(
        number=int(data.get("message") or 0),
        position=entry.position,
        run_id=entry.run_id,
        sentiment=data.get("sentiment_score"),
        anger=float(data.get("anger") or 0),
        urgency=float(data.get("urgency") or 0),
        confidence=float(data.get("confidence") or 0),
        triggers=tuple(data.get("triggers") or ()),
        noise=data.get("noise"),
        angry=data.get("sentiment") == Sentiment.ANGRY,
    )


def _read(dossier: Dossier) -> list[Heard]:
    # Loading the model takes a moment, and only runs of other agents need it.
    from agents.understanding.triage import read_messages

    subject = dossier.ticket["subject"]
    texts = [(subject if i == 0 else "", m["body"]) for i, m in enumerate(dossier.said)]
    return [
        Heard(
            number, None, None, r.sentiment_score, r.anger, r.urgency, r.confidence,
            tuple(sorted(r.triggers)), r.noise, r.sentiment is Sentiment.ANGRY,
        )
        for number, r in enumerate(read_messages(texts), 1)
    ]  # fmt: skip
