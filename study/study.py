"""The whole study: every concept × method × seed, each once, in as many processes as there are cores.

A run that was stopped goes on where it was: each cell is a file, named by all that decides it.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from concepts.encoders import parts
from concepts.encoders.base import unit
from concepts.errors import DiscernError
from concepts.jobs.progress import Listener
from concepts.learning import base
from concepts.learning.base import Floats, TrainingSet
from concepts.learning.fitting import train_early
from concepts.library.neighbourhood import LARGEST
from storage.files import write_whole
from study.annotators import SIMULATED_ANNOTATORS, Ratings
from study.borrowing import LEAST, borrowed
from study.concept_file import ConceptFile, StudyConcept, read_concepts
from study.encoder_costs import TIMED, EncoderCost, encoder_cost
from study.harness import BATCH, Case, Row, run
from study.methods import BY_HEAD, study_method
from study.peer_session import PeerSession
from study.peers import PEERS
from study.people import SECONDS_AN_ANSWER, SimulatedPerson
from study.pictures import EDGES, Embedded, LabelledFolder, by_part, embed, people, read_folder, split_of
from study.replay import SIGNS, Replay, Split

NO_FACTS = ("store", "data", "place", "encoder", "graph", "parts")  # of a cell, about what comes out
FINISHED = (40, 120)  # labels yes and no of a concept that others borrow from
ALL_LABELS = "all labels"  # a head that learns from every picture of the pool: what there is to reach


@dataclass(frozen=True)
class Study:
    """What is to be done. `data` is the folder of pictures, `concepts` the file that names what counts."""

    data: Path
    concepts: Path
    out: Path
    methods: tuple[str, ...]
    budgets: tuple[int, ...]
    seeds: int
    encoders: tuple[str, ...]
    start_positives: int
    noise: tuple[float, float] = (0.0, 0.0)  # shares of what counts and of what doesn't that a person errs in

    def named(self, method: str, encoder: str) -> str:
        """With the encoder's name where several are compared."""
        return method if len(self.encoders) == 1 else f"{method}@{encoder}"

    @property
    def compared(self) -> tuple[str, ...]:
        """Each method with each encoder, by name."""
        return tuple(self.named(m, e) for e in self.encoders for m in dict.fromkeys(self.methods))


@dataclass(frozen=True)
class Found:
    """Every row, in the order of concepts, methods, seeds and budgets; `seconds` of each cell."""

    rows: list[Row]
    seconds: dict[Case, float]
    file: ConceptFile
    costs: list[EncoderCost] = field(default_factory=list)  # where several encoders are compared


