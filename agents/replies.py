"""The texts that customers get: templates by language, filled from what was really done."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

import data
from agents.facts.money import money
from agents.understanding.visible import visible
from data.errors import BadFile
from data.files import YamlFile

PACKAGED = Path(data.__file__).parent / "templates"
_PARTS = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=False, autoescape=False)


_OPTIONAL = frozenset({"survey"})
"""Texts that a team's own files need not have; then that is not said."""


class Templates:
    """The texts of one set of template files."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read the packaged files, and those in `folder` in place of the same names.

        BadFile names the text that is no template, or that a language lacks beside English.
        """
        paths = {path.stem: path for path in sorted(PACKAGED.glob("*.yaml"))}
        if folder is not None and folder.is_dir():
            paths |= {path.stem: path for path in sorted(folder.glob("*.yaml"))}
        self._texts = {language: _read(path) for language, path in paths.items()}
        self._templates: dict[tuple[str, str], Template] = {}
        english = set(self._texts["en"])
        for language, texts in self._texts.items():
            missing = sorted(english - set(texts) - _OPTIONAL)
            if missing:
                raise BadFile(paths[language], f"lacks the text {missing[0]!r}")

    def language(self, wanted: str) -> str:
        """`wanted` where there are texts in it, English otherwise."""
        return wanted if wanted in self._texts else "en"

    def render(self, text: str, language: str, /, **values: Any) -> str:
        """The template `text` with its values filled in, whatever they hold fit for a screen."""
        template = self._template(self.language(language), text)
        try:
            return visible(template.render(money=money, **values)).strip()
        except TemplateError as problem:
            raise BadFile(f"template {text} ({language})", str(problem)) from problem

    def _template(self, language: str, text: str) -> Template:
        """Compiled when first used: there are hundreds, of which a ticket needs five."""
        known = self._templates.get((language, text))
        if known is None:
            known = _PARTS.from_string(self._texts[language][text])
            self._templates[language, text] = known
        return known

    def has(self, name: str, language: str = "en") -> bool:
        """Whether there is such a text, in the language that would be used for `language`."""
        return name in self._texts[self.language(language)]


def _read(path: Path) -> dict[str, str]:
    """The texts of a file; those of a team's own are checked at once."""
    file = YamlFile(path)
    if not isinstance(file.content, dict):
        raise BadFile(path, "must hold texts by name", 1)
    texts = {}
    for name, text in file.content.items():
        if not isinstance(text, str):
            raise file.error("must be a text", str(name))
        texts[str(name)] = text
        if path.parent == PACKAGED:
            continue
        try:
            _PARTS.from_string(text)
        except TemplateSyntaxError as problem:
            raise file.error(f"is no template: {problem.message}", str(name)) from None
    return texts


@cache
def packaged_templates() -> Templates:
    """The templates that come with the program."""
    return Templates()


def spoken(moment: datetime) -> str:
    """A time as replies name it."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


_TITLES = {
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "herr", "frau", "dipl", "ing", "m",
    "mme", "mlle", "me", "sr", "sra", "srta", "don", "doña", "d", "sig", "dott", "avv", "geom",
    "arch", "rag", "dhr", "mevr", "mw", "drs", "dra", "exmo", "exma",
}  # fmt: skip
"""Before a name, in the languages of the templates."""


def first_name(name: str | None) -> str | None:
    """The first word of a name that is no title; None for no name."""
    words = (name or "").split()
    plain = [word for word in words if word.rstrip(".").lower() not in _TITLES]
    return next(iter(plain or words), None)


def compose(
    templates: Templates,
    language: str,
    blocks: list[str],
    *,
    name: str | None,
    company: str,
    angry: bool,
    secrets: bool,
    survey: bool = False,
) -> str:
    """One reply for the whole ticket: greeting, acknowledgement, its blocks each once, warning,
    the question of a survey, close.

    An angry customer gets the acknowledgement first, then what was done, then what comes next.
    """
    parts = [templates.render("greeting", language, name=name)]
    if angry:
        parts.append(templates.render("sorry", language))
    parts += list(dict.fromkeys(block for block in blocks if block))
    if secrets:
        parts.append(templates.render("secret_warning", language))
    if survey and templates.has("survey", language):
        parts.append(templates.render("survey", language))
    parts.append(templates.render("closing", language, company=company))
    return "\n\n".join(parts)
