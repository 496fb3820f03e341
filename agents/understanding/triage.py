"""Triage: what a message asks for, how its writer feels, how urgent it is, and how sure that is."""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.understanding import signs
from agents.understanding.kinds import (
    ANSWERS,
    BILLING_ERRORS,
    FAMILIES,
    FAMILY_OF,
    NOISE,
    TRIGGERS,
    intent_of,
)
from agents.understanding.language import language_of
from agents.understanding.model import TriageModel, packaged_model
from agents.understanding.spelling import respell
from agents.understanding.text import clauses, own_words, plain_text, sentences
from data.vocabulary import Intent, Priority, Sentiment

ISSUE_AT = 0.42
"""A family of requests counts as asked for from this probability on."""

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
_TONE_SCORE = {"positive": 0.8, "neutral": 0.0, "negative": -0.5, "angry": -0.9}


@dataclass(frozen=True)
class Found:
    """One thing that a message asks for."""

    kind: str
    confidence: float
    text: str
    """The clause that says so."""


@dataclass(frozen=True)
class Heard:
    """One clause, and how likely it asks for each family of requests."""

    text: str
    families: dict[str, float]
    kinds: dict[str, str]
    """Family to the kind within it that fits best."""


@dataclass(frozen=True)
class Reading:
    """What one message says."""

    issues: list[Found]
    triggers: dict[str, str]
    """Kind to the words that pulled it."""
    noise: str | None
    """The kind of noise that the whole message is, or None."""
    answers: dict[str, float]
    """Kind of answer to its probability."""
    instruction: bool
    """Whether it holds an instruction to the agents."""
    sentiment: Sentiment
    sentiment_score: float
    anger: float
    urgency: float
    confidence: float
    language: str
    wants_money: bool
    text: str
    """Its own words, plain."""
    model: str = ""
    heard: list[Heard] = field(default_factory=list)
    """Its clauses, without the subject and without instructions to agents."""


@dataclass(frozen=True)
class TriageRow:
    """One row of batch triage."""

    intent: str
    issues: list[str]
    sentiment: str
    urgency: float
    confidence: float
    priority: str
    language: str
    escalate: bool
    reason: str


@dataclass
class _Segment:
    text: str
    probabilities: NDArray[np.floating]
    weight: float = 1.0
    sentence: int = 0


_TIMES = re.compile(r"\b(?:2 ?x|x ?2)\b", re.IGNORECASE)


def _spelled(text: str) -> str:
    """Short forms written out and mistyped key words put right, as the classifiers know them."""
    return respell(_TIMES.sub("twice", text), packaged_model().words)


def _segment(subject: str, body: str) -> list[tuple[str, list[str], float]]:
    """(sentence, its clauses, weight), the subject last and lighter."""
    found = [(s, clauses(s), 1.0) for s in sentences(body)]
    title = subject.strip()
    title = re.sub(r"^((re|fwd?|aw|wg|rv|tr)\s*:\s*)+", "", title, flags=re.IGNORECASE)
    if title:
        found.append((title, [title], 0.75 if found else 1.0))
    return found


def _family_scores(model: TriageModel, row: NDArray[np.floating]) -> dict[str, float]:
    index = {kind: i for i, kind in enumerate(model.kinds)}
    return {
        family: float(sum(row[index[kind]] for kind in kinds if kind in index))
        for family, kinds in FAMILIES.items()
    }


def read_message(subject: str, body: str, model: TriageModel | None = None) -> Reading:
    """Read one message; `subject` may be empty. Never raises on any text."""
    return read_messages([(subject, body)], model)[0]


def read_messages(
    messages: list[tuple[str, str]], model: TriageModel | None = None
) -> list[Reading]:
    """Read many messages (subject, body) at once; the order is kept."""
    model = model or packaged_model()
    plans, texts = [], []
    for subject, body in messages:
        title, own = plain_text(subject), own_words(plain_text(body))
        title, own = _spelled(title), _spelled(own)
        parts = _segment(title, own)
        whole = f"{title}. {own}" if title and own else own or title
        wanted = [
            whole[:1500],
            *dict.fromkeys(t for s, cs, _ in parts for t in (s, *cs, *_halves(s))),
        ]
        everything = f"{subject}\n{plain_text(body)}"
        plans.append((title, own, parts, wanted, len(texts), everything))
        texts += wanted
    kinds, tones, urgencies = model.read(texts) if texts else ([], [], [])
    readings = []
    for title, own, parts, wanted, start, everything in plans:
        index = {text: start + i for i, text in enumerate(wanted)}
        rows = {text: kinds[i] for text, i in index.items()}
        readings.append(
            _read(
                model,
                title,
                own,
                parts,
                wanted[0],
                rows,
                tones[start],
                float(urgencies[start]),
                everything,
            )
        )
    return readings


