"""Mails and mailboxes, with their parts, character sets and threads."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from agents.intake.mail import incoming_mail, plain_text
from agents.intake.records import Reject, Unreadable
from data.errors import BadFile
from tests.intake_support import read_all, rejects, tickets


def mail(body: str = "I was charged twice.", **headers: str) -> EmailMessage:
    made = EmailMessage()
    defaults = {
        "From": "Ada Lovelace <ada@x.example>",
        "To": "help@y.example",
        "Subject": "Doppelt bezahlt – bitte prüfen",
        "Date": "Wed, 22 Apr 2026 18:45:00 +0200",
        "Message-ID": "<m1@x.example>",
    }
    renamed = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in {**defaults, **renamed}.items():
        made[name] = value
    made.set_content(body)
    return made


def test_one_mail(tmp_path: Path):
    path = tmp_path / "one.eml"
    headers = {"In_Reply_To": "<m0@y.example>", "References": "<r1@y.example> <m0@y.example>"}
    path.write_bytes(mail("Über €5 zu viel.\n", **headers).as_bytes())
    (record,) = tickets(read_all(path))
    assert record.subject == "Doppelt bezahlt – bitte prüfen"
    assert record.body == "Über €5 zu viel.\n"
    assert record.email == "ada@x.example"
    assert record.at == datetime(2026, 4, 22, 16, 45, tzinfo=UTC)
    assert record.external_id == "<m1@x.example>"
    assert record.in_reply_to == ("<m0@y.example>", "<r1@y.example>")
    assert record.ref is None


def test_plain_text_goes_before_html_and_attachments_are_left_out():
    made = mail("the plain words")
    made.add_alternative("<p>the rich words</p>", subtype="html")
    made.add_attachment("a log", filename="log.txt")
    assert incoming_mail(made.as_bytes()).body == "the plain words\n"


def test_html_alone_becomes_words():
    made = mail()
    made.set_content(
        "<html><head><title>no</title><style>p{}</style></head><body><p>Hello&nbsp;there,<br>"
        "please <b>refund</b> me</p><ul><li>one<li>two</ul><script>no()</script></body></html>",
        subtype="html",
    )
    body = incoming_mail(made.as_bytes()).body
    assert body.splitlines() == ["Hello there,", "please refund me", "", "- one", "- two"]


@pytest.mark.parametrize("html", ["<p", "</p></p>", "<!--", "&#xFFFFFFFF;", "<script>x", ""])
def test_broken_html_does_no_harm(html: str):
    assert isinstance(plain_text(html), str)


@pytest.mark.parametrize(
    ("charset", "stored"), [("iso-8859-1", "latin-1"), ("x-unknown", "utf-8"), ("utf-8", "cp1252")]
)
def test_character_sets_even_where_the_header_is_wrong(charset: str, stored: str):
    head = f"From: a@b.example\nContent-Type: text/plain; charset={charset}\n"
    raw = head.encode() + b"Content-Transfer-Encoding: 8bit\n\n" + "Grüße".encode(stored)
    assert incoming_mail(raw).body == "Grüße"


BROKEN = ["From: <<<@@,;", "From: =?x?q?=FF?=", "Message-ID: [<", "Subject: =?utf-8?b?!!?="]


@pytest.mark.parametrize("header", BROKEN)
def test_headers_that_cannot_be_parsed_do_not_stop_the_mail(header: str):
    raw = header.encode() + b"\nDate: Wed, 22 Apr 2026 18:45:00 +0200\n\nwords\n"
    assert incoming_mail(raw).body == "words\n"


def test_a_bad_date_is_rejected_with_its_value():
    with pytest.raises(Unreadable, match="'someday' is not a time"):
        incoming_mail(b"From: a@b.example\nDate: someday\n\nwords\n")


def test_what_is_no_mail_and_what_has_no_text(tmp_path: Path):
    path = tmp_path / "a.eml"
    path.write_text("just some words\n")
    assert "this is no mail" in rejects(read_all(path))[0].why
    path.write_bytes(mail("\n", Subject="").as_bytes())
    assert rejects(read_all(path))[0].why == "neither subject nor body"


def test_a_long_mail_is_rejected(tmp_path: Path):
    path = tmp_path / "a.eml"
    path.write_bytes(mail("words " * 200_000).as_bytes())
    assert "the limit is 1.0 MB" in rejects(read_all(path))[0].why


def test_a_mailbox_in_order_with_lines(tmp_path: Path):
    path = tmp_path / "box.mbox"
    separator = b"From ada@x.example Wed Apr 22 16:45:00 2026\n"
    first = mail("one\n\nFrom here it is mine\n", Message_ID="<1@x.example>").as_bytes()
    first = first.replace(b"\nFrom here", b"\n>From here")
    second = mail("two", Message_ID="<2@x.example>").as_bytes()
    second = second.replace(b"Date: Wed, 22", b"Date: Wed, 99")
    third = mail("three", Message_ID="<3@x.example>").as_bytes()
    path.write_bytes(separator + first + b"\n" + separator + second + b"\n" + separator + third)
    one, two, three = read_all(path)
    assert one.body == "one\n\nFrom here it is mine\n"
    assert isinstance(two, Reject)
    assert path.read_bytes().splitlines()[two.line - 1] == separator.strip()
    assert three.external_id == "<3@x.example>"


def test_a_text_called_mbox_cannot_be_used(tmp_path: Path):
    path = tmp_path / "box.mbox"
    path.write_text("id,body\n1,x\n")
    with pytest.raises(BadFile, match=r"box.mbox:1: not a mailbox"):
        read_all(path)
