"""Scores of quality checks in words and bars, for the command line and the screen."""

VERDICTS: dict[str, tuple[str, str]] = {
    "passed": ("✓", "passed"),
    "acceptable": ("~", "acceptable"),
    "review": ("!", "needs review"),
    "no_data": ("·", "no data"),
}
"""Verdict to its glyph and words."""

BAR = 10
"""Cells of a bar."""


def told(score: float | None) -> str:
    """A score as people read it."""
    return "no data" if score is None else f"{score:.2f}"


def bar(score: float | None) -> str:
    """A score as a bar of `BAR` cells; dots for no data."""
    if score is None:
        return "·" * BAR
    full = round(score * BAR)
    return "█" * full + "░" * (BAR - full)
