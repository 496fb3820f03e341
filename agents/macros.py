"""Macros: a team's own texts, with the fields of a ticket filled in."""

from jinja2 import StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from data.errors import HandrailError

FIELDS = ("name", "customer", "ref", "subject", "operator", "company")
"""What a macro may name: the customer's first name, all of it, the ticket's ref and subject, who
writes, and the company."""

_MACROS = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_LONGEST = 20_000


class BadMacro(HandrailError):
    """A macro that cannot be filled in."""


def fill_macro(name: str, macros: dict[str, str], fields: dict[str, str]) -> str:
    """The text of a macro with `fields` filled in; the fields' own text is never a template.

    BadMacro for one that is not there, names a field that is none, or is no template.
    """
    if name not in macros:
        known = f"there are {', '.join(sorted(macros))}" if macros else "the settings hold none"
        raise BadMacro(f"no macro {name!r}; {known}")
    try:
        found = _MACROS.from_string(macros[name]).render(fields).strip()
    except UndefinedError as problem:
        raise BadMacro(
            f"macro {name!r}: {problem.message}; there are {', '.join(sorted(fields))}"
        ) from None
    except TemplateError as problem:
        raise BadMacro(f"macro {name!r} is no template: {problem.message}") from None
    except Exception as problem:  # a template computes whatever its author wrote
        raise BadMacro(f"macro {name!r} cannot be filled in: {problem}") from None
    return found[:_LONGEST]


def fields_of(
    *, customer: str | None, known: bool, ref: str, subject: str, operator: str, company: str
) -> dict[str, str]:
    """The fields of a ticket; a customer who is not known has no name."""
    whole = customer if customer and known else ""
    return {
        "name": whole.split(" ")[0],
        "customer": whole,
        "ref": ref,
        "subject": subject,
        "operator": operator,
        "company": company,
    }
