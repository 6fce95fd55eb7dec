"""What to ask people next: the queue, the grid and the contact sheets of every concept that is labelled."""

from __future__ import annotations

import threading
from collections.abc import Collection as Ids
from collections.abc import Hashable, Sequence

from concepts.labelling.consensus import Decision
from concepts.labelling.contact_sheet import PREPARED, Grid, GridOrder, Ranked, bulk_pictures, wall_pictures
from concepts.labelling.question_queue import QuestionQueue
from concepts.labelling.selection import WHOLE_LIBRARY, NextPicture, most_useful, to_measure
from concepts.learning.acquisition import Strategy
from concepts.learning.waves import FEW_LEFT, next_look
from concepts.workbench.context import Context, Purpose
from concepts.workbench.definition import fill_pool
from storage.tables import ConceptRow


class Asking:
    """One for all handles of a Workbench: what is chosen is kept between requests."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[int, AskedConcept] = {}
        self._lock = threading.Lock()

    def of(self, concept: ConceptRow) -> AskedConcept:
        """Made when first asked for, and anew where the concept has another scope."""
        scope = self._context.collection.frames.now(concept.id).key
        with self._lock:
            found = self._open.get(concept.id)
            if found is None or found.scope != scope:
                found = AskedConcept(self._context, concept, scope)
                self._open[concept.id] = found
            return found


class AskedConcept:
    """A concept that is being labelled. `queue` and `grid` answer in milliseconds and work in the
    background."""

    def __init__(self, context: Context, concept: ConceptRow, scope: str) -> None:
        self.scope = scope
        self._context, self._concept = context, concept
        self.queue = QuestionQueue(self, context.background)
        self.grid = Grid(self, context.background)

    def next(
        self, n: int, waiting: Sequence[str], purpose: Purpose, ways: Strategy | None = None
    ) -> list[NextPicture]:
        """The n pictures whose labels help most, without those that are `waiting` for one."""
        context, concept = self._context, self._concept
        with context.jobs.precedence.first():
            wanted = max(n, 1) if purpose == "evaluation" else FEW_LEFT + 1
            context.draw_more(concept, waiting, wanted)
            dataset = context.dataset(concept)
            if purpose == "evaluation":
                out = dataset.decisions.keys() | set(waiting)
                left = [i for i in context.to_answer(concept) if i not in out][:n]
                paths = context.collection.paths(left)
                return [to_measure(i, paths.get(i, "")) for i in left]
            if not dataset.candidates and len(dataset.index.ids) > WHOLE_LIBRARY:
                fill_pool(context, concept)
                dataset = context.dataset(concept)
            return most_useful(dataset, n, waiting, ways)

    def choose(self, n: int, on_their_way: Sequence[str]) -> list[NextPicture]:
        return self.next(n, on_their_way, "train")

    def first_look(self) -> int:
        return next_look(0, self._context.collection.count_for(self._concept.id))

    def decisions(self) -> dict[str, Decision]:
        return self._context.label_cache.decisions(self._concept.id)

    def asked_for(self) -> list[str]:
        return self._context.asked_for(self._concept)

    def test_pictures(self) -> Ids[str]:
        return self._context.label_cache.held_out(self._concept.id).evaluation.keys()

    def held_out(self) -> Ids[str]:
        return self._context.label_cache.held_out(self._concept.id).kept

    def removed(self) -> Ids[str]:
        return self._context.collection.removed.hidden().ids

    def paths(self, picture_ids: Sequence[str]) -> dict[str, str]:
        return self._context.collection.paths(picture_ids)

    def on_sheets(self) -> set[str]:
        return {picture for sheet in self._context.walls.of(self._concept.id) for picture in sheet}

    def rank(self, order: GridOrder, query: str) -> Ranked:
        context, concept = self._context, self._concept
        with context.jobs.precedence.first():
            context.draw_evaluation(concept)
            dataset = context.dataset(concept)
            if order == "wall":
                return Ranked(wall_pictures(dataset, context.walls.of(concept.id)))
            graph_of = context.neighbourhood.at_once  # the questions wait for the same thread
            return bulk_pictures(dataset, order, query, PREPARED, graph_of)

    def state(self, order: GridOrder) -> Hashable:
        """Labels, definition, pictures; for a contact sheet also the sheets before, but single labels don't
        lay it out anew."""
        context, concept = self._context, self._concept
        sheets = order == "wall"
        return (
            context.walls.count(concept.id) if sheets else context.log.last_sequence(concept.id),
            context.revision(concept).number,
            context.collection.frames.now(concept.id).key,
            context.collection.library.counts().pictures,
        )
