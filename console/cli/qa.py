"""`handrail qa`: how well tickets were handled, and what waits for a person's word on it."""

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import (
    As,
    AsJson,
    Db,
    Limit,
    Offset,
    PassphraseStdin,
    Ticket,
    Unmasked,
    rows_wanted,
)
from console.cli.printing import (
    block,
    print_json,
    print_table,
    say,
    say_masked,
    screen,
    stamp,
)
from console.cli.program import Program, new_typer
from console.cli.tickets import tell_of_the_rest
from console.format import age, line, moment
from console.scores import VERDICTS, bar, told

if TYPE_CHECKING:
    from console.bootstrap import Session
    from data.queries.quality import Agreement, QualityRow, ScoreRow

_HERE, _REVIEW = "console.cli.qa", "console.cli.qa_review"


class QualityCommands(Program):
    """What can be done with quality checks."""

    sections = {
        "Look": {
            "list": (_HERE, "The checks, what waits first; the same as without a command."),
            "show": (_HERE, "One ticket: each score, why, and the events it rests on."),
        },
        "Review": {
            "agree": (_REVIEW, "Agree with a ticket's scores, or with one."),
            "correct": (_REVIEW, "Say what a score should be, and why."),
        },
        "Check": {"run": (_REVIEW, "Check tickets that ended before.")},
    }


qa = new_typer(QualityCommands, name="qa", invoke_without_command=True)

NeedsReview = Annotated[bool, typer.Option("--needs-review", help="Only what waits for a person.")]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="DAY",
        help="Only tickets that ended from this day on: 2026-03-09, yesterday, 7d or 4w; UTC.",
        show_default=False,
    ),
]


