"""What other projects' rules do in the study, over drawn vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_study import rare_concept

from concepts.encoders.base import unit
from concepts.errors import DiscernError
from concepts.learning.base import Texts
from study.harness import Case, ask, run
from study.methods import study_method
from study.peer_session import PeerSession
from study.peers import PEERS
from study.people import ANSWERS_A_SEARCH, SimulatedPerson
from study.statistics import seconds_to_reach


def session(name: str, seed: int = 0) -> tuple[PeerSession, SimulatedPerson]:
    plain, person = rare_concept(seed)
    return PeerSession(plain.split, plain.texts, seed, PEERS[name]()), person


def searched(peer: PeerSession) -> list[str]:
    """The pool by falling likeness to the words."""
    split = peer.split
    scores = split.vectors[split.pool] @ peer.texts.direction
    return [split.names[row] for row in split.pool[np.argsort(-scores, kind="stable")]]


def by_model(peer: PeerSession) -> dict[str, float]:
    """What the peer says of each picture that it was not asked about."""
    model = peer._model()
    assert model is not None
    scores = dict(zip(peer._names, model(peer._vectors).tolist(), strict=True))
    return {name: score for name, score in scores.items() if not peer._asked[peer._place[name]]}


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_is_named_alone(name: str) -> None:
    assert study_method(name).peer == name
    with pytest.raises(DiscernError, match=f"“{name}” is no method.*alone: default, .*{name}"):
        study_method(f"margin+{name}")


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_shows_no_wall_learns_from_every_answer_and_repeats_itself_with_the_same_seed(
    name: str,
) -> None:
    first, again = (run(*session(name), [0, 60], Case("rare", name, 0), pool=700) for _ in range(2))
    assert repr(first) == repr(again)
    assert [row.training_answers for row in first] == [0, 60]
    assert first[1].person_seconds == 90


@pytest.mark.parametrize("name", ["rocchio", "random_forest", "agile"])
def test_a_peer_that_learns_gets_better_than_the_words(name: str) -> None:
    peer, person = session(name)
    before = peer.measured(person)
    ask(peer, person, 200)
    assert peer.measured(person).average_precision > before.average_precision + 0.1


@pytest.mark.parametrize("name", ["text_search", "rocchio", "agile"])
def test_a_peer_asks_until_nothing_is_left(name: str) -> None:
    peer, person = session(name)
    assert len(ask(peer, person, 1000, batch=100)) == 700
    assert peer.next(5) == []


def test_a_text_search_learns_nothing() -> None:
    peer, person = session("text_search")
    before = peer.measured(person)
    assert list(ask(peer, person, 40)) == searched(peer)[:40]
    assert peer.measured(person).average_precision == before.average_precision


@pytest.mark.parametrize(("name", "by_words"), [("rocchio", 5), ("random_forest", 10)])
def test_the_first_examples_are_what_the_words_find(name: str, by_words: int) -> None:
    peer, _ = session(name)
    assert peer.next(by_words) == searched(peer)[:by_words]


def test_the_first_examples_of_agile_modeling_are_some_of_what_each_text_finds() -> None:
    peer, _ = session("agile")
    words, other = peer.texts.direction, unit(np.random.default_rng(1).normal(size=24))
    each = replace(peer.texts.each(), against=other[None])
    peer.texts = Texts(words, peer.texts.searches, lambda: each)
    shown = set(peer.next(100))
    by_words = set(searched(peer)[:100])
    peer.texts = Texts.one(other)
    by_other = set(searched(peer)[:100])
    assert len(shown) == 100
    assert shown <= by_words | by_other
    assert shown - by_words
    assert shown - by_other


def test_rocchio_shows_some_of_what_is_nearer_to_the_mean_of_the_yes_pictures() -> None:
    peer, person = session("rocchio")
    ask(peer, person, 20)
    scores = by_model(peer)
    assert all(scores[name] > 0 for name in peer.next(5))


def test_a_round_of_the_forest_is_ten_that_it_takes_for_yes_and_ten_for_no() -> None:
    peer, person = session("random_forest")
    ask(peer, person, 20)
    scores = by_model(peer)
    assert [scores[name] > 0.5 for name in peer.next(20)] == [True] * 10 + [False] * 10


def test_agile_modeling_asks_what_its_network_is_least_sure_of() -> None:
    peer, person = session("agile")
    ask(peer, person, 100)
    scores = by_model(peer)
    assert set(peer.next(100)) == set(sorted(scores, key=lambda name: abs(scores[name]))[:100])


def test_a_near_duplicate_of_what_was_shown_is_not_shown() -> None:
    plain, person = rare_concept(0)
    split = replace(plain.split, group=plain.split.group // 2)
    peer = PeerSession(split, plain.texts, 0, PEERS["rocchio"]())
    said = ask(peer, person, 200)
    assert len({int(name) // 2 for name in said}) == 200


def test_a_peer_hears_the_searches_that_the_person_comes_to_write_and_the_kinds_are_counted() -> None:
    plain, person = rare_concept(0)
    person = replace(person, facet=lambda name: str(int(name) % 2))
    other = -plain.texts.direction
    first, then = (
        Texts(way, np.stack([other] * n), plain.texts.each) for n, way in ((1, -other), (2, other))
    )
    peer = PeerSession(plain.split, plain.texts, 0, PEERS["text_search"](), [first, then])
    said = list(ask(peer, person, ANSWERS_A_SEARCH + 5))
    assert said[:ANSWERS_A_SEARCH] == searched(peer)[::-1][:ANSWERS_A_SEARCH]
    assert said[ANSWERS_A_SEARCH:] == searched(peer)[:5]
    assert 0 <= peer.measured(person).facets <= 1


def test_pictures_that_a_person_has_at_hand_are_learned_from() -> None:
    peer, person = session("rocchio")
    given = peer.some_that_count(person, 3)
    assert [person.truth(name) for name in given] == ["yes"] * 3
    assert peer.looked(given) == 3
    assert not set(given) & set(ask(peer, person, 50))


def test_seconds_until_a_quality_is_reached_are_on_a_line_between_two_budgets() -> None:
    quality, seconds = {30: 0.5, 80: 0.7, 160: float("nan")}, {30: 45.0, 80: 120.0, 160: 240.0}
    assert seconds_to_reach(quality, seconds, 0.6) == "82"
    assert seconds_to_reach(quality, seconds, 0.4) == "at most 45"
    assert seconds_to_reach(quality, seconds, 0.8) == "not within 120"
    assert seconds_to_reach({}, {}, 0.8) == "–"
