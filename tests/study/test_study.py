"""A simulated person answers what the product asks over drawn vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer import BadParameter

from concepts.encoders.base import unit
from concepts.errors import WrongUsageError
from concepts.learning.acquisition import Strategy
from concepts.learning.base import SingleTexts, Texts
from concepts.learning.machine_labels import bounded, votes_of
from discern.laboratory import _noise
from study.annotators import SIMULATED_ANNOTATORS
from study.borrowing import borrowed
from study.harness import Case, Row, ask, average_precision, run
from study.methods import StudyMethod, study_method
from study.people import ANSWERS_A_SEARCH, SimulatedPerson
from study.replay import Replay, Split
from study.report import as_table
from study.soft_targets import soft_targets
from study.study import _finished, _thinned


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


def row(concept: str, method: str, seed: int, budget: int, ap: float, library: float = 0.0) -> Row:
    facts = dict.fromkeys(
        ("answers", "training_answers", "person_seconds", "shown_share", "positives"), budget
    )
    measured = {
        "average_precision": ap,
        "average_precision_library": library,
        "recall": 0.5,
        "brier": 0.1,
        "first_yes_seconds": 3.0,
        "facets": float("nan"),
        "search_waits": float("nan"),
    }
    return Row(concept, method, seed, budget, **facts, **measured)


def study(ways: Strategy, budgets: list[int], seed: int) -> list[Row]:
    return run(*rare_concept(seed, ways), budgets, Case("rare", ways.acquisition, seed), pool=700)


def test_auto_learns_a_rare_concept_from_words_alone_with_fewer_answers_than_random() -> None:
    auto, random = (
        [study(Strategy(acquisition=name), [20], seed)[-1].average_precision for seed in range(3)]
        for name in ("auto", "random")
    )
    assert np.mean(auto) > 0.85
    assert np.mean(auto) > np.mean(random)


def test_it_reports_every_budget_with_its_answers_and_the_same_seed_gives_the_same_rows() -> None:
    rows = study(Strategy(), [25, 0, 10], 0)
    assert [row.answers for row in rows] == [0, 10, 25]
    assert [row.positives for row in rows] == sorted(row.positives for row in rows)
    assert repr(rows) == repr(study(Strategy(), [0, 10, 25], 0))  # where NaN is NaN


def test_every_way_can_be_named_and_one_that_is_none_is_refused_before_any_work() -> None:
    assert study(Strategy(head="lda", acquisition="margin"), [10], 0)[0].answers == 10
    with pytest.raises(WrongUsageError, match="forest"):
        Strategy(head="forest")
    with pytest.raises(WrongUsageError, match="psychic"):
        Strategy(acquisition="psychic")


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
    plain, person = rare_concept(0)
    session = Replay(plain.split, plain.texts, 0, study_method("wall"), measuring=False)
    (found,) = run(session, person, [40], Case("rare", "wall", 0), pool=700)
    clicks = found.positives if found.first_yes_seconds < 20 else 0
    assert found.answers == 40
    assert found.shown_share == pytest.approx((60 + 40 - 8 - clicks) / 700, abs=0.09)
    assert found.first_yes_seconds >= 12
    assert session.wall() == []  # something counts
    assert found.training_answers <= 40 - 8


def test_a_budget_that_a_wall_would_exceed_is_met_with_the_answers_before_it() -> None:
    plain, person = rare_concept(0)
    session = Replay(plain.split, plain.texts, 0, study_method("default"), measuring=False)
    found = run(session, person, [4, 20], Case("rare", "default", 0), pool=700)
    assert [(one.budget, one.answers) for one in found] == [(4, 0), (20, 20)]


def test_the_library_is_ranked_as_in_the_app_unless_another_way_is_named() -> None:
    def ranked(name: str) -> float:
        plain, person = rare_concept(0)
        session = Replay(plain.split, plain.texts, 0, study_method(name), measuring=False)
        return run(session, person, [15], Case("rare", name, 0))[0].average_precision_library

    assert ranked("default") == ranked("blend") != ranked("by_head")


def test_what_is_overlooked_on_a_wall_may_be_asked_later() -> None:
    plain, person = rare_concept(0)
    session = Replay(plain.split, plain.texts, 0, study_method("wall"), measuring=False)
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


def rated(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truth and ratings of the pool of `rare_concept`."""
    session, person = rare_concept(seed)
    split = session.split
    truth = np.array([1 if person.counts(split.names[row]) else -1 for row in split.pool], np.int8)
    return truth, SIMULATED_ANNOTATORS[name](truth, split.vectors[split.pool], np.random.default_rng(seed))


def test_a_simulated_annotator_is_right_so_often_and_errs_more_on_what_counts() -> None:
    truth, ratings = rated("annotator85")
    right = votes_of(ratings) == truth
    assert right.mean() == pytest.approx(0.85, abs=0.01)
    assert right[truth > 0].mean() == pytest.approx(0.75, abs=0.02)
    assert (votes_of(rated("annotator50")[1]) == truth).mean() == pytest.approx(0.5, abs=0.06)
    assert (votes_of(rated("annotator_yes")[1]) == 1).all()


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


def test_three_simulated_annotators_err_each_by_itself() -> None:
    truth = np.where(np.arange(4000) % 4 == 0, 1, -1).astype(np.int8)
    right = votes_of(three_said(truth, 0)) == truth
    assert right.mean(axis=1) == pytest.approx([0.70, 0.75, 0.80], abs=0.03)
    assert np.abs(np.corrcoef(right) - np.eye(3)).max() < 0.06


