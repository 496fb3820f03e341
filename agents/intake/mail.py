"""Mails: a file of one, or a mailbox of many, as the standard library parses them."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import parseaddr
from html.parser import HTMLParser

from agents.intake.attached import files_of_mail
from agents.intake.fields import check_size
from agents.intake.moments import parse_moment
from agents.intake.records import (
    MAX_NAME,
    MAX_RAW,
    MAX_RECORD,
    MAX_TEXT,
    Incoming,
    Reject,
    Unreadable,
    megabytes,
    storable,
    too_long,
)
from agents.intake.source import Text
from data.errors import BadFile

MAX_MAIL = 40_000_000
"""Longest mail with its attachments, in bytes."""

_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_SEPARATOR = re.compile(r"From \S+.*\d{1,2}:\d\d.*\d{4}")
_ESCAPED = re.compile(r">+From ")
_KEPT = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "Reply-To",
]
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_SILENT = frozenset(["head", "script", "style", "template", "title"])


class _Words(HTMLParser):
    """Collects the words of an HTML text, with a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS and tag != "br":
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(re.sub(r"\s+", " ", data))


def plain_text(html: str) -> str:
    """The words of an HTML text, a block a line, without its scripts and styles."""
    words = _Words()
    words.feed(html)
    words.close()
    lines = [" ".join(line.split()) for line in "".join(words.pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def read_mail(text: Text) -> Iterator[Incoming | Reject]:
    """The one mail of a file; `text` must be decoded as latin-1, which keeps its bytes."""
    held: list[str] = []
    size = 0
    while block := text.read(1 << 18):
        size += len(block)
        if size > MAX_MAIL:
            why = f"the mail is longer than {megabytes(MAX_MAIL)}"
            yield Reject(1, why, held[0][:MAX_RAW])
            return
        held.append(block)
    yield _mail("".join(held).lstrip("\r\n").encode("latin-1"), 1)


def read_mailbox(text: Text) -> Iterator[Incoming | Reject]:
    """The mails of an mbox file in order; `text` must be decoded as latin-1."""
    held: list[str] = []
    start, size, after_empty = 0, 0, True
    while line := text.readline(MAX_RECORD):
        if after_empty and _SEPARATOR.match(line):
            if start:
                yield _boxed(held, size, start)
            start, held, size = text.line, [], 0
        elif not start:
            if line.strip():
                raise BadFile(
                    text.name, "not a mailbox: its first line is no `From ` line", text.line
                )
        else:
            size += len(line)
            if size <= MAX_MAIL:
                held.append(line[1:] if _ESCAPED.match(line) else line)
        after_empty = line in ("\n", "\r\n")
    if start:
        yield _boxed(held, size, start)


def _boxed(lines: list[str], size: int, start: int) -> Incoming | Reject:
    if size > MAX_MAIL:
        why = f"the mail is {megabytes(size)} long; the limit is {megabytes(MAX_MAIL)}"
        return Reject(start, why, "".join(lines)[:MAX_RAW])
    if lines and not lines[-1].strip():
        lines.pop()  # The empty line before the next mail is the mailbox's.
    return _mail("".join(lines).encode("latin-1"), start)


def _mail(raw: bytes, line: int) -> Incoming | Reject:
    try:
        return incoming_mail(raw, line)
    except Unreadable as problem:
        return Reject(line, str(problem), raw[:MAX_RAW].decode("utf-8", "replace"))


def incoming_mail(raw: bytes, line: int = 1) -> Incoming:
    """The ticket that a mail is; Unreadable, with the reason, if it has no text."""
    mail = message_from_bytes(raw, policy=default)
    headers = {name: text for name in _KEPT if (text := _header(mail, name))}
    if not headers:
        raise Unreadable("this is no mail: it has none of the headers From, To, Subject, Date")
    subject, body = " ".join(headers.get("Subject", "").split()), _body(mail)
    if not subject and not body.strip():
        raise Unreadable("neither subject nor body")
    check_size(subject, body)
    answered = _MESSAGE_ID.findall(headers.get("In-Reply-To", ""))
    earlier = _MESSAGE_ID.findall(headers.get("References", ""))
    address = parseaddr(headers.get("From", ""))[1]
    own = _MESSAGE_ID.findall(headers.get("Message-ID", ""))
    return Incoming(
        line=line,
        subject=subject,
        body=body,
        email=address if "@" in address and len(address) <= 320 else None,
        at=parse_moment(headers.get("Date")),
        external_id=own[0] if own and len(own[0]) <= 5 * MAX_NAME else None,
        in_reply_to=tuple(dict.fromkeys([*answered, *reversed(earlier)]))[:50],
        labels=headers,
        attachments=files_of_mail(mail),
    )


def _header(mail: EmailMessage, name: str) -> str:
    """A header's text in one line; what the standard library cannot parse is taken as it stands."""
    try:
        value = mail[name]
        return "" if value is None else _one_line(str(value))
    except (ValueError, LookupError, AttributeError, TypeError):
        raw = next(value for key, value in mail.raw_items() if key.lower() == name.lower())
    try:
        return _one_line(str(make_header(decode_header(str(raw)))))
    except (ValueError, LookupError):
        return _one_line(str(raw))


def _one_line(text: str) -> str:
    return storable(" ".join(text.split()))


def _body(mail: EmailMessage) -> str:
    texts = [part for part in mail.walk() if _is_text(part)]
    plain = [part for part in texts if part.get_content_subtype() == "plain"]
    for part in plain:
        if (body := _decoded(part)).strip():
            return body.replace("\r\n", "\n")
    for part in texts:
        if part.get_content_subtype() != "html":
            continue
        html = _decoded(part)
        if len(html) > 2 * MAX_TEXT:
            raise Unreadable(too_long(len(html)))
        if body := plain_text(html):
            return body
    return ""


def _is_text(part: Message) -> bool:
    return part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        return storable(payload.decode(charset, "strict"))
    except (UnicodeError, LookupError):
        pass
    try:
        return storable(payload.decode("utf-8"))
    except UnicodeError:
        return storable(payload.decode("cp1252", "replace"))
