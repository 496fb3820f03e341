"""Reading `--set name=value` against the arguments that an action has."""

import json
from typing import Any

import typer

from agents.actions.arguments import TYPES, check_arguments
from agents.errors import BadArguments
from console.format import exponent, line, major
from data.queries.rows import ActionRow
from data.vocabulary import ActionName


def changed_arguments(action: ActionRow, settings: list[str]) -> dict[str, Any]:
    """The arguments that `settings` change, with values of their types.

    A dotted name sets one field of an argument that holds several. BadParameter or BadArguments
    names the setting that does not fit.
    """
    changes = _read(action.name, action.arguments, settings)
    if "amount" in changes:
        _check_minor(changes["amount"], action.currency)
    checked = check_arguments(ActionName(action.name), {**action.arguments, **changes})
    return {name: checked[name] for name in changes}


def given_arguments(name: ActionName, settings: list[str], known: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an action that is proposed; those in `known` need not be given.

    BadParameter or BadArguments names the setting that does not fit, or the argument that lacks.
    """
    fields = TYPES[name].model_fields
    empty: dict[str, Any] = {field: {} if field == "changes" else "" for field in fields}
    given = _read(name, empty, settings)
    if "amount" in given:
        _check_minor(given["amount"], str(given.get("currency") or "") or None)
    usual = {field: value for field, value in known.items() if field in fields and value}
    arguments = {**usual, **given}
    for field, wanted in fields.items():
        if wanted.is_required() and field not in arguments:
            raise _wrong(f"{name} needs {field}: add --set {field}=…")
    return check_arguments(name, arguments)


def _read(action: str, arguments: dict[str, Any], settings: list[str]) -> dict[str, Any]:
    """What `settings` make of `arguments`: only those that they name."""
    changes: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise _wrong(f"{line(setting)!r} is not NAME=VALUE")
        top, dot, inner = name.partition(".")
        if top not in arguments:
            known = ", ".join(sorted(arguments))
            raise _wrong(f"{action} has no argument {line(top)!r}; it has {known}")
        present = changes.get(top, arguments[top])
        if dot:
            if not isinstance(present, dict):
                raise _wrong(f"{top} has no fields; write {top}={line(value)}")
            changes[top] = {**present, inner: value}
        else:
            changes[top] = _whole(top, value, present)
    return changes


def _whole(name: str, value: str, present: object) -> object:
    """The value of an argument; one that holds several fields is given as JSON."""
    if not isinstance(present, dict):
        return value
    try:
        fields = json.loads(value)
    except json.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise _wrong(f"{name} holds fields; set them one by one, such as {name}.email=…")
    return fields


def _check_minor(value: object, currency: str | None) -> None:
    """BadArguments for an amount that is no whole number, with what it would be in minor units."""
    text = str(value).strip()
    if text.lstrip("+-").isdigit():
        return
    code = currency or "usd"
    try:
        meant = round(float(text) * 10 ** exponent(code))
        advice = f"for {major(meant, code)} {code.upper()} write amount={meant}"
    except (ValueError, OverflowError):
        advice = f"such as amount=1850 for {major(1850, code)} {code.upper()}"
    raise BadArguments(f"amount={line(text)}: money is given in minor units, {advice}")


def _wrong(problem: str) -> typer.BadParameter:
    return typer.BadParameter(problem, param_hint="--set")
