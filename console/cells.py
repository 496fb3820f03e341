"""Text in cells of the terminal."""

from rich.cells import cell_len, set_cell_size

Piece = tuple[str, str]
"""Text and its tone: empty, or one of those that a list knows."""


def fit(text: str, width: int) -> str:
    """The text in exactly `width` cells, with an ellipsis where it is cut."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"
