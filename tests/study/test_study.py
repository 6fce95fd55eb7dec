"""A simulated person answers what the product asks over drawn vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer import BadParameter

from concepts.encoders.base import unit
from concepts.learning.acquisition import Strategy
from concepts.learning.base import Texts
from concepts.learning.machine_labels import votes_of
from discern.laboratory import _noise
from study.annotators import SIMULATED_ANNOTATORS
from study.harness import Case, Row, ask, average_precision, run
from study.methods import StudyMethod, study_method
from study.people import ANSWERS_A_SEARCH, SimulatedPerson
from study.replay import Replay, Split
from study.report import as_table
from study.study import _thinned


def rare_concept(seed: int, ways: Strategy | None = None) -> tuple[Replay, SimulatedPerson]:
    """Twenty kinds of pictures; one that the words only half point at counts."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(20, 24))
    kind = rng.integers(0, 20, 1200)
    vectors = unit(centres[kind] + rng.normal(0, 0.8, (1200, 24)))
    words = unit(centres[3] + rng.normal(0, 1.0, 24))
    rows = rng.permutation(1200)
    split = Split([f"{row:04}" for row in range(1200)], vectors, np.arange(1200), rows[:700], rows[700:])
    person = SimulatedPerson(lambda name: bool(kind[int(name)] == 3))
    method = StudyMethod(ways or Strategy(), wall="")
    return Replay(split, Texts.one(words), seed, method, measuring=False), person


def by_method(name: str) -> tuple[Replay, SimulatedPerson]:
    """The same concept, by a method of the study."""
    plain, person = rare_concept(0)
    return Replay(plain.split, plain.texts, 0, study_method(name), measuring=False), person


def row(concept: str, method: str, seed: int, budget: int, ap: float) -> Row:
    counted = ("answers", "training_answers", "person_seconds", "shown_share", "positives")
    unknown = ("average_precision_library", "recall", "brier", "first_yes_seconds", "facets", "search_waits")
    facts, nothing = dict.fromkeys(counted, budget), dict.fromkeys(unknown, float("nan"))
    return Row(concept, method, seed, budget, average_precision=ap, **facts, **nothing)


def study(ways: Strategy, budgets: list[int], seed: int) -> list[Row]:
    return run(*rare_concept(seed, ways), budgets, Case("rare", ways.acquisition, seed), pool=700)


def test_it_reports_every_budget_with_its_answers_and_the_same_seed_gives_the_same_rows() -> None:
    rows = study(Strategy(), [25, 0, 10], 0)
    assert [row.answers for row in rows] == [0, 10, 25]
    assert [row.positives for row in rows] == sorted(row.positives for row in rows)
    assert repr(rows) == repr(study(Strategy(), [0, 10, 25], 0))  # where NaN is NaN


def test_it_ends_where_nothing_is_left_to_ask() -> None:
    session, person = rare_concept(0)
    said = ask(session, person, 1000, batch=100)
    assert len(said) == 700
    assert session.next(5) == []
    assert run(session, person, [10], Case("rare", "auto", 0)) == []


def test_what_a_simulated_person_is_unsure_of_is_asked_once_and_neither_trains_nor_measures() -> None:
    session, certain = rare_concept(0)
    person = SimulatedPerson(certain.counts, unsure=lambda name: True)
    said = ask(session, person, 15)
    assert set(said.values()) == {"unsure"}
    assert not set(said) & set(session.next(5))
    before, after = rare_concept(0)[0].measured(certain), session.measured(certain)
    assert (before.average_precision, before.brier) == (after.average_precision, after.brier)
    half = SimulatedPerson(lambda name: name == "a", unsure=lambda name: name == "c")
    assert average_precision({"a": 1.0, "b": 0.0, "c": 2.0}, half) == 1.0


def test_rows_are_shown_as_means() -> None:
    rows = [row("milk", "auto", seed, 20, ap) for seed, ap in ((0, 0.5), (1, 0.7))]
    assert [line.split()[-1] for line in as_table(rows)] == ["20", "0.600", "0.600"]


def test_people_err_alike_both_ways_or_in_two_shares_and_nothing_else_is_a_share() -> None:
    assert _noise("0.05") == (0.05, 0.05)
    assert _noise("0.1,0.01") == (0.1, 0.01)
    for text in ("", "x", "0.6", "-0.1", "0.1,0.1,0.1", "nan"):
        with pytest.raises(BadParameter, match="from 0 to"):
            _noise(text)


def test_a_wall_costs_as_much_as_eight_answers_and_each_click_one_until_something_counts() -> None:
    session, person = by_method("wall")
    (found,) = run(session, person, [40], Case("rare", "wall", 0), pool=700)
    clicks = found.positives if found.first_yes_seconds < 20 else 0
    assert found.answers == 40
    assert found.shown_share == pytest.approx((60 + 40 - 8 - clicks) / 700, abs=0.09)
    assert found.first_yes_seconds >= 12
    assert session.wall() == []  # something counts
    assert found.training_answers <= 40 - 8


def test_a_budget_that_a_wall_would_exceed_is_met_with_the_answers_before_it() -> None:
    found = run(*by_method("default"), [4, 20], Case("rare", "default", 0), pool=700)
    assert [(one.budget, one.answers) for one in found] == [(4, 0), (20, 20)]


def test_the_library_is_ranked_as_in_the_app_unless_another_way_is_named() -> None:
    def ranked(name: str) -> float:
        return run(*by_method(name), [15], Case("rare", name, 0))[0].average_precision_library

    assert ranked("default") == ranked("blend") != ranked("by_head")
    session, person = by_method("cache")  # which can't rank yet
    assert np.isnan(session.measured(person).average_precision_library)
    assert session.measured(person).average_precision > 0


