"""Whether what was asked is done, explained or passed on as its rule says, and on record."""

from collections import Counter
from typing import Any

from agents.connectors.protocols import Effect
from agents.quality.dossier import Dossier, Row
from agents.quality.found import (
    GRAVE,
    PARTIAL,
    SERIOUS,
    Check,
    Fault,
    no_data,
    scored,
)
from agents.quality.reading import heard
from agents.understanding.kinds import FAMILY_OF
from data.vocabulary import (
    AGENTS_OWN,
    DONE_ACTIONS,
    ActionName,
    ActionState,
    IssueState,
    QualityName,
    TicketStatus,
)

NAME = QualityName.RESOLUTION
_BY_PEOPLE = ("ticket.taken", "ticket.assigned", "handoff.accepted", "ticket.resolved")


def check_resolution(dossier: Dossier) -> Check:
    """Each issue against its rule's plan, each action against the outside system."""
    ticket = dossier.ticket
    if dossier.imported:
        return no_data(NAME, "Which rules these agents worked by is not on record.")
    if ticket["merged_into"]:
        end = dossier.of_kind("ticket.merged")
        return scored(NAME, [], "It went on in the ticket that it was merged into.",
                      [e.position for e in end])  # fmt: skip
    noise = _noise(dossier)
    if noise is not None:
        return noise
    faults = [fault for action in dossier.actions for fault in _action(dossier, action)]
    faults += [fault for issue in dossier.issues for fault in _issue(dossier, issue)]
    faults += _unrecorded(dossier)
    faults += _unanswered(dossier)
    if not faults and _ended_by_person(dossier) and not _done(dossier):
        return no_data(NAME, "A person ended it, and the log does not say what was done.")
    return scored(NAME, faults, _good(dossier), _rests_on(dossier))


def _noise(dossier: Dossier) -> Check | None:
    """A ticket that asked for nothing, and was closed for that; None for others."""
    end = dossier.end
    code = (end.data.get("outcome") or {}).get("code") if end else None
    if code != "noise" or dossier.issues or end is None:
        return None
    readings = heard(dossier)
    asked = [h for h in readings if not h.noise]
    if asked:
        places = [h.position for h in asked if h.position is not None]
        fault = Fault("it was closed as noise although a message asks for something", GRAVE,
                      (*places, end.position))  # fmt: skip
        return scored(NAME, [fault], "", [])
    places = [h.position for h in readings if h.position is not None]
    kind = str(readings[-1].noise).replace("_", " ") if readings else "noise"
    good = f"It asks for nothing ({kind}) and was closed without a reply."
    return scored(NAME, [], good, [*places, end.position])


def _action(dossier: Dossier, action: Row) -> list[Fault]:
    """What is wrong with how an action ended."""
    name, state = _words(action["name"]), ActionState(action["state"])
    ran = [e.position for e in dossier.about(action, "action.executing")]
    if state in (ActionState.EXECUTING, ActionState.UNKNOWN) and not _passed_on(dossier):
        return [Fault(f"what became of the {name} is not known, and nobody was told", SERIOUS,
                      tuple(ran))]  # fmt: skip
    if state not in (*DONE_ACTIONS, ActionState.UNDONE) or action["undoes"]:
        return []
    told = dossier.about(action, "action.executed")
    read_back = dossier.about(action, "action.verified", "action.reconciled")
    places = tuple(e.position for e in (*told, *read_back)) or tuple(ran)
    if not told and not dossier.about(action, "action.reconciled"):
        return [Fault(f"the {name} counts as done, and the log holds no execution", GRAVE, places)]
    if not read_back:
        return [Fault(f"the {name} was not read back", PARTIAL, places)]
    key = action["idempotency_key"]
    if key not in dossier.effects:
        return []
    effect = dossier.effects[key]
    if effect is None:
        return [Fault(f"the outside system knows nothing of the {name}", GRAVE, places)]
    wrong = _differs(action, effect)
    return [Fault(f"the {name} did {wrong}", GRAVE, places)] if wrong else []


def _differs(action: Row, effect: Effect) -> str | None:
    """How the effect is another one than was to be; None if it is the same."""
    arguments: dict[str, Any] = action["executed_arguments"] or action["arguments"]
    table = {"process_refund": "refunds", "issue_credit": "credits"}.get(action["name"])
    if table is None:
        return None
    made = [c.after or {} for c in effect.changes if c.table == table and c.before is None]
    found = next((row for row in made), {})
    wanted = ("amount", "charge") if table == "refunds" else ("amount", "customer")
    wrong = [field for field in wanted if found.get(field) != arguments.get(field)]
    return f"something else than was decided ({', '.join(wrong)})" if wrong else None


