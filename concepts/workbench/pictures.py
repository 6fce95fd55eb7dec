"""Use cases of the library: add, look, search, embed anew."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Sequence
from pathlib import Path

from concepts.errors import DiscernError
from concepts.jobs import Listener, Progress
from concepts.library import browsing
from concepts.library.browsing import (
    BadFile,
    PictureDetail,
    PicturePage,
    PictureView,
    Repetition,
)
from concepts.library.collection import LibraryInfo
from concepts.library.filters import PictureSelection
from concepts.library.health import Checked
from concepts.library.outside_pictures import embed_again
from concepts.library.reading import is_there
from concepts.library.renditions import Rendition
from concepts.library.roots import check_encoder, check_roots, within_roots
from concepts.library.sample import sample_pictures
from concepts.library.search import Hit, find_pictures
from concepts.library.uploads import typed_paths
from concepts.workbench.context import Context
from concepts.workbench.jobs import Added, AddPictures, AddSample, CheckLibrary, Embedded, ReadWords, Reembed
from concepts.workbench.neighbours import LookAlikes
from storage.buckets import written
from storage.frames import EVERYTHING, AsItWas, Frame
from storage.picture_filter import PictureFilter
from storage.pictures.files import Within
from storage.pictures.sources import require
from storage.vectors.products import load_conversion

MANY = 50_000  # pictures, of which a pass over the vectors takes longer than a screen unless it is made fast
MEND_AGAIN_AFTER = 600  # seconds until damage that is still seen is worth another try


class Pictures:
    """Pictures: in, found, looked at."""

    def __init__(self, context: Context, look_alikes: LookAlikes) -> None:
        self._context = context
        self._look_alikes = look_alikes
        context.jobs.register(AddPictures, self._add)
        context.jobs.register(AddSample, self._add_sample)
        context.jobs.register(Reembed, self._reembed)
        context.jobs.register(CheckLibrary, self._check)
        context.collection.on_damage = self._have_it_mended
        self._mended_last = -math.inf
        self._mending: int | None = None  # the job that mends what was noticed here

    def add_pictures(
        self, paths: Sequence[Path], *, encoder: str | None = None, listener: Listener | None = None
    ) -> Added:
        """Adds files, folders, archives and lists, and waits until it is done.

        Raises `DiscernError` at once for a path that isn't there.
        """
        require(paths)
        return self._context.jobs.run(_adding(paths, encoder), listener)

    def submit_add(self, paths: Sequence[Path], *, encoder: str | None = None) -> int:
        """The same in the background, from where the app may read; returns the job's id."""
        resolved = check_roots(paths, self._context.settings)
        check_encoder(encoder or "", self._context.settings)
        return self._context.jobs.submit(_adding(resolved, encoder, confined=True))

    def submit_typed(self, text: str) -> int:
        """Adds the folders, files, archives and lists that a person typed, one a line, in the background."""
        return self.submit_add(typed_paths(text))

    def submit_uploads(self, batch: str) -> int:
        """Adds the files of an upload in the background."""
        return self.submit_add(self._context.uploads.paths(batch))

    def submit_sample(self) -> int:
        """Fetches the sample pictures and adds them, in the background; returns the job's id."""
        return self._context.jobs.submit(AddSample())

    def add_sample(self, *, listener: Listener | None = None) -> Added:
        """Fetches the sample pictures and adds them, and waits until it is done."""
        return self._context.jobs.run(AddSample(), listener)

    def reembed(self, encoder: str, *, listener: Listener | None = None) -> Embedded:
        return self._context.jobs.run(Reembed(encoder), listener)

    def submit_reembed(self, encoder: str) -> int:
        """The same in the background. The library keeps its encoder until every picture is embedded."""
        if not encoder.strip():
            raise DiscernError("Write the name of the encoder first.")
        check_encoder(encoder.strip(), self._context.settings)
        return self._context.jobs.submit(Reembed(encoder.strip()))

    def check_library(self, *, repair: bool = False, listener: Listener | None = None) -> Checked:
        """Compares vectors, thumbnails and files with what SQL says there is; with `repair` makes again what
        can be made again."""
        return self._context.jobs.run(CheckLibrary(repair), listener)

    def submit_check(self, *, repair: bool) -> int:
        """The same in the background; returns the job's id."""
        self._context.collection.recorded()
        return self._context.jobs.submit(CheckLibrary(repair))

    def warm_up(self) -> None:
        """Loads learning libraries, encoder and vectors behind the first page, which would wait for them."""
        if self._context.collection.library.encoder() is not None:
            self._context.background.submit(self._load)

    def _load(self) -> None:
        from concepts.learning.fitting import warm_up

        warm_up()
        if self.count() > MANY:
            load_conversion()
        self._context.collection.look()
        with contextlib.suppress(DiscernError):  # whoever needs it is told
            self._context.collection.text_vectors(["a picture"])
            self._context.collection.index().snapshot()
            self._look_alikes.keep_up()

    def library_info(self, *, wait: bool = True) -> LibraryInfo:
        """Without `wait` nothing is looked up that takes seconds: see `Collection.info`."""
        self._see_what_was_mended()
        return self._context.collection.info(wait=wait)

    def count(self) -> int:
        return self._context.collection.library.counts().pictures

    def thumbnail(self, picture_id: str) -> bytes:
        """WebP bytes. Raises `UnknownPictureError`."""
        return self._context.collection.thumbnail(picture_id)

    def rendition(self, picture_id: str) -> Rendition:
        """The picture for looking at it alone. Raises `UnknownPictureError`."""
        return self._context.renditions.read(picture_id)

    def newest(self, n: int) -> list[PictureView]:
        """The pictures that were added last."""
        return self.browse(n).pictures

    def browse(self, n: int, place: str = "") -> PicturePage:
        """A page of the library; `place` is the `newer` or `older` of another one."""
        return browsing.picture_page(self._context.collection, PictureSelection(), PictureFilter(), n, place)

    def browse_mixed(self, n: int, place: str = "") -> PicturePage:
        """The same in an order that is by chance and stays."""
        return browsing.mixed_page(self._context.collection.library, n, place)

    def id_of(self, picture: str) -> str:
        """The id of a picture named by its path, its id or how that begins. Raises `UnknownPictureError`."""
        return self._context.collection.library.resolve(picture)

    def picture(self, picture_id: str) -> PictureDetail:
        """Raises `UnknownPictureError`."""
        context = self._context
        return browsing.picture_detail(
            context.collection.library, context.store, context.log, context.columns, picture_id
        )

    def exact_duplicates(self, n: int, after: str = "") -> list[Repetition]:
        """Pictures that are at several places; `after` is the key of the last one shown."""
        return browsing.exact_repetitions(self._context.collection.library, n, after)

    def near_duplicates(self, n: int, after: str = "") -> list[Repetition]:
        """Groups of pictures that look the same; `after` is the key of the last one shown."""
        return browsing.near_repetitions(self._context.collection.library, n, after)

    def bad_files(self, limit: int = 1000, offset: int = 0) -> list[BadFile]:
        found = self._context.collection.library.bad_files(limit, offset)
        return [BadFile(path=file.uri, reason=file.reason, message=file.message) for file in found]

    def search(
        self, text: str | None, *, like: Sequence[str] = (), n: int = 20, within: int | None = None
    ) -> list[Hit]:
        """Pictures closest to words, to pictures (ids or paths), or to both; `within`: of one named
        collection alone, by its number."""
        collection = self._context.collection
        found = collection.named.get(within) if within is not None else None
        frame = Frame(0, (AsItWas(found.id, found.name, found.change),)) if found else EVERYTHING
        return find_pictures(collection, text, [collection.library.resolve(item) for item in like], n, frame)

    def _add(self, job: AddPictures, progress: Progress) -> Added:
        paths = [Path(path) for path in job.paths]
        within = within_roots(self._context.settings) if job.confined else None
        return self._add_now(paths, job.encoder, progress, within)

    def _add_sample(self, job: AddSample, progress: Progress) -> Added:
        progress.report(0, None, "fetching the sample pictures")
        folder = sample_pictures(self._context.settings.home / "sample")
        return self._add_now([folder], None, progress)

    def _add_now(
        self, paths: Sequence[Path], encoder: str | None, progress: Progress, within: Within | None = None
    ) -> Added:
        report = self._context.collection.add(paths, encoder, progress.report, within)
        embed_again(self._context.collection)  # examples of before the library had an encoder
        if report.added and is_there() and self._context.columns.were_read():
            self._context.jobs.submit(ReadWords())  # whoever had words read wants those of new ones, too
        self._look_alikes.keep_up()
        return Added.model_validate(report.as_dict())

    def _check(self, job: CheckLibrary, progress: Progress) -> Checked:
        return self._context.collection.check(progress.report, repair=job.repair)

    def _have_it_mended(self) -> None:
        """Where jobs run here, one makes again what is missing; not over and over what it can't mend."""
        jobs, now = self._context.jobs, time.monotonic()
        if not jobs.is_started or now - self._mended_last < MEND_AGAIN_AFTER:
            return
        self._mended_last = now
        self._mending = jobs.submit(CheckLibrary(repair=True))

    def _see_what_was_mended(self) -> None:
        """Where another process mended what was noticed here."""
        if self._mending is not None and self._context.jobs.store.get(self._mending).state == "done":
            self._mending = None
            self._context.collection.is_mended()

    def _reembed(self, job: Reembed, progress: Progress) -> Embedded:
        embedded = self._context.collection.reembed(job.encoder, progress.report)
        embed_again(self._context.collection)
        self._look_alikes.keep_up()
        return Embedded(embedded=embedded)


def _adding(paths: Sequence[Path], encoder: str | None, *, confined: bool = False) -> AddPictures:
    return AddPictures(tuple(map(written, paths)), encoder, confined)
