"""Who the demo company's customers are: drawn from packaged lists, the same for a seed."""

import random
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import data
from agents.connectors.protocols import Row
from data.files import YamlFile

FOLDER = Path(data.__file__).parent / "demo"
"""The demo's packaged files."""


def packaged(name: str) -> Any:
    """The content of one of the demo's YAML files."""
    return YamlFile(FOLDER / name).content


def ascii_of(text: str) -> str:
    """A name as it stands in an address: lower case, without accents or spaces."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o"))
    return "".join(c for c in plain.lower() if c.isascii() and c.isalnum())


@dataclass
class People:
    """Draws customers that differ from each other."""

    rng: random.Random
    _lists: dict[str, Any] = field(default_factory=lambda: dict(packaged("people.yaml")))
    _addresses: set[str] = field(default_factory=set)
    _count: int = 0

    @property
    def staff(self) -> list[Row]:
        """The company's own people."""
        return [dict(row) for row in self._lists["staff"]]

    @property
    def past_subjects(self) -> dict[str, list[str]]:
        """Subjects of earlier tickets by intent."""
        return dict(self._lists["past_subjects"])

    def customer(self, *, currency: str | None = None, language: str | None = None) -> Row:
        """A new customer, of a country with this currency and language if they are given."""
        fit = [
            c for c in self._lists["countries"]
            if currency in (None, c["currency"]) and language in (None, c["language"])
        ]  # fmt: skip
        country = self.rng.choices(fit, [c["weight"] for c in fit])[0]
        given, family = self.rng.choice(country["given"]), self.rng.choice(country["family"])
        firm = f"{family} {self.rng.choice(self._lists['firms'])}"
        number = self.rng.randint(1, 120)
        street, city = self.rng.choice(country["streets"]), self.rng.choice(country["cities"])
        self._count += 1
        return {
            "id": f"cus_{self._count:04d}",
            "name": f"{given} {family}",
            "email": self._address(given, firm, country["code"]),
            "phone": f"{country['phone']}{self.rng.randint(1000, 9999)}",
            "tier": self.rng.choices(["standard", "premium", "enterprise"], [70, 22, 8])[0],
            "status": "active",
            "language": country["language"],
            "last4": f"{self.rng.randint(0, 9999):04d}",
            "address": f"{street} {number}, {city}",
            "company": firm,
            "currency": country["currency"],
        }

    def _address(self, given: str, firm: str, country: str) -> str:
        """An address that nobody has yet, at a domain kept for examples."""
        local, domain = ascii_of(given), f"{ascii_of(firm)}.{country}.example"
        for suffix in ["", *map(str, range(2, 100))]:
            address = f"{local}{suffix}@{domain}"
            if address not in self._addresses:
                self._addresses.add(address)
                return address
        raise ValueError(f"too many people called {given} at {firm}")
