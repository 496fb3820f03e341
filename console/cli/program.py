"""The program's commands, each loaded when it is called, and how it ends."""

import io
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from console.cli.options import As, PlaybookFolder, PolicyFile
from console.thinking import ApiBase, Brain, Model

INTERRUPTED = 130
"""The exit code after ctrl+c."""

_PASSED_ON = {"--db": "db", "--as": "operator", "--policy": "policy", "--playbooks": "playbooks",
               "--brain": "brain", "--model": "model", "--api-base": "api_base"}  # fmt: skip
"""Options that may stand before the command as well: option to parameter."""

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin": {
        "demo": ("console.cli.demo", "A fresh demo workspace with tickets arriving."),
        "init": ("console.cli.init", "Create a workspace, from a scenario if one is given."),
        "serve": ("console.cli.serve", "The same console in a browser, behind sign-in."),
        "settings": ("console.cli.settings", "What is set, ready to be saved as the file."),
        "doctor": ("console.cli.doctor", "Check configuration, database, connectors, terminal."),
    },
    "Tickets in": {
        "ingest": ("console.cli.ingest", "Put the tickets of files into the queue."),
        "import": ("console.cli.importing", "Recorded runs of other agents, to look at."),
        "receive": ("console.cli.ingest", "Add a customer's further message to a ticket."),
        "survey": ("console.cli.survey", "Take in what customers answered to surveys."),
        "triage": ("console.cli.triage", "Classify the tickets of files, without a workspace."),
        "train": ("console.cli.train", "Fit triage to your own labelled tickets."),
    },
    "Agents": {
        "work": ("console.cli.work", "A worker without a screen."),
        "retry": ("console.cli.decide", "Have the agents look at a ticket again."),
        "eval": ("console.cli.eval", "Run scenarios and check their expected ends."),
        "policy": ("console.cli.policy", "The policy in force; what another would have done."),
    },
    "By hand": {
        "handoffs": ("console.cli.human_queue", "What the agents handed to people."),
        "accept": ("console.cli.desk_work", "Accept a ticket that was handed to a person."),
        "take": ("console.cli.desk_work", "Take a ticket from the agents, or from another."),
        "send": ("console.cli.answering", "Answer the customer yourself."),
        "note": ("console.cli.desk_work", "Add an internal note."),
        "propose": ("console.cli.answering", "Propose an action; it waits for approval."),
        "assign": ("console.cli.desk_work", "Give a ticket to an operator."),
        "priority": ("console.cli.desk_work", "Set a ticket's priority."),
        "correct": ("console.cli.correct", "Say what triage should have said."),
        "merge": ("console.cli.desk_work", "Merge a duplicate into another ticket."),
        "resolve": ("console.cli.desk_work", "Say that a ticket is resolved."),
        "close": ("console.cli.desk_work", "Close a ticket without an answer."),
        "handback": ("console.cli.desk_work", "Give a ticket back to the agents."),
        "available": ("console.cli.human_queue", "Say that you can be handed tickets."),
        "away": ("console.cli.human_queue", "Say that you cannot now."),
    },
    "Look": {
        "status": ("console.cli.status", "Health on one screen; exit 1 if something is wrong."),
        "tickets": ("console.cli.tickets", "The queue, searched."),
        "show": ("console.cli.show", "One ticket: messages, findings, trace, actions."),
        "attachments": ("console.cli.attachments", "Files that came with a ticket's messages."),
        "replay": ("console.cli.replay", "Step through what happened to a ticket."),
        "backoffice": ("console.cli.backoffice", "The rows of the embedded back office."),
        "trials": ("console.cli.trials", "Intents on trial: plans beside what people did."),
        "kpi": ("console.cli.kpi", "The measures over a period, against their targets."),
        "qa": ("console.cli.qa", "How well ended tickets were handled; the review queue."),
        "audit": ("console.cli.audit", "Check the record; anchors and exports of it."),
    },
    "Decide": {
        "approvals": ("console.cli.approvals", "What needs approval."),
        "approve": ("console.cli.decide", "Let actions run as proposed."),
        "reject": ("console.cli.decide", "Refuse actions, with a reason."),
        "edit": ("console.cli.decide", "Approve an action with changed arguments."),
        "undo": ("console.cli.decide", "Take back what was done."),
        "reconcile": ("console.cli.decide", "State what became of an unknown outcome."),
        "stop": ("console.cli.stopping", "The stop button: halt what is carried out."),
        "go": ("console.cli.stopping", "Lift the stop button."),
        "practice": ("console.cli.practice", "Practise approvals on actions that are not real."),
        "operators": ("console.cli.operators", "Who may decide, and how they sign in."),
    },
    "Keep": {
        "backup": ("console.cli.keeping", "Copy the workspace while others work on it."),
        "erase": ("console.cli.keeping", "Forget a customer."),
        "prune": ("console.cli.keeping", "Forget what tickets of long ago hold."),
    },
}
"""Sections of the help: command to the module that holds it, and its short help."""