def test_what_is_overlooked_on_a_wall_may_be_asked_later() -> None:
    session, person = by_method("wall")
    wall = session.wall()
    assert session.looked([]) == 0
    again = session.wall()
    assert len(wall) == len(again) == 60
    assert not set(wall) & set(again)
    everything = ask(session, person, 2000, batch=100)
    assert set(wall) <= set(everything)


def test_a_noisy_person_errs_about_the_same_pictures_whenever_asked_and_measures_by_what_is_meant() -> None:
    noisy = SimulatedPerson(lambda name: int(name) < 500, overlooks=0.2, invents=0.02, seed=3)
    names = [f"{number}" for number in range(1000)]
    wrong = [name for name in names if noisy.answer(name) != noisy.truth(name)]
    assert 70 < sum(int(name) < 500 for name in wrong) < 130
    assert 2 < sum(int(name) >= 500 for name in wrong) < 25
    assert wrong == [name for name in names if noisy.answer(name) != noisy.truth(name)]
    slips, again = ([name for name in names[:500] if noisy.answer(name, n) == "no"] for n in (0, 1))
    assert len(set(slips) & set(again)) < 40  # one in twenty-five: made anew when it is asked again


def rated(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truth and ratings of the pool of `rare_concept`."""
    session, person = rare_concept(seed)
    split = session.split
    truth = np.array([1 if person.counts(split.names[row]) else -1 for row in split.pool], np.int8)
    return truth, SIMULATED_ANNOTATORS[name](truth, split.vectors[split.pool], np.random.default_rng(seed))


def test_simulated_annotators_are_right_so_often_and_err_more_on_what_counts() -> None:
    truth, ratings = rated("annotator85")
    right = votes_of(ratings) == truth
    assert right.mean() == pytest.approx(0.85, abs=0.01)
    assert right[truth > 0].mean() == pytest.approx(0.75, abs=0.02)
    assert (votes_of(rated("annotator50")[1]) == truth).mean() == pytest.approx(0.5, abs=0.06)
    assert (votes_of(rated("annotator_yes")[1]) == 1).all()
    truth = np.where(np.arange(4000) % 4 == 0, 1, -1).astype(np.int8)
    right = votes_of(three_said(truth, 0)) == truth
    assert right.mean(axis=1) == pytest.approx([0.70, 0.75, 0.80], abs=0.03)
    assert np.abs(np.corrcoef(right) - np.eye(3)).max() < 0.06  # each errs by itself
    truth, ratings = rated("annotator_generous")
    assert (ratings[truth > 0] == 5).all()
    assert (ratings == 5).sum() == 2 * (truth > 0).sum()


def test_machine_labels_reach_training_as_in_the_app_and_none_reaches_what_measures() -> None:
    plain, person = rare_concept(0)
    _, ratings = rated("annotator85")
    method = study_method("default+annotator85+bounded")
    session = Replay(plain.split, plain.texts, 0, method, ratings=ratings)
    ask(session, person, 30)
    found = session._machine()
    assert found.labelled.any()
    assert not found.labelled[~session._learns | (session._said != 0)].any()
    assert (
        len(session._training().positive)
        == (session._said != 0)[session._learns].sum() + found.labelled.sum()
    )


def three_said(truth: np.ndarray, seed: int) -> np.ndarray:
    return SIMULATED_ANNOTATORS["three_annotators"](
        truth, np.empty((len(truth), 0)), np.random.default_rng(seed)
    )


def test_soft_targets_reach_training_twice_with_what_is_left_for_the_other_side() -> None:
    plain, person = rare_concept(0)
    method, truth = study_method("three_annotators+soft_targets"), rated("annotator_yes")[0]
    session = Replay(plain.split, plain.texts, 0, method, ratings=three_said(truth, 0))
    ask(session, person, 60)
    data, found, rows = session._training(), session._machine(), session._training_rows()
    n = int(found.labelled.sum())
    assert n > 100
    assert len(data.positive) == len(rows)
    first = np.isin(rows, rows[-n:]) & (np.arange(len(rows)) < len(rows) - n)
    assert np.array_equal(data.positive[-n:], ~data.positive[first])
    assert (data.weight[first] >= data.weight[-n:]).all()


def test_a_concept_that_is_thinned_keeps_that_share_of_what_counts_and_all_of_what_does_not() -> None:
    person = SimulatedPerson(lambda name: int(name) < 50)
    names = [str(n) for n in range(200)]
    split = Split(names, np.zeros((200, 2), np.float32), np.arange(200), np.arange(150), np.arange(150, 200))
    thin = _thinned(split, person, 0.02, 0)
    assert sum(person.truth(names[row]) == "yes" for row in thin.pool) == 3
    assert len(thin.pool) == 103
    assert _thinned(split, person, 0.0, 0) is split


def test_searches_are_written_one_after_the_other_and_each_is_asked_about_soon() -> None:
    plain, person = rare_concept(0)
    vectors = plain.split.vectors
    searches = np.stack([vectors[plain.split.pool[row]] for row in (3, 5)])
    texts = plain.texts
    written = [Texts(texts.direction, searches[: n + 1], texts.each) for n in range(2)]
    session = Replay(plain.split, texts, 0, plain.method, measuring=False, written=written)
    person = replace(person, facet=lambda name: str(int(name) % 2))
    rows = run(session, person, [ANSWERS_A_SEARCH, 60], Case("rare", "auto", 0))
    assert len(session.texts.searches) == 2
    assert rows[-1].search_waits <= 20
    assert rows[-1].facets == 1.0
