"""`handrail operators database`: roles of a PostgreSQL server, and who logs in to it."""

from typing import Annotated

import typer

from console.cli.options import AsJson, Db, PolicyFile
from console.cli.printing import out, print_json, say
from console.format import line


def database(
    granted: Annotated[
        list[str] | None,
        typer.Option(
            "--grant", metavar="NAME", help="Give an operator a login, or a new password."
        ),
    ] = None,
    revoked: Annotated[
        list[str] | None,
        typer.Option("--revoke", metavar="NAME", help="Take an operator's login away."),
    ] = None,
    worker: Annotated[
        bool, typer.Option("--worker", help="Give the worker its login, or a new password.")
    ] = False,
    policy: PolicyFile = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Have a PostgreSQL server enforce who reads, who decides and who works.

    Needs the login that owns the workspace. Sets up the roles handrail_viewer, handrail_operator
    and handrail_worker, or brings them up to date with the operators' roles and the policy's
    limits; run it again when either changes. A login's URL is printed once.
    """
    from console.bootstrap import Rules, open_session
    from data.server_roles import grant, revoke, set_up

    session = open_session(db, create=False, rules=Rules(policy))
    try:
        store, limits = session.store, session.service.policy.approval.roles
        set_up(store, {role: limit.model_dump(mode="json") for role, limit in limits.items()})
        for name in revoked or ():
            revoke(store, name)
        wanted: list[str | None] = [None] if worker else []
        wanted += granted or []
        made = {}
        for each in wanted:
            login, password = grant(store, each)
            url = store.url.set(username=login, password=password)
            made[login] = url.render_as_string(hide_password=False)
    finally:
        session.close()
    if as_json:
        print_json({"logins": [{"login": login, "url": url} for login, url in made.items()]})
        return
    for shown in made.values():
        out(shown)
    gone = "".join(f"; {line(name)} has no login any more" for name in revoked or ())
    given = ", ".join(line(login) for login in made)
    keep = f"; keep what was printed, it is not shown again: {given}" if given else ""
    say(f"the roles are set up{keep}{gone}")
