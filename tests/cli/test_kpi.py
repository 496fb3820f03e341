"""`handrail kpi` and `handrail survey import` on real workspaces."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from data.measures.definitions import MEASURES
from data.workspace import open_workspace
from tests.cli.conftest import Program
from tests.measuring import MONDAY, at, opened

Made = Callable[[str], Path]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Three tickets of Monday: verified, handed over, and one of a nasty channel; on Tuesday."""
    path = tmp_path / "desk.db"
    store = open_workspace(
        str(path), started=MONDAY + timedelta(days=1, hours=12), synchronous="OFF"
    )
    with opened(store, "K1", at("09:00")) as t:
        t.began(at("09:01"), cost=20_000)
        t.verified(at("09:01:30"), "a1")
        t.answered(at("09:02"))
        t.ended(at("09:02"), "resolved")
    with opened(store, "K2", at("10:00"), intent="technical", agent="technical") as t:
        t.began(at("10:01"))
        t.tell(at("10:02"), "resolution", "handoff", skill="technical")
        t.ended(at("10:02"), "escalated", "policy_refused")
    with opened(store, "K3", at("11:00"), intent=None, channel='=1+1<b>"\x1b[31m'):
        pass
    store.close()
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty.db"
    open_workspace(str(path)).close()
    return path


def test_the_document(handrail: Program, desk: Path) -> None:
    document = handrail("kpi", "--db", desk, "--json").document
    assert (document["since"], document["until"]) == ("2026-02-02", "2026-03-03")
    found = document["measures"]
    assert list(found) == [measure.name for measure in MEASURES]
    told = {k: found["first_contact_resolution"][k] for k in ("value", "count", "target", "met")}
    assert told == {"value": 1.0, "count": 1, "target": 0.8, "met": True}
    assert found["first_response"]["value"] == 120
    assert found["first_response"]["p90"] == pytest.approx(120, rel=0.1)
    assert found["cost_per_ticket"]["value"] == pytest.approx(0.02 / 3)
    assert found["escalation_rate"]["value"] == pytest.approx(1 / 3)
    for name in ("csat", "utilisation", "approvals", "decision_time"):
        assert (found[name]["value"], found[name]["count"], found[name]["met"]) == (None, 0, None)
    assert all(each["definition"] and each["counted"] for each in found.values())
    assert "groups" not in document


def test_by_parts(handrail: Program, desk: Path) -> None:
    document = handrail("kpi", "--db", desk, "--json", "--by", "intent").document
    tickets = {g["name"]: g["measures"]["tickets"]["value"] for g in document["groups"]}
    assert tickets == {"billing": 1, "none": 1, "technical": 1}
    days = handrail("kpi", "--db", desk, "--json", "--by", "day", "--since", "3d").document
    told = [(g["name"], g["measures"]["tickets"]["value"]) for g in days["groups"]]
    assert told == [("2026-03-01", None), ("2026-03-02", 3), ("2026-03-03", None)]


@pytest.mark.parametrize(
    ("options", "days", "tickets"),
    [
        (["--since", "today"], 1, None),
        (["--since", "2d"], 2, 3),
        (["--since", "2026-03-02", "--until", "2026-03-02"], 1, 3),
        (["--until", "2026-03-01"], 28, None),
        (["--since", "all"], 2, 3),
        (["--since", "all", "--until", "2026-01-01"], 1, None),
    ],
)
def test_periods(
    handrail: Program, desk: Path, options: list[str], days: int, tickets: int | None
) -> None:
    document = handrail("kpi", "--db", desk, "--json", "--by", "day", *options).document
    assert len(document["groups"]) == days
    assert document["measures"]["tickets"]["value"] == tickets


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--since", "tuesday"], "'tuesday' is no day; write such as"),
        (["--since", "2026-03-03", "--until", "2026-03-01"], "ends before it begins"),
        (["--json", "--csv"], "one thing at a time on standard output"),
        (["--by", "weather"], "weather"),
        (["--html", "/no/such/folder/k.html"], "cannot be written"),
        (["--prometheus", "/no/such/folder/k.prom"], "cannot be written"),
    ],
)
def test_mistakes_are_one_line(
    handrail: Program, desk: Path, options: list[str], told: str
) -> None:
    ran = handrail("kpi", "--db", desk, *options)
    assert ran.code == 2
    assert ran.out == ""
    assert told in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_no_workspace(handrail: Program, tmp_path: Path) -> None:
    ran = handrail("kpi", "--db", tmp_path / "none.db")
    assert ran.code == 2
    assert "no workspace" in ran.err
    assert not (tmp_path / "none.db").exists()


