"""How pictures are handed to an annotator: once where they look the same, and a part of a batch ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from concepts.collaborator.base import Annotation, Result

PARTS = 2  # of a batch, on their way together; how many calls are out at once is the endpoint's pace

Answered = tuple[list[Result], str]  # and why it must stop here, in words


class Groups:
    """What is to be annotated, by groups of near-duplicates. Where a group's first picture can't be judged,
    its second is asked about later."""

    def __init__(self, ids: Sequence[str], groups: Sequence[str]) -> None:
        self._members: dict[str, list[str]] = {}
        for picture_id, group in zip(ids, groups, strict=True):
            self._members.setdefault(group, []).append(picture_id)
        self._group_of = dict(zip(ids, groups, strict=True))
        self._waiting = deque(self._members)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self, n: int) -> list[str]:
        """One picture of each of the next n groups."""
        return [self._members[self._waiting.popleft()][0] for _ in range(min(n, len(self._waiting)))]

    def others(self, picture_id: str) -> list[str]:
        """Those that share what is said of this picture."""
        return [i for i in self._members[self._group_of[picture_id]] if i != picture_id]

    def failed(self, picture_id: str) -> None:
        """This one can't be judged; the rest of its group waits for its own turn."""
        group = self._group_of[picture_id]
        self._members[group].remove(picture_id)
        if self._members[group]:
            self._waiting.append(group)

    def copies(self, known: Mapping[str, str]) -> dict[str, str]:
        """Picture id → the picture of its group that was looked at before (group → picture). They wait no
        longer."""
        found = {i: known[group] for i, group in self._group_of.items() if group in known}
        self._waiting = deque(group for group in self._waiting if group not in known)
        return found


def copy_of(said: Annotation, picture_id: str) -> Annotation:
    return replace(said, picture_id=picture_id, same_as=said.same_as or said.picture_id)


def asked_ahead(
    groups: Groups, batch_size: int, prepare: Callable[[list[str]], Callable[[], Answered]]
) -> Generator[Answered, None, None]:
    """Answered of one part after the other, until there are no more groups or one says to stop; what was on
    its way by then still comes. `prepare` is called here, what it returns in another thread.

    A batch is asked about in parts, and the next part is on its way before the one before it is kept: so an
    endpoint waits neither for labels to be committed nor, with all its turns, for one slow answer.

    Closed early, it waits for what is on its way, which is paid for and cached.
    """
    waiting: deque[Future[Answered]] = deque()
    stopped = ""
    with ThreadPoolExecutor(PARTS) as threads:
        while True:
            while groups and not stopped and len(waiting) < PARTS:
                waiting.append(threads.submit(prepare(groups.next(max(batch_size // PARTS, 1)))))
            if not waiting:
                return
            results, reason = waiting.popleft().result()
            stopped = stopped or reason
            yield results, stopped
