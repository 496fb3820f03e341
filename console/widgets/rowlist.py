"""A list of rows drawn line by line, whose cursor is a key: what arrives never moves it."""

from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.cells import Piece, fit

__all__ = ["Piece", "RowList", "fit"]

TONES = ("strong", "muted", "secondary", "accent", "success", "warning", "error")


class RowList(ScrollView, can_focus=True):
    """Rows with a cursor that stays with its key; subclasses say which rows there are."""

    COMPONENT_CLASSES = {f"row--{tone}" for tone in TONES} | {"row--cursor"}

    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "jump(0)", "First", show=False),
        Binding("end", "jump(-1)", "Last", show=False),
        Binding("enter", "open", "Open", show=False),
    ]

    @dataclass
    class Moved(Message):
        """The person moved the cursor to the row with this key."""

        rows: "RowList"
        key: str

        @property
        def control(self) -> "RowList":
            """The list that it happened in."""
            return self.rows

    @dataclass
    class Opened(Message):
        """The person opened the row with this key."""

        rows: "RowList"
        key: str

        @property
        def control(self) -> "RowList":
            """The list that it happened in."""
            return self.rows

    def __init__(self, *, id: str) -> None:
        """An empty list."""
        super().__init__(id=id)
        self.cursor = 0
        """Index of the row under the cursor; where it was, if that row is gone."""
        self.key: str | None = None
        """Key of the row under the cursor; stays when the row is gone, until the cursor moves."""
        self.gone = False
        """Whether the row under the cursor has left the list."""
        self.marks: set[str] = set()

    # What subclasses provide.

    @property
    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    @property
    def row_height(self) -> int:
        """Lines of one row."""
        return 2

    def key_at(self, index: int) -> str | None:
        """The key of a row, or None while it is not known."""
        raise NotImplementedError

    def draw(self, index: int, width: int) -> list[list[Piece]]:
        """The lines of a row, each `width` cells."""
        raise NotImplementedError

    def lit(self, key: str | None) -> bool:
        """Whether the row with this key is lit: the one under the cursor, if nothing else is
        said."""
        return key is not None and key == self.key

    def mark_of(self, key: str | None) -> str:
        """What stands before a row that is marked."""
        return "✚" if key in self.marks else " "

    # Moving.

    @property
    def shown(self) -> range:
        """The indices of the rows on screen."""
        top = self.scroll_offset.y // self.row_height
        lines = max(1, self.scrollable_content_region.height)
        return range(top, min(self.count, top + -(-lines // self.row_height) + 1))

    def resize_rows(self) -> None:
        """Fit the scrolling range to the rows that there are now."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.count * self.row_height)
        self.refresh()

    def go(self, index: int) -> None:
        """Put the cursor on a row, at the wish of the person."""
        if not self.count:
            return
        left, self.cursor = self.cursor, max(0, min(index, self.count - 1))
        was_gone, self.gone = self.gone, False
        key = self.key_at(self.cursor)
        self.key = key
        self.reveal()
        if was_gone:
            self.refresh()
        for row in {left, self.cursor}:
            self.refresh_lines(row * self.row_height, self.row_height)
        if key is not None:
            self.post_message(self.Moved(self, key))

    def reveal(self) -> None:
        """Scroll as little as it takes to show the cursor."""
        height, top = self.row_height, self.cursor * self.row_height
        lines = self.scrollable_content_region.height
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif top + height > self.scroll_offset.y + lines:
            self.scroll_to(y=top + height - lines, animate=False, immediate=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor; from a row that is gone, the next one is the one in its place."""
        if self.gone and rows > 0:
            rows -= 1
        self.go(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by what the screen holds."""
        step = max(1, self.scrollable_content_region.height // self.row_height - 1)
        self.go(self.cursor + pages * step)

    def action_jump(self, index: int) -> None:
        """To the first row, or (-1) the last."""
        self.go(index if index >= 0 else self.count - 1)

    def action_open(self) -> None:
        """Open the row under the cursor, unless it is gone."""
        if self.key is not None and not self.gone:
            self.post_message(self.Opened(self, self.key))

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go on to the next."""
        if self.key is None or self.gone:
            return
        self.marks ^= {self.key}
        self.refresh()
        if self.cursor + 1 < self.count:
            self.go(self.cursor + 1)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one opens."""
        inside = event.get_content_offset(self)
        if inside is None:
            return
        index = (self.scroll_offset.y + inside.y) // self.row_height
        if index < self.count:
            again = index == self.cursor and not self.gone and event.chain > 1
            self.go(index)
            if again:
                self.action_open()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.resize_rows()
        self.reveal()

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """One line of the row that lies there."""
        width = self.scrollable_content_region.width
        place = self.scroll_offset.y + y
        index, part = divmod(place, self.row_height)
        base = self.rich_style
        if index >= self.count:
            return Strip.blank(width, base)
        key = self.key_at(index)
        lit = self.lit(key)
        if lit:
            base += self.get_component_rich_style("row--cursor", partial=True)
        lines = self.draw(index, width - 2)
        edge = "▌" if lit else "▏" if key is not None and key == self.key else " "
        mark = self.mark_of(key) if part == 0 else " "
        pieces = [(edge, "accent"), (mark, "strong"), *lines[part]]
        styled = self.tone
        segments = [Segment(text, base + styled(tone) if tone else base) for text, tone in pieces]
        return Strip(segments).adjust_cell_length(width, base)

    def tone(self, tone: str) -> Style:
        """The style of a tone, to be laid over the row's own."""
        return self.get_component_rich_style(f"row--{tone}", partial=True)
