"""Files in mails and JSON records: taken as they are, never opened."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any

from agents.intake.records import Attached, storable

MOST = 100
"""Files of one message that are taken."""

_NAMES = ("file_name", "filename", "fileName", "name", "title")
_KINDS = ("content_type", "contentType", "mime_type", "mimeType", "type")
_SIZES = ("size", "file_size", "length")
_CONTENTS = ("content", "content_base64", "contentBytes", "base64", "data")


def files_of_mail(mail: Message) -> tuple[Attached, ...]:
    """Every part of a mail that is a file: named, marked as one, or no text."""
    found: list[Attached] = []
    for part in _parts(mail):
        named = _filename(part)
        if not (named or part.get_content_disposition() == "attachment" or not _is_words(part)):
            continue
        content = _content(part)
        kind = part.get_content_type()
        name = named or f"part-{len(found) + 1}.{kind.partition('/')[2]}"
        found.append(Attached(storable(name), kind, len(content), content))
        if len(found) == MOST:
            break
    return tuple(found)


def _parts(mail: Message) -> Iterator[Message]:
    """The parts of a mail without those of mails that are attached to it."""
    for part in mail.get_payload() if mail.get_content_maintype() == "multipart" else [mail]:
        if not isinstance(part, Message):
            continue
        if part.get_content_maintype() == "multipart":
            yield from _parts(part)
        else:
            yield part


def _is_words(part: Message) -> bool:
    return part.get_content_type() in ("text/plain", "text/html")


def _filename(part: Message) -> str:
    try:
        return " ".join((part.get_filename() or "").split())
    except (ValueError, LookupError, AttributeError, TypeError):
        return ""


def _content(part: Message) -> bytes:
    if part.get_content_maintype() == "message":
        inner: Any = part.get_payload()
        try:
            return bytes(inner[0].as_bytes()) if isinstance(inner, list) else str(inner).encode()
        except (ValueError, LookupError, AttributeError, IndexError):
            return b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def files_of_record(record: Mapping[str, Any]) -> tuple[Attached, ...]:
    """The attachments that a JSON record lists, by itself or with its comments (Zendesk)."""
    comments = [record.get("comment"), *_list(record.get("comments"))]
    holders = [record, *(each for each in comments if isinstance(each, Mapping))]
    listed = [file for holder in holders for file in _list(holder.get("attachments"))]
    return tuple(_described(file) for file in listed[:MOST] if isinstance(file, Mapping))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _described(file: Mapping[str, Any]) -> Attached:
    content = _decoded(_first(file, _CONTENTS, str))
    size = _first(file, _SIZES, int)
    return Attached(
        name=storable(str(_first(file, _NAMES, str) or "attachment")),
        kind=storable(str(_first(file, _KINDS, str) or "application/octet-stream")),
        size=len(content) if content is not None else max(0, size or 0),
        content=content,
    )


def _first(file: Mapping[str, Any], names: tuple[str, ...], kind: type) -> Any:
    for name in names:
        value = file.get(name)
        if isinstance(value, kind) and value and not isinstance(value, bool):
            return value
    return None


def _decoded(text: str | None) -> bytes | None:
    """Base64 as bytes; None for what is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True) if text else None
    except (binascii.Error, ValueError):
        return None
