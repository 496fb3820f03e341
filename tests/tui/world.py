"""A session on a small workspace, with the real service, which keeps what it was told."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.authority import WORD, Person
from agents.operators import Operators
from agents.policy.model import load_policy
from agents.service import Decided, Service
from data.vocabulary import Role
from data.workspace import Workspace
from tests.operators_support import CHEAP
from tests.tui.company import fill
from tests.tui.rows import make_store


class RecordingService(Service):
    """The real service, which keeps what it was told."""

    def __init__(self, store: Workspace) -> None:
        super().__init__(store, load_policy())
        self.calls: list[tuple[str, str, dict[str, Any]]] = []

    def approve(self, action_id: str, *, by: str, digest: str | None = None) -> Decided:
        self.calls.append(("approve", action_id, {"by": by, "digest": digest}))
        return super().approve(action_id, by=by, digest=digest)

    def reject(self, action_id: str, *, by: str, reason: str) -> Decided:
        self.calls.append(("reject", action_id, {"by": by, "reason": reason}))
        return super().reject(action_id, by=by, reason=reason)

    def edit(self, action_id: str, *, by: str, changes: dict[str, Any]) -> Decided:
        self.calls.append(("edit", action_id, {"by": by, "changes": changes}))
        return super().edit(action_id, by=by, changes=changes)

    def undo(self, action_id: str, *, by: str) -> Decided:
        self.calls.append(("undo", action_id, {"by": by}))
        return super().undo(action_id, by=by)

    def retry(self, ticket_id: str, *, by: str) -> None:
        self.calls.append(("retry", ticket_id, {"by": by}))
        super().retry(ticket_id, by=by)


@dataclass
class TestSession:
    """A session without a worker."""

    __test__ = False

    store: Workspace
    service: RecordingService
    operator: str = "maya"
    started: int = 0
    person: Person | None = field(default_factory=lambda: Person("maya", Role.ADMIN, WORD))

    @property
    def operators(self) -> Operators:
        """Who may look or decide; passphrases cost nothing to check."""
        return Operators(self.store, CHEAP)

    def sign_in(self, name: str, passphrase: str) -> Person:
        """As the real session does."""
        self.person = self.operators.sign_in(name, passphrase)
        self.operator = self.person.name
        self.service.signed_in_by = self.person.signed_in_by
        return self.person

    def fork(self, *asked: Any, **options: Any) -> Any:
        """Nothing here has a back office to fork on."""
        raise NotImplementedError

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """Counts, and starts something that ends at once."""
        self.started += 1
        return subprocess.Popen(["true"])

    def close(self) -> None:
        """Give the database back."""
        self.store.close()


def make_session(folder: Path, *, filled: bool = True) -> TestSession:
    """A session on a fresh workspace."""
    store = make_store(folder)
    if filled:
        fill(store)
    return TestSession(store, RecordingService(store))
