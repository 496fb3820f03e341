"""The room that is left where a workspace lies."""

import shutil
from pathlib import Path

LOW_DISK = 200 * 2**20
"""Bytes; below it the workspace is in danger."""


def size(count: float) -> str:
    """A number of bytes in its largest unit."""
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"


def low_disk(folder: Path) -> str | None:
    """What to say if there is little room left in `folder`; None if there is enough."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return f"the folder {folder} is out of reach"
    return f"the disk has only {size(free)} left: free some space" if free < LOW_DISK else None
