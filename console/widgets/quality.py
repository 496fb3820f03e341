"""Quality checks as a list, and one of them in full: bars, words, reasons, events."""

from collections.abc import Mapping

from textual.content import Content

from console.cells import Piece, fit
from console.describe import headline
from console.format import age, line, moment
from console.scores import VERDICTS, bar, told
from console.widgets.preview import lines, text
from console.widgets.wholelist import WholeList
from data.queries.quality import QualityRow, ScoreRow
from data.queries.rows import EventRow
from data.vocabulary import Verdict

SHORT = {
    "resolution": "resolved", "sentiment": "mood", "escalation": "escalation",
    "compliance": "compliance",
}  # fmt: skip
"""Check to a word for it where there is little room."""

_TONE = {
    Verdict.PASSED: "success", Verdict.ACCEPTABLE: "secondary", Verdict.REVIEW: "error",
    Verdict.NO_DATA: "muted",
}  # fmt: skip


class QualityList(WholeList[QualityRow]):
    """Checked tickets."""

    def __init__(self) -> None:
        """An empty list."""
        super().__init__(id="checks")

    def key_of(self, row: QualityRow) -> str:
        """The ticket's id."""
        return row.ticket_id

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """Verdict, ticket and subject; below, each score."""
        row = self.rows[index]
        glyph, word = VERDICTS[row.verdict]
        verdict = f"{glyph} {told(row.overall)} "
        subject = f"{line(row.ticket_ref, 20)}  {line(row.subject, 100) or '(no subject)'}"
        notes = [
            f"{SHORT[s.name]} {'–' if s.score is None else f'{s.score:.2f}'}" for s in row.scores
        ]
        waits = "waits for you" if row.waits else word
        when = age(row.ended_at, self.now or row.ended_at)
        under = " · ".join([waits, *notes, f"ended {when} ago"])
        return [
            [
                (verdict, _TONE[Verdict(row.verdict)]),
                (fit(subject, width - len(verdict)), "strong"),
            ],
            [(fit("  " + under, width), "warning" if row.waits else "muted")],
        ]


def check_of(row: QualityRow, events: Mapping[int, EventRow], names: Mapping[str, str]) -> Content:
    """A check in full, the lowest score first: its bar, its reason, what it rests on in the log."""
    glyph, word = VERDICTS[row.verdict]
    judge = f" · {line(row.judge, 40)} had a say" if row.judge else ""
    found = [
        text((f"{line(row.ticket_ref, 40)}  ", "bold"), line(row.subject, 100)),
        text((f"{glyph} {word} {told(row.overall)} ", "bold"),
             (f"· ended {moment(row.ended_at)}{judge}", "dim")),
    ]  # fmt: skip
    if row.judge_problem:
        found.append(text((f"! the model had no say: {line(row.judge_problem)}", "$text-warning")))
    for score in sorted(row.scores, key=lambda s: 2.0 if s.score is None else s.score):
        found += [text(""), *_score(score, events, names)]
    return lines(found)


def _score(
    score: ScoreRow, events: Mapping[int, EventRow], names: Mapping[str, str]
) -> list[Content]:
    rows = [
        text((f"{score.name:<12}", "bold"), f"{bar(score.score)} {told(score.score)}"),
        text(line(score.reason, 600)),
    ]
    rows += [
        text((f"{place:>4}  {line(headline(events[place], names), 200)}", "dim"))
        for place in score.events
        if place in events
    ]
    if score.review is not None:
        said = score.review
        what = "agrees" if said.agreed else f"says {told(said.score)}"
        sign, note = "✓" if said.agreed else "✎", f": {line(said.note)}" if said.note else ""
        rows.append(text((f"{sign} {line(said.operator, 40)} {what}{note}", "$text-accent")))
    return rows
