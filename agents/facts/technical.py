"""What logs, services and entitlements say about a technical issue."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from agents.connectors.protocols import Row
from agents.facts.case import Case, moment
from agents.facts.common_words import COMMON_WORDS
from agents.understanding.spelling import one_slip

OPERATIONS = {
    "SESSION_TOKEN_EXPIRED": "revoke_sessions",
    "CACHE_STALE": "clear_cache",
    "ENTITLEMENT_MISMATCH": "resync_entitlements",
    "ACCOUNT_LOCKED": "unlock_account",
}
"""Error code to the reset that clears its condition (POLICY T2)."""

_SYMPTOMS: dict[str, tuple[str, ...]] = {
    "SESSION_TOKEN_EXPIRED": ("login_problem",),
    "ACCOUNT_LOCKED": ("login_problem", "account_status"),
    "CACHE_STALE": ("stale_data",),
    "ENTITLEMENT_MISMATCH": ("missing_feature",),
    "RATE_LIMITED": ("rate_limited",),
}
"""Error code to the kinds of complaint that it shows as by itself."""

_SYNONYMS: dict[str, str] = {
    "auth": "login log logging signin sign signing logged password account session anmelden "
    "anmeldung einloggen login iniciar sesión connexion connecter accesso inloggen entrar",
    "dashboard": "panel übersicht tableau cuadro startseite home overview dash dashbord",
    "exports": "export exporting csv download exportieren exportar exporter",
    "reports": "report reporting bericht berichte informe informes rapport rapports report",
    "billing": "invoice invoices payment rechnung factura",
    "api": "endpoint requests integration token schnittstelle",
    "email": "mail mails smtp inbox correo",
    "search": "find suche búsqueda recherche",
    "storage": "files upload uploads dateien archivos",
    "notifications": "notification alerts benachrichtigungen",
    "webhooks": "webhook callback callbacks",
    "calendar": "kalender calendario calendrier agenda",
    "video": "call calls meeting meetings",
    "mobile": "app phone android ios iphone",
}
_LOGIN_SERVICES = (
    "auth",
    "login",
    "identity",
    "sso",
    "session",
    "accounts",
    "account",
    "signin",
    "gateway",
)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True)
class TechnicalFacts:
    """All that technical rules ask about."""

    incident: Row | None
    """A concerned service that is degraded or in outage."""
    error: Row | None
    """The newest error that fits the issue."""
    service: list[Row]
    """The service of that error, if its state is known."""
    operation: str | None
    """The reset that clears it."""
    repeated: bool
    """Whether that reset was done for the customer in the policy's hours before."""
    missing: list[str]
    """Features of an active subscription's plan that the subscription lacks."""
    missing_at: str | None
    """The service to resync for them."""
    concerned: list[str]
    """Services and features that the words name."""
    unsolved: bool
    """Whether the customer came back and it is still broken."""


def technical_facts(case: Case) -> TechnicalFacts:
    """Work out the facts from the words and the records."""
    services = case.rows("services")
    features = [f for plan in case.rows("plans") for f in plan["features"] or []]
    names = dict.fromkeys(
        [s["name"] for s in services]
        + [r["service"] for r in case.rows("errors") if r["service"]]
        + features
    )
    concerned = concerned_names(case.clause, list(names))
    if not concerned and case.alone:
        concerned = concerned_names(case.text, list(names))
    error = next((r for r in case.rows("errors") if _fits(case, r, concerned, features)), None)
    operation = OPERATIONS.get(error["code"]) if error else None
    at = [s for s in services if error and s["name"] == error["service"]]
    missing, missing_at = _missing(case, concerned, [s["name"] for s in services])
    if operation is None and error is None and missing:
        operation = "resync_entitlements"
    return TechnicalFacts(
        incident=_incident(case, services, concerned)
        or next((s for s in at if s["status"] != "operational"), None),
        error=error,
        service=at,
        operation=operation,
        repeated=bool(operation) and done_lately(case, str(operation)),
        missing=missing,
        missing_at=missing_at,
        concerned=concerned,
        unsolved="still_broken" in case.answers
        or ("again" in case.answers and "solved" not in case.answers),
    )


