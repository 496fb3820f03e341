"""The closed sets of words that are stored and shown; each value is the word itself."""

from enum import StrEnum


class Intent(StrEnum):
    """What a ticket or issue is about."""

    ACCOUNT = "account"
    TECHNICAL = "technical"
    BILLING = "billing"
    PRODUCT = "product"
    ESCALATE = "escalate"


class Sentiment(StrEnum):
    """The tone of a customer's words."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    ANGRY = "angry"


class Priority(StrEnum):
    """How soon a ticket wants an answer."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for the most urgent, growing with patience; what queues sort by."""
        return ("urgent", "high", "normal", "low").index(self.value)


URGENCY_OF = {Priority.LOW: 0.1, Priority.NORMAL: 0.4, Priority.HIGH: 0.7, Priority.URGENT: 0.95}
"""The urgency (0 to 1) that a person means who names a priority."""


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    WORKING = "working"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_CUSTOMER = "awaiting_customer"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    CLOSED = "closed"


class ActionState(StrEnum):
    """Where an action stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    STALE = "stale"
    EXECUTING = "executing"
    EXECUTED = "executed"
    VERIFIED = "verified"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNDONE = "undone"


class ActionName(StrEnum):
    """The typed writes that agents may propose."""

    PROCESS_REFUND = "process_refund"
    ISSUE_CREDIT = "issue_credit"
    REINSTATE_SUBSCRIPTION = "reinstate_subscription"
    RESET_SERVICE = "reset_service"
    UPDATE_CRM = "update_crm"
    SEND_REPLY = "send_reply"
    SEND_NOTIFICATION = "send_notification"
    CREATE_TICKET = "create_ticket"
    SCHEDULE_CALLBACK = "schedule_callback"
    UNDO = "undo"
    """Takes an earlier action back; proposed by a person, never by the agents."""


class Gate(StrEnum):
    """What the policy lets happen with an action."""

    AUTO = "auto"
    ASK = "ask"
    ASK_TWO = "ask_two"
    FORBIDDEN = "forbidden"


class TrialMode(StrEnum):
    """How far the agents may go with an intent that a team tries out."""

    SHADOW = "shadow"
    """They plan; nothing is done and nothing said."""
    ASSIST = "assist"
    """Everything asks a person, the answer too."""
    AUTO = "auto"
    """As the policy's gates say."""


class DecisionKind(StrEnum):
    """What a person, or the policy in their place, decided about an action."""

    APPROVE = "approve"
    EDIT = "edit"
    REJECT = "reject"
    AUTO = "auto"
    UNDO = "undo"


class Role(StrEnum):
    """What a person at the console may do; each may do all that the ones before may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for a viewer, growing with authority."""
        return tuple(Role).index(self)


class AgentName(StrEnum):
    """The roles of the agent core; `system` and `operator` speak for the rest of the log."""

    TRIAGE = "triage"
    ACCOUNT = "account"
    TECHNICAL = "technical"
    BILLING = "billing"
    PRODUCT = "product"
    ESCALATION = "escalation"
    COORDINATOR = "coordinator"
    RESOLUTION = "resolution"
    SYSTEM = "system"
    OPERATOR = "operator"


class Identity(StrEnum):
    """How surely the customer behind a ticket is known (POLICY I1 to I4)."""

    UNKNOWN = "unknown"
    KNOWN = "known"
    STRONG = "strong"


class IssueState(StrEnum):
    """Where one issue of a ticket stands."""

    OPEN = "open"
    AWAITING_CUSTOMER = "awaiting_customer"
    RESOLVED = "resolved"
    ESCALATED = "escalated"


class RunState(StrEnum):
    """Where one pass of the agents stands."""

    RUNNING = "running"
    PARKED = "parked"
    ENDED = "ended"
    FAILED = "failed"


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"
    OPERATOR = "operator"
    NOTE = "note"


class HandoffKind(StrEnum):
    """How an escalated ticket reaches a person."""

    WARM_TRANSFER = "warm_transfer"
    CALLBACK = "callback"
    QUEUE = "queue"


class QualityName(StrEnum):
    """What of an ended ticket is checked."""

    RESOLUTION = "resolution"
    """Whether what was asked is done, and the record bears it out."""
    SENTIMENT = "sentiment"
    """Whether the customer's mood improved."""
    ESCALATION = "escalation"
    """Whether it went to a person where the policy says so, and only there."""
    COMPLIANCE = "compliance"
    """Policy, identity before disclosure, personal data, promises, approvals in order."""


class Verdict(StrEnum):
    """What the checks of a ticket come to."""

    PASSED = "passed"
    ACCEPTABLE = "acceptable"
    """Neither passed nor to be looked at."""
    REVIEW = "review"
    """A person should look at it."""
    NO_DATA = "no_data"
    """Nothing could be told."""


AGENTS_OWN = "agents"
"""The owner of a ticket that no operator has taken."""

EMBEDDED = "embedded"
"""What a run's `brain` says where no language model is asked."""

IMPORTED = "import"
"""The channel of recorded runs of other agents, which ours never go on with."""

OPEN_ACTIONS = frozenset({ActionState.PROPOSED, ActionState.APPROVED, ActionState.EXECUTING})
"""Actions that may still change the world."""

DONE_ACTIONS = frozenset({ActionState.EXECUTED, ActionState.VERIFIED})
"""Actions that did change it, and still stand."""

ENDED_TICKETS = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED})
