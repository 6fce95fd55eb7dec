"""What people are asked next: the queue, the grid, the contact sheets, and what they are asked again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from collections.abc import Collection as Ids
from concurrent.futures import Future
from typing import Generic, Literal, TypeVar

from concepts.definition.revisions import definition_of
from concepts.labelling.contact_sheet import (
    Grid,
    GridOrder,
    GridPage,
    another_sheet,
    bulk_pictures,
    wall_pictures,
)
from concepts.labelling.label_cache import label_cache_of
from concepts.labelling.mining import fill_pool
from concepts.labelling.question_queue import Chosen, QuestionQueue, Upcoming
from concepts.labelling.rechecks import EVERY, Repeats
from concepts.labelling.selection import WHOLE_LIBRARY, NextPicture, most_useful, to_measure
from concepts.labelling.training_data import TrainingData, training_data_of
from concepts.labelling.waves import (
    asked_for,
    draw_more_test_pictures,
    draw_test_pictures,
    pictures_to_test_with,
)
from concepts.learning.acquisition import Strategy
from concepts.learning.waves import next_look
from concepts.library.collection import collection_of
from concepts.library.neighbourhood import neighbourhood_of
from concepts.use_cases import App, Concept, service
from storage.labels import Author

Purpose = Literal["train", "evaluation"]
Found = TypeVar("Found")


class Shared(Generic[Found]):
    """What several threads want at once is worked out once, for all who asked before that began: whoever asks
    later may have labelled in between. One piece of work at a time."""

    def __init__(self) -> None:
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._waited_for: dict[Hashable, Future[Found]] = {}

    def get(self, what: Hashable, work: Callable[[], Found]) -> Found:
        with self._lock:
            is_first = what not in self._waited_for
            future = self._waited_for.setdefault(what, Future())
        if is_first:
            with self._turn:
                with self._lock:
                    del self._waited_for[what]
                try:
                    future.set_result(work())
                except BaseException as error:  # each of those who wait is told
                    future.set_exception(error)
        return future.result()


class _Open:
    """The concepts that are being labelled, by id."""

    def __init__(self) -> None:
        self.concepts: dict[int, AskedConcept] = {}
        self.lock = threading.Lock()


@service
def _open_in(app: App) -> _Open:
    return _Open()


def asked_concept(concept: Concept) -> AskedConcept:
    """What is asked next about a concept, which is kept between requests: made when first asked for, and anew
    where the concept looks somewhere else, or is judged by another part of pictures."""
    collection = collection_of(concept.app)
    focus = collection.parts.focus(concept.id)
    scope = collection.frames.now(concept.id).key
    scope += f" through {focus.fingerprint}" if focus else ""
    held = _open_in(concept.app)
    with held.lock:
        found = held.concepts.get(concept.id)
        if found is None or found.scope != scope:
            found = held.concepts[concept.id] = AskedConcept(concept, scope)
        return found


class AskedConcept:
    """A concept that is being labelled. `upcoming` and `grid` answer in milliseconds, and what is slow is
    worked out in the background."""

    def __init__(self, concept: Concept, scope: str) -> None:
        self.scope = scope
        self._shared = Shared[list[NextPicture]]()
        self._app, self._concept = concept.app, concept
        self._collection, self._labels = collection_of(concept.app), label_cache_of(concept.app)
        self._queue = QuestionQueue(self._choose, concept.app.background)
        self._grid = Grid(self.rank, concept.app.background)

    def next(
        self, n: int, waiting: Sequence[str], purpose: Purpose, ways: Strategy | None = None
    ) -> list[NextPicture]:
        """The n pictures whose labels help most, without those that are `waiting` for one."""
        app, concept = self._app, self._concept
        with app.jobs.precedence.first():
            if purpose == "train":
                asked = (n, tuple(waiting), ways)
                return self._shared.get(
                    asked, lambda: most_useful(self._to_learn_from(waiting), n, waiting, ways)
                )
            draw_more_test_pictures(concept, waiting, max(n, 1))
            out = self._labels.decisions(concept.id).keys() | set(waiting)
            left = [i for i in pictures_to_test_with(concept) if i not in out][:n]
            paths = self._collection.paths(left)
            return [to_measure(i, paths.get(i, "")) for i in left]

    def _to_learn_from(self, waiting: Sequence[str]) -> TrainingData:
        """Once pictures that measure are drawn, and of a large library there are candidates."""
        concept = self._concept
        draw_more_test_pictures(concept, waiting)
        data = training_data_of(concept)
        if data.candidates or len(data.index.ids) <= WHOLE_LIBRARY:
            return data
        fill_pool(concept)
        return training_data_of(concept)

    def upcoming(self, have: Sequence[str], n: int, again: Sequence[str]) -> Upcoming:
        """Up to n more pictures behind those a screen `has`, first those to ask about `again`."""
        app, concept = self._app, self._concept
        found = self._queue.upcoming(
            have,
            n,
            self._labels.decisions(concept.id).keys(),
            asked_for(concept),
            self._labels.held_out(concept.id).evaluation.keys(),
            self._collection.removed.hidden().ids,
            again,
        )
        paths = self._collection.paths([p.id for p in found.pictures if not p.path])
        pictures = [p.model_copy(update={"path": p.path or paths.get(p.id, "")}) for p in found.pictures]
        sheet = self._queue.sheet >= 0 and self._queue.sheet == app.walls.count(concept.id)
        return found.model_copy(update={"pictures": pictures, "sheet": sheet})

    def grid(self, order: GridOrder, query: str, n: int) -> GridPage:
        """At most n unlabelled pictures to label at once."""
        app, concept_id = self._app, self._concept.id
        walls = app.walls.of(concept_id) if order == "wall" else []
        out = self._labels.decisions(concept_id).keys() | {
            *self._labels.held_out(concept_id).kept,
            *self._collection.removed.hidden().ids,
            *(picture for wall in walls for picture in wall),
        }
        state = (
            # Single labels don't lay a contact sheet out anew, but the sheets before do.
            len(walls) if order == "wall" else app.log.last_sequence(concept_id),
            definition_of(self._concept).number,
            self.scope,
            self._collection.library.counts().pictures,
        )
        return self._grid.page(order, query, n, state, out)

    def rank(self, order: GridOrder, query: str) -> GridPage:
        app, concept = self._app, self._concept
        with app.jobs.precedence.first():
            draw_test_pictures(concept)
            data = training_data_of(concept)
            if order == "wall":
                wall = wall_pictures(data, app.walls.of(concept.id))
                return GridPage(pictures=wall, thinking=False, problem="")
            graph_of = neighbourhood_of(app).at_once  # the questions wait for the same thread
            return bulk_pictures(data, order, query, graph_of)

    def _choose(self, n: int, on_their_way: Sequence[str]) -> Chosen:
        app, concept = self._app, self._concept
        with app.jobs.precedence.first():
            data = self._to_learn_from(on_their_way)
            pictures = most_useful(data, n, on_their_way)
            since = app.log.changed_since(concept.id, app.walls.last(concept.id))
            walls = app.walls.of(concept.id)
            sheet = len(walls) if another_sheet(data, len(since), walls) else -1
        if sheet >= 0:  # worked out before the screen turns to it
            self.grid("wall", "", 1)
        return Chosen(pictures, next_look(0, self._collection.count_for(concept.id)), sheet)


def mixed_with_repeats(
    concept: Concept, author: str, found: list[NextPicture], n: int, waiting: Sequence[str]
) -> list[NextPicture]:
    """The new test pictures that were `found`, with some mixed in that this person labelled before. Repeats
    never come alone: a client that doesn't say which labels are repeats would be asked for ever."""
    if not found:
        return found
    again, mixed = [i for i in due_again(concept, author, n) if i not in waiting], list(found)
    paths = collection_of(concept.app).paths(again)
    for place, i in enumerate(again):
        mixed.insert(EVERY * place + EVERY // 2, to_measure(i, paths.get(i, ""), repeat=True))
    return mixed


def labelled_again(concept: Concept, author: Author, picture_ids: Ids[str]) -> set[str]:
    """Those of these pictures whose label by this person is a second one."""
    return _repeats(concept).among(author, picture_ids) if picture_ids else set()


def due_again(concept: Concept, author: str, n: int) -> list[str]:
    """At most n test pictures to ask this person about a second time now."""
    return _repeats(concept).due(Author(author), definition_of(concept).number, n)


def _repeats(concept: Concept) -> Repeats:
    measuring = label_cache_of(concept.app).held_out(concept.id).evaluation
    return Repeats(concept.app.log, measuring, concept.row)
