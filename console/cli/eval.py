"""`handrail eval`: run scenarios and check their expected ends."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import AsJson, PlaybookFolder, PolicyFile
from console.cli.printing import Progress, out, print_json, say
from console.format import cost, line
from console.thinking import ApiBase, Brain, Model, model_choice

if TYPE_CHECKING:
    from agents.eval.report import Report


def eval_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Scenario files, or folders of them."),
    ],
    k: Annotated[
        int, typer.Option("-k", min=1, metavar="N", help="Run each N times; all must pass.")
    ] = 1,
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, metavar="N", help="Processes (0: one per processor).")
    ] = 0,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    brain: Brain = None,
    model: Model = None,
    api_base: ApiBase = None,
    as_json: AsJson = False,
) -> None:
    """Run scenarios, each in a fresh world with its own clock, and compare how they end.

    With a model, its answers to customers go out unasked, so that `approvals` counts the same; how
    often the embedded brain stood in for it is told. Exit code 1 if one fails, 2 if a file is no
    scenario (the others still run).
    """
    from agents.eval.run import run_paths

    choice, make_brain = model_choice(brain, model, api_base), None
    if choice is not None:
        from agents.eval.thinking import brain_of

        make_brain = partial(brain_of, choice)
    progress = Progress("scenarios")

    def tell(done: Any) -> None:
        progress.step()
        if not as_json and not getattr(done, "passed", True):
            progress.clear()
            say(f"failed: {line(done.scenario)}")

    processes = jobs or os.cpu_count() or 1
    try:
        report = run_paths(
            paths, k, policy=policy, playbooks=playbooks, processes=processes,
            make_brain=make_brain, on_done=tell, on_begin=progress.begin,
        )  # fmt: skip
    finally:
        progress.clear()
        if make_brain is not None:
            make_brain().model.close()
    report.model = choice.name if choice else None
    if as_json:
        print_json(report.as_json())
    else:
        _print(report, k)
    for problem in report.unreadable:
        say(f"handrail: {line(str(problem), 1000)}")
    if report.unreadable:
        raise typer.Exit(2)
    if report.failed:
        raise typer.Exit(1)


def _print(report: "Report", k: int) -> None:
    for run in report.runs:
        if run.passed:
            continue
        out(f"FAILED {line(run.scenario)} ({line(run.file)})")
        for each in run.mismatches:
            out(line(f"{each.path}: expected {each.expected!r}, found {each.found!r}", 1000))
    total = len(report.runs)
    times = f", each {k} times" if k > 1 else ""
    share = f" ({report.passed / total:.0%})" if total else ""
    out(f"{report.passed} of {total} scenarios passed{share}{times}")
    if report.model:
        took = report.took
        out(
            f"{line(report.model)}: {took.calls:,} calls, {took.tokens:,} tokens, "
            f"{cost(took.cost_micros)}; the embedded brain stood in {took.set_aside} times"
        )
    baselines = report.as_json()["baselines"]
    out(
        f"doing nothing would pass {baselines['nothing']}, "
        f"approving everything {baselines['approve_all']}"
    )
