"""Where the data of an installed package lies, without importing it."""

from importlib.util import find_spec
from pathlib import Path


def folder_of(package: str) -> Path:
    """The package's folder; ModuleNotFoundError if it is not installed."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the package {package} is missing; run `make setup`")
    return Path(next(iter(spec.submodule_search_locations)))
