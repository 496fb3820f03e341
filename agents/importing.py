"""Storing recorded runs of other agents as tickets that have ended; no agent of ours wakes."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from agents.intake.records import Reject, storable
from agents.intake.runs import Call, RecordedRun, Said
from agents.understanding.language import language_of
from agents.understanding.secrets import mask_secrets
from agents.understanding.visible import visible
from data.columns import canonical
from data.redaction import redact
from data.store import TICKET, NewEvent, Store, Transaction
from data.tables import Message, Run, Ticket
from data.vocabulary import IMPORTED, AgentName, Author, RunState, TicketStatus

AT_ONCE = 25
"""Runs that are stored together, at most."""

AT_ONCE_CHARACTERS = 2_000_000
"""Of what they say; longer runs are stored by fewer together."""

LONGEST_SUBJECT = 120

_CODE = re.compile(r"(?:[A-Z0-9]{1,8}|\d{4}-\d\d-\d\d(?:[T ][\d:.+Z-]*)?|true|false)")
"""Texts among a tool's arguments that name nobody: codes, dates."""

_ERROR = re.compile(r"\s*(?:error\b|\{\s*\"error\"\s*:)", re.IGNORECASE)


@dataclass
class Imported:
    """What became of the runs of a file."""

    tickets: list[str] = field(default_factory=list)
    duplicates: int = 0
    rejected: list[Reject] = field(default_factory=list)


class Importing:
    """Stores runs in order; a run whose id is there already is skipped and counted."""

    def __init__(
        self, store: Store, source: str, tell: Callable[[Reject], None] = lambda reject: None
    ) -> None:
        """Write to `store`; `source` names who recorded them, `tell` hears each reject."""
        self._store, self._source, self._tell = store, source, tell
        self.imported = Imported()

    def take(
        self,
        runs: Iterable[RecordedRun | Reject],
        on_batch: Callable[[int], None] = lambda done: None,
    ) -> Imported:
        """Store all runs, some at a time; `on_batch` hears how many are done."""
        done = 0
        for batch in _batches(runs):
            for run in batch:
                if isinstance(run, Reject):
                    self._reject(run)
            with self._store.write() as tx:
                stored = self._store_runs(tx, [r for r in batch if isinstance(r, RecordedRun)])
            self.imported.tickets += stored
            done += len(batch)
            on_batch(done)
        return self.imported

    def _reject(self, reject: Reject) -> None:
        self.imported.rejected.append(Reject(reject.line, reject.why))
        self._tell(reject)

    def _store_runs(self, tx: Transaction, runs: list[RecordedRun]) -> list[str]:
        refs = [run.id for run in runs]
        query = select(TICKET.c.ref, TICKET.c.channel).where(TICKET.c.ref.in_(refs))
        there = {row.ref: row.channel for row in tx.connection.execute(query)}
        stored = []
        for run in runs:
            if there.get(run.id) == IMPORTED:
                self.imported.duplicates += 1
            elif run.id in there:
                self._reject(Reject(run.line, f"{run.id!r} is the ref of a ticket of another kind"))
            else:
                there[run.id] = IMPORTED
                stored.append(_Storing(tx, run, self._source).ticket_id)
        return stored


def _batches(runs: Iterable[RecordedRun | Reject]) -> Iterator[list[RecordedRun | Reject]]:
    held: list[RecordedRun | Reject] = []
    characters = 0
    for run in runs:
        held.append(run)
        characters += run.size if isinstance(run, RecordedRun) else len(run.raw)
        if len(held) >= AT_ONCE or characters >= AT_ONCE_CHARACTERS:
            yield held
            held, characters = [], 0
    if held:
        yield held