def _choose_segments(
    model: TriageModel,
    parts: list[tuple[str, list[str], float]],
    rows: dict[str, NDArray[np.floating]],
) -> list[_Segment]:
    """Sentences as they are, or cut where their clauses clearly ask for different things."""
    chosen: list[_Segment] = []
    for number, (sentence, cut, weight) in enumerate(parts):
        families = []
        for clause in cut if len(cut) > 1 else []:
            scores = _family_scores(model, rows[clause])
            best = max(scores, key=lambda f: scores[f])
            families.append(best if scores[best] >= 0.5 else None)
        if len({family for family in families if family}) > 1:
            chosen += [_Segment(clause, rows[clause], weight, number) for clause in cut]
            continue
        halves = [half for half in _halves(sentence) if half in rows]
        whole = model.kinds[int(rows[sentence].argmax())]
        asked = [_family_scores(model, rows[half]) for half in halves]
        tops = {
            max(scores, key=lambda f: scores[f]) for scores in asked if max(scores.values()) >= 0.6
        }
        if weight == 1.0 and len(tops) > 1 and whole not in BILLING_ERRORS:
            chosen += [_Segment(half, rows[half], weight, number) for half in halves]
        else:
            chosen.append(_Segment(sentence, rows[sentence], weight, number))
    return chosen


_AND = re.compile(r",? (?:and|und|y|et|e|en) ", re.IGNORECASE)


def _halves(sentence: str) -> list[str]:
    """A sentence cut at its `and`, where both parts are long enough to ask for something."""
    parts = _AND.split(sentence, maxsplit=1)
    return parts if len(parts) == 2 and all(len(p.split()) >= 4 for p in parts) else []


def _read(
    model: TriageModel,
    title: str,
    own: str,
    parts: list[tuple[str, list[str], float]],
    whole: str,
    rows: dict[str, NDArray[np.floating]],
    tone: NDArray[np.floating],
    urgency: float,
    everything: str,
) -> Reading:
    segments = _choose_segments(model, parts, rows)
    index = {kind: i for i, kind in enumerate(model.kinds)}
    instructed = _instructed(model, segments)
    instruction = any(instructed) or signs.instructs_agents(everything)
    plain = [s for s, bad in zip(segments, instructed, strict=True) if not bad]
    issues = _find_issues(model, plain, rows[whole] if not instruction else None)
    triggers = _find_triggers(model, plain)
    if not issues:
        broken = max(plain, key=lambda s: s.probabilities[index["still_broken"]], default=None)
        if broken is not None and broken.probabilities[index["still_broken"]] >= 0.4:
            sure = float(broken.probabilities[index["still_broken"]])
            issues = [Found("technical_problem", round(max(sure, 0.5), 3), broken.text)]
    noise = _noise(model, plain, issues, triggers, rows[whole], instruction, own)
    answers = {
        kind: max((float(s.probabilities[index[kind]]) for s in plain), default=0.0)
        for kind in ANSWERS
    }
    tones = dict(zip(model.tones, map(float, tone), strict=True))
    sentiment = Sentiment(max(tones, key=lambda t: tones[t]))
    loud = _loudness(own)
    anger = tones["angry"] + 0.35 * loud * (tones["positive"] < 0.4) + 0.3 * signs.insults(own)
    anger = min(1.0, anger)
    if anger > 0.6 and sentiment is not Sentiment.POSITIVE:
        sentiment = Sentiment.ANGRY
    urgency = min(
        1.0,
        urgency
        + 0.05 * loud
        + (0.3 if signs.hurries(own) and loud > 0.4 else 0.1 * signs.hurries(own)),
    )
    confidence = max((issue.confidence for issue in issues), default=0.0)
    return Reading(
        issues=issues,
        triggers=triggers,
        noise=noise,
        answers=answers,
        instruction=instruction,
        sentiment=sentiment,
        sentiment_score=round(sum(_TONE_SCORE[t] * p for t, p in tones.items()), 3),
        anger=round(anger, 3),
        urgency=round(urgency, 3),
        confidence=round(confidence, 3),
        language=language_of(own or title),
        wants_money=any(signs.wants_money(s.text) for s in plain),
        text=" ".join(s.text if s.text[-1:] in ".!?" else s.text + "." for s in plain if s.weight == 1.0)
        or own or title,
        model=model.version,
        heard=[_hear(model, s) for s in plain if s.weight == 1.0 or len(plain) == 1],
    )  # fmt: skip


