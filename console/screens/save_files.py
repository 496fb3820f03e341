"""Asking where to save the files that came with a ticket."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from console.format import line
from console.reads import in_words
from console.saving import Saved, described, save_all
from console.screens.ask import Ask
from console.widgets.preview import lines, text
from data.queries.rows import TicketDetail

if TYPE_CHECKING:
    from console.app import Handrail


def ask_where(console: "Handrail", detail: TicketDetail) -> Ask:
    """The dialog; the files are written when it is answered, and nothing is overwritten."""
    downloads = Path.home() / "Downloads"
    usual = downloads if downloads.is_dir() else Path.home()

    def into(words: str) -> tuple[Path, Saved]:
        folder = Path(words).expanduser() if words else usual
        return folder, save_all(console.session.store, detail.attachments, folder)

    async def save(words: str) -> str | None:
        try:
            folder, saved = await asyncio.to_thread(into, words)
        except Exception as problem:  # said in the dialog
            return in_words(problem)
        left_out = "; ".join(f"{line(name, 60)}: {line(why, 80)}" for name, why in saved.left_out)
        if not saved.files:
            return f"nothing was saved: {left_out}"
        told = f"{len(saved.files)} saved in {line(str(folder), 200)}"
        console.notify(f"{told}; not {left_out}" if left_out else told, markup=False, timeout=8)
        return None

    about = [text(f"⎘ {described(file)}") for file in detail.attachments]
    warning = text(("They are as they came, and nobody has looked into them.", "dim"))
    hint = f"a folder; {usual} if none is written"
    return Ask("Save files", lines([*about, warning]), yes="Save", submit=save, hint=hint)
