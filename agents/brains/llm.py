"""The llm brain: a language model in every role, with instructions from files."""

from typing import Protocol

from agents.brains import coordinator, specialist, triage, writing
from agents.brains.brain import Brain, Desk, Diagnosed, Letter, Limits, Matters, Told, Understood
from agents.brains.procedure import actions_of, numbers_of, procedure_of, skills_of
from agents.brains.prompts import Prompts
from agents.brains.protocol import Answer, Call, Model, ModelUnavailable
from agents.connectors.protocols import Row
from agents.understanding.kinds import TRIGGERS
from data.vocabulary import AgentName


class Choice(Protocol):
    """Which model thinks, and what a run of it may take."""

    @property
    def name(self) -> str:
        """As it is called."""
        ...

    @property
    def limits(self) -> Limits:
        """Of one run."""
        ...


class LlmBrain:
    """Asks one model in every role."""

    def __init__(self, model: Model, name: str, limits: Limits, prompts: Prompts) -> None:
        """Ask `model`; runs show it as `name`."""
        self.model, self.name, self.limits = model, name, limits
        self._prompts = prompts

    def read(self, desk: Desk, step: str, letter: Letter) -> Understood:
        """Triage of one message."""
        instructions = self._prompts.of(
            AgentName.TRIAGE.value, company=desk.policy.name, kinds=triage.KINDS,
            triggers=list(TRIGGERS), numbers=numbers_of(desk.policy),
        )  # fmt: skip
        return triage.read_letter(desk, step, letter, instructions)

    def diagnose(self, desk: Desk, step: str, matter: Matters) -> Diagnosed:
        """A specialist's finding about one issue, after reading what it wants to."""
        playbook = matter.playbook
        instructions = self._prompts.of(
            playbook.agent.value, company=desk.policy.name, role=playbook.agent.value,
            numbers=numbers_of(desk.policy), procedure=procedure_of(playbook),
            actions=actions_of(playbook), skills=skills_of(playbook),
        )  # fmt: skip
        return specialist.diagnose(desk, step, matter, instructions)

    def join(self, desk: Desk, step: str, issues: list[Row]) -> dict[int, int]:
        """Which issues are no matter of their own."""
        instructions = self._prompts.of(AgentName.COORDINATOR.value, company=desk.policy.name)
        return coordinator.join(desk, step, issues, instructions)

    def reply(self, desk: Desk, step: str, told: Told) -> str:
        """The one answer to the customer."""
        instructions = self._prompts.of(
            AgentName.RESOLUTION.value, company=desk.policy.name, language=told.language
        )
        return writing.write_reply(desk, step, told, instructions)

    def summarise(self, desk: Desk, step: str, told: Told) -> dict[str, list[str]]:
        """What the person who takes over must know."""
        instructions = self._prompts.of(AgentName.ESCALATION.value, company=desk.policy.name)
        return writing.write_summary(desk, step, told, instructions)


def llm_brain(model: Model, choice: Choice, prompts: Prompts | None = None) -> Brain:
    """The brain that asks `model`, within the limits of `choice`, by these or packaged prompts."""
    return LlmBrain(model, name_of(choice), choice.limits, prompts or Prompts())


class _Absent:
    """A model that is not set up here."""

    def ask(self, call: Call, told: object = None) -> Answer:
        """Never answers."""
        raise ModelUnavailable("the model of this run is not set up here")

    def close(self) -> None:
        """Nothing to give back."""


def name_of(choice: Choice) -> str:
    """By what runs show the brain of a model."""
    return f"llm:{choice.name}"


def recorded_brain(name: str, limits: Limits) -> Brain:
    """The brain of a run whose model is not at hand: what it has answered is used again."""
    return LlmBrain(_Absent(), name, limits, Prompts())
