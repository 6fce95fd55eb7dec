"""The bin of the Library screen: what was removed, put back, and what went for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from concepts.library.emptying import Emptied
from concepts.workbench import Workbench
from web.render import Button, Notice, render
from web.words import count

PAGE = 48
STILL_NEWS = timedelta(minutes=10)  # how long it is told what went

Place = dict[str, str]


def in_bin(bench: Workbench, place: Place, author: str) -> str:
    """What was removed, and what went when the bin was emptied last, while that is news."""
    page = bench.removing.bin(PAGE, place.get("at", ""))
    return render("library/bin.html", page=page, emptied=_emptied(bench), author=author)


def remove(bench: Workbench, pictures: str, place: Place, author: str) -> Notice:
    """Ids apart by spaces into the bin; what to say, with the way back. Raises `DiscernError`."""
    moved = bench.removing.remove(pictures.split(), author=author).pictures
    one = len(moved) == 1
    back = urlencode({**place, "pictures": " ".join(moved)})
    return Notice(
        f"{count(len(moved), 'picture')} removed from the library. "
        f"{'Its file is' if one else 'Their files are'} untouched.",
        "good",
        Button("Undo", "put-back", back, "undo-2"),
    )


def put_back(bench: Workbench, pictures: str, author: str) -> Notice:
    """Ids apart by spaces out of the bin. Raises `DiscernError`."""
    moved = bench.removing.put_back(pictures.split(), author=author).pictures
    return Notice(f"{count(len(moved), 'picture')} put back, with everything that was said.", "good")


def _emptied(bench: Workbench) -> Emptied | None:
    job = bench.installation.latest_job(("empty bin",))
    if job is None or job.state != "done" or not job.finished:
        return None
    if datetime.now(UTC) - job.finished >= STILL_NEWS:
        return None
    return Emptied.model_validate(job.result)
