"""Wiring a workspace: its rules, its back office, the service and the engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agents.brains.brain import Brain
from agents.brains.choice import ModelChoice
from agents.brains.hearing import Hearing
from agents.brains.language_model import LanguageModel
from agents.brains.llm import llm_brain
from agents.brains.prompts import Prompts
from agents.brains.recorded import Recorded
from agents.connectors.embedded.reader import EmbeddedReader
from agents.connectors.embedded.schema import create
from agents.connectors.embedded.writer import EmbeddedWriter
from agents.connectors.protocols import Reader, Writer
from agents.engine.parts import Parts
from agents.engine.writing import GuardedWriter
from agents.playbooks.model import Playbooks, load_playbooks
from agents.policy.adopted import policy_now
from agents.policy.model import Policy, load_policy
from agents.replies import Templates
from agents.service import Service
from agents.understanding.shelf import FOLDER, Shelf, following
from data.errors import BadFile, WorkspaceUnusable
from data.store import Store
from data.workspace import Workspace

if TYPE_CHECKING:
    from agents.understanding.own_model import OwnModel

BACKOFFICE = ".backoffice.db"
"""What the back office beside `<name>.db` ends with."""

DISPATCH = ".dbos.db"
"""What the dispatcher's own database beside `<name>.db` ends with."""


AllRules = tuple[Policy, Playbooks, Templates]
"""Everything that decides what the agents do."""


@dataclass(frozen=True)
class Places:
    """Files named by the person; None: those in the workspace's folder, else the packaged ones."""

    policy: Path | None = None
    playbooks: Path | None = None
    backoffice: Path | None = None
    model: ModelChoice | None = None
    """The language model that thinks; None: the embedded brain."""


@dataclass(frozen=True)
class Found:
    """Where each part of the rules comes from; None: from the package."""

    policy: Path | None
    playbooks: Path | None
    templates: Path | None
    prompts: Path | None = None


def find_rules(folder: Path | None, places: Places) -> Found:
    """The rule files in force for a workspace in `folder`: named ones, then the folder's own."""
    policy, playbooks, templates, prompts = places.policy, places.playbooks, None, None
    if policy is not None and policy.is_dir():
        raise BadFile(policy, "is a folder; name the policy file in it")
    if folder is not None:
        policy = policy or _if_there(folder / "policy.yaml")
        playbooks = playbooks or _if_there(folder / "playbooks")
        templates = _if_there(folder / "templates")
        prompts = _if_there(folder / "prompts")
    return Found(policy, playbooks, templates, prompts)


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None


def policy_of(workspace: Workspace, places: Places) -> Policy:
    """The policy in force: its file's with the adopted rules; BadFile names what is wrong."""
    return policy_now(workspace, load_policy(find_rules(workspace.folder, places).policy))


def service_of(workspace: Workspace, places: Places) -> Service:
    """What people do on the workspace; reads the policy, opens nothing else."""
    found = find_rules(workspace.folder, places)
    return Service(workspace, policy_of(workspace, places), templates=found.templates)


def rules_of(found: Found) -> AllRules:
    """Everything that decides what the agents do, checked; BadFile names the first error."""
    return load_policy(found.policy), load_playbooks(found.playbooks), Templates(found.templates)


def backoffice_of(workspace: Workspace, places: Places) -> Path:
    """The file of the embedded back office; WorkspaceUnusable if none can be told."""
    if places.backoffice is not None:
        return places.backoffice
    try:
        return workspace.beside(BACKOFFICE)
    except WorkspaceUnusable:
        raise WorkspaceUnusable(
            "a workspace on a server has no folder for its back office; "
            "name the file in HANDRAIL_BACKOFFICE"
        ) from None


def dispatch_url(workspace: Workspace) -> str:
    """The URL of the dispatcher's database: a file beside the workspace, or the same server."""
    if workspace.url.get_backend_name() == "sqlite":
        return f"sqlite:///{workspace.beside(DISPATCH)}"
    return workspace.url.render_as_string(hide_password=False)


def _own_model(workspace: Workspace) -> "Callable[[], OwnModel | None]":
    """The team's own triage model, as it is at each call; BadFile if it cannot be read now."""
    if workspace.folder is None:
        return lambda: None
    return following(Shelf(workspace.beside(FOLDER)))


def brain_of(workspace: Workspace, choice: ModelChoice, prompts: Path | None) -> Brain:
    """The brain that asks the model, by the prompts in a folder; its process starts at the first
    call. BadFile names what is wrong with a prompt."""
    model = Recorded(LanguageModel(choice), workspace, choice, take=choice.replay)
    return llm_brain(model, choice, Prompts(prompts))


def parts_of(
    workspace: Workspace,
    store: Store,
    reader: Reader,
    writer: Writer,
    rules: AllRules,
    brain: Brain | None = None,
) -> Parts:
    """What an engine works with on `store` and these systems, for tickets of `workspace`."""
    policy, playbooks, templates = rules
    return Parts(
        store, reader, GuardedWriter(store, writer), policy, playbooks, templates,
        own_model=_own_model(workspace), brain=brain, told=partial(Hearing, store),
    )  # fmt: skip


@contextmanager
def open_parts(workspace: Workspace, places: Places) -> Iterator[Parts]:
    """What an engine works with, for the length of the block; makes an absent back office."""
    found = find_rules(workspace.folder, places)
    rules = rules_of(found)
    path = backoffice_of(workspace, places)
    create(path)
    reader, writer = EmbeddedReader(path), EmbeddedWriter(path)
    brain = brain_of(workspace, places.model, found.prompts) if places.model else None
    try:
        yield parts_of(workspace, workspace, reader, writer, rules, brain)
    finally:
        if brain is not None:
            brain.model.close()
        reader.close()
        writer.close()
