"""`handrail replay`: step through what happened to a ticket, and check it against its rows."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import (
    As,
    AsJson,
    Db,
    Limit,
    Offset,
    PassphraseStdin,
    PlaybookFolder,
    PolicyFile,
    Unmasked,
    rows_wanted,
)
from console.cli.printing import block, print_json, say_masked, screen, stamp
from console.cli.replay_check import check
from console.cli.replay_fork import (
    Asked,
    ForkSettings,
    ForkStep,
    fork_ticket,
)
from console.cli.tickets import tell_of_the_rest
from console.describe import details, told
from console.format import line
from console.replaying import state_lines
from console.thinking import ApiBase, Brain, Model
from data.errors import NotFound
from data.queries.rows import EventRow

if TYPE_CHECKING:
    from data.replay.record import State


def replay(
    ticket: Annotated[
        str | None,
        typer.Argument(metavar="TICKET", help="A ticket's id or ref.", show_default=False),
    ] = None,
    at: Annotated[
        int | None,
        typer.Option(
            "--at",
            min=1,
            metavar="STEP",
            help="Up to this step, with everything it recorded and the ticket's state after it.",
            show_default=False,
        ),
    ] = None,
    checking: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Compare the replay with the states that were recorded; without TICKET, of all.",
        ),
    ] = False,
    fork: ForkStep = None,
    settings: ForkSettings = None,
    brain: Brain = None,
    model: Model = None,
    api_base: ApiBase = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    db: Db = None,
    as_json: AsJson = False,
    limit: Limit = None,
    offset: Offset = 0,
    unmasked: Unmasked = False,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """Step through a ticket's log: what each agent read, found, proposed and did, and when.

    With --fork the ticket goes on from a step as it was then, in a copy: people decide as they
    did, unless --set says otherwise; --policy, --playbooks and --brain are the fork's. Nothing of
    the workspace or its back office is touched.
    """
    asked = Asked(fork, settings or [], brain, model, api_base, policy, playbooks)
    asked.check()
    from console.bootstrap import open_session
    from data.queries.masked import masked_events
    from data.queries.queue import find_ticket
    from data.queries.tickets import ticket_detail
    from data.replay.masked import masked_state
    from data.replay.past import Past

    if ticket is None and not checking:
        raise typer.BadParameter("name a ticket, or check all with --check")
    if checking and at is not None:
        raise typer.BadParameter("--check goes through every step; leave --at out")
    if checking and fork is not None:
        raise typer.BadParameter("--check and --fork are two things; give one of them")
    session = open_session(db, operator, create=False)
    try:
        if checking:
            check(session.store, ticket, as_json=as_json)
            return
        sees = session.sees_personal_data(asked=unmasked, passphrase_stdin=passphrase_stdin)
        assert ticket is not None
        ticket_id = find_ticket(session.store, ticket)
        if fork is not None:
            fork_ticket(session, ticket_id, asked, sees=sees, as_json=as_json)
            return
        past = Past(session.store, ticket_id)
        last = past.length()
        if at is not None and at > last:
            raise NotFound(f"ticket {ticket} has no step {at}; its last one is {last}")
        upto = at or last
        wanted = upto if limit is None else rows_wanted(limit, as_json=as_json)
        page = past.page(offset + 1, max(0, min(wanted, upto - offset)))
        state = past.at(at).state if at is not None else None
        detail = ticket_detail(session.store, ticket_id)
        names = {a.id: a.name for a in detail.actions}
    finally:
        session.close()
    if not sees:
        page = masked_events(page, detail)
        state = state and masked_state(state, detail)
        say_masked()
    if as_json:
        found: dict[str, Any] = {"ticket": ticket_id, "steps": [_step(event) for event in page]}
        print_json(found if state is None else {**found, "state": shown(state)})
        return
    console = screen()
    for event in page:
        when = event.at.strftime("%m-%d %H:%M:%S.%f")[:-3]
        text = line(told(event, names), 1000)
        console.print(block(f"{event.position:>4}  {when}  {event.agent:<11} {text}"))
    if at is not None and page and page[-1].position == at:
        for name, value in details(page[-1]):
            console.print(block(f"      {name}: {value}"))
    if state is not None:
        console.print(block(f"The ticket after step {at}:"))
        for told_line in state_lines(state):
            console.print(block(f"  {told_line.text}"))
    tell_of_the_rest(len(page), upto, offset, "step")


def _step(event: EventRow) -> dict[str, Any]:
    return {
        "at": event.position,
        "time": stamp(event.at),
        "agent": event.agent,
        "kind": event.kind,
        "data": event.data,
    }


def shown(state: "State") -> dict[str, Any]:
    """A state as `--json` shows it: sections of entries are lists, in their order."""
    return {
        "ticket": _plain(state["ticket"]),
        "run": _plain(state["run"]) or None,
        "issues": [{"position": int(k), **_plain(v)} for k, v in state["issues"].items()],
        "actions": [{"id": k, **_plain(v)} for k, v in state["actions"].items()],
        "handoffs": [_plain(v) for v in state["handoffs"].values()],
        "messages": [{"position": int(k), **_plain(v)} for k, v in state["messages"].items()],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return stamp(value) if isinstance(value, datetime) else value
