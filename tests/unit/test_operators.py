"""Who the operators are, and how they prove it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from agents.authority import PASSPHRASE, SYSTEM_USER, TOKEN, WORD, Person, person_of
from agents.errors import NotAllowed
from agents.operators import Operators
from agents.passphrases import pause_after
from data.clock import CountingIds, VirtualClock
from data.database import reading
from data.errors import HandrailError
from data.queries.operators import operators as listed
from data.store import CHAIN, EVENT, Store
from data.vocabulary import Role
from data.workspace import open_workspace
from tests.operators_support import CHEAP

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECRET, OTHER = "correct horse", "battery staple"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def operators(tmp_path: Path, clock: VirtualClock) -> Iterator[Operators]:
    """The people of a workspace that root has made."""
    workspace = open_workspace(
        str(tmp_path / "w.db"), clock=clock, ids=CountingIds(), synchronous="OFF"
    )
    people = Operators(workspace, CHEAP)
    people.found("root")
    yield people
    workspace.close()


def events(store: Store) -> list[tuple[str, dict[str, Any]]]:
    """What the workspace's chain tells."""
    with store.read() as connection:
        query = select(EVENT.c.kind, EVENT.c.data).where(EVENT.c.chain == "").order_by(EVENT.c.id)
        return [(kind, json.loads(data)) for kind, data in connection.execute(query)]


def everything_stored(store: Store) -> str:
    """Every value of every table, in one text."""
    with reading(store.engine) as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = [name for (name,) in names.all()]
        return repr([connection.exec_driver_sql(f"SELECT * FROM {t}").all() for t in tables])


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    """What NotAllowed says, in one line."""
    with pytest.raises(NotAllowed) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Founding.


def test_the_creator_is_an_admin_bound_to_the_system_user(operators: Operators) -> None:
    (creator,) = listed(operators.store)
    assert (creator.name, creator.role, creator.system_user) == ("root", Role.ADMIN, "root")
    assert not creator.has_passphrase
    assert not operators.is_set_up()
    operators.found("mallory")
    assert [o.name for o in listed(operators.store)] == ["root"]


def test_while_alone_everybody_acts_by_their_word(operators: Operators) -> None:
    assert operators.person("ana") == Person("ana", Role.ADMIN, WORD)
    assert operators.person("ana", system_user="root") == Person("ana", Role.ADMIN, WORD)
    assert operators.person("root", system_user="root") == Person("root", Role.ADMIN, SYSTEM_USER)
    assert operators.person("root", system_user="guest").signed_in_by == WORD
    with operators.store.write() as tx:
        assert operators.person("ben", tx.connection).role is Role.ADMIN
        assert person_of(tx.connection, "ben").role is Role.ADMIN


def test_a_workspace_without_operators_is_not_set_up_and_is_founded_by_who_adds(
    tmp_path: Path,
) -> None:
    workspace = open_workspace(str(tmp_path / "old.db"), synchronous="OFF")
    people = Operators(workspace, CHEAP)
    assert not people.is_set_up()
    assert people.person("ana").role is Role.ADMIN
    people.add("ana", Role.OPERATOR, by="root")
    assert [(o.name, o.system_user) for o in listed(workspace)] == [("root", "root"), ("ana", None)]
    workspace.close()


# Set up.


def test_a_second_operator_sets_sign_in_up(operators: Operators) -> None:
    operators.add("ana", Role.SUPERVISOR, by="root")
    assert operators.is_set_up()
    assert operators.person("ana") == Person("ana", Role.SUPERVISOR, WORD)
    assert "no operator" in refused(operators.person, "ben")
    operators.remove("ana", by="root")
    assert not operators.is_set_up()


def test_a_passphrase_alone_sets_sign_in_up(operators: Operators) -> None:
    operators.set_passphrase("root", SECRET, system_user="root")
    assert operators.is_set_up()
    assert "no operator" in refused(operators.person, "ana")


@pytest.mark.parametrize(
    ("proof", "allowed"), [(WORD, False), (SYSTEM_USER, False), (PASSPHRASE, True), (TOKEN, True)]
)
def test_where_it_is_set_up_nobody_acts_by_their_word(
    operators: Operators, proof: str, allowed: bool
) -> None:
    operators.add("ana", Role.OPERATOR, by="root", passphrase=SECRET)
    with operators.store.read() as connection:
        if allowed:
            assert person_of(connection, "ana", proof) == Person("ana", Role.OPERATOR, proof)
        else:
            assert "not signed in" in refused(person_of, connection, "ana", proof)


