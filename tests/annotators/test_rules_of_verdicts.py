"""What verdicts on the criteria allow to conclude, by the tree that a definition is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.collaborator.base import max_rating
from concepts.definition.document import Criterion

FRUIT = Criterion(kind="necessary", text="fruit")
APPLE = Criterion(kind="included", text="apples", of="fruit")
PEAR = Criterion(kind="included", text="pears", of="fruit")
STILL_LIFE = Criterion(kind="included", text="still lifes")
RIPE = Criterion(kind="supporting", text="ripe")
CITRUS = Criterion(kind="excluding", text="citrus", of="fruit")
JUICE = Criterion(kind="undecided", text="juice")
TREE = (FRUIT, APPLE, PEAR, STILL_LIFE, RIPE, CITRUS, JUICE)


@pytest.mark.parametrize(
    ("verdicts", "rating"),
    [
        ({"fruit": "not met", "apples": "unclear", "pears": "not met"}, 5),
        ({"fruit": "not met", "apples": "not met", "pears": "not met"}, 2),
        ({"fruit": "not met", "apples": "not met", "pears": "not met", "still lifes": "met"}, 2),
        ({"fruit": "met", "ripe": "not met", "still lifes": "not met"}, 5),
        ({"fruit": "met", "citrus": "met"}, 2),
        ({"fruit": "met", "juice": "met"}, 3),
        ({"fruit": "met", "juice": "met", "citrus": "met"}, 2),
    ],
)
def test_the_highest_rating_follows_from_the_tree(verdicts, rating):
    said = [verdicts.get(criterion.text, "unclear") for criterion in TREE]
    highest, reason = max_rating(TREE, said)
    assert highest == rating
    assert bool(reason) == (rating < 5)


@given(st.lists(st.sampled_from(["met", "not met", "unclear"]), min_size=7, max_size=7))
def test_a_picture_may_count_only_if_every_necessary_criterion_holds_and_no_excluding_one_is_met(verdicts):
    said = dict(zip((criterion.text for criterion in TREE), verdicts, strict=True))
    may_count = max_rating(TREE, verdicts)[0] > 3
    fails = all(said[text] == "not met" for text in ("fruit", "apples", "pears"))
    assert may_count == (not fails and said["citrus"] != "met" and said["juice"] != "met")
