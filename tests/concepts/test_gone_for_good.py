"""What the trash is emptied of is in no byte of the data folder: no id, path, caption, remark, small picture
or vector, whatever was done with the picture before."""

from __future__ import annotations

import base64
import gzip
import io
import json
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow.parquet as pq
import pytest
from answering import answer
from drawing import draw, draw_folder
from PIL import Image
from postgres import ON_BOTH
from simulated_annotator import SAYS, serving
from sqlalchemy import JSON, LargeBinary, Text, text

from concepts.collaborator.annotations import annotate
from concepts.definition.revisions import definition_of
from concepts.installation.jobs import keep_log
from concepts.labelling.dataset import dataset_of
from concepts.labelling.examples import choose_example, give_example_file
from concepts.labelling.labels import comment_on, next_pictures
from concepts.labelling.mining import mine
from concepts.library.collection import collection_of
from concepts.library.collections import make_collection
from concepts.library.outside_pictures import outside_thumbnail
from concepts.library.renditions import renditions_of
from concepts.library.uploads import uploads_of
from concepts.results import emptying
from concepts.results.bundles import export_bundle, export_page
from concepts.results.library import browse, import_pictures, look_after
from concepts.results.rules import write_table
from concepts.results.scores import score_folder
from concepts.results.trained import measure_again, use_version
from concepts.results.trash import empty_trash, put_into_trash
from concepts.results.watcher import look_at_folder, watcher_of
from concepts.results.watching import begin_watching, list_flagged
from concepts.settings import load_settings
from concepts.use_cases import App
from storage import erasing
from storage.kept_figures import Follows, KeptFigures
from storage.people import AnsweredRequests
from storage.picture_columns import PictureColumn
from storage.tables import Base, LabelEventRow, Rewording, Round

NAME, ME = "Round thing", "me"
CAPTION, REMARK = "A caption about nobody else", "Reminds me of the seaside."
pytestmark = pytest.mark.usefixtures("log_as_it_was")
WORDS = "Because it looks so round."
# Columns of text that speak of no picture, of others only in their person's words, or go with their row.
OF_NO_PICTURE = {
    *("annotator_choices", "certifying_draws", "collections.author", "combinations", "concept_frames"),
    *("concepts", "deliveries.problem", "evaluation_waves", "focuses", "folders", "heads.weights"),
    *("heads.classes", "heads.prototypes"),  # means of two pictures or more
    *("label_events.comment", "prompt_texts", "watches"),
    "bad_files",  # by its path, which is no picture's
}


class Known:
    """Pictures of a library in which everything was done that there is to do, and what tells them."""

    def __init__(self, bench: App, ids: list[str], outside: str) -> None:
        """`outside`: the one that was an example before it was in the library."""
        collection = collection_of(bench)
        self.bench, self.ids = bench, ids
        vectors = collection.index().vectors(ids)
        small, copy = [collection.thumbnail(i) for i in ids], collection.outside.rendition(outside)
        self.needles = {
            "id": [i.encode() for i in ids],
            "how an id begins": [i[: erasing.SHORTEST].encode() for i in ids],
            "path": [place.encode() for place in collection.removed.places(ids)],
            "caption": [CAPTION.encode()],
            "remark": [REMARK.encode()],
            "a machine's words": [WORDS.encode()],
            "small picture": small,
            "small picture in a page": [base64.b64encode(one) for one in small],
            "copy of an example": [copy[start : start + 64] for start in range(1000, len(copy) - 64, 900)],
            "vector, float16": [one.astype("<f2").tobytes() for one in vectors],
            "vector, float32": [one.astype("<f4").tobytes() for one in vectors],
        }

    def found(self) -> dict[str, set[str]]:
        """What tells of them → the files of the data folder, and of the database, that have it."""
        found: dict[str, set[str]] = {}
        for name, content in everything_in(self.bench):
            for what, needles in self.needles.items():
                if any(needle in content for needle in needles):
                    found.setdefault(what, set()).add(name)
        return found


