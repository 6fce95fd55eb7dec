"""A data folder and its concepts in a dozen calls, from pictures to a classifier.

    library = Library("data")
    library.add("~/Pictures")
    messy = library.concept("Messy room", "A room that looks untidy.")
    messy.mine()
    for picture in messy.next(10):
        messy.answer(picture, "yes")
    messy.train()
    messy.export("messy-room")

Each call does its work and returns when that is done. What is kept is the same as the app and the command
line keep; `Library.app`, the `App`, has everything else they can do.
"""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, overload

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from concepts import use_cases as handles
from concepts.collaborator.annotations import annotate
from concepts.collaborator.proposals import propose
from concepts.definition.revisions import definition_of
from concepts.errors import DiscernError, UnknownError
from concepts.labelling.labels import give_label, next_pictures
from concepts.labelling.mining import POOL_SIZE, mine
from concepts.learning.report import Metric
from concepts.library.collection import collection_of
from concepts.results.bundles import export_bundle, write_bundle
from concepts.results.concepts import begin_concept
from concepts.results.library import Added, import_pictures, picture_count, search_library, thumbnail_of
from concepts.results.scores import begin_scoring, ranked_library
from concepts.results.trained import Trained, measure_again, train
from concepts.rooms import open_app
from concepts.settings import default_home, load_settings
from web.render import file_name, render

Value = Literal["yes", "no", "unsure", "skip"]
Place = str | Path


@dataclass(frozen=True)
class MachineLabels:
    """How many pictures `annotator` has judged now; the cost in US dollars, None where it has no price;
    `stopped`: why it ended early, such as a budget, else empty."""

    annotator: str
    labelled: int
    cost_usd: float | None
    stopped: str


@dataclass(frozen=True)
class Quality:
    """How good a version is on the n answered pictures that measure and teach nothing. `simulated` of them
    no person answered. `figures`: average_precision, precision, recall, f1, …; `sentences` say it in
    words."""

    version: int
    n: int
    simulated: int
    figures: dict[str, Metric]
    sentences: tuple[str, ...]


class Library:
    """The pictures of a data folder, and what they are sorted by."""

    def __init__(self, home: Place | None = None, *, author: str = "me") -> None:
        """`home`: the data folder, made where there is none; DISCERN_HOME or ~/.discern without it. `author`
        signs what is answered and defined. A `with` block lets go of the folder at its end.

        Raises `DiscernError` where the folder or a setting can't be used.
        """
        self.app = open_app(load_settings(home=_path(home) if home is not None else default_home()))
        self.author = author

    def add(self, *places: Place, encoder: str | None = None, embeddings: Any = None) -> Added:
        """Adds pictures, folders, zip archives and lists, which stay where they are. `encoder` chooses one
        for a library without pictures, such as "embedded" or "ViT-B-16/laion2b_s34b_b88k".

        `embeddings` are your own: an Arrow table, a pandas or datasets one with columns path (or id) and
        vector, or {path: vector}. Without places their pictures are added; without an encoder they are kept
        as they are, and words find nothing; with one they are compared with its own on twenty pictures.

        Raises `DiscernError` for a place that isn't there, and `EncoderError`.
        """
        paths = [_path(place) for place in places]
        if embeddings is None:
            return import_pictures(self.app, paths, encoder=encoder).wait()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "vectors.parquet"
            if isinstance(embeddings, Mapping):
                vectors = np.stack([np.asarray(vector, np.float32) for vector in embeddings.values()])
                lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
                table = pa.table({"path": [str(name) for name in embeddings], "vector": lists})
            elif isinstance(embeddings, pa.Table):
                table = embeddings
            elif hasattr(embeddings, "with_format"):  # of Hugging Face datasets
                table = embeddings.with_format("arrow")[:]
            else:
                table = pa.Table.from_pandas(embeddings, preserve_index=False)
            names = {name.lower(): name for name in table.column_names}
            if path := next((names[name] for name in ("path", "filepath", "file") if name in names), None):
                whole = [str(_path(one).absolute()) for one in table.column(path).to_pylist()]
                table = table.set_column(table.column_names.index(path), path, pa.array(whole))
            pq.write_table(table, file)
            return import_pictures(self.app, paths or None, encoder=encoder, vectors=file).wait()

    def vectors(self) -> pa.Table:
        """id, path and vector of every picture, by id: for pandas, LanceDB, datasets, or anything that reads
        Arrow."""
        collection = collection_of(self.app)
        index = collection.index()
        parts = [
            (ids, collection.places.first(ids), np.ascontiguousarray(vectors, np.float32))
            for ids, vectors in index.batches()
        ]
        flat = (
            np.concatenate([vectors.ravel() for _, _, vectors in parts]) if parts else np.empty(0, np.float32)
        )
        return pa.table(
            {
                "id": pa.array([one for ids, _, _ in parts for one in ids], pa.string()),
                "path": pa.chunked_array([paths for _, paths, _ in parts], pa.string()),
                "vector": pa.FixedSizeListArray.from_arrays(pa.array(flat), index.dimension),
            }
        )

    def search(
        self, words: str | None = None, *, like: Sequence[Picture | str] = (), n: int = 20
    ) -> Pictures:
        """The n pictures closest to words, to pictures (or their ids or paths), or to both.

        Raises `DiscernError` where there is nothing to search for or in.
        """
        hits = search_library(self.app, words, like=[_id(one) for one in like], n=n)
        return self._pictures((hit.id, hit.path, None, "") for hit in hits)

    def concept(self, name: str, sentence: str | None = None) -> Concept:
        """A concept by its name; with a `sentence` that says what counts it is begun where there is none.

        Pictures to measure with are drawn before anything is learned. Raises `UnknownError`.
        """
        try:
            return Concept(self, self.app.concept(name))
        except UnknownError:
            if sentence is None:
                raise
            return Concept(self, begin_concept(self.app, name, sentence, author=self.author))

    def _pictures(self, rows: Iterable[tuple[str, str, float | None, str]]) -> Pictures:
        return Pictures(Picture(*row, _read=partial(thumbnail_of, self.app)) for row in rows)

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.app.close()


