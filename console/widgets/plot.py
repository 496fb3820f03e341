"""A course over time in bars of letters: nothing by colour alone, no data apart from zero."""

from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
NO_DATA = "·"
TARGET = "┄"
_WIDEST = 7
"""Cells from one bar to the next."""


def bars(
    values: Sequence[float | None], width: int, height: int, *, most: float, target: float | None
) -> list[str]:
    """Rows of a plot, the top one first, with a line where the target lies.

    What has no value is a dot on the ground, a zero the lowest bar. Where there are more values
    than cells, the newest are shown.
    """
    values = list(values)[-max(1, width) :]
    slot = max(1, min(_WIDEST, width // max(1, len(values))))
    bar = max(1, slot - 1)
    eighths = [_eighths(value, most, height) for value in values]
    aimed = None
    if target is not None and most > 0:
        aimed = min(height - 1, int(target / most * height))
    rows = []
    for row in range(height - 1, -1, -1):
        empty = TARGET if row == aimed else " "
        cells = ""
        for filled in eighths:
            cells += (_cell(filled, row, empty) * bar).ljust(slot, empty)
        rows.append(cells.ljust(width, empty))
    return rows


def sparkline(values: Sequence[float | None], width: int) -> str:
    """The same on one line."""
    values = list(values)[-max(1, width) :]
    most = max((value for value in values if value is not None), default=0.0)
    return bars(values, len(values), 1, most=most, target=None)[0] if values else ""


def _eighths(value: float | None, most: float, height: int) -> int | None:
    if value is None:
        return None
    share = value / most if most > 0 else 0.0
    return max(1, min(8 * height, round(share * 8 * height)))


def _cell(filled: int | None, row: int, empty: str) -> str:
    if filled is None:
        return NO_DATA if row == 0 else empty
    left = min(8, filled - 8 * row)
    return BLOCKS[left] if left > 0 else empty
