"""Parts of a batch are on their way together, and each is handed on as it comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

from patience import PATIENCE

from concepts.collaborator.annotating import PARTS, Answered, Groups, asked_ahead
from concepts.collaborator.base import Annotation, FailedAnnotation

IDS = [f"picture {n}" for n in range(12)]
BATCH = 2 * PARTS  # parts of two pictures


def said(ids: list[str], stopped: str = "") -> Answered:
    """Of “broken” nothing can be said."""
    return [FailedAnnotation(i, "?") if i == "broken" else Annotation(i, 4, (), "") for i in ids], stopped


def pictures(results: Answered) -> list[str]:
    return [one.picture_id for one in results[0]]


def test_the_next_part_is_asked_before_the_one_before_it_is_kept() -> None:
    together = threading.Barrier(PARTS, timeout=PATIENCE)

    def prepare(ids: list[str]) -> Callable[[], Answered]:
        def ask() -> Answered:
            together.wait()  # as many parts as are on their way together, or an error
            return said(ids)

        return ask

    found = [pictures(results) for results in asked_ahead(Groups(IDS, IDS), BATCH, prepare)]
    assert found == [IDS[start : start + 2] for start in range(0, 12, 2)]


def test_where_it_stops_nothing_is_begun_and_what_was_on_its_way_is_handed_on() -> None:
    begun: list[list[str]] = []

    def prepare(ids: list[str]) -> Callable[[], Answered]:
        begun.append(ids)
        return lambda: said(ids, "the budget is used up" if ids == IDS[:2] else "")

    found = list(asked_ahead(Groups(IDS, IDS), BATCH, prepare))
    assert len(begun) == len(found) == PARTS
    assert {stopped for _, stopped in found} == {"the budget is used up"}


def test_closed_early_it_waits_for_what_is_on_its_way() -> None:
    ended: list[list[str]] = []
    may_end = threading.Event()

    def prepare(ids: list[str]) -> Callable[[], Answered]:
        def ask() -> Answered:
            if ids != IDS[:2]:
                may_end.wait(20)
            ended.append(ids)
            return said(ids)

        return ask

    with closing(asked_ahead(Groups(IDS, IDS), BATCH, prepare)) as asked:
        next(asked)
        may_end.set()
    assert len(ended) == PARTS


def test_the_rest_of_a_group_whose_first_picture_failed_is_asked_about_after_the_others() -> None:
    groups = Groups(["broken", "b", "c"], ["alike", "alike", "c"])
    asked = []
    for results, _ in asked_ahead(groups, 1, lambda ids: lambda: said(ids)):
        for one in results:
            asked.append(one.picture_id)
            if isinstance(one, FailedAnnotation):
                groups.failed(one.picture_id)
    assert asked == ["broken", "c", "b"]
