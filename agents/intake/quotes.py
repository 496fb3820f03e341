"""Where the quotes of a delimited record open and close, line by line."""


class Cut(str):
    """The beginning of a line that is longer than a record may be."""

    size = 0
    """Characters of the whole line."""
    odd = False
    """Whether the whole line holds an odd number of quotes."""


class Quotes:
    """Follows the quotes of one record; holds none of its text."""

    def __init__(self, delimiter: str) -> None:
        """Nothing was read of the record."""
        self._delimiter, self._lines = delimiter, 0
        self.open = self.broken = False
        """Whether a quote is open now, and whether one from an earlier line was closed within a
        text, as where the next quote of a file is taken for the end of one left open."""
        self.opened = 0
        """The line of the record, from 1, in which the last quote that matters opens."""

    def feed(self, line: str) -> None:
        """Read the next line of the record."""
        self._lines += 1
        if isinstance(line, Cut):
            if line.odd and not self.open:
                self.opened = self._lines
            self.open ^= line.odd
            return
        text, at = line.rstrip("\r\n"), 0
        while not self.broken:
            if not self.open:
                if not text.startswith('"', at):
                    at = text.find(self._delimiter, at) + 1
                    if at == 0:
                        return
                    continue
                self.open, self.opened, at = True, self._lines, at + 1
            end = self._end(text, at)
            if end < 0:
                return
            self.open, at = False, end + 1
            if self.opened < self._lines:
                after = text[at:].lstrip(" ")
                self.broken = after != "" and not after.startswith(self._delimiter)

    @staticmethod
    def _end(text: str, at: int) -> int:
        """Where the open quote closes in `text`; -1 if it does not."""
        end = text.find('"', at)
        while end >= 0 and text.startswith('""', end):
            end = text.find('"', end + 2)
        return end
