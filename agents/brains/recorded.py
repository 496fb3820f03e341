"""A model whose answers are kept in the workspace, so that an identical call need not be paid for
again."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import delete, select

from agents.brains.choice import ModelChoice
from agents.brains.protocol import Answer, Call, Model, ToolCall
from data.columns import canonical
from data.store import Store, table
from data.tables import ModelAnswer

ANSWER = table(ModelAnswer)


def digest_of(choice: ModelChoice, call: Call) -> str:
    """What tells a call from every other: the models asked, how, the messages, schema and tools."""
    asked: dict[str, Any] = {
        "models": [vars(served) for served in choice.in_order(call.role)],
        "how": choice.model_dump(include={"temperature", "tools", "answers"}),
        "call": asdict(replace(call, ticket="")),
    }
    return hashlib.sha256(canonical(asked).encode()).hexdigest()


class Recorded:
    """Keeps each answer with its ticket; gives the kept one for an identical call, if it may."""

    def __init__(self, model: Model, store: Store, choice: ModelChoice, *, take: bool) -> None:
        """Ask `model`, which asks by `choice`; `take` kept answers instead where there are some."""
        self._model, self._store, self._choice, self._take = model, store, choice, take

    def ask(self, call: Call, told: Callable[[str], None] | None = None) -> Answer:
        """See `Model.ask`."""
        if not call.ticket:
            return self._model.ask(call, told)
        digest = digest_of(self._choice, call)
        if self._take and (kept := self._kept(call.ticket, digest)) is not None:
            return kept
        answer = self._model.ask(call, told)
        self._keep(call.ticket, digest, answer)
        return answer

    def close(self) -> None:
        """Give back what serves the model."""
        self._model.close()

    def _kept(self, ticket_id: str, digest: str) -> Answer | None:
        query = select(ANSWER.c.answer).where(
            ANSWER.c.ticket_id == ticket_id, ANSWER.c.digest == digest
        )
        with self._store.read() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            return None
        calls = tuple(ToolCall(**each) for each in found["tool_calls"])
        return Answer(**{**found, "tool_calls": calls, "cost_micros": 0, "cached": True})

    def _keep(self, ticket_id: str, digest: str, answer: Answer) -> None:
        before = (ANSWER.c.ticket_id == ticket_id, ANSWER.c.digest == digest)
        with self._store.write() as tx:
            tx.connection.execute(delete(ANSWER).where(*before))
            tx.insert(
                ModelAnswer, id=tx.ids("ma"), ticket_id=ticket_id, digest=digest, at=tx.now,
                answer=asdict(answer),
            )  # fmt: skip
