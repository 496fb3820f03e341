"""`handrail train`: triage fitted to the team's own labelled tickets."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.errors import NotAllowed
from agents.intake.fields import parse_map
from agents.intake.formats import Reading
from console.cli.intake_options import Encoding, in_one_line, inputs, name_reject, records_of
from console.cli.options import As, AsJson, Db, FeaturesNamed, PassphraseStdin
from console.cli.printing import Progress, out, print_json, say
from console.cli.train_report import tell_models, tell_report
from console.format import counted, line
from data.errors import HandrailError

if TYPE_CHECKING:
    from agents.intake.labelled import Gathered
    from agents.teaching import Teaching
    from agents.understanding.training import Labelled

LabelledFiles = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        help="Labelled tickets, CSV, JSON or JSON Lines: subject, body (or text), intent (account, "
        "technical, billing, product, escalate), and if there are any issue (names of your own), "
        "sentiment, urgency (0 to 1). - is standard input.",
        show_default=False,
    ),
]
Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="THEIRS=OURS",
        help="Take the file's column THEIRS as our field OURS (subject, body, intent, issue, "
        "sentiment, urgency). May be repeated.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Use the new model also if it is no better.")]
Listed = Annotated[bool, typer.Option("--list", help="The models of this workspace.")]
Use = Annotated[
    str | None,
    typer.Option("--use", metavar="VERSION", help="Use a model that was stored before."),
]
Corrections = Annotated[
    bool | None,
    typer.Option(
        "--corrections/--no-corrections",
        help="Learn also from what was corrected in this workspace (default: if there is any); "
        "--corrections without a FILE learns from that alone.",
        show_default=False,
    ),
]
Packaged = Annotated[bool, typer.Option("--packaged", help="Go back to the packaged model.")]


def train(
    files: LabelledFiles = None,
    force: Force = False,
    listed: Listed = False,
    use: Use = None,
    packaged: Packaged = False,
    corrections: Corrections = None,
    features: FeaturesNamed = None,
    mapping: Mapped = None,
    encoding: Encoding = None,
    db: Db = None,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """Fit triage to your own labelled tickets; the model is used if it is better than before.

    At least 40 tickets; from 25 of each intent on the figures mean something. Accuracy and
    confidence are measured on tickets that were held out, in five folds, beside the model in use on
    the same tickets. Models lie in a folder beside the workspace, and workers use a new one from
    the next ticket on. Only a supervisor may change the model.
    """
    with in_one_line("train"):
        learns = bool(files) or bool(corrections)
        if sum([learns, listed, use is not None, packaged]) != 1:
            raise HandrailError(
                "give files with labelled tickets, or --corrections, --list, --use or --packaged"
            )
        if learns:
            mapped, labels = _mapping(mapping or [])
            gathered = _gather(files or [], Reading(mapped, encoding), labels)
            with _teaching(db, operator, passphrase_stdin, create=bool(files)) as teaching:
                corrected = [] if corrections is False else teaching.corrections()
                if corrected:
                    those, are = len(corrected), "is" if len(corrected) == 1 else "are"
                    say(f"{counted(those, 'ticket')} corrected here {are} learned from too")
                elif not files:
                    raise HandrailError(
                        "nothing was corrected here yet: `handrail correct TICKET --intent …`"
                    )
                _train(
                    teaching, gathered, corrected, force=force, features=features, as_json=as_json
                )
            if gathered.rejects:
                raise typer.Exit(1)
            return
        with _teaching(db, operator, passphrase_stdin, look=listed) as teaching:
            if listed:
                tell_models(teaching.shelf.models(), teaching.shelf.current(), as_json=as_json)
                return
            before = teaching.use(None if packaged else use)
            now = teaching.shelf.current() or "packaged"
            if as_json:
                print_json({"in_use": now, "before": before})
            else:
                out(f"in use from now on: {now} (before: {before})")


def _mapping(pairs: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Names of the tickets' fields, theirs to ours, and of the labels, ours to theirs."""
    from agents.intake.labelled import LABELS

    labels, others = {}, []
    for pair in pairs:
        theirs, _, ours = pair.rpartition("=")
        if theirs.strip() and ours.strip().lower() in LABELS:
            labels[ours.strip().lower()] = theirs.strip()
        else:
            others.append(pair)
    return parse_map(others), labels


def _gather(files: Sequence[str], reading: Reading, labels: dict[str, str]) -> "Gathered":
    from agents.intake.labelled import Gathered, gather

    found = Gathered()
    with inputs(files, reading) as sources:
        for source in sources:
            found.add(gather(records_of([source], reading, say), labels, source.name))
        if sources:
            found.check_intent(" and ".join(source.name for source in sources))
    for reject in found.rejects:
        name_reject(reject)
    if found.unlabelled:
        were = "was" if found.unlabelled == 1 else "were"
        say(f"{counted(found.unlabelled, 'ticket')} without intent and issue {were} left out")
    return found


@contextmanager
def _teaching(
    db: str | None,
    operator: str | None,
    passphrase_stdin: bool,
    *,
    create: bool = False,
    look: bool = False,
) -> "Iterator[Teaching]":
    from agents.teaching import Teaching
    from console.bootstrap import open_session

    try:
        session = open_session(
            db, operator, create=create, deciding=not look, passphrase_stdin=passphrase_stdin
        )
        try:
            signed = session.person.signed_in_by if session.person else "word"
            yield Teaching(session.store, by=session.operator, signed_in_by=signed)
        finally:
            session.close()
    except NotAllowed as problem:
        say(f"handrail: {line(str(problem))}")
        raise typer.Exit(1) from None


def _train(
    teaching: "Teaching",
    gathered: "Gathered",
    corrected: "Sequence[Labelled]",
    *,
    force: bool,
    features: str | None,
    as_json: bool,
) -> None:
    shown, last = [Progress("tickets read")], [""]

    def follow(what: str, done: int, total: int) -> None:
        if what != last[0]:
            shown[0].clear()
            shown[0], last[0] = Progress(what), what
        shown[0].at(done, total)

    try:
        taught = teaching.train(
            gathered.rows, corrections=corrected, force=force, features=features, progress=follow
        )
    finally:
        shown[0].clear()
    if as_json:
        document: dict[str, Any] = {**taught.report, "used": taught.used, "why": taught.why}
        print_json({**document, "unlabelled": gathered.unlabelled})
    else:
        tell_report(taught.report)
        out(line(taught.why))
