"""`handrail policy`: the policy in force, and what can be done with it."""

from typing import Any

from console.cli.options import AsJson, Db, PlaybookFolder, PolicyFile
from console.cli.printing import out, print_json
from console.cli.program import Program, new_typer
from console.format import line


class PolicyCommands(Program):
    """What can be done with the policy."""

    sections = {
        "Look": {
            "show": ("console.cli.policy", "The policy in force, and where it is."),
            "preview": ("console.cli.policy_preview", "What another one would have done."),
            "suggest": ("console.cli.policy_suggest", "What could run alone."),
        },
        "Decide": {
            "adopt": ("console.cli.policy_suggest", "Let what is suggested run alone."),
            "revoke": ("console.cli.policy_suggest", "Take an adopted rule back."),
        },
    }


policy = new_typer(PolicyCommands, name="policy", no_args_is_help=False)


@policy.callback()
def _policy(db: Db = None, policy: PolicyFile = None, playbooks: PlaybookFolder = None) -> None:
    """The policy: which actions run alone, ask first, ask two people, or never run."""


def show(
    db: Db = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    as_json: AsJson = False,
) -> None:
    """Print the policy in force, checked, with the files that it comes from."""
    from console.bootstrap import Rules, adopted_in, rules_in_force
    from console.cli.policy_suggest import adopted_json, in_words

    found, values, version = rules_in_force(db, Rules(policy, playbooks))
    adopted = adopted_in(db)
    if as_json:
        rules = [adopted_json(row) for row in adopted]
        print_json({"version": version, "from": found, "policy": values, "adopted": rules})
        return
    for name, path in found.items():
        out(f"# {name}: {line(path or 'packaged', 1000)}")
    out(f"# version: {version}")
    for row in adopted:
        out(f"# adopted {in_words(row)}")
    _print(values, "")


def _print(values: dict[str, Any], indent: str) -> None:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            out(f"{indent}{line(name)}:")
            _print(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            out(f"{indent}{line(name)}:")
            for each in value:
                out(f"{indent}  - {line(_flow(each), 1000)}")
        else:
            out(f"{indent}{line(name)}: {line(_flow(value), 1000)}")


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
