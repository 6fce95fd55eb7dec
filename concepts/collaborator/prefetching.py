"""A batch is asked about in parts, and the next part is on its way before the one before it is kept: so an
endpoint waits neither for labels to be committed nor, with all its turns, for one slow answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor

from concepts.collaborator.base import Annotation, FailedAnnotation
from concepts.collaborator.duplicates import Groups

PARTS = 2  # of a batch, on their way together; how many calls are out at once is the endpoint's pace

Results = tuple[list[Annotation | FailedAnnotation], str]  # and why it must stop here, in words


def asked_ahead(
    groups: Groups, batch_size: int, prepare: Callable[[list[str]], Callable[[], Results]]
) -> Generator[Results, None, None]:
    """Results of one part after the other, until there are no more groups or one says to stop; what was on
    its way by then still comes. `prepare` is called here, what it returns in another thread.

    Closed early, it waits for what is on its way, which is paid for and cached.
    """
    waiting: deque[Future[Results]] = deque()
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
