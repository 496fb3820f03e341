"""Names under which files of strangers are saved, and addresses that may be opened."""

import pytest

from console.links import addresses, linked
from console.saving import LONGEST, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("/etc/cron.d/job", "job"),
        ("C:\\Users\\ada\\photo.png", "photo.png"),
        ("..", "attachment"),
        ("", "attachment"),
        (".bashrc", "bashrc"),
        ("folder/", "folder"),
        ("con.txt", "_con.txt"),
        ("NUL", "_NUL"),
        ("a<b>:c?.txt", "a_b__c_.txt"),
        ("exe\u202etxt.js", "exetxt.js"),
        ("a\x1b[31m\nb.txt", "a b.txt"),
        ("報告.pdf", "報告.pdf"),
        ("trailing. . ", "trailing"),
    ],
)
def test_a_name_is_one_file_in_the_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending_and_fits() -> None:
    found = safe_name("報" * 300 + ".pdf")
    assert found.endswith("報.pdf")
    assert len(found.encode()) <= LONGEST


def test_two_of_one_name_are_numbered() -> None:
    assert safe_name("a.pdf", ["A.PDF"]) == "a (2).pdf"
    assert safe_name("a.pdf", ["a.pdf", "a (2).pdf"]) == "a (3).pdf"


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        ("see https://a.example/x?y=1&z=2.", ["https://a.example/x?y=1&z=2"]),
        ("(https://a.example/x)", ["https://a.example/x"]),
        ("https://a.example/x_(y)", ["https://a.example/x_(y)"]),
        ("<https://a.example>, mailto:a@b.example!", ["https://a.example", "mailto:a@b.example"]),
        ("javascript:alert(1) file:///etc/passwd ftp://a.example", []),
        ("xhttps://a.example", []),
        ("https://", []),
        ("https://good.example@evil.example/", ["https://good.example@evil.example/"]),
        ("https://аpple.example", []),
        ("https://apple.exаmple/x", []),
        ("https://a.example/\u202egpj.exe", ["https://a.example/"]),
    ],
)
def test_addresses_in_a_text(plain: str, found: list[str]) -> None:
    assert [plain[begin:end] for begin, end in addresses(plain)] == found


def test_what_is_opened_is_what_is_read() -> None:
    content = linked("one https://a.example/x, two [link=https://evil.example]here[/link]")
    assert content.plain == "one https://a.example/x, two [link=https://evil.example]here[/link]"
    links = [
        (content.plain[span.start : span.end], getattr(span.style, "link", None))
        for span in content.spans
    ]
    assert links == [
        ("https://a.example/x", "https://a.example/x"),
        ("https://evil.example", "https://evil.example"),
    ]
