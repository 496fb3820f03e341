"""Approving with changes: a form of the action's arguments, with their types."""

from collections.abc import Awaitable, Callable
from typing import Any, get_args, get_origin

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Select, Static, TextArea

from agents.actions.arguments import CRM_FIELDS, TYPES
from console.format import label, line, major, minor
from console.widgets.preview import text
from data.errors import HandrailError
from data.queries.rows import ActionRow
from data.vocabulary import ActionName, Priority

Submit = Callable[[dict[str, Any]], Awaitable[str | None]]
"""Writes the changes; gives the problem in words, or None when it is done."""

HINTS = {
    "at": "a UTC time such as 2026-03-11T09:00:00Z",
    "currency": "three letters, such as usd",
    "channel": "email or sms",
}


def choices_of(name: str, field: str) -> tuple[str, ...]:
    """The values of a closed set, or none."""
    annotation: Any = TYPES[ActionName(name)].model_fields[field].annotation
    if annotation is Priority:
        return tuple(p.value for p in Priority)
    for part in (annotation, *get_args(annotation)):
        if str(get_origin(part)) == "typing.Literal":
            return get_args(part)
    return ()


class Edit(ModalScreen[bool]):
    """The form; stays, with the problem, until the service takes the changes."""

    BINDINGS = [
        Binding("escape", "dismiss(False)", "Leave"),
        Binding("ctrl+s", "submit", "Approve with these changes"),
    ]

    def __init__(self, action: ActionRow, submit: Submit) -> None:
        """Of this action; `submit` is called with what was changed."""
        super().__init__(classes="dialog")
        self.action, self.submit = action, submit

    def compose(self) -> ComposeResult:
        """A row for each argument."""
        with Vertical(classes="dialog-box -large") as box:
            box.border_title = f"Edit: {label(self.action.name)}"
            box.border_subtitle = "ctrl+s approves with these changes, escape leaves"
            with VerticalScroll(id="edit-form", can_focus=False):
                yield from self._form()
            yield Static("", id="edit-problem", markup=False, classes="problem")
            with Horizontal(classes="dialog-answers"):
                yield Button("Leave (esc)", id="leave", compact=True)
                yield Button(
                    "Approve with these changes (ctrl+s)",
                    id="send",
                    variant="warning",
                    compact=True,
                )

    def _form(self) -> ComposeResult:
        arguments = self.action.arguments
        for field in TYPES[ActionName(self.action.name)].model_fields:
            if field == "changes":
                for part in CRM_FIELDS:
                    found = arguments.get("changes", {}).get(part, "")
                    yield from self._row(
                        f"new {part}", f"changes-{part}", str(found), "unchanged if empty"
                    )
                continue
            found = arguments.get(field, "")
            choices = choices_of(self.action.name, field)
            if choices:
                yield Static(line(field), markup=False, classes="edit-name")
                options = [(choice, choice) for choice in choices]
                yield Select(
                    options, value=str(found), allow_blank=False, id=f"arg-{field}", compact=True
                )
            elif field in ("body", "summary"):
                yield Static(line(field), markup=False, classes="edit-name")
                yield TextArea(str(found), id=f"arg-{field}", tab_behavior="focus")
            elif field == "amount" and arguments.get("currency"):
                hint = f"in {str(arguments['currency']).upper()}"
                yield from self._row(
                    field, field, major(int(found), str(arguments["currency"])), hint
                )
            else:
                yield from self._row(field, field, str(found), HINTS.get(field, ""))

    def _row(self, name: str, field: str, found: str, hint: str) -> ComposeResult:
        yield Static(line(name) + (f" ({hint})" if hint else ""), markup=False, classes="edit-name")
        yield Input(found, id=f"arg-{field}", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """Begin where most changes are made."""
        preferred = [w for name in ("amount", "body", "at") for w in self.query(f"#arg-{name}")]
        fields: list[Widget] = [*preferred, *self.query("Input, Select, TextArea")]
        if fields:
            fields[0].focus()

    def changes(self) -> dict[str, Any]:
        """What differs from the proposed arguments; HandrailError for what cannot be read."""
        before, after = self.action.arguments, dict[str, Any]()
        for widget in self.query("Input, Select, TextArea"):
            name = (widget.id or "").removeprefix("arg-")
            found = widget.text if isinstance(widget, TextArea) else getattr(widget, "value", "")
            if name.startswith("changes-"):
                if str(found).strip():
                    after.setdefault("changes", {})[name.removeprefix("changes-")] = str(
                        found
                    ).strip()
            elif name == "amount" and before.get("currency"):
                after[name] = minor(str(found), str(before["currency"]))
            elif isinstance(before.get(name), int):
                after[name] = int(found) if str(found).lstrip("-").isdigit() else found
            else:
                after[name] = found
        return {name: found for name, found in after.items() if found != before.get(name)}

    @on(Input.Submitted)
    def on_entered(self) -> None:
        """Enter goes on to the next field."""
        self.focus_next()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """Leave or send."""
        if event.button.id == "leave":
            self.dismiss(False)
        else:
            self.action_submit()

    def action_submit(self) -> None:
        """Hand the changes to the service."""
        self.run_worker(self._send(), group="edit", exclusive=True)

    async def _send(self) -> None:
        told = self.query_one("#edit-problem", Static)
        try:
            changes = self.changes()
        except HandrailError as wrong:
            told.update(text(f"! {line(str(wrong))}"))
            return
        if not changes:
            told.update(text("! nothing was changed: leave, and approve it as it is"))
            return
        problem = await self.submit(changes)
        if problem is None:
            self.dismiss(True)
        else:
            told.update(text(f"! {line(problem)}"))
