"""Approving with changes: a form of the arguments that may change, checked while it is filled."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Select, Static, TextArea

from agents.actions.arguments import CRM_FIELDS
from agents.actions.forms import Argument, arguments_of
from console.format import label, line, major, minor, money
from console.widgets.preview import lines, text, value
from data.errors import HandrailError
from data.queries.rows import ActionRow
from data.vocabulary import ActionName

PAUSE_SECONDS = 0.15
"""After the last key before what was written is checked against the records."""

_HINTS = {
    "at": "a UTC time such as 2026-03-11T09:00:00Z",
    "currency": "three small letters, such as usd",
}


@dataclass(frozen=True)
class Form:
    """What stands behind the form."""

    submit: Callable[[dict[str, Any]], Awaitable[str | None]]
    """Writes the changes; gives the problem in words, or None when it is done."""
    check: Callable[[dict[str, Any]], Awaitable[str | None]]
    """The problem that writing them would meet, or None."""
    most: Callable[[], Awaitable[int | None]]
    """The largest amount that may be set, in minor units; None: any."""


class Edit(ModalScreen[bool]):
    """The form; stays, with the problem, until the service takes the changes."""

    BINDINGS = [
        Binding("escape", "dismiss(False)", "Leave"),
        Binding("ctrl+s", "submit", "Approve with these changes"),
    ]

    def __init__(self, action: ActionRow, form: Form) -> None:
        """Of this action; `form` checks and writes what was changed."""
        super().__init__(classes="dialog")
        self.action, self.form = action, form
        self.arguments = arguments_of(ActionName(action.name))

    def compose(self) -> ComposeResult:
        """A row for each argument that may change; the others in words."""
        long = any(argument.kind in ("passage", "fields") for argument in self.arguments)
        with Vertical(classes="dialog-box -large" if long else "dialog-box -fit") as box:
            box.border_title = f"Edit: {label(self.action.name)}"
            box.border_subtitle = "ctrl+s approves with these changes, escape leaves"
            yield Static(self._fixed(), id="edit-fixed", markup=False)
            with VerticalScroll(id="edit-form", can_focus=False):
                for argument in self.arguments:
                    if not argument.fixed:
                        yield from self._field(argument)
            yield Static("", id="edit-problem", markup=False, classes="problem")
            with Horizontal(classes="dialog-answers"):
                yield Button("Leave (esc)", id="leave", compact=True)
                yield Button(
                    "Approve with these changes (ctrl+s)",
                    id="send",
                    variant="warning",
                    compact=True,
                )

    def _fixed(self) -> str:
        """What an edit has to leave."""
        stays = [
            f"{line(argument.name)} {value(self.action.arguments.get(argument.name))}"
            for argument in self.arguments
            if argument.fixed
        ]
        return f"stays: {', '.join(stays)}; for another record, reject it" if stays else ""

    def _field(self, argument: Argument) -> ComposeResult:
        name, currency = argument.name, self.action.arguments.get("currency")
        found = self.action.arguments.get(name, "")
        match argument.kind:
            case "fields":
                for part in CRM_FIELDS:
                    before = str(found.get(part, "")) if isinstance(found, dict) else ""
                    yield from self._row(f"new {part}", f"{name}-{part}", before, "empty: as it is")
            case "choice":
                yield _name(name, "")
                options = [(choice, choice) for choice in argument.choices]
                yield Select(
                    options, value=str(found), allow_blank=False, id=f"arg-{name}", compact=True
                )
            case "passage":
                yield _name(name, "")
                yield TextArea(str(found), id=f"arg-{name}", tab_behavior="focus")
            case "money" if currency:
                hint = f"in {str(currency).upper()}"
                yield from self._row(name, name, major(int(found), str(currency)), hint)
            case _:
                yield from self._row(name, name, str(found), _HINTS.get(name, ""))

    def _row(self, name: str, field: str, found: str, hint: str) -> ComposeResult:
        yield _name(name, hint, id=f"name-{field}")
        yield Input(found, id=f"arg-{field}", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """Begin where most changes are made."""
        preferred = [w for name in ("amount", "body", "at") for w in self.query(f"#arg-{name}")]
        fields: list[Widget] = [*preferred, *self.query("Input, Select, TextArea")]
        if fields:
            fields[0].focus()
        if self.query("#name-amount"):
            self.run_worker(self._show_limit(), group="limit", exit_on_error=False)

    async def _show_limit(self) -> None:
        most, currency = await self.form.most(), str(self.action.arguments.get("currency") or "")
        if most is not None and self.is_attached:
            hint = f"amount (in {currency.upper()}, at most {money(most, currency)})"
            self.query_one("#name-amount", Static).update(hint)

    def changes(self) -> dict[str, Any]:
        """What differs from the proposed arguments; HandrailError for what cannot be read."""
        before, after = self.action.arguments, dict[str, Any]()
        for argument in self.arguments:
            name = argument.name
            if argument.fixed:
                continue
            if argument.kind == "fields":
                parts = {part: self._written(f"{name}-{part}").strip() for part in CRM_FIELDS}
                after[name] = {part: found for part, found in parts.items() if found}
            elif argument.kind == "money" and before.get("currency"):
                after[name] = minor(self._written(name), str(before["currency"]))
            else:
                after[name] = self._written(name)
        return {name: found for name, found in after.items() if found != before.get(name)}

    def _written(self, field: str) -> str:
        widget = self.query_one(f"#arg-{field}")
        if isinstance(widget, TextArea):
            return widget.text
        return str(getattr(widget, "value", ""))

    @on(Input.Changed)
    @on(Select.Changed)
    @on(TextArea.Changed)
    def changed(self) -> None:
        """Check what is written, a moment after the last key."""
        self.run_worker(self._check(), group="check", exclusive=True, exit_on_error=False)

    async def _check(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        problem = None
        try:
            changes = self.changes()
        except HandrailError as wrong:
            problem = str(wrong)
        else:
            problem = await self.form.check(changes) if changes else None
        if self.is_attached:
            self._say(problem)

    def _say(self, problem: str | None) -> None:
        plain = (problem or "").removeprefix(f"{self.action.name}: ")
        self.query_one("#edit-problem", Static).update(text(f"! {line(plain)}" if plain else ""))

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
        self.workers.cancel_group(self, "check")
        try:
            changes = self.changes()
        except HandrailError as wrong:
            self._say(str(wrong))
            return
        if not changes:
            self._say("nothing was changed: leave, and approve it as it is")
            return
        problem = await self.form.submit(changes)
        if problem is None:
            self.dismiss(True)
        else:
            self._say(problem)


def _name(name: str, hint: str, *, id: str | None = None) -> Static:
    words = line(name) + (f" ({hint})" if hint else "")
    return Static(words, markup=False, classes="edit-name", id=id)


def edited(action: ActionRow, changes: dict[str, Any]) -> Content:
    """What an edit changes, before and after, for the question that stands before it."""
    before, currency = action.arguments, str(action.arguments.get("currency") or "") or None
    rows = [text((f"{label(action.name)} · {line(action.target)}", "bold"), "\n")]
    for name, after in changes.items():
        was = value(before.get(name), name, currency)
        rows.append(text(f"{line(name)}: {was} → ", (value(after, name, currency), "bold")))
    rows.append(text("\n", "A worker carries it out once enough people have approved it."))
    return lines(rows)
