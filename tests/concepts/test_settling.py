"""When more answers help little, from what the last ones changed, and never for want of answers."""

from __future__ import annotations

import numpy as np
import pytest
from answering import answer_next

from concepts.labelling.dataset import AnswerCount, dataset_of
from concepts.results.advice import about_rare, advice, is_enough, mode, progress
from concepts.results.stability import LAST, Left, Settling, few_left, settling
from concepts.use_cases import Concept


def counted(**changes: int) -> Settling:
    about = {"answers": 150, "last": LAST, "pictures": 2700, "flagged": 60, "either": 61, "changed": 3}
    return Settling.model_validate(about | {"hesitates": 12} | changes)


@pytest.mark.parametrize(
    ("changes", "settled"),
    [
        ({}, True),
        ({"changed": 4}, False),  # more than one in twenty of those flagged
        ({"hesitates": 16}, False),  # a quarter of those flagged is open
        ({"flagged": 0, "either": 0, "changed": 0, "hesitates": 0}, False),  # nothing found is no end
    ],
)
def test_few_changes_and_little_left_open_are_the_end(changes: dict[str, int], settled: bool) -> None:
    assert counted(**changes).settled is settled


def test_walls_without_a_yes_say_early_that_it_may_be_rare() -> None:
    assert "may be rare" in about_rare(AnswerCount(answers=3, no=3), None, 2)
    assert about_rare(AnswerCount(answers=3, no=3), None, 1) == ""
    assert about_rare(AnswerCount(answers=3, no=2, yes=1), None, 5) == ""


STABLE = "Stable: more labels would change little"
FEW, MANY = (AnswerCount(answers=n, teach_yes=20, teach_no=n - 20) for n in (60, 150))


@pytest.mark.parametrize(
    ("count", "found", "said", "enough"),
    [
        (FEW, None, "About 40 more labels help.", False),
        (FEW, counted(changed=30), "About 40 more labels help.", False),
        (FEW, counted(), f"{STABLE}.", True),
        (MANY, None, "Enough to start; more labels still help.", True),
        (MANY, counted(), f"{STABLE}.", True),
        (MANY, counted(hesitates=38), "Almost stable; 38 uncertain.", True),
        (MANY, counted(changed=30), "Not stable yet; 12 uncertain.", True),
        (AnswerCount(), None, "Label at least one that counts and one that doesn’t.", False),
        (AnswerCount(answers=150, teach_no=150), None, "Label at least one that counts.", False),
    ],
)
def test_what_is_said_of_more_answers_never_contradicts_whether_there_are_enough(
    count: AnswerCount, found: Settling | None, said: str, enough: bool
) -> None:
    assert advice(count, found) == said
    assert is_enough(count, found) is enough


@pytest.mark.parametrize(
    ("count", "found", "left", "line"),
    [
        (AnswerCount(), None, 30, "0 of about 100 labels · 30 test labels to the next figures"),
        (FEW, None, 1, "60 of about 100 labels · 1 test label to the next figures"),
        (FEW, None, 0, "60 of about 100 labels"),
        (FEW, counted(), 30, f"60 labels · {STABLE} · 30 test labels to the next figures"),
        (MANY, counted(hesitates=38), 0, "150 labels · Almost stable; 38 uncertain"),
        (AnswerCount(answers=150, teach_no=150), None, 0, "150 labels · Label at least one that counts"),
    ],
)
def test_one_line_says_how_far_the_labels_are(
    count: AnswerCount, found: Settling | None, left: int, line: str
) -> None:
    assert progress(count, found, left) == line


@pytest.mark.parametrize(
    ("yes", "scaled", "way"),
    [(0, False, "sheet"), (1, False, "grid"), (9, False, "grid"), (10, False, "single"), (0, True, "single")],
)
def test_sheets_come_until_something_counts_then_more_like_it_then_single_questions(
    yes: int, scaled: bool, way: str
) -> None:
    assert mode(AnswerCount(answers=yes, yes=yes), scaled=scaled) == way


def test_few_are_left_where_what_was_found_would_be_found_again() -> None:
    found, others = np.linspace(1, 2, 14), np.linspace(-3, 0, 500)
    all_again = few_left(found, others)
    assert all_again == Left(found=14, again=14, at_most=2)  # 14 (1 - q) / q with q = 0.1 to the power 1/14
    assert few_left(found, np.append(others, [1.5, 1.6])) == Left(found=14, again=14, at_most=4)
    assert few_left(np.append(found, -2.0), others) == Left(found=15, again=14, at_most=4)
    assert few_left(found, np.append(others, np.full(3, 3.0))) is None  # each of them may count
    assert few_left(found, others, lowest=1.5) is None  # nobody knows what is below


def test_how_it_is_known_is_said_also_where_few_are_left() -> None:
    left = Left(found=14, again=13, at_most=2)
    many = counted(hesitates=38)
    assert many.reason == "The last 40 of 150 labels changed 3 of 2,700 decisions; 38 are uncertain."
    found = Settling.model_validate(many.model_dump() | {"left": left})
    assert found.settled
    assert advice(FEW, found) == "Done: probably no more than 2 left that count."
    assert progress(FEW, found, 0) == "60 labels · Done: probably no more than 2 left that count"
    assert found.reason == (
        "The last 30 labels brought nothing that counts. Left out of learning in turn, 13 of 14 that count "
        "are found again."
    )


def test_the_last_answers_are_taken_away_and_nothing_is_said_where_too_few_are_left(concept: Concept) -> None:
    def settled_after(n: int) -> Settling | None:
        answer_next(concept, n)
        return settling(dataset_of(concept), "auto")

    assert settled_after(LAST) is None
    found = settled_after(12)
    assert (found.answers, found.pictures) == (LAST + 12, dataset_of(concept).pictures)
    assert found.changed <= found.either <= found.pictures
    assert found.left is None  # something was found with the last of them