def _stem(word: str) -> str:
    word = "".join(
        c for c in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(c)
    )
    for ending in ("ies", "ing", "es", "en", "s", "e", "n"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _close(one: str, other: str) -> bool:
    """Whether two words are one, mistyped; short words must be equal."""
    return one == other or (min(len(one), len(other)) >= 5 and one_slip(one, other))


def concerned_names(text: str, names: list[str]) -> list[str]:
    """The services and features that a text names, by name or a common word for them, in its
    order."""
    words = [_stem(w) for w in _WORD.findall(text)]
    joined = " ".join(words)
    found: list[tuple[int, str]] = []
    for name in names:
        parts = [_stem(w) for w in _WORD.findall(name.replace("_", " "))]
        if not parts:
            continue
        phrase = " ".join(parts)
        place = f" {joined} ".find(f" {phrase} ")
        if place < 0 and len(parts) == 1:
            close = [i for i, w in enumerate(words) if _close(w, parts[0])]
            place = len(" ".join(words[: close[0]])) if close else -1
        if place < 0 and "".join(parts) in words:
            place = len(" ".join(words[: words.index("".join(parts))]))
        if place < 0 and len(parts) > 1:
            hits = [
                i for i, w in enumerate(words) if any(_close(w, p) for p in parts if len(p) > 3)
            ]
            whole = sum(any(_close(w, p) for w in words) for p in parts)
            place = (
                len(" ".join(words[: hits[0]]))
                if hits and whole >= len(parts) - (len(parts) > 2)
                else -1
            )
        if place >= 0:
            found.append((place, name))
    if not found:
        for name in names:
            synonyms = [_stem(w) for w in _SYNONYMS.get(name.lower().rstrip("s"), "").split()]
            synonyms += [_stem(w) for w in _SYNONYMS.get(name.lower(), "").split()]
            hits = [i for i, w in enumerate(words) if w in synonyms]
            if hits:
                found.append((hits[0], name))
    return [name for _, name in sorted(found, key=lambda pair: pair[0])]


def _incident(case: Case, services: list[Row], concerned: list[str]) -> Row | None:
    """A degraded service that the issue concerns (T1)."""
    troubled = [s for s in services if s["status"] != "operational"]
    for service in troubled:
        if service["name"] in concerned:
            return service
    if concerned:
        return None
    for service in troubled:
        about = f"{service['name']} {service['message'] or ''}"
        if case.kind == "login_problem" and any(
            n in about.lower() for n in (*_LOGIN_SERVICES, "sign-in", "sign in")
        ):
            return service
        if _telling(about) & _telling(case.clause):
            return service
    if case.kind == "service_down" and len(troubled) == 1:
        return troubled[0]
    return None


def _telling(text: str, letters: int = 5) -> set[str]:
    """The stems of a text's words, of so many letters at least, by which two texts can be told to
    speak of one thing."""
    words = {w.lower() for w in _WORD.findall(text) if len(w) >= letters} - COMMON_WORDS
    return {_stem(w) for w in words}


def _fits(case: Case, row: Row, concerned: list[str], features: list[str]) -> bool:
    """Whether an error of the log may be what the customer speaks of (T2)."""
    at = moment(row["at"])
    if (
        at is None
        or not case.at - timedelta(hours=case.policy.technical.log_hours) <= at <= case.now
    ):
        return False
    service, shows_as = row["service"] or "", _SYMPTOMS.get(row["code"] or "", ())
    login = service.lower() in _LOGIN_SERVICES
    if service in concerned:
        return True
    if concerned:
        return case.kind in shows_as and login and case.kind == "login_problem"
    if case.kind in shows_as:
        return True
    told = f"{row['code'] or ''} {row['message'] or ''} {service}".replace("_", " ")
    if _telling(told, 4) & _telling(case.clause, 4):
        return True
    return case.kind in ("technical_problem", "service_down") and not shows_as_other(case, row)


def shows_as_other(case: Case, row: Row) -> bool:
    """Whether an error shows as another kind of complaint than the one made."""
    shows_as = _SYMPTOMS.get(row["code"] or "", ())
    return bool(shows_as) and case.kind not in shows_as and case.kind != "technical_problem"


def done_lately(case: Case, operation: str) -> bool:
    """Whether a reset was done for the customer within the hours in which it is not repeated."""
    since = case.now - timedelta(hours=case.policy.technical.reset_repeat_hours)
    return any(
        row["operation"] == operation and (moment(row["at"]) or since) > since
        for row in case.rows("resets")
    )


def _missing(case: Case, concerned: list[str], services: list[str]) -> tuple[list[str], str | None]:
    """Features that the plan has and the active subscription lacks, those named first (T5)."""
    lacking = missing_features(case.rows("subscriptions"), case.rows("plans"))
    named = [name for name in concerned if name in lacking]
    if concerned and not named:
        own = [s for s in concerned if s in services]
        if own and case.kind != "missing_feature":
            return [], None
        if any(name for name in concerned if name not in services):
            return [], None
    missing = named or (lacking if case.kind == "missing_feature" else [])
    return missing, missing[0] if missing else None


def missing_features(subscriptions: list[Row], plans: list[Row]) -> list[str]:
    """Features that the plans of active subscriptions have and the subscriptions lack."""
    by_id = {p["id"]: p for p in plans}
    return [
        feature
        for subscription in subscriptions
        if subscription["status"] in ("active", "trialing") and subscription["plan"] in by_id
        for feature in by_id[subscription["plan"]]["features"] or []
        if feature not in (subscription["features"] or [])
    ]
