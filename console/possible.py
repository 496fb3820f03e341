"""What is on the screen now, and by that why a command is not possible, in words for a person."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from agents.actions.forms import arguments_of
from agents.authority import Person
from agents.foresight import beyond_role, not_to_approve, not_to_undo
from agents.policy.model import Policy
from console.format import label, line
from console.listing import named
from data.queries.rows import ActionRow, TicketRow
from data.vocabulary import (
    AGENTS_OWN,
    DONE_ACTIONS,
    OPEN_ACTIONS,
    ActionName,
    ActionState,
    Role,
)


@dataclass(frozen=True)
class Context:
    """What is on the screen now; by this a command knows whether it is possible."""

    now: datetime
    pane: str
    ticket: TicketRow | None = None
    actions: tuple[ActionRow, ...] = ()
    """Of the selected ticket."""
    files: int = 0
    """That came with the selected ticket."""
    shown: ActionRow | None = None
    """The approval that is shown in full and has the keys."""
    waiting: ActionRow | None = None
    """An approval of the selected ticket that would have to be opened first."""
    together: tuple[ActionRow, ...] = ()
    """The approvals of the line of several that is shown in full and has the keys."""
    marked: tuple[ActionRow, ...] = ()
    approvals: int = 0
    rest: float = 0.0
    """Seconds for which what came under the cursor by itself cannot be decided yet."""
    unknown: int = 0
    """Actions of the workspace of which nobody knows whether they happened."""
    workers: int = 0
    busy: frozenset[str] = field(default_factory=frozenset)
    """Actions whose decision is being written."""
    role: Role = Role.ADMIN
    """What the person may do."""
    person: Person | None = None
    policy: Policy | None = None
    """The policy in force, once it has been read."""
    key: Callable[[str], str] = field(default=str)
    """How the key of a command is written now."""

    @property
    def undoable(self) -> list[ActionRow]:
        """What was done in this ticket and can still be taken back, newest first."""
        can = [action for action in self.actions if self.not_to_undo(action) is None]
        return list(reversed(can))

    def not_to_undo(self, action: ActionRow) -> str | None:
        """Why this action of the ticket cannot be taken back now."""
        return not_to_undo(action, self.actions, self.person, self.policy, self.now)

    def not_to_approve(self, action: ActionRow) -> str | None:
        """Why the person cannot approve this, as far as it is known beforehand."""
        return not_to_approve(action, self.person, self.policy, self.now)


Reason = Callable[[Context], str | None]


def always(_: Context) -> str | None:
    """Always possible."""
    return None


def needs(least: Role, reason: Reason = always) -> Reason:
    """A reason that comes first for people of a lesser role."""

    def why(context: Context) -> str | None:
        if context.role.rank >= least.rank:
            return reason(context)
        if context.role is Role.VIEWER:
            return "a viewer may not decide"
        return f"only {'an' if least is Role.ADMIN else 'a'} {least} may"

    return why


def decide(context: Context) -> str | None:
    """Why what is shown cannot be decided."""
    if context.marked:
        return None
    if context.rest > 0:
        return "this one has only just come up: look at it, then press again"
    if context.together:
        busy = all(action.id in context.busy for action in context.together)
        return "these decisions are being written" if busy else None
    if context.shown is None:
        if context.waiting is not None:
            return None
        if not context.approvals:
            return "nothing needs approval"
        if context.pane == "approvals":
            return "this one no longer waits: move to the next"
        return f"nothing in this ticket needs approval; others do: {context.key('go-approvals')}"
    if context.shown.id in context.busy:
        return "this decision is being written"
    if context.shown.state is not ActionState.PROPOSED:
        return f"it no longer waits: {context.shown.state.value}"
    return None


def approve(context: Context) -> str | None:
    """Why it cannot be approved, as far as that is known beforehand."""
    problem = decide(context)
    if problem is not None:
        return problem
    several = context.marked or context.together
    chosen = several or ((context.shown,) if context.shown else ())
    reasons = [context.not_to_approve(action) for action in chosen]
    if not reasons or None in reasons:
        return None
    told = f"{named(chosen[0])}: {reasons[0]}"
    return told if len(reasons) == 1 else f"none of these {len(reasons)}; {told}"


def edit(context: Context) -> str | None:
    """Why it cannot be approved with changes."""
    if len(context.marked) > 1:
        return "only one at a time: take the marks away with escape"
    if context.together and not context.marked:
        return "only one at a time: enter shows each"
    problem = decide(context)
    chosen = context.marked[0] if context.marked else context.shown
    if problem is not None or chosen is None:
        return problem
    if chosen.undoes:
        return "undoing has nothing to edit; approve or reject it"
    if all(argument.fixed for argument in arguments_of(ActionName(chosen.name))):
        return "it has no argument that an edit may change; approve or reject it"
    return beyond_role(replace(chosen, amount=None), context.person, context.policy)


def undo(context: Context) -> str | None:
    """Why nothing of the ticket can be taken back."""
    if context.ticket is None:
        return "no ticket is selected"
    if context.undoable:
        return None
    past = [
        action
        for action in context.actions
        if action.executed_at is not None or action.state in DONE_ACTIONS
    ]
    if not past:
        return "nothing was carried out in this ticket"
    likely = [action for action in past if (action.undo or {}).get("possible")]
    originals = [action for action in likely or past if not action.undoes]
    last = (originals or past)[-1]
    return f"{label(last.name)}: {context.not_to_undo(last)}"


def reconcile(context: Context) -> str | None:
    """Why there is no outcome to settle."""
    return None if context.unknown else "every outcome is known"


def retry(context: Context) -> str | None:
    """Why the agents cannot look again."""
    if context.ticket is None:
        return "no ticket is selected"
    if context.ticket.owner != AGENTS_OWN:
        return f"{line(context.ticket.owner, 40)} has it"
    if any(action.state in OPEN_ACTIONS for action in context.actions):
        return "its actions wait or run: decide them first"
    return None


def mark(context: Context) -> str | None:
    """Why nothing can be marked."""
    if context.pane == "approvals":
        return None
    return f"marks are for approvals: {context.key('go-approvals')}"


def worker(context: Context) -> str | None:
    """Why no worker is started."""
    return "a worker is alive" if context.workers else None


def ticket(context: Context) -> str | None:
    """Why no pane of a ticket can be gone to."""
    return None if context.ticket else "no ticket is selected"


def dashboard(context: Context) -> str | None:
    """Why nothing of the dashboard can be chosen."""
    if context.pane == "dashboard":
        return None
    return f"it is for the dashboard: {context.key('go-dashboard')} leads there"


def replay(context: Context) -> str | None:
    """Why nothing is played."""
    if context.pane == "replay":
        return None
    return f"it is for a replay: {context.key('go-replay')} leads there"


def quality(context: Context) -> str | None:
    """Why no score can be reviewed."""
    if context.pane != "quality":
        return f"it is for quality checks: {context.key('go-quality')} leads there"
    return None if context.ticket is not None else "no check is selected"
