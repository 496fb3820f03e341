"""`handrail practice`: deciding about right and wrong actions that are not real."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console.cli.deciding import TOO_LATE, deciding_session
from console.cli.documents import action_document, detail_document
from console.cli.options import As, AsJson, Db, PassphraseStdin
from console.cli.printing import out, print_json, say, screen
from console.cli.program import Program, new_typer
from console.format import line

if TYPE_CHECKING:
    from agents.practice.record import Answer, Practice, Shown
    from data.queries.practice import Pace, Practised

_HERE = "console.cli.practice"


class PracticeCommands(Program):
    """What can be done in practice."""

    sections = {
        "Practice": {
            "start": (_HERE, "Begin a course, or go on with the one that is open."),
            "answer": (_HERE, "Approve or reject the case that is open."),
            "report": (_HERE, "How everybody did."),
        }
    }


practice = new_typer(PracticeCommands, name="practice", no_args_is_help=False)


@practice.callback()
def _practice(db: Db = None, operator: As = None) -> None:
    """Practise approvals on right and wrong actions made from scenarios; nothing real is touched.

    The console has the same behind g l.
    """


def start(
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    cases: Annotated[
        int, typer.Option("--cases", min=1, max=50, metavar="N", help="How many in a new course.")
    ] = 10,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            metavar="N",
            help="The same number makes the same course.",
            show_default=False,
        ),
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Begin anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the next case: what the customer wrote, the records, the action and its effect."""
    session = deciding_session(db, operator, passphrase_stdin)
    try:
        lane = _lane(session)
        shown = None if new or seed is not None else lane.take_up()
        shown = shown or lane.begin(cases, seed)
    finally:
        session.close()
    if as_json:
        print_json({"course": shown.course, "case": _document(shown)})
    else:
        _print(shown)


def answer(
    what: Annotated[
        Literal["approve", "reject"],
        typer.Argument(metavar="approve|reject", help="Your decision."),
    ],
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Decide the case that is open; tells whether that was right and why, then shows the next."""
    from data.queries.practice import practised

    session = deciding_session(db, operator, passphrase_stdin)
    try:
        lane = _lane(session)
        open_case = lane.opened()
        if open_case is None:
            say("handrail: no case is open; `handrail practice start` shows one")
            raise typer.Exit(1)
        try:
            found = lane.answer(open_case, approve=what == "approve")
        except TOO_LATE as problem:
            say(f"handrail: {line(str(problem))}")
            raise typer.Exit(1) from None
        following = lane.take_up()
        results = practised(session.store, session.operator)
    finally:
        session.close()
    if as_json:
        document = _answered(found) | {"next": _document(following) if following else None}
        print_json(document)
        return
    from console.practising import result, verdict

    out(verdict(found))
    out(line(found.case.why, 1000))
    out("")
    if following is not None:
        _print(following)
    else:
        out("The course is over. All your practice so far: " + result(results[0]))


def report(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Only this person.", show_default=False),
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Show everybody's misses, false alarms and time to decide, and how fast they approve."""
    from console.bootstrap import open_session
    from data.queries.practice import Pace, Practised, paces, practised

    session = open_session(db, create=False)
    try:
        found = {one.operator: one for one in practised(session.store, name)}
        reading = paces(session.store, name)
    finally:
        session.close()
    names = sorted(found | {n: p for n, p in reading.items() if p.decisions})
    rows = [(found.get(n, Practised(n)), reading.get(n, Pace(n, 0, 0))) for n in names]
    if as_json:
        print_json({"people": [_person(one, pace) for one, pace in rows]})
        return
    from console.practising import missed, pace, result

    for one, read in rows:
        out(f"{line(one.operator, 60)}: {result(one)}")
        if one.missed:
            out(f"  missed: {missed(one)}")
        if read.decisions:
            out(f"  {pace(read)}")
    if not rows:
        say("nobody has practised; `handrail practice start` begins")


def _lane(session: Any) -> "Practice":
    from agents.practice.record import Practice

    return Practice(session.store, session.operator)


def _document(shown: "Shown") -> dict[str, Any]:
    case = shown.case
    return {
        "number": case.number,
        "of": case.of,
        "ticket": detail_document(case.detail),
        "records": case.records,
        "action": action_document(case.action, []),
    }


def _answered(found: "Answer") -> dict[str, Any]:
    return {
        "number": found.case.number,
        "answer": "approve" if found.approved else "reject",
        "correct": found.correct,
        "wrong": found.case.wrong,
        "why": found.case.why,
        "seconds": found.took.total_seconds(),
    }


def _person(one: "Practised", pace: "Pace") -> dict[str, Any]:
    return {
        "operator": one.operator,
        "cases": one.cases,
        "right": one.right,
        "wrong": one.wrong,
        "misses": one.misses,
        "false_alarms": one.false_alarms,
        "seconds": one.seconds,
        "missed": dict(one.missed),
        "approvals": {
            "decisions": pace.decisions, "too_fast": pace.too_fast, "unread": pace.unread,
        },
    }  # fmt: skip


def _print(shown: "Shown") -> None:
    from console.cli.preview import preview_lines, undo_line
    from console.cli.printing import block
    from console.cli.show import print_context
    from console.format import label, money
    from console.practising import record_lines

    case, console = shown.case, screen()
    console.print(block(f"Practice, case {case.number} of {case.of}", "bold"))
    now = case.action.proposed_at
    print_context(console, case.detail, now)
    for title, rows in record_lines(case):
        console.print(block(f"\n{title}", "bold"))
        for row in rows:
            console.print(block(f"  {row}"))
    action = case.action
    told = " ".join(
        part for part in (label(action.name), line(action.target),
                          money(action.amount, action.currency)) if part
    )  # fmt: skip
    console.print(block(f"\nTo decide: {told}", "bold"))
    console.print(block(f"  {line(action.reason, 1000)}"))
    for each in preview_lines(action):
        console.print(block(f"    {each}"))
    console.print(block(f"  {undo_line(action, now)}", "dim"))
    say("`handrail practice answer approve`, or `reject`")
