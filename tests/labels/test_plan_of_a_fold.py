"""Which answers go from one concept to another, whatever people said of the two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from concepts.labels.folding import plan_fold
from storage.labels import Author, LabelEvent

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PICTURES, PEOPLE, VALUES = ("p", "q"), ("ana", "ben"), ("yes", "no", "unsure", "skip")


def event(sequence: int, picture: str, author: str, value: str, hour: int) -> LabelEvent:
    when = BEGAN + timedelta(hours=hour)
    return LabelEvent(sequence, f"k{sequence}", picture, value, Author(author), 1, "", when, None)


@st.composite
def standing(draw: st.DrawFn, first: int) -> list[LabelEvent]:
    """At most one answer of each person to each picture."""
    slots = draw(st.sets(st.tuples(st.sampled_from(PICTURES), st.sampled_from(PEOPLE))))
    return [
        event(first + n, picture, author, draw(st.sampled_from(VALUES)), draw(st.integers(0, 9)))
        for n, (picture, author) in enumerate(sorted(slots))
    ]


@given(source=standing(0), target=standing(100))
def test_the_newer_answer_of_a_person_holds_and_nothing_is_counted_twice(
    source: list[LabelEvent], target: list[LabelEvent]
) -> None:
    plan = plan_fold(source, target)
    after = {(e.picture_id, e.author): e for e in [*target, *plan.copied]}
    for mine in source:
        if mine.value == "skip":
            assert mine not in plan.copied
            continue
        theirs = [e for e in target if (e.picture_id, e.author) == (mine.picture_id, mine.author)]
        said = [mine, *(e for e in theirs if e.value != "skip")]
        newest = max(said, key=lambda e: (e.created, e.sequence))  # of equally old ones the target's
        assert after[mine.picture_id, mine.author].value == newest.value
    counted = [e for e in source if e.value != "skip"]
    kept = sum(d.holds == "target" for d in plan.differing)
    assert len(plan.copied) + plan.same + kept == len(counted)
    assert plan_fold(source, list(after.values())).copied == ()


def test_pictures_that_people_come_to_differ_about_are_counted_once() -> None:
    target = [event(100, "p", "ana", "yes", 1), event(101, "q", "ana", "yes", 1)]
    source = [event(0, "p", "ben", "no", 2), event(1, "q", "ben", "yes", 2)]
    assert plan_fold(source, target).between_people == 1