def run_study(study: Study, listener: Listener) -> Found:
    """Raises `DiscernError` before any work where a name, a file or a condition can't be used."""
    methods = list(dict.fromkeys(study.methods))
    for method in methods:
        study_method(method)
    file, pictures = read_concepts(study.concepts), read_folder(study.data)
    for person, concept in zip(people(file.concepts, pictures), file.concepts, strict=True):
        if not any(person.truth(name) == "yes" for name in pictures.rows):
            raise DiscernError(f"No picture of {study.data} counts as “{concept.name}”: {concept.when}")
    if file.pool >= len(pictures.rows):
        raise DiscernError(f"{study.concepts}: a pool of {file.pool:,} leaves no test picture.")
    of_parts = any(study_method(method).parts for method in methods)
    if of_parts and not set(EDGES) <= set(pictures.columns):
        raise DiscernError(f"Who is to frame what counts needs the columns {', '.join(EDGES)}.")
    graph = file.pool <= LARGEST and any(study_method(method).scorer != BY_HEAD for method in methods)
    of_encoder = {}
    for number, encoder in enumerate(study.encoders):
        place = study.out if not number else study.out / f"encoder-{number + 1}"
        kept_parts = place / "parts.npy" if of_parts else None
        embedded = embed(pictures, file.concepts, place / "library", encoder, listener, kept_parts)
        embedded.save(place / "pictures.npz")
        of_encoder[encoder] = embedded, place / "pictures.npz", kept_parts
    cells = [
        _Cell(
            store=store,
            data=study.data,
            concept=concept,
            others=tuple(one for one in file.concepts if one is not concept),
            place=place,
            method=method,
            named=study.named(method, encoder),
            encoder=encoder,
            seed=seed,
            budgets=tuple(sorted(set(study.budgets))),
            pool=file.pool,
            start_positives=study.start_positives,
            noise=study.noise,
            graph=graph,
            parts=kept_parts,
        )
        for encoder, (_, store, kept_parts) in of_encoder.items()
        for seed in range(study.seeds)  # the cells of a seed share their split and graph
        for place, concept in enumerate(file.concepts)
        for method in [*methods, ALL_LABELS]
    ]
    kept = study.out / "cells"
    kept.mkdir(exist_ok=True)
    labels = _digest([sorted((n, sorted(r.items())) for n, r in pictures.rows.items())])
    same, said = {}, {}
    for encoder, (embedded, _, _) in of_encoder.items():
        same[encoder] = [_bytes(embedded.vectors), _bytes(embedded.group), embedded.names, labels, _code()]
        said[encoder] = [
            [{p: _bytes(v) for p, v in by_part(t).items()} for t in states] for states in embedded.texts
        ]
    names = {
        cell: _digest([cell.facts(), said[cell.encoder][cell.place], *same[cell.encoder]]) for cell in cells
    }
    missing = [cell for cell in cells if not (kept / f"{names[cell]}.json").exists()]
    done = len(cells) - len(missing)
    listener(done, len(cells), "simulated people label")
    for cell, result in _worked_off(missing):
        write_whole(kept / f"{names[cell]}.json", json.dumps(result).encode())
        done += 1
        listener(done, len(cells), "simulated people label")
    results = {cell: json.loads((kept / f"{names[cell]}.json").read_text()) for cell in cells}
    all_of = [study.named(method, encoder) for encoder in study.encoders for method in [*methods, ALL_LABELS]]
    order = sorted(cells, key=lambda cell: (cell.place, all_of.index(cell.named), cell.seed))
    return Found(
        rows=[Row(**row) for cell in order for row in results[cell]["rows"]],
        seconds={cell.case: results[cell]["seconds"] for cell in order},
        file=file,
        costs=_costs(study, [study.data / name for name in embedded.names[:TIMED]]),
    )


def _costs(study: Study, files: list[Path]) -> list[EncoderCost]:
    several = study.encoders if len(study.encoders) > 1 else ()
    return [encoder_cost(name, files, study.out / "library" / "cache") for name in several]


@dataclass(frozen=True)
class _Cell:
    store: Path
    data: Path
    concept: StudyConcept
    others: tuple[StudyConcept, ...]
    place: int
    method: str
    named: str
    encoder: str
    seed: int
    budgets: tuple[int, ...]
    pool: int
    start_positives: int
    noise: tuple[float, float]
    graph: bool
    parts: Path | None

    @property
    def case(self) -> Case:
        return Case(self.concept.name, self.named, self.seed)

    def facts(self) -> dict[str, object]:
        """All that decides what comes out, but the pictures."""
        kept = asdict(self) | {"concept": self.concept.model_dump()}
        return {key: value for key, value in kept.items() if key not in NO_FACTS}


def _worked_off(cells: Sequence[_Cell]) -> Iterator[tuple[_Cell, dict[str, object]]]:
    processes = os.cpu_count() or 1
    if processes < 2 or len(cells) < 2:
        for cell in cells:
            yield cell, _work(cell)
        return
    spawn = multiprocessing.get_context("spawn")  # threads of NumPy don't survive a fork
    # One thread a process: there is a process for each core.
    with ProcessPoolExecutor(processes, spawn, initializer=threadpool_limits, initargs=(1,)) as pool:
        going = {pool.submit(_work, cell): cell for cell in cells}
        for ended in as_completed(going):
            yield going[ended], ended.result()


