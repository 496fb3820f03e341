"""Which of a file's names means which of our fields, and a record made of them."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parseaddr
from functools import lru_cache
from shlex import quote

from agents.intake.moments import parse_moment
from agents.intake.records import (
    MAX_NAME,
    MAX_TEXT,
    Incoming,
    Unreadable,
    safe,
    shown,
    storable,
    too_long,
)
from data.errors import HandrailError

_TABLE = """
id: id ref ticket_id ticketid ticket_number ticket_no ticket_key case_id case_number case_no
    reference key number request_id row_id
subject: subject title summary topic headline ticket_subject email_subject ticket_title ticket_name
    ticket_summary case_subject issue_title issue_summary message_subject conversation_subject
    source.subject
body: body text description_text description message content comment question request details
    inquiry query complaint utterance ticket_text ticket_body ticket_description message_body
    message_text email_body body_text plain_body customer_message comment.body comment.plain_body
    message.body message.text message.content instruction comment_body comment_text first_comment
    latest_comment first_message initial_message user_message client_message contact_message
    ticket_message ticket_content message_content email_text email_content message_html html_body
    body_html full_text issue_description case_description problem_description request_description
    request_text request_body request_message case_text question_text query_text complaint_text
    consumer_complaint_narrative customer_query customer_comment customer_request customer_question
    customer_complaint customer_inquiry customer_enquiry customer_feedback user_query user_question
    user_request user_text user_input enquiry first_user_message conversation_message.body
    source.body thread_body threads.body preview tweet tweet_text msg
email: email from sender requester requester_email customer_email from_email sender_email
    user_email contact_email email_address e_mail from_address mail customer requester.email
    customer.email from.email from.address sender.email author.email contact.email user.email
    via.source.from.address source.author.email primary_customer.email
channel: channel via via.channel medium source_channel ticket_channel
at: at created_at created timestamp date time datetime date_time received_at received opened_at
    sent_at submitted_at created_time created_on createdate date_created creation_date date_received
