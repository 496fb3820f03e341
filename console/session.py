"""What the console is given: a workspace, the service that writes, and who is asking."""

from collections.abc import Callable
from subprocess import Popen
from typing import TYPE_CHECKING, Any, Protocol

from agents.authority import Person
from agents.policy.model import Policy
from console.desk_service import DeskServiceLike
from data.store import Store
from data.vocabulary import ActionName, Intent

if TYPE_CHECKING:
    from agents.forking.fork import Changed, Forked
    from console.bootstrap import Rules


class DecidedLike(Protocol):
    """How an action stands after a decision."""

    @property
    def action_id(self) -> str:
        """The action that now stands."""
        ...

    @property
    def state(self) -> str:
        """Its state."""
        ...

    @property
    def people_missing(self) -> int:
        """How many further people must approve."""
        ...


class ServiceLike(DeskServiceLike, Protocol):
    """The decisions that the console can take; every error is a HandrailError."""

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        ...

    def approve(self, action_id: str, *, by: str, digest: str | None = None) -> DecidedLike:
        """Approve exactly the arguments that `digest` stands for."""
        ...

    def reject(self, action_id: str, *, by: str, reason: str) -> DecidedLike:
        """Refuse, with a reason that the agents will read."""
        ...

    def edit(self, action_id: str, *, by: str, changes: dict[str, Any]) -> DecidedLike:
        """Approve with changed arguments."""
        ...

    def check_edit(self, action_id: str, *, by: str, changes: dict[str, Any]) -> None:
        """Raise what `edit` would raise; nothing is changed."""
        ...

    def most(self, action_id: str, *, by: str) -> int | None:
        """The largest amount that an edit of this person's may set; None: any."""
        ...

    def undo(self, action_id: str, *, by: str) -> DecidedLike:
        """Take back what was done."""
        ...

    def reconcile(self, action_id: str, *, by: str, happened: bool, note: str) -> DecidedLike:
        """State what was found about an action whose outcome is not known."""
        ...

    def stop(
        self, *, by: str, action: ActionName | None = None, intent: Intent | None = None
    ) -> str:
        """Halt everything, one action, or one intent."""
        ...

    def go(self, *, by: str, halt: str | None = None) -> int:
        """Lift every halt, or one; how many."""
        ...

    def retry(self, ticket_id: str, *, by: str) -> object:
        """Have the agents look at the ticket again."""
        ...


class SessionLike(Protocol):
    """One person's open workspace."""

    @property
    def store(self) -> Store:
        """What is read."""
        ...

    @property
    def service(self) -> ServiceLike:
        """What writes."""
        ...

    @property
    def operator(self) -> str:
        """The name that decisions are recorded under."""
        ...

    @property
    def person(self) -> Person | None:
        """Who it is, as far as that is proved; None: they must sign in first."""
        ...

    def sign_in(self, name: str, passphrase: str) -> Person:
        """Who it is from now on; NotAllowed if the passphrase is not theirs."""
        ...

    def fork(
        self,
        ticket_id: str,
        step: int,
        changed: "Changed",
        rules: "Rules",
        on_turn: Callable[[int], None] = lambda _: None,
    ) -> "Forked":
        """Go on from a step of a ticket in a shadow copy."""
        ...

    def start_worker(self) -> "Popen[bytes] | Popen[str]":
        """Start a worker process on this workspace."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...
