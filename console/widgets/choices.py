"""A list to pick from, with a sign before the one under the cursor: colours may not be seen."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option


def _led(words: Content, here: bool) -> Content:
    return Content.assemble("▸ " if here else "  ", words)


class Choices(OptionList):
    """Texts, one of which is picked; nothing in them is markup."""

    def __init__(self, words: Sequence[Content]) -> None:
        """In this order; the cursor is on none of them yet."""
        super().__init__(*[Option(_led(each, False)) for each in words], markup=False, compact=True)
        self._words = list(words)
        self._here = -1
        self.highlighted = None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Move the sign."""
        if event.option_index != self.highlighted:
            return
        for index in {self._here, event.option_index} - {-1}:
            words = _led(self._words[index], index == event.option_index)
            self.replace_option_prompt_at_index(index, words)
        self._here = event.option_index
