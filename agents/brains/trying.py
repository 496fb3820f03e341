"""Whether models answer at all: one small question to each."""

from collections.abc import Iterator

from agents.brains.choice import ModelChoice
from agents.brains.language_model import LanguageModel
from agents.brains.protocol import Answer, Call

_QUESTION = ({"role": "user", "content": "Answer with the one word: ready"},)


def try_models(choice: ModelChoice) -> Iterator[Answer]:
    """What each model of a choice took to answer; the first that does not ends it with its error.

    No other model is asked in its place, and nothing is tried again.
    """
    named = dict.fromkeys((choice.name, *choice.roles.values(), *choice.fallbacks))
    model = LanguageModel(choice.model_copy(update={"retries": 0}))
    try:
        for served in dict.fromkeys(choice.served(name) for name in named):
            yield model.ask_one(served, Call("triage", _QUESTION, max_tokens=200))
    finally:
        model.close()
