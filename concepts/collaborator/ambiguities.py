"""Ambiguities: what is open about a definition, each with the borderline pictures that share it.

As in Agile Deliberation (CVPR 2026): a model argues against the label of borderline pictures and names what
is open; pictures with the same ambiguity belong together. Without a model, groups of borderline pictures
that look alike stand for ambiguities, with names from the built-in vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from concepts.collaborator.nouns import GroupNouns, named
from concepts.definition.document import Definition
from concepts.encoders.base import Vectors, unit
from concepts.errors import ModelAnswerError
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.learning.base import Floats, Rows, one_blas_thread

PURPOSE = "doubt"
ASKED = 40  # pictures a model argues about
BORDERLINE = 5  # times as many are taken for borderline, and the asked ones spread over those
BATCH = 5  # pictures a person looks at together
FEWEST = 3  # pictures that make an ambiguity
SAME = 0.55  # cosine of two descriptions, by all-MiniLM-L6-v2, from which they may mean the same
LONGEST = 120  # characters of a name
GROUPS = 8  # without a model


PARTING = "Your answers and your words part here"  # always open: other pictures come while some are met
MOST_PARTING = 20


@dataclass(frozen=True)
class Ambiguity:
    """`pictures`: ids, the most typical first."""

    name: str
    pictures: tuple[str, ...]


class Doubt(BaseModel):
    argument: str
    ambiguity: str


def spread(vectors: Vectors, doubt: Floats, n: int) -> Rows:
    """Rows of n of the most doubtful pictures that show different things. vectors (N, d), doubt (N,), more is
    more doubtful."""
    from sklearn.cluster import KMeans  # takes a second to load
    from threadpoolctl import threadpool_limits

    rows = np.argsort(-doubt, kind="stable")[: BORDERLINE * n]
    if len(rows) <= n:
        return rows
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        distance = KMeans(n, n_init=1, random_state=0).fit(vectors[rows]).transform(vectors[rows])
    cluster = distance.argmin(axis=1)
    nearest = [np.flatnonzero(cluster == one) for one in range(n)]
    return np.array([rows[at[distance[at, one].argmin()]] for one, at in enumerate(nearest) if len(at)])


def argued(
    definition: Definition,
    pictures: Sequence[str],
    jpeg: Callable[[str], bytes],
    said: Mapping[str, str],
    model: ChatModel,
    concurrency: int,
    prompts: PromptFiles = DEFAULTS,
) -> dict[str, str]:
    """Picture id → the ambiguity that a model that sees names, of those where it names one. `said`: what the
    machine said of a picture, in words. Raises what `ChatModel.ask` raises, but for what concerns one
    picture alone."""

    def one(picture_id: str) -> str:
        machine = said.get(picture_id, "(nothing yet)")
        question = doubt_asked_for(definition, machine, jpeg(picture_id), prompts)
        try:
            doubt = model.ask(question, Doubt, purpose=PURPOSE)
        except ModelAnswerError:
            return ""
        return " ".join(doubt.ambiguity.split())[:LONGEST].rstrip(".")

    with ThreadPoolExecutor(concurrency) as threads:
        found = list(threads.map(one, pictures))
    return {picture: text for picture, text in zip(pictures, found, strict=True) if text}


def doubt_asked_for(definition: Definition, machine: str, jpeg: bytes, prompts: PromptFiles) -> list[Message]:
    """What a model is sent to have it argue against what the machine said of a picture."""
    asked = prompts["doubt.user"].render(definition=definition.as_text(), machine=machine)
    return [Message("system", prompts["doubt.system"].render()), Message("user", asked, (jpeg,))]


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
    ids: Sequence[str], vectors: Vectors, doubt: Floats, background: Vectors, nouns: GroupNouns
) -> list[Ambiguity]:
    """Without a model: groups of borderline pictures that look alike, those in most doubt first. vectors
    (n, d), doubt (n,), background (m, d) of the library. No two have one name."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    rows = np.argsort(-doubt, kind="stable")[: BORDERLINE * ASKED]
    groups = min(GROUPS, len(rows) // BATCH)
    if not groups:
        return []
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        model = KMeans(groups, n_init=3, random_state=0).fit(vectors[rows])
    distance = model.transform(vectors[rows])
    found: dict[str, tuple[float, Ambiguity]] = {}
    for one in range(groups):
        at = np.flatnonzero(model.labels_ == one)
        if len(at) < FEWEST:
            continue
        typical = rows[at[np.argsort(distance[at, one], kind="stable")]]
        names = nouns.telling(vectors[typical], background)
        name = next((named([noun]) for noun in names if named([noun]) not in found), "")
        name = name or f"these {len(typical)} that look alike ({len(found) + 1})"
        found[name] = (float(doubt[typical].mean()), Ambiguity(name, tuple(ids[row] for row in typical)))
    return [group for _, group in sorted(found.values(), key=lambda pair: -pair[0])]


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
