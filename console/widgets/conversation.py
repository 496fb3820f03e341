"""What was said in a ticket."""

from datetime import datetime

from textual.content import Content

from console.format import ago, line, moment, passage
from console.links import linked
from console.saving import described
from console.widgets.preview import lines, text
from data.queries.rows import AttachmentRow, MessageRow, TicketDetail

_AUTHORS = {
    "customer": ("◂ customer", "bold $text-primary"),
    "agent": ("▸ agents", "bold $text-accent"),
    "operator": ("▸ operator", "bold $text-success"),
    "note": ("▪ internal note", "bold $text-warning"),
}

MOST = 200
"""Messages of one ticket that are shown; the oldest beyond it are counted."""


def _message(message: MessageRow, files: list[AttachmentRow], now: datetime) -> list[Content]:
    who, style = _AUTHORS.get(message.author, (line(message.author), "bold"))
    name = f" {line(message.name, 60)}" if message.name else ""
    head = text(
        (who + name, style),
        (
            f"  {moment(message.at)}, {ago(message.at, now)}",
            "dim",
        ),
    )
    body = passage(message.body) or "(no text)"
    told = [text((f"⎘ {described(file)}", "dim")) for file in files]
    return [head, linked(body), *told, text("")]


def conversation_of(detail: TicketDetail, now: datetime) -> Content:
    """The messages of a ticket, oldest first."""
    if not detail.messages:
        return text(("Nothing was said in this ticket yet.", "dim"))
    rows: list[Content] = []
    if len(detail.messages) > MOST:
        missing = len(detail.messages) - MOST
        rows.append(text((f"… {missing} older messages: `handrail show` prints them", "dim")))
    for message in detail.messages[-MOST:]:
        files = [file for file in detail.attachments if file.message_id == message.id]
        rows += _message(message, files, now)
    return lines(rows)
