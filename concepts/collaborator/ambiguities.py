"""Ambiguities: what is open about a definition, each with the borderline pictures that share it.

As in Agile Deliberation (CVPR 2026): a model argues against the label of borderline pictures and names what
is open; pictures with the same ambiguity belong together. Without a model, groups of borderline pictures
that look alike stand for ambiguities, with names from the built-in vocabulary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import numpy as np
from pydantic import BaseModel

from concepts.collaborator.setups import ratings_now
from concepts.definition.document import Definition, one_line
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.base import Vectors, unit
from concepts.encoders.lite0 import FEATURES
from concepts.errors import ModelAnswerError
from concepts.labelling.training_data import TrainingData
from concepts.language.base import ChatModel
from concepts.language.prompts import PromptFiles
from concepts.learning.base import Floats, Rows, one_blas_thread
from concepts.learning.fitting import SEED, train_early

PURPOSE = "doubt"
ASKED = 40  # pictures a model argues about
TIMES_AS_MANY = 5  # times as many are taken for borderline, and the asked ones spread over those
BATCH = 5  # pictures a person looks at together
FEWEST = 3  # pictures that make an ambiguity
SAME = 0.55  # cosine of two descriptions, by all-MiniLM-L6-v2, from which they may mean the same
LONGEST = 120  # characters of a name
GROUPS = 8  # without a model
DIFFER = 1.0  # how much it counts that machine and answers say different things of a picture
UNSURE = 0.5  # and that the machine can't say
MOST = 6
TRIED = 40  # nearest nouns among which distinct ones are looked for
FITS = 2 / 3  # of a group's pictures that must show what it is called by

PARTING = "Your labels and your description disagree"  # always open: other pictures come while some are met
MOST_PARTING = 20


@dataclass(frozen=True)
class Ambiguity:
    """`pictures`: ids, the most typical first."""

    name: str
    pictures: tuple[str, ...]


Nouns = Callable[[Vectors, Vectors], list[str]]  # for what is seen in a group and not in others


class Doubt(BaseModel):
    argument: str
    ambiguity: str


@dataclass(frozen=True)
class Borderline:
    """ids (n), vectors (n, d), doubt (n,): from 0 up, more is more doubtful.

    `parting`: the pictures about which the head that learned from the person's answers and the machine that
    read their words say different things, those first of which the head is surest.
    """

    ids: list[str]
    vectors: Vectors
    doubt: Floats
    parting: list[str]


def borderline(training_data: TrainingData) -> Borderline:
    """Of the `unlabelled` candidates.

    A picture is in doubt the nearer it is to the head's threshold, and more so where the machine that looked
    at it says otherwise or can't say.
    """
    ids = unlabelled(training_data)
    vectors = training_data.vectors(ids)
    if not ids:
        return Borderline(ids, vectors, np.zeros(0), [])
    head = train_early(training_data.training.data, training_data.text_direction, SEED)
    probability = head.probabilities(vectors)
    doubt = 1 - np.abs(_ranked(probability, head.threshold))
    ratings = ratings_now(training_data)
    rating = np.array([ratings.get(i, 0) for i in ids])
    counts = probability >= head.threshold
    differ = (rating > 0) & (rating != 3) & ((rating > 3) != counts)
    answered = any(decision.decided for decision in training_data.answers.values())
    surest = np.argsort(doubt, kind="stable")
    parting = [ids[row] for row in surest if differ[row]] if answered else []
    return Borderline(ids, vectors, doubt + DIFFER * differ + UNSURE * (rating == 3), parting)


def unlabelled(training_data: TrainingData) -> list[str]:
    """Candidates without an answer that may be learned from, one of pictures that look alike."""
    out = training_data.reserved | training_data.spoken_for
    ids = [i for i in training_data.candidates if i not in out]
    return training_data.without_look_alikes(training_data.with_vectors(ids))


def _ranked(probability: Floats, threshold: float) -> Floats:
    """-1..1: 0 at the threshold, by the share of pictures that are nearer to it on that side."""
    place = np.zeros(len(probability))
    for side in (probability >= threshold, probability < threshold):
        distance = np.abs(probability[side] - threshold)
        place[side] = distance.argsort(kind="stable").argsort(kind="stable") / max(int(side.sum()), 1)
    return place


def telling_nouns(vocabulary: Vocabulary, group: Vectors, others: Vectors) -> list[str]:
    """group (k, d), others (m, d), of the embedded encoder → some nouns for what is seen in most pictures of
    the group and not in the others, the most telling first; none contains another. Names without a language
    model; none where the pictures have nothing in common that has one.

    Close to CaSED (Conti et al., NeurIPS 2023): words near a group's mean. What all pictures of a library
    have in common is taken off first, or every group of a grocery's pictures would be called food.
    """
    if not len(group) or not len(others):
        return []
    # what follows the features is in the nouns' space
    pictures = group[:, FEATURES:] - others[:, FEATURES:].mean(axis=0)
    shown = Counter(noun.name for one in pictures for noun in vocabulary.nearest_to(one, TRIED))
    found: dict[str, set[str]] = {}
    for noun in vocabulary.nearest_to(pictures.mean(axis=0), TRIED):
        words = set(noun.name.casefold().split())
        if shown[noun.name] >= FITS * len(pictures) and not any(
            words <= known or known <= words for known in found.values()
        ):
            found[noun.name] = words
    return list(found)[:MOST]


def spread(vectors: Vectors, doubt: Floats, n: int) -> Rows:
    """Rows of n of the most doubtful pictures that show different things. vectors (N, d), doubt (N,), more is
    more doubtful."""
    rows = np.argsort(-doubt, kind="stable")[: TIMES_AS_MANY * n]
    if len(rows) <= n:
        return rows
    _, distance = _clusters(vectors[rows], n, 1)
    cluster = distance.argmin(axis=1)
    nearest = [np.flatnonzero(cluster == one) for one in range(n)]
    return np.array([rows[at[distance[at, one].argmin()]] for one, at in enumerate(nearest) if len(at)])


def _clusters(vectors: Vectors, n: int, n_init: int) -> tuple[Rows, Floats]:
    """By k-means: the cluster of each (N,), and how far it is from each cluster's middle (N, n)."""
    from sklearn.cluster import KMeans  # takes a second to load
    from threadpoolctl import threadpool_limits

    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        model = KMeans(n, n_init=n_init, random_state=0).fit(vectors)
        return model.labels_, model.transform(vectors)


