"""`handrail settings`, and commands that read the settings."""

from pathlib import Path

import pytest

from tests.cli.conftest import Program


@pytest.fixture(autouse=True)
def _no_settings_of_mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HANDRAIL_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_what_is_printed_can_be_saved_as_the_file(handrail: Program, tmp_path: Path) -> None:
    place = tmp_path / "config" / "handrail" / "settings.toml"
    assert handrail("settings", "--path").out.strip() == str(place)
    printed = handrail("settings")
    assert printed.code == 0
    assert 'theme = "textual-dark"' in printed.out
    place.parent.mkdir(parents=True)
    place.write_text(printed.out.replace("bell = false", "bell = true"))
    document = handrail("settings", "--json").document
    assert document["there"] is True
    assert document["settings"]["arrivals"]["bell"] is True
    assert handrail("settings").out == printed.out.replace("bell = false", "bell = true")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[arrivals]\nbel = true", ":2: arrivals.bel: is no setting; did you mean 'bell'?"),
        ('[keys]\napprove = "r"', "'r' is the key of two commands, 'approve' and 'reject'"),
    ],
)
def test_a_mistake_is_one_line(
    handrail: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, told: str
) -> None:
    place = tmp_path / "mine.toml"
    place.write_text(text)
    monkeypatch.setenv("HANDRAIL_SETTINGS", str(place))
    ended = handrail("settings")
    assert ended.code == 2
    assert ended.out == ""
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_a_worker_does_not_begin_where_reminders_cannot_be_sent(
    handrail: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "mine.toml"
    place.write_text('[reminders]\nafter = ["30m"]\napprise_env = "DESK_ADDRESSES"\n')
    monkeypatch.setenv("HANDRAIL_SETTINGS", str(place))
    monkeypatch.delenv("DESK_ADDRESSES", raising=False)
    db = tmp_path / "x.db"
    handrail("init", "--db", db)
    ended = handrail("work", "--db", db)
    assert ended.code == 2
    assert "the environment variable DESK_ADDRESSES is not set" in ended.err
