"""`handrail settings`: what is set, ready to be saved as the file."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import AsJson
from console.cli.printing import out, print_json

if TYPE_CHECKING:
    from console.settings import Settings

_ABOUT: dict[str, str] = {
    "theme": "Colours; the console's command `Theme` shows them all.",
    "reduced_motion": "No animation.",
    "time_zone": 'Where times are shown: "UTC", "local", or such as "Europe/Berlin".',
    "arrivals": "What the console does when something comes that needs a person.",
    "arrivals.toasts": "A note on the screen; many at once are one note.",
    "arrivals.bell": "The terminal's bell.",
    "arrivals.desktop": "A notification of the desktop (OSC 9), through tmux as well.",
    "reminders": "Approvals that wait too long; the console and `handrail work` look after them.",
    "reminders.after": 'Told at each of these, once, such as ["30m", "2h"]; [] is never.',
    "reminders.command": "A program of your own, with its arguments, run without a shell; the\n"
    'text comes on its standard input, such as ["mail", "-s", "Handrail", "desk@example.org"].',
    "reminders.apprise_env": "The environment variable that holds addresses for apprise, which\n"
    "reaches mail, Slack and many more; needs `pip install handrail[remind]`.",
    "model": "A language model that thinks instead of the embedded brain; its key stands in the\n"
    "environment or the keyring (service handrail), never here. `handrail doctor` tries it.",
    "model.name": "PROVIDER/MODEL as litellm names it, such as openai/gpt-4o-mini; empty: none.\n"
    "--model and HANDRAIL_MODEL come before. @http://… at its end says where it is served.",
    "model.api_base": "Where the models of that provider are served, such as a server of yours.",
    "model.roles": 'Other models for single agents, such as triage = "openai/gpt-4o-mini".',
    "model.fallbacks": "Asked in this order where a model cannot be reached or refuses.",
    "model.key_variable": "Where the key stands, if not in the provider's own variable.",
    "model.timeout": "Seconds for one attempt.",
    "model.retries": "Attempts after the first, where that may help.",
    "model.concurrency": "Calls at once.",
    "model.tools": 'How tools are offered: "auto", "native" (its own calls), "schema".',
    "model.answers": 'How a form is asked for: "auto", "native" (response_format), "prompt".',
    "model.replay": "Take recorded answers to identical calls in live runs too.",
    "model.limits": "What one run may take: answers, tokens, US dollars, seconds.",
    "keys": 'Other keys, by the name of the command, such as approve = "f2"; the help lists both.',
    "views": "Searches with a name, offered as views of the queue, such as\n"
    '"angry premium" = "tier:premium status:escalated".',
    "targets": "What the measures aim for, in their units: shares from 0 to 1, seconds, points,\n"
    "messages, US dollars. What is left out keeps its default; `handrail kpi` shows them.",
    "macros": 'Texts with a name, for replies, such as thanks = "Thank you for writing."',
}


def settings(
    path: Annotated[
        bool, typer.Option("--path", help="Print only where the file lies, there or not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the settings in force with their defaults; what is printed can be saved as the file.

    The file is settings.toml in your configuration folder, or what HANDRAIL_SETTINGS names.
    """
    from console.keymap import checked_keys
    from console.settings import load_settings, settings_place

    place = settings_place()
    if path:
        out(str(place))
        return
    found = load_settings()
    checked_keys(found, place)
    if as_json:
        print_json({"path": str(place), "there": place.exists(), "settings": document_of(found)})
        return
    for text in file_of(found):
        out(text)


def _short(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def document_of(settings: "Settings") -> dict[str, Any]:
    """The settings as plain values, spans of time as they are written."""
    found = settings.model_dump()
    found["reminders"]["after"] = [_short(span) for span in settings.reminders.after]
    found["reminders"]["command"] = list(settings.reminders.command)
    return found


def file_of(settings: "Settings") -> list[str]:
    """The lines of a file that sets exactly this, with a comment for each field."""
    from console.settings import Settings
    from console.settings_file import toml_of

    found, defaults = document_of(settings), document_of(Settings())
    lines = ["# Settings of Handrail. Every line may be left out; the defaults stand beside."]
    for name, value in found.items():
        if isinstance(value, dict):
            lines += _table(name, value, defaults[name])
        else:
            told = f"{name} = {toml_of(value)} # default: {toml_of(defaults[name])}"
            lines += ["", *_comment(name), told]
    return lines


def _table(name: str, values: dict[str, Any], defaults: dict[str, Any]) -> list[str]:
    """The lines of a table, and of the tables in it after its own fields."""
    from console.settings_file import toml_of

    lines, within = ["", *_comment(name), f"[{name}]"], []
    for field, each in values.items():
        if isinstance(each, dict):
            within += _table(f"{name}.{field}", each, defaults[field])
            continue
        told = f" # default: {toml_of(defaults[field])}" if field in defaults else ""
        lines += [*_comment(f"{name}.{field}"), f"{_key(field)} = {toml_of(each)}{told}"]
    return lines + within


def _comment(name: str) -> list[str]:
    return [f"# {text}" for text in _ABOUT[name].split("\n")] if name in _ABOUT else []


def _key(name: str) -> str:
    from console.settings_file import toml_of

    bare = name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name)
    return name if bare else toml_of(name)
