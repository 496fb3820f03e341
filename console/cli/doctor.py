"""`handrail doctor`: configuration, database, connectors, model, terminal."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import typer

from console.cli.options import AsJson, Db, PlaybookFolder, PolicyFile
from console.cli.printing import out, print_json, say
from console.format import cost, line
from console.thinking import ApiBase, Brain, Model, model_choice
from data.errors import HandrailError

Verdict = Literal["ok", "note", "wrong"]
_GLYPHS: dict[Verdict, str] = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}

SMALLEST = (60, 16)
"""Columns and rows below which the console shows only a part of itself."""


@dataclass(frozen=True)
class Checked:
    """One thing that was looked at."""

    what: str
    verdict: Verdict
    text: str


def doctor(
    db: Db = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    brain: Brain = None,
    model: Model = None,
    api_base: ApiBase = None,
    as_json: AsJson = False,
) -> None:
    """Check that everything is in order; exit code 1 names what is not. Changes nothing.

    A language model, if one is named, is asked one short question.
    """
    from console.bootstrap import Rules

    rules = Rules(policy, playbooks)
    found = [
        _checked("configuration", lambda: _configuration(db, rules)),
        *_workspace(db),
        _checked("model", lambda: _model(brain, model, api_base)),
        *_triage(db),
        *_presidio(),
        *_terminal(),
    ]
    wrong = [check for check in found if check.verdict == "wrong"]
    if as_json:
        checks = [{"what": c.what, "verdict": c.verdict, "text": c.text} for c in found]
        print_json({"ok": not wrong, "checks": checks})
    else:
        for check in found:
            out(f"{_GLYPHS[check.verdict]}  {check.what:<14} {line(check.text, 1000)}")
    if wrong:
        raise typer.Exit(1)


def _checked(what: str, look: Callable[[], str]) -> Checked:
    from console.bootstrap import database_trouble

    try:
        return Checked(what, "ok", look())
    except HandrailError as problem:
        return Checked(what, "wrong", str(problem))
    except Exception as problem:  # whatever it is, it is what the doctor is asked for
        text = database_trouble(problem) or f"{type(problem).__name__}: {problem}"
        return Checked(what, "wrong", text)


def _configuration(db: str | None, rules: object) -> str:
    from console.bootstrap import Rules, rules_in_force

    assert isinstance(rules, Rules)
    found, _, version = rules_in_force(db, rules)
    named = ", ".join(f"{name} {path or 'packaged'}" for name, path in found.items())
    return f"{named} (version {version})"


def _workspace(db: str | None) -> Iterator[Checked]:
    from console.bootstrap import examine_backoffice, examine_workspace, workspace_is_there

    if not workspace_is_there(db):
        from console.bootstrap import meant

        text = f"none yet at {meant(db)}; `handrail init` or the console makes one"
        yield Checked("database", "note", text)
        return
    yield _checked("database", lambda: examine_workspace(db))
    yield _checked("back office", lambda: examine_backoffice(db))


def _model(brain: str | None, model: str | None, api_base: str | None) -> str:
    """Ask the models that are named, each once; HandrailError names the first that fails."""
    from agents.understanding.triage import triage_rows  # noqa: F401  # loads what it needs

    choice = model_choice(brain, model, api_base)
    if choice is None:
        return "embedded (needs no key)"
    from agents.brains.trying import try_models

    say(f"asking {line(choice.shown)} …")
    return "; ".join(
        f"{line(answer.model)} answers: {answer.tokens_in + answer.tokens_out} tokens, "
        f"{cost(answer.cost_micros) if answer.cost_micros else 'no price known'}, "
        f"{answer.seconds:.1f} s"
        for answer in try_models(choice)
    )


def _triage(db: str | None) -> Iterator[Checked]:
    """The team's own triage model, where one is in use."""
    from console.bootstrap import shelf_of

    def look() -> str:
        own = shelf.load() if shelf else None
        return f"{own.version}, {own.features.name} features" if own else "packaged"

    shelf = shelf_of(db)
    if shelf is not None and shelf.folder.is_dir():
        yield _checked("triage model", look)


def _presidio() -> Iterator[Checked]:
    from agents.privacy.presidio import VARIABLE, free_names

    if os.environ.get(VARIABLE):
        found = f"finds names that no record tells ({os.environ[VARIABLE]})"
        yield _checked("presidio", lambda: found if free_names() else "")


def _terminal() -> Iterator[Checked]:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield Checked("terminal", "note", "none: the console needs one, every command works")
        return
    columns, rows = shutil.get_terminal_size()
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    kind = os.environ.get("TERM", "")
    text = f"{columns}×{rows}, {kind or 'no TERM'}, {sys.stdout.encoding}"
    if kind in ("", "dumb"):
        yield Checked("terminal", "wrong", f"{text}: set TERM, such as xterm-256color")
    elif encoding != "utf8":
        yield Checked("terminal", "wrong", f"{text}: set a UTF-8 locale, such as LANG=C.UTF-8")
    elif columns < SMALLEST[0] or rows < SMALLEST[1]:
        yield Checked("terminal", "note", f"{text}: make it at least {SMALLEST[0]}×{SMALLEST[1]}")
    else:
        yield Checked("terminal", "ok", text)
