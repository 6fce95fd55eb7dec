"""Which pictures a concept looks at: a diverse pool of candidates, and a few to judge each query by."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from concepts.definition.document import CriterionKind, Revision, distinct_words, same_words
from concepts.definition.editing import origin_in_words
from concepts.definition.exclusions import sentence_of
from concepts.definition.revisions import all_revisions
from concepts.jobs import Progress
from concepts.labelling.training_data import TrainingData, training_data_of
from concepts.labelling.waves import draw_test_pictures
from concepts.learning.base import one_blas_thread
from concepts.library.browsing import PictureView, view_of
from concepts.library.search import Finder, about_words, finder_of, with_look_alikes
from concepts.use_cases import Concept, use_case
from concepts.view import View, count
from storage.library import Library
from storage.vectors.ids import PictureIds
from storage.vectors.reader import VectorReader

POOL_SIZE = 1000  # candidates per concept
PER_QUERY = 100  # nearest pictures per query, as in Agile Modeling (ICCV 2023)
RANDOM_SHARE = 0.2
CLUSTERS = 20
LIKE_A_YES = "like a yes"  # of the machine: what brought a picture
DRAWN_AT_ONCE = 1000  # random pictures whose look-alikes are asked for together


Candidate = tuple[str, list[str]]  # picture id, and the names of the probes that brought it, or ["random"]

SHOWN_KINDS = ("included", "excluding", "undecided")
TOLD_APART_BY = 40  # nearest pictures of each text
FEWEST_TO_TELL = 10 * TOLD_APART_BY  # in a smaller library any two texts have many of those in common
# Of them, from which two texts find the same. Over the 764 pictures of OASIS, with the built-in encoder, "a
# cute animal" and "an animal" share 0.82, "the food looks unhealthy" and "food is shown" 0.68, "a weapon" and
# "a man" 0.33, "a person" and "a car" 0.15.
SHARED = 0.75


class Mined(View):
    """How many candidates were `added` and how many there are; `per_query`: how many each search brought."""

    added: int
    candidates: int
    per_query: dict[str, int]

    def says(self) -> str:
        return f"{count(self.added, 'new candidate')}, {self.candidates:,} in all."


@dataclass(frozen=True)
class Probe:
    """A unit vector (d,) to search with, and the name a candidate remembers it by."""

    name: str
    vector: NDArray[np.floating]


@use_case("POST /concepts/{name}/mine", command="concept mine", job="Finding candidates")
def mine(
    concept: Concept,
    progress: Progress,
    size: Annotated[
        int, Field(ge=1, le=100_000, description="How many candidates the concept shall have.")
    ] = POOL_SIZE,
) -> Mined:
    """Search the library for pictures worth labelling: likely ones, similar ones and random ones."""
    progress.report(0, None, "looking through the library")
    return fill_pool(concept, size)


def fill_pool(concept: Concept, size: int = POOL_SIZE) -> Mined:
    """Finds candidates until a concept has `size`."""
    draw_test_pictures(concept)
    training_data = training_data_of(concept)
    found = mine_candidates(training_data, size)
    added = concept.app.store.add_candidates(concept.id, found, training_data.revision.number)
    pool = concept.app.store.candidates(concept.id)
    per_query = Counter(search for searches in pool.values() for search in searches)
    return Mined(added=added, candidates=len(pool), per_query=dict(per_query.most_common()))


def mine_candidates(training_data: TrainingData, size: int) -> list[Candidate]:
    """For a pool of `size`, without the evaluation set."""
    definition = training_data.revision.definition
    probes = _searches(training_data)
    examples = training_data.with_vectors([*definition.examples, *definition.counterexamples])
    probes += [Probe("example", vector) for vector in training_data.vectors(examples)]
    seed = seed_of(definition.name)
    return choose_candidates(
        training_data.index, training_data.collection.library, probes, training_data.reserved, size, seed
    )


def mine_more(training_data: TrainingData, like: Sequence[str], size: int) -> list[Candidate]:
    """Up to `size` pictures beyond the pool: further down the searches of the definition, and like those of
    `like`, which the machine said count."""
    probes = _searches(training_data)
    probes += [
        Probe(LIKE_A_YES, vector) for vector in training_data.vectors(training_data.with_vectors(like))
    ]
    excluded = training_data.reserved | training_data.candidates.keys()
    seed = seed_of(f"{training_data.revision.definition.name} {len(training_data.candidates)}")
    return choose_candidates(
        training_data.index, training_data.collection.library, probes, excluded, size, seed
    )


def _searches(training_data: TrainingData) -> list[Probe]:
    """The definition's sentence, searches and kinds."""
    definition = training_data.revision.definition
    searched = [*(query.text for query in definition.queries), *definition.searched_kinds()]
    queries = distinct_words([*searched, sentence_of(definition)])
    vectors = training_data.collection.text_vectors(queries)
    return [Probe(q, v) for q, v in zip(queries, vectors, strict=True) if v.any()]  # zeros: unknown words


