"""Use cases of the library: adding pictures, checking it, looking through it, searching, and one picture."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from concepts.errors import DiscernError, NoUsableRowsError, missing_package
from concepts.jobs import Lane, Progress, Started
from concepts.labelling.columns import ColumnsReport, keep_columns
from concepts.labelling.formats import format_of
from concepts.labelling.formats.sidecars import Sidecars
from concepts.labelling.label_cache import label_cache_of
from concepts.library import browsing
from concepts.library.browsing import (
    BadFile,
    ColumnView,
    PictureDetail,
    PictureLabel,
    PicturePage,
    PictureView,
    Repetition,
    camera_of,
)
from concepts.library.collection import LibraryInfo, collection_of
from concepts.library.collections import find_collection
from concepts.library.filters import PictureSelection
from concepts.library.given_vectors import VectorTable, read_vectors
from concepts.library.outside_pictures import embed_again
from concepts.library.reading import EXTRA, PACKAGE, is_there
from concepts.library.roots import check_encoder, check_roots, folders_to_add, within_roots
from concepts.library.sample import sample_pictures
from concepts.library.search import Hit, about_words, find_pictures
from concepts.library.upkeep import (
    NeighboursReport,
    VectorsOnDisk,
    WordsState,
    check_library,
    find_neighbours,
    keep_up,
    mending_of,
    neighbours_report,
    read_words,
    tidy_vectors,
    vectors_on_disk,
    words_state,
)
from concepts.library.uploads import typed_paths, uploads_of
from concepts.results.heads import head_of, scores_of
from concepts.results.library_map import draw_map, pictures_inside
from concepts.results.rules import flagged_by_rule
from concepts.use_cases import App, use_case
from concepts.use_cases.parameters import (
    AuthorName,
    Confined,
    Flag,
    Given,
    Limit,
    Offset,
    PictureId,
    ReaderName,
    Spread,
)
from concepts.view import View, count
from storage.buckets import in_bucket, written
from storage.labels import Author
from storage.picture_filter import PictureFilter
from storage.pictures.files import Within
from storage.pictures.sources import require
from storage.pictures.videos import split

REPORTED = 1000  # pictures: how often progress is told

Paths = Annotated[
    list[Path] | None,
    Flag("PATHS"),
    Field(
        max_length=1000,
        description="Full paths, on the computer Discern runs on, of folders, pictures, zip archives, or "
        "CSV/Parquet/JSONL lists; also in a bucket: s3://BUCKET/FOLDER.",
    ),
]
EncoderName = Annotated[
    str | None,
    Field(
        max_length=500,
        description="For a new library: auto, embedded, ARCHITECTURE/TAG, hf-hub:NAME or local-dir:FOLDER.",
    ),
]
Picture = Annotated[
    str, Field(max_length=4096, description="A picture, by its id, how that begins, or its path.")
]
Folder = Annotated[
    str, Field(max_length=4096, description="The folders in this one; else the one everything is in.")
]
Bad = Annotated[bool, Field(description="Also the files that were skipped, and why.")]
Choice = Annotated[PictureSelection, Spread(q="TEXT", within="--in")]


class FolderView(View):
    """`name` is its last part; of the outermost folder all of it. `files` counts what is in it and below."""

    path: str
    name: str
    files: int
    has_folders: bool


class Added(View):
    """`unchanged` files were read by an earlier run; `skipped` counts bad files by reason. `removed_before`:
    files of pictures that somebody removed from the library, which stay out of it. `videos` that were read,
    and how many of the pictures are `frames` of theirs. `others`: files of folders that are no pictures.
    `first_skipped` and `first_other` are the names of the first of each."""

    added: int
    duplicates: int
    unchanged: int
    removed_before: int = 0
    embedded: int
    skipped: dict[str, int]
    seconds: float
    pictures_per_second: float | None
    videos: int = 0
    frames: int = 0
    others: int = 0
    first_skipped: str = ""
    first_other: str = ""

    def says(self) -> str:
        said = [f"{count(self.added, 'picture')} added"]
        if self.duplicates:
            said.append(count(self.duplicates, "duplicate"))
        if self.removed_before:
            said.append(f"{self.removed_before:,} removed before")
        if skipped := sum(self.skipped.values()):
            said.append(f"{count(skipped, 'file')} skipped")
        return ", ".join(said)


class LibraryState(LibraryInfo):
    """What is in the library and how it is kept. Without pictures there are no `vectors` and `neighbours`."""

    formats: list[str]
    folders: list[FolderView]
    vectors: VectorsOnDisk | None
    neighbours: NeighboursReport | None
    words: WordsState
    bad: list[BadFile]


@use_case("POST /library/check", command="library check", host=True)
def look_after(
    app: App,
    repair: Annotated[bool, Field(description="Make again what is missing or damaged.")] = False,
    only: Annotated[
        Literal["", "neighbours", "map", "words", "tidy"],
        Field(
            description="Instead: compare pictures with each other; draw the map; read the words in "
            "pictures, and in those that come later; remove what only older states of the vectors have."
        ),
    ] = "",
    anew: Annotated[
        bool, Field(description="With `neighbours` or `map`: even if nothing has changed.")
    ] = False,
) -> Started[Any]:
    """Look whether everything is there: vectors, thumbnails, and the files of the pictures.

    Raises `DiscernError`, and `PackageError` where words can't be read here.
    """
    if only == "words" and not is_there():
        raise missing_package(PACKAGE, EXTRA)
    if only != "words":
        collection_of(app).recorded()
    if only == "neighbours":
        return app.begin(find_neighbours, anew)
    if only == "map":
        return app.begin(draw_map, anew)
    if only == "words":
        return app.begin(read_words)
    return app.begin(tidy_vectors) if only == "tidy" else app.begin(check_library, repair)


def _asks_to_add(app: App, paths: Sequence[Path] = (), **more: object) -> str:
    return f"Add pictures to the library from {', '.join(map(str, paths)) or 'the sample pictures'}?"


@use_case(
    "POST /library/pictures",
    command="library add",
    tool="add_pictures",
    audit="added pictures",
    host=True,
    question=_asks_to_add,
)
def import_pictures(
    app: App,
    paths: Paths = None,
    encoder: EncoderName = None,
    sample: Annotated[bool, Field(description="In place of paths: the sample pictures.")] = False,
    vectors: Annotated[
        Path | None,
        Field(
            description="Your own vectors, .npy or .parquet. They are compared with those of the "
            "encoder, if you name one. Otherwise there is no text search."
        ),
    ] = None,
    ids: Annotated[
        Path | None, Field(description="Which picture each is of: a path or id on each line, or a CSV.")
    ] = None,
    *,
    confined: Confined = False,
) -> Started[Added]:
    """Add pictures where they are. Add a folder again to take up what is new in it, or to go on after a
    stop.

    Raises `DiscernError` at once for a path that isn't there.
    """
    if vectors is not None:
        if confined:
            check_roots([one for one in (vectors, ids) if one], app.settings)
        paths = paths or []  # the job reads which they are of
    if sample and not paths:
        return app.begin(add_sample)
    if sample or paths is None:
        raise DiscernError("Say what to add: files or folders, or the sample pictures.")
    if not confined:
        require(paths)
        return _begin(app, paths, encoder, vectors, ids)
    paths = check_roots(typed_paths("\n".join(map(str, paths))), app.settings)
    check_encoder(encoder or "", app.settings)
    return _begin(app, paths, encoder, vectors, ids, confined=True)


def folders_within(app: App, folder: str = "") -> list[Path]:
    """Folders of this computer that can be added: those right inside of one, or those to begin at.

    Raises `DiscernError` for one that can't be read, and `NotAllowedError`.
    """
    return folders_to_add(app.settings, folder)


@use_case(audit="added pictures")
def add_uploads(
    app: App, batch: Annotated[str, Field(description="The name that the upload got when it began.")]
) -> Started[Added]:
    """Add the files of an upload."""
    paths = check_roots(uploads_of(app).paths(batch), app.settings)
    return _begin(app, paths, confined=True)


@use_case(command="library captions")
def keep_captions(
    app: App,
    file: Annotated[
        Path,
        Field(
            description="Such as the Parquet of img2dataset: path or id, and columns; or a folder with "
            "XMP files beside its pictures."
        ),
    ],
    format: Annotated[str, Field(description="Which one it is, where that can't be seen.")] = "",
    *,
    confined: Confined = False,
) -> ColumnsReport:
    """Keep what a file says of your pictures: captions, which can be searched, and any other columns. The
    same file again changes nothing.

    Raises `NoUsableRowsError` where no row is of use, and `DiscernError` where it can't be read.
    """
    if not file.exists():
        raise DiscernError(f"There is no file or folder {file}. Check the spelling.")
    found = Sidecars() if file.is_dir() and not format else format_of(file, format)
    return keep_columns(app, found, file, any_number=not confined)


def warm_up_library(app: App) -> None:
    """Loads learning libraries, encoder and vectors behind the first page, which would wait for them, and
    looks after the database."""
    app.database.look_after()
    if collection_of(app).library.encoder() is not None:
        app.background.submit(partial(_load, app))


def _load(app: App) -> None:
    from concepts.learning.fitting import warm_up

    warm_up()
    collection_of(app).look()
    with contextlib.suppress(DiscernError):  # whoever needs it is told
        collection_of(app).words().warm_up()
        collection_of(app).index()
        gc.freeze()  # to look all of that through for garbage would stop every thread for half a second
        keep_up(app)


def library_info(app: App, *, wait: bool = True) -> LibraryInfo:
    """Counts and the encoder. Without `wait` nothing is looked up that takes seconds: see
    `Collection.info`."""
    mending_of(app).look()
    return collection_of(app).info(wait=wait)


@use_case("GET /library", command="library info")
def library_state(app: App, folder: Folder = "", bad: Bad = False) -> LibraryState:
    """What is in the library, which encoder it uses, and what its vectors take."""
    info = library_info(app)
    return LibraryState(
        **dict(info),
        formats=picture_formats(app),
        folders=library_folders(app, folder),
        vectors=vectors_on_disk(app) if info.encoder else None,
        neighbours=neighbours_report(app) if info.encoder else None,
        words=words_state(app),
        bad=list_bad_files(app, 1000) if bad else [],
    )


def picture_count(app: App) -> int:
    return collection_of(app).library.counts().pictures


@use_case("GET /library/bad-files")
def list_bad_files(app: App, limit: Limit = 50, offset: Offset = 0) -> list[BadFile]:
    """Files that were skipped, and why."""
    found = collection_of(app).library.bad_files(limit, offset)
    return [BadFile(path=file.uri, reason=file.reason, message=file.message) for file in found]


def library_folders(app: App, folder: str = "") -> list[FolderView]:
    """Those right inside of one; of the whole library the one that all of it is in."""
    return [
        FolderView(
            path=found.path,
            name=(found.path.rpartition("/")[2] if folder else found.path).removesuffix("!"),
            files=found.files,
            has_folders=found.has_folders,
        )
        for found in collection_of(app).browsing.folders(folder)
    ]


def has_safety(app: App) -> bool:
    """Whether imported columns say of any picture how safe it is."""
    return app.columns.has_safety()


def picture_formats(app: App) -> list[str]:
    """Those that pictures of the library have."""
    return collection_of(app).browsing.formats()


def picture_months(app: App) -> list[tuple[int, int]]:
    """Year and month of the pictures that say when they were taken, the newest first."""
    return collection_of(app).browsing.months()


def exact_duplicates(app: App, n: int, after: str = "") -> list[Repetition]:
    """Pictures that are at several places; `after` is the key of the last one shown."""
    return browsing.exact_repetitions(collection_of(app).library, n, after)


def near_duplicates(app: App, n: int, after: str = "") -> list[Repetition]:
    """Groups of pictures that look the same; `after` is the key of the last one shown."""
    return browsing.near_repetitions(collection_of(app).library, n, after)


@use_case("GET /library/pictures")
def browse(
    app: App,
    chosen: Choice = PictureSelection(),  # noqa: B008  # nothing changes it
    limit: Limit = 50,
    cursor: Annotated[
        str, Field(max_length=1000, description="The `older` or `newer` of another page of the same.")
    ] = "",
    *,
    author: Annotated[str | None, Given.AUTHOR] = None,
) -> PicturePage:
    """Pictures, newest first, or those that fit folder, search and filters, in another order. Without an
    `author`, `answered` is about the labels of all people; those of others would sway an `author`."""
    if chosen.captions:
        if chosen.model_copy(update={"q": "", "captions": False}) != PictureSelection():
            raise DiscernError("Captions are searched by words alone.")
        return browsing.captioned_page(collection_of(app), app.columns, chosen.q, limit, cursor)
    fits = _filter(app, chosen, author)
    page = browsing.picture_page(collection_of(app), chosen, fits, limit, cursor)
    if not chosen.q or cursor:
        return page
    nearest = page.pictures[0].id if page.pictures and not chosen.like else ""
    (hint,) = about_words(collection_of(app), [chosen.q], [nearest])
    return page.model_copy(update={"hint": hint})


@use_case(command="library search")
def found_pictures(
    app: App,
    chosen: Choice = PictureSelection(),  # noqa: B008
    top: Annotated[int, Flag("--n --top"), Field(ge=1, description="At most how many pictures.")] = 20,
    *,
    author: AuthorName,
) -> list[PictureView]:
    """Find pictures by words, by a picture, or by both together; those that fit, newest first, without
    either."""
    return browse(app, chosen, top, author=author).pictures


def search_library(app: App, text: str | None, *, like: Sequence[str] = (), n: int = 20) -> list[Hit]:
    """Pictures closest to words, to pictures (ids or paths), or to both."""
    collection = collection_of(app)
    return find_pictures(collection, text, [collection.library.resolve(item) for item in like], n)


def _filter(app: App, chosen: PictureSelection, author: str | None) -> PictureFilter:
    fits = chosen.filter()
    if chosen.within:
        fits = replace(fits, within=find_collection(app, chosen.collection))
    if chosen.rule:
        fits = _among(fits, frozenset(flagged_by_rule(app, chosen.rule)))
    if chosen.shape:
        fits = _among(fits, frozenset(pictures_inside(app, chosen.shape)))
    if not (chosen.answered or chosen.says):
        return fits
    if not chosen.concept:
        raise DiscernError("Say for which concept.")
    concept = app.concept(chosen.concept)
    if chosen.answered:
        values: dict[str, str]
        if author is None:
            values = {i: d.value for i, d in label_cache_of(app).decisions(concept.id).items()}
        else:
            values = app.log.said_by(concept.id, Author(author))
        if (how := chosen.answered) == "none":
            fits = replace(fits, without=frozenset(values))
        else:
            fits = _among(fits, frozenset(i for i, value in values.items() if how in ("any", value)))
    if not chosen.says:
        return fits
    head = head_of(concept)
    scores = scores_of(concept, head)
    if scores is None:
        raise DiscernError(
            "The newest version has not looked at the whole library yet. Have it do so on Results first."
        )
    yes = scores.probability.values >= np.float32(head.threshold)
    said = scores.probability.ids.at(np.flatnonzero(yes == (chosen.says == "yes")))
    # What a version says of those that measure and have no answer yet is shown nowhere.
    unseen = app.store.kept_apart(concept.id) - app.log.first_answered(concept.id).keys()
    return _among(fits, frozenset(said) - unseen)


@use_case("GET /library/pictures/{picture_id}/thumbnail")
def thumbnail_of(app: App, picture_id: PictureId) -> bytes:
    """A small copy: WebP, at most 320 pixels on the long side.

    Raises `UnknownError`.
    """
    return collection_of(app).thumbnail(picture_id)


@use_case("GET /library/pictures/{picture_id}", command="library picture")
def picture_detail(
    app: App,
    picture_id: Annotated[Picture, Flag("PICTURE")],
    position: Annotated[bool, Field(description="Also where it was taken, if its file says so.")] = False,
    *,
    reader: ReaderName = None,
) -> PictureDetail:
    """Everything the library knows of one picture, and what its camera wrote into it. A labeller gets
    others' labels of a concept after labelling the picture for it.

    Raises `UnknownError`.
    """
    library = collection_of(app).library
    found = library.picture(library.resolve(picture_id))
    near = sorted(library.members([found.near_group]) - {found.id})
    columns = app.columns.of(found.id)
    concepts = app.store.all()
    about = app.log.about([found.id], [concept.id for concept in concepts])
    video, moment = next(filter(None, map(split, found.sources)), ("", None))
    detail = PictureDetail(
        id=found.id,
        format=found.format,
        width=found.width,
        height=found.height,
        bytes=found.bytes,
        added=found.added,
        taken=browsing.taken_at(found.taken),
        places=list(found.sources),
        near_duplicates=near[: browsing.NEAR_SHOWN],
        labels=[
            PictureLabel(
                concept=concept.name,
                value=event.said,
                author=event.author.name,
                author_kind=event.author.kind,
            )
            for concept in concepts
            if concept.id in about
            for event in app.log.standing(concept.id, picture_ids=[found.id])
        ],
        columns=[ColumnView(name=c.name, value=c.value, file=c.file) for c in columns],
        camera=camera_of(found, position=position),
        video=video,
        moment=moment,
    )
    return detail if reader is None else detail.as_read_by(reader)


def _begin(
    app: App,
    paths: Sequence[Path],
    encoder: str | None = None,
    vectors: Path | None = None,
    ids: Path | None = None,
    *,
    confined: bool = False,
) -> Started[Added]:
    files = (str(one.absolute()) if one else "" for one in (vectors, ids))
    return app.begin(add_pictures, tuple(map(written, paths)), encoder, confined, *files)


@use_case(job="Importing pictures", lane=Lane.LONG)
def add_pictures(
    app: App,
    progress: Progress,
    paths: tuple[str, ...],
    encoder: str | None = None,
    confined: bool = False,
    vectors: str = "",
    ids: str = "",
) -> Added:
    """Add pictures; where `confined`, from where the app may read alone. `vectors`: a file of them, and
    `ids`: which picture each is of."""
    files = [Path(path) for path in paths]
    within = within_roots(app.settings) if confined else None
    given = read_vectors(Path(vectors), Path(ids) if ids else None) if vectors else None
    if given is not None and not (files := files or given.files):
        raise DiscernError("These vectors list picture ids only. Name the folder with their pictures, too.")
    return _add_now(app, files, encoder, progress, within, given)


@use_case(job="Getting sample pictures", lane=Lane.LONG)
def add_sample(app: App, progress: Progress) -> Added:
    """Add the sample pictures."""
    progress.report(0, None, "fetching the sample pictures")
    folder = sample_pictures(app.settings.home / "sample")
    return _add_now(app, [folder], None, progress)


def _add_now(
    app: App,
    paths: Sequence[Path],
    encoder: str | None,
    progress: Progress,
    within: Within | None = None,
    given: VectorTable | None = None,
) -> Added:
    def tell(pictures: int) -> None:
        if pictures % REPORTED == 0:
            progress.report(pictures, None, "reading sidecars")

    report = collection_of(app).add(paths, encoder, progress.report, within, given)
    embed_again(collection_of(app))  # examples of before the library had an encoder
    # Captions and keywords that photo programs wrote beside pictures.
    for folder in paths:
        if not in_bucket(str(folder)) and Sidecars().recognises(folder):
            with contextlib.suppress(NoUsableRowsError):
                keep_columns(app, Sidecars(tell), folder, any_number=True)
    if report.added and is_there() and app.columns.were_read():
        app.submit(read_words)  # whoever had words read wants those of new ones, too
    keep_up(app)
    return Added.model_validate(report, from_attributes=True)


def _among(fits: PictureFilter, ids: frozenset[str]) -> PictureFilter:
    """One more condition that somebody else has found out."""
    return replace(fits, among=ids if fits.among is None else ids.intersection(fits.among))
