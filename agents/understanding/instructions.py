"""Instructions to the agents hidden in a message: found, and set apart from what is asked for."""

import re
from collections.abc import Iterator
from functools import lru_cache

from agents.understanding.disguise import undisguised
from agents.understanding.orders import gives_orders
from agents.understanding.orders_abroad import gives_orders_abroad
from agents.understanding.text import shortened, unwrapped

_MACHINE = (
    r"(?:system\w*|sistema|système|systeem|assistant|assistent|developer|admin\w*|root|tool|ai|bot|llm|policy|playbook|"
    r"triage|approval|policy engine|internal)"
)
_HUMAN = r"(?:supervisor|operator|operador|moderator|management|manager|agents?)"
_BEFORE = r"(?:^|(?<=[.!?\n)\]>*#|]))[^\S\n]*[\W_]{0,8}(?:internal |hidden |new )?"
_MARK = (
    r"(?:[ _-](?:messages?|notes?|prompt|override|update|instructions?|notice|result|output|call|turn|mode|note to agents|directive|"
    r"command|log|alert|engine|meldung|nachricht))?[^\S\n]*(?:\([^)\n]{1,40}\))?[\]*\">)}#|]{0,4}[^\S\n]*"
)
_PAYLOAD = (
    r"(?:approv|refund|credit\w*|verified|grant|ignor|proceed|transfer|polic|execut|overrid|disregard|"
    r"you (?:are|must|may|shall|answer|should|will)|confirms?|never|reveal|bypass|skip|identity|unlimited|release|pay ?out|pay\b|"
    r"show (?:all|the)|give (?:them|the|me|all)|export|unlock|reinstate|do not|don'?t ask|rules?|payout|maximum|limit|"
    r"access|disabled|verification|deaktiv|désactiv|desactiv|disattiv|sicherheit|zugriff|prüfung|"
    r"erstatt|freigab|genehmig|überweis|umgeh|anweisung|rembours|approuv|crédit|ignore[rz]|oublie|aprueb|reembols|olvid|"
    r"rimbors|approva|dimentic|accredit|aprov|esque[cç]|goedkeur|terugbetal|negeer|vergeet|vergiss)"
)
_DECREE = (
    r"(?:approve (?:a_|all|every|it|this|the)|execut|overrid|ignor|disregard|bypass|skip|identity|without|issue the|decision|"
    r"release|grant|(?:do not|don'?t) (?:ask|check|verify)|unlock cus)"
)
_TURN = re.compile(
    rf"{_BEFORE}(?:{_MACHINE}{_MARK}(?:[:=]|(?<=[\])}}>])|(?<=[\])}}>] ))\s{{0,3}}[^.\n]{{0,160}}?{_PAYLOAD}|{_HUMAN}{_MARK}[:=]\s{{0,3}}[^.\n]{{0,160}}?{_DECREE})",
    re.IGNORECASE,
)
_OVERRIDE = re.compile(
    r"(?:^|[\W_])(?:system|policy|safety|admin|security|root)[ _-]overr[iu]\w+"
    r"|[#<\[{*=_~|]{2}[^\S\n]{0,3}(?:agent|system|assistant|ai|bot|model|operator)[ _-]?(?:directive|instruction|command|order|prompt|note|message)s?\b",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"\b(?:notes?|message|instructions?|notice|attention|memo|hinweis|nachricht|anweisung|nota|mensaje|consigne|messaggio|mensagem|"
    r"bericht|opdracht)\s+(?:to|for|an|für|para|à|pour|per|voor|aan|all'|al|a)\b[^.:\n]{0,40}?\b(?:ais?|ki|ia|(?:chat)?bots?|llms?|"
    r"assist\w+|asist\w+|models?|agent\w*(?=[^.:\n]{0,40}:[^\n]{0,160}?(?:"
    rf"{_DECREE}|always|never|must|shall|credit|grant)))\b[^.:\n]{{0,40}}:",
    re.IGNORECASE,
)
"""What is said to the agents, up to the end of its line."""
_MACHINE_TAG = (
    r"(?:system|assistant|developer|instructions?|tool_calls?|tool_use|tool_result|function_calls?|function|invoke|parameter|"
    r"rule|do|policy|prompt|customer_message|user_message|agent\w*|admin|override|command|directive|thinking|result)"
)
_TAGS = re.compile(
    rf"<\|\w{{2,30}}\|>|<</?SYS>>|\[/?INST\]|</?{_MACHINE_TAG}(?:\s[^<>\n]{{0,200}})?/?>"
    r"|[\"'](?:role)[\"']\s*:\s*[\"'](?:system|developer|assistant|tool|function)[\"']",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"\b(?:process_refund|issue_credit|update_crm|reset_service|reinstate_subscription|send_reply|send_notification|"
    r"create_ticket|schedule_callback|tool_calls?|function_calls?|tool_use)\b"
    r"|[\"'](?:tool|tool_name|function|action)[\"']\s*:\s*[\"']\w+[\"']\s*,\s*[\"'](?:arguments|args|parameters|params|input)[\"']"
    r"|[\"']name[\"']\s*:\s*[\"']\w+_\w+[\"']\s*,\s*[\"'](?:arguments|args|parameters|params|input)[\"']"
    r"|\b\w{0,30}(?:refund|credit|approve|payout|transfer|customer|account|charge|policy)\w{0,30}\(\s{0,4}[\w\"']{1,40}\s{0,4}[=:,]"
    r"|^\W{0,3}handrail\s+(?:approve|policy|edit|reject|operators|undo|go)\b|\baction input\s*:|^\W{0,3}(?:tool|function) (?:result|output|response)\s*:"
    r"|\b(?:override_policy|auto_approve|is_admin|skip_approval|gate|decision)\s*[:=]\s*[\"']?(?:true|auto|1|approved?|yes|allow)\b",
    re.IGNORECASE | re.MULTILINE,
)
_STEPS = re.compile(r"^\W{0,3}(thought|action|observation|final answer)\s*:", re.I | re.M)
_SPEAKERS = re.compile(r"^\W{0,3}(user|human|customer|assistant|ai|bot|agent)\s*:", re.I | re.M)
_CUSTOMERS = {"user", "human", "customer"}
_FENCE = re.compile(
    r"\b(?:end|start|begin|beginning) of (?:the )?(?:customer|user)(?:'s)? (?:message|text|input|mail|query|content)\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\b(?:UPDATE \w+ SET|DELETE FROM|INSERT INTO|DROP TABLE|SELECT .{1,80}? FROM)\b|\{\{.{1,200}?\}\}|\{%.{1,200}?%\}"
    r"|\bcurl\s+(?:-\w+\s+|https?:)|<script\b|\b(?:os|subprocess)\.\w+\(|\brm -rf\b"
)
_RUN = re.compile(
    r"(?:^|[,.:;!?\n—})>`-][^\S\n]{0,4}|\b(?:please|and|then|now|must)\s+)(?:execute|run|render|evaluate|perform|carry out|issue)\b(?! (?:my|our|into)\b)",
    re.IGNORECASE,
)
_PLANTED = re.compile(
    r"\b(?:include|insert|embed|add|append|put|render|show|attach|fill)\b[^.!?]{0,80}!\[|!\[[^\]\n]{0,80}\]\([^)\n]{0,300}[<{\[]",
    re.IGNORECASE,
)
_REWIRED = re.compile(
    r"^[^\S\n]{0,20}\w{1,40}[^\S\n]{0,4}:[^\S\n]{0,4}(?:auto|forbidden|ask_two)[^\S\n]{0,20}$|\breplaces your policy\b",
    re.M,
)
_SQUEEZED = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)(?:all|any|every|the|your|my|previous|prior|above|of|these|those){1,5}"
    r"(?:instruction|rule|polic|guideline|directive|prompt|restriction)|reveal(?:your|the)(?:system|hidden)?(?:prompt|instruction)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+|(?<=[;|])\s")