def choose_candidates(
    index: VectorReader,
    library: Library,
    probes: Sequence[Probe],
    excluded: Ids[str],
    size: int,
    seed: int,
) -> list[Candidate]:
    """At most `size` candidates: the probes' nearest pictures, taken in turn from clusters, and random ones.

    One picture at most of each group of look-alikes is taken, and none that looks like an excluded one.
    Random pictures (a fifth) are spread evenly, so that any first part of the pool has its share of them.
    """
    rng = np.random.default_rng(seed)
    allowed = index.ids.without(with_look_alikes(excluded, library))
    found = _found(index, library, probes, allowed, size)
    wanted = size - round(size * RANDOM_SHARE)
    searched = [(i, found[i].brought_by) for i in _in_turn(index, found, seed)[:wanted]]
    others = allowed.without(with_look_alikes([i for i, _ in searched], library))
    # No two random ones look alike.
    count = size - len(searched)
    order = rng.permutation(len(others))
    first: dict[str, str] = {}
    for start in range(0, len(order), DRAWN_AT_ONCE):
        if len(first) >= count:
            break
        some = others.at(order[start : start + DRAWN_AT_ONCE])
        for picture_id, group in zip(some, library.near_groups(some), strict=True):
            first.setdefault(group, picture_id)
    drawn = list(first.values())[: max(count, 0)]
    return _spread(searched, [(i, ["random"]) for i in drawn])


@dataclass(frozen=True)
class _Found:
    """The best rank over the probes, and the names of those that brought it."""

    rank: int
    brought_by: list[str] = field(default_factory=list)


