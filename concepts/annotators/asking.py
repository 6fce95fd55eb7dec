"""Asking a model about many pictures at a time: what concerns one picture fails that picture alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from concepts.annotators.base import Annotation, FailedAnnotation, PictureInput
from concepts.errors import BadPictureError, ModelAnswerError, ModelCallError, UnknownPictureError

# No answer, no key, not allowed, no such model, too many calls: the next picture would meet the same.
ALL_MEET_IT = (None, 401, 403, 404, 429)


def each(
    pictures: Sequence[PictureInput], judge: Callable[[PictureInput], Annotation], concurrency: int
) -> list[Annotation | FailedAnnotation]:
    """What `judge` says of each, in order, so many at a time.

    `BudgetError`, and `ModelCallError` that the next picture would meet too, end the batch. The answers that
    came in by then are in the cache: the same batch asked again gets them without a call.
    """
    with ThreadPoolExecutor(concurrency) as threads:
        futures = [threads.submit(_one, judge, picture) for picture in pictures]
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
