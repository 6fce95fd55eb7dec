"""Pictures for answering many at once: what the answers so far, or a query, put at one end of the library.

That takes a training and a pass over the library, so it is worked out in the background and kept. Who asks
gets what is known at once: without the pictures answered since, and with word that better is coming.
"""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from collections.abc import Collection as Ids
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from cachetools import LRUCache

from concepts.errors import DiscernError
from concepts.labelling.mining import seed_of
from concepts.labelling.question_queue import problem_of
from concepts.labelling.ranking import GraphOf, rank_library
from concepts.labelling.selection import NextPicture, promising, to_learn_from
from concepts.labelling.training_data import TrainingData
from concepts.learning.acquisition import Pool
from concepts.learning.base import sigmoid
from concepts.learning.contact_sheet import AGAIN, SIZE, is_due, representatives
from concepts.learning.fitting import train_head
from concepts.view import View
from storage.vectors.ids import PictureIds

GridOrder = Literal["likely", "borderline", "unlikely", "query", "wall"]
PREPARED = 240  # pictures of one order: four grids of the largest size
SPARE = 4  # how many times as many are looked at, so that near-duplicates can be left out
KEPT = 8  # orders of one concept
LARGEST = 20_000  # pictures that a wall is chosen from, beside what the words find


class GridPage(View):
    """Pictures for a grid, in order. `thinking`: a newer order is being worked out. `problem`: why none can
    be. `by_look_alikes`: the answers to pictures that look alike had a part in the order."""

    pictures: list[NextPicture]
    thinking: bool
    problem: str
    by_look_alikes: bool = False


@dataclass
class _Ranking:
    """`page` comes from one look at the labels; `known` is the state of things it saw."""

    page: GridPage = field(default_factory=lambda: GridPage(pictures=[], thinking=False, problem=""))
    known: Hashable = None


class Grid:
    """The orders of one concept. It is ranked in the background, wherever the state has changed since."""

    def __init__(self, rank: Callable[[GridOrder, str], GridPage], background: Executor) -> None:
        self._rank, self._background = rank, background
        self._rankings: LRUCache[tuple[GridOrder, str], _Ranking] = LRUCache(KEPT)
        self._lock = threading.Lock()

    def page(self, order: GridOrder, query: str, n: int, state: Hashable, out: Ids[str]) -> GridPage:
        """At most n pictures that aren't `out`, as far as they are known by now. `state`: of all that the
        order depends on.

        Raises `DiscernError` for an order that is none, or a query without words.
        """
        if order not in get_args(GridOrder):
            raise DiscernError(f"“{order}” is no way to choose pictures.")
        if order == "query" and not query.strip():
            raise DiscernError("Say which query to look at.")
        with self._lock:
            ranking = self._rankings.setdefault((order, query), _Ranking())
            due = not ranking.page.thinking and ranking.known != state
            if due:
                ranking.page = ranking.page.model_copy(update={"thinking": True})
            said = ranking.page
        if due:
            self._background.submit(self._prepare, ranking, order, query, state)
        left = [picture for picture in said.pictures if picture.id not in out]
        return said.model_copy(update={"pictures": left[:n]})

    def _prepare(self, ranking: _Ranking, order: GridOrder, query: str, state: Hashable) -> None:
        try:
            page = self._rank(order, query)
        except Exception as error:  # whatever it is, the person must see it and the next request try again
            page = ranking.page.model_copy(update={"thinking": False, "problem": problem_of(error)})
            state = None
        with self._lock:
            ranking.page, ranking.known = page, state


def wall_pictures(training_data: TrainingData, walls: Sequence[Sequence[str]]) -> list[NextPicture]:
    """The next wall: pictures of every kind, none of which was on a wall before, is answered or measures, and
    none that looks like one of those."""
    seen = {picture for wall in walls for picture in wall} | training_data.spoken_for
    seed = seed_of(training_data.revision.definition.name)
    ids = _some(
        training_data,
        training_data.index.ids.without(training_data.reserved | training_data.spoken_for),
        seed,
    )
    out = set(training_data.collection.library.near_groups(sorted(seen)))
    groups = training_data.collection.library.near_groups(ids)
    shown = np.flatnonzero([group in out for group in groups])
    group = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    pool = Pool.of(training_data.vectors(ids), group, training_data.texts)
    rows = representatives(pool, shown, len(walls), seed)
    return to_learn_from(training_data, [(ids[row], "wall", None) for row in rows])


def another_sheet(training_data: TrainingData, since: int, walls: Sequence[Sequence[str]]) -> bool:
    """Whether a wall is worth more than single questions though something counts already. `since`: labels
    after the last of the `walls` so far."""
    if since < AGAIN or training_data.scale is not None:
        return False
    training = training_data.training
    people = np.flatnonzero(training.data.weight >= 1)
    again = training_data.given_again
    votes = np.array([again.get(training.ids[row], 0) for row in people], dtype=np.int8)
    labels = training.data.at(people)
    shown = {picture for wall in walls for picture in wall}
    on_a_wall = np.array([training.ids[row] in shown for row in people], dtype=bool)
    return bool(labels.positives) and is_due(labels, on_a_wall, since, votes)


def _some(training_data: TrainingData, ids: PictureIds, seed: int) -> list[str]:
    """All of a small library; of a larger one what the words find, and a sample that is the same for every
    wall, so that a kind that was shown is recognised. Ids are hashes: those behind any one are as good as
    drawn."""
    n = len(ids)
    if n <= LARGEST:
        return list(ids)
    begin = hashlib.sha256(str(seed).encode()).hexdigest()
    start = bisect_left(range(n), begin, key=lambda place: ids.at(np.array([place]))[0])
    drawn = ids.at((start + np.arange(LARGEST)) % n)
    found = [
        picture_id
        for picture_id, _ in training_data.index.search(training_data.text_direction[None], SIZE)[0]
    ]
    there = ids.places(found) >= 0
    return sorted({*drawn, *(picture_id for picture_id, has in zip(found, there, strict=True) if has)})


def bulk_pictures(training_data: TrainingData, order: GridOrder, query: str, graph_of: GraphOf) -> GridPage:
    """Pictures without an answer, one of each near-duplicate group, never of the evaluation set."""
    allowed = training_data.index.ids.without(training_data.reserved | training_data.spoken_for)
    knows = False  # whether the scores are logits of a head that has learned
    if order == "query":
        training_data.collection.require_words()
        wanted = training_data.collection.text_vectors([query])[0]
        scores = training_data.index.scores(wanted, 0.0, allowed)
    else:
        head = train_head(training_data.training.data, training_data.text_direction, seed=0)
        scores, knows = promising(training_data.index, head, allowed), head.kind != "text"
    ranking = rank_library(training_data, graph_of) if knows and order in ("likely", "unlikely") else None
    ranked, n = ranking.among(scores.ids) if ranking else scores, SPARE * PREPARED
    if order == "unlikely":
        first = ranked.bottom(n)
    elif order == "borderline" and knows:
        first = ranked.nearest(0.0, n)
    else:  # without a yes and a no there is no border yet: then the likeliest by the words come
        first = ranked.top(n)
    shown = training_data.without_look_alikes([picture_id for picture_id, _ in first])[:PREPARED]
    probability = {i: float(sigmoid(logit)) for i, logit in scores.of(shown)}
    chosen = [(i, order, probability[i] if knows else None) for i in shown]
    pictures = to_learn_from(training_data, chosen)
    return GridPage(pictures=pictures, thinking=False, problem="", by_look_alikes=ranking is not None)
