"""The lines above and below the panes: their tabs, and the keys that do something now."""

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from console.actions import COMMANDS, Command
from console.keymap import keys_of
from console.possible import Context


class KeyHint(Static):
    """One key with its label; dim, with the reason in the tooltip, while it is not possible."""

    def __init__(self, command: Command, keys: str) -> None:
        """Of this command, with its keys as they are written."""
        content = Content.assemble((f" {keys} ", "bold $text-accent"), command.label + " ")
        super().__init__(content, markup=False, id=f"key-{command.id}")
        self.command = command
        self.tooltip = Content(command.tooltip)
        self._reason: str | None = None

    def show(self, reason: str | None) -> None:
        """Say whether it is possible now; nothing is drawn again where that did not change."""
        if reason == self._reason:
            return
        self._reason = reason
        self.set_class(reason is not None, "-off")
        self.tooltip = Content(f"Not now: {reason}" if reason else self.command.tooltip)

    def on_click(self) -> None:
        """A click is the key."""
        self.post_message(KeyBar.Pressed(self.command.id))


class KeyBar(Horizontal):
    """The keys, in one line; as many as fit, the rest is in the help."""

    @dataclass
    class Pressed(Message):
        """A key was clicked."""

        command: str

    def __init__(self, *ids: str) -> None:
        """Of these commands; of all that the registry puts here, if none is named."""
        super().__init__()
        self.commands = [c for c in COMMANDS if (c.id in ids if ids else c.in_bar)]

    def compose(self) -> ComposeResult:
        """One hint for each command."""
        for command in self.commands:
            yield KeyHint(command, keys_of(self.app).shown(command.id))

    def on_resize(self, event: events.Resize) -> None:
        """Show as many as fit; the stop button, help and quit always."""
        keys = keys_of(self.app)
        widths = {c.id: len(keys.shown(c.id)) + len(c.label) + 3 for c in self.commands}
        always = [name for name in ("stop", "help", "quit") if name in widths]
        room = event.size.width - sum(widths[name] for name in always)
        for hint in self.query(KeyHint):
            name = hint.command.id
            fits = name in always or room >= widths[name]
            room -= widths[name] if fits and name not in always else 0
            hint.display = fits

    def show(self, context: Context) -> None:
        """Dim what is not possible now, and say why in its tooltip."""
        for hint in self.query(KeyHint):
            hint.show(hint.command.unavailable(context))


PANES = {
    "queue": "Queue",
    "conversation": "Conversation",
    "findings": "Findings",
    "trace": "Trace",
    "approvals": "Approvals",
}
"""The panes of the desk in the order that tab walks them."""


class PaneTab(Static):
    """The name of one pane."""

    def __init__(self, pane: str) -> None:
        """Of this pane."""
        super().__init__(PANES[pane], markup=False, id=f"tab-{pane}")
        self.pane = pane
        self._shown: tuple[bool, str] | None = None

    def show(self, active: bool, count: str) -> None:
        """Mark it or not, with a count; nothing is drawn again where that did not change."""
        if (active, count) == self._shown:
            return
        self._shown = (active, count)
        name = PANES[self.pane] + (f" {count}" if count else "")
        edge = "▸" if active else " "
        self.update(Content.assemble(edge, (name[0], "underline"), name[1:], " "))
        self.set_class(active, "-active")

    def on_click(self) -> None:
        """A click goes there."""
        self.post_message(PaneTabs.Chosen(self.pane))


class PaneTabs(Horizontal):
    """The panes by name; the one that has the keys is marked."""

    @dataclass
    class Chosen(Message):
        """A pane was clicked."""

        pane: str

    def compose(self) -> ComposeResult:
        """One tab for each pane."""
        for pane in PANES:
            yield PaneTab(pane)

    def show(self, pane: str, counts: dict[str, str]) -> None:
        """Mark this pane, and put the counts beside the names."""
        for tab in self.query(PaneTab):
            tab.show(tab.pane == pane, counts.get(tab.pane, ""))
