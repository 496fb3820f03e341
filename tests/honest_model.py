"""A model that knows only what a call tells it, and judges it by the embedded brain's functions."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import cache
from typing import Any

import yaml

from agents.brains.prompts import SPECIALISTS
from agents.brains.protocol import Answer, Call, ToolCall
from agents.engine.specialists import join_issues
from agents.engine.thought import Matter
from agents.facts.case import Case
from agents.playbooks.evaluate import Finding, PlannedAction, examine
from agents.playbooks.model import Playbooks, load_playbooks
from agents.policy.model import Policy, load_policy
from agents.replies import packaged_templates
from agents.understanding.kinds import intent_of
from agents.understanding.triage import read_messages
from data.vocabulary import ActionName, AgentName, Identity, IssueState

PLACEHOLDER = re.compile(r"\[([a-z]{2,8})-([a-z]{14})\]")
_MARKED = re.compile(r"<(\w+) [0-9a-f]{12}>\n(.*)\n</\1 [0-9a-f]{12}>", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    """A model's name and what a run may take, as the settings say it."""

    name: str = "honest"

    @dataclass(frozen=True)
    class Limits:
        """Wide."""

        steps: int = 60
        tokens: int = 1_000_000
        dollars: float = 10.0
        seconds: float = 600.0

    limits: Limits = Limits()


def data_of(text: str) -> Any:
    """What stands between the marks of a message."""
    found = _MARKED.search(text)
    assert found is not None, text[:200]
    return json.loads(found[2])


class Guises:
    """Stand-ins of the right form for placeholders, so that our functions can read them."""

    def __init__(self) -> None:
        """None yet."""
        self._of: dict[str, str] = {}

    def on(self, value: Any) -> Any:
        """A value with stand-ins for its placeholders."""
        if isinstance(value, str):
            return PLACEHOLDER.sub(self._put, value)
        if isinstance(value, dict):
            return {key: self.on(item) for key, item in value.items()}
        return [self.on(item) for item in value] if isinstance(value, list) else value

    def off(self, value: Any) -> Any:
        """The placeholders again."""
        if isinstance(value, str):
            for placeholder, guise in self._of.items():
                value = value.replace(guise, placeholder)
            return value
        if isinstance(value, dict):
            return {key: self.off(item) for key, item in value.items()}
        return [self.off(item) for item in value] if isinstance(value, list | tuple) else value

    def _put(self, match: re.Match[str]) -> str:
        letters = match[2]
        number = int.from_bytes(letters.encode(), "big") % 10_000_000
        guise = {
            "email": f"{letters[:6]}@{letters[6:]}.example",
            "phone": f"+3491{number:07d}",
            "name": letters[:7].capitalize(),
            "person": letters[:7].capitalize(),
            "company": f"{letters[:7].capitalize()} Ltd",
            "address": f"{number % 90 + 1} {letters[:7].capitalize()} Street",
            "card": f"{number % 10_000:04d}",
        }.get(match[1], match[0])
        self._of[match[0]] = guise
        return guise


class HonestModel:
    """Answers each role as well as the embedded brain would from what the call holds."""

    def __init__(self) -> None:
        """Asked nothing yet."""
        self.calls: list[Call] = []

    def ask(self, call: Call, told: Any = None) -> Answer:
        """The answer of the role that asks."""
        self.calls.append(call)
        if call.role in SPECIALISTS:
            return self._specialist(call)
        data = data_of(call.messages[1]["content"])
        match call.role:
            case "triage":
                return _answer(_triage(data))
            case "coordinator":
                return _answer(_join(data))
            case "resolution":
                return _words(data["draft"])
            case "escalation":
                return _answer({n: data[n] for n in ("needs", "tried", "missing", "next")})
        raise AssertionError(call.role)

    def close(self) -> None:
        """Nothing to give back."""

    def _specialist(self, call: Call) -> Answer:
        data = data_of(call.messages[1]["content"])
        given = [m for m in call.messages if m["role"] == "tool"]
        if not given:
            questions = [data["issue"]["clause"], data["words_of_the_customer"][:600]]
            wanted: list[tuple[str, dict[str, str]]] = [
                (t.name, {}) for t in call.tools if t.name != "articles"
            ]
            if any(t.name == "articles" for t in call.tools):
                wanted += [("articles", {"question": question}) for question in questions]
            calls = tuple(ToolCall(f"c{n}", name, a) for n, (name, a) in enumerate(wanted))
            return Answer("", None, calls, "tool_calls", "honest-1", 900, 40, 120, 0.4)
        rows: dict[str, list[Any]] = {}
        for message in given:
            if message["content"].startswith('{"error"'):
                continue
            found = rows.setdefault(message["name"], [])
            for row in data_of(message["content"])["rows"]:
                row.pop("ref")
                if row not in found:
                    found.append(row)
        return _answer(_diagnose(call, data, rows))


def _answer(value: dict[str, Any]) -> Answer:
    text = json.dumps(value, ensure_ascii=False)
    return Answer(text, json.loads(text), (), "stop", "honest-1", 800, 60, 150, 0.5)


def _words(text: str) -> Answer:
    return Answer(text, None, (), "stop", "honest-1", 500, 90, 100, 0.6)


