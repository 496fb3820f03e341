"""What the engine works with, wired once per process."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.connectors.protocols import Reader, Writer
from agents.playbooks.model import Playbooks
from agents.policy.model import Policy
from agents.replies import Templates
from data.store import Store


@dataclass(frozen=True)
class Parts:
    """The store, the outside systems, and the rules."""

    store: Store
    reader: Reader
    writer: Writer
    """The only write handle; nothing but the executor touches it."""
    policy: Policy
    playbooks: Playbooks
    templates: Templates
    sleep: Callable[[float], None] = field(default=time.sleep)
