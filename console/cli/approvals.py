"""`handrail approvals`: what needs approval."""

from console.cli.documents import approval_document
from console.cli.options import AsJson, Db, Limit, Offset, rows_wanted
from console.cli.printing import print_json, print_table
from console.cli.tickets import tell_of_the_rest
from console.format import age, label, money, span


def approvals(
    db: Db = None, as_json: AsJson = False, limit: Limit = None, offset: Offset = 0
) -> None:
    """List the actions that wait for a person, oldest request first."""
    from console.bootstrap import open_session
    from data.queries.approvals import pending_approvals
    from data.queries.masked import masked

    session = open_session(db, create=False)
    try:
        waiting = pending_approvals(session.store)
        sees = session.sees_personal_data()
        now = session.store.clock.now()
    finally:
        session.close()
    page = waiting[offset : offset + rows_wanted(limit, as_json=as_json)]
    page = page if sees else masked(page)
    if as_json:
        print_json({"approvals": [approval_document(row) for row in page], "total": len(waiting)})
        return
    if page:
        rows = []
        for action in page:
            expires = action.expires_at
            left = "" if expires is None else span(expires - now) if expires > now else "over"
            given = sum(d.kind in ("approve", "edit") for d in action.decisions)
            needed = str(action.people_needed)
            doubt = (action.preview or {}).get("doubt")
            rows.append(
                (
                    action.id,
                    action.ticket_ref,
                    label(action.name) + (" (in doubt)" if doubt else ""),
                    action.target,
                    money(action.amount, action.currency),
                    age(action.proposed_at, now),
                    left,
                    f"{given} of {needed}" if action.people_needed > 1 else needed,
                )
            )
        print_table(
            ["id", "ticket", "action", "target", "money", "asked", "expires in", "people"], rows
        )
    tell_of_the_rest(len(page), len(waiting), offset, "approval")
