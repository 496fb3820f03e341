"""Dates and money as customers of different languages write them."""

from datetime import date, datetime

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_DAYS = {"en": "{day} {month}", "de": "{day}. {month}", "es": "{day} de {month}",
         "fr": "{day} {month}"}  # fmt: skip
_SIGNS = {"usd": "$", "gbp": "£", "eur": "€"}
_WORDS = {"usd": "dollars", "gbp": "pounds", "eur": "euros"}


def month(day: date, language: str) -> str:
    """The month's name."""
    return _MONTHS[language].split()[day.month - 1]


def said_day(day: date | datetime, language: str) -> str:
    """A day as in `3 March`."""
    return _DAYS[language].format(day=day.day, month=month(day, language))


def said_money(minor: int, currency: str, language: str) -> str:
    """An amount as in `$49.00` or `12,90 Euro`."""
    number = f"{minor / 100:,.2f}"
    if language == "en":
        return f"{_SIGNS[currency]}{number}"
    number = number.replace(",", " ").replace(".", ",")
    return f"{number} {'Euro' if language == 'de' else _WORDS[currency]}"


def worded_money(minor: int, currency: str) -> str:
    """An amount as in `49.00 dollars`."""
    return f"{minor / 100:.2f} {_WORDS[currency]}"
