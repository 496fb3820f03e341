"""The kinds of clauses that triage knows, and how they belong together."""

from data.vocabulary import Intent

BILLING_ERRORS = ("duplicate_charge", "charged_after_cancellation", "wrongful_cancellation")
"""Billing kinds that claim an error; a wish for the money back beside one is no issue of its
own."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "money": (
        *BILLING_ERRORS,
        "refund_request",
        "unknown_charge",
        "wrong_amount",
        "billing_question",
    ),
    "payment": ("payment_failed",),
    "document": ("billing_document",),
    "compensation": ("compensation_request",),
    "cancel": ("cancel_request",),
    "fault": (
        "login_problem",
        "stale_data",
        "missing_feature",
        "rate_limited",
        "service_down",
        "technical_problem",
    ),
    "question": ("how_to", "product_question"),
    "plan": ("plan_change",),
    "contact": ("contact_change",),
    "profile": ("profile_change",),
    "privacy": ("privacy_request",),
    "status": ("account_status",),
}
"""Families of requests: kinds of one family about one thing are one issue."""

FAMILY_OF = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}

INTENTS: dict[str, Intent] = {
    **dict.fromkeys(("money", "payment", "document", "compensation", "cancel"), Intent.BILLING),
    "fault": Intent.TECHNICAL,
    **dict.fromkeys(("question", "plan"), Intent.PRODUCT),
    **dict.fromkeys(("contact", "profile", "privacy", "status"), Intent.ACCOUNT),
}
"""The intent of each family, until a rule has handled the issue."""

TRIGGERS = ("human_request", "legal_threat", "safety_threat", "security_breach")
"""Kinds that send a ticket to a person at once (POLICY E2, E3)."""

NOISE = ("auto_reply", "bounce", "spam", "thanks")
"""Kinds of which a whole message may consist without asking for anything (POLICY N1)."""

ANSWERS = ("confirm", "deny", "still_broken", "solved", "cannot_verify", "identity_details")
"""Kinds that answer something we asked or did."""

OTHER = ("instruction_attempt", "out_of_scope", "context")


def intent_of(kind: str) -> Intent:
    """The intent that a kind of issue has by its words alone."""
    family = FAMILY_OF.get(kind)
    return INTENTS[family] if family else Intent.ESCALATE
