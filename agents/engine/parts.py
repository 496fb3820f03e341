"""What the engine works with, wired once per process."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agents.connectors.protocols import Reader
from agents.engine.writing import GuardedWriter
from agents.playbooks.model import Playbooks
from agents.policy.adopted import laid_over
from agents.policy.model import Policy
from agents.replies import Templates
from data.queries.adopted import in_force
from data.store import Store

if TYPE_CHECKING:
    from agents.brains.brain import Brain
    from agents.understanding.own_model import OwnModel

Hear = Callable[[str, str, str], Callable[[str], None]]
"""Given ticket, run and agent: what hears a model's words as they come."""


@dataclass(frozen=True)
class Parts:
    """The store, the outside systems, and the rules."""

    store: Store
    reader: Reader
    writer: GuardedWriter
    """Carries out what was decided, by the action's id, and nothing else."""
    policy: Policy
    """With the rules that are adopted."""
    playbooks: Playbooks
    templates: Templates
    sleep: Callable[[float], None] = field(default=time.sleep)
    own_model: Callable[[], "OwnModel | None"] = field(default=lambda: None)
    """The team's own triage model that is in use now; None: the packaged one alone."""
    brain: "Brain | None" = None
    """A language model in every role; None: the embedded brain alone."""
    told: Hear | None = None
    adopted: tuple[str, ...] = ()
    """The adopted rules that `policy` holds beside its file's, by id."""

    def keeping_up(self, file: Policy) -> "Parts":
        """The same with the rules that are adopted now laid over the policy's `file`."""
        with self.store.read() as connection:
            rules = in_force(connection)
        adopted = tuple(rule.id for rule in rules)
        if adopted == self.adopted:
            return self
        return replace(self, policy=laid_over(file, rules), adopted=adopted)
