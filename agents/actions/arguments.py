"""The arguments of each action, typed; amounts in minor units, times in UTC."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from agents.actions.wording import near, problem_in_words
from agents.errors import BadArguments
from data.vocabulary import ActionName, Priority

ResetOperation = Literal["revoke_sessions", "clear_cache", "resync_entitlements", "unlock_account"]
CRM_FIELDS = ("name", "email", "phone", "language", "address", "company")
"""The fields of a customer that may be changed."""

_EMAIL = re.compile(r"^[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]{2,}$")
_E164 = re.compile(r"^\+[1-9]\d{6,14}$")


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("must be a UTC time such as 2026-03-11T09:00:00Z")
    return moment.astimezone(UTC)


def _crm_changes(changes: dict[str, str]) -> dict[str, str]:
    for name, value in changes.items():
        if name not in CRM_FIELDS:
            there = near(name, CRM_FIELDS) or f"; there are {', '.join(CRM_FIELDS)}"
            raise ValueError(f"{name!r} is no field to change{there}")
        if not value.strip():
            raise ValueError(f"{name} must not be empty")
    if "email" in changes and not _EMAIL.match(changes["email"]):
        raise ValueError(f"{changes['email']!r} is no e-mail address")
    if "email" in changes and changes["email"] != changes["email"].lower():
        raise ValueError("an e-mail address is stored in lower case")
    if "phone" in changes and not _E164.match(changes["phone"]):
        raise ValueError(f"{changes['phone']!r} is no phone number in E.164, such as +34600100200")
    return changes


Id = Annotated[str, Field(min_length=1)]


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number of minor units, not true or false")
    return value


Amount = Annotated[int, Field(gt=0), BeforeValidator(_no_truth)]
Currency = Annotated[str, Field(pattern=r"^[a-z]{3}$")]
Moment = Annotated[datetime, AfterValidator(_utc)]
Text = Annotated[str, Field(min_length=1)]


class Arguments(BaseModel):
    """What every action's arguments share: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProcessRefund(Arguments):
    """Give money of one charge back."""

    charge: Id
    amount: Amount
    currency: Currency


class IssueCredit(Arguments):
    """Put money on a customer's balance."""

    customer: Id
    amount: Amount
    currency: Currency


class ReinstateSubscription(Arguments):
    """Make a canceled subscription active again, with its plan's features."""

    subscription: Id


class ResetService(Arguments):
    """Clear a customer's broken condition in one service."""

    customer: Id
    service: Id
    operation: ResetOperation


class UpdateCrm(Arguments):
    """Change named fields of a customer's record."""

    customer: Id
    changes: Annotated[dict[str, str], Field(min_length=1), AfterValidator(_crm_changes)]


class SendReply(Arguments):
    """Answer the ticket."""

    ticket: Id
    body: Text


class SendNotification(Arguments):
    """Write to the customer outside of the ticket."""

    customer: Id
    channel: Literal["email", "sms"]
    subject: Text
    body: Text


class CreateTicket(Arguments):
    """File a ticket with another team."""

    queue: Id
    summary: Text
    priority: Priority = Priority.NORMAL


class ScheduleCallback(Arguments):
    """Promise a call at a time."""

    customer: Id
    at: Moment
    topic: Text


class Undo(Arguments):
    """Take back what another action did."""

    action: Id


TYPES: dict[ActionName, type[Arguments]] = {
    ActionName.PROCESS_REFUND: ProcessRefund,
    ActionName.ISSUE_CREDIT: IssueCredit,
    ActionName.REINSTATE_SUBSCRIPTION: ReinstateSubscription,
    ActionName.RESET_SERVICE: ResetService,
    ActionName.UPDATE_CRM: UpdateCrm,
    ActionName.SEND_REPLY: SendReply,
    ActionName.SEND_NOTIFICATION: SendNotification,
    ActionName.CREATE_TICKET: CreateTicket,
    ActionName.SCHEDULE_CALLBACK: ScheduleCallback,
    ActionName.UNDO: Undo,
}


def check_arguments(name: ActionName, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments as plain JSON values; BadArguments names the field and what it must be."""
    try:
        return TYPES[name].model_validate(arguments).model_dump(mode="json")
    except ValidationError as problem:
        first = problem_in_words(problem.errors()[0], TYPES[name].model_fields)
        raise BadArguments(f"{name}: {first}") from None