def test_a_removed_person_is_unknown(operators: Operators) -> None:
    operators.add("ana", Role.OPERATOR, by="root", passphrase=SECRET)
    operators.add("ben", Role.VIEWER, by="root")
    token = operators.give_token(operators.sign_in("ana", SECRET))
    operators.remove("ana", by="root")
    assert "no operator" in refused(operators.person, "ana")
    assert "token" in refused(operators.by_token, token)
    assert "wrong" in refused(operators.sign_in, "ana", SECRET)
    code = operators.add("ana", Role.VIEWER, by="root")
    assert code is not None
    assert "no passphrase" in refused(operators.sign_in, "ana", SECRET)
    assert operators.person("ana").role is Role.VIEWER


# Adding and changing.


def test_only_an_admin_changes_who_may_decide(operators: Operators) -> None:
    operators.add("ana", Role.SUPERVISOR, by="root")
    assert "an admin must" in refused(operators.add, "ben", Role.VIEWER, by="ana")
    assert "an admin must" in refused(operators.remove, "root", by="ana")
    assert "an admin must" in refused(operators.change_role, "ana", Role.ADMIN, by="ana")
    assert "an admin must" in refused(operators.set_skills, "root", ["billing"], by="ana")
    assert "no operator" in refused(operators.add, "ben", Role.VIEWER, by="stranger")
    assert operators.set_skills("ana", ["Billing", "billing ", "account"], by="ana") == [
        "billing",
        "account",
    ]
    assert {o.name: o.skills for o in listed(operators.store)} == {
        "root": [],
        "ana": ["billing", "account"],
    }


@pytest.mark.parametrize(
    "name", ["", " ", "ana ", " ana", "a  b", "a\nb", "a\x1b[31m", "a\u202eb", "-x", "x" * 65]
)
def test_what_cannot_be_a_name(operators: Operators, name: str) -> None:
    with pytest.raises(HandrailError, match="name"):
        operators.add(name, Role.VIEWER, by="root")


@pytest.mark.parametrize("name", ["ana", "ANA", "Root"])
def test_a_name_is_had_by_one(operators: Operators, name: str) -> None:
    operators.add("ana", Role.VIEWER, by="root")
    with pytest.raises(HandrailError, match="already"):
        operators.add(name, Role.ADMIN, by="root")
    assert operators.person("ana").role is Role.VIEWER


@pytest.mark.parametrize("skill", ["", "two words", "x\x1b", "x" * 65])
def test_what_cannot_be_a_skill(operators: Operators, skill: str) -> None:
    with pytest.raises(HandrailError, match="skill"):
        operators.set_skills("root", [skill], by="root")


def test_the_last_admin_stays(operators: Operators) -> None:
    operators.add("ana", Role.ADMIN, by="root")
    # ana has not taken the invitation up: nobody else could sign in as an admin.
    assert "last admin" in refused(operators.remove, "root", by="root")
    assert "last admin" in refused(operators.change_role, "root", Role.VIEWER, by="root")
    operators.remove("ana", by="root")
    operators.add("ana", Role.ADMIN, by="root", passphrase=SECRET)
    operators.change_role("root", Role.OPERATOR, by="ana")
    assert "last admin" in refused(operators.remove, "ana", by="ana")
    operators.remove("root", by="ana")
    assert [o.name for o in listed(operators.store)] == ["ana"]


# Passphrases.


def test_an_invitation_is_good_once_and_for_seven_days(
    operators: Operators, clock: VirtualClock
) -> None:
    code, late = (operators.add(name, Role.OPERATOR, by="root") for name in ("ana", "ben"))
    assert code is not None
    assert late is not None
    assert "invitation is wrong" in refused(
        operators.set_passphrase, "ana", SECRET, invitation=late
    )
    operators.set_passphrase("ana", SECRET, invitation=code)
    assert operators.sign_in("ana", SECRET) == Person("ana", Role.OPERATOR, PASSPHRASE)
    assert "invitation" in refused(operators.set_passphrase, "ana", OTHER, invitation=code)
    clock.advance_to(NOW + timedelta(days=7, seconds=1))
    assert "expired" in refused(operators.set_passphrase, "ben", SECRET, invitation=late)
    assert operators.sign_in("ana", SECRET).name == "ana"


