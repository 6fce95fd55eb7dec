"""The labelled pictures of a study: a folder with `labels.csv`, embedded once."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from concepts.definition.document import Definition, Query
from concepts.definition.expansion import expand
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.base import Vectors
from concepts.encoders.parts import BOXES
from concepts.encoders.saliency import Box
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import DiscernError
from concepts.jobs.progress import Listener
from concepts.labelling.training_data import texts_of
from concepts.learning.base import Rows, SingleTexts, Texts
from concepts.learning.scorers import neighbour_graph
from concepts.library.collection import Collection
from concepts.settings import load_settings
from storage.database import Database
from study.agile_modeling import is_release, read_release
from study.concept_file import StudyConcept
from study.conditions import condition
from study.people import SimulatedPerson
from study.replay import Split
from study.tables import rows_of

COLUMN_OF_PATHS = {"labels.csv": "path", "labels.jsonl": "img"}  # Hateful Memes has the latter


AT_ONCE = 256  # pictures whose parts are copied
EDGES = ("left", "top", "right", "bottom")  # columns with what a person would frame
PARTS = ("direction", "searches", *(field.name for field in fields(SingleTexts)))  # of the texts of a concept


@dataclass(frozen=True)
class LabelledFolder:
    """Pictures by their paths under `folder`, with what stands in each one's row."""

    folder: Path
    rows: Mapping[str, Mapping[str, str]]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Embedded:
    """names (n), vectors (n, d) and near-duplicate groups (n,) of the pictures; the texts of each concept,
    before its first search is written and after each; fingerprint of the encoder. The vectors of `parts` of
    pictures (n, p, d), where a method needs them, are in a file of their own."""

    names: tuple[str, ...]
    vectors: Vectors
    group: Rows
    texts: tuple[tuple[Texts, ...], ...]
    fingerprint: str

    def save(self, file: Path) -> None:
        kept: dict[str, Any] = {"names": np.array(self.names), "vectors": self.vectors, "group": self.group}
        kept |= {"fingerprint": np.array(self.fingerprint), "states": np.array(list(map(len, self.texts)))}
        for n, states in enumerate(self.texts):
            for state, texts in enumerate(states):
                kept |= {f"{n} {state} {part}": vectors for part, vectors in by_part(texts).items()}
        np.savez(file, **kept)

    @classmethod
    def load(cls, file: Path) -> Embedded:
        with np.load(file, allow_pickle=False) as kept:
            names, fingerprint = tuple(map(str, kept["names"])), str(kept["fingerprint"])
            texts = tuple(
                tuple(_texts({p: kept[f"{n} {state} {p}"] for p in PARTS}) for state in range(states))
                for n, states in enumerate(kept["states"].tolist())
            )
            return cls(names, kept["vectors"], kept["group"], texts, fingerprint)


def by_part(texts: Texts) -> dict[str, Vectors]:
    """The texts of a concept by the names of `PARTS`."""
    return {"direction": texts.direction, "searches": texts.searches} | vars(texts.each())


def _texts(parts: Mapping[str, Vectors]) -> Texts:
    each = SingleTexts(**{part: parts[part] for part in PARTS[2:]})
    return Texts(parts["direction"], parts["searches"], lambda: each)


def read_folder(folder: Path) -> LabelledFolder:
    """`labels.csv` with a column `path`, `labels.jsonl` with `img`, or the tables that Agile Modeling
    released, with `map.csv`. Raises `DiscernError`."""
    folder = folder.resolve()  # as the library names what it reads
    file = next((folder / name for name in COLUMN_OF_PATHS if (folder / name).is_file()), None)
    if file is not None:
        column = COLUMN_OF_PATHS[file.name]
        table = rows_of(file, column)
        rows = {row[column]: row for row in table if row.get(column)}
    elif is_release(folder):
        rows = read_release(folder)
        table = list(rows.values())
    else:
        raise DiscernError(f"{folder} has no labels.csv. Its first column is the path of a picture.")
    return LabelledFolder(folder, rows, tuple(dict.fromkeys(key for row in table for key in row)))


def people(concepts: Sequence[StudyConcept], pictures: LabelledFolder) -> list[SimulatedPerson]:
    """One simulated person a concept. Raises `DiscernError` for a condition that can't be used."""
    return [_person(concept, pictures) for concept in concepts]


