"""A model's part in one run: every call a recorded step, within the run's limits; what it cannot
say, the embedded brain's result says."""

import hashlib
import threading
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import update

from agents.brains.brain import Brain, Desk, SetAside, Veil
from agents.brains.llm import recorded_brain
from agents.brains.protocol import (
    Answer,
    BadAnswer,
    Call,
    Declined,
    LimitReached,
    ModelRefused,
    ModelUnavailable,
    ToolCall,
)
from agents.connectors.protocols import Row
from agents.engine.journal import Journal
from agents.engine.parts import Hear, Parts
from agents.policy.model import Policy
from data.queries.tickets import RUN
from data.vocabulary import EMBEDDED

STEP = "model."
"""What the names of recorded calls begin with."""

_WHY = {
    "ModelUnavailable": "the model cannot be reached",
    "ModelRefused": "the model's service refused the call",
    "LimitReached": "the limits of the run are reached",
}

_BAD: dict[str, type[BadAnswer]] = {"Declined": Declined, "BadAnswer": BadAnswer}
"""What an answer may be that does not do, the closer kind first."""


@dataclass(frozen=True)
class _AnyLimits:
    """Of a model that is never asked."""

    steps: int = 1
    tokens: int = 1
    dollars: float = 1.0
    seconds: float = 1.0


def asking_in(parts: Parts, journal: Journal, brain: str) -> "Asking | None":
    """A model's part in a run that was begun with `brain`; None: the embedded one thinks alone.

    Where the model is not at hand any more, what it has answered in the run still counts.
    """
    if brain == EMBEDDED:
        return None
    return Asking(parts.brain or recorded_brain(brain, _AnyLimits()), journal, parts.told)


class Asking:
    """The recorded way to a model for one run. Safe to use from the specialists' threads."""

    def __init__(self, brain: Brain, journal: Journal, told: Hear | None = None) -> None:
        """Ask `brain` for the run that the journal holds."""
        self.brain = brain
        self._journal, self._told = journal, told
        self._lock = threading.Lock()
        self._gone: str | None = None
        self._sent: dict[str, int] = {}

    def desk(self, policy: Policy, veil: Veil) -> Desk:
        """What a role works with."""
        mark = hashlib.sha256(f"mark:{self._journal.ticket_id}".encode())
        return Desk(self._ask, veil, policy, mark.hexdigest()[:12])

    def set_aside(self, agent: str, what: str, aside: SetAside) -> None:
        """Tell in trace and run that the embedded result stands for `what` of an agent."""
        data = {"what": what, "why": aside.why}
        self._journal.note("model.set_aside", agent, data, payload=aside.detail or None)
        with self._journal.write() as tx:
            problem = f"{agent}: {aside.why}; the embedded brain stood in"
            run = RUN.c.id == self._journal.run_id
            tx.connection.execute(update(RUN).where(run).values(problem=problem))

    def _ask(self, step: str, call: Call) -> Answer:
        recorded = self._journal.step(
            STEP + step,
            call.role,
            "model.called",
            lambda: self._called(step, call),
            lambda result: _view(result, call),
            keep=self._keep,
        )
        problem = recorded["problem"]
        answer = answer_of(recorded["answer"]) if recorded["answer"] else None
        if problem is None:
            assert answer is not None
            return answer
        if problem["kind"] in _BAD:
            raise _BAD[problem["kind"]](problem["text"], answer, problem.get("why", ""))
        # It is not asked again in this pass: each try may take as long as this one did.
        self._gone = problem.get("why") or _WHY[problem["kind"]]
        raise SetAside(self._gone, problem["text"])

    def _called(self, step: str, call: Call) -> Row:
        """The call and what came of it, as it is kept."""
        if self._gone is not None:
            raise SetAside(self._gone)
        self._check_limits()
        hears = None
        if self._told is not None:
            hears = self._told(self._journal.ticket_id, self._journal.run_id or "", call.role)
        answer: Answer | None = None
        problem: Row | None = None
        try:
            answer = self.brain.model.ask(replace(call, ticket=self._journal.ticket_id), hears)
        except BadAnswer as bad:
            kind = next(name for name, kind in _BAD.items() if isinstance(bad, kind))
            answer, problem = bad.answer, {"kind": kind, "text": str(bad), "why": bad.why}
        except (ModelUnavailable, ModelRefused, LimitReached) as gone:
            kind = next(n for n in _WHY if n in {c.__name__ for c in type(gone).__mro__})
            problem = {"kind": kind, "text": str(gone), "why": getattr(gone, "why", "")}
            answer = getattr(gone, "answer", None)
        base = step.rpartition(".")[0]
        with self._lock:
            first = self._sent.get(base, 0)
            self._sent[base] = len(call.messages)
        asked = {
            "messages": list(call.messages[first:]),
            "tools": [tool.name for tool in call.tools],
            "schema": call.schema_name if call.schema else None,
        }
        return {"asked": asked, "answer": asdict(answer) if answer else None, "problem": problem}

    def _check_limits(self) -> None:
        limits = self.brain.limits
        calls = [r for name, r in self._journal.recorded(STEP) if r.get("answer")]
        answers = [r["answer"] for r in calls]
        over = {
            f"{limits.steps} calls": len(calls) >= limits.steps,
            f"{limits.tokens} tokens": sum(map(_tokens, answers)) >= limits.tokens,
            f"{limits.dollars} dollars": sum(a["cost_micros"] for a in answers)
            >= limits.dollars * 1e6,
            f"{limits.seconds} seconds": sum(a["seconds"] for a in answers) >= limits.seconds,
        }
        reached = next((name for name, is_over in over.items() if is_over), None)
        if reached is not None:
            raise SetAside(f"the run's limit of {reached} is reached")

    def _keep(self, result: Row) -> None:
        """Commit a call at once, with what it took: it is not paid for twice."""
        answer = result["answer"]
        with self._journal.write() as tx:
            if answer is None:
                return
            taken = {
                "tokens": RUN.c.tokens + _tokens(answer),
                "cost_micros": RUN.c.cost_micros + answer["cost_micros"],
            }
            run = RUN.c.id == self._journal.run_id
            tx.connection.execute(update(RUN).where(run).values(**taken))


def _tokens(answer: Row) -> int:
    return int(answer["tokens_in"] + answer["tokens_out"])


def answer_of(kept: Row) -> Answer:
    """An answer as it was, from how it is kept."""
    calls = tuple(ToolCall(**call) for call in kept["tool_calls"])
    return Answer(**{**kept, "tool_calls": calls})


def _view(result: Row, call: Call) -> dict[str, Any]:
    """What the log shows of a call: figures and names of ours, nobody's words."""
    answer, problem = result["answer"], result["problem"]
    known = {tool.name for tool in call.tools}
    view: dict[str, Any] = {}
    if answer is not None:
        view = {
            "model": answer["model"],
            "tokens": _tokens(answer),
            "tokens_in": answer["tokens_in"],
            "tokens_out": answer["tokens_out"],
            "cost_micros": answer["cost_micros"],
            "model_ms": round(answer["seconds"] * 1000),
        }
        if answer["cached"]:
            view["cached"] = True
        if answer["tool_calls"]:
            names = [c["name"] if c["name"] in known else "unknown" for c in answer["tool_calls"]]
            view["reads"] = names
    if problem is not None:
        view["error"] = problem.get("why") or _WHY.get(
            problem["kind"], "the answer has not the form that was asked for"
        )
    return view
