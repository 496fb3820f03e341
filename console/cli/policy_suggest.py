"""`handrail policy suggest|adopt|revoke`: what could run alone, and letting it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.policy.suggest import BOUND, FEWEST
from console.cli.deciding import TOO_LATE, deciding_session
from console.cli.options import As, AsJson, Db, PassphraseStdin
from console.cli.policy_preview import Since, day_since, told
from console.cli.printing import out, print_json, print_table, say, stamp
from console.format import label, line

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.policy.suggest import Suggestion
    from console.bootstrap import Session
    from data.queries.adopted import AdoptedRow

Bound = Annotated[
    float,
    typer.Option(
        "--bound",
        min=0.5,
        max=0.999,
        help="What Wilson's lower bound (95 %) of the share approved unchanged must reach.",
    ),
]
Fewest = Annotated[
    int, typer.Option("--min", min=1, metavar="N", help="No rule from fewer decided requests.")
]


def suggest(
    bound: Bound = BOUND,
    fewest: Fewest = FEWEST,
    since: Since = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """For each action and intent: how often people approved it unchanged, and what could follow.

    Rejected, edited and undone count against it. Expired, withdrawn, stale and failed requests are
    left out: nobody judged them. Amounts are limited to those that people had before them.
    """
    from agents.policy.suggest import suggest as suggestions
    from console.bootstrap import open_session
    from data.queries.proposals import proposals

    session = open_session(db, create=False)
    try:
        begin = day_since(session, since)
        past = told(session, proposals(session.store, begin), "proposals looked at")
        found = suggestions(session.service.policy, past, bound=bound, fewest=fewest)
    finally:
        session.close()
    if as_json:
        print_json(
            {"bound": bound, "min": fewest, "since": stamp(begin),
             "suggestions": [each.as_json() for each in found]}
        )  # fmt: skip
        return
    if not found:
        out("nothing that asks one person was decided yet")
        return
    columns = ["action", "intent", "approved", "of", "lower bound", "rule, or why none follows"]
    print_table(columns, [_row(each) for each in found], wide=columns[-1])
    if any(each.rule for each in found):
        say("`handrail policy adopt ID` lets a rule's class run alone, with the ID that it shows")


def _row(each: "Suggestion") -> list[str]:
    follows = f"ID {each.id}" if each.rule else each.why_not or ""
    return [
        label(each.action), each.intent.value, f"{each.approved:,}", f"{each.decided:,}",
        f"{each.lower:.3f}", follows,
    ]  # fmt: skip


def adopt(
    suggestion: Annotated[
        str, typer.Argument(metavar="ID", help="As `handrail policy suggest` shows it.")
    ],
    bound: Bound = BOUND,
    fewest: Fewest = FEWEST,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Let a class run alone from now on, with its rule; an admin's act, which is recorded.

    The rule never goes beyond what the policy forbids, caps, or asks two people for. The first
    rejection or undoing of such an action revokes it.
    """

    def act(session: "Session") -> "AdoptedRow":
        return session.service.adopt(suggestion, by=session.operator, bound=bound, fewest=fewest)

    _do(db, operator, passphrase_stdin, act, "adopted", as_json=as_json)


def revoke(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The id of an adopted rule.")],
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Take an adopted rule back: what it let run alone asks again."""

    def act(session: "Session") -> "AdoptedRow":
        return session.service.revoke(rule, by=session.operator)

    _do(db, operator, passphrase_stdin, act, "revoked", as_json=as_json)


def _do(
    db: str | None,
    operator: str | None,
    passphrase_stdin: bool,
    act: "Callable[[Session], AdoptedRow]",
    done: str,
    *,
    as_json: bool,
) -> None:
    from data.queries.adopted import adopted_rules

    session = deciding_session(db, operator, passphrase_stdin)
    try:
        try:
            row = act(session)
        except TOO_LATE as problem:
            say(f"handrail: {line(str(problem))}")
            raise typer.Exit(1) from None
        row = next(each for each in adopted_rules(session.store) if each.id == row.id)
        if as_json:
            print_json({done: adopted_json(row)})
        else:
            out(f"{done}: {in_words(row)}")
    finally:
        session.close()


def adopted_json(row: "AdoptedRow") -> dict[str, Any]:
    """An adopted rule as plain values."""
    return {
        "id": row.id,
        "action": row.action,
        "intent": row.intent,
        "up_to": row.up_to,
        "approved": row.approved,
        "decided": row.decided,
        "lower": row.lower,
        "bound": row.bound,
        "by": row.adopted_by,
        "at": stamp(row.adopted_at),
        "revoked_at": stamp(row.revoked_at),
        "revoked_by": row.revoked_by,
        "revoked_why": row.revoked_why,
        "revoked_for": row.revoked_for,
    }


def in_words(row: "AdoptedRow") -> str:
    """An adopted rule in a line."""
    up_to = "" if row.up_to is None else f" up to {row.up_to:,} minor units"
    said = (
        f"{row.id}: {row.action} in {row.intent}{up_to} runs alone, by {line(row.adopted_by, 60)}; "
        f"{row.approved:,} of {row.decided:,} were approved unchanged"
    )
    if row.revoked_at is None:
        return said
    why = row.revoked_why or ""
    if row.revoked_for:
        why = f"since {row.revoked_for} was {why}"
    return f"{said}; asks again {why}, by {line(row.revoked_by, 60)}"
