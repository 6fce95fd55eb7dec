"""What to ask next: a queue per concept that is filled off the request path.

Choosing takes a training and a pass over the library; an answer takes a few milliseconds and never waits
for it. About every third question is a picture of the evaluation set, in that set's own order; now and then
one is asked again (`concepts.labelling.rechecks`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from collections.abc import Collection as Ids
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import NamedTuple

from concepts.errors import DiscernError
from concepts.labelling.selection import NextPicture, to_measure
from concepts.learning.waves import EVERY, LOOKS, measures_next, teaches_first
from concepts.view import View

BATCH = 10  # pictures chosen together
LOW = 5  # with fewer left the next batch is chosen
SHORT = 3  # pictures to measure with that bridge the time until there are some to learn from
STALE = 8  # answers after which what is left is chosen again

log = logging.getLogger(__name__)


class Upcoming(View):
    """What comes next, in order. `thinking`: more is being chosen. `problem`: why nothing can be. `sheet`: a
    contact sheet is worth more now than single questions."""

    pictures: list[NextPicture]
    thinking: bool
    problem: str
    sheet: bool = False


@dataclass
class _Queue:
    """`chosen` comes from one look at the labels; `decided` is how many decisions that look knew."""

    chosen: list[NextPicture] = field(default_factory=list)
    decided: int = -1
    filling: bool = False
    exhausted: bool = False
    problem: str = ""
    first_look: int = LOOKS[0]
    sheet: int = -1


class Chosen(NamedTuple):
    """Pictures to learn from, and after how many test labels there are figures. sheet: how many contact
    sheets were looked through before the one that is due, -1 where none is."""

    pictures: list[NextPicture]
    first_look: int
    sheet: int = -1


# The n pictures whose labels help most, without those on their way to the person.
Choose = Callable[[int, Sequence[str]], Chosen]


class QuestionQueue:
    """The queue of one concept. `choose` is slow and runs in the background, one at a time."""

    def __init__(self, choose: Choose, background: Executor) -> None:
        self._choose, self._background = choose, background
        self._queue = _Queue()
        self._lock = threading.Lock()

    def upcoming(
        self,
        have: Sequence[str],
        n: int,
        decisions: Ids[str],
        asked_for: Sequence[str],
        tests: Ids[str],
        removed: Ids[str],
        again: Sequence[str] = (),
    ) -> Upcoming:
        """Up to n more pictures behind those the person's screen already `has` (unanswered, in order): first
        those to ask about `again`. `decisions`: labelled pictures; `asked_for`: those that somebody waits for
        labels of; `tests`: in the order of their draw; `removed`: in the trash, chosen before or not."""
        held = {*have, *removed}
        wanted, measuring = (
            [i for i in pictures if i not in decisions and i not in held] for pictures in (asked_for, tests)
        )
        new = [i for i in have if i not in decisions]  # and no question that is asked again
        apart = {*asked_for, *tests}  # how many to learn from stand at the end of what the person has
        since = next((n for n, i in enumerate(reversed(new)) if i in apart), len(new))
        answered = len(decisions) + len(new)
        measured = sum(i in decisions or i in held for i in tests)
        with self._lock:
            first_look = self._queue.first_look
            learning = [p for p in self._queue.chosen if p.repeat or p.id not in decisions]
            learning = [p for p in learning if p.id not in held]
            low = len(learning) < LOW and not (
                self._queue.exhausted and len(decisions) == self._queue.decided
            )
            stale = abs(len(decisions) - self._queue.decided) >= STALE
            due = not self._queue.filling and (low or stale)
            self._queue.filling |= due  # from here on it counts as running
        chosen = [to_measure(picture_id, repeat=True) for picture_id in again[:n]]
        while len(chosen) < n and (learning or wanted or measuring):
            if not learning and self._queue.filling:
                bridged = measured if teaches_first(answered, first_look) else len(have) + len(chosen)
                if bridged >= SHORT:
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
        with self._lock:  # each is asked again once
            self._queue.chosen = [p for p in self._queue.chosen if not (p.repeat and p in chosen)]
        return Upcoming(pictures=chosen, thinking=self._queue.filling, problem=self._queue.problem)

    @property
    def sheet(self) -> int:
        """As in `Chosen`."""
        return self._queue.sheet

    def _refill(self, decided: int, on_their_way: Sequence[str]) -> None:
        chosen, problem = Chosen([], LOOKS[0]), ""
        try:
            chosen = self._choose(BATCH, on_their_way)
        except Exception as error:  # whatever it is, the person must see it and the queue go on
            problem = problem_of(error)
        with self._lock:
            known = -1 if problem else decided  # after a problem the next request tries again
            self._queue = _Queue(
                chosen.pictures,
                known,
                exhausted=len(chosen.pictures) < BATCH,
                problem=problem,
                first_look=chosen.first_look,
                sheet=chosen.sheet,
            )


def problem_of(error: Exception) -> str:
    """Why nothing could be chosen, for the person; whatever should not happen is in the log."""
    if isinstance(error, DiscernError):
        return str(error)
    log.error("Choosing pictures failed.", exc_info=error)
    return f"The next pictures can't be chosen: {type(error).__name__}: {error}"
