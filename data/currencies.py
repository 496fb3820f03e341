"""How currencies are named in texts: by signs, codes and words."""

SYMBOLS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "R$": "brl", "₹": "inr"}
CODES = (
    "usd", "eur", "gbp", "jpy", "chf", "brl", "cad", "aud", "sek", "nok", "dkk", "pln", "inr",
    "mxn", "nzd", "czk", "huf", "krw", "kwd", "sgd",
)  # fmt: skip
CODE_WORDS = {
    "dollar": "usd", "dollars": "usd", "bucks": "usd", "euro": "eur", "euros": "eur",
    "pounds": "gbp", "quid": "gbp", "yen": "jpy", "francs": "chf", "franken": "chf", "reais": "brl",
    "dólares": "usd",
}  # fmt: skip
