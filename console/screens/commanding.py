"""What screens with commands share: one way from a key to what it does."""

from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.screen import Screen

from console.actions import BY_ID
from console.copying import Copies, copies_of, shortly
from console.format import clean
from console.live import Changed
from console.possible import Context
from console.screens.dialogs import Pick
from console.screens.help import Help
from console.widgets.bars import KeyBar
from console.widgets.preview import text

if TYPE_CHECKING:
    from console.app import Handrail


class CommandScreen(Screen[None]):
    """A screen whose keys are commands of the registry; `do_<id>` carries one out."""

    @property
    def console(self) -> "Handrail":
        """The app, with the session that it was given."""
        app: Any = self.app
        found: Handrail = app
        return found

    @property
    def standing(self) -> bool:
        """Whether its widgets are there: not before it is composed, nor while it is taken down."""
        return self.is_mounted and bool(self.query(KeyBar))

    def refresh_keys(self) -> None:
        """Dim the keys that do nothing now."""
        if self.standing:
            self.query_one(KeyBar).show(self.context())

    def context(self) -> Context:
        """What is on this screen now."""
        raise NotImplementedError

    def live(self, changed: Changed) -> None:
        """The workspace changed."""

    def action_command(self, name: str) -> None:
        """Do it, or say why it is not possible now."""
        reason = BY_ID[name].unavailable(self.context())
        if reason is not None:
            label = BY_ID[name].label
            self.notify(f"{label}: {reason}", severity="warning", markup=False, timeout=4)
            return
        doing = getattr(self, f"do_{name.replace('-', '_')}", None)
        if doing is None:
            self.notify(f"{BY_ID[name].label} works on the desk: escape leads there", markup=False)
            return
        doing()

    @on(KeyBar.Pressed)
    def bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A click on the key bar is the key."""
        self.action_command(event.command)

    def do_help(self) -> None:
        """The keys."""
        self.app.push_screen(Help(self.context()))

    def do_stop(self) -> None:
        """The stop button."""
        self.console.open_stop()

    def do_palette(self) -> None:
        """The command palette."""
        self.app.action_command_palette()

    def do_copy(self) -> None:
        """What is selected with the mouse; else what there is to copy here, to pick from."""
        selected = self.get_selected_text()
        if selected:
            self.console.copy("what is selected", clean(selected))
            return
        found = copies_of(self.context())
        if found:
            self._copy_one(found)
        else:
            self.notify("Copy: no ticket is selected", severity="warning", markup=False, timeout=4)

    @work(group="choose", exclusive=True)
    async def _copy_one(self, found: Copies) -> None:
        choices = [(words, text((f"{shortly(each)}  ", "bold"), words)) for words, each in found]
        picked = await self.app.push_screen_wait(Pick("Copy", choices))
        for words, each in found:
            if words == picked:
                self.console.copy(words, each)

    def do_theme(self) -> None:
        """Choose the colours."""
        self.console.choose_theme()

    def do_quit(self) -> None:
        """Leave, or say what that would lose."""
        self.console.leave()
