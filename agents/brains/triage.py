"""Triage by a model: what a message asks for, in the customer's own words."""

from agents.brains.brain import Desk, Letter, Quoted, Understood
from agents.brains.conversation import (
    SHARE,
    TEXT,
    Wrong,
    chosen,
    decide,
    field,
    list_of,
    marked,
    object_in,
    object_of,
    objects,
    one_of,
    share,
)
from agents.brains.protocol import Answer
from agents.brains.quoting import quoted
from agents.understanding.kinds import FAMILY_OF, TRIGGERS
from data.vocabulary import AgentName, Sentiment

_LONGEST = 12_000
"""Characters of a message that are read; of an earlier one, a quarter."""
_MOST_ISSUES = 6

KINDS = sorted(FAMILY_OF)
_SENTIMENTS = [s.value for s in Sentiment]
SCHEMA = object_of(
    issues=list_of(object_of(kind=one_of(KINDS), clause=TEXT, confidence=SHARE)),
    triggers=list_of(object_of(kind=one_of(list(TRIGGERS)), clause=TEXT)),
    sentiment=one_of(_SENTIMENTS),
    urgency=SHARE,
    language=TEXT,
)


def read_letter(desk: Desk, step: str, letter: Letter, instructions: str) -> Understood:
    """What the message says; each quote stands in it."""
    subject, body = letter.subject[:1_000], letter.body[:_LONGEST]
    shown_subject, shown_body = desk.veil.hide(subject), desk.veil.hide(body)

    def said(clause: str) -> str | None:
        return quoted(clause, shown_body, body) or quoted(clause, shown_subject, subject)

    def check(answer: Answer) -> Understood:
        value = object_in(answer)
        issues = []
        for issue in objects(value, "issues")[:_MOST_ISSUES]:
            kind = chosen(issue, "kind", KINDS)
            clause = said(field(issue, "clause", str))
            if clause:
                issues.append(Quoted(kind, clause, share(issue, "confidence")))
        if value["issues"] and not issues:
            raise Wrong("none of its clauses stands in the message", "quote word for word")
        triggers = []
        for trigger in objects(value, "triggers"):
            kind = chosen(trigger, "kind", list(TRIGGERS))
            clause = said(field(trigger, "clause", str))
            if clause:
                triggers.append(Quoted(kind, clause))
        language = field(value, "language", str).strip().lower()
        if len(language) not in (2, 3) or not language.isalpha():
            raise Wrong("its language is no ISO 639-1 code, or und")
        return Understood(
            tuple(issues),
            tuple(triggers),
            Sentiment(chosen(value, "sentiment", _SENTIMENTS)),
            share(value, "urgency"),
            language,
            answer.model,
        )

    data = {
        "subject": subject,
        "body": body,
        "messages_before": [text[: _LONGEST // 4] for text in letter.earlier],
        "answers_our_question_under_rule": letter.awaited,
    }
    return decide(
        desk,
        AgentName.TRIAGE.value,
        step,
        instructions=instructions,
        data=marked(desk, "message", data),
        schema=SCHEMA,
        schema_name="triage",
        check=check,
        max_tokens=700,
    )
