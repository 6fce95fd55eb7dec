"""The trash, a view of Library; and what every screen does with something that goes there or comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args
from urllib.parse import urlencode

from concepts.definition.names import id_in
from concepts.workbench import Workbench
from concepts.workbench.jobs import Emptied
from concepts.workbench.trash import Moved
from storage.trash import Kind
from web.page import Action, number_of
from web.render import Button, Notice, render
from web.words import count

PAGE = 48
STILL_NEWS = timedelta(minutes=10)  # how long it is told what went
KINDS: tuple[Kind, ...] = get_args(Kind)
MOVES = frozenset(f"{deed}-{kind}" for deed in ("trash", "restore") for kind in KINDS)

Place = dict[str, str]


def trash(bench: Workbench, place: Place, author: str) -> str:
    """What is in the trash, and what went when it was emptied last, while that is news."""
    kind = cast(Kind, place["kind"]) if place.get("kind") in KINDS else None
    start = number_of(place.get("at", ""))
    found = bench.trash.items(kind, PAGE + 1, start)
    job, emptied = bench.installation.latest_job(("empty bin",)), None
    if job and job.state == "done" and job.finished and datetime.now(UTC) - job.finished < STILL_NEWS:
        emptied = Emptied.model_validate(job.result)
    return render(
        "library/trash.html",
        kind=kind or "",
        items=found[:PAGE],
        older=start + PAGE if len(found) > PAGE else 0,
        pictures=bench.library.info(wait=False).in_bin,
        emptied=emptied,
        backups=bench.trash.backups(),
        author=author,
    )


def move(bench: Workbench, action: Action, place: Place, author: str) -> Notice:
    """Does what one of `MOVES` says, and says so, with the way back. What it moves is in the form as
    `pictures`, or in the place as `ids`; ids of pictures are apart by spaces. Raises `DiscernError`."""
    deed, _, kind = action.name.partition("-")
    ids = action.fields.get("pictures") or place.pop("ids", "")
    moving: dict[str, Any] = {"pictures": ids.split()} if kind == "picture" else {kind: ids}
    if deed == "trash":
        return in_the_trash(bench, bench.trash.put(**moving, author=author), place)
    return Notice(f"{_named(bench.trash.restore(**moving, author=author))} restored.", "good")


def in_the_trash(bench: Workbench, moved: Moved, place: Place | None = None) -> Notice:
    """Says so, with the way back to that place."""
    more = ", with everything that belongs to it."
    if moved.kind == "picture":
        more = ". Its file is untouched." if len(moved.ids) == 1 else ". Their files are untouched."
    if moved.kind == "collection":
        concepts = ", ".join(bench.collections.get(id_in(moved.ids[0]) or 0).concepts)
        more = "; its pictures stay." + (f" Still used by: {concepts}." if concepts else "")
    back = urlencode({**(place or {}), "ids": " ".join(moved.ids)})
    undo = Button("Undo", f"restore-{moved.kind}", back, "undo-2")
    return Notice(f"{_named(moved)} in the trash{more}", "good", undo)


def _named(moved: Moved) -> str:
    """What it is about, with the verb."""
    if moved.names:
        return f"“{moved.names[0]}” is"
    return f"{count(len(moved.ids), 'picture')} {'is' if len(moved.ids) == 1 else 'are'}"
