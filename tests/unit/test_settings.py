"""The settings file: what it may hold, how mistakes are told, one value kept with its comments."""

import json
import tomllib
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.theme import BUILTIN_THEMES

from console.actions import COMMANDS
from console.cli.settings import document_of, file_of
from console.keymap import Keys, checked_keys
from console.settings import THEMES, Settings, load_settings
from console.settings_file import keep_value, toml_of, with_value
from data.errors import BadFile, HandrailError

FULL = """
theme = "nord" # mine
reduced_motion = true
time_zone = "Europe/Berlin"

[arrivals]
bell = true

[reminders]
after = ["30m", "2h", "1d"]
command = ["mail", "-s", "Handrail", "desk@example.org"]
apprise_env = "DESK_ADDRESSES"

[keys]
approve = "f2"

[views]
"angry premium" = "tier:premium status:escalated"

[macros]
thanks = "Thank you.\\nThe team"

[targets]
csat = 4.5
"""


def saved(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_are_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HANDRAIL_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load_settings() == Settings()
    assert Settings().zone is UTC
    monkeypatch.setenv("HANDRAIL_SETTINGS", str(tmp_path / "none.toml"))
    with pytest.raises(BadFile, match="is not there; `handrail settings` prints one"):
        load_settings()


def test_everything_that_is_set_is_read(tmp_path: Path) -> None:
    found = load_settings(saved(tmp_path, FULL))
    assert found.theme == "nord"
    assert found.reminders.after == (
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(days=1),
    )
    assert str(found.zone) == "Europe/Berlin"
    assert found.macros == {"thanks": "Thank you.\nThe team"}
    assert found.targets == Settings().targets | {"csat": 4.5}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('them = "nord"', ":1: them: is no setting; did you mean 'theme'?"),
        ("[arrivals]\nbel = true", ":2: arrivals.bel: is no setting; did you mean 'bell'?"),
        ("[targets]\ncsatt = 4", ":1: targets: 'csatt' has no target; did you mean 'csat'?"),
        ("[targets]\ncsat = nan", ":1: targets: csat: write a number, such as 4.2"),
        ('[targets]\ncsat = "4"', ":1: targets: csat: write a number, such as 4.2"),
        ('\ntheme = "norf"', ":2: theme: there is no such theme; did you mean 'nord'?"),
        ('[reminders]\nafter = ["2x"]', ":2: reminders.after.0: write such as"),
        ('[reminders]\nafter = ["2h", "1h"]', ":2: reminders.after: each must be longer"),
        ('[reminders]\napprise_env = "mailto://me:pw@x"', "name an environment variable"),
        ('[views]\nx = "stats:3"', ":2: views.x: "),
        ('time_zone = "Berlin"', ':1: time_zone: write "UTC", "local"'),
        ('[arrivals]\nbell = "yes"', ":2: arrivals.bell: "),
        ("theme = nord", ":1: is not TOML"),
        ("theme", ":1: is not TOML"),
        ("theme = 7", ":1: theme: "),
        ('[keys]\n\napprove = ""', ":3: keys.approve: names no key"),
        ('[keys]\naprove = "x"', ":2: keys.aprove: is no command; did you mean 'approve'?"),
        (
            '[keys]\napprove = "r"',
            ":2: keys.approve: 'r' is the key of two commands, 'approve' and",
        ),
        ('[keys]\napprove = "j"', "is needed for moving"),
        ('[keys]\napprove = "ctlr+x"', "is no key"),
        ('[keys]\ngo-queue = "a"', "two commands, 'go-queue' and 'go-approvals'"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(HandrailError) as problem:
        checked_keys(load_settings(path), path)
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)
    assert str(path) in str(problem.value)


@pytest.mark.parametrize("text", ["", FULL])
def test_what_is_printed_can_be_saved_and_sets_the_same(tmp_path: Path, text: str) -> None:
    found = load_settings(saved(tmp_path, text))
    printed = "\n".join(file_of(found))
    assert load_settings(saved(tmp_path, printed)) == found
    json.dumps(document_of(found))


@given(st.dictionaries(st.text(), st.text(), max_size=4))
def test_whatever_is_in_a_macro_is_printed_so_that_it_is_read_again(macros: dict[str, str]) -> None:
    try:
        settings = Settings(macros=macros)
        for text in [*macros, *macros.values()]:
            text.encode()
    except (ValueError, UnicodeEncodeError):
        return
    printed = "\n".join(file_of(settings))
    assert tomllib.loads(printed)["macros"] == macros
    assert all(c == "\n" or c.isprintable() for c in printed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only words",
        'theme = "nord" # I like it\n\n[keys]\napprove = "f2"\n',
        '[keys]\napprove = "f2" # my thumb\n',
        "theme = 'nord'\r\nreduced_motion = true\r\n",
        'reduced_motion = true\n# before the tables\n[views]\ntheme = "intent:billing"',
    ],
)
def test_one_value_changes_and_every_comment_stays(text: str) -> None:
    changed = with_value(text, "theme", "dracula")
    assert tomllib.loads(changed) == tomllib.loads(text) | {"theme": "dracula"}
    for line in text.splitlines():
        assert "#" not in line or line[line.index("#") :] in changed
    assert changed.count("theme") == text.count("theme") + ("theme" not in tomllib.loads(text))


def test_a_value_that_cannot_be_changed_safely_is_left(tmp_path: Path) -> None:
    text = 'macro = """\ntheme = "a"\n"""\ntheme = """nord"""\n'
    path = saved(tmp_path, text)
    with pytest.raises(ValueError, match="cannot be changed safely"):
        keep_value(path, "theme", "dracula")
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_a_kept_value_leaves_a_link_and_the_rights_as_they_were(tmp_path: Path) -> None:
    real = saved(tmp_path, 'theme = "nord" # mine\n')
    real.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(real)
    keep_value(link, "theme", "dracula")
    assert link.is_symlink()
    assert real.read_text() == 'theme = "dracula" # mine\n'
    assert real.stat().st_mode & 0o777 == 0o640
    keep_value(tmp_path / "new" / "settings.toml", "theme", "nord")
    assert load_settings(tmp_path / "new" / "settings.toml").theme == "nord"


def test_the_themes_are_those_that_there_are() -> None:
    assert set(THEMES) == set(BUILTIN_THEMES)


@given(st.text())
def test_a_text_survives_toml(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert tomllib.loads(f"x = {toml_of(text)}") == {"x": text}


class TestKeys:
    """Which key a command has."""

    def test_the_usual_ones_are_alone(self) -> None:
        usual = Settings(keys={c.id: Keys().keymap.get(c.id, c.key) for c in COMMANDS if c.key})
        checked_keys(usual)

    def test_two_commands_may_swap(self) -> None:
        keys = checked_keys(Settings(keys={"approve": "r", "reject": "a"}))
        assert keys.shown("approve") == "r"
        assert keys.keymap == {"approve": "r", "reject": "a"}

    def test_a_place_has_a_letter_behind_the_leading_key(self) -> None:
        keys = checked_keys(Settings(keys={"goto": "G", "go-queue": "g z"}))
        assert keys.shown("go-queue") == "G z"
        assert keys.places["z"].id == "go-queue"
        assert "q" not in keys.places
        assert keys.keymap == {"goto": "G"}

    def test_several_keys_and_signs(self) -> None:
        keys = checked_keys(Settings(keys={"help": "f1,?", "search": "ctrl+f"}))
        assert keys.shown("help") == "f1 ?"
        assert keys.keymap["help"] == "f1,question_mark"
