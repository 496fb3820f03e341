"""Triage: what a message asks for, how its writer feels, how urgent it is, and how sure that is."""

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agents.understanding import signs
from agents.understanding.features import ACCURATE, Features
from agents.understanding.instructions import is_code, set_apart
from agents.understanding.kinds import (
    ANSWERS,
    TRIGGERS,
    intent_of,
)
from agents.understanding.language import is_foreign, language_of
from agents.understanding.model import TriageModel, packaged_model
from agents.understanding.noise import noise_in
from agents.understanding.reading import Found, Reading, TriageRow
from agents.understanding.requests import find_clear_issues, find_issues, hear
from agents.understanding.screening import as_no_order, gives_orders, which_instruct
from agents.understanding.segments import (
    Parts,
    Rows,
    Segment,
    choose_segments,
    cut_up,
    halves_needed,
    is_reply,
    pieces,
    spelled,
)
from agents.understanding.text import own_words, plain_text
from agents.understanding.visible import visible
from data.vocabulary import Intent, Priority, Sentiment

if TYPE_CHECKING:
    from agents.understanding.own_model import OwnModel

MOST_JUDGED = 1500
"""Characters by which a message as a whole is judged."""

OUTSIDE = "outside"
KIND_SHARE, SURE, MOST_OUTSIDE = 0.7, 0.9, 0.2
"""What a kind of request counts beside the topic of the whole, from where on it alone tells that
something is asked for, and how likely a text may be outside of support."""

_TONE_SCORE = {"positive": 0.8, "neutral": 0.0, "negative": -0.5, "angry": -0.9}


ANGRY_OVER = 0.6
"""How angry a message is at least that counts as angry: most customers are not."""

FOREIGN = "in a language that is not triaged"
UNSURE = "confidence is low"
STRANGE = "unlike the tickets that the model was fitted on"


def read_message(subject: str, body: str, model: TriageModel | None = None) -> Reading:
    """Read one message; `subject` may be empty. Never raises on any text."""
    return read_messages([(subject, body)], model)[0]


def read_messages(
    messages: list[tuple[str, str]],
    model: TriageModel | None = None,
    own: "OwnModel | None" = None,
) -> list[Reading]:
    """Read many messages (subject, body) at once; the order is kept.

    `own` is a team's own model; what it says is added to each reading. `model` is the packaged one
    of the accurate features if none is given.
    """
    model = model or packaged_model()
    plans = [_plan(subject, body) for subject, body in messages]
    if not plans:
        return []
    wholes = {plan.whole: plan.beginning for plan in plans}
    small = dict.fromkeys(text for plan in plans for text in pieces(plan.parts))
    # All that is needed in any case is encoded at once, so that texts of one length go together.
    model.features.embed(list(small))
    languages = {plan.whole: plan.language for plan in plans}
    abroad = np.array([language != "en" for language in languages.values()])
    vectors = model.features.composed(list(wholes.values()))
    kinds, tones, urgencies, routes = model.read(list(wholes), vectors, abroad)
    at = {whole: row for row, whole in enumerate(wholes)}
    rows = dict(zip(wholes, kinds, strict=True))
    rows |= _kinds_of(model, small.keys() - rows.keys())
    halves = {half for plan in plans for half in halves_needed(model, plan.parts, rows)}
    rows |= _kinds_of(model, halves - rows.keys())
    readings = [
        _read(
            model,
            plan,
            rows,
            tones[at[plan.whole]],
            float(urgencies[at[plan.whole]]),
            routes[at[plan.whole]],
        )
        for plan in plans
    ]
    return own.read(readings, [plan.whole for plan in plans]) if own else readings


def whole_of(subject: str, body: str) -> str:
    """The text by which a message as a whole is judged."""
    return _plan(subject, body).whole


@dataclass(frozen=True)
class _Plan:
    """A message made ready to be read."""

    title: str
    own: str
    parts: Parts
    whole: str
    ordered: bool
    """Whether it orders the agents about."""
    language: str

    @property
    def beginning(self) -> list[str]:
        """Subject and sentences, as far as `whole` goes; at least one text."""
        found, room = [self.whole], MOST_JUDGED
        for sentence, _, _ in [*self.parts[-1:], *self.parts[:-1]] if self.parts else []:
            if room > 0:
                found.append(sentence)
            room -= len(sentence)
        return found[1:] or found


