"""Workspaces made from packaged scenarios, and the program run in this process."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import data
from agents.engine.advance import Engine
from agents.eval.scenario import load_scenario
from agents.founding import found_workspace
from agents.runtime.inline import InlineDispatcher
from agents.turns import tickets_in_turn
from agents.wiring import Places, open_parts
from console.cli.program import app
from data.workspace import open_workspace

SCENARIOS = Path(data.__file__).parent / "scenarios"


@dataclass(frozen=True)
class Ran:
    """What a call of the program came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


Program = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing reads or writes the person's own workspace."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("HANDRAIL_DB", "HANDRAIL_BACKOFFICE", "HANDRAIL_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def handrail() -> Program:
    """The program, run in this process."""

    def run(*arguments: object, stdin: str | None = None) -> Ran:
        ended = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ran(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Program:
    """The program, run as a process of its own in a folder of its own."""

    def run(*arguments: object, cwd: Path = tmp_path, stdin: str | None = None) -> Ran:
        ended = subprocess.run(
            command(*arguments),
            cwd=cwd,
            capture_output=True,
            text=True,
            input=stdin if stdin is not None else "",
            timeout=120,
            check=False,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return run


def command(*arguments: object) -> list[str]:
    """The command line that runs the program with this interpreter, as its script does."""
    code = "from console.main import main; main()"
    return [sys.executable, "-P", "-c", code, *[str(a) for a in arguments]]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bool], Path]:
    """Makes each workspace once; who uses it takes a copy."""
    folder = tmp_path_factory.mktemp("built")

    @cache
    def build(scenario: str, advanced: bool) -> Path:
        path = folder / f"{scenario}-{advanced}" / "desk.db"
        found_workspace(str(path), load_scenario(SCENARIOS / f"{scenario}.yaml"), Places())
        if advanced:
            work_off(path)
        return path

    return build


@pytest.fixture
def new(built: Callable[[str, bool], Path], tmp_path: Path) -> Callable[[str], Path]:
    """Makes a workspace from a packaged scenario, its tickets not yet looked at."""
    return lambda scenario: _copied(built(scenario, False), tmp_path)


@pytest.fixture
def worked(built: Callable[[str, bool], Path], tmp_path: Path) -> Callable[[str], Path]:
    """Makes a workspace from a packaged scenario, its tickets advanced as far as they go."""
    return lambda scenario: _copied(built(scenario, True), tmp_path)


def _copied(path: Path, folder: Path) -> Path:
    for file in path.parent.iterdir():
        shutil.copy(file, folder / file.name)
    return folder / path.name


def work_off(path: Path) -> None:
    """Advance every pending ticket, in this process."""
    workspace = open_workspace(str(path), create=False, synchronous="OFF")
    try:
        with open_parts(workspace, Places()) as parts:
            dispatcher = InlineDispatcher(Engine(parts).advance)
            dispatcher.drain(lambda limit: tickets_in_turn(workspace, limit))
    finally:
        workspace.close()
