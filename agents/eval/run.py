"""Running scenarios: each in a fresh workspace and back office, with its clock and its operator."""

import multiprocessing
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from agents.brains.brain import Brain
from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.world import alter, fill
from agents.connectors.embedded.writer import EmbeddedWriter
from agents.engine.advance import Engine
from agents.engine.parts import Parts
from agents.engine.writing import GuardedWriter
from agents.errors import BadArguments, NotDecidable
from agents.eval.compare import Ended, Mismatch, compare
from agents.eval.report import Report, ScenarioRun, Took
from agents.eval.scenario import Scenario, load_scenario, scenario_files
from agents.playbooks.model import Playbooks, load_playbooks
from agents.policy.model import Alone, Policy, load_policy
from agents.replies import Templates
from agents.service import NewTicket, Service
from data.clock import CountingIds, VirtualClock
from data.errors import BadFile
from data.queries.approvals import pending_approvals
from data.queries.queue import pending_tickets
from data.queries.rows import ActionRow
from data.queries.tickets import RUN, ticket_detail
from data.store import EVENT
from data.vocabulary import DONE_ACTIONS, ActionName, ActionState, Author, Gate, TicketStatus
from data.workspace import open_workspace

_LIMIT = 400
"""Turns after which a scenario that never comes to rest is given up."""

_PEOPLE = ("operator-1", "operator-2")


@dataclass(frozen=True)
class Rules:
    """The policy, playbooks and templates that scenarios run under."""

    policy: Policy
    playbooks: Playbooks
    templates: Templates
    brain: Brain | None = None
    """A language model in every role; None: the embedded brain alone."""

    def thinking_with(self, brain: Brain) -> "Rules":
        """The same rules with a model in every role, whose replies go out as the templates' do.

        What scenarios expect counts the requests about actions; whether a model's words ask as well
        is the policy's, and says nothing of what was found and done.
        """
        approval = self.policy.approval
        if approval.actions.get(ActionName.SEND_REPLY) is Gate.AUTO:
            alone = [*approval.alone, Alone(action=ActionName.SEND_REPLY)]
            approval = approval.model_copy(update={"alone": alone})
        policy = self.policy.model_copy(update={"approval": approval})
        return replace(self, policy=policy, brain=brain)

    @classmethod
    def load(cls, policy: Path | None = None, playbooks: Path | None = None) -> "Rules":
        """Those of the files given, packaged ones otherwise."""
        return cls(load_policy(policy), load_playbooks(playbooks), Templates())


