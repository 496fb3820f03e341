"""Names that no record tells, found by presidio where HANDRAIL_PRESIDIO asks for it.

It is not installed with the program: it takes seconds to load and finds about half of such names.
"""

import os
from functools import cache
from importlib import import_module
from typing import Any

from data.errors import HandrailError

VARIABLE = "HANDRAIL_PRESIDIO"
"""The language model of spaCy to use, such as `en_core_web_lg`; unset: no presidio."""


class Absent(HandrailError):
    """Presidio was asked for and cannot be used here."""


class FreeNames:
    """Finds the names of people and places in a text; safe to use from several threads."""

    def __init__(self, model: str) -> None:
        """Load presidio with a model of spaCy; Absent if one of them is not installed."""
        try:
            presidio: Any = import_module("presidio_analyzer")
            engines: Any = import_module("presidio_analyzer.nlp_engine")
            if not import_module("spacy.util").is_package(model):
                raise ImportError(model)
        except ImportError:
            raise Absent(
                f"{VARIABLE}={model}, but presidio or this model is not installed: "
                f"`pip install presidio-analyzer` and `python -m spacy download {model}` put them "
                f"in, unsetting {VARIABLE} does without"
            ) from None
        self._language = model.partition("_")[0]
        models = [{"lang_code": self._language, "model_name": model}]
        provider = engines.NlpEngineProvider(
            nlp_configuration={"nlp_engine_name": "spacy", "models": models}
        )
        self._analyzer = presidio.AnalyzerEngine(
            nlp_engine=provider.create_engine(), supported_languages=[self._language]
        )

    def __call__(self, text: str) -> list[str]:
        """The names in `text`, each as it is written."""
        found = self._analyzer.analyze(
            text, language=self._language, entities=["PERSON", "LOCATION"]
        )
        return list({text[each.start : each.end]: None for each in found})


@cache
def free_names() -> FreeNames | None:
    """What finds free names, if the environment asks for it; Absent if it cannot be had."""
    model = os.environ.get(VARIABLE)
    return FreeNames(model) if model else None