class Concept:
    """What counts, the answers about it, and the versions trained from them. `Library.concept` has it."""

    def __init__(self, library: Library, concept: handles.Concept) -> None:
        self._library, self._id = library, concept.id
        self.name = concept.name

    @property
    def _concept(self) -> handles.Concept:
        """As it is now. Raises `DiscernError` where it was deleted meanwhile."""
        return self._library.app.concept_of(self._id)

    def __repr__(self) -> str:
        return f"Concept({self.name!r})"

    def mine(self, size: int = POOL_SIZE) -> int:
        """Collects candidates until there are `size`, and says how many there are. What to search for is
        proposed first where nothing was: by the language model where one is set, which may cost money.

        Raises `DiscernError`.
        """
        if not definition_of(self._concept).definition.queries:
            self._concept.begin(propose).wait()
        return self._concept.begin(mine, size).wait().candidates

    def next(self, n: int = 5, *, to_measure: bool = False) -> Pictures:
        """The n pictures whose answers help most now; with `to_measure` those of the random sample by which
        `quality` measures. Answer these without looking at scores: nothing else keeps the figures honest."""
        purpose: Literal["train", "evaluation"] = "evaluation" if to_measure else "train"
        found = next_pictures(self._concept, n, purpose=purpose)
        return self._library._pictures((one.id, one.path, one.probability, one.reason) for one in found)

    def answer(
        self, picture: Picture | str, value: Value, *, comment: str = "", simulated: bool = False
    ) -> None:
        """Commits what the library's author says of a picture, or of the one with this id. `simulated`: a
        program answered, and no person looked; that is said wherever the answer counts. A later answer to
        the same picture takes its place.

        Raises `UnknownError`, and `DiscernError` for what is no answer.
        """
        author = self._library.author
        give_label(self._concept, _id(picture), value, comment, author=author, simulated=simulated)

    def machine_label(self, limit: int | None = None, *, budget: float | None = None) -> MachineLabels:
        """Has the machine judge the candidates, at most `limit` of them: the model that sees, where one is
        set, else the built-in encoder. It stops before `budget` US dollars. Its labels count by how well they
        agree with people's answers.

        Raises `SettingsError` where a budget can't be kept.
        """
        done = self._concept.begin(annotate, limit=limit, budget=budget).wait()
        return MachineLabels(done.annotator, done.annotated, done.cost_usd, done.stopped)

    def train(self, target: str = "f1") -> Trained:
        """Trains the next version from all answers. `target`, what the threshold is for: "f1",
        "precision=0.9" or "recall=0.9".

        Raises `NotEnoughLabelsError` without a yes and a no, and `WrongUsageError` for another target.
        """
        return self._concept.begin(train, target=target).wait()

    def quality(self, version: int | None = None) -> Quality:
        """Measures a version, the newest where none is named, on the answers as they are now.

        Raises `NotEnoughLabelsError` where no picture that measures has an answer, and `UnknownError`.
        """
        report = measure_again(self._concept, version=version)
        return Quality(
            version=report.head,
            n=report.n,
            simulated=sum(c.yes + c.no for c in report.labels if c.author_kind == "simulated"),
            figures={metric.name: metric for metric in report.metrics},
            sentences=report.sentences,
        )

    def scores(self, version: int | None = None) -> pa.Table:
        """The library as a version ranks it, the likeliest first: `id` and `path` (string), `probability`
        (double, 0 to 1) and `said` (string), what people answered. Without the pictures that measure and
        have no answer yet. The order also uses answers to look-alikes.

        Raises `UnknownError`.
        """
        total = picture_count(self._library.app)
        page = ranked_library(self._concept, "top", version=version, limit=total)
        kinds = {"id": pa.string(), "path": pa.string(), "probability": pa.float64(), "said": pa.string()}
        return pa.table(
            {name: pa.array([getattr(one, name) for one in page.pictures], kinds[name]) for name in kinds}
        )

    def classify(self, *places: Place, version: int | None = None) -> pa.Table:
        """Scores picture files, folders and zip archives that need not be in the library, as the exported
        classifier does: `id` and `path` (string), `score` (double, 0 to 1), `decision` ("yes" or "no").

        Raises `UnknownError`, and `DiscernError` for a place that isn't there or where none is named.
        """
        if not places:
            raise DiscernError("Name the pictures to classify. How the library is scored, `scores` tells.")
        bundle = export_bundle(self._concept, version)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "scores.parquet"
            begin_scoring(self._library.app, bundle, [_path(place) for place in places], out).wait()
            return pq.read_table(out, memory_map=False)

    def export(self, out: Place, *, version: int | None = None) -> Path:
        """Writes a version as a folder of files that score pictures anywhere, and a zip of it beside; returns
        the folder.

        Raises `UnknownError`, and `DiscernError` where there is something else at `out`.
        """
        return Path(write_bundle(self._concept, _path(out), version=version).folder)