def _quote(clause: str, text: str) -> str:
    """The words of `text` that a clause was read from."""
    tokens = [(m[0].casefold(), m.start(), m.end()) for m in re.finditer(r"[^\W_]+", text)]
    said = [word.casefold() for word in re.findall(r"[^\W_]+", clause)]
    blocks = SequenceMatcher(None, said, [t[0] for t in tokens], autojunk=False)
    found = [b for b in blocks.get_matching_blocks() if b.size]
    if not found:
        return ""
    return text[tokens[found[0].b][1] : tokens[found[-1].b + found[-1].size - 1][2]]


def _triage(data: dict[str, Any]) -> dict[str, Any]:
    guises = Guises()
    subject, body = guises.on(data["subject"]), guises.on(data["body"])
    reading = read_messages([(subject, body)])[0]
    whole = f"{data['subject']}\n{data['body']}"
    issues = []
    for issue in reading.issues:
        clause = guises.off(issue.text)
        quote = _quote(clause, data["body"]) or _quote(clause, data["subject"])
        issues.append({"kind": issue.kind, "clause": quote, "confidence": issue.confidence})
    return {
        "issues": issues,
        "triggers": [
            {"kind": kind, "clause": _quote(guises.off(words), whole)}
            for kind, words in reading.triggers.items()
        ],
        "sentiment": reading.sentiment.value,
        "urgency": reading.urgency,
        "language": reading.language,
    }


@cache
def _playbooks() -> Playbooks:
    return load_playbooks()


@cache
def _policy_in(instructions: str) -> Policy:
    numbers = re.search(r"```yaml\n(.*?)```", instructions, re.DOTALL)
    assert numbers is not None
    approval = load_policy().approval.model_dump()
    return Policy.model_validate({"policy": 1, "approval": approval, **yaml.safe_load(numbers[1])})


def _diagnose(call: Call, data: dict[str, Any], rows: dict[str, list[Any]]) -> dict[str, Any]:
    instructions = call.messages[0]["content"]
    playbook = _playbooks().of(AgentName(call.role))
    for rule in playbook.rules:
        assert " ".join(rule.when.split()) in instructions, rule.when
    guises = Guises()
    data, rows = guises.on(data), guises.on(rows)
    case = Case(
        kind=data["issue"]["kind"],
        clause=data["issue"]["clause"],
        text=data["words_of_the_customer"],
        wants_money=data["asks_for_money"],
        at=datetime.fromisoformat(data["opened_at"]),
        now=datetime.fromisoformat(data["now"]),
        policy=_policy_in(instructions),
        identity=Identity(data["identity"]),
        customer=next(iter(rows.get("customer", [])), None),
        requester=data["written_from"],
        answers=tuple(data["answered"]["kinds"]),
        asked=data["asked_before_under_rule"],
        answer=data["answered"]["words"],
        records=rows,
        open_refunds=frozenset(data["charges_in_other_open_refund_requests"]),
        alone=data["the_only_issue"],
    )
    finding = examine(playbook, case, packaged_templates(), data["language"])
    assert finding is not None
    properties = (call.schema or {})["properties"]
    value: dict[str, Any] = {
        "rule": finding.rule,
        "cause": guises.off(finding.cause),
        "confidence": finding.confidence,
        "evidence": finding.evidence,
        "end": finding.end.value,
        "skill": finding.skill,
    }
    if "plan" in properties:
        names = properties["plan"]["items"]["properties"]["arguments"]["properties"]
        value["plan"] = [guises.off(_planned(p, names)) for p in finding.plan]
    if "refer" in properties:
        value["refer"] = finding.refer
    return value


_WORDED = {"subject", "body", "summary", "topic", "at"}


def _planned(planned: PlannedAction, names: dict[str, Any]) -> dict[str, Any]:
    arguments = {n: planned.arguments.get(n) for n in names}
    changes = arguments.get("changes")
    if changes is not None:
        arguments["changes"] = {n: changes.get(n) for n in names["changes"]["properties"]}
    arguments |= dict.fromkeys(_WORDED & arguments.keys())
    return {"action": planned.action.value, "arguments": arguments, "reason": planned.reason}


def _join(data: list[dict[str, Any]]) -> dict[str, Any]:
    matters = []
    for issue in data:
        plan = [
            PlannedAction(ActionName(a["action"]), a["arguments"], "", []) for a in issue["actions"]
        ]
        finding = Finding(
            issue["rule"], intent_of(issue["kind"]), issue["cause"], 1.0, issue["evidence"], plan,
            "", {"account": {"given": issue["customer_gave_a_value"]}}, IssueState(issue["end"]),
        )  # fmt: skip
        stored: dict[str, Any] | None = {} if issue["from_an_earlier_message"] else None
        matters.append(
            Matter(issue["kind"], issue["clause"], issue["confidence"], stored, finding=finding)
        )
    join_issues(matters)
    numbers = {id(m): number for number, m in enumerate(matters, 1)}
    return {
        "same": [
            {"issue": numbers[id(m)], "as_issue": numbers[id(m.follows)]}
            for m in matters
            if m.follows is not None
        ]
    }
