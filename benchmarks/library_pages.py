"""How long pages, filters, counts and lists take in a library of a million pictures.

    python -m benchmarks.library_pages --pictures 1000000 [--home DIR] [--database URL] [--only WORD]

The library is synthetic: rows in SQL (see `benchmarks.synthetic_library`), 100 concepts, 100,000 simulated
answers. It is built into DIR, or the empty database that URL names, and used again where it is there.
Every line is asked for many times, each time with another folder, day or place where it has one, so little
of it can be kept from before. Milliseconds: the first time, half of the times within, 95 of 100 within, and
half of the times within of this process's own processor time (all there is of SQLite, not of a server); the
baseline is 60 rows of pictures by their primary key, in the same run.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import select

from benchmarks import synthetic_library as made
from concepts.errors import DiscernError
from concepts.library.browsing import _place
from concepts.library.filters import PictureSelection
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.adding import PictureFacts
from storage.browsing import Browsing, Place
from storage.database import Database
from storage.picture_filter import SORTINGS, Order
from storage.pictures.files import Source
from storage.tables import PictureRow

PAGE = 48
DEEP = 1000  # pages
BATCH = 256  # pictures of one commit, as adding has it
NEW = 1000
FOLLOWED = 10
AUTHOR = "synthetic"

Question = Callable[[int], object]


class Questions:
    """What is asked of a synthetic library."""

    def __init__(self, bench: Workbench, pictures: int) -> None:
        self._bench, self._pictures = bench, pictures
        self._collection = bench.context.collection
        self._database: Database = bench.context.database
        self._added = time.time_ns()

    def baseline(self, n: int) -> object:
        ids = [made.picture_id((n * 60 + i) % self._pictures) for i in range(60)]
        with self._database.read() as session:
            return session.execute(select(PictureRow).where(PictureRow.id.in_(ids))).all()

    def reading(self) -> Iterator[tuple[str, Question]]:
        yield from self.pages()
        yield from self.filters()
        yield from self.folders_and_counts()
        yield from self.others()

    def pages(self) -> Iterator[tuple[str, Question]]:
        for order in Order:
            yield f"first page, {order}", self._chosen({"sort": order})
        for order in Order:
            deep = self._deep(order)
            yield f"page {DEEP:,}, {order}", self._chosen({"sort": order}, deep)

    def folders_and_counts(self) -> Iterator[tuple[str, Question]]:
        yield "formats", lambda n: self._bench.library.formats()
        yield "counts", lambda n: self._bench.library.count()
        yield "counts and encoder", lambda n: self._bench.library.info()
        yield "folders: outermost, anew", lambda n: Browsing(self._database).folders("")
        yield "folders: its years, anew", lambda n: Browsing(self._database).folders(made.ROOT)
        year = f"{made.ROOT}/{made.FIRST_YEAR}"
        yield "folders: a year's events, anew", lambda n: Browsing(self._database).folders(year)
        yield "folders: all three, again", self._tree

    def others(self) -> Iterator[tuple[str, Question]]:
        yield "concepts, 100", lambda n: self._bench.concepts.all()
        yield (
            "answers of a concept, counted",
            lambda n: self._bench.concept("Synthetic concept 1").labels.count(),
        )
        yield "one picture", lambda n: self._bench.library.picture(self._shown(n))
        yield "copies, listed", lambda n: self._bench.library.exact_duplicates(12, self._shown(n))
        yield "look-alikes, listed", lambda n: self._bench.library.near_duplicates(12, self._shown(n))
        yield "the trash", lambda n: self._bench.trash.items(None, PAGE)
        yield "picture by a start of its id", lambda n: self._collection.library.resolve(self._shown(n)[:12])

    def writing(self) -> Iterator[tuple[str, Question]]:
        """Last: it changes the library."""
        named = self._collection.named
        yield f"follow {FOLLOWED} folders, nothing new", lambda n: named.follow()
        yield f"add {NEW:,} pictures (SQL alone)", lambda n: self._add("elsewhere")
        yield f"follow {FOLLOWED} folders, {NEW:,} new", self._followed
        yield "remove 48 pictures", lambda n: self._collection.removed.remove(self._some(n), AUTHOR)
        yield "put 48 pictures back", lambda n: self._collection.removed.restore(self._some(n), AUTHOR)
        yield "a collection of an event", self._made
        yield "collections", lambda n: self._bench.collections.all()

    def collections(self) -> None:
        """Those that filters and following ask for."""
        with suppress(DiscernError):
            self._bench.collections.make(
                "A year", folder=str(f"{made.ROOT}/{made.FIRST_YEAR}"), author=AUTHOR
            )
            for n in range(FOLLOWED - 1):
                self._bench.collections.make(
                    f"Event {n}", folder=str(self._followed_folder(n)), author=AUTHOR
                )

    def filters(self) -> Iterator[tuple[str, Question]]:
        year, name = f"{made.ROOT}/{made.FIRST_YEAR + 1}", "Synthetic concept 1"
        screens = f"{made.ROOT}/{made.FIRST_YEAR + 2}"
        inside = {one.name: one.id for one in self._bench.collections.all()}
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
        return self._bench.library.pictures(chosen, PAGE, place, author=AUTHOR)

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
        return [self._bench.library.folders(folder) for folder in ("", made.ROOT, year)]

    def _event(self, n: int) -> str:
        return made.folder((n * 1009) * 97 % self._pictures, self._pictures)

    def _followed_folder(self, n: int) -> str:
        return made.folder(n * self._pictures // FOLLOWED + self._pictures // 20, self._pictures)

    def _shown(self, n: int) -> str:
        return made.picture_id(made.REMOVED_EACH * n + 1)

    def _some(self, n: int) -> list[str]:
        return [made.picture_id(made.REMOVED_EACH * (n + i) + 50) for i in range(48)]

    def _add(self, *folders: str) -> None:
        """As adding does, but for pixels and vectors."""
        library, read = self._collection.library, self.new(NEW, *folders)
        for start in range(0, NEW, BATCH):
            batch = read[start : start + BATCH]
            library.adding.record(batch, [], made.FINGERPRINT)
            library.adding.vectors_written([facts.id for _, facts in batch], made.FINGERPRINT)

    def _followed(self, n: int) -> object:
        """Adds what comes into the folders, and says how long following alone took."""
        self._add(*(self._followed_folder(n) for n in range(FOLLOWED - 1)))
        started = time.perf_counter()
        came = self._collection.named.follow()
        assert came >= NEW, came  # a year has one of the events, too
        return time.perf_counter() - started

    def _made(self, n: int) -> object:
        name = f"Made {self._added} {n}"
        return self._bench.collections.make(name, folder=str(self._event(n)), author=AUTHOR)


def measure(question: Question, repeats: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each time, by the clock and of the processor; where the answer is a float it is the
    seconds that count."""
    times, own = [], []
    for n in range(repeats):
        started, began = time.perf_counter(), time.process_time()
        found = question(n)
        own.append(1000 * (time.process_time() - began))
        times.append(1000 * (found if isinstance(found, float) else time.perf_counter() - started))
    return times, own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--concepts", type=int, default=100)
    parser.add_argument("--answers", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--database", default=None, help="URL of a database; else SQLite in the home")
    parser.add_argument("--only", default="", help="lines with this word")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder)
        bench = Workbench(
            load_settings(home=home, **({"database_url": asked.database} if asked.database else {}))
        )
        database = bench.context.database
        if not bench.context.collection.library.encoder():
            started = time.perf_counter()
            made.build(database, asked.pictures, asked.concepts, asked.answers)
            print(f"built in {time.perf_counter() - started:.0f} s, {database.size_bytes() / 1e6:.0f} MB")
        questions = Questions(bench, asked.pictures)
        questions.collections()
        before = _memory()
        line = "| {:<36} | {:>8} | {:>8} | {:>8} | {:>8} | {:>9} | {:>9} |"
        print(f"{database.engine.dialect.name}, {asked.pictures:,} pictures, {asked.repeats} times each")
        print(line.format("ms", "first", "least", "p50", "p95", "baseline", "processor"))
        print(line.format("-", *["-:"] * 6))
        p95s, bases = [], []
        for name, question in (*questions.reading(), *questions.writing()):
            if asked.only not in name:
                continue
            base = float(np.median(measure(questions.baseline, 5)[0]))
            bases.append(base)
            times, own = measure(question, asked.repeats)
            middle, most = (float(np.percentile(times, share)) for share in (50, 95))
            p95s.append((most, name))
            ratio = f"{middle / base:.1f} x"
            shown = (f"{t:.1f}" for t in (times[0], min(times), middle, most))
            print(line.format(name, *shown, ratio, f"{np.median(own):.1f}"), flush=True)
        print(f"baseline: {min(bases):.1f} to {max(bases):.1f} ms")
        print(f"memory: {before} MB before, {_memory()} MB at most")
        slow = sorted(((most, name) for most, name in p95s if most > 100), reverse=True)
        print("over 100 ms:", ", ".join(f"{name} {most:.0f}" for most, name in slow) or "none")
        bench.close()


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
