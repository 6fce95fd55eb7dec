"""Asking a model about many pictures at a time: what concerns one picture fails that picture alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from concepts.collaborator.base import Annotation, FailedAnnotation, PictureInput
from concepts.errors import BadPictureError, ModelAnswerError, ModelCallError, UnknownPictureError

T = TypeVar("T")

# No answer, no key, not allowed, no such model, too many calls: the next picture would meet the same.
ALL_MEET_IT = (None, 401, 403, 404, 429)


def each(
    pictures: Sequence[PictureInput], judge: Callable[[PictureInput], Annotation], concurrency: int
) -> list[Annotation | FailedAnnotation]:
    """What `judge` says of each, in order, so many at a time.

    `BudgetError`, and `ModelCallError` that the next picture would meet too, end the batch. The answers that
    came in by then are in the cache: the same batch asked again gets them without a call.
    """
    ended: list[BaseException] = []  # by what all meet; a thread that is free must not meet it once more

    def one(picture: PictureInput) -> Annotation | FailedAnnotation:
        if ended:
            raise ended[0]
        try:
            return _one(judge, picture)
        except BaseException as error:
            ended.append(error)
            raise

    with ThreadPoolExecutor(concurrency) as threads:
        futures = [threads.submit(one, picture) for picture in pictures]
        try:
            return [future.result() for future in futures]
        except BaseException:
            threads.shutdown(cancel_futures=True)  # those in flight end and are cached
            raise


def _one(judge: Callable[[PictureInput], Annotation], picture: PictureInput) -> Annotation | FailedAnnotation:
    try:
        return judge(picture)
    except (OSError, BadPictureError, UnknownPictureError) as error:
        return FailedAnnotation(picture.picture_id, f"The picture can't be read: {error}")
    except ModelAnswerError as error:
        return FailedAnnotation(picture.picture_id, str(error))
    except ModelCallError as error:
        if error.status in ALL_MEET_IT:
            raise
        return FailedAnnotation(picture.picture_id, str(error))


class InFlight(Generic[T]):
    """Of several threads that want the same at the same time one gets it for all; nothing is kept beyond
    that, since answers are cached where they are paid for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going: dict[str, Future[T]] = {}

    def once(self, key: str, make: Callable[[], T]) -> T:
        with self._lock:
            going = self._going.get(key)
            mine = Future[T]() if going is None else None
            if mine is not None:
                self._going[key] = mine
        if mine is None:
            assert going is not None
            return going.result()
        try:
            mine.set_result(make())
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                del self._going[key]
        return mine.result()
