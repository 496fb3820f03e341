"""`handrail approve`, `reject`, `edit`, `undo`, `reconcile`, `retry`: decisions, from the shell."""

from typing import Annotated

import typer

from console.cli.deciding import TOO_LATE, decide_all, session_opener, tell_of_workers
from console.cli.edits import changed_arguments
from console.cli.options import (
    As,
    AsJson,
    Db,
    PassphraseStdin,
    PlaybookFolder,
    PolicyFile,
    Ticket,
)
from console.cli.printing import out, print_json, say
from console.format import line

Ids = Annotated[
    list[str], typer.Argument(metavar="ID…", help="Actions, as `handrail approvals` lists them.")
]
OneId = Annotated[str, typer.Argument(metavar="ID", help="The action.")]


def approve(
    ids: Ids,
    db: Db = None,
    operator: As = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Let actions run exactly as proposed. Exit code 1 if one cannot be approved; it is named."""
    with_session = session_opener(db, operator, passphrase_stdin, policy, playbooks)
    decide_all(
        with_session,
        ids,
        lambda session, action: session.service.approve(action.id, by=session.operator),
        as_json=as_json,
    )


def reject(
    ids: Ids,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="Why: agents and people read it."),
    ],
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Refuse actions. Exit code 1 if one cannot be rejected; it is named."""
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    with_session = session_opener(db, operator, passphrase_stdin)
    decide_all(
        with_session,
        ids,
        lambda session, action: session.service.reject(
            action.id, by=session.operator, reason=reason
        ),
        as_json=as_json,
    )


def edit(
    action_id: OneId,
    changes: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="An argument's new value; money in minor units; fields of a record as "
            "changes.email=…. May be repeated.",
        ),
    ],
    db: Db = None,
    operator: As = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Approve an action with changed arguments; it gets a new id, and the policy is asked again."""
    with_session = session_opener(db, operator, passphrase_stdin, policy, playbooks)
    decide_all(
        with_session,
        [action_id],
        lambda session, action: session.service.edit(
            action.id, by=session.operator, changes=changed_arguments(action, changes)
        ),
        as_json=as_json,
    )


def undo(
    ids: Ids,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Take back what actions did, where that is still possible; a worker carries it out.

    Undoing is an action of its own: it takes as many people as the original did.
    """
    decide_all(
        session_opener(db, operator, passphrase_stdin),
        ids,
        lambda session, action: session.service.undo(action.id, by=session.operator),
        as_json=as_json,
    )


def reconcile(
    action_id: OneId,
    happened: Annotated[
        bool,
        typer.Option(
            "--happened/--did-not-happen",
            help="What you found in the outside system.",
            show_default=False,
        ),
    ],
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="Where you looked, and what you saw.")
    ],
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """State what became of an action whose outcome is unknown; the run goes on from there.

    What did not happen is asked for again, as a new request.
    """
    decide_all(
        session_opener(db, operator, passphrase_stdin),
        [action_id],
        lambda session, action: session.service.reconcile(
            action.id, by=session.operator, happened=happened, note=note
        ),
        as_json=as_json,
    )


def retry(
    ticket: Ticket,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Have the agents look at a ticket again, from what is known now."""
    from data.queries.queue import find_ticket

    session = session_opener(db, operator, passphrase_stdin)()
    try:
        ticket_id = find_ticket(session.store, ticket)
        try:
            session.service.retry(ticket_id, by=session.operator)
        except TOO_LATE as problem:
            say(f"handrail: {line(str(problem))}")
            raise typer.Exit(1) from None
        if as_json:
            print_json({"ticket": ticket_id, "retried": True})
        else:
            out(f"{line(ticket)}: the agents will look at it again")
        tell_of_workers(session)
    finally:
        session.close()