class Program(TyperGroup):
    """Finds commands by name, imports only the one that is called, and ends with our exit codes."""

    sections = COMMANDS

    def _known(self) -> dict[str, str]:
        return {name: m for section in self.sections.values() for name, (m, _) in section.items()}

    def list_commands(self, ctx: Any) -> list[str]:  # typer's own Context is private
        """Every command's name."""
        return list(self._known())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported now; None if there is none."""
        module = self._known().get(cmd_name)
        if module is None:
            return None
        # A command whose name is a word of Python's has a function that ends with an underscore.
        held, name = import_module(module), cmd_name.replace("-", "_")
        found = getattr(held, name, None) or getattr(held, f"{name}_")
        if not isinstance(found, typer.Typer):
            single = new_typer()
            single.command(cmd_name)(found)
            found = single
        command: Any = typer.main.get_command(found)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command with its arguments, and before them what stood before the command."""
        known = self._known()
        if args[0] not in known and not args[0].startswith("-"):
            near = get_close_matches(args[0], known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"there is no command {args[0]!r}{hint}")
        name, command, rest = super().resolve_command(ctx, args)
        takes = {option for parameter in command.params for option in parameter.opts}  # type: ignore[union-attr]
        before: list[str] = []
        for option, parameter in _PASSED_ON.items():
            value = ctx.params.get(parameter)
            if value is not None and option in takes:
                before += [option, str(value)]
        return name, command, before + rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The commands by section, without importing any."""
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, about) for name, (_, about) in section.items()])

    def main(self, args: Sequence[str] | None = None, **options: Any) -> Any:  # type: ignore[override]
        """Run; leave with the exit code, or return it where `standalone_mode` is off."""
        code = self._run(list(sys.argv[1:] if args is None else args))
        if options.get("standalone_mode", True):
            sys.exit(code)
        return code

    def _run(self, args: list[str]) -> int:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # What a terminal's encoding lacks is shown as a question mark, not as a fault.
                stream.reconfigure(errors="replace")
        try:
            with self.make_context("handrail", args) as ctx:
                self.invoke(ctx)
            sys.stdout.flush()
        except typer.Exit as ended:
            return ended.exit_code
        except (typer.Abort, KeyboardInterrupt):
            return INTERRUPTED
        except typer.TyperException as problem:
            return _wrong_usage(problem)
        except BrokenPipeError:
            # Whoever read has read enough; what is buffered has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except Exception as problem:
            return _failed(problem)
        return 0


def _tell(text: str) -> None:
    from console.cli.printing import say
    from console.format import clean

    say("handrail: " + " ".join(clean(text).split()))


def _wrong_usage(problem: typer.TyperException) -> int:
    context = getattr(problem, "ctx", None)
    where = context.command_path if context else "handrail"
    _tell(f"{problem.format_message().rstrip('.')}; `{where} --help` shows what it takes")
    return 2


def _failed(problem: Exception) -> int:
    """Say what failed in one line, also if the fault is ours; HANDRAIL_DEBUG=1 shows where."""
    from console.bootstrap import database_trouble
    from data.errors import HandrailError

    if os.environ.get("HANDRAIL_DEBUG"):
        raise problem
    if isinstance(problem, HandrailError):
        _tell(str(problem))
    elif (trouble := database_trouble(problem)) is not None:
        _tell(trouble)
    elif isinstance(problem, OSError):
        named = f"{problem.filename}: " if problem.filename else ""
        _tell(f"{named}{problem.strerror or problem}")
    else:
        _tell(
            f"a fault of the program: {type(problem).__name__}: {problem}; "
            "HANDRAIL_DEBUG=1 shows where"
        )
    return 2


def new_typer(cls: type[TyperGroup] | None = None, **settings: Any) -> typer.Typer:
    """A Typer that leaves errors to `Program` and writes plain help."""
    return typer.Typer(
        cls=cls,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        **settings,
    )


app = new_typer(Program, invoke_without_command=True, name="handrail")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"handrail {version('handrail')}")
        raise typer.Exit


@app.callback()
def handrail(
    ctx: typer.Context,
    db: Annotated[
        str | None,
        typer.Option(
            "--db",
            metavar="PATH|URL",
            help="The workspace (default: HANDRAIL_DB, else a file in your data folder).",
            show_default=False,
        ),
    ] = None,
    operator: As = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    brain: Brain = None,
    model: Model = None,
    api_base: ApiBase = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Start no worker.")] = False,
    keep_worker: Annotated[
        bool, typer.Option("--keep-worker", help="Let the worker go on when the console closes.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say which version this is.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    """The console for support agents that act: see what they do, decide what they may do.

    Without a command, the console opens on the workspace, with a worker of its own. Exit codes: 0
    done, 1 done with failures that the output names, 2 wrong usage or configuration.
    """
    if ctx.invoked_subcommand is not None:
        return
    from console.bootstrap import Rules
    from console.cli.screen import open_console
    from console.thinking import model_choice

    open_console(
        db, operator, Rules(policy, playbooks, model_choice(brain, model, api_base)),
        worker=not no_worker, keep_worker=keep_worker,
    )  # fmt: skip


def run(arguments: Sequence[str]) -> int:
    """Run the command line; its exit code."""
    code: int = typer.main.get_command(app).main(list(arguments), standalone_mode=False)
    return code
