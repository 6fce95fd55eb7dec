"""Use cases of answering by people, and what to ask next."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection as Ids
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from concepts.errors import DiscernError
from concepts.labelling.consensus import Decision
from concepts.labelling.contact_sheet import (
    PREPARED,
    Grid,
    GridOrder,
    GridPage,
    Ranked,
    bulk_pictures,
    wall_pictures,
)
from concepts.labelling.disagreements import LabelWithComments, what_is_said
from concepts.labelling.label_counts import AnswerCount
from concepts.labelling.question_queue import (
    Decisions,
    QuestionQueue,
    Upcoming,
)
from concepts.labelling.rows import answers_in_words, read_answer
from concepts.labelling.selection import NextPicture, most_useful, to_measure
from concepts.learning.rounds import Strategy
from concepts.learning.scale import Scale
from concepts.learning.waves import FEW_LEFT, next_look
from concepts.workbench.advice import Advice
from concepts.workbench.blind_rechecks import SecondTime
from concepts.workbench.concept_views import GivenAnswer
from concepts.workbench.context import (
    WHOLE_LIBRARY,
    Context,
    Purpose,
)
from concepts.workbench.definition import fill_pool
from storage.labels import Author, LabelEvent, NewLabel
from storage.tables import ConceptRow


@dataclass(frozen=True)
class _Open:
    """A concept that is being answered: the running tally, the queue of questions, the grid. `frame` is the
    key of what it looked in when the last two were begun: they are begun anew where it looks elsewhere."""

    decisions: Decisions
    questions: QuestionQueue
    grid: Grid
    frame: str


class Answers:
    """Answers, and what to ask next."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[int, _Open] = {}
        self._open_lock = threading.Lock()
        self._second_time = SecondTime(context)

    def give(
        self,
        name: str,
        picture_id: str,
        value: str,
        comment: str = "",
        *,
        author: str,
        simulated: bool = False,
        in_view: bool = False,
    ) -> None:
        """Commits one answer of the person called `author`."""
        who, key = Author(author, "simulated" if simulated else "person"), uuid.uuid4().hex
        self.label(name, picture_id, value, author=who, key=key, comment=comment, in_view=in_view)

    def label(
        self,
        name: str,
        picture_id: str,
        value: str,
        *,
        author: Author,
        key: str,
        comment: str = "",
        in_view: bool = False,
    ) -> None:
        """Commits one answer. The same key again changes nothing. `in_view`: the person saw what the machine
        says of it, so that this answer measures nothing. Raises `DiscernError` for bad input."""
        self.label_many(name, [(key, picture_id, value, comment)], author=author, in_view=in_view)

    def label_many(
        self,
        name: str,
        answers: Sequence[tuple[str, str, str, str]],
        *,
        author: Author,
        in_view: bool = False,
        repeats: Ids[str] = (),
    ) -> int:
        """Commits (key, picture id, value, comment) together or not at all; says how many keys were new.
        `repeats`: ids of the pictures that were to be asked about a second time, for consistency or because
        the definition has changed. Where that can't be, because there is no first answer any more, theirs is
        an answer like any other."""
        concept = self._context.concept(name)
        scale = Scale.read(concept.scale)
        read = {value: read_answer(value, scale) for value in {value for _, _, value, _ in answers}}
        wrong = next((value for _, _, value, _ in answers if read[value] is None), None)
        if wrong is not None:
            raise DiscernError(f"“{wrong[:80]}” is no answer. Say {answers_in_words(scale)}.")
        self._context.collection.library.require([picture_id for _, picture_id, _, _ in answers])
        number = self._context.revision(concept).number
        again, renewed = self._second_time.answers(concept, author, () if in_view else repeats)
        labels = [
            NewLabel(
                key,
                picture_id,
                said[0],
                author,
                number,
                comment,
                in_view=in_view,
                repeat=picture_id in again,
                renewed=picture_id in renewed,
                given=said[1],
            )
            for key, picture_id, value, comment in answers
            if (said := read[value]) is not None
        ]
        return self._context.log.append(concept.id, labels)

    def in_words(self, name: str) -> str:
        """What can be answered of a concept."""
        return answers_in_words(Scale.read(self._context.concept(name).scale))

    def as_kept(self, name: str, word: str) -> str:
        """The grade or class that a word names, as an answer keeps it. Raises `DiscernError` for none."""
        scale = Scale.read(self._context.concept(name).scale)
        read = read_answer(word, scale) if scale else None
        if read is None:
            raise DiscernError(f"“{word[:80]}” is no answer. Say {answers_in_words(scale)}.")
        return read[1] or read[0]

    def looked_through(self, name: str, pictures: Sequence[str], *, author: str, key: str) -> None:
        """Keeps that somebody looked through a wall of these pictures: none of them is on a later wall. What
        counted among them are answers. The same key again changes nothing."""
        concept = self._context.concept(name)
        self._context.collection.library.require(pictures)
        self._context.walls.add(concept.id, key, author, pictures)

    def wall(self, name: str) -> list[NextPicture]:
        """The pictures of the next wall; the same until that was looked through."""
        return self._rank(self._context.concept(name), "wall", "").pictures

    def through_wall(
        self,
        name: str,
        pictures: Sequence[str],
        counts: Sequence[str],
        *,
        author: str,
        key: str | None = None,
        simulated: bool = False,
    ) -> None:
        """Commits what counts on a wall, and that the rest of it was looked through. The same key again
        changes nothing. Raises `DiscernError`, and takes nothing, where something that counts isn't on it.
        """
        elsewhere = next((picture for picture in counts if picture not in set(pictures)), None)
        if elsewhere is not None:
            raise DiscernError(f"Picture {elsewhere[:12]} isn't on this wall. Nothing was taken.")
        self._context.collection.library.require(pictures)
        base = key or uuid.uuid4().hex
        if counts and not self._context.walls.has(base):
            who = Author(author, "simulated" if simulated else "person")
            given = [(f"{base}.{i}", picture, "yes", "") for i, picture in enumerate(dict.fromkeys(counts))]
            self.label_many(name, given, author=who)
        self.looked_through(name, pictures, author=author, key=base)

    def labels_with_keys(self, keys: Sequence[str]) -> dict[str, LabelEvent]:
        """What was kept under these keys, so that a repeated request can be answered like the first."""
        return self._context.log.with_keys(keys)

    def undo(
        self, name: str, *, author: str, count: int = 1, key: str | None = None, only: Sequence[str] = ()
    ) -> list[dict[str, str]]:
        """Takes back this author's last answers, or `only` those with these keys, and says which."""
        concept = self._context.concept(name)
        undone: list[LabelEvent] = []
        for kind in ("person", "simulated"):
            undone = self._context.log.undo(
                concept.id, key or uuid.uuid4().hex, Author(author, kind), count, only
            )
            if undone:
                break
        return [{"picture": event.picture_id, "value": event.said} for event in undone]

    def upcoming(self, name: str, have: Sequence[str], n: int, author: str | None = None) -> Upcoming:
        """Up to n more pictures to ask about, behind those a screen `has`. Takes milliseconds: what helps
        most is chosen in the background. A person with a name is now and then asked again."""
        concept = self._context.concept(name)
        opened = self._opened(concept)
        again: list[str] = []
        if author is not None and n > 0:
            again = self._second_time.next(concept, author, have, opened.decisions.now())
        return opened.questions.upcoming(have, n, again)

    def count(self, name: str) -> AnswerCount:
        """How many answers there are and what they are for, without reading them all again."""
        return self._context.counts.now(self._context.concept(name).id)

    def advice(self, name: str) -> Advice:
        """What more answers would bring, and what a rare concept takes, in words."""
        return self._context.advice(self._context.concept(name))

    def decisions(self, name: str) -> dict[str, Decision]:
        """Picture id → what people decided, without reading all answers again."""
        return self._context.counts.decisions(self._context.concept(name).id).now()

    def recent_answers(self, name: str, author: str, n: int) -> list[GivenAnswer]:
        """This person's last answers that stand, oldest first."""
        concept = self._context.concept(name)
        events = self._context.log.recent(concept.id, Author(author), n)[::-1]
        apart = self._context.store.kept_apart(concept.id)
        paths = self._context.collection.paths([event.picture_id for event in events])
        return [
            GivenAnswer(
                id=event.picture_id,
                path=paths.get(event.picture_id, ""),
                value=event.said,
                key=event.key,
                purpose="evaluation" if event.picture_id in apart else "train",
                repeat=event.repeat or event.renewed,
            )
            for event in events
        ]

    def own(self, name: str, picture_ids: Sequence[str], author: str) -> list[LabelEvent]:
        """What this person says of each of a few pictures, where they have said anything that stands."""
        standing = self._context.log.standing(self._context.concept(name).id, ("person",), picture_ids)
        return [event for event in standing if event.author == Author(author)]

    def others(self, name: str, picture_id: str, author: str) -> list[LabelWithComments]:
        """What other people say of a picture, to be shown to who has answered: never before."""
        concept = self._context.concept(name)
        standing = self._context.log.standing(concept.id, ("person",), [picture_id])
        remarks = self._context.log.comments(concept.id, [picture_id])
        return [
            what_is_said(event, [remark.comment for remark in remarks if remark.author == event.author])
            for event in standing
            if event.author.name != author
        ]

    def grid(self, name: str, order: GridOrder, *, query: str = "", n: int = 36) -> GridPage:
        """Up to n pictures without an answer for answering many at once. Takes milliseconds: what is known
        is shown, and what is newer is worked out in the background."""
        return self._opened(self._context.concept(name)).grid.page(order, query, n)

    def next_pictures(
        self,
        name: str,
        n: int = 5,
        *,
        purpose: Purpose = "train",
        waiting: Sequence[str] = (),
        ways: Strategy | None = None,
        author: str | None = None,
    ) -> list[NextPicture]:
        """The pictures whose answers help most now: to learn from, or to measure with. Those `waiting` for
        an answer already are not chosen again. `ways` names other ways to learn and to choose than the
        app's own, for studies. A person with a name is now and then asked again what measures."""
        concept = self._context.concept(name)
        found = self._next_pictures(concept, n, waiting, purpose, ways)
        if author is None or purpose != "evaluation":
            return found
        return self._second_time.mixed(concept, author, found, n, waiting)

    def _next_pictures(
        self,
        concept: ConceptRow,
        n: int,
        waiting: Sequence[str],
        purpose: Purpose,
        ways: Strategy | None = None,
    ) -> list[NextPicture]:
        with self._context.jobs.precedence.first():
            return self._chosen(concept, n, waiting, purpose, ways)

    def _chosen(
        self, concept: ConceptRow, n: int, waiting: Sequence[str], purpose: Purpose, ways: Strategy | None
    ) -> list[NextPicture]:
        wanted = max(n, 1) if purpose == "evaluation" else FEW_LEFT + 1
        self._context.draw_more(concept, waiting, wanted)
        dataset = self._context.dataset(concept)
        if purpose == "evaluation":
            out = dataset.decisions.keys() | set(waiting)
            left = [i for i in self._context.to_answer(concept) if i not in out][:n]
            paths = self._context.collection.paths(left)
            return [to_measure(i, paths.get(i, "")) for i in left]
        if not dataset.candidates and len(dataset.index.ids) > WHOLE_LIBRARY:
            fill_pool(self._context, concept)
            dataset = self._context.dataset(concept)
        return most_useful(dataset, self._context.collection, n, WHOLE_LIBRARY, waiting, ways)

    def remaining(self, name: str, purpose: Purpose = "train") -> int:
        """How many pictures have no answer yet of those that can be asked about: to measure with, or to
        learn from (of a large library its candidates)."""
        concept = self._context.concept(name)
        dataset = self._context.dataset(concept)
        if purpose == "evaluation":
            return len(set(self._context.to_answer(concept)) - dataset.decisions.keys())
        pictures = self._context.collection.count_for(concept.id)
        closed = dataset.reserved | dataset.decisions.keys()
        if not dataset.frame.is_whole:
            closed = set(self._context.collection.frames.among(concept.id, closed))
        return (
            pictures - len(closed) if pictures <= WHOLE_LIBRARY else len(dataset.candidates.keys() - closed)
        )

    def _opened(self, concept: ConceptRow) -> _Open:
        """What is kept of a concept that is being answered, made when first asked for."""
        frame = self._context.collection.frames.now(concept.id).key
        with self._open_lock:
            opened = self._open.get(concept.id)
            if opened is None or opened.frame != frame:
                background, decisions = self._context.background, self._context.counts.decisions(concept.id)
                asked_for = partial(self._context.asked_for, concept)
                evaluation = partial(self._measures, concept)
                apart = partial(self._apart, concept)
                choose = partial(self._next_pictures, concept, purpose="train")
                rank, state = partial(self._rank, concept), partial(self._state, concept)
                first_look = partial(self._first_look, concept)
                paths, on_walls = self._context.collection.paths, partial(self._on_walls, concept)
                removed = self._removed
                self._open[concept.id] = _Open(
                    decisions,
                    QuestionQueue(
                        decisions, choose, asked_for, evaluation, paths, background, first_look, removed
                    ),
                    Grid(decisions, rank, state, apart, on_walls, background, removed),
                    frame,
                )
            return self._open[concept.id]

    def _rank(self, concept: ConceptRow, order: GridOrder, query: str) -> Ranked:
        with self._context.jobs.precedence.first():
            return self._ranked(concept, order, query)

    def _ranked(self, concept: ConceptRow, order: GridOrder, query: str) -> Ranked:
        self._context.draw_evaluation(concept)
        dataset, collection = self._context.dataset(concept), self._context.collection
        if order == "wall":
            return Ranked(wall_pictures(dataset, collection, self._context.walls.of(concept.id)))
        graph_of = self._context.neighbourhood.at_once  # the questions wait for the same thread
        return bulk_pictures(dataset, collection, order, query, PREPARED, graph_of)

    def _measures(self, concept: ConceptRow) -> Ids[str]:
        return self._context.apart.now(concept.id).evaluation.keys()

    def _apart(self, concept: ConceptRow) -> Ids[str]:
        return self._context.apart.now(concept.id).kept

    def _removed(self) -> Ids[str]:
        return self._context.collection.removed.hidden().ids

    def _first_look(self, concept: ConceptRow) -> int:
        return next_look(0, self._context.collection.count_for(concept.id))

    def _on_walls(self, concept: ConceptRow) -> set[str]:
        return {picture for wall in self._context.walls.of(concept.id) for picture in wall}

    def _state(self, concept: ConceptRow, order: GridOrder) -> Hashable:
        """Changes with what an order of pictures depends on: answers, definition, pictures; for a wall also
        the walls before, but single answers don't lay it out anew."""
        walls = order == "wall"
        return (
            self._context.walls.count(concept.id) if walls else self._context.log.last_sequence(concept.id),
            self._context.revision(concept).number,
            self._context.collection.frames.now(concept.id).key,
            self._context.collection.library.counts().pictures,
        )
