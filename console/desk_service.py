"""What the console needs of the service for an operator's own work."""

from typing import TYPE_CHECKING, Any, Protocol

from data.vocabulary import ActionName, Priority, QualityName

if TYPE_CHECKING:
    from agents.service.correcting import Correction


class DraftLike(Protocol):
    """Words for an answer."""

    @property
    def body(self) -> str:
        """The words."""
        ...

    @property
    def assumes(self) -> tuple[str, ...]:
        """What they tell as done and is not done yet."""
        ...

    def says_nothing(self, body: str) -> bool:
        """Whether these words are no more than greeting and close."""
        ...


class DeskServiceLike(Protocol):
    """An operator's work on tickets; every error is a HandrailError."""

    def take(self, ticket_id: str, *, by: str, force: bool = False) -> str:
        """Take a ticket; who had it."""
        ...

    def hand_back(self, ticket_id: str, *, by: str, note: str = "", force: bool = False) -> str:
        """Give it back to the agents; who had it."""
        ...

    def accept(self, ticket_id: str, *, by: str, force: bool = False) -> str:
        """Take a ticket that was handed to people."""
        ...

    def assign(self, ticket_id: str, *, to: str, by: str, force: bool = False) -> str:
        """Give it to an operator; who had it."""
        ...

    def send(
        self,
        ticket_id: str,
        body: str,
        *,
        by: str,
        resolve: bool = False,
        force: bool = False,
        seen: int | None = None,
    ) -> str:
        """Answer the customer; the id of the action."""
        ...

    def note(self, ticket_id: str, body: str, *, by: str) -> None:
        """Add an internal note."""
        ...

    def set_priority(self, ticket_id: str, priority: Priority, *, by: str) -> Priority:
        """Set the priority; what it was."""
        ...

    def correct(self, ticket_id: str, correction: "Correction", *, by: str) -> dict[str, object]:
        """Set what triage got wrong; what changed."""
        ...

    def merge(self, ticket_id: str, *, into: str, by: str, force: bool = False) -> None:
        """Merge a duplicate into another ticket."""
        ...

    def close(self, ticket_id: str, *, by: str, reason: str, force: bool = False) -> None:
        """Close it without an answer."""
        ...

    def resolve(self, ticket_id: str, *, by: str, reason: str, force: bool = False) -> None:
        """Say that it is resolved."""
        ...

    def propose(
        self,
        ticket_id: str,
        name: ActionName,
        arguments: dict[str, Any],
        *,
        by: str,
        reason: str = "",
    ) -> str:
        """Propose an action; its id."""
        ...

    def set_availability(self, name: str, available: bool, *, by: str) -> None:
        """Say whether a person can be handed tickets now."""
        ...

    def draft(self, ticket_id: str) -> DraftLike:
        """The agents' words for an answer."""
        ...

    def begun(self, ticket_id: str, *, by: str) -> str | None:
        """The answer that a person has begun; None if there is none."""
        ...

    def keep_begun(self, ticket_id: str, body: str, *, by: str) -> None:
        """Keep an answer that was begun; an empty one is dropped."""
        ...

    def macro(self, ticket_id: str, name: str, macros: dict[str, str], *, by: str) -> str:
        """A macro with the ticket's fields filled in."""
        ...

    def agree_on_quality(
        self,
        ticket_id: str,
        *,
        by: str,
        name: QualityName | None = None,
        note: str = "",
        check_id: str | None = None,
    ) -> float | None:
        """Agree with quality scores; the overall one that stands then."""
        ...

    def correct_quality(
        self,
        ticket_id: str,
        name: QualityName,
        score: float,
        *,
        by: str,
        note: str,
        check_id: str | None = None,
    ) -> float | None:
        """Say what a quality score should be; the overall one that stands then."""
        ...
