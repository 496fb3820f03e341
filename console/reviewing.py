"""A person's word on quality scores, asked and written."""

import asyncio
from typing import Any

from textual.screen import Screen

from console.format import line
from console.reads import in_words
from console.scores import bar, told
from console.screens.ask import Ask
from console.screens.dialogs import Pick
from console.widgets.preview import lines, text
from console.writing import Writing
from data.queries.quality import QualityRow
from data.vocabulary import QualityName

ALL = "all"
"""Picked to agree with everything."""


class QualityReviews(Writing):
    """The reviews of one person at one console."""

    @property
    def me(self) -> str:
        """Who acts."""
        return self.session.operator

    async def agree(self, screen: Screen[Any], row: QualityRow) -> None:
        """Agree with all scores of a check, or one."""
        choices = [(ALL, text(("all scores", "bold")))]
        choices += [
            (s.name, text((f"{s.name:<11}", "bold"), f" {bar(s.score)} {told(s.score)}"))
            for s in row.scores
            if s.score is not None
        ]
        picked = await screen.app.push_screen_wait(Pick("Agree with", choices))
        if picked is None:
            return
        name = None if picked == ALL else QualityName(picked)
        agree = self.session.service.agree_on_quality
        problem = await self._write(
            lambda: agree(row.ticket_id, by=self.me, name=name, check_id=row.id)
        )
        self._say(screen, problem, f"Agreed: {line(row.ticket_ref, 40)} {picked}")

    async def correct(self, screen: Screen[Any], row: QualityRow) -> None:
        """Say what a score should be, and why."""
        choices = [
            (s.name, text((f"{s.name:<11}", "bold"), f" {bar(s.score)} {told(s.score)}"))
            for s in row.scores
        ]
        lowest = min(row.scores, key=lambda s: 2.0 if s.score is None else s.score)
        picked = await screen.app.push_screen_wait(Pick("Correct", choices, lowest.name))
        if picked is None:
            return
        name, correct = QualityName(picked), self.session.service.correct_quality
        reason = next(s.reason for s in row.scores if s.name == picked)

        async def submit(words: str) -> str | None:
            score, note = score_and_note(words)
            if score is None:
                return "begin with the score, 0 to 1, such as 0.4"
            try:
                await asyncio.to_thread(
                    lambda: correct(
                        row.ticket_id, name, score, by=self.me, note=note, check_id=row.id
                    )
                )
            except Exception as problem:  # told in the dialog
                return in_words(problem)
            return None

        dialog: Screen[Any] = Ask(
            f"{picked}: what it should be, and why", lines([text(line(reason, 300))]),
            yes="Correct it", submit=submit, lacks="write the score and why",
            hint="0.4 the customer was told too much",
        )  # fmt: skip
        if await screen.app.push_screen_wait(dialog) is not None:
            self._say(screen, None, f"Corrected: {line(row.ticket_ref, 40)} {picked}")


def score_and_note(words: str) -> tuple[float | None, str]:
    """A score and the note behind it; None where no number comes first."""
    first, _, rest = words.strip().partition(" ")
    try:
        return float(first.replace(",", ".").rstrip(":;")), rest.strip()
    except ValueError:
        return None, rest.strip()