def _hear(model: TriageModel, segment: _Segment) -> Heard:
    scores = _asked(model, segment)
    kinds = {f: _best_kind(model, segment.probabilities, f) for f, s in scores.items() if s >= 0.05}
    return Heard(segment.text, {f: round(s, 3) for f, s in scores.items() if f in kinds}, kinds)


def _find_issues(
    model: TriageModel, segments: list[_Segment], whole: NDArray[np.floating] | None
) -> list[Found]:
    """The requests of a message; its subject speaks only where the body asks for nothing."""
    body = [s for s in segments if s.weight == 1.0]
    found = _found_in(model, body)
    if not found:
        found = _found_in(model, segments)
    if not found:
        found = _together(model, segments)
    if not found and whole is not None and segments:
        scores = _family_scores(model, whole)
        best = max(scores, key=lambda f: scores[f])
        if scores[best] >= ISSUE_AT:
            text = max(segments, key=lambda s: _family_scores(model, s.probabilities)[best]).text
            found = [Found(_best_kind(model, whole, best), round(scores[best], 3), text)]
    return _absorb(found)


def _found_in(model: TriageModel, segments: list[_Segment]) -> list[Found]:
    found: dict[str, Found] = {}
    for segment in segments:
        scores = _asked(model, segment)
        for family, score in scores.items():
            if score < ISSUE_AT:
                continue
            kind = _best_kind(model, segment.probabilities, family)
            if kind == "unknown_charge" and signs.wants_money(segment.text):
                kind = "refund_request"
            key, seen = family, found.get(family)
            if seen is not None and kind in BILLING_ERRORS and seen.kind in BILLING_ERRORS:
                key = family if kind == seen.kind or score < 0.7 else kind
                seen = found.get(key)
            if seen is None:
                found[key] = Found(kind, round(min(score, 0.99), 3), segment.text)
            elif _sharper(kind, seen.kind, score, seen.confidence):
                found[key] = Found(
                    kind, round(min(max(score, seen.confidence), 0.99), 3), segment.text
                )
    return list(found.values())


def _asked(model: TriageModel, segment: _Segment) -> dict[str, float]:
    """How likely a segment asks for each family, after plain signs for or against."""
    scores = {
        f: s * segment.weight for f, s in _family_scores(model, segment.probabilities).items()
    }
    if signs.asks_how(segment.text):
        best = max(scores, key=lambda f: scores[f])
        if scores[best] < 0.8 or best not in ("fault", "money", "cancel", "contact", "privacy"):
            scores["question"] = max(
                scores["question"], 0.75 - 0.25 * (best not in ("question", "plan"))
            )
    if signs.keeps_subscription(segment.text):
        scores["cancel"] *= 0.3
    if not signs.speaks_of_change(segment.text):
        scores["contact"] *= 0.5
    return scores


def _together(model: TriageModel, segments: list[_Segment]) -> list[Found]:
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


def _loudness(text: str) -> float:
    """How much a text shouts, 0 to 1: capitals and runs of exclamation marks."""
    words = [w for w in re.findall(r"[^\W\d_]+", text) if len(w) > 3]
    capitals = sum(w.isupper() for w in words) / len(words) if len(words) > 3 else 0.0
    return min(1.0, capitals + 0.25 * len(re.findall(r"!{2,}", text)))


def _best_kind(model: TriageModel, row: NDArray[np.floating], family: str) -> str:
    index = {kind: i for i, kind in enumerate(model.kinds)}
    return max((k for k in FAMILIES[family] if k in index), key=lambda k: float(row[index[k]]))


def _sharper(kind: str, seen: str, score: float, seen_score: float) -> bool:
    """Whether a further clause of the same family says better what it is about."""
    if kind in BILLING_ERRORS and seen not in BILLING_ERRORS:
        return True
    if kind in _VAGUE and seen in BILLING_ERRORS:
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
        if best >= 0.75 and issue.confidence < 0.55:
            continue
        strong = issue.confidence >= (0.9 if family == "plan" else 0.72)
        if not strong and families & _ABSORBED.get(family, set()):
            continue
        kept.append(issue)
    return kept


