"""Borderline pictures by what is open about them."""

import numpy as np

from concepts.collaborator.ambiguities import (
    PARTING,
    Ambiguity,
    batch,
    by_description,
    by_looks,
    next_to_meet,
    spread,
    telling_nouns,
    with_parting,
)
from concepts.definition.vocabulary import Noun
from concepts.encoders.base import unit
from concepts.encoders.embedded import FEATURES
from concepts.encoders.sentences import SentenceEncoder

EMBED = SentenceEncoder().encode
FOOD = [
    "food is there but not the subject",
    "the food is in the background",
    "food is not what the picture is about",
]
DRAWN = ["drawn instead of photographed", "a drawing, not a photo", "it is an illustration"]


def looks(*centres, each=6, seed=0):
    rng = np.random.default_rng(seed)
    directions = unit(rng.normal(size=(8, 32)))
    near = [directions[[centre]] + rng.normal(0, 0.05, (each, 32)) for centre in centres]
    return unit(np.concatenate(near).astype(np.float32))


def test_descriptions_that_mean_the_same_are_one_ambiguity_with_one_of_their_names_from_three_on():
    found = by_description({text: text for text in FOOD + DRAWN}, dict.fromkeys(FOOD + DRAWN, 1.0), EMBED)
    assert {frozenset(one.pictures) for one in found} == {frozenset(FOOD), frozenset(DRAWN)}
    assert all(one.name in one.pictures for one in found)
    assert by_description(dict(zip("ab", FOOD, strict=False)), {"a": 1.0, "b": 1.0}, EMBED) == []


def test_pictures_to_argue_about_are_in_doubt_and_show_different_things():
    vectors = looks(0, 1, 2, 3, each=25)
    doubt = np.tile([1.0] + [0.0] * 4, 20)
    rows = spread(vectors, doubt, 4)
    assert (doubt[rows] == 1).all()
    assert {row // 25 for row in rows} == {0, 1, 2, 3}


def test_a_batch_begins_with_the_most_typical_and_leaves_out_near_copies():
    vectors = np.concatenate([np.repeat(looks(0, each=1), 6, axis=0), looks(1, 2, 3, 4, each=1)])
    group = Ambiguity("x", tuple(f"p{n}" for n in range(10)))
    assert batch(group, vectors)[0] == "p0"
    assert set(batch(group, vectors)) == {"p0", "p6", "p7", "p8", "p9"}


class Words:
    """The noun of the largest value, and the next."""

    def nearest_to(self, vector, n):
        return [Noun(("viaduct", "toilet", "sky")[row], 1.0) for row in np.argsort(-vector)[:1]]


def test_a_group_is_called_by_what_most_of_its_pictures_show_or_by_nothing():
    def pictures(*shown):
        return np.concatenate([np.zeros((len(shown), FEATURES)), np.eye(3)[list(shown)]], axis=1)

    others = pictures(0, 1, 2)
    assert telling_nouns(Words(), pictures(0, 0, 0, 1), others) == ["viaduct"]
    assert telling_nouns(Words(), pictures(0, 0, 1, 2), others) == []


def test_without_a_model_groups_that_look_alike_have_names_of_their_own():
    vectors = looks(0, 1, 2, each=20)
    ids = [f"p{n}" for n in range(60)]
    found = by_looks(ids, vectors, np.linspace(0, 1, 60), vectors, lambda group, others: [])
    assert [one.name for one in found] == [f"Group {n + 1}" for n in range(len(found))]
    assert len(found) > 1
    shown = [i for one in found for i in one.pictures]
    assert len(set(shown)) == len(shown)
    assert set(shown) <= set(ids)


def test_what_was_met_under_another_name_comes_last_and_where_answers_and_words_part_stays_open():
    found = [Ambiguity(FOOD[0], ("a",)), Ambiguity(DRAWN[0], ("b",))]
    assert [one.name for one in next_to_meet(found, [FOOD[1]], EMBED)] == [DRAWN[0], FOOD[0]]
    found = with_parting([Ambiguity(FOOD[0], ("a",))], ["p", "q", "r"])
    assert [one.name for one in next_to_meet(found, [PARTING], EMBED)] == [FOOD[0], PARTING]
    assert with_parting([], ["p", "q"]) == []
