"""`discern library read`: the words in pictures."""

from __future__ import annotations

from concepts.cli.groups import Json, library, workbench
from concepts.cli.output import progress, say, show


@library.command("read")
def library_read(as_json: Json = False) -> None:
    """Read the words in every picture in which nobody has yet; library search --captions finds them."""
    with progress("Reading", "What was read until here is kept.") as listener:
        read = workbench().words.read(listener)

    def human() -> None:
        say(f"Looked for words in {read.pictures:,} pictures and found some in {read.words:,}.")
        if read.gone:
            say(f"{read.gone:,} pictures have no file any more.")

    show(read, as_json, human)
