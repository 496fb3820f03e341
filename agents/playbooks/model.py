"""The playbook file: which role handles which kinds of issue, what it may read and propose, its
rules."""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

import data
from agents.actions.arguments import TYPES
from agents.understanding.kinds import FAMILY_OF
from data.errors import BadFile
from data.files import YamlFile
from data.vocabulary import ActionName, AgentName, Intent

PACKAGED = Path(data.__file__).parent / "playbooks"

READ_TOOLS = (
    "customer",
    "plans",
    "subscriptions",
    "charges",
    "refunds",
    "activity",
    "errors",
    "services",
    "resets",
    "articles",
    "past_tickets",
    "staff",
)
"""Every tool that a role may be given; none of them writes."""

EXPRESSIONS = SandboxedEnvironment(undefined=StrictUndefined)
_CODE = re.compile(r"^[A-Z]\d+[a-z]?$")


def _expression(text: str) -> str:
    try:
        EXPRESSIONS.compile_expression(text)
    except TemplateSyntaxError as problem:
        raise ValueError(f"{text!r} is no expression: {problem.message}") from None
    return text


def _template(text: str) -> str:
    try:
        EXPRESSIONS.from_string(text)
    except TemplateSyntaxError as problem:
        raise ValueError(f"{text!r} is no template: {problem.message}") from None
    return text


def _kind(name: str) -> str:
    if name not in FAMILY_OF:
        raise ValueError(f"{name!r} is no kind of issue; there are {', '.join(sorted(FAMILY_OF))}")
    return name


def _tool(name: str) -> str:
    if name not in READ_TOOLS:
        raise ValueError(f"{name!r} is no read tool; there are {', '.join(READ_TOOLS)}")
    return name


Expression = Annotated[str, AfterValidator(_expression)]
Template = Annotated[str, AfterValidator(_template)]
Kind = Annotated[str, AfterValidator(_kind)]
Tool = Annotated[str, AfterValidator(_tool)]


class Part(BaseModel):
    """What every part of the file shares."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Planned(Part):
    """An action that a rule plans; each argument is an expression."""

    action: ActionName
    each: Expression | None = None
    """A list; the action is planned once for each `item` of it."""
    when: Expression = "true"
    arguments: dict[str, Expression]
    reason: Template
    rests_on: Expression = "[]"
    """The records, as table:id, whose change makes a decision stale; the target is one anyway."""

    def model_post_init(self, _: Any) -> None:
        """Check the names of the arguments against the action's type."""
        known = TYPES[self.action].model_fields
        for name in self.arguments:
            if name not in known:
                raise ValueError(
                    f"{self.action} has no argument {name!r}; it has {', '.join(known)}"
                )


class Rule(Part):
    """If it fits the issue: the cause, what to do, what to say, and how the issue ends."""

    rule: Annotated[str, Field(pattern=_CODE.pattern)]
    """The rule of the policy that this carries out."""
    kinds: list[Kind] = []
    """Kinds of issue it is for; none: all that the role handles."""
    when: Expression = "true"
    anyone: bool = False
    """Whether it needs no identity."""
    cause: Template
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.9
    evidence: Expression = "[]"
    """References table:id of the rows it rests on."""
    plan: list[Planned] = []
    reply: str = ""
    """The name of the reply's text."""
    end: Expression = "'resolved'"
    """resolved, awaiting_customer or escalated."""
    skill: Expression = "none"
    """Whom it escalates to, if it does; none: the issue's intent."""
    refer: Kind | None = None
    """Hand the issue to the role that handles this kind, as this kind."""
    intent: Intent | None = None
    """If other than the section of the rule."""


class Playbook(Part):
    """What one role does."""

    playbook: Literal[1]
    agent: AgentName
    handles: list[Kind]
    reads: list[Tool]
    proposes: list[ActionName]
    rules: list[Rule]

    def model_post_init(self, _: Any) -> None:
        """Check that rules plan only what the role may propose."""
        for rule in self.rules:
            for planned in rule.plan:
                if planned.action not in self.proposes:
                    raise ValueError(
                        f"{self.agent} may not propose {planned.action} (rule {rule.rule})"
                    )


class Playbooks:
    """All roles' playbooks, by the kind of issue they handle."""

    def __init__(self, playbooks: list[Playbook]) -> None:
        """Take over validated playbooks; each kind is handled by one role."""
        self.all = playbooks

    @cached_property
    def by_kind(self) -> dict[str, Playbook]:
        """Kind of issue to the playbook of the role that handles it."""
        return {kind: playbook for playbook in self.all for kind in playbook.handles}

    def of(self, agent: AgentName) -> Playbook:
        """The playbook of a role."""
        return next(playbook for playbook in self.all if playbook.agent == agent)


def load_playbooks(folder: Path | None = None) -> Playbooks:
    """The playbooks in `folder`, or the packaged ones; BadFile names line and field of an error.

    A file of a team's folder replaces the packaged one of the same name; the others stay.
    """
    paths = {path.name: path for path in sorted(PACKAGED.glob("*.yaml"))}
    if folder is not None:
        if not folder.is_dir():
            raise BadFile(folder, "is no folder of playbooks")
        paths |= {path.name: path for path in sorted(folder.glob("*.yaml"))}
    found: dict[str, Path] = {}
    playbooks = []
    for path in paths.values():
        file = YamlFile(path)
        playbook = file.validate(Playbook)
        for kind in playbook.handles:
            if kind in found:
                raise file.error(f"{kind!r} is handled by {found[kind].name} already", "handles")
            found[kind] = path
        playbooks.append(playbook)
    missing = sorted(set(FAMILY_OF) - set(found))
    if missing:
        raise BadFile(folder or PACKAGED, f"no playbook handles {', '.join(missing)}")
    return Playbooks(playbooks)