def _found(
    index: VectorReader, library: Library, probes: Sequence[Probe], allowed: PictureIds, size: int
) -> dict[str, _Found]:
    """By picture id: the probes' nearest, one of each group of look-alikes."""
    if not probes:
        return {}
    k = max(PER_QUERY, -(-2 * size // len(probes)))
    results = index.search(np.stack([probe.vector for probe in probes]), k, allowed)
    hits = sorted(
        (rank, picture_id, probe.name)
        for probe, nearest in zip(probes, results, strict=True)
        for rank, (picture_id, _) in enumerate(nearest)
    )
    groups = library.near_groups([picture_id for _, picture_id, _ in hits])
    leader: dict[str, str] = {}
    found: dict[str, _Found] = {}
    for (rank, picture_id, name), group in zip(hits, groups, strict=True):
        first = leader.setdefault(group, picture_id)
        known = found.setdefault(first, _Found(rank))
        if name not in known.brought_by:
            known.brought_by.append(name)
    return found


def _in_turn(index: VectorReader, found: dict[str, _Found], seed: int) -> list[str]:
    """The found pictures, one cluster after the other, each cluster's best-ranked first."""
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    ids = sorted(found)
    best_first = sorted(ids, key=lambda i: (found[i].rank, i))
    if len(ids) <= CLUSTERS:
        return best_first
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        model = MiniBatchKMeans(CLUSTERS, n_init=1, batch_size=2048, random_state=seed)
        cluster = dict(zip(ids, model.fit_predict(index.vectors(ids)).tolist(), strict=True))
    turn: Counter[int] = Counter()
    order: list[tuple[int, int, str]] = []
    for picture_id in best_first:
        order.append((turn[cluster[picture_id]], found[picture_id].rank, picture_id))
        turn[cluster[picture_id]] += 1
    return [picture_id for *_, picture_id in sorted(order)]


def _spread(searched: list[Candidate], others: list[Candidate]) -> list[Candidate]:
    """Both lists in their order, the second spread evenly through the first."""
    keyed = [((i + 0.5) / len(searched), 0, c) for i, c in enumerate(searched)]
    keyed += [((i + 0.5) / len(others), 1, c) for i, c in enumerate(others)]
    return [candidate for _, _, candidate in sorted(keyed, key=lambda item: item[:2])]


def seed_of(text: str) -> int:
    """The same concept draws the same pictures on every machine."""
    return zlib.crc32(text.casefold().encode())


class CriterionView(View):
    """A criterion with its place in the definition and where it came from, in words."""

    index: int
    kind: CriterionKind
    text: str
    origin: str
    proposed: bool  # and not yet kept: the next proposal replaces it
    of: str  # the text of the necessary criterion it belongs to
    found: list[PictureView]  # pictures that show it, where it is a kind of picture


def criteria_of(concept: Concept, n: int = 0, *, reader: str = "me") -> list[CriterionView]:
    """The criteria of the newest definition, each with where it came from, and kinds of pictures with n
    pictures of the library that show them."""
    revisions = all_revisions(concept)
    found = kinds_found(training_data_of(concept), finder_of(concept.app), n) if n else {}
    definition = revisions[-1].definition
    return [
        CriterionView(
            index=index,
            kind=criterion.kind,
            text=criterion.text,
            origin=origin_in_words(criterion, revisions, reader),
            proposed=criterion.origin != "person",
            of=definition.signal_of(criterion),
            found=found.get(criterion.text, []),
        )
        for index, criterion in enumerate(definition.criteria)
    ]


def searches_of(concept: Concept, n: int = 8, *, reader: str = "me") -> list[QueryView]:
    """The searches of the newest definition, each with n pictures it finds and how many it brought."""
    revisions = all_revisions(concept)
    return query_views(training_data_of(concept), finder_of(concept.app), revisions, reader, n)


class QueryView(View):
    """Words that are searched for, and what that brings. `index` is None for the sentence itself."""

    index: int | None
    text: str
    counts: bool
    origin: str  # in words
    proposed: bool
    brought: int  # pictures of the candidate pool that it found
    found: list[PictureView]
    hint: str = ""  # what to do where the encoder hardly knows these words


def query_views(
    training_data: TrainingData,
    finder: Finder,
    revisions: Sequence[Revision],
    reader: str,
    n: int,
) -> list[QueryView]:
    """The sentence, unless a query repeats it, and every query, with what each finds and what it brought."""
    definition = training_data.revision.definition
    searched: list[tuple[int | None, str, bool]] = [
        (i, q.text, q.counts) for i, q in enumerate(definition.queries)
    ]
    sentence = sentence_of(definition)
    if same_words(sentence) not in {same_words(text) for _, text, _ in searched}:
        searched.insert(0, (None, sentence, True))
    brought = Counter(name for names in training_data.candidates.values() for name in names)
    texts = [text for _, text, _ in searched]
    found = _views(training_data, finder, texts, n)
    nearest = [pictures[0].id if pictures else "" for pictures in found]
    hints = about_words(training_data.collection, texts, nearest)
    return [
        QueryView(
            index=index,
            text=text,
            counts=counts,
            origin="your description"
            if index is None
            else origin_in_words(definition.queries[index], revisions, reader),
            proposed=index is not None and definition.queries[index].origin != "person",
            brought=brought[text],
            found=pictures,
            hint=hint,
        )
        for (index, text, counts), pictures, hint in zip(searched, found, hints, strict=True)
    ]


def kinds_found(training_data: TrainingData, finder: Finder, n: int) -> dict[str, list[PictureView]]:
    """n pictures for each kind of the definition that counts, doesn't or is open, by its words."""
    kinds = [c.text for c in training_data.revision.definition.criteria if c.kind in SHOWN_KINDS]
    if training_data.collection.library.encoder() is None:
        return {}
    return dict(zip(kinds, _views(training_data, finder, kinds, n), strict=True))


def _views(
    training_data: TrainingData, finder: Finder, texts: Sequence[str], n: int
) -> list[list[PictureView]]:
    """The n pictures that each text finds; none before the library has an encoder."""
    if not texts or training_data.collection.library.encoder() is None:
        return [[] for _ in texts]
    found = finder.find_each(training_data.index, texts, n, training_data.reserved)
    pictures = {
        p.id: view_of(p)
        for p in training_data.collection.library.pictures(list({i for ids in found for i in ids}))
    }
    return [[pictures[i] for i in ids if i in pictures] for ids in found]


def distinct_queries(training_data: TrainingData, finder: Finder, one: str, other: str) -> bool:
    """Whether two texts find different pictures; also where there are too few pictures to tell."""
    if training_data.collection.library.encoder() is None or len(training_data.index.ids) < FEWEST_TO_TELL:
        return True
    first, second = finder.find_each(training_data.index, [one, other], TOLD_APART_BY, training_data.reserved)
    return len(set(first) & set(second)) < SHARED * min(len(first), len(second))
