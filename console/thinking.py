"""Which brain thinks: what the command line, the environment and the settings say of it."""

import os
from typing import Annotated

import typer

from agents.brains.choice import ModelChoice, choose

Brain = Annotated[
    str | None,
    typer.Option(
        "--brain",
        metavar="embedded|llm",
        help="What thinks (default: llm if a model is named, here or in the settings).",
        show_default=False,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="A language model, such as anthropic/claude-sonnet-4-5 (default: HANDRAIL_MODEL).",
        show_default=False,
    ),
]
ApiBase = Annotated[
    str | None,
    typer.Option(
        "--api-base",
        envvar="HANDRAIL_API_BASE",
        metavar="URL",
        help="Where the model is served, such as http://127.0.0.1:8080/v1.",
        show_default=False,
    ),
]


def model_choice(
    brain: str | None = None, model: str | None = None, api_base: str | None = None
) -> ModelChoice | None:
    """The language model that is to think; None: the embedded brain.

    HandrailError if the options name none that there is, BadFile for a mistake in the settings.
    """
    from console.settings import load_settings

    return choose(load_settings().model, os.environ, brain=brain, model=model, api_base=api_base)
