"""Scenarios that were played to their end, to be forked, and digests of all that they left."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

import data
from agents.eval.run import Stage
from agents.eval.scenario import load_scenario
from agents.forking.fork import Changed, Forked, fork
from agents.wiring import Places
from data.queries.rows import EventRow
from data.queries.tickets import ticket_events
from tests.engine.desk import rules

SCENARIOS = Path(data.__file__).parent / "scenarios"


class Played:
    """One scenario with its end."""

    def __init__(self, folder: Path, scenario: str) -> None:
        """Play it in `folder`."""
        self.stage = Stage(
            load_scenario(SCENARIOS / f"{scenario}.yaml"), folder, rules(), approve_all=False
        )
        self.stage.play()
        self.store, self.back_office = self.stage.store, self.stage.back_office

    def ticket(self, ref: str | None = None) -> str:
        """The id of a ticket, or of the first."""
        return self.stage.ids[ref or next(iter(self.stage.ids))]

    def events(self, ref: str | None = None) -> list[EventRow]:
        """A ticket's log."""
        return ticket_events(self.store, self.ticket(ref))

    def step(self, kind: str, ref: str | None = None, *, nth: int = 0, name: str = "") -> int:
        """The step of this kind, of the action of this name if one is given."""
        found = [
            e.position for e in self.events(ref)
            if e.kind == kind and name in ("", e.data.get("name"))
        ]  # fmt: skip
        return found[nth]

    def fork(self, step: int, ref: str | None = None, **changed: Any) -> Forked:
        """Fork it there."""
        places = changed.pop("places", None)
        own = Places(backoffice=self.back_office)
        # A scenario may try intents out or have other limits: the policy is the stage's.
        at_stage = (self.stage.service.policy, rules().playbooks, rules().templates)
        options: dict[str, Any] = {} if places else {"read_rules": lambda _: at_stage}
        return fork(
            self.store, self.ticket(ref), step, Changed(**changed), own=own,
            places=Places(**places, backoffice=self.back_office) if places else own,
            **options,
        )  # fmt: skip

    def digest(self) -> str:
        """Of every row of workspace and back office."""
        found = hashlib.sha256()
        with self.store.read() as connection:
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            ).scalars()
            for name in names.all():
                if name.startswith("ticket_words"):
                    continue
                rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()
                found.update(json.dumps([name, *map(list, rows)], default=str).encode())
        with closing(sqlite3.connect(self.back_office)) as there:
            found.update("\n".join(there.iterdump()).encode())
        return found.hexdigest()


@contextmanager
def played(folder: Path, scenario: str) -> Iterator[Played]:
    """A scenario that was played, closed at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    one = Played(folder, scenario)
    try:
        yield one
    finally:
        one.stage.close()


def differs(forked: Forked) -> dict[str, Any]:
    """What ended otherwise, but for the number of steps."""
    return {k: v for k, v in forked.difference.items() if v is not None and k != "steps"}