def test_for_people(handrail: Program, desk: Path) -> None:
    ran = handrail("kpi", "--db", desk, "--by", "channel")
    assert ran.code == 0
    assert re.search(r"First contact resolution +100 % +over 80 % +✓ met +1", ran.out)
    assert re.search(r"Escalation rate +33 % +under 30 % +✗ missed +3", ran.out)
    assert re.search(r"Customer satisfaction +no data +over 4\.2 of 5 +0", ran.out)
    assert re.search(r"half within 1m 5\ds, nine of ten within", ran.out)
    assert re.search(r"^email +2 +100 % ✓", ran.out, re.MULTILINE)
    assert "\x1b" not in ran.out


def test_without_data(handrail: Program, empty: Path, tmp_path: Path) -> None:
    page = tmp_path / "k.html"
    ran = handrail("kpi", "--db", empty, "--by", "intent")
    assert ran.code == 0
    assert ran.out.count("no data") == len(MEASURES) + 1
    found = handrail("kpi", "--db", empty, "--json", "--by", "agent").document
    assert found["groups"] == []
    assert {each["value"] for each in found["measures"].values()} == {None}
    assert handrail("kpi", "--db", empty, "--html", page, "--since", "all").code == 0
    assert page.read_text().count("no data") == len(MEASURES)


def test_csv(handrail: Program, desk: Path) -> None:
    ran = handrail("kpi", "--db", desk, "--csv", "--by", "channel")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(rows) == 3 * len(MEASURES)
    first = next(r for r in rows if r["measure"] == "first_response" and not r["part"])
    assert (first["value"], first["unit"], first["count"], first["met"]) == (
        "120", "seconds", "1", "true",
    )  # fmt: skip
    assert next(r for r in rows if r["measure"] == "csat")["value"] == ""
    # No spreadsheet takes the name of a channel for a formula.
    assert {r["part"][:3] for r in rows} == {"", "ema", "'=1"}


