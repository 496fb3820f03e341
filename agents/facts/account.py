"""What a customer wants changed in their record, and what their account's state forbids."""

import re
from dataclasses import dataclass

import phonenumbers

from agents.connectors.protocols import Row
from agents.facts.case import Case
from agents.facts.languages import wished_language
from agents.facts.names import given_name, name_like
from agents.understanding import slots
from data.vocabulary import Identity

_NAME_WORD = re.compile(r"\b(?:name|namen?|nombre|nom|nome|naam)\b", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?i:\b(?:address|adresse|anschrift|dirección|direccion|indirizzo|endereço|adres)\b[^.\n:]{0,50}?"
    r"(?:\bto\b|\bis(?: now)?\b|\bauf\b|\bist(?: jetzt)?\b|\blautet\b|\ba\b|\bes(?: ahora)?\b|\best\b|\bà\b|\bè\b|\bnaar\b|:)"
    r"|\b(?:moved|relocated|living|live|office|based|umgezogen|mudado|mudamos|déménagé)\b[^.\n:]{0,30}?"
    r"(?:\bto\b|\bat\b|\bin\b|\bnach\b|\ba\b|\bau\b|:))\s*(?i:now |jetzt |ahora )?[:\"']?\s*"
    r"([^\n;!?\"]{6,120}?\d[^\n;!?\"]{0,90}|\d[^\n;!?\"]{6,140})"
)
_COMPANY = re.compile(
    r"(?i:\bcompany(?: name)?\b[^.\n]{0,40}?(?:\bto\b|\bis now\b|:))\s*[\"']?([A-ZÀ-Ý][^\n.,;\"]{1,60})"
)
_TAIL = re.compile(
    r"\s+(?:and|und|y|et|instead|please|bitte|thanks|thank you|from now on|in your|on (?:my|the|our|file)|as of|"
    r"so |because|since|could|can you|danke|gracias|merci|effective|starting)\b.*$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class AccountFacts:
    """All that account rules ask about."""

    closed: bool
    """The account is closed or suspended."""
    status: str
    known: bool
    strong: bool
    changes: dict[str, str]
    """Field to its new value, as the customer gave it."""
    wanted: list[str]
    """Fields that the customer speaks of, with or without a value."""
    needs_strong: bool
    """Whether one of them may only change with strong identity (I4)."""


def account_facts(case: Case) -> AccountFacts:
    """Work out the facts from the words and the customer's record."""
    status = (case.customer or {}).get("status") or "active"
    changes = _changes(case) if case.kind in ("contact_change", "profile_change") else {}
    wanted = list(changes) or _wanted(case)
    return AccountFacts(
        closed=status in ("closed", "suspended"),
        status=status,
        known=case.identity is not Identity.UNKNOWN,
        strong=case.identity is Identity.STRONG,
        changes=changes,
        wanted=wanted,
        needs_strong=any(field in case.policy.identity.strong_fields for field in wanted),
    )


def _wanted(case: Case) -> list[str]:
    words = case.clause.lower()
    if case.kind == "contact_change":
        phone = re.search(
            r"phone|telefon|teléfono|téléphone|mobile|handy|móvil|number|nummer|numéro|cell", words
        )
        mail = re.search(r"mail|address|adresse|correo|dirección", words)
        found = [n for n, hit in (("email", mail), ("phone", phone)) if hit]
        return found or ["email"]
    fields = ("name", "language", "address", "company")
    found = [n for n in fields if n in words]
    if not found and case.alone:
        return [n for n in fields if n in case.text.lower()]
    return found


def _changes(case: Case) -> dict[str, str]:
    """The new values that the words give; those already on file, or given to verify, are left out."""
    customer, changes = case.customer or {}, {}
    text = case.text
    if case.kind == "contact_change":
        known = {case.requester or "", (customer.get("email") or "").lower()}
        new = [e for e in slots.emails(text) if e not in known]
        wanted = _wanted(case)
        if new and ("email" in wanted or not slots.phones(text, _region(case))):
            changes["email"] = new[-1]
        phones = [
            p
            for p in slots.phones(_without_emails(text), _region(case))
            if p != customer.get("phone")
        ]
        if phones and ("phone" in wanted or not new):
            changes["phone"] = phones[-1]
        return changes
    spoken = customer.get("language")
    language = wished_language(case.clause, spoken)
    if language in (None, spoken) and (language or "language" in _wanted(case)):
        language = wished_language(text, spoken)
    if language:
        changes["language"] = language
    address = _address(case.clause) or (_address(text) if "address" in _wanted(case) else None)
    if address:
        changes["address"] = address
    present, speaks_of_name = customer.get("name"), _NAME_WORD.search(case.clause)
    if speaks_of_name or not language:
        name = given_name(case.clause, present) or given_name(text, present)
        if name is None and not language and not address:
            name = name_like(text, present)
        if name:
            changes["name"] = name
    company = _COMPANY.search(text)
    if company and "name" not in changes:
        changes["company"] = _TAIL.sub("", company[1]).strip(" ,.'\"")
    return changes


_QUOTED = re.compile(r"[\"“„«]([^\"”“»]{4,120})[\"”“»]")
_AS_ADDRESS = re.compile(
    r"(?i:\b(?:put|use|set|enter|make|note|have)\b)\s+([^\n;!?\"]{3,120}?\d[^\n;!?\"]{0,80}?)\s+"
    r"(?i:as (?:the|my|our|a) (?:\w+ ){0,2}address|on (?:file|my profile|my account))"
)


def _address(text: str) -> str | None:
    """A postal address that a text gives: quoted, named after the word, or before it."""
    quoted = _QUOTED.search(text)
    if (
        quoted
        and re.search(r"\d", quoted[1])
        and re.search(r"(?i)addr|adres|dirección|direcc|indirizzo|endere", text)
    ):
        return quoted[1].strip(" ,.")
    match = _AS_ADDRESS.search(text) or _ADDRESS.search(text)
    if match is None or slots.emails(match[1]):
        return None
    return _TAIL.sub("", match[1]).strip(" ,.'\"")


def _without_emails(text: str) -> str:
    for email in slots.emails(text):
        text = text.replace(email, " ")
    return text


def as_stored(changes: dict[str, str], customer: Row) -> dict[str, str]:
    """New values as records hold them: addresses in lower case, phones in E.164."""
    stored = dict(changes)
    if "email" in stored:
        stored["email"] = stored["email"].strip().lower()
    phones = slots.phones(stored.get("phone", ""), _country(customer))
    return {**stored, "phone": phones[0]} if phones else stored


def _region(case: Case) -> str | None:
    """The country of national phone numbers: that of the phone on file."""
    return _country(case.customer or {})


def _country(customer: Row) -> str | None:
    phone = customer.get("phone")
    if not phone:
        return None
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return None
