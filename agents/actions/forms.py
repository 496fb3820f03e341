"""What a form asks for: each argument of an action, its kind, and whether an edit may change it."""

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from agents.actions.arguments import TYPES
from agents.actions.catalogue import CATALOGUE
from data.vocabulary import ActionName, Priority

Kind = Literal["money", "moment", "choice", "words", "passage", "fields"]

_KINDS: dict[str, Kind] = {
    "amount": "money", "at": "moment", "body": "passage", "summary": "passage", "changes": "fields",
}  # fmt: skip


@dataclass(frozen=True)
class Argument:
    """One argument of an action."""

    name: str
    kind: Kind
    choices: tuple[str, ...]
    """The values of a closed set."""
    fixed: bool
    """Whether an edit has to leave it as it was proposed."""


def arguments_of(name: ActionName) -> list[Argument]:
    """The arguments of an action in the order of a form.

    Fixed are those that say which record is meant, and the currency of a charge.
    """
    _, target = CATALOGUE[name].target.split(".")
    fixed = {target} | ({"currency"} if name is ActionName.PROCESS_REFUND else set())
    found = []
    for field, declared in TYPES[name].model_fields.items():
        choices = _choices(declared.annotation)
        kind: Kind = "choice" if choices else _KINDS.get(field, "words")
        found.append(Argument(field, kind, choices, field in fixed))
    return found


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is Priority:
        return tuple(priority.value for priority in Priority)
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is Literal:
            return get_args(part)
    return ()
