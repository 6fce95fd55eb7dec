"""What other projects' rules do in the study, over drawn vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_study import rare_concept

from concepts.errors import DiscernError
from study.harness import Case, ask, run
from study.methods import study_method
from study.peer_session import PeerSession
from study.peers import PEERS
from study.people import SimulatedPerson
from study.statistics import seconds_to_reach


def session(name: str, seed: int = 0) -> tuple[PeerSession, SimulatedPerson]:
    plain, person = rare_concept(seed)
    return PeerSession(plain.split, plain.texts, seed, PEERS[name]()), person


def searched(peer: PeerSession) -> list[str]:
    """The pool by falling likeness to the words."""
    split = peer.split
    scores = split.vectors[split.pool] @ peer.texts.direction
    return [split.names[row] for row in split.pool[np.argsort(-scores, kind="stable")]]


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_is_named_alone_shows_no_wall_learns_from_every_answer_and_repeats_itself(name: str) -> None:
    assert study_method(name).peer == name
    with pytest.raises(DiscernError, match=f"“{name}” is no method.*alone: default, .*{name}"):
        study_method(f"margin+{name}")
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


def test_a_text_search_learns_nothing_and_asks_until_nothing_is_left() -> None:
    peer, person = session("text_search")
    before, found = peer.measured(person), searched(peer)
    assert list(ask(peer, person, 1000, batch=100)) == found
    assert peer.next(5) == []
    assert peer.measured(person).average_precision == before.average_precision


def least_sure(shown: list[str], said: dict[str, float]) -> bool:
    return set(shown) == set(sorted(said, key=lambda name: abs(said[name]))[:100])


def nearer_to_yes(shown: list[str], said: dict[str, float]) -> bool:
    return all(said[name] > 0 for name in shown[:5])


def ten_of_each_side(shown: list[str], said: dict[str, float]) -> bool:
    return [said[name] > 0.5 for name in shown[:20]] == [True] * 10 + [False] * 10


@pytest.mark.parametrize(
    ("name", "by_words", "answers", "shows"),
    [
        ("rocchio", 5, 20, nearer_to_yes),
        ("random_forest", 10, 20, ten_of_each_side),
        ("agile", 0, 100, least_sure),
    ],
)
def test_each_peer_shows_what_the_words_find_and_then_what_its_rule_says(
    name: str, by_words: int, answers: int, shows: Any
) -> None:
    peer, person = session(name)
    assert session(name)[0].next(by_words) == searched(peer)[:by_words]
    ask(peer, person, answers)
    model = peer._model()
    scores = dict(zip(peer._names, model(peer._vectors).tolist(), strict=True))
    said = {name: score for name, score in scores.items() if not peer._asked[peer._place[name]]}
    assert shows(peer.next(100), said)


def test_a_near_duplicate_of_what_was_shown_is_not_shown() -> None:
    plain, person = rare_concept(0)
    split = replace(plain.split, group=plain.split.group // 2)
    peer = PeerSession(split, plain.texts, 0, PEERS["rocchio"]())
    said = ask(peer, person, 200)
    assert len({int(name) // 2 for name in said}) == 200


def test_seconds_until_a_quality_is_reached_are_on_a_line_between_two_budgets() -> None:
    quality, seconds = {30: 0.5, 80: 0.7, 160: float("nan")}, {30: 45.0, 80: 120.0, 160: 240.0}
    assert seconds_to_reach(quality, seconds, 0.6) == "82"
    assert seconds_to_reach(quality, seconds, 0.4) == "at most 45"
    assert seconds_to_reach(quality, seconds, 0.8) == "not within 120"
    assert seconds_to_reach({}, {}, 0.8) == "–"
