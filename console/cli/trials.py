"""`handrail trials`: how far each intent has come, and how plans compare with what people did."""

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import AsJson, Db, Limit, Offset, PolicyFile, rows_wanted
from console.cli.printing import out, print_json, print_table
from console.cli.tickets import tell_of_the_rest
from data.vocabulary import Intent

if TYPE_CHECKING:
    from agents.trials import Comparison, Trial


def trials(
    intent: Annotated[
        Intent | None,
        typer.Argument(
            metavar="[INTENT]", help="List this intent's tickets too.", show_default=False
        ),
    ] = None,
    db: Db = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
    limit: Limit = None,
    offset: Offset = 0,
) -> None:
    """Show for each intent its mode, and how what the agents planned compares with what people did.

    In shadow the agents plan and nothing is done or said; in assist everything asks a person; in
    auto the policy's gates decide. `trials:` in the policy says which. Compared are tickets that
    have ended; the share is taken of those where something was planned or done.
    """
    from agents.trials import comparisons, without_personal_data
    from agents.trials import trials as counted
    from console.bootstrap import Rules, open_session

    session = open_session(db, create=False, rules=Rules(policy))
    try:
        every = counted(session.store, session.service.policy)
        tickets = list(comparisons(session.store, intent)) if intent else []
        sees = session.sees_personal_data()
    finally:
        session.close()
    found = [trial for trial in every if intent in (None, trial.intent)]
    page = tickets[offset : offset + rows_wanted(limit, as_json=as_json)]
    page = page if sees else [without_personal_data(one) for one in page]
    if as_json:
        document: dict[str, object] = {"trials": [trial.as_json() for trial in found]}
        if intent is not None:
            document |= {"tickets": [one.as_json() for one in page], "total": len(tickets)}
        print_json(document)
        return
    for trial in found:
        _print(trial)
    if intent is not None:
        _list(page)
        tell_of_the_rest(len(page), len(tickets), offset, "ticket")


def _print(trial: "Trial") -> None:
    from console.trying import MODES, VERDICTS, agreement, following, moved, tally

    _, mode, meaning = MODES[trial.mode]
    out(f"{trial.intent}: {mode} ({meaning})")
    if trial.next_mode is None:
        return
    tickets = f"{trial.tickets} ticket{'' if trial.tickets == 1 else 's'} planned so"
    out(f"  {tickets}; agreement: {agreement(trial)}")
    for verdict, count in tally(trial) if trial.tickets else []:
        out(f"  {count:>6}  {VERDICTS[verdict][1]}")
    if trial.planned or trial.done:
        planned, done = moved(trial.planned) or "none", moved(trial.done) or "none"
        out(f"  money: {planned} planned, {done} moved")
    out(f"  next, {following(trial)}")


def _list(page: "list[Comparison]") -> None:
    from console.trying import steps, verdict

    if page:
        rows = [
            (one.ticket.ref, one.ticket.mode, verdict(one), steps(one.planned), steps(one.done))
            for one in page
        ]
        print_table(["ticket", "mode", "compared", "planned", "done"], rows, wide="planned")
