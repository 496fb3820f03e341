"""The coordinator by a model: which issues of a ticket are one and the same."""

from agents.brains.brain import Desk
from agents.brains.conversation import (
    Wrong,
    decide,
    field,
    list_of,
    marked,
    object_in,
    object_of,
    objects,
)
from agents.brains.protocol import Answer
from agents.connectors.protocols import Row
from data.vocabulary import AgentName

_NUMBER = {"type": "integer"}
SCHEMA = object_of(same=list_of(object_of(issue=_NUMBER, as_issue=_NUMBER)))


def join(desk: Desk, step: str, issues: list[Row], instructions: str) -> dict[int, int]:
    """Position to position of the issue that it belongs to, none of which belongs to another.

    `issues` are what the specialists found; `may_join` of each names those it may belong to.
    """

    def check(answer: Answer) -> dict[int, int]:
        found: dict[int, int] = {}
        for pair in objects(object_in(answer), "same"):
            one, other = field(pair, "issue", int) - 1, field(pair, "as_issue", int) - 1
            if not (0 <= one < len(issues) and 0 <= other < len(issues)):
                raise Wrong("there is no issue of that number")
            if one == other or one in found:
                raise Wrong("an issue belongs to one other")
            if other + 1 not in issues[one]["may_join"]:
                raise Wrong("an issue would be left out that has something of its own to be done")
            found[one] = other
        if any(other in found for other in found.values()):
            raise Wrong("an issue belongs to one that belongs to another itself")
        return found

    shown = [{"issue": number, **issue} for number, issue in enumerate(issues, 1)]
    return decide(
        desk,
        AgentName.COORDINATOR.value,
        step,
        instructions=instructions,
        data=marked(desk, "issues", shown),
        schema=SCHEMA,
        schema_name="coordination",
        check=check,
        max_tokens=300,
    )