def _path(place: Place) -> Path:
    return Path(place).expanduser()


def _id(picture: Picture | str) -> str:
    return picture.id if isinstance(picture, Picture) else picture


SHOWN = 60  # pictures of one list that a notebook shows: each is some 10 kB in the file


@dataclass(frozen=True)
class Picture:
    """A picture of the library. `id` is the SHA-256 of its file; `probability`, 0 to 1, is how likely it
    counts, None where nothing says so yet; `why` it was chosen."""

    id: str
    path: str
    probability: float | None = None
    why: str = ""
    _read: Callable[[str], bytes] | None = field(default=None, repr=False, compare=False)

    def thumbnail(self) -> Image.Image:
        """At most 320 pixels on the long side. Raises `DiscernError` where the picture is gone."""
        assert self._read is not None
        return Image.open(io.BytesIO(self._read(self.id)))

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.thumbnail().save(out, "PNG")
        return out.getvalue()


class Pictures(Sequence[Picture]):
    """Pictures in an order that means something. A notebook shows the first of them."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self._pictures = tuple(pictures)

    def __len__(self) -> int:
        return len(self._pictures)

    @overload
    def __getitem__(self, place: int) -> Picture: ...
    @overload
    def __getitem__(self, place: slice) -> Pictures: ...
    def __getitem__(self, place: int | slice) -> Picture | Pictures:
        found = self._pictures[place]
        return Pictures(found) if isinstance(found, tuple) else found

    def __repr__(self) -> str:
        return f"Pictures({list(self._pictures)})"

    def _repr_html_(self) -> str:
        shown = []
        for one in self._pictures[:SHOWN]:
            assert one._read is not None
            source = f"data:image/webp;base64,{base64.b64encode(one._read(one.id)).decode()}"
            facts = {"name": file_name(one.path), "path": one.path, "probability": one.probability}
            shown.append(facts | {"source": source})
        return render("notebook/pictures.html", pictures=shown)
