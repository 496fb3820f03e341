"""The agents' work on a ticket as a tree: run, agent, step; it grows while they work."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from console.describe import details, failed, headline, measures
from console.format import cost, line
from data.queries.rows import EventRow, RunRow

_ENDS = {"running": "◐ running", "parked": "◇ parked", "ended": "✓ ended", "failed": "! failed"}


class TraceTree(Tree[str], inherit_bindings=False):
    """Runs, agents and steps; new steps are added in place, so the cursor stays where it is."""

    COMPONENT_CLASSES = {"trace--error", "trace--muted"}
    BINDINGS = [
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home", "scroll_home", "First", show=False),
        Binding("end", "scroll_end", "Last", show=False),
        Binding("enter,right,left", "toggle_node", "Expand", show=False),
    ]

    def __init__(self) -> None:
        """No steps yet."""
        super().__init__("trace", id="trace")
        self.show_root = False
        self.guide_depth = 2
        self.last_event = 0
        self._ticket: str | None = None
        self._groups: dict[tuple[str, str], TreeNode[str]] = {}
        self._failed: set[int] = set()

    def show_ticket(self, ticket_id: str | None) -> None:
        """Begin anew with another ticket."""
        if ticket_id == self._ticket:
            return
        self._ticket, self.last_event = ticket_id, 0
        self._groups.clear()
        self._failed.clear()
        self.clear()

    def grow(
        self,
        ticket_id: str,
        events: Sequence[EventRow],
        runs: Sequence[RunRow],
        names: Mapping[str, str],
    ) -> None:
        """Add the events that are not in the tree yet, and bring the runs' own lines up to date."""
        if ticket_id != self._ticket:
            return
        at_end = self.cursor_line >= self.last_line
        for event in events:
            if event.id > self.last_event:
                self._add(event, names)
                self.last_event = event.id
        for run in runs:
            node = self._groups.get((run.id, ""))
            if node is not None:
                node.set_label(self._run_label(run))
        if at_end and events:
            self.call_after_refresh(self.scroll_end, animate=False)

    def _run_label(self, run: RunRow) -> Text:
        words = f"run {run.number} · {_ENDS.get(run.state, run.state)} · {line(run.brain)}"
        if run.tokens:
            words += f" · {run.tokens:,} tokens · {cost(run.cost_micros)}"
        if run.problem:
            words += f" · {line(run.problem)}"
        return Text(words, style="bold", no_wrap=True)

    def _group(self, run: str, agent: str) -> TreeNode[str]:
        if (run, "") not in self._groups:
            words = "run" if run else "customer and people"
            self._groups[run, ""] = self.root.add(Text(words, style="bold"), data="", expand=True)
        if not run:
            return self._groups[run, ""]
        if (run, agent) not in self._groups:
            node = self._groups[run, ""].add(Text(line(agent)), data="", expand=True)
            self._groups[run, agent] = node
        return self._groups[run, agent]

    def _add(self, event: EventRow, names: Mapping[str, str]) -> None:
        group = self._group(event.run_id or "", event.agent)
        measured = measures(event)
        words = (f"{measured}  " if measured else "") + headline(event, names)
        tone = "error" if failed(event) else ""
        step = group.add(Text(words, no_wrap=True), data=tone, expand=False)
        for name, found in details(event):
            quiet = "error" if name == "error" else "muted"
            for row in wrap(f"{name}: {found}", max(30, self.size.width - 12)):
                step.add_leaf(Text(row), data=quiet)
        if tone and event.run_id:
            group.data = "error"

    def render_label(self, node: TreeNode[str], base_style: Style, style: Style) -> Text:
        """Errors stand out by their glyph and tone; details are quieter."""
        label = node.label.copy() if isinstance(node.label, Text) else Text(str(node.label))
        if node.children:
            label = Text("▾ " if node.is_expanded else "▸ ").append_text(
                Text(label.plain.removeprefix("▸ "), style=label.style)
            )
        else:
            label = Text("  ").append_text(label)
        if node.data:
            style += self.get_component_rich_style(f"trace--{node.data}", partial=True)
        label.stylize(style)
        return label