def _instructed(model: TriageModel, segments: list[_Segment]) -> list[bool]:
    """Which segments are instructions to the agents; right after one, less is needed for the next."""
    at = model.kinds.index("instruction_attempt")
    found: list[bool] = []
    for position, segment in enumerate(segments):
        probability = float(segment.probabilities[at])
        after = bool(found) and found[-1]
        same_sentence = after and segments[position - 1].sentence == segment.sentence
        bar = 0.12 if after else 0.7 if len(segment.text.split()) >= 4 else 1.1
        found.append(same_sentence or signs.instructs_agents(segment.text) or probability >= bar)
    return found


def _find_triggers(model: TriageModel, segments: list[_Segment]) -> dict[str, str]:
    index = {kind: i for i, kind in enumerate(model.kinds)}
    found: dict[str, str] = {}
    for segment in segments:
        if signs.asks_for_person(segment.text):
            found.setdefault("human_request", segment.text)
        plain = signs.threatens(segment.text)
        if plain:
            found.setdefault(plain, segment.text)
        for kind in TRIGGERS:
            if kind == "legal_threat" and signs.speaks_of_own_law_work(segment.text):
                continue
            told = segment.weight == 1.0 and len(segment.text.split()) >= 4
            if told and segment.probabilities[index[kind]] >= 0.75:
                found.setdefault(kind, segment.text)
    return found


def _noise(
    model: TriageModel,
    segments: list[_Segment],
    issues: list[Found],
    triggers: dict[str, str],
    whole: NDArray[np.floating],
    instruction: bool,
    own: str,
) -> str | None:
    """The kind of noise a whole message is; never where something is asked for."""
    if instruction or triggers:
        return None
    index = {kind: i for i, kind in enumerate(model.kinds)}
    sums = {kind: float(whole[index[kind]]) for kind in NOISE}
    for segment in segments:
        for kind in NOISE:
            sums[kind] = max(sums[kind], float(segment.probabilities[index[kind]]) * 0.95)
    sums["thanks"] = max(sums["thanks"], float(whole[index["solved"]]) * 0.9)
    best = max(sums, key=lambda k: sums[k])
    if best == "thanks":
        asked = max((i.confidence for i in issues), default=0.0)
        return (
            best
            if sums[best] >= 0.5 and asked < 0.5 and len(own) < 400 and "?" not in own
            else None
        )
    asked = max((i.confidence for i in issues), default=0.0)
    return best if sums[best] >= 0.5 and (asked < 0.6 or sums[best] > 0.8) else None


def priority_of(reading: Reading, tier: str | None = None) -> Priority:
    """How soon the ticket wants an answer, by urgency, anger, and what is at stake."""
    score = reading.urgency + (0.1 if reading.sentiment is Sentiment.ANGRY else 0.0)
    score += 0.1 if tier == "enterprise" else 0.0
    if reading.triggers.keys() & {"safety_threat", "security_breach"} or score > 0.8:
        return Priority.URGENT
    if score > 0.6:
        return Priority.HIGH
    return Priority.NORMAL if score > 0.2 else Priority.LOW


def triage_rows(batch: list[Any], *, confidence_under: float = 0.5) -> list[TriageRow]:
    """Triage of many tickets without any record beside their words; `subject` and `body` are read."""
    readings = read_messages([(t.subject or "", t.body or "") for t in batch])
    return [_row(reading, confidence_under) for reading in readings]


def _row(reading: Reading, confidence_under: float) -> TriageRow:
    reason, escalate = "", False
    if reading.noise:
        reason = f"noise: {reading.noise}"
    elif reading.triggers:
        reason, escalate = ", ".join(reading.triggers), True
    elif reading.sentiment is Sentiment.ANGRY and reading.urgency > 0.8:
        reason, escalate = "angry and urgent", True
    elif not reading.issues:
        reason, escalate = "no support request recognised", True
    elif reading.confidence < confidence_under:
        reason, escalate = "confidence is low", True
    elif reading.instruction:
        reason = "holds an instruction to agents, which is not followed"
    intent = intent_of(reading.issues[0].kind) if reading.issues else Intent.ESCALATE
    return TriageRow(
        intent=intent.value,
        issues=[issue.kind for issue in reading.issues],
        sentiment=reading.sentiment.value,
        urgency=reading.urgency,
        confidence=reading.confidence,
        priority=priority_of(reading).value,
        language=reading.language,
        escalate=escalate,
        reason=reason,
    )
