"""What to ask people next: the queue, the grid and the contact sheets of every concept that is labelled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from collections.abc import Collection as Ids
from concurrent.futures import Future
from typing import Generic, TypeVar

from concepts.labelling.contact_sheet import (
    Grid,
    GridOrder,
    GridPage,
    another_sheet,
    bulk_pictures,
    wall_pictures,
)
from concepts.labelling.question_queue import Chosen, QuestionQueue, Upcoming
from concepts.labelling.rechecks import EVERY, Repeats
from concepts.labelling.selection import WHOLE_LIBRARY, NextPicture, most_useful, to_measure
from concepts.labelling.training_data import TrainingData
from concepts.learning.acquisition import Strategy
from concepts.learning.waves import FEW_LEFT, next_look
from concepts.workbench.context import Context, Purpose
from concepts.workbench.definition import fill_pool
from storage.labels import Author
from storage.tables import ConceptRow

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


class Asking:
    """One for all handles of a Workbench: what is chosen is kept between requests."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[int, AskedConcept] = {}
        self._lock = threading.Lock()

    def of(self, concept: ConceptRow) -> AskedConcept:
        """Made when first asked for, and anew where the concept has another scope, or is judged by another
        part of pictures."""
        focus = self._context.collection.parts.focus(concept.id)
        scope = self._context.collection.frames.now(concept.id).key
        scope += f" through {focus.fingerprint}" if focus else ""
        with self._lock:
            found = self._open.get(concept.id)
            if found is None or found.scope != scope:
                found = AskedConcept(self._context, concept, scope)
                self._open[concept.id] = found
            return found


class AskedConcept:
    """A concept that is being labelled. `upcoming` and `grid` answer in milliseconds, and what is slow is
    worked out in the background."""

    def __init__(self, context: Context, concept: ConceptRow, scope: str) -> None:
        self.scope = scope
        self._shared = Shared[list[NextPicture]]()
        self._context, self._concept = context, concept
        self._queue = QuestionQueue(self._choose, context.background)
        self._grid = Grid(self.rank, context.background)

    def next(
        self, n: int, waiting: Sequence[str], purpose: Purpose, ways: Strategy | None = None
    ) -> list[NextPicture]:
        """The n pictures whose labels help most, without those that are `waiting` for one."""
        context, concept = self._context, self._concept
        with context.jobs.precedence.first():
            if purpose == "train":
                asked = (n, tuple(waiting), ways)
                return self._shared.get(
                    asked, lambda: most_useful(self._to_learn_from(waiting), n, waiting, ways)
                )
            context.draw_more(concept, waiting, max(n, 1))
            out = context.dataset(concept).decisions.keys() | set(waiting)
            left = [i for i in context.to_answer(concept) if i not in out][:n]
            paths = context.collection.paths(left)
            return [to_measure(i, paths.get(i, "")) for i in left]

    def _to_learn_from(self, waiting: Sequence[str]) -> TrainingData:
        """Once pictures that measure are drawn, and of a large library there are candidates."""
        context, concept = self._context, self._concept
        context.draw_more(concept, waiting, FEW_LEFT + 1)
        data = context.dataset(concept)
        if data.candidates or len(data.index.ids) <= WHOLE_LIBRARY:
            return data
        fill_pool(context, concept)
        return context.dataset(concept)

    def upcoming(self, have: Sequence[str], n: int, again: Sequence[str]) -> Upcoming:
        """Up to n more pictures behind those a screen `has`, first those to ask about `again`."""
        context, concept = self._context, self._concept
        found = self._queue.upcoming(
            have,
            n,
            context.label_cache.decisions(concept.id).keys(),
            context.asked_for(concept),
            context.label_cache.held_out(concept.id).evaluation.keys(),
            context.collection.removed.hidden().ids,
            again,
        )
        paths = context.collection.paths([p.id for p in found.pictures if not p.path])
        pictures = [p.model_copy(update={"path": p.path or paths.get(p.id, "")}) for p in found.pictures]
        sheet = self._queue.sheet >= 0 and self._queue.sheet == context.walls.count(concept.id)
        return found.model_copy(update={"pictures": pictures, "sheet": sheet})

    def grid(self, order: GridOrder, query: str, n: int) -> GridPage:
        """At most n unlabelled pictures to label at once."""
        context, concept_id = self._context, self._concept.id
        walls = context.walls.of(concept_id) if order == "wall" else []
        out = context.label_cache.decisions(concept_id).keys() | {
            *context.label_cache.held_out(concept_id).kept,
            *context.collection.removed.hidden().ids,
            *(picture for wall in walls for picture in wall),
        }
        state = (
            # Single labels don't lay a contact sheet out anew, but the sheets before do.
            len(walls) if order == "wall" else context.log.last_sequence(concept_id),
            context.revision(self._concept).number,
            self.scope,
            context.collection.library.counts().pictures,
        )
        return self._grid.page(order, query, n, state, out)

    def rank(self, order: GridOrder, query: str) -> GridPage:
        context, concept = self._context, self._concept
        with context.jobs.precedence.first():
            context.draw_evaluation(concept)
            dataset = context.dataset(concept)
            if order == "wall":
                wall = wall_pictures(dataset, context.walls.of(concept.id))
                return GridPage(pictures=wall, thinking=False, problem="")
            graph_of = context.neighbourhood.at_once  # the questions wait for the same thread
            return bulk_pictures(dataset, order, query, graph_of)

    def _choose(self, n: int, on_their_way: Sequence[str]) -> Chosen:
        context, concept = self._context, self._concept
        with context.jobs.precedence.first():
            data = self._to_learn_from(on_their_way)
            pictures = most_useful(data, n, on_their_way)
            since = context.log.changed_since(concept.id, context.walls.last(concept.id))
            walls = context.walls.of(concept.id)
            sheet = len(walls) if another_sheet(data, len(since), walls) else -1
        if sheet >= 0:  # worked out before the screen turns to it
            self.grid("wall", "", 1)
        return Chosen(pictures, next_look(0, context.collection.count_for(concept.id)), sheet)


class SecondTime:
    """What comes when, and what an answer to it is."""

    def __init__(self, context: Context, concept: ConceptRow) -> None:
        self._context, self._concept = context, concept

    def mixed(
        self, author: str, found: list[NextPicture], n: int, waiting: Sequence[str]
    ) -> list[NextPicture]:
        """Mix repeats among the new test pictures that were `found`. Repeats never come alone: a client that
        doesn't say which labels are repeats would be asked for ever."""
        if not found:
            return found
        again, mixed = [i for i in self.due(author, n) if i not in waiting], list(found)
        paths = self._context.collection.paths(again)
        for place, i in enumerate(again):
            mixed.insert(EVERY * place + EVERY // 2, to_measure(i, paths.get(i, ""), repeat=True))
        return mixed

    def among(self, author: Author, picture_ids: Ids[str]) -> set[str]:
        """Those of these pictures whose answer by this person is a second one."""
        return self._repeats.among(author, picture_ids) if picture_ids else set()

    @property
    def _repeats(self) -> Repeats:
        measuring = self._context.label_cache.held_out(self._concept.id).evaluation
        return Repeats(self._context.log, measuring, self._concept)

    def due(self, author: str, n: int) -> list[str]:
        """At most n pictures to ask this person about a second time now."""
        return self._repeats.due(Author(author), self._context.revision(self._concept).number, n)
