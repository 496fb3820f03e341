"""A workspace of an older program: its log replays by what its events mean, and goes on as ours."""

import json
import sqlite3
from pathlib import Path

from alembic import command

from data.database import APPLICATION_ID, make_engine, parse_url, writing
from data.plain import canonical, from_micros
from data.replay.checking import check_all
from data.replay.fold import state_after, steps
from data.replay.record import NOW
from data.store import GENESIS, event_hash
from data.words import index_all
from data.workspace import _config, open_workspace
from tests.engine.conftest import Open
from tests.engine.desk import Desk
from tests.engine.hands import asking

BEFORE_MARKS = "0006"
"""The schema of the last program whose commits told no state."""

SET_LATER = ("checked_to",)
"""Settings that later migrations make."""


def as_older(now: Path, place: Path) -> None:
    """Write a workspace's rows and log as the older program wrote them."""
    engine = make_engine(parse_url(str(place)))
    with writing(engine) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE_MARKS)
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    engine.dispose()
    old = sqlite3.connect(place)
    old.execute("ATTACH ? AS newer", (str(now),))
    old.execute("DELETE FROM setting")
    for table in ("setting", "ticket", "payload", "message", "run", "issue", "action", "decision"):
        theirs = {row[1] for row in old.execute(f"PRAGMA newer.table_info({table})")}
        both = [row[1] for row in old.execute(f"PRAGMA main.table_info({table})")]
        names = ", ".join(f'"{name}"' for name in both if name in theirs - {"seq"})
        old.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM newer.{table}")
    old.executemany("DELETE FROM setting WHERE name = ?", [(name,) for name in SET_LATER])
    columns = "chain, position, run_id, step, at, agent, kind, data, payload_id, payload_digest"
    heads: dict[str, tuple[int, str]] = {}
    query = f"SELECT {columns} FROM newer.event ORDER BY chain, position"
    for values in old.execute(query).fetchall():
        row = dict(zip(columns.split(", "), values, strict=True))
        told = {k: v for k, v in json.loads(row["data"]).items() if k != NOW}
        row["data"] = canonical(told)
        before = heads.get(row["chain"], (0, GENESIS))[1]
        digest = event_hash(before, {**row, "at": from_micros(row["at"])})
        heads[row["chain"]] = (row["position"], digest)
        old.execute(
            f"INSERT INTO event ({columns}, hash) VALUES ({'?, ' * 10}?)", (*row.values(), digest)
        )
    old.executemany("INSERT INTO chain VALUES (?, ?, ?)", [(k, *v) for k, v in heads.items()])
    old.commit()
    old.close()
    engine = make_engine(parse_url(str(place)))
    with writing(engine) as connection:
        index_all(connection)
    engine.dispose()


def older(desk: Open, folder: Path) -> tuple[Desk, str]:
    """A desk that goes on, after an upgrade, with a ticket whose refund waits."""
    one = desk()
    ticket = asking(one)
    one.store.close()
    place = folder / "older.db"
    as_older(folder / "0" / "workspace.db", place)
    one.store = open_workspace(str(place), clock=one.clock, ids=one.store.ids, synchronous="OFF")
    one.under(one.policy)
    return one, ticket


def test_an_older_log_replays_by_what_its_events_mean(desk: Open, tmp_path: Path) -> None:
    one, ticket = older(desk, tmp_path)
    events = one.events(ticket)
    assert not any(NOW in event.data for event in events)
    checked = check_all(one.store)
    assert (checked.steps, checked.marks, checked.differences) == (len(events), 0, [])
    state = state_after(events)
    detail = one.detail(ticket)
    assert state["ticket"]["status"] == "awaiting_approval"
    assert state["run"]["state"] == "parked"
    assert [i["rule"] for i in state["issues"].values()] == [i.rule for i in detail.issues]
    (asked,) = state["actions"].values()
    assert (asked["state"], asked["arguments"]) == ("proposed", detail.actions[0].arguments)


def test_an_upgraded_workspace_goes_on_and_every_new_step_is_as_recorded(
    desk: Open, tmp_path: Path
) -> None:
    one, ticket = older(desk, tmp_path)
    before = len(one.events(ticket))
    states = [canonical(step.state) for step in steps(one.events(ticket))]
    one.service.reject(one.asked().id, by="priya", reason="not owed")
    one.run()
    events = one.events(ticket)
    checked = check_all(one.store)
    assert checked.differences == []
    assert checked.marks >= 2
    first = events[before]
    assert first.kind == "action.rejected"
    assert first.data[NOW]["ticket"]["owner"] == "agents"
    # What went before is not told otherwise by what came after it.
    assert [canonical(step.state) for step in steps(events)][:before] == states
