"""What the key for copying offers on a screen."""

from console.format import clean, label, line
from console.possible import Context
from data.queries.rows import ActionRow
from data.vocabulary import ActionName

Copies = list[tuple[str, str]]
"""What it is, in words, and the text itself."""


def _reply(actions: tuple[ActionRow, ...]) -> str | None:
    """The newest reply that was written, sent or not."""
    for action in reversed(actions):
        body = action.arguments.get("body")
        if action.name == ActionName.SEND_REPLY and isinstance(body, str) and body.strip():
            return body
    return None


def copies_of(context: Context) -> Copies:
    """What can be copied, what is likeliest in this pane first; empty if nothing is selected."""
    action: Copies = []
    ticket: Copies = []
    reply: Copies = []
    if context.shown is not None:
        action.append((f"id of the action {label(context.shown.name)}", context.shown.id))
    if context.ticket is not None:
        ticket = [
            ("ref of the ticket", context.ticket.ref),
            ("id of the ticket", context.ticket.id),
        ]
        if context.ticket.requester:
            ticket.append(("address of the customer", context.ticket.requester))
    body = _reply(context.actions)
    if body is not None:
        reply.append(("reply", body))
    found = reply + ticket + action if context.pane == "conversation" else action + ticket + reply
    return [(words, clean(text)) for words, text in found]


def shortly(text: str) -> str:
    """The text as it stands in a list."""
    return line(text, 60)