def _person(concept: StudyConcept, pictures: LabelledFolder) -> SimulatedPerson:
    counts, rows = condition(concept.when, pictures.columns), pictures.rows
    unsure = condition(concept.unsure, pictures.columns) if concept.unsure else None
    if concept.facet and concept.facet not in pictures.columns:
        raise DiscernError(f"“{concept.name}”: there is no column “{concept.facet}” of facets.")
    return SimulatedPerson(
        lambda name: counts(rows[name]),
        (lambda name: unsure(rows[name])) if unsure else None,
        (lambda name: rows[name][concept.facet]) if concept.facet else None,
        (lambda name: _box(rows[name])) if set(EDGES) <= set(pictures.columns) else None,
    )


def _box(row: Mapping[str, str]) -> Box:
    left, top, right, bottom = (float(row[edge]) for edge in EDGES)
    return left, top, right, bottom


def embed(
    pictures: LabelledFolder,
    concepts: Sequence[StudyConcept],
    home: Path,
    encoder: str,
    listener: Listener,
    parts: Path | None = None,
) -> Embedded:
    """Adds the pictures to a library of the study's own in `home`; files that can't be read are left out, and
    of pictures that are the same in every pixel all but one. The words are those the product would use: name,
    sentence and what the built-in vocabulary proposes for them. The vectors of their `parts` go into that
    file."""
    home.mkdir(parents=True, exist_ok=True)
    settings = load_settings(home=home, encoder=encoder)
    database = Database(settings.database)
    try:
        collection = Collection(settings, database)
        listing = home / "pictures.csv"
        paths = {str((pictures.folder / name).absolute()): name for name in pictures.rows}
        with listing.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([["path"], *([path] for path in paths)])
        collection.add([listing], encoder, listener)
        ids = collection.library.resolve_many(list(paths))
        names = {i: name for i, name in zip(reversed(ids), reversed(paths.values()), strict=True) if i}
        index = collection.index()
        missing = set(index.missing(list(names)))
        kept = sorted((name, i) for i, name in names.items() if i not in missing)
        found = [i for _, i in kept]
        if parts is not None:
            _write_parts(collection, found, parts, listener)
        groups = np.unique(collection.library.near_groups(found), return_inverse=True)[1]
        return Embedded(
            names=tuple(name for name, _ in kept),
            vectors=index.vectors(found),
            group=np.asarray(groups, dtype=np.int64),
            texts=tuple(
                tuple(_texts(by_part(texts_of(d, collection))) for d in _definitions(concept))
                for concept in concepts
            ),
            fingerprint=collection.recorded().fingerprint,
        )
    finally:
        database.close()


def _write_parts(collection: Collection, ids: Sequence[str], file: Path, listener: Listener) -> None:
    every = collection.parts.embed_all(listener)
    shape = (len(ids), len(BOXES), every.dimension // len(BOXES))
    kept = np.lib.format.open_memmap(file, "w+", np.float16, shape)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        kept[start : start + len(some)] = every.vectors(some).reshape(len(some), *shape[1:])
    kept.flush()


def _definitions(concept: StudyConcept) -> list[Definition]:
    """Without a search of the person's, and with one more each time."""
    definition = Definition(name=concept.name, description=concept.description)
    first = expand(definition, None, Vocabulary(SentenceEncoder().encode), [])
    written = [Query(text=text) for text in concept.searches]
    return [
        first.model_copy(update={"queries": (*first.queries, *written[:n])}) for n in range(len(written) + 1)
    ]


def split_of(pictures: Embedded, size: int, seed: int, *, graph: bool, parts: Path | None = None) -> Split:
    """Whole near-duplicate groups in a random order, until the pool has `size` pictures (half where it is 0);
    the others measure."""
    wanted = size or len(pictures.names) // 2
    order = np.random.default_rng(seed).permutation(int(pictures.group.max()) + 1)
    counts = np.bincount(pictures.group)[order]
    inside = order[np.cumsum(counts) <= wanted]
    in_pool = np.isin(pictures.group, inside)
    pool = np.flatnonzero(in_pool)
    neighbours = neighbour_graph(pictures.vectors[pool]) if graph else None
    test = np.flatnonzero(~in_pool)
    of_parts = None if parts is None else np.load(parts, mmap_mode="r")
    return Split(pictures.names, pictures.vectors, pictures.group, pool, test, neighbours, of_parts)
