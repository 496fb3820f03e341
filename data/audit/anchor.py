"""A checkpoint over all chains, to be kept where who writes the log cannot reach it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from data.audit.findings import Break
from data.audit.links import Heads
from data.audit.rows import newest_id, snapshot
from data.columns import canonical
from data.errors import BadFile
from data.store import CHAIN, EVENT, Store

VERSION = 1
_LONGEST_LINE = 10_000


@dataclass(frozen=True)
class Anchor:
    """The heads of all chains as they were when `last_event` was the newest."""

    at: str
    """When it was taken, ISO 8601 in UTC."""
    events: int
    last_event: int
    root: str
    """SHA-256 over the lines of the chains; enough to tell two anchors apart."""
    heads: Heads

    @property
    def lines(self) -> list[str]:
        """The file: a summary, then a line for each chain, sorted by its id."""
        summary = {
            "handrail_anchor": VERSION,
            "at": self.at,
            "events": self.events,
            "last_event": self.last_event,
            "chains": len(self.heads),
            "root": self.root,
        }
        return [json.dumps(summary), *_chain_lines(self.heads)]

    def differences(self, heads: Heads) -> Iterator[Break]:
        """How the `heads` after `last_event` differ from those that were anchored."""
        for chain in self.heads:
            found = self.difference(chain, heads.get(chain))
            if found is not None:
                yield found
        for chain in sorted(map(str, heads.keys() - self.heads.keys())):
            yield Break(_UNKNOWN, chain)

    def difference(self, chain: str, now: tuple[int, str] | None) -> Break | None:
        """How one chain's head after `last_event` differs; None if it does not."""
        held = self.heads.get(chain)
        if held == now:
            return None
        if held is None:
            return Break(_UNKNOWN, chain)
        if now is None:
            events = f"{held[0]:,} event{'' if held[0] == 1 else 's'}"
            return Break(f"the anchor holds {events}, the log none: the chain was removed", chain)
        if now[0] != held[0]:
            change = "the end was removed" if now[0] < held[0] else "events were put in"
            what = f"the anchor ends at position {held[0]}, the log at {now[0]}: {change}"
            return Break(what, chain, min(held[0], now[0]) + 1)
        what = "has another hash than in the anchor: the chain was written anew"
        return Break(what, chain, held[0])


_UNKNOWN = "has events from before the anchor, which does not know it: it was put in"


def take_anchor(store: Store) -> Anchor:
    """The heads of all chains as they are now; they are not checked by this."""
    with snapshot(store.engine) as connection:
        _wait_for_writers(connection)
        last = newest_id(connection)
        rows = connection.execute(select(CHAIN.c.id, CHAIN.c.position, CHAIN.c.hash)).all()
    heads = {row.id: (row.position, row.hash) for row in sorted(rows)}
    at = store.clock.now().astimezone(UTC).isoformat().replace("+00:00", "Z")
    events = sum(position for position, _ in heads.values())
    return Anchor(at, events, last, _root(_chain_lines(heads)), heads)


def _wait_for_writers(connection: Connection) -> None:
    """Let no event be under way with an id below the newest; SQLite has one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"LOCK TABLE {EVENT.name} IN SHARE MODE")


def read_anchor(path: Path) -> Anchor:
    """The anchor in a file; BadFile says where it is none, or was changed since it was taken."""
    try:
        with path.open("rb") as file:
            summary = _summary(path, file.readline(_LONGEST_LINE))
            heads: Heads = {}
            lines = []
            for number, line in enumerate(file, 2):
                chain, position, stored = _head(path, number, line)
                heads[chain] = (position, stored)
                lines.append(line.decode().rstrip("\n"))
    except OSError as problem:
        raise BadFile(path, f"cannot be read: {problem.strerror}") from problem
    anchor = Anchor(summary["at"], summary["events"], summary["last_event"], summary["root"], heads)
    whole = lines == _chain_lines(heads) and _root(lines) == anchor.root
    counts = (summary["chains"], anchor.events)
    if not whole or counts != (len(heads), sum(position for position, _ in heads.values())):
        raise BadFile(path, "was changed: its lines do not fit the root in its first line")
    return anchor


def _summary(path: Path, line: bytes) -> dict[str, Any]:
    found = _json(line)
    if not isinstance(found, dict) or "handrail_anchor" not in found:
        raise BadFile(path, "is no anchor; `handrail audit anchor FILE` takes one", 1)
    if found["handrail_anchor"] != VERSION:
        raise BadFile(path, f"is an anchor of version {found['handrail_anchor']!r}, not 1", 1)
    wanted = {"at": str, "events": int, "last_event": int, "chains": int, "root": str}
    for name, kind in wanted.items():
        if not isinstance(found.get(name), kind):
            raise BadFile(path, f"{name} is missing", 1)
    return found


def _head(path: Path, number: int, line: bytes) -> tuple[str, int, str]:
    match _json(line):
        case [str(chain), int(position), str(stored)]:
            return chain, position, stored
    raise BadFile(path, "is no line of an anchor: [chain, position, hash]", number)


def _json(line: bytes) -> Any:
    try:
        return json.loads(line.decode())
    except ValueError:
        return None


def _chain_lines(heads: Heads) -> list[str]:
    return [
        canonical([chain, position, stored]) for chain, (position, stored) in sorted(heads.items())
    ]


def _root(lines: list[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
