"""The locks name exact, hashed, harmless packages and no place to take them from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ("runtime", "dev", "bench")
POISONED_LITELLM = {Version("1.82.7"), Version("1.82.8")}
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(lock: str) -> dict[str, set[Version]]:
    """The versions that a lock names for each package; several where they depend on Python."""
    versions: dict[str, set[Version]] = {}
    for block in blocks(lock):
        requirement = Requirement(block.split(" \\\n")[0])
        (pin,) = requirement.specifier
        assert pin.operator == "==", f"{requirement} is not pinned"
        versions.setdefault(canonicalize_name(requirement.name), set()).add(Version(pin.version))
    return versions


def blocks(lock: str) -> list[str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    without_comments = re.sub(r"(?m)^\s*#.*\n", "", text)
    return re.split(r"\n(?=\S)", without_comments.strip())


def declared(lock: str) -> list[Requirement]:
    lines = list(DECLARED["project"]["dependencies"])
    groups = {"runtime": [], "dev": ["dev"], "bench": ["dev", "bench"]}[lock]
    for group in groups:
        lines += DECLARED["dependency-groups"][group]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_hashes(lock: str):
    without = [block for block in blocks(lock) if "--hash=sha256:" not in block]
    assert not without


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_no_address(lock: str):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    assert not re.findall(r"(?m)^.*(?:://| @ |-index|--find-links|--trusted).*$", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_what_is_declared(lock: str):
    versions = locked(lock)
    for requirement in declared(lock):
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"requirements/{lock}.txt lacks {requirement.name}; run: make lock"
        outside = [version for version in found if version not in requirement.specifier]
        assert not outside, f"{requirement} excludes {outside}; run: make lock"


def test_the_development_lock_holds_the_versions_that_users_run():
    development = locked("dev")
    for name, versions in locked("runtime").items():
        assert development[name] == versions


@pytest.mark.parametrize("lock", LOCKS)
def test_the_poisoned_litellm_releases_stay_out(lock: str):
    assert locked(lock)["litellm"].isdisjoint(POISONED_LITELLM)
    (litellm,) = [found for found in declared("runtime") if found.name == "litellm"]
    assert not any(version in litellm.specifier for version in POISONED_LITELLM)


def test_there_is_no_lock_that_names_its_registry():
    assert not (ROOT / "uv.lock").exists()
