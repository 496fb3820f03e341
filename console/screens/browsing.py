"""What screens share that show a list beside what is known of the row under the cursor."""

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.actions import bindings
from console.format import line
from console.live import Changed
from console.possible import Context
from console.reads import Reading
from console.screens.commanding import CommandScreen
from console.widgets.bars import KeyBar
from console.widgets.preview import text
from console.widgets.rowlist import RowList
from console.widgets.wholelist import WholeList

if TYPE_CHECKING:
    from console.screens.desk import Desk

Row = TypeVar("Row")
Found = TypeVar("Found")


class Browsing(CommandScreen, Generic[Row, Found]):
    """A list and, beside it or below, the row under the cursor; over the desk."""

    CSS_PATH = "browsing.tcss"
    AUTO_FOCUS = "WholeList"
    BINDINGS = [
        Binding("escape", "app.pop_screen", "Leave"),
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
    ]

    PANE: ClassVar[str]
    """What commands know the screen by."""
    KEYS: ClassVar[tuple[str, ...]]
    """The commands in the key bar."""
    LISTED: ClassVar[str]
    KNOWN: ClassVar[str]
    """The titles of the list and of what is known."""
    NOTHING: ClassVar[str] = ""
    """What is said of an empty list."""
    REST_SECONDS: ClassVar[float] = 0.0
    """Between two looks while much happens."""

    def __init_subclass__(cls) -> None:
        """The keys of the bar work on the screen."""
        cls.BINDINGS = [*bindings(*cls.KEYS)]
        super().__init_subclass__()

    def __init__(self, desk: "Desk") -> None:
        """Over the desk, which tickets are opened on."""
        super().__init__()
        self.desk = desk
        self.found: Found | None = None
        self._wanted: str | None = None
        self._reading = Reading(
            self, self.PANE, self._load, self._show, self._trouble, rest=self.REST_SECONDS
        )

    # What subclasses provide.

    def make_list(self) -> WholeList[Row]:
        """The list, empty."""
        raise NotImplementedError

    def load(self, wanted: str | None) -> Found:
        """What there is, with what is known of the row of that key; beside the screen."""
        raise NotImplementedError

    def listed(self, found: Found) -> None:
        """Fill the list."""
        raise NotImplementedError

    def head(self, found: Found) -> Content:
        """How it stands, in one or two lines."""
        raise NotImplementedError

    def known(self, found: Found) -> Content | None:
        """What is known of the row under the cursor; None: what is shown stays."""
        raise NotImplementedError

    def ticket_of(self, row: Row) -> str | None:
        """The ticket that a row is about."""
        return None

    # What there is.

    def compose(self) -> ComposeResult:
        """How it stands, the list, what is known of one, the keys."""
        self.rows = self.make_list()
        yield Static("Needs 60×16 or more", id="too-small", markup=False)
        yield Static("", id="browse-head", markup=False)
        with Horizontal(id="browse-body"):
            with Vertical(id="browse-left", classes="pane"):
                yield Static("", id="browse-none", markup=False)
                yield self.rows
            with VerticalScroll(id="browse-known", classes="pane"):
                yield Static("", id="browse-words", markup=False)
        yield KeyBar(*self.KEYS)

    def on_mount(self) -> None:
        """Read everything once, then as it changes."""
        self.query_one("#browse-left").border_title = self.LISTED
        self.query_one("#browse-known").border_title = self.KNOWN
        self.refresh_keys()
        self._reading.ask()

    def live(self, changed: Changed) -> None:
        """Read again what may have changed."""
        self._reading.ask()

    @on(RowList.Moved)
    def moved(self) -> None:
        """What is known follows the cursor."""
        self._wanted = self.rows.key
        self.query_one("#browse-known").scroll_home(animate=False)
        self._reading.ask(at_once=True)

    @on(RowList.Opened)
    def opened(self) -> None:
        """Enter opens the ticket on the desk."""
        current = self.rows.current
        ticket = self.ticket_of(current) if current is not None else None
        if ticket is not None:
            self.app.pop_screen()
            self.desk.open_ticket_by_id(ticket)

    def _load(self) -> Found:
        return self.load(self._wanted)

    def _show(self, found: Found) -> None:
        self.found = found
        self.listed(found)
        none = self.query_one("#browse-none", Static)
        none.display = not self.rows.count
        none.update(text((self.NOTHING, "dim")))
        self.query_one("#browse-head", Static).update(self.head(found))
        known = self.known(found)
        if known is not None:
            self.query_one("#browse-words", Static).update(known)
        self.refresh_keys()

    def _trouble(self, problem: str | None) -> None:
        if problem is not None:
            told = text((f"! {line(problem)}", "bold $text-error"))
            self.query_one("#browse-head", Static).update(told)

    def context(self) -> Context:
        """Whoever is here, and nothing of a ticket."""
        return Context(
            now=self.console.now(),
            pane=self.PANE,
            workers=self.console.workers_alive,
            role=self.console.role,
            person=self.console.session.person,
            key=self.console.keys.shown,
        )
