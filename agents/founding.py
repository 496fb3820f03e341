"""Making a workspace together with its back office, and filling both from a scenario."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from agents.connectors.embedded.world import fill
from agents.eval.scenario import Scenario
from agents.operators import Operators
from agents.service import NewTicket, Service
from agents.wiring import Places, backoffice_of, policy_of
from data.database import parse_url
from data.errors import HandrailError, WorkspaceUnusable
from data.workspace import Workspace, open_workspace


@dataclass(frozen=True)
class Founded:
    """A workspace that was made."""

    place: str
    tickets: list[str]
    """Refs of the tickets that were queued."""
    trials: dict[str, str] = field(default_factory=dict)
    """Intents on trial in the scenario, which are for the workspace's policy to name."""


def found_workspace(
    place: str, scenario: Scenario | None, places: Places, *, founder: str | None = None
) -> Founded:
    """Make a workspace and its back office; WorkspaceUnusable if there is one already.

    `founder`, a user of the system, becomes its admin. What was made is removed again if a part of
    it fails.
    """
    path = _free(place)
    existed = path is not None and path.exists()
    try:
        workspace = open_workspace(place, started=scenario.now if scenario else None)
        try:
            if founder is not None:
                Operators(workspace).found(founder)
            return _furnish(workspace, scenario, places)
        finally:
            workspace.close()
    except BaseException:
        if path is not None:
            _remove(path, keep=existed)
        raise


def _furnish(workspace: Workspace, scenario: Scenario | None, places: Places) -> Founded:
    backoffice = backoffice_of(workspace, places)
    if _holds_something(backoffice):
        raise WorkspaceUnusable(
            f"the back office {backoffice} is there already; move it away or name another workspace"
        )
    try:
        fill(backoffice, scenario.world() if scenario else {})
        refs = []
        service = Service(workspace, policy_of(workspace, places))
        tickets = sorted(scenario.tickets, key=lambda t: t.at) if scenario else []
        service.ingest_many(
            [NewTicket(t.ref, t.subject, t.body, t.email, t.channel, t.at) for t in tickets]
        )
        refs = [t.ref for t in tickets]
    except BaseException as problem:
        _remove(backoffice, keep=False)
        if type(problem).__module__ == "sqlite3":
            raise HandrailError(f"the scenario's back office does not fit: {problem}") from problem
        raise
    trials = {i.value: m.value for i, m in scenario.trials.items()} if scenario else {}
    return Founded(_named(workspace), refs, trials)


def _free(place: str) -> Path | None:
    """The path at which a workspace is to be made; WorkspaceUnusable if one is there."""
    url = parse_url(place)
    if url.get_backend_name() != "sqlite":
        _check_server_is_free(place)
        return None
    path = Path(url.database or "")
    if _holds_something(path):
        # Opening says better what is wrong with a file that is no workspace.
        open_workspace(place, create=False).close()
        raise WorkspaceUnusable(f"there is a workspace at {path} already; name another file")
    return path


def _check_server_is_free(place: str) -> None:
    try:
        open_workspace(place, create=False).close()
    except WorkspaceUnusable as problem:
        if "handrail init" in str(problem):
            return
        raise
    raise WorkspaceUnusable("there is a workspace in this database already; name another one")


def _holds_something(path: Path) -> bool:
    return path.is_dir() or (path.exists() and path.stat().st_size > 0)


def _remove(path: Path, *, keep: bool) -> None:
    """Take away a file that was made, with SQLite's own beside it; `keep` empties it instead."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if keep and path.is_file():
        os.truncate(path, 0)
    elif path.is_file():
        path.unlink()


def _named(workspace: Workspace) -> str:
    if workspace.url.get_backend_name() == "sqlite":
        return str(workspace.url.database)
    return workspace.url.render_as_string(hide_password=True)