def _issue(dossier: Dossier, issue: Row) -> list[Fault]:
    """What is wrong with how an issue ended, beside its actions."""
    slots = issue["slots"] or {}
    kind = _words(issue["kind"])
    if slots.get("follows"):
        return []
    looked = [
        e for e in dossier.of_kind("diagnosis", "plan") if e.data.get("issue") == issue["kind"]
    ]
    places = tuple(e.position for e in looked)
    if issue["state"] == IssueState.OPEN and not _with_person(dossier):
        return [Fault(f"the issue ({kind}) is still open, and the ticket ended", SERIOUS, places)]
    waits = issue["state"] == IssueState.AWAITING_CUSTOMER
    if waits and dossier.ticket["status"] == TicketStatus.RESOLVED:
        return [Fault(f"the issue ({kind}) awaits the customer, and the ticket is resolved",
                      SERIOUS, places)]  # fmt: skip
    ruled = issue["rule"] is not None or slots.get("why") or _ended_by_person(dossier)
    if issue["state"] == IssueState.RESOLVED and not ruled:
        return [Fault(f"the issue ({kind}) was resolved by no rule", PARTIAL, places)]
    return _left_out(dossier, issue, places)


def _left_out(dossier: Dossier, issue: Row, places: tuple[int, ...]) -> list[Fault]:
    """Actions that the plan for an issue holds and that were never asked for."""
    plans = [e for e in dossier.of_kind("plan") if e.data.get("issue") == issue["kind"]]
    same = [i for i in dossier.issues if i["kind"] == issue["kind"]]
    if not plans or len(same) > 1 or (issue["slots"] or {}).get("withheld"):
        return []
    planned = Counter(str(name) for name in plans[-1].data.get("actions") or [])
    asked = Counter(a["name"] for a in dossier.actions if a["superseded_by"] is None)
    missing = planned - asked
    if not missing:
        return []
    names = ", ".join(_words(name) for name in sorted(missing))
    return [Fault(f"planned and never asked for: {names}", SERIOUS, places)]


def _unrecorded(dossier: Dossier) -> list[Fault]:
    """Issues that a specialist diagnosed and of whose family the ticket holds none."""
    kinds = [
        k for i in dossier.issues for k in (i["kind"], (i["slots"] or {}).get("first_read_as"))
    ]
    held = {FAMILY_OF.get(kind) for kind in kinds if kind}
    lost = [
        e for e in dossier.of_kind("diagnosis")
        if FAMILY_OF.get(str(e.data.get("issue"))) not in held and not e.data.get("follows")
    ]  # fmt: skip
    if not lost:
        return []
    names = sorted({_words(str(e.data.get("issue"))) for e in lost})
    text = f"an issue was dropped: {', '.join(names)}"
    return [Fault(text, SERIOUS, tuple(e.position for e in lost))]


def _unanswered(dossier: Dossier) -> list[Fault]:
    """Whether the customer was left without an answer where one was due."""
    status = dossier.ticket["status"]
    if status not in (TicketStatus.RESOLVED, TicketStatus.AWAITING_CUSTOMER):
        return []
    if dossier.of_kind("reply") or _ended_by_person(dossier):
        return []
    end = dossier.end
    return [Fault("the customer got no answer", SERIOUS, (end.position,) if end else ())]


def _done(dossier: Dossier) -> list[Row]:
    """Actions beside messages that were carried out and stand."""
    words = (ActionName.SEND_REPLY, ActionName.SEND_NOTIFICATION)
    return [a for a in dossier.actions if a["state"] in DONE_ACTIONS and a["name"] not in words]


def _ended_by_person(dossier: Dossier) -> bool:
    end = dossier.end
    return (
        end is not None
        and end.kind in ("ticket.resolved", "ticket.closed")
        and (end.agent == "operator")
    )


def _with_person(dossier: Dossier) -> bool:
    """Whether a person has had a part in it, whose the rest of it is."""
    return dossier.ticket["owner"] != AGENTS_OWN or bool(dossier.of_kind(*_BY_PEOPLE))


def _passed_on(dossier: Dossier) -> bool:
    return dossier.ticket["status"] == TicketStatus.ESCALATED or _with_person(dossier)


def _good(dossier: Dossier) -> str:
    done = Counter(a["name"] for a in _done(dossier))
    rules = ", ".join(dict.fromkeys(i["rule"] for i in dossier.issues if i["rule"]))
    by = f" ({rules})" if rules else ""
    if done:
        names = ", ".join(f"{_words(n)}{f' ×{k}' if k > 1 else ''}" for n, k in done.items())
        return f"Done and read back: {names}{by}."
    match dossier.ticket["status"]:
        case TicketStatus.ESCALATED:
            return f"Nothing was to be done by the agents; a person has it{by}."
        case TicketStatus.AWAITING_CUSTOMER:
            return f"The customer was asked for what is missing{by}."
    return f"Answered from the records; its rule asks for no action{by}."


def _rests_on(dossier: Dossier) -> list[int]:
    kinds = ("diagnosis", "action.verified", "reply", "handoff")
    found = [e.position for e in dossier.of_kind(*kinds)]
    end = dossier.end
    return [*found, *([end.position] if end else [])]


def _words(name: str) -> str:
    return name.replace("_", " ")