_LONGEST = 600
"""Characters of a sentence that are read at once."""

_THOROUGH = 30_000
_MOST = 200_000
"""Characters of which every sentence is read, and after which none is."""

_HINT = re.compile(
    r"ignor|disreg|forget|overr|bypass|circumv|skip|approv|without|reveal|prompt|instru|rules?\b|polic|agent|assist|bots?\b|"
    r"\b(?:ai|ki|ia)\b|system|obey|decod| mode\b|verif|checks?\b|passwor|customers|vergiss|missacht|anweis|regel|règl|consign|"
    r"norma|regol|istruz|regra|negeer|vergeet",
    re.IGNORECASE,
)

_SIGNS = (_TURN, _OVERRIDE, _TAGS, _CALL, _FENCE, _PLANTED, _NOTE)


def instructs_agents(text: str) -> bool:
    """Whether a text holds an instruction aimed at the agents rather than a request to support."""
    return _instructs(text) or any(_instructs(words) for words in undisguised(text))


def _instructs(text: str) -> bool:
    if any(sign.search(text) for sign in _SIGNS) or len(_REWIRED.findall(text)) > 1:
        return True
    if _CODE.search(text) and _RUN.search(text):
        return True
    if len({match[1].lower() for match in _STEPS.finditer(text)}) > 1:
        return True
    if _is_staged(text):
        return True
    if _SQUEEZED.search(re.sub(r"[\W_]", "", text[:_MOST_SQUEEZED])) and not _worded(text):
        return True
    return any(_orders(sentence) for sentence in _worth_reading(unwrapped(text)))