class _Storing:
    """One run on its way into the workspace: rows, and events in the shapes of our own."""

    def __init__(self, tx: Transaction, run: RecordedRun, source: str) -> None:
        self._tx, self._run = tx, run
        self._at = run.at or tx.now
        self._position = 0
        self.ticket_id, self._run_id = tx.ids("t"), tx.ids("r")
        self._store(f"{source}:{run.model}" if run.model else source)

    def _store(self, brain: str) -> None:
        run, tx, said = self._run, self._tx, [s for s in self._run.steps if isinstance(s, Said)]
        asked = next((s.text for s in said if s.author == "customer"), "")
        outcome = {"code": "imported", "rule": None, "text": "A recorded run of another agent."}
        moments = [self._at, *(s.at for s in said if s.at is not None)]
        tx.insert(
            Ticket, id=self.ticket_id, ref=run.id, channel=IMPORTED,
            subject=_subject(asked, run.id),
            language=language_of(asked) if asked else "und", status=TicketStatus.CLOSED.value,
            outcome=outcome, opened_at=self._at, updated_at=tx.now, ended_at=max(moments),
            message_count=len(said), pending=False, wake_seq=0, read_seq=0,
            read_count=sum(s.author == "customer" for s in said),
        )  # fmt: skip
        tx.insert(
            Run, id=self._run_id, ticket_id=self.ticket_id, number=1, state=RunState.ENDED.value,
            brain=brain, started_at=self._at, ended_at=max(moments),
        )  # fmt: skip
        first = run.steps[0]
        opens = isinstance(first, Said) and first.author == "customer"
        data: dict[str, Any] = {"channel": IMPORTED, "ref": redact(run.id)}
        if opens and isinstance(first, Said):
            data |= self._message(first)
        self._tell("ticket.opened", AgentName.SYSTEM, data, of_run=False)
        started = {"run": 1, "brain": brain, "characters": sum(map(len, run.rules))}
        self._tell("run.started", AgentName.RESOLUTION, started, "\n\n".join(run.rules) or None)
        for step in run.steps[1 if opens else 0 :]:
            if isinstance(step, Call):
                self._call(step)
            elif step.author == "customer":
                self._tell("message.received", AgentName.SYSTEM, self._message(step), of_run=False)
            else:
                self._message(step)
                reply = {"characters": len(step.text)}
                self._tell("reply", AgentName.COORDINATOR, reply, step.text)
        ended = {"status": TicketStatus.CLOSED.value, "outcome": {"code": "imported", "rule": None}}
        self._tell("run.ended", AgentName.RESOLUTION, ended, canonical(run.more))

    def _message(self, said: Said) -> dict[str, Any]:
        """Store a message; what an event says of it."""
        tx, by = self._tx, Author.CUSTOMER if said.author == "customer" else Author.AGENT
        payload, digest = tx.add_payload(said.text)
        self._position += 1
        self._at = max(self._at, said.at or self._at)
        tx.insert(
            Message, id=tx.ids("m"), ticket_id=self.ticket_id, position=self._position,
            author=by.value, at=self._at, body=mask_secrets(visible(said.text)),
            payload_id=payload,
        )  # fmt: skip
        return {"message": digest, "characters": len(said.text)}

    def _call(self, call: Call) -> None:
        data: dict[str, Any] = {"tool": redact(call.tool), "input": shape_of(call.arguments)}
        data |= {"rows": rows_in(call.result), "answered": call.answered}
        if call.result is not None and _ERROR.match(call.result):
            data["error"] = "the tool answered with an error"
        both = {"arguments": call.arguments, "result": call.result}
        self._tell("tool.called", AgentName.COORDINATOR, data, canonical(both))

    def _tell(
        self,
        kind: str,
        agent: AgentName,
        data: dict[str, Any],
        payload: str | None = None,
        *,
        of_run: bool = True,
    ) -> None:
        self._at += timedelta(microseconds=1)
        run_id = self._run_id if of_run else None
        kept = None if payload is None else storable(payload)
        event = NewEvent(kind, agent.value, data, self.ticket_id, run_id, None, kept, self._at)
        self._tx.append(event)


def shape_of(arguments: Any, depth: int = 0) -> Any:
    """A tool's arguments as the log may show them: names, numbers and codes; of words the length.

    Nobody knows which of another's arguments are about a person, so that all words are left out.
    """
    if isinstance(arguments, dict):
        if depth > 4:
            return f"[{len(arguments)} fields]"
        return {
            storable(str(redact(str(name))))[:60]: shape_of(value, depth + 1)
            for name, value in list(arguments.items())[:40]
        }
    if isinstance(arguments, list):
        if depth > 4:
            return f"[{len(arguments)} items]"
        return [shape_of(value, depth + 1) for value in arguments[:20]]
    if isinstance(arguments, str):
        plain = len(arguments) <= 30 and _CODE.fullmatch(arguments)
        return redact(arguments) if plain else f"[{len(arguments)} characters]"
    if isinstance(arguments, int | float) and not isinstance(arguments, bool):
        return arguments if abs(arguments) < 1e9 else "[number]"
    return arguments


def rows_in(result: str | None) -> int:
    """How many rows a tool gave back: of a JSON list its length, else one, none for nothing."""
    if result is None or not result.strip():
        return 0
    try:
        found = json.loads(result)
    except (ValueError, RecursionError):
        return 1
    return len(found) if isinstance(found, list) else int(found is not None)


def _subject(asked: str, run_id: str) -> str:
    told = " ".join(mask_secrets(visible(asked)).split())
    return told[:LONGEST_SUBJECT] or run_id
