"""Choosing a theme; the screen below wears the one under the cursor."""

from textual import on
from textual.widgets import OptionList

from console.screens.dialogs import Pick
from console.widgets.preview import text


class Themes(Pick):
    """All themes by name; None if left."""

    def __init__(self, names: dict[str, bool], now: str) -> None:
        """Names, and whether each is dark."""
        choices = [
            (name, text((f"{name:<22}", "bold"), "dark" if dark else "light"))
            for name, dark in names.items()
        ]
        super().__init__("Theme", choices, now)

    @on(OptionList.OptionHighlighted)
    def wear(self, event: OptionList.OptionHighlighted) -> None:
        """Show how it looks."""
        self.app.theme = self.choices[event.option_index][0]
