"""What the model's process is given: its environment, and the keys of the models it is to ask."""

import os
from collections.abc import Iterable, Mapping
from importlib import import_module

from agents.brains.model_client import LOOPBACK_ONLY

KEYRING_SERVICE = "handrail"

_KEPT = (
    "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    LOOPBACK_ONLY,
)  # fmt: skip

_SET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # Anything else lets litellm read a `.env` of the folder it runs in.
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}

_BY_NAME = (("gpt", "openai"), ("chatgpt", "openai"), ("o1", "openai"), ("o3", "openai"),
            ("o4", "openai"), ("claude", "anthropic"), ("gemini", "vertex_ai"),
            ("command", "cohere"), ("mistral", "mistral"))  # fmt: skip
"""Whose a model without a provider before its name is."""

_AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION_NAME",
        "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_BEARER_TOKEN_BEDROCK")  # fmt: skip
_GOOGLE = ("GOOGLE_APPLICATION_CREDENTIALS", "VERTEXAI_PROJECT", "VERTEXAI_LOCATION",
           "VERTEX_PROJECT", "VERTEX_LOCATION", "GOOGLE_CLOUD_PROJECT")  # fmt: skip
_VARIABLES: dict[str, tuple[str, ...]] = {
    "openai": ("OPENAI_API_KEY", "OPENAI_ORGANIZATION", "OPENAI_API_BASE", "OPENAI_BASE_URL"),
    "azure": ("AZURE_API_KEY", "AZURE_API_BASE", "AZURE_API_VERSION", "AZURE_AD_TOKEN"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "vertex_ai": _GOOGLE,
    "bedrock": _AWS,
    "sagemaker": _AWS,
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN", "TOGETHER_API_KEY"),
    "huggingface": ("HUGGINGFACE_API_KEY", "HF_TOKEN"),
    "watsonx": ("WATSONX_URL", "WATSONX_APIKEY", "WATSONX_TOKEN", "WATSONX_PROJECT_ID"),
    "fireworks_ai": ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"),
}
"""What reaches a provider's models, the key first. Others: NAME_API_KEY and the like."""


def provider_of(model: str) -> str:
    """Whose model it is, by `PROVIDER/…` or a name that is known; empty if it cannot be told."""
    before, slash, _ = model.partition("/")
    if slash:
        return before.lower()
    return next((whose for start, whose in _BY_NAME if model.lower().startswith(start)), "")


def variables_of(model: str) -> tuple[str, ...]:
    """The environment variables by which the models of its provider are reached, its key first."""
    provider = provider_of(model)
    if provider in _VARIABLES:
        return _VARIABLES[provider]
    name = provider.upper().replace("-", "_")
    return tuple(f"{name}_{end}" for end in ("API_KEY", "API_BASE", "API_TOKEN")) if name else ()


def key_at_hand(variable: str, environment: Mapping[str, str]) -> str | None:
    """A key by its variable's name, from the environment, else from the keyring if there is one."""
    if environment.get(variable):
        return environment[variable]
    try:
        found = import_module("keyring").get_password(KEYRING_SERVICE, variable)
    except Exception:  # a keyring that is not there, or locked, is like one without a key
        return None
    return str(found) if found else None


def cleaned(
    models: Iterable[str],
    key_variable: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """The environment of a process that asks these models: an allow-list, and their keys.

    Nothing of the workspace and no credentials of connectors are in it.
    """
    kept = {name: environment[name] for name in _KEPT if name in environment}
    wanted = [name for model in models for name in variables_of(model)]
    kept |= {name: environment[name] for name in wanted if environment.get(name)}
    keys = {variables_of(model)[0] for model in models if variables_of(model)}
    for name in keys | ({key_variable} if key_variable else set()):
        if found := key_at_hand(name, environment):
            kept[name] = found
    return kept | _SET