def argued(
    definition: Definition,
    pictures: Sequence[str],
    jpeg: Callable[[str], bytes],
    said: Mapping[str, str],
    model: ChatModel,
    concurrency: int,
    prompts: PromptFiles,
) -> dict[str, str]:
    """Picture id → the ambiguity that a model that sees names, of those where it names one. `said`: what the
    machine said of a picture, in words. Raises what `ChatModel.ask` raises, but for what concerns one
    picture alone."""

    def one(picture_id: str) -> str:
        machine = said.get(picture_id, "(nothing yet)")
        question = prompts.messages(
            "doubt", jpeg(picture_id), definition=definition.as_text(), machine=machine
        )
        try:
            doubt = model.ask(question, Doubt, purpose=PURPOSE)
        except ModelAnswerError:
            return ""
        return one_line(doubt.ambiguity)[:LONGEST].rstrip(".")

    with ThreadPoolExecutor(concurrency) as threads:
        found = list(threads.map(one, pictures))
    return {picture: text for picture, text in zip(pictures, found, strict=True) if text}


def by_description(
    ambiguities: Mapping[str, str], doubt: Mapping[str, float], embed: Callable[[Sequence[str]], Vectors]
) -> list[Ambiguity]:
    """Groups of pictures with one ambiguity, from a description of each (picture id → text), those in most
    doubt first. A group is called by its most typical description. `embed`: texts → unit vectors."""
    from sklearn.cluster import AgglomerativeClustering

    ids, texts = list(ambiguities), list(ambiguities.values())
    if len(ids) < FEWEST:
        return []
    vectors = embed(texts)
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - SAME
    )
    cluster = clustering.fit(vectors).labels_
    found: list[tuple[float, Ambiguity]] = []
    for one in np.unique(cluster):
        rows = np.flatnonzero(cluster == one)
        if len(rows) < FEWEST:
            continue
        typical = rows[np.argsort(-(vectors[rows] @ unit(vectors[rows].mean(axis=0))), kind="stable")]
        how_much = float(np.mean([doubt[ids[row]] for row in rows]))
        found.append((how_much, Ambiguity(texts[typical[0]], tuple(ids[row] for row in typical))))
    return [group for _, group in sorted(found, key=lambda pair: -pair[0])]