external_id: external_id message_id
in_reply_to: in_reply_to references
ticket: ticket continues
"""

NAMES: dict[str, list[str]] = {
    ours: names.split() for ours, names in re.findall(r"(?m)^(\w+):((?:.|\n )+)", _TABLE)
}
"""Our fields, and the names under which they are understood, the first found winning."""

_TOPICS = frozenset(["topic"])
"""Names of a subject that are as often those of a label; alone they tell no ticket."""

_WORDY = re.compile(
    "text|message|body|descri|comment|content|question|request|inquiry|enquiry|query|complain"
    "|words|transcript|problem|note|feedback",
)
"""What the name of a column holds in which a message may stand."""

_DEPTH = 4
_MOST_NAMES = 300


def parse_map(pairs: Iterable[str]) -> dict[str, str]:
    """The file's names to ours, from texts `theirs=ours`; HandrailError for one that is not so."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        theirs, ours = theirs.strip(), ours.strip().lower()
        if not equals or not theirs:
            raise HandrailError(
                f"--map {shown(pair)}: write it as THEIRS=OURS, such as --map text=body"
            )
        if ours not in NAMES:
            raise HandrailError(f"--map {shown(pair)}: {shown(ours)} is none of {', '.join(NAMES)}")
        mapping[theirs] = ours
    return mapping


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """`name` as `NAMES` writes it: lower case, words joined by `_`, parts by a dot."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^\w.]+", "_", spaced).strip("_").lower()


def flat(record: Mapping[str, object], prefix: str = "", depth: int = _DEPTH) -> dict[str, object]:
    """The scalars of nested objects under dotted names; lists are left out, and numbers that are
    none (NaN, as programs write it for what is missing) or too large to be read."""
    found: dict[str, object] = {}
    for name, value in record.items():
        if len(found) >= _MOST_NAMES:
            break
        if isinstance(value, dict):
            if depth > 1:
                found |= flat(value, f"{prefix}{name}.", depth - 1)
        elif isinstance(value, float) and not math.isfinite(value):
            found[f"{prefix}{name}"] = None
        elif not isinstance(value, list):
            found[f"{prefix}{name}"] = value
    return found


class Nameless(Unreadable):
    """A record none of whose names means a text or a subject."""


class Fields:
    """Finds our fields in the names of a file."""

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        """Let `mapping` (theirs to ours) go before the names that are understood by themselves."""
        self.mapping = dict(mapping or {})
        self._known: dict[tuple[str, ...], dict[str, list[str]]] = {}

    def columns(self, names: Sequence[str]) -> dict[str, list[str]]:
        """For each of our fields, the file's names that hold it, the better one first."""
        key = tuple(names)
        if key not in self._known:
            if len(self._known) > 500:
                self._known.clear()
            self._known[key] = self._columns(names)
        return self._known[key]

    def _columns(self, names: Sequence[str]) -> dict[str, list[str]]:
        present = dict.fromkeys(names)
        mapped = {
            theirs: ours for theirs in self.mapping if (ours := self._mapped(theirs, present))
        }
        plain: dict[str, str] = {}
        for name in names:
            if name not in mapped:
                plain.setdefault(plain_name(name), name)
        found = {}
        for ours, understood in NAMES.items():
            chosen = [theirs for theirs, field in mapped.items() if field == ours]
            found[ours] = chosen or [plain[name] for name in understood if name in plain]
        if not found["body"] and "subject" not in mapped.values():
            found["subject"] = [n for n in found["subject"] if plain_name(n) not in _TOPICS]
        return found

    def _mapped(self, theirs: str, present: Mapping[str, None]) -> str | None:
        return self.mapping[theirs] if theirs in present else None

    def missing(self, names: Iterable[str]) -> str | None:
        """What a file with these names lacks, with what to do; None if it can be used."""
        present = list(dict.fromkeys(names))
        found = ", ".join(safe(name)[:40] for name in present[:20]) or "none"
        for theirs in self.mapping:
            if theirs not in present:
                return f"--map names {shown(theirs)}, which is not there; found: {found}"
        columns = self.columns(present)
        if columns["body"] or columns["subject"]:
            return None
        return (
            f"no column holds a text or subject; found: {found}; "
            f"name one with --map {_told_map(self._likely(present) or 'COLUMN')}"
        )

    def only_subjects(self, names: Iterable[str]) -> str | None:
        """That a file with these names is read without texts, and what to do; None if it is not."""
        present = list(dict.fromkeys(names))
        columns = self.columns(present)
        if columns["body"] or not columns["subject"]:
            return None
        known = {name for held in columns.values() for name in held}
        other = self._likely([name for name in present if name not in known])
        told = f"; name the one that does with --map {_told_map(other)}" if other else ""
        return f"no column is known to hold the text, so only subjects are read{told}"

    def _likely(self, names: Sequence[str]) -> str | None:
        """The name among `names` that most likely means a text; None if there is none at all."""
        known = {name for held in self.columns(names).values() for name in held}
        unknown = [name for name in names if name not in known]
        wordy = [name for name in unknown if _WORDY.search(plain_name(name))]
        return next(iter([*wordy, *unknown, *names]), None)

    def incoming(self, record: Mapping[str, object], line: int) -> Incoming:
        """The ticket that a flat record holds; Unreadable, with the reason, if it holds none."""
        columns = self.columns(tuple(record))
        texts = {
            ours: _first(record, columns[ours]) for ours in NAMES if ours not in ("at", "email")
        }
        body, subject = texts["body"], " ".join(texts["subject"].split())
        if not body.strip() and not subject:
            known = columns["body"] or columns["subject"]
            found = ", ".join(safe(str(name))[:40] for name in list(record)[:20])
            if not known:
                raise Nameless(f"neither subject nor body; found: {found}")
            raise Unreadable("neither subject nor body")
        check_size(subject, body)
        return Incoming(
            line=line,
            ref=_name("id", texts["id"]),
            subject=subject,
            body=body,
            email=_address(record, columns["email"]),
            channel=_name("channel", texts["channel"].lower()) or "email",
            at=next((at for name in columns["at"] if (at := parse_moment(record[name]))), None),
            external_id=_name("external_id", texts["external_id"], 998),
            in_reply_to=tuple(texts["in_reply_to"].split()[-50:]),
            ticket=_name("ticket", texts["ticket"]),
            labels=record,
        )


def _told_map(theirs: str) -> str:
    """The value of `--map` that takes a column as the text, as a shell reads it."""
    told = f"{safe(theirs)[:40]}=body"
    plain = re.fullmatch(r"[\w.=-]+", told)
    return told if plain else f'"{told}"' if not re.search(r'["$`\\!]', told) else quote(told)


def check_size(subject: str, body: str) -> None:
    """Unreadable if the two together are longer than a ticket may be."""
    if 4 * (len(subject) + len(body)) > MAX_TEXT:
        size = len(subject.encode()) + len(body.encode())
        if size > MAX_TEXT:
            raise Unreadable(too_long(size))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _first(record: Mapping[str, object], names: Iterable[str]) -> str:
    for name in names:
        if (text := _text(record[name])).strip():
            return text
    return ""


def _name(field: str, text: str, limit: int = MAX_NAME) -> str | None:
    text = " ".join(text.split())
    if len(text) > limit:
        raise Unreadable(f"{field} is {len(text)} characters long; the limit is {limit}")
    return text or None


def _address(record: Mapping[str, object], names: Iterable[str]) -> str | None:
    for name in names:
        text = _text(record[name])
        if "@" in text and len(text) < 2_000:
            address = parseaddr(" ".join(text.split()))[1]
            if "@" in address and len(address) <= 320:
                return address
    return None
