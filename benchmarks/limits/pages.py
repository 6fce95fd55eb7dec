"""Pages, filters and counts of a large library, lists of concepts, and what adding costs beside plain
inserts, in SQL alone. The library is `benchmarks.limits.million`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from benchmarks.limits import million
from benchmarks.limits import synthetic as made
from benchmarks.limits.questions import BATCH, Question, Questions, measure
from benchmarks.limits.rows import Row, Rows, compared
from concepts.library.collection import collection_of
from concepts.results.overview import list_concepts
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App
from storage.adding import PictureFacts
from storage.pictures.files import Source
from storage.tables import PendingVectorRow, PictureRow, SourceRow, now

SOME, ROUNDS, TIMES = 5, 3, 20
BAR, FILTER_BAR = 0.1, 0.3  # seconds, 95 times of 100
PLAIN = 3  # times as long as plain inserts


def rows(folder: Path, count: int, quick: bool = False) -> Rows:
    """Of a library of `count` pictures, which is built in the folder unless one is there; adds to it.
    `quick`: everything is asked fewer times."""
    times = SOME if quick else TIMES
    settings, answers = load_settings(home=million.library(folder, count)), count // million.ANSWERS_EACH
    bench = open_app(settings)
    try:
        questions = Questions(bench, count)
        questions.collections()
        of = f"of {count:,} pictures"
        yield _row("60 pictures by primary key, for comparison", [("", questions.baseline)], times)
        yield _row(f"pages {of}, the slowest order", questions.pages(), times)
        yield _row(f"filters {of}, the slowest", questions.filters(), times, FILTER_BAR)
        yield _row(f"folders and counts {of}, the slowest", questions.folders_and_counts(), times)
        listed = f"{million.CONCEPTS} concepts, {answers:,} answers"
        list_concepts(bench)  # counts them, once for all processes
        yield _row("lists of concepts, copies and the bin, the slowest", questions.others(), times)
        begun = [open_app(settings) for _ in range(ROUNDS * times)]
        first = iter(begun)
        yield _row(f"first list of {listed}", [("", lambda n: list_concepts(next(first)))], times, warm=False)
        for one in begun:
            one.close()
        yield compared(
            f"add {BATCH} pictures to {count:,}, in SQL",
            PLAIN,
            lambda: collection_of(bench).library.adding.record(_new(questions), [], made.FINGERPRINT),
            "plain inserts of the same rows",
            lambda: _plain(bench, _new(questions)),
            repeats=times,
        )
    finally:
        bench.close()


def _row(
    name: str, asked: Iterable[tuple[str, Question]], times: int, bar: float = BAR, warm: bool = True
) -> Row:
    """95 of 100 times within, in each round, of the question that takes longest of a few times."""
    questions = [question for _, question in asked]
    slowest = max(questions, key=lambda q: max(measure(q, SOME))) if warm else questions[0]
    rounds = (measure(slowest, times) for _ in range(ROUNDS))
    return Row(f"{name}: p95", tuple(float(np.percentile(one, 95)) / 1000 for one in rounds), (), bar, "")


def _new(questions: Questions) -> list[tuple[Source, PictureFacts]]:
    return questions.new(BATCH, *(f"{made.ROOT}/new/{number}" for number in range(10)))


def _plain(bench: App, read: list[tuple[Source, PictureFacts]]) -> None:
    """The same rows of the same tables and indexes in one transaction, and nothing looked up or kept."""
    moment = now()
    pictures = [
        vars(facts) | {"near_group": facts.id, "name": Path(source.uri).name, "added": moment}
        for source, facts in read
    ]
    places = [asdict(source) | {"picture_id": facts.id, "added": moment} for source, facts in read]
    waiting = [{"picture_id": facts.id, "fingerprint": made.FINGERPRINT} for _, facts in read]
    with bench.database.write("library") as session:
        for table, new in ((PictureRow, pictures), (SourceRow, places), (PendingVectorRow, waiting)):
            session.execute(insert(table.metadata.tables[table.__tablename__]), new)
