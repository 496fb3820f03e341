"""What stands of a ticket's quality: the scores that checks found, and people's corrections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.quality.found import PASSED_FROM, Check, overall, verdict_of
from data.queries.quality import ReviewRow
from data.vocabulary import QualityName


@dataclass(frozen=True)
class Standing:
    """The overall score, and whether people have said something of all that did not pass."""

    overall: float | None
    verdict: str
    settled: bool


def standing_of(checks: Sequence[Mapping[str, Any]], said: Mapping[str, ReviewRow]) -> Standing:
    """By stored checks and the newest review of each, which counts as long as the score is the
    one that the person saw."""
    valid = {c["name"]: said[c["name"]] for c in checks
             if c["name"] in said and said[c["name"]].found == c["score"]}  # fmt: skip
    counted = [
        Check(QualityName(c["name"]), valid[c["name"]].score if c["name"] in valid else c["score"],
              c["reason"])
        for c in checks
    ]  # fmt: skip
    low = [c["name"] for c in checks if c["score"] is not None and c["score"] < PASSED_FROM]
    score = overall(counted)
    return Standing(score, verdict_of(score).value, bool(valid) and all(n in valid for n in low))