def by_looks(
    ids: Sequence[str], vectors: Vectors, doubt: Floats, background: Vectors, nouns: Nouns
) -> list[Ambiguity]:
    """Without a model: groups of borderline pictures that look alike, those in most doubt first. vectors
    (n, d), doubt (n,), background (m, d) of the library. No two have one name: those that no noun fits are
    numbered in that order."""
    rows = np.argsort(-doubt, kind="stable")[: TIMES_AS_MANY * ASKED]
    groups = min(GROUPS, len(rows) // BATCH)
    if not groups:
        return []
    cluster, distance = _clusters(vectors[rows], groups, 3)
    found: list[tuple[float, str, tuple[str, ...]]] = []
    for one in range(groups):
        at = np.flatnonzero(cluster == one)
        if len(at) < FEWEST:
            continue
        typical = rows[at[np.argsort(distance[at, one], kind="stable")]]
        taken = {name for _, name, _ in found}
        names = [f"Like “{noun}”" for noun in nouns(vectors[typical], background)]
        name = next((name for name in names if name not in taken), "")
        found.append((float(doubt[typical].mean()), name, tuple(ids[row] for row in typical)))
    number = count(1)
    found.sort(key=lambda group: -group[0])
    return [Ambiguity(name or f"Group {next(number)}", pictures) for _, name, pictures in found]


def batch(ambiguity: Ambiguity, vectors: Vectors) -> list[str]:
    """Up to `BATCH` of its pictures: the most typical, then those farthest from the ones chosen, so that five
    near-copies don't stand for one question. vectors (len(pictures), d), unit length, in their order."""
    chosen = [0]
    while len(chosen) < min(BATCH, len(ambiguity.pictures)):
        nearest = (vectors @ vectors[chosen].T).max(axis=1)
        nearest[chosen] = np.inf
        chosen.append(int(nearest.argmin()))
    return [ambiguity.pictures[row] for row in chosen]


def next_to_meet(
    ambiguities: Sequence[Ambiguity], met: Sequence[str], embed: Callable[[Sequence[str]], Vectors]
) -> list[Ambiguity]:
    """In the order in which a person should meet them: those first that mean none they have `met` (names)."""
    if not ambiguities or not met:
        return list(ambiguities)
    near = (embed([one.name for one in ambiguities]) @ embed(list(met)).T).max(axis=1) >= SAME
    near &= [one.name != PARTING for one in ambiguities]
    return [ambiguities[row] for row in np.argsort(near, kind="stable")]


def with_parting(found: Sequence[Ambiguity], parting: Sequence[str]) -> list[Ambiguity]:
    """With the pictures last about which answers and words say different things, where there are enough:
    those say as much about the machine's eyes as about the words."""
    if len(parting) < FEWEST:
        return list(found)
    return [*found, Ambiguity(PARTING, tuple(parting[:MOST_PARTING]))]
