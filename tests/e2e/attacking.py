"""The attack set: its cases as data, the worlds they meet, and what must hold at their end."""

import base64
import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from agents.eval.compare import Ended
from agents.eval.run import Rules, Stage
from agents.eval.scenario import Scenario
from agents.intake.mail import incoming_mail
from data.queries.tickets import ticket_detail

FOLDER = Path(__file__).parent / "attacks"
GROUPS = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "worlds")

_NAMES = (
    "Ines Falk, Bram de Wit, Chloe Marchand, Dario Bellini, Edda Storm, Farid Haddad, Greta "
    "Olsson, Hugo Pires, Imani Okoro, Jonas Weber, Kaja Novak, Luis Ortega, Mona Keller, Niall "
    "Byrne, Olga Petrova, Paul Renard, Quinn Archer, Rosa Vidal, Sven Dahl, Tess Monroe, Umar "
    "Aziz, Vera Lind, Wes Tanner, Xenia Roth, Yusuf Kaya, Zoe Hart, Anton Reiter, Berit Moe"
)
_CURRENCIES = ("usd", "eur", "gbp", "chf")
_ENCODINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "hex": lambda text: text.encode().hex(),
    "percent": lambda text: quote(text, safe="").replace(".", "%2E"),
    "entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "reversed": lambda text: text[::-1],
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
}


@dataclass(frozen=True)
class Case:
    """One attack, or one harmless message that looks like one, with its own customer."""

    id: str
    kind: str
    flag: bool | str
    """Whether it must be flagged; `either` where a reader could see it both ways."""
    subject: str
    body: str
    number: str
    name: str
    own: dict[str, Any]
    """Values of the customer, by which the rows of the kind are filled."""
    given: dict[str, Any] = field(default_factory=dict)
    """The case as it stands in the file."""

    @property
    def asked(self) -> bool:
        """Whether a request of the policy stands beside the attack."""
        return bool(self.given.get("asked", self.kind != "plain" and "end" not in self.given))


@dataclass(frozen=True)
class Outcome:
    """How one case ended, and what people can see of it."""

    ended: Ended
    shown: str
    """Subject, messages and notifications as they are stored to be shown."""
    answers: str
    """What was written to the customer, as replies or notifications."""
    recipients: frozenset[str]
    """Customers to whom anything was sent."""


def load_group(name: str) -> list[Case]:
    """The cases of one file, each with a customer of its own."""
    document = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return [_case(name, index, given, document) for index, given in enumerate(document["cases"])]


def _case(group: str, index: int, given: dict[str, Any], document: dict[str, Any]) -> Case:
    salt, names = sum(map(ord, group)) + 7 * index, _NAMES.split(", ")
    number = f"{group[:3]}{index:02d}"
    name = given.get("name", names[salt % len(names)])
    minor = given.get("amount", 1105 + 37 * (salt % 211))
    currency = given.get("cur", _CURRENCIES[salt % len(_CURRENCIES)])
    own = {
        "n": number, "name": name, "minor": minor, "cur": currency, "last4": f"{3100 + index * 53}",
        "amount": f"{minor / 100:.2f}", "email": f"customer.{number}@example.com",
        "new": given.get("new", ""),
    }  # fmt: skip
    if "hidden" in given:
        own["hidden"] = _ENCODINGS[given["as"]](given["hidden"])
    if "fill" in given:
        own["filler"] = "\n".join([given["fill"]["text"]] * given["fill"]["times"])
    body = str(filled(given["body"], own))
    if "long" in given:
        body = _lengthened(body, given["long"])
    flag = given.get("flag", document["flag"])
    subject = str(filled(given["subject"], own))
    return Case(given["id"], given["kind"], flag, subject, body, number, name, own, given)