def _plan(subject: str, body: str) -> _Plan:
    title = spelled(set_apart(plain_text(subject)))
    own = spelled(own_words(plain_text(set_apart(visible(body)))))
    whole = f"{title}. {own}" if title and own else own or title
    parts, language = cut_up(title, own), language_of(own or title)
    return _Plan(title, own, parts, whole[:MOST_JUDGED], gives_orders(subject, body), language)


def _kinds_of(model: TriageModel, texts: Set[str]) -> Rows:
    ordered = sorted(texts)
    return dict(zip(ordered, model.read_kinds(ordered), strict=True)) if ordered else {}


def _read(
    model: TriageModel,
    plan: _Plan,
    rows: Rows,
    tone: NDArray[np.floating],
    urgency: float,
    route: NDArray[np.floating],
) -> Reading:
    title, own, whole = plan.title, plan.own, plan.whole
    segments = choose_segments(model, plan.parts, rows)
    index = model.index
    instructed = which_instruct(model, segments)
    instruction = plan.ordered or any(instructed)
    if instruction:
        instructed = [bad or is_code(s.text) for s, bad in zip(segments, instructed, strict=True)]
    plain = [as_no_order(model, s) for s, bad in zip(segments, instructed, strict=True) if not bad]
    if instruction:
        issues = find_clear_issues(model, plain)
    else:
        issues = find_issues(model, plain, rows[whole])
    triggers = _find_triggers(model, plain)
    if not issues:
        broken = max(plain, key=lambda s: s.probabilities[index["still_broken"]], default=None)
        if broken is not None and broken.probabilities[index["still_broken"]] >= 0.4:
            sure = float(broken.probabilities[index["still_broken"]])
            issues = [Found("technical_problem", round(max(sure, 0.5), 3), broken.text)]
    said = [s for s in plain if s.weight == 1.0]
    if is_reply(title) and said and own:
        # Its subject was said before: thanks for what was done ask for it no more.
        here = [issue for issue in issues if any(issue.text in s.text for s in said)]
        told = np.max([s.probabilities for s in said], axis=0)
        noise = noise_in(model, said, here, triggers, told, instruction, own)
        issues = here if noise else issues
    else:
        noise = noise_in(model, plain, issues, triggers, rows[whole], instruction, own)
    answers = {
        kind: max((float(s.probabilities[index[kind]]) for s in plain), default=0.0)
        for kind in ANSWERS
    }
    tones = dict(zip(model.tones, map(float, tone), strict=True))
    sentiment = Sentiment(max(tones, key=lambda t: tones[t]))
    loud = _loudness(own)
    anger = tones["angry"] + 0.35 * loud * (tones["positive"] < 0.4) + 0.3 * signs.insults(own)
    anger = min(1.0, anger)
    if anger > ANGRY_OVER and sentiment is not Sentiment.POSITIVE:
        sentiment = Sentiment.ANGRY
    elif sentiment is Sentiment.ANGRY and anger <= ANGRY_OVER:
        sentiment = Sentiment(max((t for t in tones if t != "angry"), key=lambda t: tones[t]))
    if noise == "spam" and sentiment is Sentiment.ANGRY and "http" not in own:
        noise = None
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
        language=plan.language,
        wants_money=any(signs.wants_money(s.text) for s in plain),
        text=" ".join(
            s.text if s.text[-1:] in ".!?" else s.text + "." for s in plain if s.weight == 1.0
        )
        or own
        or title,
        model=model.version,
        heard=[hear(model, s) for s in plain if s.weight == 1.0 or len(plain) == 1],
        routes=dict(zip(model.routes, (round(float(p), 3) for p in route), strict=True)),
    )


def _loudness(text: str) -> float:
    """How much a text shouts, 0 to 1: capitals and runs of exclamation marks."""
    words = [w for w in re.findall(r"[^\W\d_]+", text) if len(w) > 3]
    capitals = sum(w.isupper() for w in words) / len(words) if len(words) > 3 else 0.0
    return min(1.0, capitals + 0.25 * len(re.findall(r"!{2,}", text)))


def _find_triggers(model: TriageModel, segments: list[Segment]) -> dict[str, str]:
    index = model.index
    found: dict[str, str] = {}
    for segment in segments:
        if signs.asks_for_person(segment.text):
            found.setdefault("human_request", segment.text)
        plain = signs.threatens(segment.text)
        if plain:
            found.setdefault(plain, segment.text)
        for kind in TRIGGERS:
            if kind == "legal_threat" and (
                signs.speaks_of_own_law_work(segment.text) or not signs.speaks_to_us(segment.text)
            ):
                continue
            if kind == "human_request" and (
                not signs.speaks_of_person(segment.text) or signs.tells_of_a_talk(segment.text)
            ):
                continue
            fewest = 3 if kind == "human_request" else 4
            told = segment.weight == 1.0 and len(segment.text.split()) >= fewest
            if told and segment.probabilities[index[kind]] >= 0.75:
                found.setdefault(kind, segment.text)
    return found


