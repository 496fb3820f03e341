"""Which requests the clauses of a message make."""

import numpy as np
from numpy.typing import NDArray

from agents.understanding import asides, gratitude, signs
from agents.understanding.kinds import (
    BILLING_ERRORS,
    FAMILIES,
    FAMILY_OF,
)
from agents.understanding.model import TriageModel
from agents.understanding.reading import Found, Heard
from agents.understanding.segments import Segment, family_scores

ISSUE_AT = 0.42
"""A family of requests counts as asked for from this probability on."""

CLEAR_AT = 0.6
"""The same in a message that also gives orders to the agents."""

_VAGUE = {"billing_question", "unknown_charge", "wrong_amount", "refund_request"}


_ABSORBED = {
    "question": {
        "fault",
        "money",
        "cancel",
        "contact",
        "profile",
        "payment",
        "privacy",
        "document",
    },
    "status": {"fault", "money", "privacy"},
    "plan": {"money"},
}


def hear(model: TriageModel, segment: Segment) -> Heard:
    scores = _asked(model, segment)
    kinds = {f: _best_kind(model, segment.probabilities, f) for f, s in scores.items() if s >= 0.05}
    return Heard(segment.text, {f: round(s, 3) for f, s in scores.items() if f in kinds}, kinds)


def find_issues(
    model: TriageModel, segments: list[Segment], whole: NDArray[np.floating] | None
) -> list[Found]:
    """The requests of a message; its subject speaks only where the body asks for nothing."""
    body = [s for s in segments if s.weight == 1.0]
    found = _found_in(model, body) or _found_in(model, segments)
    if not found:
        found = _together(model, segments)
    if not found and whole is not None and segments:
        scores = family_scores(model, whole)
        best = max(scores, key=lambda f: scores[f])
        if scores[best] >= ISSUE_AT:
            text = max(segments, key=lambda s: family_scores(model, s.probabilities)[best]).text
            found = [Found(_best_kind(model, whole, best), round(scores[best], 3), text)]
    return _absorb(found)


def find_clear_issues(model: TriageModel, segments: list[Segment]) -> list[Found]:
    """The requests of a message that also gives orders to the agents: only what it plainly asks
    for counts, and a word or two ask for nothing."""
    told = [s for s in segments if len(s.text.split()) > 2]
    body = [s for s in told if s.weight == 1.0]
    for part in (body, told):
        found = [issue for issue in _found_in(model, part) if issue.confidence >= CLEAR_AT]
        if found:
            return _absorb(found)
    return []


def _found_in(model: TriageModel, segments: list[Segment]) -> list[Found]:
    found: dict[str, Found] = {}
    for segment in segments:
        scores = _asked(model, segment)
        for family, score in scores.items():
            if score < ISSUE_AT:
                continue
            kind = _best_kind(model, segment.probabilities, family)
            if kind == "unknown_charge" and signs.wants_money(segment.text):
                kind = "refund_request"
            if kind == "billing_question" and signs.wants_sum_back(segment.text):
                kind = "refund_request"
            heard = family_scores(model, segment.probabilities)[family]
            if family == "money" and heard < ISSUE_AT:
                # Known by its words alone: that money is wanted, not for what.
                kind = "refund_request"
            key, seen = family, found.get(family)
            if seen is not None and kind in BILLING_ERRORS and seen.kind in BILLING_ERRORS:
                key = family if kind == seen.kind or heard < 0.7 else kind
                seen = found.get(key)
            if seen is not None and family == "question" and score >= 0.6:
                if _goes_with(segment.text, seen.text):
                    together = f"{seen.text} {segment.text}"
                    found[key] = Found(seen.kind, max(seen.confidence, round(score, 3)), together)
                    continue
                key, seen = f"question.{segment.text}", None
            if seen is None:
                found[key] = Found(kind, round(min(score, 0.99), 3), segment.text)
            elif _sharper(kind, seen.kind, score, seen.confidence):
                found[key] = Found(
                    kind, round(min(max(score, seen.confidence), 0.99), 3), segment.text
                )
    return list(found.values())


def _goes_with(text: str, question: str) -> bool:
    """Whether a text is of one question with another: it leans on it, or asks nothing itself."""
    leans = signs.leans_on_another(text) or signs.leans_on_another(question)
    return leans or not ("?" in text or signs.asks_how(text))


def _asked(model: TriageModel, segment: Segment) -> dict[str, float]:
    """How likely a segment asks for each family, after plain signs for or against."""
    if segment.asked is None:
        segment.asked = _judged(model, segment)
    return segment.asked