class Page(HTMLParser):
    """Collects the tags and their attributes, and the words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_loads_nothing(handrail: Program, desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "k.html"
    ran = handrail("kpi", "--db", desk, "--html", path, "--by", "channel")
    assert (ran.code, ran.out) == (0, "")
    assert str(path) in ran.err
    text = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "b"}
    assert not [a for _, a in page.tags if {"src", "href", "onload", "onclick"} & set(a)]
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text
    assert '=1+1<b>"' in page.words
    assert "\x1b" not in text
    assert [t for t, _ in page.tags].count("section") == len(MEASURES)
    assert "100 %" in page.words
    assert handrail("kpi", "--db", desk, "--html", "-").out.startswith("<!doctype html>")


def test_prometheus_text(handrail: Program, desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "handrail.prom"
    path.write_text("old")
    path.chmod(0o640)
    assert handrail("kpi", "--db", desk, "--prometheus", path, "--by", "channel").code == 0
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    lines = path.read_text(encoding="utf-8").splitlines()
    sample = re.compile(r'^[a-z_]+(\{[a-z]+="(?:[^"\\]|\\.)*"(,[a-z]+="(?:[^"\\]|\\.)*")*\})? \S+$')
    names: list[str] = []
    for line in lines:
        if line.startswith("# TYPE"):
            names.append(line.split()[2])
        elif not line.startswith("#"):
            assert sample.match(line), line
            float(line.rpartition(" ")[2])
            assert re.split(r"[ {]", line)[0] == names[-1]
    assert len(names) == len(set(names))
    assert 'handrail_first_response_seconds{days="30"} 120.0' in lines
    assert 'handrail_first_contact_resolution_ratio{days="30",channel="email"} 1.0' in lines
    assert "handrail_csat_points_target 4.2" in lines
    assert not [line for line in lines if line.startswith("handrail_csat_points{")]
    assert 'handrail_csat_points_count{days="30"} 0' in lines


def test_targets_of_the_settings(
    handrail: Program, desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "settings.toml"
    place.write_text("[targets]\nfirst_response = 60\n")
    monkeypatch.setenv("HANDRAIL_SETTINGS", str(place))
    found = handrail("kpi", "--db", desk, "--json").document["measures"]
    assert (found["first_response"]["target"], found["first_response"]["met"]) == (60, False)
    assert found["csat"]["target"] == 4.2


def test_what_the_agents_did_is_measured(handrail: Program, worked: Made) -> None:
    desk = worked("three-in-one")
    found = handrail("kpi", "--db", desk, "--json", "--since", "all", "--by", "model").document
    assert found["measures"]["tickets"]["value"] >= 1
    assert found["measures"]["approvals"]["value"] >= 1
    assert [group["name"] for group in found["groups"]] == ["embedded"]
    assert handrail("audit", "verify", "--db", desk).code == 0


def answers(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_surveys(handrail: Program, desk: Path, tmp_path: Path) -> None:
    file = answers(
        tmp_path, "s.csv",
        "Ticket ID;Rating;Feedback;Submitted at\nK1;2;meh;2026-03-02T12:00:00Z\n"
        'K1;5;"good,\nat last";2026-03-03T09:00:00+02:00\nK2;4;;2026-03-02 13:00\n\n',
    )  # fmt: skip
    ran = handrail("survey", "import", file, "--db", desk, "--json")
    assert ran.code == 0
    assert ran.document == {"stored": 3, "duplicates": 0, "rejected": []}
    csat = handrail("kpi", "--db", desk, "--json").document["measures"]["csat"]
    # Of K1 the newest answer counts.
    assert (csat["value"], csat["count"], csat["met"]) == (4.5, 2, True)
    again = handrail("survey", "import", file, "--db", desk)
    assert (again.code, again.out) == (0, "0 answer(s) stored, 3 there already, 0 rejected\n")
    assert handrail("kpi", "--db", desk, "--json").document["measures"]["csat"]["count"] == 2
    shown = handrail("show", "K1", "--db", desk, "--json").out
    assert "survey.answered" in shown
    assert "meh" not in shown


def test_surveys_as_json_lines_and_what_is_wrong_with_them(
    handrail: Program, desk: Path, tmp_path: Path
) -> None:
    lines = [
        json.dumps({"ticket": {"id": "x"}, "ref": "K1", "score": "4", "at": 1772445600}),
        json.dumps({"ticket": "K9", "score": 4, "at": "2026-03-02"}),
        json.dumps({"ticket": "K1", "score": 0, "at": "2026-03-02"}),
        json.dumps({"ticket": "K1", "score": 4.5, "at": "2026-03-02"}),
        json.dumps({"ticket": "K1", "score": True, "at": "2026-03-02"}),
        json.dumps({"ticket": "K1", "score": 3}),
        json.dumps({"score": 3, "at": "2026-03-02"}),
        json.dumps({"ticket": "K1", "score": 3, "at": "soon"}),
        "[1]",
        "{",
    ]
    ran = handrail(
        "survey", "import", answers(tmp_path, "s.jsonl", "\n".join(lines)), "--db", desk, "--json"
    )
    assert ran.code == 1
    assert ran.document["stored"] == 1
    whys = {reject["line"]: reject["why"] for reject in ran.document["rejected"]}
    assert sorted(whys) == list(range(2, 11))
    assert whys[2] == "no ticket 'K9' here"
    assert all("none of 1, 2, 3, 4, 5" in whys[line] for line in (3, 4, 5))
    assert "does not say when" in whys[6]
    assert "rejected: line 10: not a JSON object" in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ticket,stars\nK1,5\n", "no column at; found: ticket, stars"),
        ("a,b\n1,2\n", "no column ticket or score or at"),
        ('[{"ticket": "K1"}]', "it is a JSON list; write one object a line"),
        ("", "the file is empty"),
    ],
)
def test_surveys_that_cannot_be_used(
    handrail: Program, desk: Path, tmp_path: Path, text: str, told: str
) -> None:
    ran = handrail("survey", "import", answers(tmp_path, "s.csv", text), "--db", desk)
    assert ran.code == 2
    assert told in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_comment_is_forgotten_with_its_customer(
    handrail: Program, desk: Path, tmp_path: Path
) -> None:
    card = "4242 4242 4242 4242"
    file = answers(
        tmp_path, "s.csv", f"ticket,score,comment,at\nK1,1,my card {card} ♥,2026-03-02T12:00Z\n"
    )
    assert handrail("survey", "import", file, "--db", desk).code == 0
    before = handrail("kpi", "--db", desk, "--json").document["measures"]
    (comment,) = comments(desk)
    assert comment.startswith("my card")
    assert "4242" not in comment
    ran = handrail("erase", "ada@example.com", "--db", desk, "--yes", "--force", "--json")
    assert ran.code == 0
    assert ran.document["erased"]["surveys"] == 1
    assert comments(desk) == ["[erased]"]
    after = handrail("kpi", "--db", desk, "--json").document["measures"]
    assert after["csat"] == before["csat"]
    assert after["tickets"] == before["tickets"]


def comments(desk: Path) -> list[str]:
    store = open_workspace(str(desk), create=False)
    try:
        with store.read() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT comment FROM survey")]
    finally:
        store.close()
