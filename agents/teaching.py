"""Teaching triage a team's own labels: fitted, measured, stored, and recorded in the workspace."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents.authority import check_may_act, person_of
from agents.understanding.features import ACCURATE, features_named
from agents.understanding.model_report import InUse, report_of
from agents.understanding.own_model import learned_by, load_own, stored
from agents.understanding.shelf import FOLDER, PACKAGED, Shelf
from agents.understanding.training import SETTINGS, Labelled, Progress, fit
from data.corrections import corrected_tickets
from data.errors import WorkspaceUnusable
from data.store import NewEvent, Transaction
from data.vocabulary import AgentName, Role
from data.workspace import Workspace

CHANCE = 0.05
"""How likely by chance alone a model may look better that is used by itself."""


@dataclass(frozen=True)
class Taught:
    """What training came to."""

    report: dict[str, Any]
    used: bool
    """Whether the new model is in use from now on."""
    why: str
    """Why, or why not, in words."""


class Teaching:
    """The models of one workspace, and who may change which of them is used."""

    def __init__(self, workspace: Workspace, *, by: str, signed_in_by: str = "word") -> None:
        """Act as `by`. WorkspaceUnusable for a workspace without a folder."""
        self._workspace, self._by, self._signed_in_by = workspace, by, signed_in_by
        self.shelf = shelf_of(workspace)

    def corrections(self) -> list[Labelled]:
        """The tickets that people corrected here, as rows to learn from; erased ones are not."""
        with self._workspace.read() as connection:
            found = corrected_tickets(connection)
        return [Labelled(**vars(t)) for t in found if t.intent or t.issue]

    def train(
        self,
        rows: list[Labelled],
        *,
        corrections: Sequence[Labelled] = (),
        force: bool = False,
        features: str | None = None,
        progress: Progress = lambda what, done, total: None,
    ) -> Taught:
        """Fit a model of `rows` and `corrections`, keep it, and use it if it is better or `force`.

        It reads `features`, accurate ones by default. A row with the words of a corrected ticket
        gives way to it. HandrailError if the rows are too few or the features are not there;
        NotAllowed below a supervisor, before anything is done.
        """
        with self._workspace.write() as tx:
            self._check(tx)
        chosen = features_named(features or ACCURATE.name)
        rows = _with(corrections, rows)
        before = self._in_use()
        fitted = fit(rows, progress, chosen)
        report = report_of(rows, fitted, before, progress)
        compared = report["compared"]
        better = compared["now"] > compared["before"] and (compared["chance"] or 0.0) <= CHANCE
        version = fitted.model.version
        same = before is not None and before.model.version == version
        used = better or force or same
        why = _why(compared, better=better, force=force)
        if same:
            why = f"{version} stays in use: it was fitted on the same tickets"
        report |= {
            "at": self._workspace.clock.now().isoformat(),
            "by": self._by,
            "corrections": len(corrections),
            "settings": SETTINGS,
            "accuracy": report["heads"]["intent"]["accuracy"],
        }
        held = stored(fitted.model, report, fitted.learned)
        self.shelf.add(version, held)
        with self._workspace.write() as tx:
            self._check(tx)
            data = {
                "version": version,
                "features": chosen.name,
                "file": hashlib.sha256(held).hexdigest(),
                "rows": len(rows),
                "corrections": len(corrections),
                "accuracy": report["accuracy"],
                "ece": report["heads"]["intent"]["ece"],
                "before": {"version": compared["with"], "accuracy": compared["before"]},
                "used": used,
                "forced": force and not better,
                "by": self._by,
            }
            tx.append(NewEvent("model.fitted", AgentName.OPERATOR.value, data))
            if used:
                self.shelf.use(version)
        return Taught(report, used, why)

    def use(self, version: str | None) -> str:
        """Use a stored version, or with None the packaged model; what was used before.

        HandrailError if there is none or it cannot be read; NotAllowed below a supervisor.
        """
        if version is not None:
            version = self.shelf.named(version)
            load_own(self.shelf.path(version))
        before = self.shelf.current() or PACKAGED
        with self._workspace.write() as tx:
            self._check(tx)
            data = {"version": version or PACKAGED, "before": before, "by": self._by}
            tx.append(NewEvent("model.chosen", AgentName.OPERATOR.value, data))
            self.shelf.use(version)
        return before

    def _in_use(self) -> InUse | None:
        version = self.shelf.current()
        model = self.shelf.load()
        if version is None or model is None:
            return None
        return InUse(model, *learned_by(self.shelf.path(version)))

    def _check(self, tx: Transaction) -> None:
        person = person_of(tx.connection, self._by, self._signed_in_by)
        check_may_act(person, Role.SUPERVISOR, "change the triage model")


def _with(corrections: Sequence[Labelled], rows: list[Labelled]) -> list[Labelled]:
    """All of them; a row with the words of a correction gives way to it."""
    words = {(row.subject, row.body) for row in corrections}
    return [*(row for row in rows if (row.subject, row.body) not in words), *corrections]


def _why(compared: dict[str, Any], *, better: bool, force: bool) -> str:
    figures = f"{compared['now']:.3f} against {compared['before']:.3f} of {compared['with']}"
    if better:
        return f"in use from now on: accuracy {figures}"
    if not force and compared["now"] > compared["before"]:
        return f"kept, not used: accuracy {figures} may be chance; --force uses it all the same"
    if force:
        return f"in use from now on, as you wish: accuracy {figures}"
    return f"kept, not used: accuracy {figures}; --force uses it all the same"


def shelf_of(workspace: Workspace) -> Shelf:
    """Where the workspace's models lie; WorkspaceUnusable for one on a server."""
    database = workspace.url.database
    if workspace.url.get_backend_name() != "sqlite" or not database:
        raise WorkspaceUnusable("a workspace on a server has no folder for models of its own")
    return Shelf(workspace.beside(FOLDER))
