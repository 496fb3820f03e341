"""The scenario file, validated with file, line and field on error."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agents.connectors.embedded.schema import WORLD, columns
from agents.eval.rows import check_row
from data.errors import BadFile
from data.files import YamlFile
from data.vocabulary import ActionName, Intent, TicketStatus, TrialMode


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is no time such as 2026-03-10T12:00:00Z") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Moment = Annotated[datetime, BeforeValidator(_moment)]
Text = Annotated[str, BeforeValidator(_text)]


class Part(BaseModel):
    """What every part of the file shares."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Arrival(Part):
    """A ticket that arrives."""

    ref: Text
    email: str | None = None
    channel: str = "email"
    at: Moment
    subject: Text = ""
    body: Text = ""
    replies: list[Text] = []
    """What the customer answers, in turn, each time the ticket awaits them."""


class OperatorRule(Part):
    """What the scripted operator decides; the first rule that fits."""

    action: ActionName | None = None
    over: int | None = None
    ticket: Text | None = None
    decide: Literal["approve", "reject", "edit", "wait"]
    reason: str = "rejected by the scenario"
    set: dict[str, Any] = {}
    hours: float = 0


class WorldChange(Part):
    """Something that alters the back office while a run waits."""

    after: str | None = None
    """A ticket's proposed, approved or executed, as T1.proposed."""
    at: Annotated[datetime | None, BeforeValidator(_moment)] = None
    table: str
    id: Text
    set: dict[str, Any]


class ExpectedTicket(Part):
    """How a ticket must end; only what is given is compared."""

    status: TicketStatus | None = None
    intents: list[Intent] | None = None
    escalated: bool | None = None
    actions: list[dict[str, Any]] | None = None
    no_actions: list[ActionName] | None = None
    reply_contains: list[Text] | None = None
    reply_lacks: list[Text] | None = None
    approvals: int | None = None
    flags: list[str] | None = None
    priority: str | None = None
    reason_contains: list[Text] | None = None


class Expected(Part):
    """The end that must be reached."""

    tickets: dict[Text, ExpectedTicket] = {}
    backoffice: dict[str, dict[Text, dict[str, Any]]] = {}


class Scenario(Part):
    """A small world with tickets in it."""

    scenario: Literal[1]
    name: str
    about: str = ""
    now: Moment
    backoffice: dict[str, list[dict[str, Any]] | None] = {}
    tickets: Annotated[list[Arrival], Field(min_length=1)]
    operator: list[OperatorRule] = []
    changes: list[WorldChange] = []
    trials: dict[Intent, TrialMode] = {}
    """Intents on trial, beside those of the policy that it runs under."""
    expect: Expected = Expected()

    def world(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of the back office by table."""
        return {table: rows or [] for table, rows in self.backoffice.items()}


def load_scenario(path: Path) -> Scenario:
    """Read a scenario; BadFile names line, field and what was expected."""
    file = YamlFile(path)
    scenario = file.validate(Scenario)
    for table, rows in scenario.world().items():
        if table not in WORLD:
            raise file.error(f"is no table; there are {', '.join(WORLD)}", "backoffice", table)
        for index, row in enumerate(rows):
            problem = check_row(table, row)
            if problem is not None:
                field, text = problem
                raise file.error(text, "backoffice", table, index, field)
    refs = [ticket.ref for ticket in scenario.tickets]
    for index, ref in enumerate(refs):
        if ref in refs[:index]:
            raise file.error(f"{ref!r} stands twice", "tickets", index, "ref")
    for ref, expected in scenario.expect.tickets.items():
        if ref not in refs:
            raise file.error(f"there is no ticket {ref!r}", "expect", "tickets", ref)
        for index, action in enumerate(expected.actions or []):
            if action.get("action") not in set(ActionName):
                known = ", ".join(ActionName)
                problem_text = f"{action.get('action')!r} is no action; there are {known}"
                raise file.error(problem_text, "expect", "tickets", ref, "actions", index)
    for index, change in enumerate(scenario.changes):
        if change.table not in WORLD:
            raise file.error(f"{change.table!r} is no table", "changes", index, "table")
        unknown = sorted(set(change.set) - set(columns(change.table)))
        if unknown:
            raise file.error(f"{change.table} has no field {unknown[0]!r}", "changes", index, "set")
        if (change.after is None) == (change.at is None):
            raise file.error("needs either after or at", "changes", index)
        if change.after is not None:
            ref, _, stage = change.after.rpartition(".")
            if ref not in refs or stage not in ("proposed", "approved", "executed"):
                raise file.error(
                    f"{change.after!r} must be a ticket's proposed, approved or executed",
                    "changes", index, "after",
                )  # fmt: skip
    return scenario


def scenario_files(paths: list[Path]) -> list[Path]:
    """The files that paths name; of a folder, every .yaml or .yml in it, in order."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml"))
        elif path.exists():
            found.append(path)
        else:
            raise BadFile(path, "does not exist")
    if not found:
        raise BadFile(paths[0] if paths else "", "holds no scenario (.yaml)")
    return found
