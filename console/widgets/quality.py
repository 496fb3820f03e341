"""Quality checks as a list, and one of them in full: bars, words, reasons, events."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from textual.content import Content

from console.describe import headline
from console.format import age, line, moment
from console.scores import VERDICTS, bar, told
from console.widgets.preview import lines, text
from console.widgets.rowlist import Piece, RowList, fit
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


class QualityList(RowList):
    """Checked tickets; the cursor stays on its own whatever comes or goes."""

    def __init__(self) -> None:
        """An empty list."""
        super().__init__(id="checks")
        self.rows: list[QualityRow] = []
        self.now: datetime | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.rows)

    def key_at(self, index: int) -> str | None:
        """The ticket's id."""
        return self.rows[index].ticket_id if 0 <= index < len(self.rows) else None

    @property
    def current(self) -> QualityRow | None:
        """The check under the cursor, if it is still there."""
        return next((row for row in self.rows if row.ticket_id == self.key), None)

    def show_checks(self, found: Sequence[QualityRow], now: datetime) -> None:
        """Show these; the cursor stays with its ticket."""
        before = self.cursor
        self.now, self.rows = now, list(found)
        self.resize_rows()
        if self.key is None:
            if self.rows:
                self.go(0)
            return
        places = {row.ticket_id: place for place, row in enumerate(self.rows)}
        place = places.get(self.key)
        self.gone = place is None
        self.cursor = max(0, min(before, self.count - 1)) if place is None else place
        if place is not None and place != before:
            self.reveal()
        self.refresh()

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
