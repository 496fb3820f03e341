"""The keys and what they do, made from the commands that are bound."""

from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from console.actions import COMMANDS, MOVING
from console.format import ACTION, STATUS
from console.keymap import Keys, keys_of
from console.possible import Context
from console.widgets.preview import lines, text

WIDTH = 51
"""Cells of the words beside a key."""


def help_of(context: Context, keys: Keys) -> Content:
    """Every command by group, with the reason where it is not possible now; the glyphs."""
    rows: list[Content] = [text(("Moving", "bold underline"))]
    rows += [text((f"{m.keys:>14}  ", "bold $text-accent"), m.label) for m in MOVING]
    group = ""
    for command in COMMANDS:
        if command.group != group:
            group = command.group
            rows += [text(""), text((group, "bold underline"))]
        reason = command.unavailable(context)
        shown = keys.shown(command.id) or "palette"
        key = (f"{shown:>14}  ", "bold $text-accent" if reason is None else "dim")
        first, *more = wrap(f"{command.label}: {command.tooltip}", WIDTH)
        rows.append(text(key, first))
        rows += [text(f"{'':>16}{part}") for part in more]
        for part in wrap(f"not now: {reason}", WIDTH) if reason else ():
            rows.append(text((f"{'':>16}{part}", "dim")))
    rows += [text(""), text(("Signs of tickets and actions", "bold underline"))]
    signs = {glyph: words for glyph, words, _ in ACTION.values()}
    signs |= {glyph: words for glyph, words, _ in STATUS.values()}
    signs |= {"⚑": "flagged", "!!": "urgent or high risk", "✚": "marked"}
    rows += [text((f"{glyph:>14}  ", "bold"), words) for glyph, words in signs.items()]
    return lines(rows)


class Help(ModalScreen[None]):
    """All keys; any of escape, ? and q leaves."""

    BINDINGS = [
        Binding("escape,question_mark,q", "dismiss(None)", "Leave"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("pagedown", "scroll(15)", "Page down", show=False),
        Binding("pageup", "scroll(-15)", "Page up", show=False),
    ]

    def __init__(self, context: Context) -> None:
        """As things stand on the screen below."""
        super().__init__(classes="dialog")
        self.context = context

    def compose(self) -> ComposeResult:
        """The list of keys."""
        with Vertical(classes="dialog-box -large") as box:
            box.border_title = "Help"
            box.border_subtitle = "j k scroll, escape leaves"
            with VerticalScroll(id="help-keys"):
                yield Static(help_of(self.context, keys_of(self.app)), markup=False)

    def action_scroll(self, rows: int) -> None:
        """Scroll the list."""
        self.query_one("#help-keys").scroll_relative(y=rows, animate=False)
