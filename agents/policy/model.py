"""The policy file: the numbers and gates that a team may change."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

import data
from agents.policy.levels import ServiceLevelRules
from data.columns import canonical
from data.files import YamlFile
from data.vocabulary import ActionName, Gate, Intent, Role, TrialMode

PACKAGED = Path(data.__file__).parent / "policy" / "policy.yaml"

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Minor = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """What every part of the file shares: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Escalate(Part):
    """When a ticket goes to a person at once."""

    anger_over: Share = 0.6
    urgency_over: Share = 0.8
    confidence_under: Share = 0.5
    repeat_tickets: Count = 3
    repeat_days: Count = 7
    skill_wait_hours: Count = 4


class IdentityRules(Part):
    """How surely a customer must be known."""

    tries: Count = 2
    strong_fields: list[str] = ["email", "phone"]


class Billing(Part):
    """Limits of money (minor units) and time (days from the charge, the last day included)."""

    refund_days: Minor = 14
    after_cancellation_days: Minor = 120
    refund_total_limit: Minor = 50_000


class Technical(Part):
    """How far back the logs count."""

    log_hours: Count = 72
    reset_repeat_hours: Count = 72


class Product(Part):
    """How well an article must fit a question."""

    article_fit_over: Share = 0.45


class Alone(Part):
    """An action that may run without asking, up to an amount, for some intents."""

    action: ActionName
    up_to: Minor | None = None
    intents: list[Intent] = []


class RoleLimit(Part):
    """What people of one role may approve; without a limit, everything."""

    up_to: Minor | None = None
    """Minor units of one action."""
    actions: list[ActionName] | None = None


class Cap(Part):
    """What may run in a day (UTC) over all tickets; beyond it a supervisor is asked."""

    action: ActionName
    count: Count | None = None
    amount: Minor | None = None
    """Minor units of `currency` in all."""
    currency: str | None = None
    """None: each currency by itself."""


class Approval(Part):
    """How each action is decided."""

    actions: dict[ActionName, Gate]
    two_people_over: Minor = 20_000
    expires_hours: Count = 24
    alone: list[Alone] = []
    roles: dict[Role, RoleLimit] = {Role.OPERATOR: RoleLimit(up_to=50_000)}
    """Limits of the roles that may decide; a viewer never may."""
    caps: list[Cap] = []
    shadow: list[Intent] = []
    """Intents in shadow: the older way to say so in `trials`."""


class Tickets(Part):
    """What happens to tickets by time alone."""

    close_after_days: Count = 7
    keep_days: Count | None = None
    """After so many days a ticket that has ended is pruned; None: never, unless asked for."""
    survey: bool = False
    """Whether the agents' answer to a resolved ticket asks how satisfied the customer is."""


class Policy(Part):
    """The whole policy."""

    policy: Literal[1]
    name: str = ""
    escalate: Escalate = Escalate()
    identity: IdentityRules = IdentityRules()
    billing: Billing = Billing()
    technical: Technical = Technical()
    product: Product = Product()
    approval: Approval
    trials: dict[Intent, TrialMode] = {}
    """How far each intent has come; one that is not named is in `auto`."""
    tickets: Tickets = Tickets()
    service_levels: ServiceLevelRules = ServiceLevelRules()

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        for intent in self.approval.shadow:
            mode = self.trials.get(intent, TrialMode.SHADOW)
            if mode is not TrialMode.SHADOW:
                raise ValueError(
                    f"approval.shadow names {intent} and trials says {mode}; "
                    "take it out of approval.shadow"
                )
        return self

    def mode_of(self, intent: str | None) -> TrialMode:
        """How far the agents may go with an intent."""
        if intent in self.approval.shadow:
            return TrialMode.SHADOW
        return self.trials.get(intent, TrialMode.AUTO)  # type: ignore[call-overload, no-any-return]

    def with_mode(self, intent: Intent, mode: TrialMode) -> "Policy":
        """The same policy with an intent in another mode."""
        shadow = [other for other in self.approval.shadow if other is not intent]
        approval = self.approval.model_copy(update={"shadow": shadow})
        return self.model_copy(
            update={"trials": {**self.trials, intent: mode}, "approval": approval}
        )

    @property
    def version(self) -> str:
        """A digest of the values that decide about actions; decisions bind to it."""
        values = self.model_dump(
            mode="json", exclude={"service_levels": True, "tickets": {"keep_days", "survey"}}
        )
        if not self.trials:
            # As before there were any, so that what was decided then still stands.
            del values["trials"]
        return hashlib.sha256(canonical(values).encode()).hexdigest()[:12]


def load_policy(path: Path | None = None) -> Policy:
    """The policy at `path`, or the packaged one; BadFile names line and field of what is wrong."""
    return YamlFile(path or PACKAGED).validate(Policy)
