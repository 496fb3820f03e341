"""Texts written so that a program passes over what a person, or a model, still reads."""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from urllib.parse import unquote

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁԛԝӏьвкмнтгАВЕКМНОРСТУХІЈЅԌԚԜαβγεηικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijshdqwlbbkmhtrABEKMHOPCTYXIJSGQWabyenikvoptuxwABEZHIKMNOPTYX",
)
_SMALL = str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢıɡɩ", "abcdefghijklmnopqrstuvwyzigi")
_MARKS = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
_MIXED = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0370-\u04ff\u0500-\u052f])\w+")
_FOREIGN = re.compile(r"[\u0370-\u052f]")
_LATIN = re.compile(r"[A-Za-z]")
_DIGIT = re.compile(r"\d")
_LEET = str.maketrans("0345789@$|", "oeastbgasl")
_LEET_WORD = re.compile(r"\b(?=[A-Za-z@$|!]{0,15}\d)(?=\d{0,15}[A-Za-z@$|!])[\w@$|!]{2,16}\b")
_SPACED = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .\-_*·]{1,2}){5,}[^\W\d_](?![^\W\d_])")
_BASE64 = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/_-]{16,}(?:\s?\n\s?[A-Za-z0-9+/_-]{16,})*={0,2}")
_BASE32 = re.compile(r"(?<!\w)[A-Z2-7]{24,}={0,6}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ ,:]?){12,}(?![0-9A-Za-z])")
_BITS = re.compile(r"(?<!\d)(?:[01]{8}[ ,]?){8,}(?!\d)")
_NUMBERED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_CIPHERS = re.compile(
    r"\b(rot|caesar|cipher|cypher|decod|decipher|decrypt|encod|encrypt|revers|backward|puzzle|mirror|"
    r"entschlüssel|rückwärts|déchiffr|descifr|decifr|ontcijfer)",
    re.IGNORECASE,
)
_BROKEN = re.compile(r"([^\W\d_])-\s*\n\s*([^\W\d_])")
_MOST = 20_000
"""Characters of a coded passage that are decoded."""


def undisguised(text: str) -> list[str]:
    """Further ways to read `text`, each only where it differs: look-alike letters put right, digits
    read as letters, letters drawn together, words broken over lines joined, codes decoded."""
    found = [text]
    for change in (_plain_letters, _joined, _unbroken, *_LEETS):
        for earlier in tuple(found[:2]):
            changed = change(earlier)
            if changed not in found:
                found.append(changed)
    decoded = _decoded(text)
    return [*found[1:], *decoded, *(_plain_letters(words) for words in decoded)]


def _plain_letters(text: str) -> str:
    """Letters that look Latin in a text that is Latin otherwise, as Latin ones; no loose marks."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).translate(_SMALL)
    if _MARKS.search(text):
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    foreign = len(_FOREIGN.findall(text))
    if not foreign or (foreign > len(_LATIN.findall(text)) and not _MIXED.search(text)):
        return text
    return text.translate(_LOOKALIKES)


def _joined(text: str) -> str:
    """Runs of single letters drawn together; wider gaps stay between words."""
    return _SPACED.sub(
        lambda match: re.sub(r"(?<=\w)[ .\-_*·](?=\w)", "", match[0]).replace("  ", " "), text
    )


def _unbroken(text: str) -> str:
    if "-" not in text or "\n" not in text:
        return text
    return _BROKEN.sub(r"\1\2", text)


def _unleeted(text: str, one: str) -> str:
    if not _DIGIT.search(text) or len(_LEET_WORD.findall(text)) < 2:
        return text
    letters = _LEET | str.maketrans("1!", one * 2)
    return _LEET_WORD.sub(lambda match: match[0].translate(letters), text)


_LEETS = (lambda text: _unleeted(text, "i"), lambda text: _unleeted(text, "l"))


def _decoded(text: str) -> list[str]:
    """Passages in a code that turn into words, and the whole in ciphers that the text speaks of."""
    found: list[str] = []
    for pattern, decode in ((_BASE64, _from_base64), (_BASE32, _from_base32), (_HEX, _from_hex),
                            (_BITS, _from_bits)):  # fmt: skip
        found += [decode(match[0][:_MOST]) for match in pattern.finditer(text)]
    if text.count("%") > 3:
        found.append(unquote(text))
    if "&#" in text or "&lt;" in text:
        found.append(html.unescape(text))
    if _NUMBERED.search(text):
        found.append(_NUMBERED.sub(lambda match: chr(int(match[1] or match[2], 16)), text))
    if _CIPHERS.search(text):
        found += [codecs.encode(text[:_MOST], "rot13"), text[:_MOST][::-1]]
    return [words for words in found if words and words != text]


def _words_in(raw: bytes) -> str:
    """Bytes as text, empty if they are none."""
    try:
        words = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    plain = sum(c.isalpha() or c in " \n\t.,:;!?'\"-" or c.isdigit() for c in words)
    return words if len(words) >= 8 and plain > 0.85 * len(words) else ""


def _from_base64(code: str) -> str:
    code = re.sub(r"\s", "", code).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return _words_in(base64.b64decode(code + "=" * (-len(code) % 4), validate=True))
    except (binascii.Error, ValueError):
        return ""


def _from_base32(code: str) -> str:
    code = code.rstrip("=")
    try:
        return _words_in(base64.b32decode(code + "=" * (-len(code) % 8)))
    except (binascii.Error, ValueError):
        return ""


def _from_hex(code: str) -> str:
    digits = re.sub(r"0x|\\x|[ ,:]", "", code)
    try:
        return _words_in(bytes.fromhex(digits))
    except ValueError:
        return ""


def _from_bits(code: str) -> str:
    groups = re.findall(r"[01]{8}", code)
    return _words_in(bytes(int(group, 2) for group in groups))
