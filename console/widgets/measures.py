"""The dashboard's widgets: tiles of measures, the course of one, and its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import ItemGrid, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from console.format import line
from console.measuring import aim, number, spread, verdict
from console.widgets.plot import bars, sparkline
from console.widgets.preview import lines, text, tint
from data.measures.definitions import MEASURES, Measure
from data.measures.report import Value

TILE_WIDTH = 25
_AXIS = 9
"""Cells before the plot, in which its scale stands."""

_FAR = 2.5
"""Times the largest value; a target that is farther off is told in words, so that bars keep their
height."""


def tile_of(value: Value, *, current: bool) -> Content:
    """Title, value with sign and word, target and the count behind it."""
    glyph, word, tone = verdict(value)
    told = number(value.measure, value.value)
    shown = (told, "bold" if value.value is not None else "dim")
    counted = "" if value.measure.unit == "number" else f"of {value.count:,}"
    wanted = f"{aim(value)} · " if aim(value) else ""
    return lines(
        [
            text("▸ " if current else "  ", (value.measure.title, "bold" if current else "")),
            text("  ", shown, " ", (f"{glyph} {word}".strip(), tint(tone))),
            text("  ", (f"{wanted}{counted}", "dim")),
        ]
    )


class Tile(Static):
    """One measure."""

    def __init__(self, measure: Measure) -> None:
        """Of this measure, with nothing read yet."""
        waiting = lines([text("  ", measure.title), text(("  …", "dim"))])
        super().__init__(waiting, markup=False, id=f"tile-{measure.name}", classes="tile")
        self.measure = measure
        self.value: Value | None = None
        self._shown: tuple[Value | None, bool] | None = None
        self.tooltip = Content(measure.definition)

    def show(self, value: Value | None, *, current: bool) -> None:
        """Show it; nothing is drawn again where it did not change."""
        self.value = value
        if (value, current) == self._shown:
            return
        self._shown = (value, current)
        self.set_class(current, "-current")
        if value is not None:
            self.update(tile_of(value, current=current))

    def on_click(self) -> None:
        """A click goes there."""
        self.post_message(Tiles.Picked(self.measure.name))


class Tiles(VerticalScroll, can_focus=True):
    """All measures as tiles; the cursor says whose course is shown."""

    BINDINGS = [
        Binding("left,h", "step(-1)", "Left", show=False),
        Binding("right,l", "step(1)", "Right", show=False),
        Binding("up,k", "row(-1)", "Up", show=False),
        Binding("down,j", "row(1)", "Down", show=False),
        Binding("home", "to(0)", "First", show=False),
        Binding("end", "to(-1)", "Last", show=False),
    ]

    @dataclass
    class Picked(Message):
        """The cursor is to go to this measure."""

        name: str

    def __init__(self) -> None:
        """With the cursor on the first one that has a target."""
        super().__init__(id="tiles", classes="pane")
        self.current = next(m.name for m in MEASURES if m.aim)
        self._values: Mapping[str, Value] = {}

    def compose(self) -> ComposeResult:
        """A tile for each measure."""
        with ItemGrid(min_column_width=TILE_WIDTH, id="tiles-grid"):
            for measure in MEASURES:
                yield Tile(measure)

    def show(self, values: Mapping[str, Value]) -> None:
        """Show what was read."""
        self._values = values
        for tile in self.query(Tile):
            name = tile.measure.name
            tile.show(values.get(name), current=name == self.current)

    def go(self, name: str) -> None:
        """Put the cursor on a measure, in sight."""
        self.current = name
        self.show(self._values)
        self.query_one(f"#tile-{name}").scroll_visible(animate=False)

    @property
    def _names(self) -> list[str]:
        return [tile.measure.name for tile in self.query(Tile)]

    @property
    def _columns(self) -> int:
        tiles = list(self.query(Tile))
        return max(1, sum(tile.region.y == tiles[0].region.y for tile in tiles))

    def _pick(self, place: int) -> None:
        names = self._names
        self.post_message(self.Picked(names[max(0, min(len(names) - 1, place))]))

    def action_step(self, tiles: int) -> None:
        """To the next tile, or back."""
        self._pick(self._names.index(self.current) + tiles)

    def action_row(self, rows: int) -> None:
        """A row down or up; never off the end of a column."""
        place = self._names.index(self.current) + rows * self._columns
        if 0 <= place < len(self._names):
            self._pick(place)

    def action_to(self, place: int) -> None:
        """To the first or the last."""
        self._pick(place % len(self._names))


@dataclass(frozen=True)
class Points:
    """A measure over time."""

    value: Value
    course: tuple[tuple[str, float | None], ...]
    """Day, or first day of a week, or month, with what was found."""


class Course(Widget):
    """The course of one measure, as high and wide as there is room."""

    def __init__(self) -> None:
        """With nothing to show yet."""
        super().__init__(id="course")
        self.points: Points | None = None

    def show(self, points: Points) -> None:
        """Show it."""
        if points != self.points:
            self.points = points
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Draw it for the room that there is now."""
        self.refresh()

    def render(self) -> Content:
        """The rows that fit."""
        if self.points is None:
            return Content("")
        return lines(course_of(self.points, self.size.width, self.size.height))


