"""Secrets in a message: masked wherever it is shown, so that only the raw message holds them."""

import re

import phonenumbers

from data.card_numbers import in_groups, passes_luhn

MASK = "[removed]"

_CARD = re.compile(r"(?<!\d)(?<!\d[.,])(?:\d[ .-]?){12,18}\d(?!\d)")
_PASSWORD = re.compile(
    r"(?i)\b(pass(?:word|wort|phrase|code)?|passwd|pwd|kennwort|contraseña|clave|mot de passe|senha|wachtwoord|"
    r"pin(?: code)?|cvv|cvc|secret)\b(\s*(?:is|ist|es|est|was|è|:|=)+\s*)(['\"]?)([^\s'\",;]{3,64})"
)
_KEY = re.compile(
    r"\b(?:sk|pk|rk|api|key|token|ghp|gho|xox[abp]|AKIA|eyJ)[-_]?[A-Za-z0-9_\-]{14,}(?:\.[A-Za-z0-9_\-]+)*\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?i:\bbearer\s+[A-Za-z0-9._\-]{16,})"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD_CODE = re.compile(
    r"(?i)\b((?:cvv|cvc|cvn)2?|card code|security code|prüfziffer|código de seguridad|cryptogramme)"
    r"(\s*(?:is|ist|es|est|è|[:=#])?\s*)\d{3,4}(?!\w)"
)
_COMMON = {"reset", "not", "wrong", "correct", "the", "and", "still", "incorrect", "expired", "never", "invalid",
           "working", "changed", "required", "being", "always", "no", "nicht", "falsch", "number", "code"}  # fmt: skip


def _hide_card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    tail = " " if match[0].endswith(" ") else ""
    abroad = match.string[: match.start()].endswith("+") or digits.startswith("00")
    if not 13 <= len(digits) <= 19 or (abroad and _calls_somebody(digits)):
        return match[0]
    return f"{MASK}{tail}"


def _calls_somebody(digits: str) -> bool:
    """Whether digits with a country's code in front are a phone number."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits.removeprefix('00')}"))
    except phonenumbers.NumberParseException:
        return False


def _hide_password(match: re.Match[str]) -> str:
    if match[4].lower().strip(".!?") in _COMMON:
        return match[0]
    plain = match[4].isalpha() and match[4].islower() and not re.search(r"[:=]|is|ist|es", match[2])
    return match[0] if plain else f"{match[1]}{match[2]}{MASK}"


def mask_secrets(text: str) -> str:
    """`text` with full card numbers, passwords, keys and bank accounts replaced by `[removed]`.

    A run of 13 to 19 digits counts as a card whether or not its checksum fits: people mistype.
    """
    text = _KEY.sub(MASK, text)
    text = _CARD.sub(_hide_card, text)
    text = in_groups(text, lambda found: MASK)
    text = _IBAN.sub(MASK, text)
    text = _CARD_CODE.sub(rf"\1\2{MASK}", text)
    return _PASSWORD.sub(_hide_password, text)


def card_tails(text: str) -> list[str]:
    """The last four digits of each full card number in raw text whose checksum fits."""
    found = (re.sub(r"\D", "", match[0]) for match in _CARD.finditer(text))
    return [digits[-4:] for digits in found if 13 <= len(digits) <= 19 and passes_luhn(digits)]