@qa.callback()
def _qa(
    ctx: typer.Context,
    db: Db = None,
    operator: As = None,
    as_json: AsJson = False,
    needs_review: NeedsReview = False,
    since: Since = None,
    limit: Limit = None,
    offset: Offset = 0,
    unmasked: Unmasked = False,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """Quality checks of ended tickets: scores from 0 to 1 by rule, with their reasons.

    0.8 and more has passed, less than 0.7 waits for a person; in between is acceptable.
    """
    if ctx.invoked_subcommand is None:
        list_(db, as_json, needs_review, since, limit, offset, unmasked, operator, passphrase_stdin)


def list_(
    db: Db = None,
    as_json: AsJson = False,
    needs_review: NeedsReview = False,
    since: Since = None,
    limit: Limit = None,
    offset: Offset = 0,
    unmasked: Unmasked = False,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """The newest check of each ticket, what waits for a person first."""
    from console.bootstrap import open_session
    from data.queries.masked import masked
    from data.queries.quality import agreements, quality_page

    session = open_session(db, operator, create=False)
    try:
        sees = session.sees_personal_data(asked=unmasked, passphrase_stdin=passphrase_stdin)
        first = day_begin(session, since)
        page = quality_page(
            session.store, needs_review=needs_review, since=first,
            limit=rows_wanted(limit, as_json=as_json), offset=offset,
        )  # fmt: skip
        agreed, now = agreements(session.store, first), session.store.clock.now()
    finally:
        session.close()
    if page.rows and not sees:
        page = masked(page)
        say_masked()
    if as_json:
        print_json(
            {
                "checks": [check_document(row) for row in page.rows],
                "total": page.total,
                "verdicts": page.verdicts,
                "waiting": page.waiting,
                "agreement": [_agreement_document(a) for a in agreed],
            }
        )
        return
    if page.rows:
        print_table(
            ["ticket", "verdict", "overall", *(_SHORT.values()), "ended", "subject"],
            [_row(row, now) for row in page.rows],
            wide="subject",
        )
    tell_of_the_rest(len(page.rows), page.total, offset, "check")
    if not needs_review and page.total:
        words = ", ".join(
            f"{page.verdicts[v]:,} {VERDICTS[v][1]}" for v in VERDICTS if page.verdicts.get(v)
        )
        say(f"{words}; {page.waiting:,} wait for a person")
        _tell_agreement(agreed)


_SHORT = {
    "resolution": "resolved", "sentiment": "mood", "escalation": "escalation",
    "compliance": "compliance",
}  # fmt: skip


def _row(row: "QualityRow", now: datetime) -> tuple[str, ...]:
    scores = {score.name: score for score in row.scores}
    glyph, word = VERDICTS[row.verdict]
    waits = " (waits)" if row.waits else ""
    return (
        row.ticket_ref,
        f"{glyph} {word}{waits}",
        told(row.overall),
        *(told(scores[name].score if name in scores else None) for name in _SHORT),
        age(row.ended_at, now),
        line(row.subject, 50),
    )


def _tell_agreement(agreed: "list[Agreement]") -> None:
    words = [
        f"{a.name} {a.agreed} of {a.reviewed} ({a.share:.0%})"
        for a in agreed
        if a.share is not None
    ]
    if words:
        say(f"people agree: {', '.join(words)}")


def show(
    ticket: Ticket,
    db: Db = None,
    as_json: AsJson = False,
    unmasked: Unmasked = False,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """One ticket's scores with their reasons, the events behind them, and what people said."""
    from console.bootstrap import open_session
    from data.queries.masked import masked, masked_events
    from data.queries.quality import quality_of
    from data.queries.queue import find_ticket
    from data.queries.tickets import ticket_detail, ticket_events

    session = open_session(db, operator, create=False)
    try:
        sees = session.sees_personal_data(asked=unmasked, passphrase_stdin=passphrase_stdin)
        ticket_id = find_ticket(session.store, ticket)
        row, log = quality_of(session.store, ticket_id), ticket_events(session.store, ticket_id)
        detail = ticket_detail(session.store, ticket_id)
    finally:
        session.close()
    if not sees:
        row, log = masked(row), masked_events(log, detail)
        say_masked()
    events, names = {e.position: e for e in log}, {a.id: a.name for a in detail.actions}
    if as_json:
        print_json(check_document(row))
        return
    from console.describe import headline

    console = screen()
    glyph, word = VERDICTS[row.verdict]
    waits = ", waits for a person" if row.waits else ""
    judge = f", with {line(row.judge)}" if row.judge else ""
    console.print(
        block(f"{row.ticket_ref}: {glyph} {word} {told(row.overall)}{waits} "
              f"(ended {moment(row.ended_at)}{judge})")
    )  # fmt: skip
    for score in row.scores:
        console.print(block(f"\n{score.name:<11} {bar(score.score)} {told(score.score)}"))
        console.print(block(f"  {line(score.reason, 1000)}"))
        for position in score.events:
            if position in events:
                console.print(
                    block(f"  {position:>4} {line(headline(events[position], names), 160)}")
                )
        said = review_words(score)
        if said:
            console.print(block(f"  {said}"))
    if row.judge_problem:
        say(f"the model had no say: {line(row.judge_problem)}")


def review_words(score: "ScoreRow") -> str:
    """What a person said of a score; empty if nobody did."""
    said = score.review
    if said is None:
        return ""
    note = f": {line(said.note)}" if said.note else ""
    if said.agreed:
        return f"✓ {line(said.operator)} agrees{note}"
    return f"✎ {line(said.operator)} says {told(said.score)}{note}"


def check_document(row: "QualityRow") -> dict[str, Any]:
    """A check as JSON shows it."""
    return {
        "id": row.id,
        "ticket": row.ticket_id,
        "ref": row.ticket_ref,
        "status": row.status,
        "intent": row.intent,
        "overall": row.overall,
        "verdict": row.verdict,
        "needs_review": row.waits,
        "checks": [_score_document(score) for score in row.scores],
        "judge": row.judge,
        "judge_problem": row.judge_problem,
        "position": row.position,
        "version": row.version,
        "ended_at": stamp(row.ended_at),
        "checked_at": stamp(row.checked_at),
    }


def _score_document(score: "ScoreRow") -> dict[str, Any]:
    said = score.review
    review = said and {
        "by": said.operator, "at": stamp(said.at), "agreed": said.agreed, "score": said.score,
        "note": said.note,
    }  # fmt: skip
    return {
        "name": score.name, "score": score.score, "reason": score.reason, "events": score.events,
        "by": score.by, "review": review,
    }  # fmt: skip


def _agreement_document(agreement: "Agreement") -> dict[str, Any]:
    interval = agreement.interval
    return {
        "check": agreement.name, "reviewed": agreement.reviewed, "agreed": agreement.agreed,
        "share": agreement.share, "interval": list(interval) if interval else None,
    }  # fmt: skip


def day_begin(session: "Session", since: str | None) -> datetime | None:
    """The beginning of the day that `--since` names; HandrailError if it is none."""
    from data.measures.period import day_of

    if since is None:
        return None
    return datetime.combine(day_of(since, session.store.clock.now()), time(), UTC)