def course_of(points: Points, width: int, height: int) -> list[Content]:
    """The definition where there is room, then the plot with its scale and its first and last."""
    value, measure = points.value, points.value.measure
    told = [text((part, "dim")) for part in _wrapped(measure.definition, width)]
    if spread(value):
        told += [text((part, "dim")) for part in _wrapped(_sentence(spread(value)), width)]
    room = height - len(told)
    if room < 6:
        told, room = [], height
    return told + _plot(points, max(_AXIS + 4, width), max(3, room))


def _plot(points: Points, width: int, height: int) -> list[Content]:
    value, measure = points.value, points.value.measure
    values = [found for _, found in points.course]
    known = [found for found in values if found is not None]
    if not known:
        return [text(""), text(("No data in these days.", "bold"))]
    most = max(known)
    target = value.target if value.target is not None and value.target <= _FAR * most else None
    most = max(most, target or 0.0) or 1.0
    rows = bars(values, width - _AXIS, height - 1, most=most, target=target)
    scale = {0: number(measure, most), len(rows) - 1: number(measure, 0.0)}
    drawn = [
        text((f"{scale.get(at, ''):>{_AXIS - 1}} ", "dim"), (row, "$text-accent"))
        for at, row in enumerate(rows)
    ]
    first, last = points.course[0][0], points.course[-1][0]
    notes = [f"{first} … {last}" if first != last else first]
    if target is not None:
        notes.append("┄ target")
    elif value.target is not None:
        notes.append(f"target above: {number(measure, value.target)}")
    notes += ["· no data"] if len(known) < len(values) else []
    drawn.append(text(" " * _AXIS, ("   ".join(notes)[: width - _AXIS], "dim")))
    return drawn


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _wrapped(words: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(words, max(20, width))


def parts_of(parts: Sequence[tuple[str, Value, Sequence[float | None]]], width: int) -> Content:
    """A line for each part: its name, its course, its value with the sign, and the count."""
    if not parts:
        return text(("No data in these days.", "bold"))
    names = [line(name, 18) for name, _, _ in parts]
    longest = max(len(name) for name in names)
    values = [number(value.measure, value.value) for _, value, _ in parts]
    widest = max(len(told) for told in values)
    counts = [f"{value.count:,}" for _, value, _ in parts]
    counted = max(len(count) for count in counts)
    room = max(4, width - longest - widest - counted - 8)
    rows = []
    for name, told, count, (_, value, course) in zip(names, values, counts, parts, strict=True):
        glyph, _, tone = verdict(value)
        rows.append(
            text(
                (name.ljust(longest), "bold"),
                "  ",
                (sparkline(course, room).rjust(min(room, len(course))), "$text-accent"),
                f"  {told:>{widest}} ",
                (glyph or " ", tint(tone)),
                (f" {count:>{counted}}", "dim"),
            )
        )
    return lines(rows)