def priority_of(reading: Reading, tier: str | None = None) -> Priority:
    """How soon the ticket wants an answer, by urgency, anger, and what is at stake."""
    score = reading.urgency + (0.1 if reading.sentiment is Sentiment.ANGRY else 0.0)
    score += 0.1 if tier == "enterprise" else 0.0
    if reading.triggers.keys() & {"safety_threat", "security_breach"} or score > 0.8:
        return Priority.URGENT
    if score > 0.6:
        return Priority.HIGH
    return Priority.NORMAL if score > 0.2 else Priority.LOW


def triage_rows(
    batch: list[Any],
    *,
    own: "OwnModel | None" = None,
    features: Features = ACCURATE,
    confidence_under: float = 0.5,
) -> list[TriageRow]:
    """Triage of many tickets without any record beside their words; `subject` and `body` are
    read, by the `features` of `own` if it is given."""
    model = packaged_model((own.features if own else features).name)
    readings = read_messages([(t.subject or "", t.body or "") for t in batch], model, own)
    return [row_of(reading, confidence_under) for reading in readings]


def row_of(reading: Reading, confidence_under: float = 0.5) -> TriageRow:
    """What batch triage says of a message that was read."""
    intent, confidence = route_of(reading)
    own = reading.own
    reason, escalate, at_once = "", False, False
    if _is_noise(reading):
        reason = f"noise: {reading.noise}"
    elif reading.triggers:
        reason, escalate, at_once = ", ".join(reading.triggers), True, True
    elif reading.sentiment is Sentiment.ANGRY and reading.urgency > 0.8:
        reason, escalate, at_once = "angry and urgent", True, True
    elif is_foreign(reading.language) and own is None:
        reason, escalate = f"{FOREIGN}: {reading.language}", True
    elif own is not None and own.strange:
        reason, escalate = STRANGE, True
    elif intent is Intent.ESCALATE:
        reason, escalate = "no support request recognised", True
        if own is not None:
            reason = "the team labels such tickets as ones for a person"
    elif confidence < confidence_under:
        reason, escalate = UNSURE, True
    elif reading.instruction:
        reason = "holds an instruction to agents, which is not followed"
    return TriageRow(
        intent=intent.value,
        issues=list(dict.fromkeys([*list(own.issues)[:1], *own.beside]))
        if own is not None and own.issues
        else [issue.kind for issue in reading.issues],
        sentiment=reading.sentiment.value,
        urgency=reading.urgency,
        confidence=round(confidence, 3),
        priority=priority_of(reading).value,
        language=reading.language,
        escalate=escalate,
        reason=reason,
        at_once=at_once,
    )


def _is_noise(reading: Reading) -> bool:
    """Whether it is noise, which is never like what a team labelled."""
    return bool(reading.noise) and (reading.own is None or reading.own.strange)


def route_of(reading: Reading) -> tuple[Intent, float]:
    """Where a message of any company goes, and how sure that is; `escalate` if it asks for nothing.

    The kinds of request that the agents know, and the topics of support at large, are weighed
    together: a kind that is sure decides, a doubtful one gives way to the topic. A team's own model
    decides by itself.
    """
    if reading.own is not None and not _is_noise(reading):
        best_name, sure = next(iter(reading.own.routes.items()))
        return Intent(best_name), sure
    if reading.noise or (reading.triggers and not reading.issues):
        return Intent.ESCALATE, reading.confidence
    weights = {Intent(r): p for r, p in reading.routes.items() if r != OUTSIDE}
    outside = reading.routes.get(OUTSIDE, 0.0)
    if reading.issues:
        first = reading.issues[0]
        known = KIND_SHARE * first.confidence**2
        intent = intent_of(first.kind)
        weights[intent] = weights.get(intent, 0.0) + known
        outside -= known
        if first.confidence >= SURE:
            outside = 0.0
    if outside > MOST_OUTSIDE:
        return Intent.ESCALATE, outside
    best = max(weights, key=lambda intent: weights[intent])
    return best, weights[best] / sum(weights.values())
