"""Would questions and walls be as good, and cheaper, from the library's kept neighbour graph and clusters?

    DISCERN_EVAL_DATA=… python -m benchmarks.shared_graph --home DIR [--seeds 3]
    python -m benchmarks.shared_graph --cost 100000

Questions: the app looks at its candidates and at what the head finds likely or doubtful anywhere; SEALS
(Coleman et al. 2022) looks at neighbours of what was answered instead, here the 30 that the graph keeps.
Walls: the app clusters a sample of the library for each wall anew; instead the clusters that are kept would
be put together. Simulated people answer as the labels of real shelf photos say; both ways have the same
pools, seeds and answers, and differences are paired. `--cost` times what either way to choose candidates
takes in a synthetic library.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from benchmarks.growth import made_up
from benchmarks.neighbours import made_up as made_up_vectors
from concepts.encoders.base import Vectors
from concepts.labelling.selection import askable
from concepts.learning import contact_sheet
from concepts.learning.acquisition import Pool
from concepts.learning.base import Rows
from concepts.learning.fitting import train_early
from concepts.learning.scorers import neighbour_graph
from concepts.library.search import with_look_alikes
from concepts.workbench.context import WHOLE_LIBRARY
from storage.vectors.graph import KEPT
from storage.vectors.ids import ID_TYPE
from storage.vectors.nearest import clustered
from storage.vectors.reader import VectorReader
from study.concept_file import StudyConcept, read_concepts
from study.harness import Case, Row, run
from study.methods import study_method
from study.pictures import Embedded, LabelledFolder, embed, people, read_folder, split_of
from study.replay import Replay, Split
from study.statistics import Difference, by_concept, paired

FILES = ("grocery", "grocery-rarer")
POOL = 2_700
BUDGETS = (20, 50, 100)
EVERYTHING = "everything"
NEIGHBOURS = (
    KEPT,
    5,
)  # of each answered picture: those that are kept, and a small part as in a large library
MINED = 50  # of the pool come by words or at random whatever was answered, as candidates do
WALLS, AFTER = 12, (2, 5, 12)
RARE = 5  # pictures that are left of a rare kind
KINDS = (100, 720)  # clusters that are kept: as of 100,000 pictures, and enough for twelve walls

Look = Callable[[], tuple[list[str], Vectors]]


class NeighboursAlone(Replay):
    """Asks about neighbours of what was answered and about a few that words or chance brought."""

    def _to_learn(self, n: int) -> list[str]:
        whole = self._askable, self._pool
        rows = np.flatnonzero(np.isin(self._askable, self._near()))
        pool = self._pool
        self._askable = self._askable[rows]
        self._pool = Pool(pool.vectors[rows], pool.text_score[rows], pool.group[rows])
        try:
            return super()._to_learn(n)
        finally:
            self._askable, self._pool = whole

    def _near(self) -> Rows:
        """Places in the pool."""
        assert self.split.neighbours is not None
        by_words = np.argsort(-self._pool.text_score, kind="stable")[: MINED * 4 // 5]
        chance = np.random.default_rng(self.seed).permutation(len(self._askable))[: MINED // 5]
        mined = self._askable[np.concatenate([by_words, chance])]
        answered = np.flatnonzero(self._asked)
        near = self.split.neighbours.rows[answered].ravel()
        return np.unique(np.concatenate([mined, answered, near]))


def questions(
    embedded: Embedded, concepts: list[StudyConcept], folder: LabelledFolder, seeds: int
) -> Iterator[tuple[str, list[Row]]]:
    """(way, rows) of every concept and seed; each starts from two pictures that count."""
    simulated, method = people(concepts, folder), study_method("no_wall")
    for seed in range(seeds):
        split = split_of(embedded, min(POOL, len(embedded.names) // 2), seed, graph=False)
        vectors = split.vectors[split.pool]
        near = {k: replace(split, neighbours=neighbour_graph(vectors, k)) for k in NEIGHBOURS}
        for place, (concept, person) in enumerate(zip(concepts, simulated, strict=True)):
            words = embedded.texts[place]
            ways = {EVERYTHING: Replay(split, words, seed, method, measuring=False)}
            for k in NEIGHBOURS:
                ways[f"{k} neighbours"] = NeighboursAlone(near[k], words, seed, method, measuring=False)
            for way, session in ways.items():
                session.looked(session.some_that_count(person, 2))
                yield way, run(session, person, BUDGETS, Case(concept.name, way, seed))


# Walls


@dataclass(frozen=True)
class KeptClusters:
    """Puts kept centres (c, d) together where a wall needs fewer clusters; for `wall._representing`."""

    centres: Vectors

    def __call__(
        self, vectors: Vectors, seen: np.ndarray, clusters: int, odd: bool, rng: np.random.Generator
    ) -> Rows:
        label, centres = (vectors @ self.centres.T).argmax(axis=1), self.centres
        if clusters < len(centres):
            sizes = np.bincount(label, minlength=len(centres))
            model = KMeans(
                clusters, n_init=1, max_iter=contact_sheet.ROUNDS, random_state=int(rng.integers(2**31))
            )
            with threadpool_limits(1):
                model.fit(centres, sample_weight=np.maximum(sizes, 1e-9))
            label, centres = model.labels_[label], model.cluster_centers_
        sizes = np.bincount(label, minlength=len(centres))
        closed = np.bincount(label[seen], minlength=len(centres)) > 0
        distance = ((vectors - centres[label]) ** 2).sum(axis=1)
        order, ends = np.lexsort((distance, label)), np.cumsum(sizes)
        largest = np.argsort(-sizes, kind="stable")
        open_ = largest[(sizes[largest] > 0) & ~closed[largest]]
        return np.asarray(order[(ends - 1 if odd else ends - sizes)[open_]], dtype=np.int64)


def walls(embedded: Embedded, kinds: np.ndarray, seed: int) -> dict[str, dict[str, int]]:
    """kinds (n,) of the pictures. Way → rare kind → the first wall with one of it, `WALLS` where none has:
    half of the kinds are thinned to `RARE` pictures. The words say nothing, and nobody overlooks anything."""
    rng = np.random.default_rng(seed)
    split: Split = split_of(embedded, min(POOL, len(embedded.names) // 2), seed, graph=False)
    every, counts = np.unique(kinds[split.pool], return_counts=True)
    enough = every[counts >= RARE]
    rare = set(rng.permutation(enough)[: len(enough) // 2].tolist())
    kept = [
        row
        for kind in every
        for row in rng.permutation(split.pool[kinds[split.pool] == kind])[: RARE if kind in rare else None]
    ]
    rows = np.sort(np.array(kept))
    vectors, group, kind = embedded.vectors[rows], embedded.group[rows], kinds[rows]
    names = np.char.mod("%064d", np.arange(len(rows))).astype(ID_TYPE)
    copy = VectorReader("", names, vectors.astype(np.float16))
    ways: dict[str, Callable[..., Rows]] = {"anew": contact_sheet._representing}
    for count in KINDS:
        ways[f"{count} kept"] = KeptClusters(clustered(copy, count, 0, lambda done, of: None).centres)
    text_score = rng.standard_normal(len(rows))
    found: dict[str, dict[str, int]] = {}
    for way, representing in ways.items():
        first, shown = dict.fromkeys(sorted(rare), WALLS), np.empty(0, np.int64)
        with patch.object(contact_sheet, "_representing", representing):
            for number in range(WALLS):
                more = contact_sheet.representatives(vectors, group, text_score, shown, number, seed)
                shown = np.concatenate([shown, more])
                for one in set(kind[more].tolist()) & rare:
                    first[one] = min(first[one], number)
        found[way] = first
    return found


def compared_walls(found: list[dict[str, dict[str, int]]]) -> Iterator[str]:
    """Share of the rare kinds that the first walls show, and how much more than clusters made anew."""
    anew = _shown(found, "anew")
    for way in found[0]:
        ours = _shown(found, way)
        for count in AFTER:
            share = np.mean([shares[count] for shares in ours.values()])
            yield f"{way:9} {share:.3f} of the rare kinds on {count} walls{_said(paired(ours, anew, count))}"


def _shown(found: list[dict[str, dict[str, int]]], way: str) -> dict[str, dict[int, float]]:
    """Rare kind → number of walls → in what share of the pools they show it."""
    first: dict[str, list[int]] = {}
    for one in found:
        for kind, number in one[way].items():
            first.setdefault(kind, []).append(number)
    return {
        kind: {count: float(np.mean(np.array(numbers) < count)) for count in AFTER}
        for kind, numbers in first.items()
    }


# What it costs


def costs(count: int) -> Iterator[str]:
    """Processor seconds to look for what may be asked in a library of `count`, with 2,000 answers."""
    with tempfile.TemporaryDirectory() as folder:
        bench = made_up.opened(Path(folder))
        try:
            ids = made_up.rows_of(bench, count)
            stored = bench.context.collection.stored()
            vectors = made_up_vectors(count, made_up.DIMENSION, None)
            for start in range(0, count, made_up.A_WRITE):
                stop = start + made_up.A_WRITE
                stored.write(ids[start:stop], vectors[start:stop])
            graph = stored.graph.bring_up_to_date(lambda done, of: None)
            made_up.answers(bench)
            bench.concept(made_up.CONCEPT).definition.mine().wait()
            training_data = bench.context.dataset(bench.context.concept(made_up.CONCEPT))
            head = train_early(training_data.training.data, training_data.text_direction, 0)
            library = bench.context.collection.library

            def by_head() -> list[str]:
                return askable(training_data, WHOLE_LIBRARY, head)

            def by_neighbours() -> list[str]:
                known = training_data.index.ids
                answered = known.places(sorted(training_data.answers))
                near = known.at(np.unique(graph.rows[answered[answered >= 0]]))
                found = {*training_data.candidates, *training_data.answers, *near}
                return sorted(found - with_look_alikes(training_data.reserved, library))

            for way, look in (("everything", by_head), ("neighbours", by_neighbours)):
                look()
                begun = time.process_time()
                found = look()
                chosen = time.process_time()
                training_data.vectors(found), training_data.groups(found)
                yield (
                    f"{way:12} {len(found):>8,} candidates: {chosen - begun:.3f} s to find them, "
                    f"{time.process_time() - chosen:.3f} s for their vectors and groups"
                )
        finally:
            bench.close()


def _said(difference: Difference | None) -> str:
    if difference is None or not difference.mean:
        return ""
    return f", {difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--home", type=Path, help="where the pictures' vectors are kept")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cost", type=int)
    given = parser.parse_args()
    if given.cost:
        print(*costs(given.cost), sep="\n")
        return
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data or not given.home:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures, and say --home.")
    folder = read_folder(Path(data) / "grocery")
    study = Path(__file__).parents[1] / "docs" / "study"
    concepts = [concept for file in FILES for concept in read_concepts(study / f"{file}.toml").concepts]
    embedded = embed(folder, concepts, given.home, "embedded", lambda *said: None)
    compared(embedded, concepts, folder, given.seeds)


def compared(embedded: Embedded, concepts: list[StudyConcept], folder: LabelledFolder, seeds: int) -> None:
    kinds = np.array([folder.rows[name]["fine"] for name in embedded.names])
    print(*compared_walls([walls(embedded, kinds, seed) for seed in range(seeds)]), sep="\n", flush=True)
    rows: dict[str, list[Row]] = {}
    for way, found in questions(embedded, concepts, folder, seeds):
        rows.setdefault(way, []).extend(found)
    ways = {way: by_concept(found) for way, found in rows.items()}
    for budget in BUDGETS:
        means = [f"{way} {np.mean([ap[budget] for ap in found.values()]):.3f}" for way, found in ways.items()]
        print(f"average precision after {budget} answers: {', '.join(means)}")
        for way in list(ways)[1:]:
            print(f"  {way}{_said(paired(ways[way], ways[EVERYTHING], budget))}")


if __name__ == "__main__":
    main()
