"""Emptying the trash: all that this app keeps of its pictures goes, and never their own files."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa

from concepts.bundle.score import without_pictures
from concepts.installation.log import rewrite_log
from concepts.jobs import Progress
from concepts.library.collection import collection_of
from concepts.library.renditions import renditions_of
from concepts.library.uploads import uploads_of
from concepts.use_cases import App
from concepts.view import View, count
from storage.erasing import Gone
from storage.errors import UnknownError
from storage.jobs import GOING
from storage.pictures import archives

COME_MEANWHILE = 1000  # pictures that are put into the trash between counting and reading it


class Emptied(View):
    """What is gone, counted. `labels`: what people and machines said of the pictures; `drawn`: pictures that
    measured. `tables`: of vectors that were written anew, so that no older state has them. `scores`: rows in
    score files. `freed`: bytes of files. `in_archives`: those that are in an uploaded archive, which stays,
    because other pictures are in it too. `backups`: names of known ones, which still have them."""

    pictures: int = 0
    places: int = 0
    labels: int = 0
    captions: int = 0
    candidates: int = 0
    drawn: int = 0
    watched: int = 0
    vectors: int = 0
    tables: int = 0
    thumbnails: int = 0
    renditions: int = 0
    uploads: int = 0
    scores: int = 0
    freed: int = 0
    in_archives: int = 0
    refused: bool = False
    backups: tuple[str, ...] = ()

    def says(self) -> str:
        return f"{count(self.pictures, 'picture')} erased."


@dataclass(frozen=True)
class _Emptying:
    app: App
    gone: Gone
    author: str
    refuse: bool


def _forgotten(this: _Emptying, what: str, forget: Callable[[str], int]) -> dict[str, int]:
    sizes = [forget(picture_id) for picture_id in this.gone.ids]
    return {what: sum(map(bool, sizes)), "freed": sum(sizes)}


def _uploads(this: _Emptying) -> dict[str, int]:
    """What came through the browser is this app's own copy; nothing outside its folder is touched."""
    kept = uploads_of(this.app).kept
    ours = [place for place in this.gone.places if kept.has(place)]
    alone = [place for place in ours if not archives.split(place)]
    sizes = [kept.forget(place) for place in alone]
    return {"uploads": sum(map(bool, sizes)), "freed": sum(sizes), "in_archives": len(ours) - len(alone)}


def _scores(this: _Emptying) -> dict[str, int]:
    """Files of scores have a row less for each, and their job, where it is still known, says how many are
    left. What is no such file goes from the folder of a job (what a killed one left, say), and stays in one
    that a person made."""
    jobs, counts = this.app.jobs.store, Counter[str]()
    for file in sorted((this.app.settings.home / "scores").glob("*/*")):
        is_jobs, job = file.parent.name.isdecimal(), None
        if is_jobs:
            with suppress(UnknownError):
                job = jobs.get(int(file.parent.name))
        if (job and job.state in GOING) or not file.is_file():
            continue
        try:
            left = without_pictures(file, this.gone.ids, this.gone.places)
        except (pa.ArrowException, KeyError, UnicodeError):
            if is_jobs:
                file.unlink()
            continue
        if job:
            counts["scores"] += max((job.result or {}).get("rows", left.rows) - left.rows, 0)
            jobs.amend(job.id, vars(left))
    return counts


def _bundles(this: _Emptying) -> dict[str, int]:
    """Pages show small pictures, and zips have them in them. All are written anew when asked for."""
    with this.app.database.alone("bundles"):
        shutil.rmtree(this.app.settings.home / "bundles", ignore_errors=True)
    return {}


def _log(this: _Emptying) -> dict[str, int]:
    rewrite_log(this.app.settings.home, this.gone.taken_from)
    return {}


def _rows(this: _Emptying) -> dict[str, int]:
    removed = collection_of(this.app).removed
    return vars(removed.purge(sorted(this.gone.ids), this.author, refuse=this.refuse))


# Every place of a data folder that knows a picture, and what takes it out there. Files go before the rows
# that lead to them, so that what a killed run left over is still in the trash, for the next one. What rows
# know is in `storage.erasing`. A test looks at every byte of every file for what was taken out.
PLACES: dict[str, Callable[[_Emptying], dict[str, int]]] = {
    "vectors": lambda this: vars(collection_of(this.app).purge_vectors(sorted(this.gone.ids))),
    "thumbnails": lambda this: _forgotten(this, "thumbnails", collection_of(this.app).thumbnails.delete),
    "cache/pictures": lambda this: _forgotten(this, "renditions", renditions_of(this.app).forget),
    "uploads": _uploads,
    "scores": _scores,
    "bundles": _bundles,
    "logs": _log,
    "discern.sqlite": _rows,  # or another database
}


def erase(app: App, progress: Progress, *, author: str, refuse: bool, kind: str) -> Emptied:
    """Takes what is in the trash out of all places, then writes the database and its copy anew: also where a
    run that was cut off left nothing else to do. Raises `StorageError` before anything goes where there is no
    room."""
    removed, counts = collection_of(app).removed, Counter[str]()
    ids = removed.ids(collection_of(app).library.counts().in_bin + COME_MEANWHILE)
    # Whether an earlier run of this job, or the job before it, may have deleted rows and gone no further.
    jobs, job_id = app.jobs.store, progress.job_id
    others = (one for one in jobs.newest_first([kind], limit=2) if one.id != job_id)
    if ids or jobs.get(job_id).lease > 1 or any(one.state != "done" for one in others):
        app.database.require_room_to_compact()
        this = _Emptying(app, Gone(ids, removed.places(ids)), author, refuse)
        for done, (place, take_out) in enumerate(PLACES.items() if ids else ()):
            progress.report(done, len(PLACES), place)
            counts.update(take_out(this))
        progress.report(len(PLACES), len(PLACES), "writing the database anew")
        app.database.compact()
        app.database.keep_this_copy_alone()
    kept = tuple(file.name for file in app.database.damaged_files())  # nothing is taken out of these
    return Emptied(refused=refuse, backups=kept, **counts)
