"""`handrail operators`: who may look and decide, and with what role."""

import shlex
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import As, AsJson, Db, PassphraseStdin
from console.cli.printing import out, print_json, print_table, say
from console.cli.program import Program, new_typer
from console.format import line, moment, span
from data.vocabulary import Role

if TYPE_CHECKING:
    from console.bootstrap import Session
    from data.queries.operators import OperatorRow
    from data.queries.practice import Pace

_HERE, _SIGN_IN = "console.cli.operators", "console.cli.operators_sign_in"
_DATABASE = "console.cli.operators_database"


class OperatorCommands(Program):
    """What can be done with operators."""

    sections = {
        "Who": {
            "list": (_HERE, "Everybody with their role; the same as without a command."),
            "add": (_HERE, "Add a person, who then sets a passphrase of their own."),
            "role": (_HERE, "Give a person another role."),
            "skills": (_HERE, "Say what a person takes on."),
            "remove": (_HERE, "Take a person out; what they decided stays."),
            "database": (_DATABASE, "Have a PostgreSQL server enforce who may do what."),
        },
        "Signing in": {
            "passphrase": (_SIGN_IN, "Set a passphrase, the first or another."),
            "sign-in": (_SIGN_IN, "Get a token, so that commands ask for no passphrase."),
            "sign-out": (_SIGN_IN, "End the token."),
        },
    }


operators = new_typer(OperatorCommands, name="operators", invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The person, as decisions name them.")]
RoleName = Annotated[
    Role,
    typer.Option("--role", help="viewer looks; operator, supervisor and admin may do ever more."),
]


@operators.callback()
def _operators(
    ctx: typer.Context, db: Db = None, operator: As = None, as_json: AsJson = False
) -> None:
    """Who may look and decide. Sign-in is needed once there are two, or one has a passphrase."""
    if ctx.invoked_subcommand is None:
        list_(db, as_json)


def list_(db: Db = None, as_json: AsJson = False) -> None:
    """Everybody with their role, and whether they have a passphrase."""
    from console.bootstrap import open_session
    from data.queries.operators import operators as listed
    from data.queries.practice import paces

    session = open_session(db, create=False)
    try:
        rows, set_up = listed(session.store), session.operators.is_set_up()
        now, reading = session.store.clock.now(), paces(session.store)
    finally:
        session.close()
    if as_json:
        shown_as = [_document(row, reading.get(row.name)) for row in rows]
        print_json({"operators": shown_as, "sign_in_needed": set_up})
        return
    if rows:
        shown = [
            [
                row.name,
                row.role,
                _proof(row, now, set_up=set_up),
                ", ".join(row.skills) or "·",
                row.added_by or "·",
            ]
            for row in rows
        ]
        print_table(["name", "role", "signs in", "skills", "added by"], shown, wide="name")
    for name, pace in reading.items():
        if pace.unread:
            from console.practising import pace as in_words

            out(f"{line(name, 60)}: {in_words(pace)}")
    if not set_up:
        say(
            "sign-in is not set up: everybody who may write the workspace decides, under the name "
            "that they give; `handrail operators add` changes that"
        )


def add(
    name: Name,
    role: RoleName,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: Annotated[
        bool,
        typer.Option(
            "--passphrase-stdin",
            help="Read from standard input, a line each: your passphrase, where sign-in asks for "
            "it, then one for NAME; without the latter NAME gets an invitation.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person. They get an invitation, good for seven days, to set a passphrase with."""
    from agents.roster import INVITATION_DAYS
    from console.signing_in import stdin_line
    from data.queries.operators import operators as listed

    session = managing(db, operator, passphrase_stdin)
    try:
        passphrase = stdin_line() if passphrase_stdin else None
        code = session.operators.add(name, role, by=session.operator, passphrase=passphrase)
        unready = [
            row.name for row in listed(session.store) if row.system_user and not row.has_passphrase
        ]
    finally:
        session.close()
    if as_json:
        print_json({"operator": name, "role": role, "invitation": code})
    else:
        out(f"added {line(name)} ({role})")
        if code is not None:
            out(f"invitation: {code}")
            out(
                f"good for {INVITATION_DAYS} days; {line(name)} sets a passphrase with it: "
                f"{_command('passphrase', name)}"
            )
    for creator in unready:
        say(
            f"from now on {line(creator)} needs a passphrase to decide: "
            f"{_command('passphrase', creator)}"
        )


def role(
    name: Name,
    new: Annotated[
        Role, typer.Argument(metavar="ROLE", help="viewer, operator, supervisor, admin")
    ],
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """Give a person another role; it holds from their next decision on."""
    session = managing(db, operator, passphrase_stdin)
    try:
        session.operators.change_role(name, new, by=session.operator)
    finally:
        session.close()
    out(f"{line(name)} is {new} now")


def skills(
    name: Name,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="SKILL…", help="Such as billing, technical, account."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Take every skill away.")] = False,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """Say what a person takes on; escalated tickets go to who has the skill."""
    if bool(wanted) is none:
        raise typer.BadParameter("name skills, or take all away with --none", param_hint="SKILL…")
    session = managing(db, operator, passphrase_stdin)
    try:
        stored = session.operators.set_skills(name, wanted or [], by=session.operator)
    finally:
        session.close()
    out(f"{line(name)}: {', '.join(line(skill) for skill in stored) or 'no skills'}")


def remove(
    name: Name, db: Db = None, operator: As = None, passphrase_stdin: PassphraseStdin = False
) -> None:
    """Take a person out: they can sign in no more. What they decided stays."""
    session = managing(db, operator, passphrase_stdin)
    try:
        session.operators.remove(name, by=session.operator)
    finally:
        session.close()
    out(f"removed {line(name)}")


def managing(db: str | None, operator: str | None, passphrase_stdin: bool) -> "Session":
    """A session of somebody who is signed in to say who the operators are."""
    from console.bootstrap import open_session

    session = open_session(db, operator, create=False)
    try:
        session.become(session.proof.to_manage(passphrase_stdin=passphrase_stdin))
    except BaseException:
        session.close()
        raise
    return session


def _proof(row: "OperatorRow", now: datetime, *, set_up: bool) -> str:
    """How a person signs in, in words."""
    if row.has_passphrase:
        until = row.locked_until
        if until is None or until <= now:
            return "by passphrase"
        return f"by passphrase, locked for {span(until - now)}"
    if row.invited_until is None:
        by_computer = row.system_user is not None and not set_up
        return f"as the system's user {row.system_user}" if by_computer else "no passphrase yet"
    if row.invited_until <= now:
        return "the invitation has expired"
    return f"invited until {moment(row.invited_until)}"


def _document(row: "OperatorRow", pace: "Pace | None") -> dict[str, Any]:
    """An operator as JSON shows it."""
    decisions, too_fast = (pace.decisions, pace.too_fast) if pace else (0, 0)
    return {
        "name": row.name,
        "role": row.role,
        "has_passphrase": row.has_passphrase,
        "system_user": row.system_user,
        "invited_until": row.invited_until,
        "locked_until": row.locked_until,
        "skills": row.skills,
        "available": row.available,
        "added_by": row.added_by,
        "added_at": row.added_at,
        "last_approvals": {"decisions": decisions, "too_fast": too_fast},
    }


def _command(name: str, person: str) -> str:
    return f"`handrail operators {name} --as {shlex.quote(line(person))}`"
