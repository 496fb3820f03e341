"""The keys in force: the registry's, and over them what a person set."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import lookup

from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS
from textual.keys import Keys as Named

from console.actions import BY_ID, COMMANDS, Command, shown_key
from data.errors import BadFile, HandrailError

if TYPE_CHECKING:
    from console.settings import Settings

MODIFIERS = frozenset({"ctrl", "shift", "alt", "meta", "super", "hyper"})

MOVING = frozenset(
    {
        "up", "down", "left", "right", "j", "k", "pageup", "pagedown", "home", "end",
        "tab", "shift+tab", "enter", "escape", "backspace", "ctrl+c", "ctrl+q",
    }
)  # fmt: skip
"""Keys that lists, dialogs and forms need; no command may have one."""

ESCAPE_GOTO = "escape-goto"
"""The binding of what escape and the leading key become when they are typed fast."""

_NAMES = frozenset(key.value for key in Named) | frozenset(KEY_NAME_REPLACEMENTS.values())


class Keys:
    """Which key each command has."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        """What a person chose, by command; checked by `checked_keys`."""
        self._keys = {command.id: [_plain(command.key)] for command in COMMANDS if command.key}
        for name, told in (chosen or {}).items():
            self._keys[name] = _each(told)
        self.chosen = dict(chosen or {})

    def of(self, name: str) -> list[str]:
        """The keys of a command as Textual names them; of a place, the letters."""
        return self._keys.get(name, [])

    def shown(self, name: str) -> str:
        """The keys of a command as they are written on the screen; empty if it has none."""
        if BY_ID[name].group == "Go to":
            leader = shown_key(self.of("goto")[0])
            return " ".join(f"{leader} {shown_key(key)}" for key in self.of(name))
        return " ".join(shown_key(key) for key in self.of(name))

    @property
    def keymap(self) -> dict[str, str]:
        """What Textual is to change; the letters of places are not keys of their own."""
        return {
            name: ",".join(self.of(name)) for name in self.chosen if BY_ID[name].group != "Go to"
        }

    @property
    def after_escape(self) -> dict[str, str]:
        """The same for what escape and the leading key become when they are typed fast."""
        return {ESCAPE_GOTO: ",".join(f"alt+{key}" for key in self.of("goto"))}

    @property
    def places(self) -> dict[str, Command]:
        """Where the leading key and a letter lead."""
        return {
            key: command
            for command in COMMANDS
            if command.group == "Go to"
            for key in self.of(command.id)
        }


def _plain(key: str) -> str:
    """The key, or of a place the letter, as Textual names it."""
    key = key.removeprefix("g ").strip()
    return next(iter(Binding.make_bindings([Binding(key, "", "")]))).key


def _each(told: str) -> list[str]:
    return [_plain(part.strip()) for part in told.split(",") if part.strip()]


def _known(key: str) -> bool:
    """Whether a terminal can send such a key."""
    *modifiers, base = key.split("+")
    if not base or any(modifier not in MODIFIERS for modifier in modifiers):
        return False
    if len(base) == 1 or base in _NAMES:
        return True
    try:
        lookup(base.replace("_", " "))
    except KeyError:
        return False
    return True


def checked_keys(settings: "Settings", path: Path | None = None) -> Keys:
    """The keys in force; the error names file, line, both commands where two want one key."""
    for name, told in settings.keys.items():
        if name not in BY_ID:
            near = get_close_matches(name, BY_ID, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(BY_ID)}"
            raise _error(path, f"is no command{hint}", name)
        keys = _each(told)
        if not keys:
            raise _error(path, "names no key; leave the line out for the usual one", name)
        for key in keys:
            if not _known(key):
                raise _error(path, f"{key!r} is no key; write such as f2, R, ctrl+o or ?", name)
            if key in MOVING:
                raise _error(path, f"{key!r} is needed for moving and leaving; take another", name)
    keys_in_force = Keys(settings.keys)
    for name in settings.keys:
        _check_alone(keys_in_force, name, path)
    return keys_in_force


def _check_alone(keys: Keys, name: str, path: Path | None) -> None:
    for other in COMMANDS:
        if other.id == name or not _together(BY_ID[name].group, other.group):
            continue
        for key in set(keys.of(name)) & set(keys.of(other.id)):
            told = shown_key(key)
            raise _error(
                path,
                f"{told!r} is the key of two commands, {name!r} and {other.id!r}; "
                "give one of them another",
                name,
            )


def _together(one: str, other: str) -> bool:
    """Whether commands of these groups listen at the same time, so that they need two keys.

    A letter of a place comes after the leading key; a replay has the desk's keys for itself.
    """
    if "Go to" in (one, other):
        return one == other
    return "Replay" not in (one, other) or one == other or "Console" in (one, other)


def _error(path: Path | None, problem: str, name: str) -> HandrailError:
    if path is not None and path.exists():
        from console.settings_file import SettingsFile

        return SettingsFile(path).error(problem, "keys", name)
    return BadFile(path or "settings", f"keys.{name}: {problem}")


def keys_of(app: object) -> Keys:
    """The keys in force in an app."""
    found = getattr(app, "keys", None)
    return found if isinstance(found, Keys) else Keys()
