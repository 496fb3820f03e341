"""Which article of the knowledge base answers a question, and how well."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.connectors.protocols import Row
from agents.facts.case import Case

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_COMMON = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "how",
        "can",
        "does",
        "what",
        "when",
        "where",
        "which",
        "this",
        "that",
        "from",
        "have",
        "has",
        "are",
        "our",
        "your",
        "you",
        "her",
        "him",
        "his",
        "its",
        "was",
        "were",
        "will",
        "would",
        "could",
        "should",
        "there",
        "their",
        "about",
        "into",
        "also",
        "please",
        "hello",
        "thanks",
        "want",
        "need",
        "like",
        "just",
        "get",
        "use",
        "using",
        "way",
        "one",
        "any",
        "all",
        "not",
        "but",
        "out",
        "der",
        "die",
        "das",
        "und",
        "ist",
        "wie",
        "kann",
        "ich",
        "wir",
        "ein",
        "eine",
        "mit",
        "auf",
        "für",
        "nicht",
        "por",
        "para",
        "como",
        "una",
        "que",
        "los",
        "las",
        "del",
        "con",
        "est",
        "les",
        "des",
        "pour",
        "comment",
    ]
)


_TOPICS = {
    "cancel_request": (
        "How do I cancel my subscription?", "Das Abonnement kündigen", "Cancelar la suscripción",
        "Résilier l'abonnement", "Disdire l'abbonamento", "Het abonnement opzeggen",
        "Cancelar a assinatura",
    ),
    "plan_change": (
        "Change to another plan", "Move to a smaller or larger plan", "Upgrade or downgrade",
        "Den Tarif wechseln", "Cambiar de plan", "Changer d'abonnement", "Cambiare piano",
        "Van abonnement wisselen", "Mudar de plano",
    ),
}  # fmt: skip
"""What an article about a kind of request asks, in the languages that we answer in."""

_SURER = 0.3
"""How much better an article must fit that than what the customer wrote."""


@dataclass(frozen=True)
class KnowledgeFacts:
    """The best article, and whether it is good enough to answer with."""

    article: Row | None
    score: float
    fits: bool


def knowledge_facts(case: Case) -> KnowledgeFacts:
    """The article nearest to the clause; the whole text is asked if the clause finds none, and then
    what the kind of request is about, since an article may be in another language."""
    articles = case.rows("articles")
    if not articles:
        return KnowledgeFacts(None, 0.0, False)
    bar = case.policy.product.article_fit_over
    best, score = nearest_article(case.clause, articles)
    if score < bar and case.text != case.clause:
        other, other_score = nearest_article(case.text[:600], articles)
        if other_score > score:
            best, score = other, other_score
    for topic in _TOPICS.get(_about(case), ()):
        other, other_score = nearest_article(topic, articles)
        if other_score > max(score, bar + _SURER):
            best, score = other, other_score
    return KnowledgeFacts(best, round(score, 3), score >= bar)


def _about(case: Case) -> str:
    """The kind of request; who asks how and names a plan asks how to change to it."""
    names = [str(p["name"] or p["id"]) for p in case.rows("plans")]
    named = [n for n in names if re.search(rf"\b{re.escape(n)}\b", case.text, re.IGNORECASE)]
    return "plan_change" if case.kind == "how_to" and named else case.kind


def nearest_article(question: str, articles: list[Row]) -> tuple[Row, float]:
    """The article nearest to a question, and how well it fits (0 to 1)."""
    scores = _scores(question, articles)
    best = int(scores.argmax())
    return articles[best], float(min(scores[best], 1.0))


def nearest_articles(question: str, articles: list[Row]) -> list[Row]:
    """All articles, the nearest to a question first."""
    if not articles:
        return []
    return [articles[i] for i in np.argsort(-_scores(question, articles), kind="stable")]


def _scores(question: str, articles: list[Row]) -> NDArray[np.floating]:
    from agents.understanding.features import ACCURATE

    titles = [a["title"] or "" for a in articles]
    bodies = [f"{a['title']}. {a['body'] or ''}"[:800] for a in articles]
    vectors = ACCURATE.embed([question, *titles, *bodies])
    asked, count = vectors[0], len(articles)
    by_title, by_body = vectors[1 : 1 + count] @ asked, vectors[1 + count :] @ asked
    overlap = np.array([_overlap(question, a) for a in articles])
    return np.asarray(np.maximum(by_title, by_body) * 0.8 + overlap * 0.35)


def _overlap(question: str, article: Row) -> float:
    """The share of the question's telling words that the article has, its title counting double."""
    words = {_stem(w) for w in _WORD.findall(question.lower()) if len(w) > 2 and w not in _COMMON}
    if not words:
        return 0.0
    title = {_stem(w) for w in _WORD.findall((article["title"] or "").lower())}
    tags = {_stem(w) for w in _WORD.findall(" ".join(article["tags"] or []).lower())}
    body = {_stem(w) for w in _WORD.findall((article["body"] or "").lower())}
    hits = sum(
        1.0 if w in title | tags else 0.5 if w in body or _begins_alike(w, title) else 0.0
        for w in words
    )
    return min(1.0, hits / min(len(words), 5))


def _begins_alike(word: str, others: set[str]) -> bool:
    """Whether one of the others is a word of the same stem, as verbs of other languages have it."""
    return len(word) > 4 and any(len(o) > 4 and o[:4] == word[:4] for o in others)


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ies", "ers", "ed", "es", "er", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