def _worth_reading(text: str) -> Iterator[str]:
    """The sentences of a text, each once; of a very long one only those with a word of orders."""
    read = 0
    for sentence in dict.fromkeys(s for s in _SENTENCE.split(text) if len(s) > 6):
        pieces = [sentence]
        if len(sentence) > _LONGEST:
            pieces = [sentence[i : i + _LONGEST] for i in range(0, len(sentence), _LONGEST // 2)]
        for piece in pieces:
            if read < _THOROUGH or (read < _MOST and _HINT.search(piece)):
                read += len(piece)
                yield piece


def _is_staged(text: str) -> bool:
    """Whether a text invents a conversation between a customer and an agent."""
    speakers = {match[1].lower() for match in _SPEAKERS.finditer(text)}
    return bool(speakers & _CUSTOMERS) and bool(speakers & {"assistant", "ai", "bot"})


def is_code(text: str) -> bool:
    """Whether a clause is written for a program to run."""
    return bool(_CODE.search(text) or _CALL.search(text))


@lru_cache(4096)
def _orders(sentence: str) -> bool:
    return gives_orders(sentence) or gives_orders_abroad(sentence)


_MOST_SQUEEZED = 20_000


def _worded(text: str) -> bool:
    """Whether a text consists of words rather than of letters standing alone."""
    words = re.findall(r"[^\W\d_]+", text)
    return sum(len(word) for word in words) > 2 * len(words)


_BLOCKS = (
    re.compile(
        rf"<({_MACHINE_TAG})(?:\s[^<>\n]{{0,200}})?>(?:.{{0,5000}}?</\1>|[^\n]{{0,2000}})",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(r"<\|im_start\|>.{0,2000}?(?:<\|im_end\|>|\n\n|\Z)", re.IGNORECASE | re.DOTALL),
    re.compile(r"\[INST\].{0,2000}?(?:\[/INST\]|\n\n|\Z)", re.IGNORECASE | re.DOTALL),
    re.compile(r"```[^\n]{0,20}\n.{0,2000}?```", re.DOTALL),
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")


def set_apart(text: str) -> str:
    """`text` without what only a machine would say in it: invented turns with all that they say,
    calls of tools; the customer's own words stay."""
    text = shortened(text)
    for block in _BLOCKS:
        text = block.sub(_without_orders, text)
    fence = _FENCE.search(text)
    if fence:
        text = text[: text.rfind("\n", 0, fence.start()) + 1]
    if _is_staged(text):
        text = "\n".join(line for line in text.split("\n") if not _SPEAKERS.match(line))
    return "\n\n".join(_own_part(paragraph) for paragraph in _PARAGRAPH.split(text))


def _without_orders(match: re.Match[str]) -> str:
    return "\n" if _instructs(match[0]) else match[0]


def _own_part(paragraph: str) -> str:
    """A paragraph up to where somebody else is made to speak in it."""
    lines = []
    for line in unwrapped(paragraph).split("\n"):
        found = _TURN.search(line) or _OVERRIDE.search(line) or _NOTE.search(line)
        lines.append(line[: found.start()].rstrip() if found else line)
    calls = [number for number, line in enumerate(lines) if _CALL.search(line)]
    if not calls:
        return "\n".join(lines)
    said = _SENTENCES.match(lines[calls[0]], 0, _begins(lines[calls[0]]))
    return "\n".join([*lines[: calls[0]], *([said[0]] if said else []), *lines[calls[-1] + 1 :]])


_SENTENCES = re.compile(r".*[.!?](?=\s|$)")
"""Whole sentences, up to the last one's end."""


def _begins(line: str) -> int:
    """Where the first call in a line begins."""
    found = _CALL.search(line)
    return found.start() if found else len(line)