def _work(cell: _Cell) -> dict[str, object]:
    pictures, embedded = _read(cell.data, cell.store)
    split = _split(cell.store, cell.pool, cell.seed, cell.graph, cell.parts)
    (person,) = people([cell.concept], pictures)
    split = _thinned(split, person, cell.concept.thinned, cell.seed)
    begun = time.perf_counter()
    if cell.method == ALL_LABELS:
        rows = [_full(cell, split, embedded, person)]
    else:
        overlooks, invents = cell.noise
        person = replace(person, overlooks=overlooks, invents=invents, seed=cell.seed)
        method = study_method(cell.method)
        first, *written = embedded.texts[cell.place]
        if method.borrowed and len(cell.others) >= LEAST:
            earlier = _finished(split, people(cell.others, pictures), cell.seed)
            vectors, first = borrowed(split.vectors, first, earlier)
            split = replace(split, vectors=vectors)
        ratings = _ratings(cell, split, person)
        session = (
            PeerSession(split, first, cell.seed, PEERS[method.peer](), written)
            if method.peer
            else Replay(split, first, cell.seed, method, ratings=ratings, written=written)
        )
        # Pictures the person has at hand: they are learned from and count as no answer.
        session.looked(session.some_that_count(person, cell.start_positives))
        rows = run(session, person, cell.budgets, cell.case, BATCH, len(split.pool))
    return {"rows": [asdict(row) for row in rows], "seconds": time.perf_counter() - begun}


def _thinned(split: Split, person: SimulatedPerson, share: float, seed: int) -> Split:
    """With at most this share of the pool's pictures counting, and one at the least: the others are taken
    away, and with them the graph, which knew them."""
    counts = np.array([person.truth(split.names[row]) == "yes" for row in split.pool])
    most = max(round(share * len(split.pool)), 1)
    if not share or counts.sum() <= most:
        return split
    out = np.random.default_rng(seed).permutation(np.flatnonzero(counts))[most:]
    return replace(split, pool=np.delete(split.pool, out), neighbours=None)


def _finished(split: Split, others: Sequence[SimulatedPerson], seed: int) -> Floats:
    """(k, d) unit weights of the app's heads for other concepts, each of labels of pictures at random."""
    found = []
    for other in others:
        order = np.random.default_rng(seed).permutation(split.pool)
        yes = np.array([other.truth(split.names[row]) == "yes" for row in order])
        rows = np.concatenate([order[yes][: FINISHED[0]], order[~yes][: FINISHED[1]]])
        positive = np.arange(len(rows)) < min(int(yes.sum()), FINISHED[0])
        labels = TrainingSet(split.vectors[rows], positive, np.ones(len(rows)), split.group[rows])
        found.append(train_early(labels, None, seed).weights)
    return np.asarray(unit(np.stack(found)), np.float64)


def _ratings(cell: _Cell, split: Split, person: SimulatedPerson) -> Ratings | None:
    """What the method's simulated annotators say of the pool, the same for every way to use it."""
    name = study_method(cell.method).annotator
    if not name:
        return None
    truth = np.array([SIGNS[person.truth(split.names[row])] for row in split.pool], np.int8)
    chance = np.random.default_rng([cell.seed, zlib.crc32(f"{cell.concept.name} {name}".encode())])
    return SIMULATED_ANNOTATORS[name](truth, split.vectors[split.pool], chance)


def _full(cell: _Cell, split: Split, embedded: Embedded, person: SimulatedPerson) -> Row:
    session = Replay(split, embedded.texts[cell.place][-1], cell.seed, measuring=False)
    said = {split.names[row]: person.answer(split.names[row]) for row in split.pool}
    session.answer(said)
    n = len(said)
    return Row(
        **vars(cell.case),
        budget=n,
        answers=n,
        training_answers=n,
        person_seconds=n * SECONDS_AN_ANSWER,
        shown_share=1.0,
        positives=sum(value == "yes" for value in said.values()),
        first_yes_seconds=float("nan"),
        **vars(session.measured(person)),
    )


# What cells have in common is read once a process.


@cache
def _read(data: Path, store: Path) -> tuple[LabelledFolder, Embedded]:
    return read_folder(data), Embedded.load(store)


@lru_cache(maxsize=2)  # a split holds a graph
def _split(store: Path, pool: int, seed: int, graph: bool, parts: Path | None) -> Split:
    return split_of(Embedded.load(store), pool, seed, graph=graph, parts=parts)


def code_files() -> list[Path]:
    """What learns, asks and answers: what other code found is no result of this."""
    rooms = [Path(__file__).parent, Path(base.__file__).parent]
    return sorted([Path(parts.__file__), *(file for room in rooms for file in room.rglob("*.py"))])


def _code() -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in code_files())).hexdigest()


def _bytes(array: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:24]
