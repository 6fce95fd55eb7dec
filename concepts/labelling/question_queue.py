"""What to ask next: a queue per concept that is filled off the request path.

Choosing takes a training and a pass over the library; an answer takes a few milliseconds and never waits
for it. About every third question is a picture of the evaluation set, in that set's own order; now and then
one is asked again (`concepts.labelling.rechecks`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection as Ids
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol

from concepts.errors import DiscernError
from concepts.labelling.consensus import Decision
from concepts.labelling.selection import NextPicture, to_measure
from concepts.learning.waves import EVERY, LOOKS, measures_next
from concepts.view import View

BATCH = 10  # pictures chosen together
LOW = 5  # with fewer left the next batch is chosen
SHORT = 3  # pictures to measure with that bridge the time until there are some to learn from
STALE = 8  # answers after which what is left is chosen again

log = logging.getLogger(__name__)


class Upcoming(View):
    """What comes next, in order. `thinking`: more is being chosen. `problem`: why nothing can be."""

    pictures: list[NextPicture]
    thinking: bool
    problem: str


@dataclass
class _Queue:
    """`chosen` comes from one look at the labels; `decided` is how many decisions that look knew."""

    chosen: list[NextPicture] = field(default_factory=list)
    decided: int = -1
    filling: bool = False
    exhausted: bool = False
    problem: str = ""
    first_look: int = LOOKS[0]


class Questioned(Protocol):
    """The concept that a queue belongs to."""

    def decisions(self) -> dict[str, Decision]:
        """Picture id → what people say together."""

    def choose(self, n: int, on_their_way: Sequence[str]) -> list[NextPicture]:
        """The n pictures to learn from whose labels help most, without those on their way to the person."""

    def first_look(self) -> int:
        """After how many test labels there are figures."""

    def asked_for(self) -> Iterable[str]:
        """Pictures that somebody waits for labels of, in order."""

    def test_pictures(self) -> Iterable[str]:
        """In the order of their draw."""

    def removed(self) -> Ids[str]:
        """Pictures in the trash, which may have been chosen before."""

    def paths(self, picture_ids: Sequence[str]) -> dict[str, str]: ...


class QuestionQueue:
    """The queue of one concept. What is slow (`choose`, `first_look`) runs in the background, one at a
    time."""

    def __init__(self, concept: Questioned, background: Executor) -> None:
        self._concept = concept
        self._background = background
        self._queue = _Queue()
        self._lock = threading.Lock()

    def upcoming(self, have: Sequence[str], n: int, again: Sequence[str] = ()) -> Upcoming:
        """Up to n more pictures behind those the person's screen already `has` (unanswered, in order): first
        those to ask about `again`."""
        decisions = self._concept.decisions()
        asked_for, evaluation = list(self._concept.asked_for()), list(self._concept.test_pictures())
        held = {*have, *self._concept.removed()}
        wanted, measuring = (
            [i for i in pictures if i not in decisions and i not in held]
            for pictures in (asked_for, evaluation)
        )
        new = [i for i in have if i not in decisions]  # and no question that is asked again
        since = _since_evaluation(new, {*asked_for, *evaluation})
        answered = len(decisions) + len(new)
        measured = sum(i in decisions or i in held for i in evaluation)
        with self._lock:
            first_look = self._queue.first_look
            learning = [p for p in self._queue.chosen if p.id not in decisions and p.id not in held]
        due = self._refill_is_due(len(learning), len(decisions))
        chosen = [to_measure(picture_id, repeat=True) for picture_id in again[:n]]
        while len(chosen) < n and (learning or wanted or measuring):
            if not learning and self._queue.filling and len(have) + len(chosen) >= SHORT:
                break
            if wanted and (not learning or since >= EVERY - 1):  # somebody waits for these answers
                chosen.append(to_measure(wanted.pop(0)))
                since = 0
            elif measuring and (not learning or measures_next(since, answered, measured, first_look)):
                chosen.append(to_measure(measuring.pop(0)))
                since, measured = 0, measured + 1
            else:
                chosen.append(learning.pop(0))
                since += 1
            answered += 1
        if due:
            on_their_way = [*have, *(picture.id for picture in chosen)]
            self._background.submit(self._refill, len(decisions), on_their_way)
        paths = self._concept.paths([p.id for p in chosen if not p.path])
        pictures = [p.model_copy(update={"path": p.path or paths.get(p.id, "")}) for p in chosen]
        return Upcoming(pictures=pictures, thinking=self._queue.filling, problem=self._queue.problem)

    def _refill_is_due(self, left: int, decided: int) -> bool:
        """Whether the caller must submit a refill now; from here on it counts as running."""
        with self._lock:
            queue = self._queue
            low = left < LOW and not (queue.exhausted and decided == queue.decided)
            if queue.filling or not (low or abs(decided - queue.decided) >= STALE):
                return False
            queue.filling = True
            return True

    def _refill(self, decided: int, on_their_way: Sequence[str]) -> None:
        chosen: list[NextPicture] = []
        problem, first_look = "", LOOKS[0]
        try:
            chosen = self._concept.choose(BATCH, on_their_way)
            first_look = self._concept.first_look()
        except Exception as error:  # whatever it is, the person must see it and the queue go on
            problem = problem_of(error)
        with self._lock:
            known = -1 if problem else decided  # after a problem the next request tries again
            self._queue = _Queue(
                chosen, known, exhausted=len(chosen) < BATCH, problem=problem, first_look=first_look
            )


def problem_of(error: Exception) -> str:
    """Why nothing could be chosen, for the person; whatever should not happen is in the log."""
    if isinstance(error, DiscernError):
        return str(error)
    log.error("Choosing pictures failed.", exc_info=error)
    return f"The next pictures can't be chosen: {type(error).__name__}: {error}"


def _since_evaluation(have: Sequence[str], evaluation: set[str]) -> int:
    """How many pictures to learn from stand at the end of what the person has."""
    since = 0
    for picture_id in reversed(have):
        if picture_id in evaluation:
            return since
        since += 1
    return since