def _lengthened(body: str, long: dict[str, Any]) -> str:
    filler = long["filler"] + ("" if long.get("joined") else "\n")
    block = filler * (long["chars"] // len(filler) + 1)
    return f"{block}\n{body}" if long["where"] == "before" else f"{body}\n{block}"


def filled(value: Any, own: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: filled(item, own) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, own) for item in value]
    if not isinstance(value, str):
        return value
    if value == "<<minor>>":
        return own["minor"]
    return re.sub(r"<<(\w+)>>", lambda found: str(own.get(found[1], found[0])), value)


@cache
def worlds() -> dict[str, Any]:
    """The shared rows and the kinds of customers."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "worlds.yaml").read_text(encoding="utf-8"))
    return found


def scenario(cases: list[Case]) -> Scenario:
    """All cases as the tickets of one world, a minute apart."""
    rows = {table: list(held) for table, held in worlds()["shared"].items()}
    start: datetime = worlds()["now"]
    tickets = []
    for index, case in enumerate(cases):
        customer = {"id": f"cus_{case.number}", "phone": f"+4930{case.own['last4']}0099"}
        customer |= {name: case.own[name] for name in ("name", "email", "last4")}
        rows["customers"].append(customer)
        for table, held in filled(worlds()["kinds"][case.kind]["rows"], case.own).items():
            rows.setdefault(table, []).extend(held)
        subject, body, sender = case.subject, case.body, case.given.get("from", case.own["email"])
        if "display" in case.given:
            mail = EmailMessage()
            mail["From"] = f'"{case.given["display"]}" <{sender}>'
            mail["Subject"] = subject
            mail.set_content(body)
            came = incoming_mail(mail.as_bytes())
            subject, body, sender = came.subject, came.body, came.email
        ticket = {"ref": case.id, "email": sender, "subject": subject, "body": body}
        ticket |= {"at": start + timedelta(minutes=index)}
        tickets.append(ticket | {"replies": case.given.get("replies", [])})
    made = {"scenario": 1, "name": "attacks", "now": start, "backoffice": rows, "tickets": tickets}
    return Scenario.model_validate(made)


class Attacked:
    """A desk on which every case of a group has been played to its end, all proposals approved."""

    def __init__(self, cases: list[Case], folder: Path, rules: Rules) -> None:
        """Play them in `folder`."""
        self.cases = cases
        self.stage = Stage(scenario(cases), folder, rules, approve_all=True)
        self.workspace = folder / "workspace.db"
        before = self._others()
        self.ended = self.stage.play()
        self.touched = {key for key, row in self._others().items() if before[key] != row}
        """Rows of the customers who wrote nothing that are not as before."""

    def close(self) -> None:
        """Give up every file."""
        self.stage.close()

    def _others(self) -> dict[tuple[str, str], Any]:
        shared = worlds()["shared"]
        return {
            (table, row["id"]): self.stage.reader.record(table, row["id"])
            for table in ("customers", "subscriptions", "charges")
            for row in shared[table]
        }

    def outcome(self, case: Case) -> Outcome:
        """How the case ended and what is seen of it."""
        ticket_id = self.stage.ids[case.id]
        detail = ticket_detail(self.stage.store, ticket_id)
        sent = [r for r in self.stage.reader.table("notifications") if r["ticket"] == ticket_id]
        owed = [a.arguments for a in detail.actions if a.name == "send_notification"]
        sent += [r for r in self.stage.reader.table("notifications") if r in owed]
        written = [f"{r['subject']}\n{r['body']}" for r in sent]
        written += [f"{a['subject']}\n{a['body']}" for a in owed]
        ended = self.ended[case.id]
        shown = [detail.ticket.subject, *(m.body for m in detail.messages), *written]
        shown += [str(value) for a in detail.actions for value in _leaves(a.arguments)]
        recipients = {r["customer"] for r in sent if r["customer"]}
        recipients |= {a["customer"] for a in owed}
        return Outcome(
            ended, "\n".join(shown), "\n".join([ended.reply, *written]), frozenset(recipients)
        )


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]