def test_the_creator_sets_the_first_passphrase_as_the_system_user(operators: Operators) -> None:
    assert "needed" in refused(operators.set_passphrase, "root", SECRET)
    assert "needed" in refused(operators.set_passphrase, "root", SECRET, system_user="guest")
    operators.set_passphrase("root", SECRET, system_user="root")
    assert "current" in refused(operators.set_passphrase, "root", OTHER, system_user="root")
    assert operators.by_system_user("root", "root") is None
    assert "current" in refused(operators.set_passphrase, "root", OTHER, current="something else")
    operators.set_passphrase("root", OTHER, current=SECRET)
    assert operators.sign_in("root", OTHER).role is Role.ADMIN


def test_once_there_are_two_the_creator_needs_one_to_decide(operators: Operators) -> None:
    operators.add("ana", Role.OPERATOR, by="root")
    told = refused(operators.check_can_sign_in, "root")
    assert "handrail operators passphrase --as root" in told
    found = operators.by_system_user("root", "root")
    assert found == Person("root", Role.ADMIN, SYSTEM_USER)
    assert operators.by_system_user("root", "guest") is None
    assert operators.by_system_user("ana", "ana") is None
    with operators.store.read() as connection:
        refused(person_of, connection, "root", SYSTEM_USER)


@pytest.mark.parametrize("short", ["", "1234567"])
def test_eight_characters_and_no_other_rule(operators: Operators, short: str) -> None:
    with pytest.raises(HandrailError, match="8 characters"):
        operators.set_passphrase("root", short, system_user="root")
    with pytest.raises(HandrailError, match="8 characters"):
        operators.add("ana", Role.VIEWER, by="root", passphrase=short)
    assert [o.name for o in listed(operators.store)] == ["root"]
    operators.set_passphrase("root", "        ", system_user="root")
    assert operators.sign_in("root", "        ").name == "root"


def test_the_same_characters_from_any_keyboard(operators: Operators) -> None:
    operators.set_passphrase("root", "caf\u00e9 au lait", system_user="root")
    assert operators.sign_in("root", "cafe\u0301 au lait").name == "root"


def test_a_new_passphrase_ends_the_tokens(operators: Operators) -> None:
    operators.set_passphrase("root", SECRET, system_user="root")
    token = operators.give_token(operators.sign_in("root", SECRET))
    operators.set_passphrase("root", OTHER, current=SECRET)
    refused(operators.by_token, token)


def test_other_parameters_are_taken_over_at_the_next_sign_in(operators: Operators) -> None:
    operators.set_passphrase("root", SECRET, system_user="root")
    dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    Operators(operators.store, dearer).sign_in("root", SECRET)
    assert "m=16,t=2,p=1" in everything_stored(operators.store)
    assert "m=8,t=1,p=1" not in everything_stored(operators.store)
    assert operators.sign_in("root", SECRET).name == "root"


# Attempts.


def test_the_pause_grows() -> None:
    assert [pause_after(n) for n in range(8)] == [0, 0, 0, 2, 4, 8, 16, 32]
    assert [pause_after(n) for n in (11, 12, 13, 10_000)] == [512, 900, 900, 900]


def test_attempts_are_slowed_even_with_the_right_passphrase(
    operators: Operators, clock: VirtualClock
) -> None:
    operators.set_passphrase("root", SECRET, system_user="root")
    operators.add("ana", Role.VIEWER, by="root", passphrase=OTHER)
    for _ in range(2):
        assert "wait" not in refused(operators.sign_in, "root", "wrong guess")
    assert "wait 2 s" in refused(operators.sign_in, "root", "wrong guess")
    assert "wait 2 s" in refused(operators.sign_in, "root", SECRET)
    assert "wait 2 s" in refused(operators.set_passphrase, "root", OTHER, current=SECRET)
    assert operators.sign_in("ana", OTHER).name == "ana"
    clock.advance_to(NOW + timedelta(seconds=3))
    assert "wait 4 s" in refused(operators.sign_in, "root", "wrong guess")
    clock.advance_to(NOW + timedelta(seconds=8))
    assert operators.sign_in("root", SECRET).name == "root"
    assert "wait" not in refused(operators.sign_in, "root", "wrong guess")


def test_an_attempt_counts_before_it_is_checked(operators: Operators) -> None:
    """Many attempts at the same time gain nothing over one after the other."""
    operators.set_passphrase("root", SECRET, system_user="root")

    class Slow(PasswordHasher):
        """Lets other attempts be made while it checks."""

        tried = 0

        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            Slow.tried += 1
            if Slow.tried < 10:
                with pytest.raises(NotAllowed):
                    people.sign_in("root", "wrong guess")
            return super().verify(hash, password)

    people = Operators(operators.store, Slow(time_cost=1, memory_cost=8, parallelism=1))
    refused(people.sign_in, "root", "wrong guess")
    assert Slow.tried == 3


