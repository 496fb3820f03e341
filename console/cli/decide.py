"""`handrail approve`, `reject`, `edit`, `undo`, `retry`: a person's decisions, from the shell."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.errors import NotAllowed, NotDecidable
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
from console.format import label, line, money
from data.errors import Fenced, IllegalChange
from data.queries.rows import ActionRow

if TYPE_CHECKING:
    from agents.service import Decided
    from console.bootstrap import Session

Ids = Annotated[
    list[str], typer.Argument(metavar="ID…", help="Actions, as `handrail approvals` lists them.")
]
OneId = Annotated[str, typer.Argument(metavar="ID", help="The action.")]

TOO_LATE = (NotDecidable, NotAllowed, IllegalChange, Fenced)
"""Somebody or something was faster, or it takes another: not wrong usage, but not done either."""

NO_WORKER = "no worker is running; `handrail work` carries it out"


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
    with_session = _session(db, operator, passphrase_stdin, policy, playbooks)
    _decide_all(
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
    with_session = _session(db, operator, passphrase_stdin)
    _decide_all(
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
    with_session = _session(db, operator, passphrase_stdin, policy, playbooks)
    _decide_all(
        with_session,
        [action_id],
        lambda session, action: session.service.edit(
            action.id, by=session.operator, changes=changed_arguments(action, changes)
        ),
        as_json=as_json,
    )


def undo(
    action_id: OneId,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Take back what an action did, where that is still possible; a worker carries it out."""
    session = _session(db, operator, passphrase_stdin)()
    try:
        action = _find(session, action_id)
        try:
            session.service.undo(action.id, by=session.operator)
        except TOO_LATE as problem:
            _report([], [(action.id, str(problem))], as_json=as_json)
            raise typer.Exit(1) from None
        if as_json:
            print_json({"undo": action.id, "ticket": action.ticket_id})
        else:
            out(f"{action.id}: asked to take back {_described(action)}")
        _tell_of_workers(session)
    finally:
        session.close()


def retry(
    ticket: Ticket,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Have the agents look at a ticket again, from what is known now."""
    from data.queries.queue import find_ticket

    session = _session(db, operator, passphrase_stdin)()
    try:
        ticket_id = find_ticket(session.store, ticket)
        session.service.retry(ticket_id, by=session.operator)
        if as_json:
            print_json({"ticket": ticket_id, "retried": True})
        else:
            out(f"{line(ticket)}: the agents will look at it again")
        _tell_of_workers(session)
    finally:
        session.close()


def _session(
    db: str | None,
    operator: str | None,
    passphrase_stdin: bool,
    policy: Any = None,
    playbooks: Any = None,
) -> "Callable[[], Session]":
    def opened() -> "Session":
        from console.bootstrap import Rules, open_session

        return open_session(
            db,
            operator,
            create=False,
            rules=Rules(policy, playbooks),
            deciding=True,
            passphrase_stdin=passphrase_stdin,
        )

    return opened


def _find(session: "Session", action_id: str) -> ActionRow:
    from data.queries.approvals import find_action

    return find_action(session.store, action_id)


def _decide_all(
    open_it: "Callable[[], Session]",
    ids: list[str],
    decide: "Callable[[Session, ActionRow], Decided]",
    *,
    as_json: bool,
) -> None:
    """Decide one after the other; an unknown id stops it before anything is decided."""
    session = open_it()
    done: list[dict[str, Any]] = []
    failed: list[tuple[str, str]] = []
    try:
        for action in [_find(session, action_id) for action_id in dict.fromkeys(ids)]:
            try:
                decided = decide(session, action)
            except TOO_LATE as problem:
                failed.append((action.id, str(problem)))
                continue
            now = _find(session, decided.action_id)
            done.append(
                {
                    "id": decided.action_id,
                    "was": action.id,
                    "ticket": action.ticket_id,
                    "action": action.name,
                    "state": decided.state,
                    "people_missing": decided.people_missing,
                    "arguments": now.arguments,
                }
            )
            if not as_json:
                out(_in_words(now, decided.people_missing, action.id))
        _report(done, failed, as_json=as_json)
        if done:
            _tell_of_workers(session)
    finally:
        session.close()
    if failed:
        raise typer.Exit(1)


def _report(done: list[dict[str, Any]], failed: list[tuple[str, str]], *, as_json: bool) -> None:
    if as_json:
        print_json({"decided": done, "failed": [{"id": name, "why": why} for name, why in failed]})
    for _, why in failed:
        say(f"handrail: {line(why)}")


def _in_words(action: ActionRow, missing: int, was: str) -> str:
    new = f" (was {was})" if was != action.id else ""
    state = action.state.value
    if missing > 0:
        people = "another person" if missing == 1 else f"{missing} other people"
        state = f"approved by you, {people} must approve too"
    return f"{action.id}{new}: {_described(action)}: {state}"


def _described(action: ActionRow) -> str:
    parts = [label(action.name), line(action.target), money(action.amount, action.currency)]
    return " ".join(part for part in parts if part)


def _tell_of_workers(session: "Session") -> None:
    from data.queries.health import workers

    if not any(worker.alive for worker in workers(session.store)):
        say(NO_WORKER)
