"""Use cases of looking through the library: any part of it, in any order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from concepts.errors import DiscernError
from concepts.jobs import Listener, Progress
from concepts.library import browsing
from concepts.library.browsing import PicturePage
from concepts.library.dates import Camera, camera_of, read_dates
from concepts.library.filters import PictureSelection
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.jobs import DatesRead, ReadDates
from storage.labels import Author
from storage.picture_filter import PictureFilter


class FolderView(View):
    """`name` is its last part; of the outermost folder all of it. `files` counts what is in it and below."""

    path: str
    name: str
    files: int
    has_folders: bool


class Browsing:
    """Folders, orders and filters."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(ReadDates, self._read_dates)

    def page(
        self, chosen: PictureSelection, n: int, place: str = "", *, author: str | None = None
    ) -> PicturePage:
        """A page of what was chosen; `place` is the `newer` or `older` of another one. `answered` means by
        this author, or by people together without one: what others said would sway who hasn't answered."""
        return browsing.picture_page(self._context.collection, chosen, self._filter(chosen, author), n, place)

    def folders(self, folder: str = "") -> list[FolderView]:
        """Those right inside of one; of the whole library the one that all of it is in."""
        return [
            FolderView(
                path=found.path,
                name=(found.path.rpartition("/")[2] if folder else found.path).removesuffix("!"),
                files=found.files,
                has_folders=found.has_folders,
            )
            for found in self._context.collection.browsing.folders(folder)
        ]

    def formats(self) -> list[str]:
        """Those that pictures of the library have."""
        return self._context.collection.browsing.formats()

    def camera(self, picture_id: str, *, position: bool = False) -> Camera:
        """What the picture's file says of how it was taken; where only if `position` is asked for. Raises
        `UnknownPictureError`."""
        return camera_of(self._context.collection.library.picture(picture_id), position=position)

    def has_unread_dates(self) -> bool:
        """Whether there are pictures whose file was never asked when it was taken."""
        return bool(self._context.collection.browsing.unread(1))

    def read_dates(self, *, listener: Listener | None = None) -> DatesRead:
        """Asks those files, and waits until it is done."""
        return self._context.jobs.run(ReadDates(), listener)

    def submit_read_dates(self) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(ReadDates())

    def _read_dates(self, job: ReadDates, progress: Progress) -> DatesRead:
        looked_at, dated = read_dates(self._context.collection, progress.report)
        return DatesRead(looked_at=looked_at, dated=dated)

    # What SQL can't tell by itself

    def _filter(self, chosen: PictureSelection, author: str | None) -> PictureFilter:
        fits = chosen.filter()
        if chosen.within is not None:
            fits = replace(fits, within=self._context.collection.named.get(chosen.within))
        if not (chosen.answered or chosen.says):
            return fits
        if not chosen.concept:
            raise DiscernError("Say for which concept.")
        if chosen.answered:
            fits = self._answered(fits, chosen, author)
        return self._said(fits, chosen) if chosen.says else fits

    def _answered(self, fits: PictureFilter, chosen: PictureSelection, author: str | None) -> PictureFilter:
        concept = self._context.concept(chosen.concept)
        values: dict[str, str]
        if author is None:
            values = {i: d.value for i, d in self._context.counts.decisions(concept.id).now().items()}
        else:
            values = self._context.log.said_by(concept.id, Author(author))
        if chosen.answered == "none":
            return replace(fits, without=frozenset(values))
        how = chosen.answered
        return _among(fits, frozenset(i for i, value in values.items() if how in ("any", value)))

    def _said(self, fits: PictureFilter, chosen: PictureSelection) -> PictureFilter:
        """Without those that measure and have no answer yet: what a version says of them is shown nowhere."""
        context, concept = self._context, self._context.concept(chosen.concept)
        head = context.head(concept, None)
        scores = context.library_scores(concept.id, head)
        if scores is None:
            raise DiscernError(
                "The newest version has not looked at the whole library yet. Have it do so on Use first."
            )
        yes = scores.probability.values >= np.float32(head.threshold)
        said = scores.probability.ids.at(np.flatnonzero(yes == (chosen.says == "yes")))
        unseen = context.store.kept_apart(concept.id) - context.log.first_answered(concept.id).keys()
        return _among(fits, frozenset(said) - unseen)


def _among(fits: PictureFilter, ids: frozenset[str]) -> PictureFilter:
    """One more condition that somebody else has found out."""
    return replace(fits, among=ids if fits.among is None else ids.intersection(fits.among))