def test_a_name_that_is_not_known_costs_the_same_work(operators: Operators) -> None:
    done: list[str] = []

    class Counting(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            done.append("hash")
            return super().hash(password, salt=salt)

        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            done.append("verify")
            return super().verify(hash, password)

    people = Operators(operators.store, Counting(time_cost=1, memory_cost=8, parallelism=1))
    people.set_passphrase("root", SECRET, system_user="root")
    done.clear()
    known = refused(people.sign_in, "root", "wrong guess")
    unknown = refused(people.sign_in, "nobody", "wrong guess")
    assert (known, done) == (unknown, ["verify", "hash"])


# Tokens.


def test_a_token_stands_for_a_person_until_it_ends(
    operators: Operators, clock: VirtualClock
) -> None:
    operators.set_passphrase("root", SECRET, system_user="root")
    person = operators.sign_in("root", SECRET)
    token, short = operators.give_token(person), operators.give_token(person, hours=1)
    assert token != short
    assert operators.by_token(token) == Person("root", Role.ADMIN, TOKEN)
    clock.advance_to(NOW + timedelta(hours=1, seconds=1))
    refused(operators.by_token, short)
    assert operators.end_token(token) == "root"
    refused(operators.by_token, token)
    assert operators.end_token(token) is None
    refused(operators.by_token, "")
    lasting = operators.give_token(person)
    clock.advance_to(NOW + timedelta(hours=13, seconds=5))
    refused(operators.by_token, lasting)


def test_a_token_follows_the_role(operators: Operators) -> None:
    operators.add("ana", Role.OPERATOR, by="root", passphrase=SECRET)
    token = operators.give_token(operators.sign_in("ana", SECRET))
    operators.change_role("ana", Role.VIEWER, by="root")
    assert operators.by_token(token).role is Role.VIEWER


@pytest.mark.parametrize("proof", [TOKEN, SYSTEM_USER, WORD])
def test_only_a_passphrase_gives_a_token(operators: Operators, proof: str) -> None:
    refused(operators.give_token, Person("root", Role.ADMIN, proof))


# The log.


def test_everything_is_told_and_no_secret_is_kept(operators: Operators) -> None:
    code = operators.add("ana", Role.OPERATOR, by="root")
    assert code is not None
    operators.set_passphrase("ana", SECRET, invitation=code)
    token = operators.give_token(operators.sign_in("ana", SECRET))
    refused(operators.sign_in, "ana", "wrong guess")
    refused(operators.sign_in, "my secret typed as a name", OTHER)
    operators.end_token(token)
    operators.change_role("ana", Role.VIEWER, by="root")
    operators.remove("ana", by="root")
    assert events(operators.store) == [
        ("operator.added", {"operator": "root", "by": None, "role": "admin"}),
        ("operator.added", {"operator": "ana", "by": "root", "role": "operator"}),
        ("operator.passphrase_set", {"operator": "ana"}),
        ("operator.signed_in", {"operator": "ana"}),
        ("operator.sign_in_failed", {"operator": "ana", "wrong": "passphrase"}),
        ("operator.sign_in_failed", {"operator": None, "wrong": "name"}),
        ("operator.signed_out", {"operator": "ana"}),
        (
            "operator.role_changed",
            {"operator": "ana", "by": "root", "was": "operator", "role": "viewer"},
        ),
        ("operator.removed", {"operator": "ana", "by": "root"}),
    ]
    stored = everything_stored(operators.store)
    for secret in (SECRET, OTHER, "wrong guess", "typed as a name", code, token):
        assert secret not in stored
    with operators.store.read() as connection:
        head = connection.execute(select(CHAIN.c.position).where(CHAIN.c.id == "")).scalar()
    assert head == 9


def test_what_is_stored_while_a_secret_is_live_does_not_tell_it(operators: Operators) -> None:
    code = operators.add("ana", Role.OPERATOR, by="root")
    operators.set_passphrase("root", SECRET, system_user="root")
    token = operators.give_token(operators.sign_in("root", SECRET))
    stored = everything_stored(operators.store)
    assert "$argon2id$" in stored
    assert code is not None
    for secret in (SECRET, code, token):
        assert secret not in stored
