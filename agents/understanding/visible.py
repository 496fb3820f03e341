"""What of a text can be seen: without escape codes of terminals and invisible characters."""

import re

_LONGEST_STRING = 4_000
"""Characters of a title, link or the like that is taken out whole; a longer one is ordinary text
behind an opening that nothing closes."""

_STRING = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])"
    rf"([^\x07\x1b\x90\x98\x9c-\x9f\n\r]{{0,{_LONGEST_STRING}}})(?:\x07|\x1b\\|\x9c)"
)
_CODE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor moves, erasing
    r"|(?:\x1b\]|\x9d)\d{0,4};?|\x1b[PX^_]|[\x90\x98\x9e\x9f]"  # openings that nothing closes
    r"|\x1b[ -/]*[0-~]?"
)
_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_TAGS = re.compile(r"[\U000e0020-\U000e007e]+")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters but tab and newline
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
    # Joiners belong to emoji and some scripts, not between Latin letters.
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_TURNED = re.compile(r"\u202e([^\u202c\u202e\n]{3,2000})")


def visible(text: str) -> str:
    """`text` as a person sees it: no escape codes (titles, links and pictures go with theirs), no
    control, invisible or direction characters; every kind of line break is a newline."""
    if "\x1b" in text or any("\x80" <= c <= "\x9f" for c in set(text)):
        text = _CODE.sub("", _STRING.sub("", _BREAK.sub("\n", text)))
    return _UNSEEN.sub("", _BREAK.sub("\n", text))


def concealed(text: str) -> str:
    """The words of `text` that nobody sees: in escape codes, in tag characters, written backwards;
    a line each, empty if there are none."""
    found = [match[1] for match in _STRING.finditer(text)]
    found += [
        "".join(chr(ord(letter) - 0xE0000) for letter in match[0]) for match in _TAGS.finditer(text)
    ]
    found += [match[1][::-1] for match in _TURNED.finditer(text)]
    return "\n".join(visible(words) for words in found if words.strip())
