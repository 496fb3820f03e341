"""What the deciding commands share: opening the workspace, deciding one by one, saying how it
went."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from agents.errors import NotAllowed, NotDecidable
from console.cli.printing import out, print_json, say
from console.format import label, line, money
from data.errors import Fenced, IllegalChange
from data.queries.rows import ActionRow

if TYPE_CHECKING:
    from agents.service import Decided
    from console.bootstrap import Session

TOO_LATE = (NotDecidable, NotAllowed, IllegalChange, Fenced)
"""Somebody or something was faster, or it takes another: not wrong usage, but not done either."""

NO_WORKER = "no worker is running; `handrail work` carries it out"


def session_opener(
    db: str | None,
    operator: str | None,
    passphrase_stdin: bool,
    policy: Any = None,
    playbooks: Any = None,
) -> "Callable[[], Session]":
    """What opens the workspace for somebody who decides."""

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


def deciding_session(db: str | None, operator: str | None, passphrase_stdin: bool) -> "Session":
    """The workspace, open for somebody who decides; they sign in where that is set up."""
    return session_opener(db, operator, passphrase_stdin)()


def find_one(session: "Session", action_id: str) -> ActionRow:
    """The action with this id, or the only one whose id begins so; NotFound otherwise."""
    from data.queries.approvals import find_action

    return find_action(session.store, action_id)


def decide_all(
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
        for action in [find_one(session, action_id) for action_id in dict.fromkeys(ids)]:
            try:
                decided = decide(session, action)
            except TOO_LATE as problem:
                failed.append((action.id, str(problem)))
                continue
            now = find_one(session, decided.action_id)
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
        report(done, failed, as_json=as_json)
        if done:
            tell_of_workers(session)
    finally:
        session.close()
    if failed:
        raise typer.Exit(1)


def report(done: list[dict[str, Any]], failed: list[tuple[str, str]], *, as_json: bool) -> None:
    """Print what was decided, and name on standard error what could not be."""
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
    return f"{action.id}{new}: {described(action)}: {state}"


def described(action: ActionRow) -> str:
    """An action in a few words: what, on what, how much."""
    parts = [label(action.name), line(action.target), money(action.amount, action.currency)]
    return " ".join(part for part in parts if part)


def tell_of_workers(session: "Session") -> None:
    """Say so if nobody is there to carry it out."""
    from data.queries.health import workers

    if not any(worker.alive for worker in workers(session.store)):
        say(NO_WORKER)
