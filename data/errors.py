"""What can go wrong with stored data, each with a message for a person."""


class HandrailError(Exception):
    """An error whose text says in one line what was wrong, where, and what to do."""


class IllegalChange(HandrailError):
    """A change of state that the vocabulary does not allow."""


class NotFound(HandrailError):
    """A name, id or ref that the workspace does not hold."""


class WorkspaceUnusable(HandrailError):
    """A database that is not ours, newer than this program, locked or read-only."""


class Fenced(HandrailError):
    """Another worker has taken this run over; what this one still holds must not be written."""


class BadFile(HandrailError):
    """A file of the user's that cannot be read as what it should be."""

    def __init__(self, path: object, problem: str, line: int | None = None) -> None:
        """Say `problem` at `line` (1-based, if known) of the file `path`."""
        where = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{where}: {problem}")
        self.path, self.line, self.problem = path, line, problem