class Stage:
    """One scenario under way: its workspace, back office, engine and operator."""

    def __init__(
        self, scenario: Scenario, folder: Path, rules: Rules, *, approve_all: bool
    ) -> None:
        """Build the world in `folder`."""
        self.scenario, self.approve_all = scenario, approve_all
        self.back_office = folder / "backoffice.db"
        fill(self.back_office, scenario.world(), synchronous="OFF")
        start = min([scenario.now, *(t.at for t in scenario.tickets)])
        self.clock = VirtualClock(start)
        self.store = open_workspace(
            str(folder / "workspace.db"), clock=self.clock, ids=CountingIds(), synchronous="OFF"
        )
        self.reader = EmbeddedReader(self.back_office)
        self.writer = EmbeddedWriter(self.back_office, synchronous="OFF")
        guarded, policy = GuardedWriter(self.store, self.writer), rules.policy
        for intent, mode in scenario.trials.items():
            policy = policy.with_mode(intent, mode)
        parts = Parts(
            self.store, self.reader, guarded, policy, rules.playbooks, rules.templates,
            sleep=lambda _: None, brain=rules.brain,
        )  # fmt: skip
        self.engine, self.service = Engine(parts), Service(self.store, policy)
        self.ids: dict[str, str] = {}
        self.asked: dict[str, set[str]] = {t.ref: set() for t in scenario.tickets}
        self._replies = {t.ref: list(t.replies) for t in scenario.tickets}
        self._changes = list(scenario.changes)
        self._waited: set[tuple[int, str]] = set()

    def close(self) -> None:
        """Give up every file."""
        self.writer.close()
        self.reader.close()
        self.store.close()

    def play(self) -> dict[str, Ended]:
        """Let the tickets arrive in order, each worked until nothing moves; how they ended."""
        for ticket in sorted(self.scenario.tickets, key=lambda t: t.at):
            self._pass_time(max(ticket.at, self.clock.now()))
            if not self._still_to_come(ticket.at):
                self._pass_time(max(self.scenario.now, ticket.at))
            self.ids[ticket.ref] = self.service.ingest(
                NewTicket(
                    ticket.ref, ticket.subject, ticket.body, ticket.email, ticket.channel, ticket.at
                )
            )
            self._work()
        self._pass_time(max(self.scenario.now, self.clock.now()))
        self._work()
        return {ref: self.ended(ref) for ref in self.ids}

    def _still_to_come(self, at: datetime) -> bool:
        return any(t.at > at for t in self.scenario.tickets)

    def _work(self) -> None:
        """Advance, decide and answer until nothing moves any more."""
        for _ in range(_LIMIT):
            self._apply_changes()
            pending = pending_tickets(self.store, 50)
            if pending:
                for ticket_id in pending:
                    self.engine.advance(ticket_id)
                self._apply_changes()
                continue
            if self._decide() or self._answer():
                continue
            return
        raise RuntimeError(f"scenario {self.scenario.name} does not come to rest")

    def _pass_time(self, until: datetime) -> None:
        """Move the clock on, stopping where something is due."""
        for change in [c for c in self._changes if c.at is not None and c.at <= until]:
            assert change.at is not None
            self.clock.advance_to(change.at)
            self._changes.remove(change)
            alter(self.back_office, change.table, change.id, change.set)
        self.clock.advance_to(until)
        self.service.wake_due()

    def _apply_changes(self) -> None:
        """Alter the world where a ticket has come as far as a change waits for."""
        stages: dict[str, set[ActionState]] = {
            "proposed": {s for s in ActionState if s is not ActionState.REFUSED},
            "approved": {ActionState.APPROVED, ActionState.EXECUTING, *DONE_ACTIONS},
            "executed": set(DONE_ACTIONS),
        }
        for change in list(self._changes):
            if change.after is None:
                continue
            ref, _, stage = change.after.rpartition(".")
            if ref not in self.ids:
                continue
            actions, wanted = ticket_detail(self.store, self.ids[ref]).actions, stages[stage]
            if any(a.state in wanted for a in actions if a.name != "send_reply"):
                self._changes.remove(change)
                alter(self.back_office, change.table, change.id, change.set)

    def _decide(self) -> bool:
        """Let the scripted operator decide the first request that waits; whether anything was
        done."""
        refs = {ticket_id: ref for ref, ticket_id in self.ids.items()}
        for action in pending_approvals(self.store):
            ref = refs[action.ticket_id]
            self.asked[ref].add(action.id)
        for action in pending_approvals(self.store):
            self._decide_one(action, refs[action.ticket_id])
            self._apply_changes()
            return True
        return False

    def _decide_one(self, action: ActionRow, ref: str) -> None:
        if self.approve_all:
            self._approve(action)
            return
        for index, rule in enumerate(self.scenario.operator):
            if rule.action not in (None, action.name) or rule.ticket not in (None, ref):
                continue
            if rule.over is not None and (action.amount or 0) <= rule.over:
                continue
            if rule.decide == "wait":
                if (index, action.id) in self._waited:
                    continue
                self._waited.add((index, action.id))
                self._pass_time(self.clock.now() + timedelta(hours=rule.hours))
                return
            if rule.decide == "reject":
                self.service.reject(action.id, by=_PEOPLE[0], reason=rule.reason)
            elif rule.decide == "edit":
                self._edit(action, rule.set)
            else:
                self._approve(action)
            return
        self._approve(action)

    def _edit(self, action: ActionRow, changes: dict[str, Any]) -> None:
        try:
            decided = self.service.edit(action.id, by=_PEOPLE[0], changes=changes)
        except (BadArguments, NotDecidable):
            self.service.reject(action.id, by=_PEOPLE[0], reason="the edit is not allowed")
            return
        if decided.people_missing:
            self.service.approve(decided.action_id, by=_PEOPLE[1])

    def _approve(self, action: ActionRow) -> None:
        """As many people as the action needs."""
        for person in _PEOPLE[: max(action.people_needed, 1)]:
            if self.service.approve(action.id, by=person).state == ActionState.APPROVED:
                return

    def _answer(self) -> bool:
        """Let the first customer that is awaited answer; whether one did."""
        for ref, replies in self._replies.items():
            if not replies or ref not in self.ids:
                continue
            status = ticket_detail(self.store, self.ids[ref]).ticket.status
            if status is TicketStatus.AWAITING_CUSTOMER:
                self.service.receive(self.ids[ref], replies.pop(0), at=self.clock.now())
                return True
        return False

    def took(self) -> Took:
        """What a model was asked so far."""
        kinds = {name: EVENT.c.kind == name for name in ("model.called", "model.set_aside")}
        with self.store.read() as connection:
            counts = [
                connection.execute(select(func.count()).select_from(EVENT).where(kind)).scalar_one()
                for kind in kinds.values()
            ]
            sums = connection.execute(
                select(
                    func.coalesce(func.sum(RUN.c.tokens), 0),
                    func.coalesce(func.sum(RUN.c.cost_micros), 0),
                )
            ).one()
        return Took(*counts, *map(int, sums))

    def ended(self, ref: str) -> Ended:
        """How the ticket stands now."""
        detail = ticket_detail(self.store, self.ids[ref])
        done = [a for a in detail.actions if a.state in DONE_ACTIONS]
        with self.store.read() as connection:
            proposed = connection.execute(
                select(EVENT.c.data).where(
                    EVENT.c.chain == self.ids[ref], EVENT.c.kind == "action.proposed"
                )
            ).all()
        names = [a.name for a in detail.actions if a.state is not ActionState.REFUSED]
        dropped = {
            a.id for a in detail.actions if a.state is ActionState.WITHDRAWN and not a.decisions
        }
        edited = {
            a.id
            for a in detail.actions
            if a.supersedes
            and a.id in self.asked[ref]
            and any(b.id == a.supersedes and b.problem == "edited" for b in detail.actions)
        }
        return Ended(
            status=detail.ticket.status.value,
            intents=detail.ticket.intents,
            escalated=detail.ticket.status is TicketStatus.ESCALATED,
            reason=(detail.outcome or {}).get("text", ""),
            actions=[{"action": a.name, **a.arguments} for a in done],
            proposed=names if proposed or names else [],
            approvals=len(self.asked[ref] - edited - dropped),
            reply="\n\n".join(m.body for m in detail.messages if m.author == Author.AGENT),
            flags=detail.ticket.flags,
            priority=detail.ticket.priority.value,
        )