def _judged(model: TriageModel, segment: Segment) -> dict[str, float]:
    scores = {f: s * segment.weight for f, s in family_scores(model, segment.probabilities).items()}
    if signs.asks_how(segment.text):
        best = max(scores, key=lambda f: scores[f])
        if scores[best] < 0.8 or best not in ("fault", "money", "cancel", "contact", "privacy"):
            scores["question"] = max(
                scores["question"], 0.75 - 0.25 * (best not in ("question", "plan"))
            )
    if signs.keeps_subscription(segment.text):
        scores["cancel"] *= 0.3
    elif signs.asks_to_cancel(segment.text) and scores["cancel"] > 0.2:
        scores["cancel"] = max(scores["cancel"], 0.85)
    if gratitude.thanks_for_money(segment.text):
        scores["money"] *= 0.2
    elif signs.wants_sum_back(segment.text) or (
        scores["money"] >= 0.2 and signs.wants_money(segment.text)
    ):
        scores["money"] = max(scores["money"], 0.8)
    if not signs.speaks_of_money(segment.text) and _is_repetition(model, segment):
        scores["money"] *= 0.4
    added = signs.goes_on_changing(segment.before, segment.text)
    if added is not None and scores[added] >= 0.1:
        scores[added] = max(scores[added], 0.8)
    if signs.gives_new_contact(segment.text) and scores["contact"] >= 0.02:
        scores["contact"] = max(scores["contact"], 0.8)
    if max(scores.values()) < 0.6 and signs.reports_fault(segment.text):
        scores["fault"] = max(scores["fault"], 0.6)
    if asides.sets_aside(segment.text):
        scores = {family: score * 0.3 for family, score in scores.items()}
    if asides.needs_nothing(segment.text):
        scores["document"] *= 0.3
        scores["compensation"] *= 0.3
    if asides.says_all_is_well(segment.text):
        scores["fault"] *= 0.3
    if added is None and not signs.speaks_of_change(segment.text):
        scores["contact"] *= 0.5
    return scores


def _is_repetition(model: TriageModel, segment: Segment) -> bool:
    """Whether, of all that is asked about money, it is most like something charged twice."""
    return _best_kind(model, segment.probabilities, "money") == "duplicate_charge"


def _together(model: TriageModel, segments: list[Segment]) -> list[Found]:
    """A request that no sentence makes alone but several point to."""
    totals: dict[str, float] = {}
    for segment in segments:
        for family, score in _asked(model, segment).items():
            totals[family] = 1 - (1 - totals.get(family, 0.0)) * (1 - score)
    best = max(totals, key=lambda f: totals[f], default="")
    if not best or totals[best] < 0.5:
        return []
    clue = max(segments, key=lambda s: _asked(model, s)[best])
    return [
        Found(
            _best_kind(model, clue.probabilities, best), round(min(totals[best], 0.6), 3), clue.text
        )
    ]


def _best_kind(model: TriageModel, row: NDArray[np.floating], family: str) -> str:
    index = model.index
    return max((k for k in FAMILIES[family] if k in index), key=lambda k: float(row[index[k]]))


def _sharper(kind: str, seen: str, score: float, seen_score: float) -> bool:
    """Whether a further clause of the same family says better what it is about."""
    if kind in BILLING_ERRORS and seen not in BILLING_ERRORS:
        return True
    if kind in _VAGUE and seen in BILLING_ERRORS and seen_score >= CLEAR_AT:
        return False
    if kind == "refund_request" and seen in _VAGUE:
        return True
    if seen == "technical_problem" and kind != seen and score > 0.5:
        return True
    return score > seen_score + 0.15


def _absorb(issues: list[Found]) -> list[Found]:
    """Drop what only speaks of another issue's matter."""
    families = {FAMILY_OF[issue.kind] for issue in issues}
    kept = []
    best = max((issue.confidence for issue in issues), default=0.0)
    for issue in issues:
        family = FAMILY_OF[issue.kind]
        if issue.confidence < min(best, 0.6):
            continue
        plain = issue.confidence >= 0.9 or signs.asks_to_cancel(issue.text)
        if family == "cancel" and len(issues) > 1 and not plain:
            continue
        leans = family == "question" and signs.leans_on_another(issue.text)
        if family == "question" and "fault" in families and len(issue.text.split()) <= 3:
            continue
        strong = issue.confidence >= (0.9 if family == "plan" or leans else 0.72)
        if not strong and families & _ABSORBED.get(family, set()):
            continue
        kept.append(issue)
    return kept
