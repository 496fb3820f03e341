"""What the engine works with, wired once per process."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.connectors.protocols import Reader
from agents.engine.writing import GuardedWriter
from agents.playbooks.model import Playbooks
from agents.policy.model import Policy
from agents.replies import Templates
from data.store import Store


@dataclass(frozen=True)
class Parts:
    """The store, the outside systems, and the rules."""

    store: Store
    reader: Reader
    writer: GuardedWriter
    """Carries out what was decided, by the action's id, and nothing else."""
    policy: Policy
    playbooks: Playbooks
    templates: Templates
    sleep: Callable[[float], None] = field(default=time.sleep)
