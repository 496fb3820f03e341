"""`handrail status`: the workspace's health on one screen."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import typer

from console.cli.options import AsJson, Db
from console.cli.printing import out, print_json, stamp
from console.disk import LOW_DISK, size
from console.format import STATUS, age, cost, line, money
from data.queries.rows import EMBEDDED, Health


@dataclass(frozen=True)
class Disk:
    """The disk that the workspace lies on."""

    free: int
    workspace: int
    """Bytes of the workspace's file."""


def status(db: Db = None, as_json: AsJson = False) -> None:
    """Say how the workspace does. Exit code 1 if something is wrong; each such thing is named."""
    from console.bootstrap import open_session
    from data.queries.health import health

    session = open_session(db, create=False)
    try:
        found = health(session.store)
        now = session.store.clock.now()
        place = session.store.url.render_as_string(hide_password=True)
        disk = _disk(session.store.folder, session.store.url.database)
    finally:
        session.close()
    wrong = troubles(found, disk, now)
    thinking = _thinking(found)
    if as_json:
        print_json(_document(found, disk, now, place, wrong, thinking))
    else:
        for text in _lines(found, disk, now, place, thinking):
            out(text)
        for trouble in wrong:
            out(f"! {trouble}")
    if wrong:
        raise typer.Exit(1)


def _thinking(found: Health) -> str:
    """What thinks now, or would in the next worker."""
    if any(worker.alive for worker in found.workers):
        return ", ".join(found.models) or EMBEDDED
    from console.thinking import model_choice

    choice = model_choice()
    return choice.shown if choice else EMBEDDED


def _disk(folder: Any, database: str | None) -> Disk | None:
    if folder is None or database is None:
        return None
    from pathlib import Path

    return Disk(shutil.disk_usage(folder).free, Path(database).stat().st_size)


def troubles(found: Health, disk: Disk | None, now: datetime) -> list[str]:
    """What is wrong, each in a sentence with the next move."""
    wrong = []
    alive = [worker for worker in found.workers if worker.alive]
    dead = [worker for worker in found.workers if not worker.alive]
    if found.waiting and not alive:
        wrong.append(f"{found.waiting} ticket(s) wait and no worker is running; `handrail work`")
    for worker in dead:
        wrong.append(
            f"worker {worker.pid} on {line(worker.host)} has not been heard of for "
            f"{age(worker.heartbeat_at, now)}; what it held is taken over by the next worker"
        )
    wrong += [f"worker {w.pid}: {line(w.problem)}" for w in found.workers if w.problem]
    wrong += [f"the stop button holds {line(halt)}" for halt in found.halts]
    if disk is not None and disk.free < LOW_DISK:
        wrong.append(f"the disk has only {size(disk.free)} left")
    return wrong


def _document(
    found: Health, disk: Disk | None, now: datetime, place: str, wrong: list[str], thinking: str
) -> dict[str, Any]:
    return {
        "workspace": place,
        "now": stamp(now),
        "ok": not wrong,
        "problems": wrong,
        "tickets": {status.value: n for status, n in found.by_status.items()},
        "waiting_for_agents": found.waiting,
        "oldest_open_at": stamp(found.oldest_open_at),
        "approvals": found.approvals,
        "oldest_approval_at": stamp(found.oldest_approval_at),
        "money_at_risk": found.money_at_risk,
        "workers": [
            {
                "id": w.id,
                "pid": w.pid,
                "host": w.host,
                "alive": w.alive,
                "busy": w.busy,
                "started_at": stamp(w.started_at),
                "heartbeat_at": stamp(w.heartbeat_at),
                "problem": w.problem,
                "brain": w.brain,
            }
            for w in found.workers
        ],
        "halts": found.halts,
        "spend_today_micros": found.spend_today_micros,
        "disk": {"free": disk.free, "workspace": disk.workspace} if disk else None,
        "model": {
            "brain": EMBEDDED if thinking == EMBEDDED else "llm",
            "models": found.models or [thinking],
        },
    }


def _lines(found: Health, disk: Disk | None, now: datetime, place: str, thinking: str) -> list[str]:
    counts = ", ".join(
        f"{n:,} {STATUS[status][1]}" for status, n in sorted(found.by_status.items())
    )
    at_risk = ", ".join(money(amount, code) for code, amount in sorted(found.money_at_risk.items()))
    oldest = f", oldest {age(found.oldest_approval_at, now)}" if found.oldest_approval_at else ""
    alive = [w for w in found.workers if w.alive]
    busy = sum(w.busy for w in alive)
    lines = [
        f"workspace  {line(place)}",
        f"tickets    {counts or 'none'}",
        f"queue      {found.waiting:,} wait for the agents"
        + (f", oldest open {age(found.oldest_open_at, now)}" if found.oldest_open_at else ""),
        f"approvals  {found.approvals:,}{oldest}" + (f", {at_risk} at stake" if at_risk else ""),
        f"workers    {len(alive)} alive, {busy} ticket(s) in hand",
        f"model      {line(thinking)}, {cost(found.spend_today_micros)} spent today",
    ]
    if disk is not None:
        lines.append(f"disk       {size(disk.free)} free, workspace {size(disk.workspace)}")
    return lines
