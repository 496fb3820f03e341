"""Checking an exported file, on any computer and without a workspace."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data.audit.anchor import Anchor
from data.audit.export import VERSION, encoded
from data.audit.findings import Break, Findings
from data.audit.links import CHANGED, link_hash, misplaced
from data.audit.rows import COLUMNS
from data.audit.texts import digest_of
from data.errors import BadFile
from data.store import GENESIS

_EVENT = {"event", *COLUMNS[1:]}
_TEXT = {"text", "digest", "salt", "body"}
_ERASED = {"text", "digest", "erased"}


def check_export(path: Path, anchor: Anchor | None = None) -> Findings:
    """Check a file of `write_export` line by line, and its chain against `anchor` if one is given.

    BadFile if it cannot be read or its first line does not say that it is one.
    """
    try:
        with path.open("rb") as file:
            check = _Check(path, file.readline(), anchor)
            for number, line in enumerate(file, 2):
                check.line(number, line)
    except OSError as problem:
        raise BadFile(path, f"cannot be read: {problem.strerror}") from problem
    return check.end()


class _Check:
    """The state of a check: what the lines so far have told."""

    def __init__(self, path: Path, first: bytes, anchor: Anchor | None) -> None:
        header = _object(first)
        if header is not None and "handrail_anchor" in header:
            raise BadFile(path, "is an anchor; give it with --anchor", 1)
        if header is None or "handrail_export" not in header:
            raise BadFile(path, "is no export; `handrail audit export TICKET` writes one", 1)
        if header["handrail_export"] != VERSION:
            raise BadFile(path, f"is an export of version {header['handrail_export']!r}, not 1", 1)
        self.found, self.anchor = Findings(chains=1), anchor
        self.chain, self.ref = str(header.get("ticket")), str(header.get("ref"))
        self.masked = header.get("masked") is not False
        self._digest = hashlib.sha256(first)
        self._head = (0, GENESIS)
        self._anchored: tuple[int, str] | None = None
        """The head after the last event that is not newer than the anchor."""
        self._due: str | None = None
        """The digest whose text must come next."""
        self._told = ""
        """What the last event holds."""
        self._state = "events"
        self._handlers: dict[str, Callable[[int, dict[str, Any]], None]] = {
            "event": self._event,
            "text": self._text,
            "head": self._end_of_chain,
        }

    def line(self, number: int, line: bytes) -> None:
        """Check one line."""
        content = _object(line)
        if self._state == "ended":
            self._add("stands behind the last line: it was put in", number)
        elif content is not None and set(content) == {"sha256"}:
            if self._state != "head":
                self._add("the head of the chain is missing: it was removed", number)
            self._state = "ended"
            self.found.sha256 = self._digest.hexdigest()
            if line != encoded({"sha256": self.found.sha256}) and not self.found.breaks:
                self._add("the lines do not fit the digest in the last one: one was changed", None)
        else:
            kind = next(iter(content)) if content else ""
            if content is None or kind not in self._handlers:
                self._add("is no line of an export: it was changed", number)
            else:
                self._handlers[kind](number, content)
        self._digest.update(line)

    def end(self) -> Findings:
        """What was found, once the file has ended."""
        if self._state != "ended" and not self.found.breaks:
            self._add("ends before its last line: the end was removed", None)
        elif self.anchor is not None:
            differs = self.anchor.difference(self.chain, self._anchored)
            if differs is not None:
                self.found.add(differs)
        self.found.name_tickets({self.chain: self.ref})
        return self.found

    def _add(self, what: str, line: int | None, event: dict[str, Any] | None = None) -> None:
        position, number = (event["position"], event["event"]) if event else (None, None)
        self.found.add(Break(what, self.chain, position, number, line))

    def _event(self, line: int, event: dict[str, Any]) -> None:
        self._nothing_due(line)
        sealed = event.pop("masked", None)
        if set(event) != _EVENT or self._state != "events":
            self._add("is not the line of an event that may stand here", line)
            return
        self.found.events += 1
        last, before = self._head
        position, stored = event["position"], event["hash"]
        if event["chain"] != self.chain:
            self._add("belongs to another chain: it was put in", line)
        elif position != last + 1:
            self._add(misplaced(position, last), line)
        elif sealed and self.masked:
            self.found.sealed += 1
        elif stored != _computed(before, event):
            self._add(CHANGED, line, event)
        self._head = (position if isinstance(position, int) else last + 1, stored)
        if self.anchor is not None and _older(event["event"], self.anchor):
            self._anchored = self._head
        self._due = None if self.masked else event["payload_digest"]
        self._told = str(event["data"])

    def _text(self, line: int, text: dict[str, Any]) -> None:
        self.found.texts += 1
        digest = text.get("digest")
        if digest is not None and digest == self._due:
            self._due = None
        elif not isinstance(digest, str) or digest not in self._told or self._due is not None:
            self._add(f"the text {text['text']} is not one of the event before it", line)
            return
        else:
            self._told = self._told.replace(digest, "")
        if set(text) == _ERASED:
            self.found.erased += 1
        elif set(text) != _TEXT or digest != digest_of(text["salt"], text["body"]):
            self._add(f"the text {text['text']} does not fit its digest: it was changed", line)

    def _end_of_chain(self, line: int, content: dict[str, Any]) -> None:
        self._nothing_due(line)
        self._state = "head"
        position, stored = self._head
        expected = {"chain": self.chain, "position": position, "hash": stored}
        if content["head"] != expected:
            self._add("the head does not fit the last event: one of them was changed", line)

    def _nothing_due(self, line: int) -> None:
        if self._due is not None:
            self._add("the text of the event before is missing: it was removed", line)
            self._due = None


def _older(event: object, anchor: Anchor) -> bool:
    return isinstance(event, int) and event <= anchor.last_event


def _computed(before: str, event: dict[str, Any]) -> str | None:
    names = (*COLUMNS[1:9], "payload_digest")
    try:
        return link_hash(before, *[event[name] for name in names])
    except (TypeError, UnicodeError):
        return None


def _object(line: bytes) -> dict[str, Any] | None:
    """A line's JSON object; None if it is not exactly one, or a key stands in it twice."""
    try:
        found = json.loads(line.decode(), object_pairs_hook=_once)
    except ValueError:
        return None
    return found if isinstance(found, dict) and line.endswith(b"\n") else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
