"""`handrail policy preview`: what a changed policy would have done."""

import json
import tempfile
from datetime import UTC, datetime, time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import SCREENFUL, AsJson, Db, Limit, Offset
from console.cli.printing import Progress, out, print_table, say, stamp
from console.format import label, line, money

if TYPE_CHECKING:
    from agents.policy.preview import Change, Counted, Preview, Reached
    from console.bootstrap import Session

WORDS = {
    "ask": "newly ask", "alone": "newly run alone", "two": "newly need two people",
    "refused": "newly refused",
}  # fmt: skip
_GATES = {"auto": "alone", "ask": "ask", "ask_two": "ask two", "forbidden": "refused"}
_TELL_EVERY = 5_000

Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="DAY",
        help="Only what was proposed since: 2026-03-09, yesterday, 7d, 4w (default: everything).",
        show_default=False,
    ),
]


def preview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy that you think of.")],
    since: Since = None,
    db: Db = None,
    as_json: AsJson = False,
    limit: Limit = None,
    offset: Offset = 0,
) -> None:
    """Run another policy over past proposals: what would newly ask, run alone, or be refused.

    Nothing is changed. Adopted rules are laid over the file, as they would be. Daily caps are gone
    through day by day, in the order in which things were done.
    """
    from agents.policy.adopted import policy_now
    from agents.policy.model import load_policy
    from agents.policy.preview import Preview, other_parts
    from console.bootstrap import open_session
    from data.queries.proposals import proposals

    policy = load_policy(file)
    session = open_session(db, create=False)
    try:
        run = Preview(policy_now(session.store, policy))
        begin = day_since(session, since)
        wanted = limit if limit is not None else None if as_json else SCREENFUL
        with tempfile.TemporaryFile("w+", encoding="utf-8") as listed:
            past = told(session, proposals(session.store, begin), "proposals looked at")
            for place, change in enumerate(run.run(past)):
                if place >= offset and (wanted is None or place < offset + wanted):
                    listed.write(json.dumps(_change(change), ensure_ascii=False) + "\n")
            listed.seek(0)
            in_force = session.service.policy
            differs = other_parts(in_force, run.policy)
            head = {
                "policy": {"file": str(file), "name": policy.name, "version": run.policy.version},
                "in_force": in_force.version,
                "since": stamp(begin),
            }
            if as_json:
                _print_json(head, run, differs, listed)
            else:
                _print(run, differs, listed, offset)
    finally:
        session.close()


def day_since(session: "Session", since: str | None) -> datetime | None:
    """The beginning of the day (UTC) that an option names; None: from the first."""
    from data.measures.period import day_of

    if since is None:
        return None
    return datetime.combine(day_of(since, session.store.clock.now()), time(), UTC)


def told(session: "Session", rows: Any, what: str) -> Any:
    """The same rows, while the terminal is told how many were looked at."""
    progress = Progress(what)
    total = _how_many(session)
    for number, row in enumerate(rows, 1):
        if number % _TELL_EVERY == 0:
            progress.at(number, max(total, number))
        yield row
    progress.clear()


def _how_many(session: "Session") -> int:
    from data.queries.proposals import how_many

    return how_many(session.store)


def _change(change: "Change") -> dict[str, Any]:
    past = change.proposal
    return {
        "id": past.id,
        "ticket": past.ticket_id,
        "ref": past.ticket_ref,
        "action": past.action.value,
        "intent": past.intent,
        "amount": past.amount,
        "currency": past.currency,
        "at": stamp(past.at),
        "then": past.gate.value,
        "now": change.now.value,
        "why": change.why,
        "person": past.person,
        "otherwise": change.otherwise,
    }


def _by_action(run: "Preview") -> list[dict[str, Any]]:
    return [
        {"action": action, "then": then.value, "now": now.value, **counted.as_json()}
        for (action, then, now), counted in sorted(run.by_action.items())
    ]


def _caps(run: "Preview") -> list[dict[str, Any]]:
    return [
        {
            "day": reached.day.isoformat(),
            **reached.cap.model_dump(mode="json"),
            "currency": reached.currency,
            "asked": count,
        }
        for reached, count in sorted(run.reached.items(), key=_when)
    ]


def _when(item: "tuple[Reached, int]") -> tuple[str, str]:
    return item[0].day.isoformat(), item[0].cap.action.value


def _print_json(head: dict[str, Any], run: "Preview", differs: list[str], listed: IO[str]) -> None:
    """The document, its list written row by row: it may be as long as the log."""
    document = {
        **head,
        "proposals": run.seen,
        "refused_by_records": run.not_told,
        "changed": run.changed,
        "newly": {word: counted.as_json() for word, counted in run.newly.items()},
        "actions": _by_action(run),
        "caps": _caps(run),
        "also_changes": differs,
    }
    text = json.dumps(document, ensure_ascii=False, indent=2)
    print(text.removesuffix("\n}") + ',\n  "changes": [', end="")
    between = "\n"
    for row in listed:
        print(between + "    " + row.rstrip("\n"), end="")
        between = ",\n"
    print(("\n  " if between != "\n" else "") + "]\n}", flush=True)


def _print(run: "Preview", differs: list[str], listed: IO[str], offset: int) -> None:
    out(f"{run.seen:,} past proposals, {run.changed:,} would be treated otherwise")
    for word, counted in run.newly.items():
        out(f"  {WORDS[word]}: {_sum(counted)}")
    if run.by_action:
        rows = [
            [
                label(each["action"]), _gate(each["then"]), _gate(each["now"]),
                f"{each['count']:,}", f"{each['otherwise']:,}", _money(each["money"]),
            ]
            for each in _by_action(run)
        ]  # fmt: skip
        out("")
        print_table(["action", "then", "now", "rows", "people decided otherwise", "money"], rows)
    found = [json.loads(row) for row in listed]
    if found:
        out("")
        print_table(
            ["id", "ticket", "action", "amount", "then", "now", "what people did"],
            [
                [
                    row["id"], line(row["ref"], 30), row["action"],
                    money(row["amount"], row["currency"]), _gate(row["then"]), _gate(row["now"]),
                    row["person"] + (" !" if row["otherwise"] else ""),
                ]
                for row in found
            ],
        )  # fmt: skip
    for cap in _caps(run):
        out(f"{cap['day']}: the cap for {cap['action']} would have asked {cap['asked']:,} times")
    if len(found) < run.changed - offset:
        say(f"{len(found)} of {run.changed} shown; --limit and --offset show others")
    if differs:
        say(
            f"the file also changes {', '.join(differs)}, which decide what is proposed at all; "
            "`handrail replay TICKET --fork STEP --policy FILE` shows that for a ticket"
        )


def _sum(counted: "Counted") -> str:
    parts = [f"{counted.count:,}"]
    if counted.money:
        parts.append(_money(counted.money))
    if counted.otherwise:
        also = _money(counted.otherwise_money)
        parts.append(f"of which people decided otherwise: {counted.otherwise:,}")
        parts += [also] if also else []
    return ", ".join(parts)


def _money(sums: Any) -> str:
    return ", ".join(money(amount, currency) for currency, amount in sorted(sums.items()))


def _gate(gate: str) -> str:
    return _GATES[gate]