def everything_in(bench: App) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, with what is packed in it; its name is a part of the content."""
    folders = [bench.settings.home]
    engine = bench.database.engine
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
            server.execute(text("CHECKPOINT"))
            number = server.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
            folders.append(Path(str(server.scalar(text("SHOW data_directory")))) / "base" / str(number))
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                name = str(path.relative_to(folder))
                yield name, b"\n".join([str(path).encode(), *unpacked(path.name, path.read_bytes())])


def unpacked(name: str, content: bytes) -> Iterator[bytes]:
    yield content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from unpacked(member, archive.read(member))
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    elif name.endswith(".parquet"):
        yield json.dumps(pq.read_table(io.BytesIO(content)).to_pydict()).encode()


def done_with(bench: App, tmp_path: Path) -> Known:
    """Does everything with some pictures that names one somewhere."""
    context, concept = bench, bench.concept(NAME)
    keep_log(bench)
    watcher_of(bench).pause = lambda seconds: None
    context.settings = load_settings(internal_webhooks=True)

    # How they come in: uploaded, from outside as an example first, watched, looking like another one.
    uploads = context.settings.home / "uploads" / uploads_of(context).begin()
    uploads.mkdir(parents=True)
    large = np.random.default_rng(3).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(large).resize((1600, 1200)).save(uploads / "own.png")
    import_pictures(bench, [uploads]).wait()
    (tmp_path / "outside").mkdir()
    draw("line", 4321).save(tmp_path / "outside" / "example.png")
    outside = give_example_file(concept, str(tmp_path / "outside" / "example.png"), author=ME).id
    assert outside_thumbnail(collection_of(context), outside)
    import_pictures(bench, [tmp_path / "outside"]).wait()
    use_version(concept, 1, 1e-9, author=ME).wait()  # flags everything
    inbox = draw_folder(tmp_path / "inbox", 3, first_seed=5000)
    watch = begin_watching(concept, str(inbox), webhook="http://127.0.0.1:9/hook", author=ME).watch
    concept.begin(look_at_folder, watch.id).wait()
    named = {Path(one.path).name: one.id for one in browse(bench, limit=200).pictures}
    alike = min(named["ellipse-0003.png"], named["near.jpg"])  # the group has its name
    flagged = next(one.picture for one in list_flagged(concept, watch.id).flagged)
    measures = sorted(dataset_of(concept).evaluation)[0]

    # What is said of them.
    answer(bench, NAME, [one.id for one in next_pictures(concept, 30, purpose="evaluation")])
    concept.begin(mine).wait()
    concept.begin(annotate, limit=1).wait()
    judged = concept.app.store.ratings(concept.id)[0].picture_id
    answered = sorted(dataset_of(concept).answers)[0]
    ids = [*dict.fromkeys([answered, measures, judged, outside, flagged, alike, named["own.png"]])]
    paths = collection_of(context).paths(ids)
    for number, picture in enumerate(ids):
        comment_on(concept, picture, REMARK, author=ME, key=f"remark {picture}")
        context.columns.add([PictureColumn(picture_id=picture, name="caption", value=CAPTION, file="a.csv")])
        if picture not in dataset_of(concept).reserved:
            choose_example(concept, picture, counts=bool(number % 2), author=ME)
    renditions_of(context).read(named["own.png"])
    make_collection(bench, "By hand", ids, author=ME)
    context.walls.add(concept.id, "wall", ME, ids)
    turned = {"turned": dict.fromkeys(ids, "yes"), "to_ask": {ids[0]: {"now": "yes", "then": "no"}}}
    with context.database.write() as session:
        its = {"concept_id": concept.id, "number": 1, "definition_number": 1, "author": ME}
        session.add(Round(**its, ambiguity="round", pictures=ids))
        session.add(Rewording(**its, candidates=[turned]))

    # What is written of them.
    measure_again(concept)
    for kind in ("csv", "parquet"):
        score_folder(concept, "", format=cast(Any, kind)).wait()
        score_folder(concept, str(inbox), format=cast(Any, kind)).wait()
    write_table(bench, "csv").wait()
    export_page(concept)
    export_bundle(concept, page=False)
    look_after(bench, only="neighbours").wait()
    KeptFigures(context.database).keep("covers", {concept.id: (Follows("answers", 0), ids)})
    jobs = context.jobs.store
    row = {"id": ids[0], "reason": "label_flip", "evidence": REMARK, "labels": [{"comments": [REMARK]}]}
    arguments = {"answers": 1, "definition": 1, "library": "x", "version": 1, "paths": list(paths.values())}
    job = jobs.add("look over", arguments, concept.id)
    jobs.once(job, "drawn", [[ids[0], True]])
    said = f"{paths[ids[0]]} can't be read, nor {ids[1][:12]}."
    jobs.finish(job, "failed", {"found": [row], "failed": [{"id": ids[1], "reason": WORDS}]}, said, said)
    context.audit.add(ME, "moved", " ".join([*ids, *paths.values()]))
    AnsweredRequests(context.database).keep("key", {"body": json.dumps(ids)})
    logging.getLogger("web").warning("GET /pictures/%s: 500, of %s", ids[0], paths[ids[0]])
    logging.getLogger("web").error("%s", ids[2][:12], exc_info=OSError(2, "No such file", paths[ids[2]]))
    return Known(bench, ids, outside)


@pytest.fixture
def known(trained: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Known]:
    monkeypatch.setitem(SAYS, "PictureVerdict", {"evidence": [], "rationale": WORDS, "rating": 4})
    with serving(monkeypatch, vlm_price="1/1"):
        yield done_with(trained, tmp_path)


@pytest.mark.parametrize("kept_in", ON_BOTH)
def test_no_byte_of_the_data_folder_tells_of_a_picture_that_is_gone_for_good(known: Known) -> None:
    known.bench.database.keep_daily_copy()
    bench, before = known.bench, known.found()
    assert before.keys() == known.needles.keys() - {"vector, float32"}
    folders = {place for found in before.values() for place in found}
    elsewhere = {"discern.sqlite"} if bench.database.engine.dialect.name == "postgresql" else set()
    files = set(emptying.PLACES) - elsewhere
    assert all(any(name.startswith(place) for name in folders) for place in files)
    concept = bench.concept(NAME).row
    with bench.database.read() as session:
        said = {e.sequence: (e.value, e.author) for e in session.query(LabelEventRow)}
    rows = {job: rows for job, rows, _ in scored(bench)}

    put_into_trash(bench, pictures=known.ids, author=ME)
    done = bench.begin(empty_trash, author=ME).wait()

    assert done.pictures == len(known.ids)
    assert done.scores > len(known.ids)
    assert known.found() == {}
    with bench.database.read() as session:
        assert {e.sequence: (e.value, e.author) for e in session.query(LabelEventRow)} == said
    assert all(said == rows_of(file) <= rows[job] for job, said, file in scored(bench))
    assert look_after(bench).wait().is_whole
    assert definition_of(bench.concept_of(concept.id)).definition.examples == ()
    assert done.backups == ()


@pytest.mark.slow
@pytest.mark.parametrize("kept_in", ON_BOTH)
def test_an_emptying_that_is_stopped_at_any_place_is_finished_by_the_next(known: Known) -> None:
    put_into_trash(known.bench, pictures=known.ids, author=ME)
    for place in range(len(emptying.PLACES) + 1):

        def stop(done: int, total: int | None, note: str, place: int = place) -> None:
            if done == place:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            known.bench.begin(empty_trash, author=ME).wait(stop)
    known.bench.begin(empty_trash, author=ME).wait()
    assert known.found() == {}


def scored(bench: App) -> list[tuple[int, int, Path]]:
    """Of each job that wrote a file of scores its number, the rows that it tells of, and the file."""
    found = bench.jobs.store.newest_first(["score files", "score table"], state="done")
    return [(job.id, job.result["rows"], Path(job.result["out"])) for job in found]


def rows_of(file: Path) -> int:
    if file.suffix == ".parquet":
        return int(pq.read_metadata(file).num_rows)
    return len(file.read_text().splitlines()) - 1


def test_every_table_and_every_column_of_text_is_in_the_list_of_what_knows_a_picture() -> None:
    whole = {of.class_.__tablename__ for of in (*erasing.ROWS,)}
    whole |= {table.__tablename__ for table in erasing.CACHES}
    named = {f"{of.class_.__tablename__}.{of.key}" for of in (*erasing.MENTIONS, *erasing.EVENTS)}
    for table in Base.metadata.sorted_tables:
        foreign = {key.parent.name for key in table.foreign_keys if key.column.table.name == "pictures"}
        for column in table.columns:
            tells = isinstance(column.type, JSON | Text | LargeBinary) or column.name in foreign
            of = f"{table.name}.{column.name}"
            if tells and table.name not in whole:
                assert {of, table.name} & (named | OF_NO_PICTURE), f"Say in storage.erasing what {of} knows."