def play(
    scenario: Scenario,
    rules: Rules,
    *,
    approve_all: bool = False,
    look: Callable[[Stage], None] = lambda stage: None,
) -> tuple[dict[str, Ended], list[Mismatch]]:
    """Run a scenario once in a folder of its own; how its tickets ended and what is not as
    expected. `look` sees the stage before it goes."""
    folder = Path(tempfile.mkdtemp(prefix="handrail-eval-"))
    try:
        stage = Stage(scenario, folder, rules, approve_all=approve_all)
        try:
            ended = stage.play()
            look(stage)
            return ended, compare(scenario.expect, ended, stage.reader)
        finally:
            stage.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _nothing(scenario: Scenario, rules: Rules) -> bool:
    """Whether the scenario would pass if every ticket stayed as it came."""
    folder = Path(tempfile.mkdtemp(prefix="handrail-eval-"))
    try:
        path = folder / "backoffice.db"
        fill(path, scenario.world(), synchronous="OFF")
        idle = Ended("new", [], False, "", [], [], 0, "", [], "normal")
        reader = EmbeddedReader(path)
        passed = not compare(scenario.expect, {t.ref: idle for t in scenario.tickets}, reader)
        reader.close()
        return passed
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_scenario(path: Path, rules: Rules, k: int = 1) -> ScenarioRun:
    """Run one file `k` times; it passes if all of them do. BadFile if it is not a scenario."""
    scenario = load_scenario(path)
    mismatches: list[Mismatch] = []
    tickets: dict[str, Ended] = {}
    taken = [Took()]
    for _ in range(k):
        tickets, found = play(scenario, rules, look=lambda stage: taken.append(stage.took()))
        mismatches = mismatches or found
    scripted = any(rule.decide != "approve" for rule in scenario.operator)
    approve_all = not mismatches
    if scripted and rules.brain is None:
        approve_all = not play(scenario, rules, approve_all=True)[1]
    return ScenarioRun(
        scenario.name,
        str(path),
        not mismatches,
        k,
        mismatches,
        tickets,
        approve_all,
        _nothing(scenario, rules),
        sum(taken, Took()),
    )


def _run_file(
    path: Path,
    policy: Path | None,
    playbooks: Path | None,
    k: int,
    make_brain: Callable[[], Brain] | None,
) -> ScenarioRun | BadFile:
    try:
        rules = Rules.load(policy, playbooks)
        if make_brain is not None:
            rules = rules.thinking_with(make_brain())
        return run_scenario(path, rules, k)
    except BadFile as problem:
        return problem


def run_paths(
    paths: list[Path],
    k: int = 1,
    *,
    policy: Path | None = None,
    playbooks: Path | None = None,
    make_brain: Callable[[], Brain] | None = None,
    processes: int = 1,
    on_done: Any = None,
    on_begin: Callable[[int], None] = lambda _: None,
) -> Report:
    """Run every scenario that the paths name; files that are none are reported beside the others.

    `on_begin(files)` is called with their number, `on_done(run_or_problem)` as each is done. Ends
    at once when it is interrupted. BadFile if a path names nothing. `make_brain` gives the model
    that thinks, the same one at each call in a process.
    """
    report, files = Report(), scenario_files(paths)
    Rules.load(policy, playbooks)
    on_begin(len(files))
    if processes > 1 and len(files) > 4:
        with _helpers(processes) as pool:
            jobs = [
                pool.submit(_run_file, path, policy, playbooks, k, make_brain) for path in files
            ]
            results = (job.result() for job in jobs)
            return _collect(report, results, on_done)
    results = (_run_file(path, policy, playbooks, k, make_brain) for path in files)
    return _collect(report, results, on_done)


@contextmanager
def _helpers(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with the block, at once where it is left early, and leave no files."""
    with tempfile.TemporaryDirectory(prefix="handrail-eval-") as folder:
        pool = ProcessPoolExecutor(processes, initializer=_begin, initargs=(folder,))
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
            raise
        finally:
            pool.shutdown()


def _begin(folder: str) -> None:
    """In a helper: ctrl+c is the business of the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = folder


def _collect(report: Report, results: Any, on_done: Any) -> Report:
    for result in results:
        if isinstance(result, BadFile):
            report.unreadable.append(result)
        else:
            report.runs.append(result)
        if on_done is not None:
            on_done(result)
    return report
