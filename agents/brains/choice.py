"""Which language model is asked, how, and how much it may take."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from agents.brains.environment import provider_of
from data.errors import HandrailError
from data.vocabulary import AgentName

VARIABLE = "HANDRAIL_MODEL"
"""The environment variable that names the model."""

HANDED_ON = "HANDRAIL_MODEL_CHOICE"
"""The variable by which a worker gets the whole choice, as JSON; no key is in it."""

ROLES = tuple(a.value for a in AgentName if a not in (AgentName.SYSTEM, AgentName.OPERATOR))

BRAINS = ("embedded", "llm")

_NAME = re.compile(r"[A-Za-z0-9][\w.:/@+-]*")


@dataclass(frozen=True)
class Served:
    """A model, and where it is served."""

    model: str
    api_base: str = ""
    """Empty: where its provider serves it."""

    @classmethod
    def named(cls, name: str) -> "Served":
        """The model of `NAME` or `NAME@http://…`; ValueError if it is neither."""
        model, _, address = name.partition("@http")
        if not _NAME.fullmatch(model) or not provider_of(model):
            raise ValueError(
                f"{name!r} names no model; write PROVIDER/MODEL, such as openai/gpt-4o-mini"
            )
        return cls(model, _address(f"http{address}") if address else "")

    @property
    def provider(self) -> str:
        """Whose it is."""
        return provider_of(self.model)


def _name(value: str) -> str:
    if value:
        Served.named(value)
    return value


def _address(value: str) -> str:
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no address; write such as http://127.0.0.1:8080/v1")
    if parts.username or parts.password:
        raise ValueError("an address holds no password; a key belongs into the environment")
    return value


Name = Annotated[str, AfterValidator(_name)]
Address = Annotated[str, AfterValidator(_address)]
Names = Annotated[
    tuple[Name, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)
]
Number = Annotated[float, BeforeValidator(lambda v: float(v) if type(v) is int else v)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(_Section):
    """What one run may take; more is LimitReached."""

    steps: int = Field(default=60, ge=1)
    """Answers of a model."""
    tokens: int = Field(default=200_000, ge=1)
    """Read and written."""
    dollars: Number = Field(default=1.0, gt=0)
    seconds: Number = Field(default=600.0, gt=0)
    """From the run's first call on."""


class ModelChoice(_Section):
    """A language model and how it is asked; the section `[model]` of the settings."""

    name: Name = ""
    """As litellm names it, such as `anthropic/claude-sonnet-4-5`; `@http://…` at its end says
    where it is served. Empty: none is asked."""
    api_base: Address = ""
    """Where the models of the same provider are served, unless one says it itself."""
    roles: dict[str, Name] = Field(default_factory=dict)
    """Other models for single agents."""
    fallbacks: Names = ()
    """Asked in this order where a model cannot be reached or refuses."""
    key_variable: str = ""
    """The variable, or entry of the keyring, that holds the key; empty: the provider's own."""
    temperature: Number = Field(default=0.0, ge=0, le=2)
    timeout: Number = Field(default=60.0, gt=0, le=3600)
    """Seconds for one attempt."""
    retries: int = Field(default=3, ge=0, le=10)
    concurrency: int = Field(default=4, ge=1, le=64)
    """Calls at once."""
    tools: Literal["auto", "native", "schema"] = "auto"
    """How tools are offered: as the model's own calls, or as a schema of its answer."""
    answers: Literal["auto", "native", "prompt"] = "auto"
    """How an answer's schema is given: as response_format, or in words."""
    replay: bool = False
    """Whether live runs too take the recorded answer to an identical call."""
    limits: Limits = Field(default_factory=Limits)

    @field_validator("roles")
    @classmethod
    def _are_roles(cls, value: dict[str, str]) -> dict[str, str]:
        for role in value:
            if role not in ROLES:
                raise ValueError(f"{role!r} is no agent; there are {', '.join(ROLES)}")
        return value

    @field_validator("key_variable")
    @classmethod
    def _is_a_variable(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise ValueError("name the environment variable that holds the key, not the key")
        return value

    @property
    def shown(self) -> str:
        """The model's name for people, without where it is served."""
        return Served.named(self.name).model if self.name else "embedded"

    @property
    def models(self) -> tuple[str, ...]:
        """All models that may be asked, each once."""
        named = (self.name, *self.roles.values(), *self.fallbacks)
        return tuple(dict.fromkeys(Served.named(name).model for name in named if name))

    def in_order(self, role: str) -> tuple[Served, ...]:
        """The models to ask for a role: its own, then the fallbacks."""
        named = dict.fromkeys((self.roles.get(role, self.name), *self.fallbacks))
        return tuple(map(self.served, named))

    def served(self, name: str) -> Served:
        """The model of that name, and where it is served."""
        main, each = Served.named(self.name), Served.named(name)
        base = main.api_base or self.api_base
        return Served(each.model, each.api_base or (base if each.provider == main.provider else ""))


def choose(
    settings: ModelChoice,
    environment: Mapping[str, str],
    *,
    brain: str | None = None,
    model: str | None = None,
    api_base: str | None = None,
) -> ModelChoice | None:
    """The model that is to think, by options, then environment, then settings; None: the embedded.

    HandrailError if the options name no brain or model that there is.
    """
    if brain not in (None, *BRAINS):
        raise HandrailError(f"--brain {brain}: it is one of {', '.join(BRAINS)}")
    if brain == "embedded":
        return None
    changes: dict[str, Any] = {}
    if named := model or environment.get(VARIABLE):
        # Who names one model means it for every agent.
        changes = {"name": named, "roles": {}}
        if settings.name and provider_of(named) != provider_of(settings.name):
            changes |= {"api_base": "", "key_variable": ""}
    if api_base:
        changes["api_base"] = api_base
    try:
        chosen = ModelChoice.model_validate({**settings.model_dump(), **changes})
    except ValueError as problem:
        first = problem.errors()[0] if hasattr(problem, "errors") else {"msg": str(problem)}
        said, field = str(first["msg"]), (first.get("loc") or ("name",))[0]
        where = "--api-base" if field == "api_base" else "--model" if model else VARIABLE
        raise HandrailError(f"{where}: {said.removeprefix('Value error, ')}") from None
    if chosen.name:
        return chosen
    if brain == "llm" or api_base:
        raise HandrailError(
            f"no model is named; say --model NAME, set {VARIABLE}, "
            "or write it into the section [model] of the settings"
        )
    return None


def handed_on(environment: Mapping[str, str]) -> ModelChoice | None:
    """The choice that a worker was started with; HandrailError if it is none."""
    told = environment.get(HANDED_ON)
    try:
        return ModelChoice.model_validate_json(told) if told else None
    except ValueError:
        raise HandrailError(f"{HANDED_ON} holds no choice of a model") from None
