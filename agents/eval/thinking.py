"""The model that thinks in scenarios: one client for each process, whose answers are not kept."""

from functools import cache

from agents.brains.brain import Brain
from agents.brains.choice import ModelChoice
from agents.brains.language_model import LanguageModel
from agents.brains.llm import llm_brain


def brain_of(choice: ModelChoice) -> Brain:
    """The brain that asks the model; the same one at each call in a process."""
    return _brain(choice.model_dump_json())


@cache
def _brain(choice: str) -> Brain:
    read = ModelChoice.model_validate_json(choice)
    return llm_brain(LanguageModel(read), read)