def test_soft_targets_teach_both_sides_in_sum_as_much_as_bounded_labels_do() -> None:
    truth = np.where(np.arange(1000) % 2 == 0, 1, -1).astype(np.int8)
    person, ratings = np.where(np.arange(1000) < 100, truth, 0), three_said(truth, 0)
    soft = soft_targets(person, ratings)
    assert (soft.weight + soft.against).sum() == pytest.approx(
        bounded(person, votes_of(ratings)).weight.sum()
    )
    sure = (ratings == 5).all(axis=0) | (ratings == 1).all(axis=0)
    share = soft.weight / np.maximum(soft.weight + soft.against, 1e-12)
    assert share[soft.labelled & sure].min() > share[soft.labelled & ~sure].mean()
    assert not soft.labelled[:100].any()


def test_an_annotator_at_chance_has_no_say_in_soft_targets() -> None:
    truth = np.where(np.arange(1000) % 2 == 0, 1, -1).astype(np.int8)
    person, ratings = np.where(np.arange(1000) < 100, truth, 0), three_said(truth, 0)
    coin = SIMULATED_ANNOTATORS["annotator50"](truth, np.empty((1000, 0)), np.random.default_rng(1))
    alone, beside = soft_targets(person, ratings), soft_targets(person, np.vstack([ratings, coin]))
    assert np.allclose(alone.weight, beside.weight)
    assert not soft_targets(person, coin[None]).weight.any()


def test_soft_targets_reach_training_twice_with_what_is_left_for_the_other_side() -> None:
    plain, person = rare_concept(0)
    truth = np.array(
        [1 if person.counts(plain.split.names[row]) else -1 for row in plain.split.pool], np.int8
    )
    method = study_method("three_annotators+soft_targets")
    session = Replay(plain.split, plain.texts, 0, method, ratings=three_said(truth, 0))
    ask(session, person, 60)
    data, found, rows = session._training(), session._machine(), session._training_rows()
    n = int(found.labelled.sum())
    assert n > 100
    assert len(data.positive) == len(rows)
    first = np.isin(rows, rows[-n:]) & (np.arange(len(rows)) < len(rows) - n)
    assert np.array_equal(data.positive[-n:], ~data.positive[first])
    assert (data.weight[first] >= data.weight[-n:]).all()


def test_a_list_lends_the_heads_of_its_other_concepts() -> None:
    plain, person = rare_concept(0)
    vectors = plain.split.vectors
    kinds = [vectors[1000 + n] for n in range(7)]
    others = [SimulatedPerson(lambda name, k=kind: bool(vectors[int(name)] @ k > 0.4)) for kind in kinds]
    earlier = _finished(plain.split, others, 0)
    assert earlier.shape == (7, 24)
    assert np.allclose(np.linalg.norm(earlier, axis=1), 1)
    moved, texts = borrowed(vectors, plain.texts, earlier)
    session = Replay(replace(plain.split, vectors=moved), texts, 0, plain.method, measuring=False)
    assert run(session, person, [20], Case("rare", "borrowed", 0))[0].average_precision > 0.7
    assert study_method("borrowed").borrowed


def test_a_concept_that_is_thinned_keeps_that_share_of_what_counts_and_all_of_what_does_not() -> None:
    person = SimulatedPerson(lambda name: int(name) < 50)
    names = [str(n) for n in range(200)]
    split = Split(names, np.zeros((200, 2), np.float32), np.arange(200), np.arange(150), np.arange(150, 200))
    thin = _thinned(split, person, 0.02, 0)
    assert sum(person.truth(names[row]) == "yes" for row in thin.pool) == 3
    assert len(thin.pool) == 103
    assert _thinned(split, person, 0.0, 0) is split


def test_the_words_can_be_what_a_zero_shot_scorer_makes_of_them() -> None:
    plain, person = rare_concept(0)
    apart = SingleTexts(-plain.texts.direction, *(plain.texts.each().counts,) * 2, np.empty((0, 24)))
    texts = Texts(plain.texts.direction, plain.texts.searches, lambda: apart)
    method = study_method("default+words+from_name_only")
    turned = Replay(plain.split, texts, 0, method, measuring=False)
    assert np.array_equal(turned.texts.direction, apart.name)
    assert turned.measured(person).average_precision < plain.measured(person).average_precision


def test_a_library_that_cannot_be_ranked_yet_has_no_figure() -> None:
    plain, person = rare_concept(0)
    session = Replay(plain.split, plain.texts, 0, study_method("cache"), measuring=False)
    assert np.isnan(session.measured(person).average_precision_library)
    assert session.measured(person).average_precision > 0


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


def test_a_slip_is_made_anew_when_it_is_asked_again() -> None:
    person = SimulatedPerson(lambda name: True, overlooks=0.2)
    first, again = ([person.answer(str(n), times) for n in range(1000)] for times in (0, 1))
    both = sum(a == b == "no" for a, b in zip(first, again, strict=True))
    assert 150 < first.count("no") < 250
    assert both < 70  # one in twenty-five


def test_what_is_passed_over_and_walls_that_come_later_can_be_left_out() -> None:
    assert not study_method("first_walls").later
    assert not study_method("unmarked_unread").unmarked
