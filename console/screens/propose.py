"""Proposing an action: a form of its arguments, with what is known of the ticket filled in."""

from collections.abc import Awaitable, Callable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static, TextArea

from agents.actions.arguments import CRM_FIELDS, TYPES, check_arguments
from agents.actions.catalogue import CATALOGUE
from agents.actions.forms import arguments_of
from console.format import label, line, minor
from console.widgets.preview import text
from data.errors import HandrailError
from data.queries.rows import TicketDetail
from data.vocabulary import ActionName

Submit = Callable[[dict[str, Any], str], Awaitable[str | None]]
"""Proposes these arguments for this reason; gives the problem in words, or None."""

HINTS = {
    "amount": "in units of the currency, such as 18.50",
    "at": "a UTC time such as 2026-03-11T09:00:00Z",
    "currency": "three small letters, such as usd",
}


def known_of(name: ActionName, detail: TicketDetail) -> dict[str, str]:
    """What the ticket says of an action's arguments: its customer, the only record it rests on."""
    fields = TYPES[name].model_fields
    known = {"customer": detail.customer_id or "", "ticket": detail.ticket.id}
    table, argument = CATALOGUE[name].target.split(".")
    if argument not in known:
        marks = [str(each).partition(":") for issue in detail.issues for each in issue.evidence]
        ids = list(dict.fromkeys(rest for of, _, rest in marks if of == table))
        known[argument] = ids[0] if len(ids) == 1 else ""
    return {field: found for field, found in known.items() if field in fields}


class Propose(ModalScreen[bool]):
    """The form; stays, with the problem, until the service takes the proposal."""

    BINDINGS = [
        Binding("escape", "dismiss(False)", "Leave"),
        Binding("ctrl+s", "submit", "Propose it", priority=True),
    ]

    def __init__(self, name: ActionName, detail: TicketDetail, submit: Submit) -> None:
        """Of this action, for this ticket."""
        super().__init__(classes="dialog")
        self.action, self.detail, self.submit = name, detail, submit

    def compose(self) -> ComposeResult:
        """A row for each argument, and the reason."""
        with Vertical(classes="dialog-box -large") as box:
            box.border_title = f"Propose: {label(self.action)}"
            box.border_subtitle = "it waits for approval; ctrl+s proposes, escape leaves"
            with VerticalScroll(id="edit-form", can_focus=False):
                yield from self._form()
            yield Static("", id="propose-problem", markup=False, classes="problem")
            with Horizontal(classes="dialog-answers"):
                yield Button("Leave (esc)", id="leave", compact=True)
                yield Button("Propose (ctrl+s)", id="send", variant="primary", compact=True)

    def _form(self) -> ComposeResult:
        known = known_of(self.action, self.detail)
        for argument in arguments_of(self.action):
            name = argument.name
            match argument.kind:
                case "fields":
                    for part in CRM_FIELDS:
                        yield self._named(f"new {part}", "unchanged if empty")
                        yield Input(id=f"arg-{name}-{part}", compact=True)
                case "choice":
                    yield self._named(name)
                    usual = str(TYPES[self.action].model_fields[name].default)
                    first = usual if usual in argument.choices else argument.choices[0]
                    options = [(choice, choice) for choice in argument.choices]
                    yield Select(
                        options, value=first, allow_blank=False, id=f"arg-{name}", compact=True
                    )
                case "passage":
                    yield self._named(name)
                    yield TextArea("", id=f"arg-{name}", tab_behavior="focus")
                case _:
                    yield self._named(name, HINTS.get(name, ""))
                    yield Input(known.get(name, ""), id=f"arg-{name}", compact=True)
        yield self._named("reason", "whoever decides reads it")
        yield Input(id="propose-reason", compact=True)

    def _named(self, name: str, hint: str = "") -> Static:
        words = line(name) + (f" ({hint})" if hint else "")
        return Static(words, markup=False, classes="edit-name")

    def on_mount(self) -> None:
        """Begin with the first field that is empty."""
        for widget in self.query("Input, TextArea"):
            if not _text_of(widget):
                widget.focus()
                return

    def arguments(self) -> dict[str, Any]:
        """What was filled in; HandrailError names the field that is not as it must be."""
        found: dict[str, Any] = {}
        for widget in self.query("#edit-form Input, #edit-form Select, #edit-form TextArea"):
            name, value = (widget.id or "").removeprefix("arg-"), _text_of(widget)
            if name.startswith("changes-"):
                if value:
                    found.setdefault("changes", {})[name.removeprefix("changes-")] = value
            elif name != "propose-reason":
                found[name] = value
        for name in TYPES[self.action].model_fields:
            if not found.get(name):
                raise HandrailError(f"{name} is empty; fill it in")
        if "amount" in found:
            found["amount"] = minor(found["amount"], found.get("currency") or "usd")
        return check_arguments(self.action, found)

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
        """Hand the proposal to the service."""
        self.run_worker(self._send(), group="propose", exclusive=True)

    async def _send(self) -> None:
        reason = self.query_one("#propose-reason", Input).value.strip()
        try:
            problem = await self.submit(self.arguments(), reason)
        except HandrailError as wrong:
            problem = str(wrong)
        if problem is None:
            self.dismiss(True)
        else:
            told = text((f"! {line(problem)}", "$text-error"))
            self.query_one("#propose-problem", Static).update(told)


def _text_of(widget: Any) -> str:
    found = widget.text if isinstance(widget, TextArea) else widget.value
    return str(found).strip()
