"""The language that a customer wishes for, by its name in the words of the message."""

import re

_NAMES = {
    "en": "english englisch inglés anglais inglese inglês engels",
    "de": "german deutsch alemán allemand tedesco alemão duits",
    "es": "spanish spanisch español castellano espagnol spagnolo espanhol spaans",
    "fr": "french französisch francés français francese francês frans",
    "it": "italian italienisch italiano italien italiaans",
    "pt": "portuguese portugiesisch portugués portugais portoghese português portugees",
    "nl": "dutch niederländisch neerlandés holandés néerlandais olandese holandês nederlands",
    "pl": "polish polnisch polaco polonais polacco polonês", "sv": "swedish schwedisch sueco",
    "da": "danish dänisch", "ja": "japanese japanisch japonés japonais", "cs": "czech tschechisch",
    "tr": "turkish türkisch", "fi": "finnish", "no": "norwegian", "zh": "chinese", "ko": "korean",
    "uk": "ukrainian", "ro": "romanian", "el": "greek", "hu": "hungarian", "ca": "catalan",
}  # fmt: skip
_CODES = {name: code for code, names in _NAMES.items() for name in names.split()}
_NAMED = "|".join(_CODES)
_LANGUAGE = re.compile(rf"\b({_NAMED})\b")
_WISHED = re.compile(
    r"\b(?:to|into|in|use|auf|zu|a|al|en|au|op|naar|para|ao|em|su|passare all')\s+"
    rf"(?:the |das |el |le |il |het |o )?({_NAMED})\b"
)
_NOT_WISHED = re.compile(
    rf"\b(?:del?|d[ou]|dal|van|von|from)\s+(?:l'|o |het )?({_NAMED})\b"
    r"|(?:\b(?:instead of|rather than|not|no|never|any|don'?t|doesn'?t|can'?t|cannot"
    r"|anstatt|anstelle von|statt|kein\w*|nicht|in plaats van|geen|niet"
    r"|en (?:lugar|vez) del?|em vez d[eo]|desde|não|au lieu d[eu]|pas(?: (?:le|d[eu]|un mot de))?"
    rf"|invece (?:di|che|del|dell')|non)\W+)(?:\w+\W+){{0,2}}?({_NAMED})\b"
)


def wished_language(text: str, present: str | None) -> str | None:
    """The code of the language that a text asks for, or None if it names none.

    Of several, the one on file, `present`, and those that are named as no longer wished for or
    not understood do not count.
    """
    words = text.lower()
    found = [_CODES[name] for name in _LANGUAGE.findall(words)]
    away = {_CODES[match[match.lastindex or 0]] for match in _NOT_WISHED.finditer(words)}
    left = [code for code in found if code not in away]
    left = [code for code in left if code != present] or left
    wished = [_CODES[name] for name in _WISHED.findall(words) if _CODES[name] in left]
    return next(iter(wished or left[-1:]), None)
