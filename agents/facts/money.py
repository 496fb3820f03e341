"""Money as people read it."""

from agents.understanding.slots import EXPONENTS


def money(amount: int, currency: str) -> str:
    """Minor units in major units with the currency's code, such as `24.99 USD` or `1200 JPY`."""
    exponent = EXPONENTS.get(currency, 2)
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(exponent + 1, "0")
    whole = digits[: len(digits) - exponent]
    part = "." + digits[-exponent:] if exponent else ""
    return f"{sign}{whole}{part} {currency.upper()}"
