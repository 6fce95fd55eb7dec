"""What is asked of a synthetic library (`benchmarks.limits.synthetic`): pages, filters, counts and lists.

Each is asked many times, with another folder, day or place where it has one, so that little of it can be kept
from before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select

from benchmarks.limits import synthetic as made
from concepts.errors import DiscernError
from concepts.labelling.labels import label_count
from concepts.library.browsing import _place
from concepts.library.collection import collection_of
from concepts.library.collections import all_collections, make_collection
from concepts.library.filters import PictureSelection
from concepts.results.library import (
    browse,
    exact_duplicates,
    library_folders,
    library_info,
    near_duplicates,
    picture_count,
    picture_detail,
    picture_formats,
)
from concepts.results.overview import list_concepts
from concepts.results.trash import list_trash
from concepts.use_cases import App
from storage.adding import PictureFacts
from storage.browsing import Browsing, Place
from storage.database import Database
from storage.picture_filter import SORTINGS, Order
from storage.pictures.files import Source
from storage.tables import PictureRow

PAGE = 48
DEEP = 1000  # pages
BATCH = 256  # pictures of one commit, as adding has it
FOLLOWED = 10
AUTHOR = "synthetic"

Question = Callable[[int], object]


class Questions:
    """What is asked of a synthetic library."""

    def __init__(self, bench: App, pictures: int) -> None:
        self._bench, self._pictures = bench, pictures
        self._collection = collection_of(bench)
        self._database: Database = bench.database
        self._added = time.time_ns()

    def baseline(self, n: int) -> object:
        ids = [made.picture_id((n * 60 + i) % self._pictures) for i in range(60)]
        with self._database.read() as session:
            return session.execute(select(PictureRow).where(PictureRow.id.in_(ids))).all()

    def pages(self) -> Iterator[tuple[str, Question]]:
        for order in Order:
            yield f"first page, {order}", self._chosen({"sort": order})
        for order in Order:
            deep = self._deep(order)
            yield f"page {DEEP:,}, {order}", self._chosen({"sort": order}, deep)

    def folders_and_counts(self) -> Iterator[tuple[str, Question]]:
        yield "formats", lambda n: picture_formats(self._bench)
        yield "counts", lambda n: picture_count(self._bench)
        yield "counts and encoder", lambda n: library_info(self._bench)
        yield "folders: outermost, anew", lambda n: Browsing(self._database).folders("")
        yield "folders: its years, anew", lambda n: Browsing(self._database).folders(made.ROOT)
        year = f"{made.ROOT}/{made.FIRST_YEAR}"
        yield "folders: a year's events, anew", lambda n: Browsing(self._database).folders(year)
        yield "folders: all three, again", self._tree

    def others(self) -> Iterator[tuple[str, Question]]:
        yield "concepts, 100", lambda n: list_concepts(self._bench)
        yield (
            "answers of a concept, counted",
            lambda n: label_count(self._bench.concept("Synthetic concept 1")),
        )
        yield "one picture", lambda n: picture_detail(self._bench, self._shown(n))
        yield "copies, listed", lambda n: exact_duplicates(self._bench, 12, self._shown(n))
        yield "look-alikes, listed", lambda n: near_duplicates(self._bench, 12, self._shown(n))
        yield "the trash", lambda n: list_trash(self._bench, None, PAGE)
        yield "picture by a start of its id", lambda n: self._collection.library.resolve(self._shown(n)[:12])

    def collections(self) -> None:
        """Those that filters and following ask for."""
        with suppress(DiscernError):
            make_collection(
                self._bench, "A year", folder=str(f"{made.ROOT}/{made.FIRST_YEAR}"), author=AUTHOR
            )
            for n in range(FOLLOWED - 1):
                make_collection(
                    self._bench, f"Event {n}", folder=str(self._followed_folder(n)), author=AUTHOR
                )

    def filters(self) -> Iterator[tuple[str, Question]]:
        year, name = f"{made.ROOT}/{made.FIRST_YEAR + 1}", "Synthetic concept 1"
        screens = f"{made.ROOT}/{made.FIRST_YEAR + 2}"
        inside = {one.name: one.id for one in all_collections(self._bench)}
        day = (made.BEGUN + timedelta(milliseconds=20 * self._pictures // 2)).date()
        filters: dict[str, dict[str, object]] = {
            "JPEG": {"format": "JPEG"},
            "PNG, all of one year": {"format": "PNG"},
            "WEBP, 2 of 100": {"format": "WEBP"},
            "TIFF, few": {"format": "TIFF"},
            "small": {"size": "small"},
            "large": {"size": "large"},
            "undated": {"undated": True},
            "a month": {"taken_from": "2015-03-01", "taken_to": "2015-03-31"},
            "a year": {"taken_from": "2013-01-01", "taken_to": "2013-12-31"},
            "added on a day": {"added_from": day, "added_to": day},
            "at several places": {"repeated": "copies"},
            "look-alikes": {"repeated": "look-alikes"},
            "a year's folder": {"folder": year},
            "a folder of copies": {"folder": f"{made.ROOT}/copies/07"},
            "a large collection": {"in": str(inside["A year"])},
            "a small collection": {"in": str(inside["Event 3"])},
            "answered yes": {"answered": "yes", "concept": name},
            "not answered": {"answered": "none", "concept": name},
            "JPEG, large, a year": {
                "format": "JPEG",
                "size": "large",
                "taken_from": "2013-01-01",
                "taken_to": "2013-12-31",
            },
            "PNG in a folder without": {"format": "PNG", "folder": year},
            "PNG of a year without": {"format": "PNG", "taken_from": "2016-01-01", "taken_to": "2016-12-31"},
            "PNG in its folder": {"format": "PNG", "folder": screens},
            "several places, PNG": {"repeated": "copies", "format": "PNG"},
            "several places in a folder": {"repeated": "copies", "folder": year},
            "look-alikes in a folder": {"repeated": "look-alikes", "folder": year},
            "look-alikes, undated": {"repeated": "look-alikes", "undated": True},
            "undated, WEBP": {"undated": True, "format": "WEBP"},
            "large in a large collection": {"size": "large", "in": str(inside["A year"])},
            "not answered, PNG": {"answered": "none", "concept": name, "format": "PNG"},
        }
        for said, fields in filters.items():
            yield f"{said}, newest", self._chosen(fields)
        for order in (Order.OLDEST, Order.NAME, Order.TAKEN, Order.LARGEST, Order.LIGHTEST):
            for said in (
                "PNG, all of one year",
                "at several places",
                "look-alikes",
                "a year's folder",
                "a large collection",
                "undated",
            ):
                yield f"{said}, {order}", self._chosen(filters[said] | {"sort": order})
        yield (
            "an event's folder, newest",
            lambda n: self._page(PictureSelection.of({"folder": self._event(n)})),
        )
        yield (
            "an event's folder, JPEG, name",
            lambda n: self._page(
                PictureSelection.of({"folder": self._event(n), "format": "JPEG", "sort": "name"})
            ),
        )

    def new(self, count: int, *folders: str) -> list[tuple[Source, PictureFacts]]:
        """Pictures that are not in the library yet, as they were read."""
        read = []
        for i in range(count):
            self._added += 1
            own = made.picture_id(self._added)
            facts = PictureFacts(own, 1000 + i, "JPEG", 640, 480, own[:16], 10**9 + i)
            read.append((Source(f"{folders[i % len(folders)]}/{own[:12]}.jpg", 1, 1), facts))
        return read

    # Inside

    def _chosen(self, fields: Mapping[str, object], place: str = "") -> Question:
        chosen = PictureSelection.of(fields)
        return lambda n: self._page(chosen, place)

    def _page(self, chosen: PictureSelection, place: str = "") -> object:
        return browse(self._bench, chosen, PAGE, place, author=AUTHOR)

    def _deep(self, order: Order) -> str:
        """Behind that many pages of the order."""
        sorting = SORTINGS[order]
        keys = (sorting.column, PictureRow.id)
        with self._database.read() as session:
            query = select(*keys).order_by(*(key.desc() if sorting.falling else key for key in keys))
            query = query.offset(min(PAGE * DEEP, self._pictures // 2)).limit(1)
            return _place(Place(*session.execute(query).one()))

    def _tree(self, n: int) -> object:
        year = f"{made.ROOT}/{made.FIRST_YEAR}"
        return [library_folders(self._bench, folder) for folder in ("", made.ROOT, year)]

    def _event(self, n: int) -> str:
        return made.folder((n * 1009) * 97 % self._pictures, self._pictures)

    def _followed_folder(self, n: int) -> str:
        return made.folder(n * self._pictures // FOLLOWED + self._pictures // 20, self._pictures)

    def _shown(self, n: int) -> str:
        return made.picture_id(made.REMOVED_EACH * n + 1)


def measure(question: Question, repeats: int) -> list[float]:
    """Milliseconds of each time."""
    times = []
    for n in range(repeats):
        started = time.perf_counter()
        question(n)
        times.append(1000 * (time.perf_counter() - started))
    return times
